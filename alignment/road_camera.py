"""The phone's rear camera: its focal length, recovered from homographies where nobody calibrated it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .rotation import nearest_rotation

MAX_ASPECT_ERROR = 0.05
MAX_SKEW = 0.05
"""How far a homography may be from square pixels and right angles to have a say in the focal length."""

USUAL_FIELD_DEG = 60.0
"""Horizontal field of view of phones' main cameras while they film, to about ± 10°."""

FEWEST_HOMOGRAPHIES = 5
"""Homographies that have to agree on a focal length."""


@dataclass(frozen=True, kw_only=True)
class RoadCamera:
    """A pinhole camera with square pixels and its principal point in the middle of the picture.

    Attributes
    ----------
    focal_px
        Focal length, px.
    spread_px
        Standard deviation of single estimates of it (from the median absolute deviation), px; NaN
        for a calibrated one.
    count
        Homographies it was estimated from; 0 for a calibrated one.
    size_px
        Width and height of the picture.
    centre_px
        Principal point (x, y).
    """

    focal_px: float
    spread_px: float
    count: int
    size_px: tuple[int, int]
    centre_px: tuple[float, float]

    @property
    def matrix(self) -> NDArray[np.float64]:
        """Camera matrix, shape (3, 3), px."""
        x, y = self.centre_px
        return np.array([[self.focal_px, 0, x], [0, self.focal_px, y], [0, 0, 1.0]])

    @property
    def degree_px(self) -> float:
        """Pixels of a degree in the middle of the picture."""
        return float(self.focal_px * np.radians(1))


def usual_focal_px(size_px: tuple[int, int]) -> float:
    """Give the focal length of a phone's main camera as far as its picture's size tells: 60° wide."""
    return float(max(size_px) / 2 / np.tan(np.radians(USUAL_FIELD_DEG) / 2))


def usual_road_camera(size_px: tuple[int, int]) -> RoadCamera:
    """Give the camera that a phone has about, by its picture's size."""
    return RoadCamera(
        focal_px=usual_focal_px(size_px),
        spread_px=float("nan"),
        count=0,
        size_px=size_px,
        centre_px=((size_px[0] - 1) / 2, (size_px[1] - 1) / 2),
    )


def recover_road_camera(
    homographies: Sequence[NDArray[np.float64]],
    ego_matrix: NDArray[np.float64],
    size_px: tuple[int, int],
) -> RoadCamera | None:
    """Find the focal length of the road camera from homographies to far things.

    With M = road_from_ego · K_ego, rows m1, m2, m3, and the principal point (cx, cy) in the middle,
    the rows of K_road · R are known up to scale, and ::

        f = √(|m1 - cx m3| · |m2 - cy m3|) / |m3|

    Parameters
    ----------
    homographies
        road_from_ego of frames with good matches, each (3, 3).
    ego_matrix
        Camera matrix of the scene camera, shape (3, 3), px.
    size_px
        Width and height of the road picture.

    Returns
    -------
    RoadCamera or None
        The median of all that are consistent with square pixels; None if they are fewer than five,
        or less than half of all.
    """
    centre = ((size_px[0] - 1) / 2, (size_px[1] - 1) / 2)
    focal = [focal_px_of(each @ ego_matrix, centre) for each in homographies]
    good = np.array([each for each in focal if each is not None])
    if len(good) < max(FEWEST_HOMOGRAPHIES, len(homographies) / 2):
        return None
    median = float(np.median(good))
    return RoadCamera(
        focal_px=median,
        spread_px=float(1.4826 * np.median(np.abs(good - median))),
        count=len(good),
        size_px=size_px,
        centre_px=centre,
    )


def focal_px_of(m: NDArray[np.float64], centre: tuple[float, float]) -> float | None:
    """Give the focal length that one homography times K_ego tells; None if it is no turn of a camera."""
    across, down, depth = m[0] - centre[0] * m[2], m[1] - centre[1] * m[2], m[2]
    a, d, z = (float(np.linalg.norm(row)) for row in (across, down, depth))
    if min(a, d, z) <= 0:
        return None
    skew = abs(float(across @ down)) / (a * d)
    if abs(a / d - 1) > MAX_ASPECT_ERROR or skew > MAX_SKEW:
        return None
    return float(np.sqrt(a * d)) / z


def far_homography(
    road_from_ego: NDArray[np.float64], ego_matrix: NDArray[np.float64], road: RoadCamera
) -> NDArray[np.float64]:
    """Give the nearest homography that things far away can have: a turn between the two cameras."""
    turn = nearest_rotation(np.linalg.inv(road.matrix) @ road_from_ego @ ego_matrix)
    nearest = road.matrix @ turn @ np.linalg.inv(ego_matrix)
    return np.asarray(nearest / nearest[2, 2], dtype=np.float64)
