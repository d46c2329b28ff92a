"""The frame table and the gaze table, from the eye tracker's streams and the phone's."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashgaze.alignment.frame_grid import (
    Membership,
    frame_interval,
    gaze_by_frame,
    mean_by_frame,
    nearest_frame,
)
from dashgaze.alignment.gaze_angles import gaze_angles_deg
from dashgaze.alignment.speed import speed_at
from dashgaze.alignment.time_map import TimeMap
from dashgaze.collection.eye_tracker import EyeTrackerRecording, ImuSamples, Intervals
from dashgaze.schemas.field import Table
from dashgaze.schemas.frame_table import FRAME_TABLE
from dashgaze.schemas.gaze_table import GAZE_TABLE

from .eye_events import EyeEvents, intervals_at, saccade_at

Columns = dict[str, pa.Array]


@dataclass(frozen=True, kw_only=True)
class PhoneStreams:
    """What the phone recorded, on its own clock; None for what it did not.

    Attributes
    ----------
    road_s, driver_s
        Times of the frames of the two videos, ascending, shape (n,), s.
    fix_s, speed_m_s
        Times of the location fixes, ascending, and the speed at them, shape (m,), s and m/s.
    """

    road_s: NDArray[np.float64] | None = None
    driver_s: NDArray[np.float64] | None = None
    fix_s: NDArray[np.float64] | None = None
    speed_m_s: NDArray[np.float64] | None = None


def build_tables(
    session_id: str,
    recording: EyeTrackerRecording,
    events: EyeEvents,
    *,
    time_map: TimeMap | None,
    phone: PhoneStreams,
    max_speed_gap_s: float,
) -> tuple[pa.Table, pa.Table]:
    """Bring all streams onto the ego frames.

    Parameters
    ----------
    session_id
        Name of the session.
    recording
        The eye tracker's recording.
    events
        Its eye events.
    time_map
        Map between the clocks; without it nothing of the phone is known.
    phone
        The phone's streams.
    max_speed_gap_s
        Longest interval between two fixes in which speed is interpolated, s.

    Returns
    -------
    frames, gaze
        Tables after `FRAME_TABLE` and `GAZE_TABLE`; columns of later stages are null.
    """
    world = recording.world
    sample_frame = nearest_ego_frame(recording, recording.gaze.timestamp_ns)
    columns: Columns = {
        "frame_index": pa.array(np.arange(len(world.timestamp_ns), dtype=np.int32)),
        "ego_frame_valid": pa.array(world.valid),
        "timestamp_ns": pa.array(world.timestamp_ns),
        **_gaze_columns(recording, events, sample_frame),
        **_event_columns(world.timestamp_ns, events),
    }
    if recording.imu is not None:
        columns |= _imu_columns(recording, recording.imu)
    if time_map is not None:
        tracker_s = (world.timestamp_ns - recording.first_frame_ns) / 1e9
        columns |= _phone_columns(time_map.phone_s(tracker_s), phone, max_speed_gap_s)
    samples = _sample_columns(recording, events, sample_frame)
    return (
        _to_table(FRAME_TABLE, session_id, columns, len(world.timestamp_ns)),
        _to_table(GAZE_TABLE, session_id, samples, len(recording.gaze.timestamp_ns)),
    )


def nearest_ego_frame(recording: EyeTrackerRecording, times_ns: NDArray[np.int64]) -> Membership:
    """Find the ego frame of each sample: of all frames, padding and broken ones among them.

    None is further away than the usual interval of valid frames.
    """
    world = recording.world
    interval_ns = frame_interval(world.timestamp_ns, world.valid)
    if np.isnan(interval_ns):  # no two valid frames in a row
        interval_ns = frame_interval(world.timestamp_ns)
    return nearest_frame(world.timestamp_ns, times_ns, within=interval_ns)


def _gaze_columns(
    recording: EyeTrackerRecording, events: EyeEvents, sample_frame: Membership
) -> Columns:
    gaze, camera = recording.gaze, recording.scene_camera
    by_frame = gaze_by_frame(
        sample_frame,
        np.column_stack([gaze.x_px, gaze.y_px]),
        usable=events.usable,
        worn=gaze.worn,
        frame_count=len(recording.world.timestamp_ns),
    )
    azimuth, elevation = gaze_angles_deg(by_frame.mean_px, camera.matrix, camera.distortion)
    return {
        "gaze_ego_x_px": _floats(by_frame.mean_px[:, 0]),
        "gaze_ego_y_px": _floats(by_frame.mean_px[:, 1]),
        "gaze_ego_median_x_px": _floats(by_frame.median_px[:, 0]),
        "gaze_ego_median_y_px": _floats(by_frame.median_px[:, 1]),
        "gaze_sample_count": pa.array(by_frame.count.astype(np.int32)),
        "gaze_spread_px": _floats(by_frame.spread_px, np.float32),
        "gaze_azimuth_deg": _floats(azimuth),
        "gaze_elevation_deg": _floats(elevation),
        "worn": pa.array(by_frame.worn_share > 0.5, mask=np.isnan(by_frame.worn_share)),
    }


def _event_columns(frame_ns: NDArray[np.int64], events: EyeEvents) -> Columns:
    saccade, known = saccade_at(frame_ns, events)
    columns = {
        "fixation_id": _numbers(frame_ns, events.fixations),
        "saccade": pa.array(saccade, mask=~known),
    }
    if events.blinks is not None:
        columns["blink"] = pa.array(intervals_at(frame_ns, events.blinks).found)
        columns["blink_id"] = _numbers(frame_ns, events.blinks)
    return columns


def _imu_columns(recording: EyeTrackerRecording, imu: ImuSamples) -> Columns:
    frame = nearest_ego_frame(recording, imu.timestamp_ns)
    count = len(recording.world.timestamp_ns)
    names = [f"gyro_{axis}_deg_s" for axis in "xyz"] + [f"accel_{axis}_g" for axis in "xyz"]
    values = np.hstack([camera_axes(imu.gyro_deg_s, imu), camera_axes(imu.accel_g, imu)])
    means = mean_by_frame(frame, values, frame_count=count)
    return {name: _floats(column, np.float32) for name, column in zip(names, means.T, strict=True)}


def camera_axes(vectors: NDArray[np.float64], imu: ImuSamples) -> NDArray[np.float64]:
    """Turn vectors of the device's axes to x right, y down, z forward, shape (n, 3)."""
    if imu.axes == "x right, y forward, z up":
        return np.column_stack([vectors[:, 0], -vectors[:, 2], vectors[:, 1]])
    return vectors


