"""From points in the world to pixels of both cameras."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..lens import Lens

if TYPE_CHECKING:
    from .story import Story

FloatArray = NDArray[np.float64]

NEAREST_M = 0.1
"""Points less far ahead of a camera than this have no pixel."""
LENS_REACH = 1.25
"""Tangent of the widest angle at which the scene camera's lens model is used (51°)."""


@dataclass(frozen=True, kw_only=True)
class RoadCamera:
    """The phone's rear camera: a pinhole with its principal point in the middle.

    Attributes
    ----------
    size_px
        Width and height of its pictures.
    field_deg
        Horizontal field of view.
    """

    size_px: tuple[int, int] = (1280, 720)
    field_deg: float = 62.0

    @property
    def focal_px(self) -> float:
        """Focal length."""
        return float(self.size_px[0] / 2 / np.tan(np.radians(self.field_deg) / 2))

    @property
    def matrix(self) -> FloatArray:
        """Camera matrix, shape (3, 3), px."""
        width, height = self.size_px
        return np.array(
            [
                [self.focal_px, 0.0, (width - 1) / 2],
                [0.0, self.focal_px, (height - 1) / 2],
                [0.0, 0.0, 1.0],
            ]
        )

    def pixels(self, points_m: FloatArray) -> FloatArray:
        """Give the pixels of points in the camera's axes, shape (..., 3) to (..., 2).

        NaN for points that are not at least 0.1 m ahead; outside of the picture they keep their place.
        """
        depth_m = points_m[..., 2:]
        ahead = np.where(depth_m >= NEAREST_M, depth_m, np.nan)
        centre = (np.array(self.size_px) - 1) / 2
        return np.asarray(points_m[..., :2] / ahead * self.focal_px + centre, dtype=np.float64)

    def inside(self, points_px: FloatArray) -> NDArray[np.bool_]:
        """Tell which pixels lie in the picture, shape (n, 2) to (n,)."""
        size = np.array(self.size_px)
        return np.asarray(((points_px >= -0.5) & (points_px < size - 0.5)).all(axis=-1))


def road_px(
    story: "Story", time_s: ArrayLike, points_world_m: ArrayLike, camera: RoadCamera
) -> FloatArray:
    """Give where the phone's rear camera sees points of the world.

    Parameters
    ----------
    story
        Says where the camera is.
    time_s
        Shape (n,), s.
    points_world_m
        Shape (3,), (n, 3) or (n, k, 3), m.
    camera
        The phone's rear camera.

    Returns
    -------
    NDArray[np.float64]
        Shape (n, 2) or (n, k, 2), px; NaN behind the camera.
    """
    road_from_world = story.world_from_road(time_s).inverse()
    return camera.pixels(road_from_world.apply(points_world_m))


def ego_px(story: "Story", time_s: ArrayLike, points_world_m: ArrayLike, lens: Lens) -> FloatArray:
    """Give where the scene camera sees points of the world, in distorted px.

    Parameters
    ----------
    story, time_s
        As for `road_px`.
    points_world_m
        Shape (3,) or (n, 3), m.
    lens
        The scene camera's.

    Returns
    -------
    NDArray[np.float64]
        Shape (n, 2), px; NaN where the ray is more than 51° off the axis, beyond the lens model. The
        corners of the picture are 47° off; points outside of it keep their place.
    """
    ego_from_world = story.world_from_ego(time_s).inverse()
    return lens_px(ego_from_world.apply(points_world_m), lens)


def lens_px(points_ego_m: FloatArray, lens: Lens) -> FloatArray:
    """Give the distorted px of points in the scene camera's axes, shape (n, 3) to (n, 2)."""
    found = np.full((len(points_ego_m), 2), np.nan)
    depth = points_ego_m[:, 2]
    across = np.hypot(points_ego_m[:, 0], points_ego_m[:, 1])
    rows = np.flatnonzero((depth > 0) & (across <= LENS_REACH * depth))
    if len(rows):
        found[rows] = lens.pixels(points_ego_m[rows, :2] / depth[rows, None])
    return found


def vanishing_point_px(story: "Story", time_s: ArrayLike, camera: RoadCamera) -> FloatArray:
    """Give the vanishing point of travel in the road view, shape (n, 2), px.

    Where the level direction of travel would be seen at infinity; the body's pitch and roll move it.
    """
    heading = story.ride.travel_heading_rad(time_s)
    level = np.stack([np.sin(heading), np.zeros(len(heading)), np.cos(heading)], axis=-1)
    road_from_world = story.world_from_road(time_s).inverse()
    return camera.pixels(road_from_world.turn(level))
