"""Gaze and worn state of a native folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import RecordingError

from .notes import NoteBook, counted
from .parts import PartFiles
from .record_layout import GAZE, WORN, read_layout
from .recording import GazeSamples
from .stamps import STAMP, find_order, in_order, nearest_rows
from .untrusted import as_float64, is_file, read_records

WORN_VALUE = 255
_FINE_FILES = ("gaze_200hz.raw", "gaze_200hz.time", "worn_200hz.raw")


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Gaze of one file; `worn` is None where the device did not say. Arrays of shape (n,)."""

    name: str
    timestamp_ns: NDArray[np.int64]
    points: NDArray[Any]
    worn: NDArray[np.bool_] | None


def read_gaze(files: PartFiles, notes: NoteBook) -> GazeSamples:
    """Read ``gaze_200hz`` where both of its files are there, else the real-time gaze.

    Raises
    ------
    RecordingError
        If there is no gaze sample at all.
    """
    layout = read_layout(files.folder, "gaze", GAZE, ("x", "y"), notes)
    fine = _read_200hz(files.folder, layout, notes)
    if fine is not None and fine.worn is not None:
        return _samples([fine], "gaze_200hz", notes, files.folder)
    realtime = _read_realtime(files, layout, notes)
    if fine is not None:
        return _samples([_with_worn_of(fine, realtime)], "gaze_200hz", notes, files.folder)
    return _samples(realtime, "realtime", notes, files.folder)


def finite_points(
    x_px: NDArray[Any], y_px: NDArray[Any], notes: NoteBook
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give both coordinates as float64; NaN where one of them is missing or infinite (noted)."""
    x, y = as_float64(x_px), as_float64(y_px)
    infinite = np.isinf(x) | np.isinf(y)
    if infinite.any():
        notes.add(
            "VALUES-NOT-FINITE",
            f"Gaze: {counted(int(infinite.sum()), 'point')} of {len(x)} infinite; taken as "
            "missing.",
        )
    missing = ~(np.isfinite(x) & np.isfinite(y))
    x[missing] = np.nan
    y[missing] = np.nan
    return x, y


def _read_200hz(folder: Path, layout: np.dtype[Any], notes: NoteBook) -> _Part | None:
    raw, time, worn = (folder / name for name in _FINE_FILES)
    if is_file(raw) and is_file(time):
        part = _read_part(raw, time, worn, layout, notes)
        if len(part.points):
            return part
        notes.add("GAZE-200HZ-IGNORED", "gaze_200hz is empty; the phone's gaze is used.")
    elif is_file(raw) or is_file(time):
        notes.add(
            "GAZE-200HZ-IGNORED",
            "gaze_200hz has only one of its two files; the phone's gaze is used.",
        )
    return None


def _read_realtime(files: PartFiles, layout: np.dtype[Any], notes: NoteBook) -> list[_Part]:
    worn_files = files.files("worn", "raw")
    parts = [
        _read_part(raw, time, worn_files.get(number), layout, notes)
        for number, raw, time in files.paired("gaze", ("raw", "time"), notes)
    ]
    return [part for part in parts if len(part.points)]


def _read_part(
    raw_path: Path, time_path: Path, worn_path: Path | None, layout: np.dtype[Any], notes: NoteBook
) -> _Part:
    points = read_records(raw_path, layout, notes)
    stamps = read_records(time_path, STAMP, notes).astype(np.int64)
    count = min(len(points), len(stamps))
    if len(points) != len(stamps):
        notes.add(
            "GAZE-LENGTH",
            f"{raw_path.name} has {counted(len(points), 'point')} and {time_path.name} "
            f"{counted(len(stamps), 'stamp')}; the first {count} of both are used.",
        )
    worn = None
    if worn_path is not None and is_file(worn_path):
        worn = _read_worn(worn_path, len(stamps), notes)
    return _Part(
        name=raw_path.stem,
        timestamp_ns=stamps[:count],
        points=points[:count],
        worn=None if worn is None else worn[:count],
    )


def _read_worn(path: Path, stamp_count: int, notes: NoteBook) -> NDArray[np.bool_] | None:
    values = read_records(path, WORN, notes)["worn"]
    if len(values) != stamp_count:
        notes.add(
            "WORN-ASSUMED",
            f"{path.name} has {counted(len(values), 'value')} for {counted(stamp_count, 'stamp')}; "
            "it is ignored.",
        )
        return None
    odd_count = int(((values != 0) & (values != WORN_VALUE)).sum())
    if odd_count:
        notes.add(
            "WORN-VALUES",
            f"{path.name} has {counted(odd_count, 'value')} other than 0 and 255, taken as worn.",
        )
    return np.asarray(values != 0, dtype=np.bool_)


def _with_worn_of(fine: _Part, realtime: list[_Part]) -> _Part:
    """Give recomputed gaze the worn state of the real-time sample nearest in time."""
    known = [part for part in realtime if part.worn is not None]
    if not known:
        return fine
    stamps = np.concatenate([part.timestamp_ns for part in known])
    worn = np.concatenate([part.worn for part in known if part.worn is not None])
    keep = find_order(stamps).keep
    if not keep.any():
        return fine
    rows = nearest_rows(stamps[keep], fine.timestamp_ns)
    return _Part(
        name=fine.name,
        timestamp_ns=fine.timestamp_ns,
        points=fine.points,
        worn=worn[keep][rows],
    )


def _samples(
    parts: list[_Part],
    rate: Literal["gaze_200hz", "realtime"],
    notes: NoteBook,
    folder: Path,
) -> GazeSamples:
    if not parts:
        raise _no_gaze(folder)
    for part in parts:
        if part.worn is None:
            notes.add(
                "WORN-ASSUMED",
                f"{part.name}: the device did not say whether it was worn; taken as worn.",
            )
    stamps, points, worn = in_order(
        np.concatenate([part.timestamp_ns for part in parts]),
        "Gaze",
        notes,
        np.concatenate([part.points for part in parts]),
        np.concatenate(
            [
                np.ones(len(part.points), dtype=np.bool_) if part.worn is None else part.worn
                for part in parts
            ]
        ),
    )
    if len(stamps) == 0:
        raise _no_gaze(folder)
    x_px, y_px = finite_points(points["x"], points["y"], notes)
    return GazeSamples(timestamp_ns=stamps, x_px=x_px, y_px=y_px, worn=worn, rate=rate)


def _no_gaze(folder: Path) -> RecordingError:
    return RecordingError(
        f"{folder} has no gaze samples with usable time stamps ('gaze ps*.raw', 'gaze ps*.time').",
        stream="gaze",
        fix="Copy the whole recording again.",
        path=folder,
    )
