"""Where the pictures of the published layout lie: data sets of HDF5 files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError, MissingExtraError

from .published_columns import PICTURE_COLUMNS

_DEPTH = 6
# A file of one frame; other numbers in a file's name are those of sessions or parts.
_FRAME_FILE = re.compile(r"^(?:(?:frame|img|image|face|leye|reye)[ _-]?)?(\d+)$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Run:
    """Pictures of one kind that lie together.

    Attributes
    ----------
    path
        The HDF5 file.
    names
        Data sets in it: one that holds all of them, or one for each.
    count
        How many pictures.
    stacked
        Whether one data set holds all.
    numbers
        The frame that each belongs to, where its name says so.
    """

    path: Path
    names: tuple[str, ...]
    count: int
    stacked: bool
    numbers: tuple[int, ...] | None


def import_h5py() -> Any:
    """Give the module that reads HDF5; untyped, as it need not be there.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        return import_module("h5py")
    except ImportError as error:
        raise MissingExtraError(
            "Reading pictures of the published layout needs h5py, which is not installed.",
            fix='Install it: pip install "dashgaze[published]"',
        ) from error


def open_hdf5(path: Path) -> Any:
    """Open a file for reading.

    Raises
    ------
    InputError
        If it can't be opened.
    MissingExtraError
        If h5py is not installed.
    """
    h5py = import_h5py()
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise InputError(
            f"{path} can't be opened as HDF5: {error}.",
            fix="Fetch a whole copy of the file.",
            path=path,
        ) from error


def find_runs(path: Path) -> tuple[dict[str, list[Run]], list[str]]:
    """Find the pictures in a file: stacked, one data set a frame, or one group a frame.

    Returns
    -------
    dict
        Runs of each kind.
    list of str
        Names of data sets in it that are no pictures of the layout.

    Raises
    ------
    InputError
        If it can't be read.
    """
    singles: dict[str, list[str]] = {}
    runs: dict[str, list[Run]] = {}
    strange: list[str] = []
    with open_hdf5(path) as file:
        for name, shape in _whole_data_sets(file, path):
            parts = name.split("/")
            kind = next(
                (part for part in reversed(parts) if part.casefold() in PICTURE_COLUMNS), ""
            )
            kind = kind.casefold()
            if kind and len(shape) == 4 and shape[0] != 1:
                if shape[0]:
                    run = Run(path=path, names=(name,), count=shape[0], stacked=True, numbers=None)
                    runs.setdefault(kind, []).append(run)
            elif kind and len(shape) in (2, 3, 4):
                singles.setdefault(kind, []).append(name)
            else:
                strange.append(name)
    for kind, names in singles.items():
        ordered = tuple(sorted(names, key=natural))
        numbers: tuple[int, ...] | None = tuple(
            number for name in ordered if (number := _number_in(name, kind)) is not None
        )
        if len(ordered) == 1:
            numbers = _number_of_file(path)
        elif numbers is not None and len(set(numbers)) != len(ordered):
            numbers = None
        run = Run(path=path, names=ordered, count=len(ordered), stacked=False, numbers=numbers)
        runs.setdefault(kind, []).append(run)
    return runs, sorted(strange, key=natural)


def natural(text: str) -> tuple[tuple[int, int | str], ...]:
    """Give a key that sorts numbers in names by their value: 2 before 10."""
    parts = re.split(r"(\d+)", text.casefold())
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in parts if part)


def _whole_data_sets(file: Any, path: Path) -> list[tuple[str, tuple[int, ...]]]:
    """List the data sets of a file; one that is damaged inside is refused."""
    try:
        return list(_data_sets(file))
    # The library says of damage whatever the place at which it met it makes of it.
    except (OSError, RuntimeError, ValueError, LookupError, TypeError, OverflowError) as error:
        raise InputError(
            f"{path} can't be read as HDF5: {error}.",
            fix="Fetch a whole copy of the file.",
            path=path,
        ) from error


def _data_sets(file: Any) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Walk through the data sets of a file, by name; nothing that lies outside of it is followed.

    Values of one that is virtual, or kept in another file, are never read: it has no shape here.
    """
    h5py = import_h5py()
    waiting: list[tuple[str, Any, int]] = [("", file, 0)]
    while waiting:
        prefix, group, depth = waiting.pop()
        for name in sorted(group, reverse=True):
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                continue
            entry = group[name]
            if isinstance(entry, h5py.Dataset):
                elsewhere = entry.is_virtual or entry.external
                yield f"{prefix}{name}", () if elsewhere else tuple(entry.shape or ())
            elif depth < _DEPTH:
                waiting.append((f"{prefix}{name}/", entry, depth + 1))


def _number_in(name: str, kind: str) -> int | None:
    """Give the number of a frame in the path of its data set."""
    found = [part for part in name.split("/") if part.casefold() != kind]
    digits = re.findall(r"\d+", found[-1]) if found else []
    return int(digits[-1]) if digits else None


def _number_of_file(path: Path) -> tuple[int, ...] | None:
    match = _FRAME_FILE.match(path.stem)
    return (int(match[1]),) if match else None
