"""Where other road users are in the road view, as boxes."""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .actor import ACTOR_KINDS, Actor
from .poses import Poses
from .projection import RoadCamera

if TYPE_CHECKING:
    from .story import Story

FloatArray = NDArray[np.float64]

_NEAR_M = 0.3
_LEAST_PX = 2.0
_EDGES = np.array([(a, b) for a in range(8) for b in range(a + 1, 8) if (a ^ b).bit_count() == 1])
"""Pairs of corners, as `Actor.corners_m` numbers them, that differ in one coordinate only."""


def object_boxes(
    story: "Story", time_s: FloatArray, camera: RoadCamera, *, furthest_m: float = 200.0
) -> pa.Table:
    """Give the boxes of all actors in the frames of the road view.

    A box is the bounding rectangle of the actor's projected 3-D box, cut off at the picture's borders.
    Nothing is said of occlusion: who stands behind a bus has a box as well.

    Parameters
    ----------
    story
        With actors.
    time_s
        Of the frames, shape (n,), s; frame_index counts them.
    camera
        The phone's rear camera.
    furthest_m
        Who is further away gets no box.

    Returns
    -------
    pa.Table
        One row for each actor and frame in which it is seen at least 2 px high and wide, by frame and
        then by track: frame_index, track_id, kind, x0_px, y0_px, x1_px, y1_px, truncated (the share of
        the box that lies outside of the picture) and distance_m (from the camera to the actor's
        middle).
    """
    road_from_world = story.world_from_road(time_s).inverse()
    parts = [
        _boxes_of(actor, time_s[low:high], low, road_from_world[low:high], camera, furthest_m)
        for actor in story.actors
        for low, high in [np.searchsorted(time_s, [actor.start_s, actor.end_s]).tolist()]
        if low < high
    ]
    rows = np.concatenate([np.zeros((0, 9)), *parts])
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    kinds = pa.array(ACTOR_KINDS)
    table = {
        "frame_index": pa.array(rows[:, 0].astype(np.int32)),
        "track_id": pa.array(rows[:, 1].astype(np.int32)),
        "kind": pa.DictionaryArray.from_arrays(pa.array(rows[:, 2].astype(np.int32)), kinds),
    }
    names = ("x0_px", "y0_px", "x1_px", "y1_px", "truncated", "distance_m")
    for place, name in enumerate(names, start=3):
        table[name] = pa.array(rows[:, place].astype(np.float32))
    return pa.table(table)


def _boxes_of(
    actor: Actor,
    time_s: FloatArray,
    first: int,
    road_from_world: Poses,
    camera: RoadCamera,
    furthest_m: float,
) -> FloatArray:
    """Give the rows of one actor, shape (k, 9): frame, track, kind, box, truncated, distance."""
    corners_m = _corners_m(actor, time_s, road_from_world)
    middle_m = corners_m.mean(axis=1)
    distance_m = np.sqrt((middle_m**2).sum(axis=0))
    seen = np.flatnonzero((middle_m[2] > -actor.size_m[2]) & (distance_m < furthest_m))
    low, high = _bounds_px(corners_m[:, :, seen], camera)
    top = np.array(camera.size_px)[:, None] - 0.5
    cut_low, cut_high = np.clip(low, -0.5, top), np.clip(high, -0.5, top)
    cut_size = cut_high - cut_low
    size = np.maximum((high - low).prod(axis=0), 1e-9)
    # comparisons with NaN, where all of the box is behind, are false
    large = (cut_size >= _LEAST_PX).all(axis=0)
    rows = np.empty((int(large.sum()), 9))
    rows[:, 0] = first + seen[large]
    rows[:, 1] = actor.track_id
    rows[:, 2] = ACTOR_KINDS.index(actor.kind)
    rows[:, 3:5] = cut_low[:, large].T
    rows[:, 5:7] = cut_high[:, large].T
    rows[:, 7] = 1 - cut_size[:, large].prod(axis=0) / size[large]
    rows[:, 8] = distance_m[seen[large]]
    return rows


def _corners_m(actor: Actor, time_s: FloatArray, road_from_world: Poses) -> FloatArray:
    """Give the corners of an actor's box in the camera's axes, shape (3, 8, n), m.

    The same as composing poses and applying them to `Actor.corners_m`, many times as fast: actors stand
    upright, so that a box is its middle and three half axes.
    """
    distance_m, lateral_m, turn_rad = actor.along(time_s)
    heading = actor.route.heading_rad(distance_m) + turn_rad
    east, down, north = road_from_world.rotation.transpose(2, 1, 0)
    foot_m = actor.route.beside_m(distance_m, lateral_m)
    foot_m = foot_m[:, 0] * east + foot_m[:, 2] * north + road_from_world.origin_m.T
    right = np.cos(heading) * east - np.sin(heading) * north
    ahead = np.sin(heading) * east + np.cos(heading) * north
    x, y, z = actor.corners_m().T[:, None, :, None]
    corners = foot_m[:, None] + x * right[:, None] + y * down[:, None] + z * ahead[:, None]
    return np.asarray(corners, dtype=np.float64)


def _bounds_px(corners_m: FloatArray, camera: RoadCamera) -> tuple[FloatArray, FloatArray]:
    """Give the corners of bounding rectangles, each of shape (2, n), px; NaN behind the camera.

    Edges of boxes are cut off at 0.3 m before the camera.
    """
    cut = np.flatnonzero((corners_m[2] < _NEAR_M).any(axis=0))
    centre = (np.array(camera.size_px)[:, None, None] - 1) / 2
    depth = np.maximum(corners_m[2], _NEAR_M)
    points = corners_m[:2] / depth * camera.focal_px + centre
    low, high = points.min(axis=1), points.max(axis=1)
    if len(cut):
        ends = corners_m[:, :, cut][:, _EDGES]  # (3, edges, 2, n)
        depth = ends[2]
        rise = depth[:, 1] - depth[:, 0]
        part = (_NEAR_M - depth[:, 0]) / np.where(np.abs(rise) < 1e-12, 1.0, rise)
        border = ends[:, :, 0] + part * (ends[:, :, 1] - ends[:, :, 0])
        border[2] = _NEAR_M
        ahead = depth >= _NEAR_M
        kept = np.where(ahead, ends, border[:, :, None])
        points = kept[:2] / kept[2] * camera.focal_px + centre[..., None]
        out = ~ahead.any(axis=1, keepdims=True)
        low[:, cut] = np.where(out, np.inf, points).min(axis=(1, 2))
        high[:, cut] = np.where(out, -np.inf, points).max(axis=(1, 2))
        low[:, cut], high[:, cut] = (
            np.where(np.isfinite(each[:, cut]), each[:, cut], np.nan) for each in (low, high)
        )
    return low, high
