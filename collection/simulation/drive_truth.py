"""The exact truth of a simulated drive, as tables.

They have the columns that `scripts/compare_truth.py` and `scripts/compare_alignment.py` read.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from .drive_geometry import DriveGeometry
from .drive_plan import DrivePlan

FloatArray = NDArray[np.float64]


def write_frame_truth(
    path: Path,
    geometry: DriveGeometry,
    plan: DrivePlan,
    *,
    tracker_s: FloatArray,
    phone_s: FloatArray,
    road_s: FloatArray,
    gaze_s: FloatArray,
    gaze_px: FloatArray,
) -> Path:
    """Write the truth of each ego frame.

    Parameters
    ----------
    path
        The Parquet file.
    geometry, plan
        What happens in the drive.
    tracker_s, phone_s
        Times of the n ego frames on both clocks, shape (n,).
    road_s
        Times of the road frames, shape (m,).
    gaze_s, gaze_px
        Tracker times, shape (k,), and points, shape (k, 2), of the gaze samples. One belongs to the frame
        nearest in time.
    """
    count = len(tracker_s)
    number = np.searchsorted((tracker_s[1:] + tracker_s[:-1]) / 2, gaze_s, side="right")
    samples = np.bincount(number, minlength=count)
    sums = np.stack([np.bincount(number, weights=each, minlength=count) for each in gaze_px.T])
    with np.errstate(invalid="ignore"):
        ego_px = (sums / samples).T
    known = samples > 0
    road_px = np.full((count, 2), np.nan)
    road_px[known] = geometry.road_points(ego_px[known], phone_s[known])
    half_s = float(np.median(np.diff(road_s))) / 2
    covered = (phone_s >= road_s[0] - half_s) & (phone_s <= road_s[-1] + half_s)
    nearest = np.searchsorted((road_s[1:] + road_s[:-1]) / 2, phone_s)
    blurred = np.zeros(count, dtype=np.bool_)
    for blur in plan.blurs:
        blurred |= (phone_s >= blur.start_s) & (phone_s < blur.end_s)
    size = np.array(geometry.road_size_px)
    inside = known & ((road_px >= -0.5) & (road_px < size - 0.5)).all(axis=1)
    homography = list(geometry.road_from_ego(phone_s).reshape(-1, 9))
    table = {
        "world_frame_index": pa.array(np.arange(count)),
        "t_tracker_s": pa.array(tracker_s),
        "road_time_s": pa.array(phone_s),
        "road_frame_index": pa.array(nearest, mask=~covered),
        "H": pa.array(homography, type=pa.list_(pa.float64())),
        "gaze_ego_x": pa.array(ego_px[:, 0], mask=~known),
        "gaze_ego_y": pa.array(ego_px[:, 1], mask=~known),
        "gaze_samples": pa.array(samples),
        "gaze_road_x": pa.array(road_px[:, 0], mask=~known),
        "gaze_road_y": pa.array(road_px[:, 1], mask=~known),
        "gaze_in_road_view": pa.array(inside),
        "blink": pa.array(np.zeros(count, dtype=np.bool_)),
        "blackout": pa.array(blurred),
        "padding": pa.array(np.zeros(count, dtype=np.bool_)),
    }
    pq.write_table(pa.table(table), path, compression="zstd")
    return path


def write_gaze_truth(
    path: Path,
    geometry: DriveGeometry,
    *,
    timestamp_ns: NDArray[np.int64],
    tracker_s: FloatArray,
    phone_s: FloatArray,
    gaze_px: FloatArray,
) -> Path:
    """Write the truth of each gaze sample, with the head as it is at the sample's own time.

    Parameters
    ----------
    path
        The Parquet file.
    geometry
        What happens in the drive.
    timestamp_ns, tracker_s, phone_s
        Device stamps, and times on both clocks, shape (k,).
    gaze_px
        Points in the scene camera, shape (k, 2).
    """
    road_px = geometry.road_points(gaze_px, phone_s)
    table = {
        "timestamp_ns": timestamp_ns,
        "t_tracker_s": tracker_s,
        "road_time_s": phone_s,
        "gaze_ego_x": gaze_px[:, 0],
        "gaze_ego_y": gaze_px[:, 1],
        "gaze_road_x": road_px[:, 0],
        "gaze_road_y": road_px[:, 1],
        "blink": np.zeros(len(gaze_px), dtype=np.bool_),
    }
    pq.write_table(pa.table(table), path, compression="zstd")
    return path
