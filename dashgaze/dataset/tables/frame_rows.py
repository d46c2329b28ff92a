"""The data set's rows of a session's ego frames: relative time, times in the videos, faces."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.schemas.dataset_tables import DATASET_FRAME_TABLE
from dashgaze.schemas.face_table import FACE_FIELDS
from dashgaze.schemas.field import Table
from dashgaze.session import Session

from .column_values import flags, integers
from .view_pts import TICKS_PER_S, ego_ticks, phone_ticks

_COUNTERS = ("road_frame_index", "driver_frame_index", "gaze_sample_count")


def check_frame_order(frames: pa.Table, *, path: Path, fix: str) -> None:
    """Check that the frames of a session are all there, in order of number and time.

    Parameters
    ----------
    frames
        The session's frame table, after `FRAME_TABLE`.
    path, fix
        Its file and how to make it again, for messages.

    Raises
    ------
    InputError
        If they are not.
    """
    index, _ = integers(frames, "frame_index")
    stamps, _ = integers(frames, "timestamp_ns")
    valid = flags(frames, "ego_frame_valid")

    def refuse(what: str) -> InputError:
        return InputError(f"{path}: {what}.", fix=fix, path=path)

    if not len(index):
        raise refuse("it holds no frame")
    wrong = np.flatnonzero(index != np.arange(len(index)))
    if len(wrong):
        row = int(wrong[0])
        raise refuse(f"frame_index is {index[row]} in row {row}; it has to count from 0")
    wrong = np.flatnonzero(np.diff(stamps) <= 0)
    if len(wrong):
        raise refuse(f"timestamp_ns does not ascend from frame {wrong[0]} to the next")
    pictures = np.flatnonzero(valid)
    wrong = np.flatnonzero(np.diff(ego_ticks(stamps)[pictures]) <= 0)
    if len(wrong):
        raise refuse(
            f"frame {pictures[wrong[0]]} and the next one lie less than 1/{TICKS_PER_S} s apart"
        )
    for name in _COUNTERS:
        lowest = pc.min(frames.column(name)).as_py()
        if lowest is not None and lowest < 0:
            raise refuse(f"{name} is {lowest} somewhere; what is missing has to be null")


def frame_rows(session: Session, frames: pa.Table, faces: pa.Table | None) -> pa.Table:
    """Put the frame table of a session into the form of the data set.

    Parameters
    ----------
    session
        The session.
    frames
        Its frame table, in order (see `check_frame_order`).
    faces
        Its face table, after `FACE_TABLE`; None where there is none or it stays in the lab.

    Returns
    -------
    pa.Table
        After `DATASET_FRAME_TABLE`.

    Raises
    ------
    InputError
        If the tables name frames that a video does not have.
    MediaError
        If a video can't be read.
    """
    stamps, _ = integers(frames, "timestamp_ns")
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "time_ns": pa.array(stamps - stamps[0]),
        "ego_pts": pa.array(ego_ticks(stamps), mask=~flags(frames, "ego_frame_valid")),
        "road_pts": _phone_pts(frames, "road", session.road_path),
        "driver_pts": _phone_pts(frames, "driver", session.driver_path),
    }
    if faces is not None:
        columns |= _faces_beside(frames, faces, session.derived)
    columns |= {
        name: frames.column(name)
        for name in DATASET_FRAME_TABLE.column_names
        if name in frames.column_names
    }
    return in_order(columns, DATASET_FRAME_TABLE, frames.num_rows)


def in_order(
    columns: dict[str, pa.Array | pa.ChunkedArray], schema: Table, row_count: int
) -> pa.Table:
    """Put columns into the order of a schema; those that are missing are null."""
    wanted = schema.to_arrow()
    arrays = [
        columns[field.name] if field.name in columns else pa.nulls(row_count, field.type)
        for field in wanted
    ]
    return pa.Table.from_arrays(arrays, schema=wanted)


def _phone_pts(frames: pa.Table, view: str, path: Path | None) -> pa.Array:
    index, known = integers(frames, f"{view}_frame_index")
    if path is None or not known.any() or not path.is_file():
        return pa.nulls(len(index), pa.int64())
    ticks = phone_ticks(path)
    last = int(index.max())
    if last >= len(ticks):
        raise InputError(
            f"{path} has {len(ticks)} frames, but the frame table speaks of its frame {last}: it is "
            "not the file that the table was made with.",
            fix="Run `dashgaze frames` and `dashgaze align` on the session again.",
            path=path,
        )
    return pa.array(ticks[index], mask=~known)


def _faces_beside(frames: pa.Table, faces: pa.Table, derived: Path) -> dict[str, pa.Array]:
    """Find the face of each frame by the number of its driver frame."""
    place, known = _row_of_driver_frame(frames, faces, derived)
    rows = pa.array(place, mask=~known)
    return {
        field.name: faces.column(field.name).combine_chunks().take(rows) for field in FACE_FIELDS
    }


def _row_of_driver_frame(
    frames: pa.Table, faces: pa.Table, derived: Path
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    looked_at, _ = integers(faces, "driver_frame_index")
    numbers, rows = np.unique(looked_at, return_index=True)
    if len(numbers) < len(looked_at):
        raise InputError(
            f"{derived / 'faces.parquet'} has a frame of the driver video twice.",
            fix="Make it again with `dashgaze faces --force`.",
            path=derived / "faces.parquet",
        )
    wanted, known = integers(frames, "driver_frame_index")
    if not len(numbers):
        return wanted, np.zeros(len(wanted), dtype=np.bool_)
    place = np.searchsorted(numbers, wanted).clip(0, len(numbers) - 1)
    return rows[place].astype(np.int64), known & (numbers[place] == wanted)
