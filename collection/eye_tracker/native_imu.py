"""The inertial sensor of a native folder."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .imu_packets import parse_imu_packets
from .notes import NoteBook, counted
from .parts import PartFiles, note_missing_numbers
from .record_layout import IMU_INVISIBLE, IMU_NEON, read_layout
from .recording import ImuSamples, Kind
from .stamps import STAMP, in_order
from .untrusted import MAX_BINARY_BYTES, as_float64, read_bytes, read_records

Axes = Literal["x right, y down, z forward", "x right, y forward, z up"]
AXES: dict[Kind, Axes] = {
    "pupil_invisible": "x right, y down, z forward",
    "neon": "x right, y forward, z up",
}


def read_imu(files: PartFiles, kind: Kind, notes: NoteBook) -> ImuSamples | None:
    """Read the inertial sensor; None if the recording has none.

    Neon's ``imu`` is preferred to its ``extimu``, which holds the same as packets.
    """
    if kind == "pupil_invisible":
        parts = [
            _read_invisible(raw, time, notes)
            for _, raw, time in files.paired("extimu", ("raw", "time"), notes)
        ]
        return _join(parts, kind, notes)
    raws = files.files("imu", "raw")
    note_missing_numbers("imu", sorted(raws), notes)
    if raws:
        names = tuple(IMU_NEON.names or ())[:7]
        layout = read_layout(files.folder, "imu", IMU_NEON, names, notes)
        return _join([_read_neon(raws[n], layout, notes) for n in sorted(raws)], kind, notes)
    raws = files.files("extimu", "raw")
    return _join([_read_packets(raws[n], notes) for n in sorted(raws)], kind, notes)


def make_imu(
    timestamp_ns: NDArray[np.int64], values: NDArray[np.float64], kind: Kind, notes: NoteBook
) -> ImuSamples:
    """Put samples in order and leave out those with values that are not finite.

    Parameters
    ----------
    timestamp_ns
        Shape (n,).
    values
        gyro x, y, z (deg/s), accel x, y, z (g) and, where the device has an orientation, w, x, y,
        z; shape (n, 6) or (n, 10).
    """
    finite = np.asarray(np.isfinite(values[:, :6]).all(axis=1), dtype=np.bool_)
    if not finite.all():
        notes.add(
            "VALUES-NOT-FINITE",
            f"Inertial sensor: {counted(int((~finite).sum()), 'sample')} of {len(finite)} with "
            "missing or infinite values left out.",
        )
    stamps, kept = in_order(timestamp_ns[finite], "Inertial sensor", notes, values[finite])
    return ImuSamples(
        timestamp_ns=stamps,
        gyro_deg_s=kept[:, 0:3],
        accel_g=kept[:, 3:6],
        quaternion=kept[:, 6:10] if kept.shape[1] == 10 else None,
        axes=AXES[kind],
    )


_Part = tuple[NDArray[np.int64], NDArray[np.float64]]


def _join(parts: list[_Part], kind: Kind, notes: NoteBook) -> ImuSamples | None:
    if not parts:
        return None
    width = min(values.shape[1] for _, values in parts)
    return make_imu(
        np.concatenate([stamps for stamps, _ in parts]),
        np.concatenate([values[:, :width] for _, values in parts]),
        kind,
        notes,
    )


def _read_invisible(raw_path: Path, time_path: Path, notes: NoteBook) -> _Part:
    raw = read_records(raw_path, IMU_INVISIBLE, notes)
    stamps = read_records(time_path, STAMP, notes).astype(np.int64)
    if len(stamps) != len(raw):
        surplus_count = len(stamps) - len(raw)
        notes.add(
            "IMU-LENGTH",
            f"{raw_path.name} has {counted(len(raw), 'sample')} and {time_path.name} "
            f"{counted(len(stamps), 'stamp')}; "
            + (
                f"the first {counted(surplus_count, 'stamp')}, of the sensor's start, left out."
                if surplus_count > 0
                else f"the last {counted(-surplus_count, 'sample')} left out."
            ),
        )
    count = min(len(stamps), len(raw))
    values = as_float64(np.concatenate([raw["gyro"], raw["accel"]], axis=1))
    # the sensor stamps a few samples before it delivers the first
    return stamps[len(stamps) - count :], values[:count]


def _read_neon(path: Path, layout: np.dtype[Any], notes: NoteBook) -> _Part:
    records = read_records(path, layout, notes)
    names = [name for name in IMU_NEON.names or () if name != "timestamp_ns"]
    if not set(names) <= set(layout.names or ()):
        names = names[:6]
    values = np.stack([as_float64(records[name]) for name in names], axis=1)
    return records["timestamp_ns"].astype(np.int64), values


def _read_packets(path: Path, notes: NoteBook) -> _Part:
    packets = parse_imu_packets(read_bytes(path, MAX_BINARY_BYTES))
    if packets.broken_count:
        notes.add(
            "IMU-PACKETS",
            f"{path.name}: {counted(packets.broken_count, 'packet')} can't be read and is left out.",
        )
    width = 10 if packets.has_quaternion else 6
    return packets.timestamp_ns, as_float64(packets.values[:, :width])
