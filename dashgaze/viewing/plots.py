"""Numbers of a drive over time, and the events of the eye tracker."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.stages.frame_columns import camera_axes

from .drive import Drive

_AXIS_COLOURS = np.array([0xE69F00FF, 0x56B4E9FF, 0x009E73FF], dtype=np.uint32)


def log_numbers(rr: Any, recording: Any, drive: Drive) -> None:
    """Log errors, speed and inertial samples."""
    table = drive.frames
    if table is not None:
        stamps = table.column("timestamp_ns").to_numpy().astype(np.int64)
        for name, entity, label in (
            ("homography_error_px", "plots/map_error/error_px", "map error px"),
            ("road_time_error_ms", "plots/time_error/road_ms", "road − ego ms"),
            ("driver_time_error_ms", "plots/time_error/driver_ms", "driver − ego ms"),
            ("speed_m_s", "plots/speed/speed_m_s", "speed m/s"),
        ):
            values = np.asarray(table.column(name).to_numpy(), dtype=np.float64)
            _log_series(rr, recording, drive, entity, stamps, values[:, None], [label])
    if drive.recording is not None and drive.recording.imu is not None:
        imu = drive.recording.imu
        for entity, vectors, unit in (
            ("plots/gyro", imu.gyro_deg_s, "deg/s"),
            ("plots/accel", imu.accel_g, "g"),
        ):
            names = [f"{axis} {unit}" for axis in ("x right", "y down", "z forward")]
            _log_series(
                rr, recording, drive, entity, imu.timestamp_ns, camera_axes(vectors, imu), names
            )


def log_events(rr: Any, recording: Any, drive: Drive) -> None:
    """Log the events that the eye tracker names, and what is to be known of the session."""
    if drive.recording is not None and drive.recording.events:
        events = drive.recording.events
        stamps = np.array([event.timestamp_ns for event in events], dtype=np.int64)
        names = [event.name for event in events]
        recording.send_columns(
            "events",
            indexes=drive.on_tracker(rr, stamps),
            columns=rr.TextLog.columns(text=names, level=["INFO"] * len(names)),
        )


def log_notes(rr: Any, recording: Any, drive: Drive) -> None:
    """Log what is missing or doubtful, as a page of text."""
    manifest = drive.session.manifest
    lines = [f"# {manifest.session_id}", ""]
    lines += [f"* {note}" for note in drive.notes] or ["Nothing is missing."]
    recording.log(
        "notes", rr.TextDocument("\n".join(lines), media_type="text/markdown"), static=True
    )


def _log_series(
    rr: Any,
    recording: Any,
    drive: Drive,
    entity: str,
    stamps_ns: NDArray[np.int64],
    values: NDArray[np.float64],
    names: list[str],
) -> None:
    known = np.isfinite(values).all(axis=1)
    if not known.any():
        return
    recording.log(
        entity, rr.SeriesLines(names=names, colors=_AXIS_COLOURS[: len(names)]), static=True
    )
    rows = values[known]
    columns = rr.Scalars.columns(scalars=rows.reshape(-1))
    if rows.shape[1] > 1:
        columns = columns.partition(np.full(len(rows), rows.shape[1]))
    recording.send_columns(entity, indexes=drive.on_tracker(rr, stamps_ns[known]), columns=columns)
