"""Reading files of unknown origin: bounded sizes, exact errors, nothing executed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import RecordingError

from .notes import NoteBook, counted

MAX_TEXT_BYTES = 16 * 2**20
MAX_BINARY_BYTES = 2**30  # a week of gaze at 200 Hz
MAX_TABLE_BYTES = 4 * 2**30  # a day and a half of gaze.csv

_T = TypeVar("_T")


def list_folder(folder: Path) -> list[Path]:
    """List the entries of a folder, sorted by name.

    Raises
    ------
    RecordingError
        If it is not a folder or may not be read.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise _unreadable(folder, error) from error


def is_file(path: Path) -> bool:
    """Tell whether there is such a file; unlike `Path.is_file`, say so if one may not know."""
    return _guarded(path, path.is_file)


def is_folder(path: Path) -> bool:
    """Tell whether there is such a folder."""
    return _guarded(path, path.is_dir)


def check_size(path: Path, limit_bytes: int) -> int:
    """Give a file's size in bytes; refuse what is no regular file, can't be read or is too large."""
    size = _guarded(path, lambda: path.stat().st_size)
    if not is_file(path):
        raise RecordingError(f"{path} is not a file.", fix="Copy the recording again.", path=path)
    if size > limit_bytes:
        raise RecordingError(
            f"{path} has {size / 2**20:.0f} MiB; at most {limit_bytes / 2**20:.0f} are expected.",
            fix="Check that it belongs to the recording.",
            path=path,
        )
    return size


def read_bytes(path: Path, limit_bytes: int = MAX_TEXT_BYTES) -> bytes:
    """Read a small file whole."""
    check_size(path, limit_bytes)
    return _guarded(path, path.read_bytes)


def read_text(path: Path, notes: NoteBook) -> str:
    """Read a small UTF-8 file, with or without byte order mark; note what is not UTF-8."""
    content = read_bytes(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        notes.add(
            "TEXT-ENCODING",
            f"{path.name} is not UTF-8; what can't be read stands as \N{REPLACEMENT CHARACTER}.",
        )
        return content.decode("utf-8-sig", errors="replace")


def read_json_object(path: Path) -> dict[str, Any]:
    """Read a small JSON file that has to hold an object.

    Raises
    ------
    RecordingError
        If the file is missing, not JSON, or not an object.
    """
    content = read_bytes(path)
    try:
        value = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise RecordingError(
            f"{path} is not valid JSON: {reason}.", fix="Copy the recording again.", path=path
        ) from error
    if not isinstance(value, dict):
        raise RecordingError(
            f"{path} holds a {type(value).__name__}; an object with keys is expected.",
            fix="Copy the recording again.",
            path=path,
        )
    return value


def read_records(path: Path, dtype: np.dtype[Any], notes: NoteBook) -> NDArray[Any]:
    """Read a headerless binary file of equal records.

    A last record that is cut off is left out and noted.

    Returns
    -------
    NDArray
        Shape (n,), of type `dtype`.
    """
    size = check_size(path, MAX_BINARY_BYTES)
    count, rest = divmod(size, dtype.itemsize)
    if rest:
        notes.add(
            "FILE-CUT",
            f"{path.name} ends inside a record: {counted(rest, 'byte')} after {count} whole "
            f"records of {dtype.itemsize} bytes left out.",
        )
    return _guarded(path, lambda: np.fromfile(path, dtype=dtype, count=count))


def as_float64(values: NDArray[Any]) -> NDArray[np.float64]:
    """Convert to float64; the signalling NaNs of damaged files are no reason for a warning."""
    with np.errstate(invalid="ignore"):
        return values.astype(np.float64)


def _guarded(path: Path, work: Callable[[], _T]) -> _T:
    try:
        return work()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> RecordingError:
    return RecordingError(
        f"{path} can't be read: {error.strerror or error}.",
        fix="Check that it exists and that you may read it.",
        path=path,
    )
