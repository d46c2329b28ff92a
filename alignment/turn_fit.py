"""The turn of the head that makes a known map agree with correspondences."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .mapping import Mapping, turn_slope

MIN_POINTS = 8
"""Fewest correspondences that a turn is fitted to: twice as many numbers as it needs, and some to spare
for outliers."""

OUTLIER_AREA_PX2 = 80.0**2
"""Area over which wrong correspondences are spread around their right places, where nothing is known."""

_STEPS = 12
_SETTLED_RAD = 1e-6
_START_SIGMA_PX = 6.0
_LEAST_SIGMA_PX = 0.3
_MIN_INLIER_SHARE = 0.3


@dataclass(frozen=True, kw_only=True)
class TurnFit:
    """A map turned so that it fits.

    Attributes
    ----------
    mapping
        The map; its covariance holds that of the given one and that of the turn.
    inlier_count
        Correspondences that support it.
    inlier_probability
        Of each correspondence, shape (n,).
    sigma_px
        Standard deviation of their residuals per coordinate, road px.
    """

    mapping: Mapping
    inlier_count: int
    inlier_probability: NDArray[np.float64]
    sigma_px: float


def fit_turn(
    start: Mapping,
    ego_px: NDArray[np.float64],
    road_px: NDArray[np.float64],
    *,
    outlier_area_px2: float = OUTLIER_AREA_PX2,
    max_sigma_px: float = float("inf"),
) -> TurnFit | None:
    """Turn a map until it carries ego points to road points.

    Three numbers are fitted, by Gauss–Newton, to a mixture of Gaussian inliers and uniform outliers
    (EM on the mixing parameter and the standard deviation). The form of the map stays: what the lenses
    and the depth of the scene gave it changes little within a second, and cannot be had from a handful of
    points.

    Parameters
    ----------
    start
        A map nearby.
    ego_px, road_px
        Undistorted ego points and their road points, shape (n, 2), px.
    outlier_area_px2
        Area over which wrong ones are spread.
    max_sigma_px
        Largest standard deviation of right ones.

    Returns
    -------
    TurnFit or None
        None where too few points agree.
    """
    if len(ego_px) < MIN_POINTS:
        return None
    mapping, sigma, share = start, _START_SIGMA_PX, 0.8
    bare = Mapping(start.normal_map, np.zeros((8, 8)), start.frame)
    total = np.zeros(3)
    weight = np.zeros(len(ego_px))
    normal = np.eye(3)
    for step in range(_STEPS):
        residual = road_px - bare.map_points(ego_px)
        square = (residual**2).sum(axis=1)
        square[~np.isfinite(square)] = np.inf
        inlier = share / (2 * np.pi * sigma**2) * np.exp(-square / (2 * sigma**2))
        weight = inlier / (inlier + (1 - share) / outlier_area_px2)
        support = float(weight.sum())
        if support < MIN_POINTS:
            return None
        share = min(0.99, support / len(ego_px))
        if step:
            freedom = max(2 * support - 3, 1.0)
            kept = weight > 0
            found = float(np.sqrt((weight[kept] * square[kept]).sum() / freedom))
            sigma = min(max(_LEAST_SIGMA_PX, found), max_sigma_px)
        slope = _slope(bare, ego_px)
        kept = weight > 1e-3
        a, r, w = slope[kept], residual[kept], weight[kept]
        normal = np.einsum("n,nij,nik->jk", w, a, a)
        try:
            turn = np.linalg.solve(normal, np.einsum("n,nij,ni->j", w, a, r))
        except np.linalg.LinAlgError:
            return None
        total = total + turn
        bare = bare.turned(turn)
        if step > 2 and np.abs(turn).max() < _SETTLED_RAD:
            break
    if share < _MIN_INLIER_SHARE or not np.isfinite(bare.normal_map).all():
        return None
    spread = np.asarray(np.linalg.inv(normal) * sigma**2, dtype=np.float64)
    mapping = start.turned(total, spread)
    return TurnFit(
        mapping=Mapping(bare.normal_map, mapping.covariance, start.frame),
        inlier_count=int((weight > 0.5).sum()),
        inlier_probability=weight,
        sigma_px=sigma,
    )


def _slope(mapping: Mapping, ego_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the derivatives of mapped points by a further turn, shape (n, 2, 3), px/rad."""
    rays, image = mapping.images(ego_px)
    by_turn = turn_slope(mapping.normal_map).reshape(3, 3, 3)
    moved = np.einsum("ijk,nj->nik", by_turn, rays)
    depth = image[:, 2, None, None]
    slope = (moved[:, :2] - image[:, :2, None] / depth * moved[:, 2:]) / depth
    return np.asarray(slope * mapping.frame.road_size_px[0], dtype=np.float64)
