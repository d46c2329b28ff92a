"""The exact truth of a simulated drive, as tables.

``frames.parquet`` and ``gaze.parquet`` have the columns that comparisons with made sessions read, and more.
A homography is exact only for what is infinitely far away; ``gaze_road_*`` is where the measured gaze
belongs at its target's distance, parallax included.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..driver_view.driver_camera import DriverCamera
from ..driver_view.driver_look import DriverLook
from ..driver_view.face_truth import face_truth
from ..lens import Lens
from ..story import Poses, Story
from ..story.boxes import object_boxes
from ..story.glances import IN_CAR, TARGET_KINDS
from ..story.projection import RoadCamera, ego_px, road_px, vanishing_point_px
from ..story.tracker_gaze import MeasuredGaze
from .films import gaze_in_car_m
from .sightings import Sightings

FloatArray = NDArray[np.float64]


def write_frame_truth(
    path: Path,
    story: Story,
    lens: Lens,
    camera: RoadCamera,
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
    story, lens, camera
        What happens, and what sees it.
    tracker_s, phone_s
        Times of the n ego frames on both clocks, shape (n,).
    road_s
        Times of the road frames, shape (m,).
    gaze_s, gaze_px
        Tracker times, shape (k,), and measured points, shape (k, 2), of the gaze samples. One belongs to
        the frame nearest in time, if that is no further than a frame.
    """
    count = len(tracker_s)
    mean_px, samples = _means(tracker_s, gaze_s, gaze_px)
    known = samples > 0
    world_from_ego = story.world_from_ego(phone_s)
    world_from_road = story.world_from_road(phone_s)
    target_m = story.gaze_point_world_m(phone_s)
    kind, track_id = story.target(phone_s)
    fixation = story.fixation_id(phone_s)
    range_m = np.linalg.norm(target_m - world_from_ego.origin_m, axis=1)
    outside = ~np.isin(kind, IN_CAR)
    rays = np.full((count, 3), np.nan)
    rays[known] = lens.rays(mean_px[known])
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    point_m = world_from_ego.apply(rays * range_m[:, None])
    placed_px = road_px(story, phone_s, point_m, camera)
    placed_px[~outside] = np.nan
    fixated_px = road_px(story, phone_s, target_m, camera)
    fixated_px[~outside] = np.nan
    half_s = float(np.median(np.diff(road_s))) / 2
    covered = (phone_s >= road_s[0] - half_s) & (phone_s <= road_s[-1] + half_s)
    nearest = np.searchsorted((road_s[1:] + road_s[:-1]) / 2, phone_s)
    table = {
        "world_frame_index": pa.array(np.arange(count)),
        "t_tracker_s": pa.array(tracker_s),
        "road_time_s": pa.array(phone_s),
        "road_frame_index": pa.array(nearest, mask=~covered),
        "H": _lists(_at_infinity(world_from_ego, world_from_road, lens, camera).reshape(-1, 9)),
        **_points("gaze_ego", mean_px),
        "gaze_samples": pa.array(samples),
        **_points("gaze_road", placed_px),
        "gaze_in_road_view": pa.array(camera.inside(placed_px)),
        "blink": pa.array(story.blink(phone_s)),
        "blackout": pa.array(np.zeros(count, dtype=np.bool_)),
        "padding": pa.array(np.zeros(count, dtype=np.bool_)),
        "target_kind": pa.array(np.array(TARGET_KINDS)[kind]),
        "target_track_id": pa.array(track_id, mask=track_id < 0),
        "fixation_id": pa.array(fixation, mask=fixation < 0),
        "target_range_m": pa.array(range_m),
        **_points("target_ego", ego_px(story, phone_s, target_m, lens)),
        **_points("target_road", fixated_px),
        "target_world_m": _lists(target_m),
        **_points("vanishing_point", vanishing_point_px(story, phone_s, camera)),
        "speed_m_s": pa.array(story.ride.speed_m_s(phone_s)),
        "distance_m": pa.array(story.ride.distance_m(phone_s)),
        "world_from_ego": _lists(_rows(world_from_ego)),
        "world_from_road": _lists(_rows(world_from_road)),
    }
    pq.write_table(pa.table(table), path, compression="zstd")
    return path