def _phone_columns(
    phone_s: NDArray[np.float64], phone: PhoneStreams, max_speed_gap_s: float
) -> Columns:
    columns: Columns = {}
    for view, frame_s in (("road", phone.road_s), ("driver", phone.driver_s)):
        if frame_s is None:
            continue
        frame = nearest_frame(frame_s, phone_s, within=frame_interval(frame_s))
        index = np.where(frame.found, frame.index, 0)
        error_ms = (frame_s[index] - phone_s) * 1e3
        columns[f"{view}_frame_index"] = pa.array(index.astype(np.int32), mask=~frame.found)
        columns[f"{view}_time_error_ms"] = pa.array(error_ms.astype(np.float32), mask=~frame.found)
    if phone.fix_s is not None and phone.speed_m_s is not None:
        speed = speed_at(phone_s, phone.fix_s, phone.speed_m_s, max_gap_s=max_speed_gap_s)
        columns["speed_m_s"] = _floats(speed, np.float32)
    return columns


def _sample_columns(
    recording: EyeTrackerRecording, events: EyeEvents, sample_frame: Membership
) -> Columns:
    gaze, camera = recording.gaze, recording.scene_camera
    points_px = np.column_stack([gaze.x_px, gaze.y_px])
    azimuth, elevation = gaze_angles_deg(points_px, camera.matrix, camera.distortion)
    columns = {
        "timestamp_ns": pa.array(gaze.timestamp_ns),
        "frame_index": pa.array(sample_frame.index.astype(np.int32), mask=~sample_frame.found),
        "gaze_ego_x_px": _floats(gaze.x_px, np.float32),
        "gaze_ego_y_px": _floats(gaze.y_px, np.float32),
        "gaze_azimuth_deg": _floats(azimuth, np.float32),
        "gaze_elevation_deg": _floats(elevation, np.float32),
        "worn": pa.array(gaze.worn),
        "fixation_id": _numbers(gaze.timestamp_ns, events.fixations),
    }
    if events.blinks is not None:
        columns["blink_id"] = _numbers(gaze.timestamp_ns, events.blinks)
    return columns


def _numbers(times_ns: NDArray[np.int64], intervals: Intervals) -> pa.Array:
    inside = intervals_at(times_ns, intervals)
    numbers = np.zeros(len(times_ns), dtype=np.int32)
    numbers[inside.found] = intervals.id[inside.index[inside.found]]
    return pa.array(numbers, mask=~inside.found)


def _floats(
    values: NDArray[np.float64], dtype: type[np.float32] | type[np.float64] = np.float64
) -> pa.Array:
    """Make a column in which what is not finite is null."""
    return pa.array(values.astype(dtype), mask=~np.isfinite(values))


def _to_table(
    contract: Table, session_id: str, columns: Mapping[str, pa.Array], rows: int
) -> pa.Table:
    """Put columns into the order of their contract; those that are missing become null."""
    schema = contract.to_arrow()
    arrays = {"session_id": pa.repeat(pa.scalar(session_id), rows), **columns}
    return pa.Table.from_arrays(
        [
            arrays[column.name] if column.name in arrays else pa.nulls(rows, column.type)
            for column in schema
        ],
        schema=schema,
    )
