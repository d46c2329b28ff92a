"""Inertial sensor, eye events and events of an export; each table is optional."""

from pathlib import Path

import numpy as np

from .cloud_ids import ID_COLUMNS, Ids
from .cloud_table import Column, read_table
from .native_events import make_intervals, sorted_events
from .native_imu import make_imu
from .notes import NoteBook
from .recording import Event, ImuSamples, Intervals, Kind
from .untrusted import is_file

_AT = Column(names=("timestamp",), kind="whole", unit="ns")
_IMU_AXES = (
    *((f"gyro {axis}", "deg/s") for axis in "xyz"),
    *((f"acceleration {axis}", "g") for axis in "xyz"),
)
_IMU_COLUMNS = {
    "at": _AT,
    **{name: Column(names=(name,), kind="number", unit=unit) for name, unit in _IMU_AXES},
    **{
        f"quaternion {axis}": Column(
            names=(f"quaternion {axis}", f"rotation vector {axis}"), kind="number", required=False
        )
        for axis in "wxyz"
    },
    **ID_COLUMNS,
}
_EVENT_COLUMNS = {"at": _AT, "name": Column(names=("name",), kind="text"), **ID_COLUMNS}


def read_cloud_imu(path: Path, kind: Kind, ids: Ids, notes: NoteBook) -> ImuSamples | None:
    """Read ``imu.csv``; None if the export has none.

    The columns of the orientation are there but empty on Pupil Invisible.
    """
    if not is_file(path):
        return None
    table = read_table(path, _IMU_COLUMNS, stream="imu")
    ids.add(table)
    names = [name for name, _ in _IMU_AXES]
    orientation = [f"quaternion {axis}" for axis in "wxyz"]
    if all(name in table.numbers for name in orientation) and any(
        np.isfinite(table.numbers[name]).any() for name in orientation
    ):
        names += orientation
    values = np.stack([table.numbers[name] for name in names], axis=1)
    return make_imu(table.whole("at"), values, kind, notes)


def read_cloud_intervals(
    path: Path, what: str, method: str, ids: Ids, notes: NoteBook
) -> Intervals | None:
    """Read ``fixations.csv``, ``blinks.csv`` or ``saccades.csv``; None if the export has none.

    Parameters
    ----------
    path
        The file.
    what
        ``fixation``, ``blink`` or ``saccade``.
    method
        What found them.
    ids
        Where to take note of the rows' recording.
    notes
        Where to write down what was left out.
    """
    if not is_file(path):
        return None
    columns = {
        "id": Column(names=(f"{what} id",), kind="whole", required=False),
        "start": Column(names=("start timestamp",), kind="whole", unit="ns"),
        "end": Column(names=("end timestamp",), kind="whole", unit="ns"),
        **ID_COLUMNS,
    }
    table = read_table(path, columns, stream=path.stem)
    ids.add(table)
    return make_intervals(
        table.numbers.get("id"),
        table.whole("start"),
        table.whole("end"),
        method,
        stream=path.stem.capitalize(),
        notes=notes,
    )


def read_cloud_events(path: Path, ids: Ids, notes: NoteBook) -> tuple[Event, ...]:
    """Read ``events.csv``, sorted by time; empty if the export has none."""
    if not is_file(path):
        return ()
    table = read_table(path, _EVENT_COLUMNS, stream="events")
    ids.add(table)
    return sorted_events(table.texts["name"].rows(), table.whole("at").tolist(), notes)