def write_gaze_truth(
    path: Path,
    story: Story,
    camera: RoadCamera,
    measured: MeasuredGaze,
    *,
    timestamp_ns: NDArray[np.int64],
    tracker_s: FloatArray,
) -> Path:
    """Write the truth of each gaze sample, with head and car as they are at its own time.

    Parameters
    ----------
    path
        The Parquet file.
    story, camera
        What happens, and what films it.
    measured
        The samples.
    timestamp_ns, tracker_s
        Their device stamps and tracker times, shape (k,).
    """
    fixation = story.fixation_id(measured.time_s)
    table = {
        "timestamp_ns": pa.array(timestamp_ns),
        "t_tracker_s": pa.array(tracker_s),
        "road_time_s": pa.array(measured.time_s),
        **_points("gaze_ego", measured.ego_px),
        **_points("gaze_road", road_px(story, measured.time_s, measured.point_world_m, camera)),
        **_points("target_ego", measured.true_ego_px),
        "blink": pa.array(measured.blink),
        "target_kind": pa.array(np.array(TARGET_KINDS)[measured.kind]),
        "target_track_id": pa.array(measured.track_id, mask=measured.track_id < 0),
        "fixation_id": pa.array(fixation, mask=fixation < 0),
    }
    pq.write_table(pa.table(table), path, compression="zstd")
    return path


def write_object_truth(
    path: Path, story: Story, camera: RoadCamera, phone_s: FloatArray, sightings: Sightings
) -> Path:
    """Write the boxes of other road users in the road view; `visible` is the share that nothing hides."""
    table = object_boxes(story, phone_s, camera)
    shares = sightings.shares(table["frame_index"].to_numpy(), table["track_id"].to_numpy())
    visible = pa.array(shares.astype(np.float32), mask=np.isnan(shares))
    pq.write_table(table.append_column("visible", visible), path, compression="zstd")
    return path


def write_driver_truth(
    path: Path, story: Story, look: DriverLook, camera: DriverCamera, phone_s: FloatArray
) -> Path:
    """Write what is true of the face in each frame of the driver view; see `face_truth`."""
    head = story.head.car_from_head(phone_s)
    found = face_truth(
        look,
        camera,
        head.rotation,
        head.origin_m,
        gaze_in_car_m(story, phone_s),
        story.eyelid_openness(phone_s),
    )
    table = {"frame_index": pa.array(np.arange(len(phone_s))), "t_phone_s": pa.array(phone_s)}
    for name, values in found.items():
        table[name] = (
            pa.array(values) if values.ndim == 1 else _lists(values.reshape(len(values), -1))
        )
    pq.write_table(pa.table(table), path, compression="zstd")
    return path


def _means(
    tracker_s: FloatArray, gaze_s: FloatArray, gaze_px: FloatArray
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Give each frame's mean point, shape (n, 2), NaN without samples, and how many there are."""
    count = len(tracker_s)
    number = np.searchsorted((tracker_s[1:] + tracker_s[:-1]) / 2, gaze_s)
    near = np.abs(gaze_s - tracker_s[number]) <= float(np.median(np.diff(tracker_s)))
    number, points = number[near], gaze_px[near]
    samples = np.bincount(number, minlength=count)
    sums = np.stack(
        [np.bincount(number, weights=each, minlength=count) for each in points.T], axis=-1
    )
    with np.errstate(invalid="ignore"):
        return sums / samples[:, None], samples


def _at_infinity(
    world_from_ego: Poses, world_from_road: Poses, lens: Lens, camera: RoadCamera
) -> FloatArray:
    """Give what takes undistorted ego px of far things to road px, shape (n, 3, 3), last element 1."""
    turn = world_from_road.rotation.transpose(0, 2, 1) @ world_from_ego.rotation
    found = camera.matrix @ turn @ np.linalg.inv(lens.matrix)
    return np.asarray(found / found[:, 2:, 2:], dtype=np.float64)


def _rows(poses: Poses) -> FloatArray:
    """Give rigid motions as rows of 12 numbers: the 3 × 4 matrix, row by row."""
    return np.concatenate([poses.rotation, poses.origin_m[:, :, None]], axis=2).reshape(-1, 12)


def _lists(values: FloatArray) -> pa.Array:
    return pa.array(list(values), type=pa.list_(pa.float64()))


def _points(name: str, values: FloatArray) -> dict[str, pa.Array]:
    """Give columns name_x and name_y; null where NaN."""
    missing = np.isnan(values).any(axis=1)
    return {
        f"{name}_{axis}": pa.array(values[:, place], mask=missing)
        for place, axis in enumerate("xy")
    }
