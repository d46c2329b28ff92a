"""What matches near the gaze point say of the map there."""

import numpy as np
from numpy.typing import NDArray

from .direct import DirectMatch
from .finite import finite_rows

_REACH_DEG = 8.0
_LEAST_WEIGHT = 4.0


def local_spread_px(match: DirectMatch, gaze_px: NDArray[np.float64]) -> float:
    """Give how far matches around a point miss the map, beyond what their noise explains.

    All matches count, inliers and near misses: parallax moves whole objects off the map, and their
    matches are then called outliers. It is the median distance, weighted by nearness, so that a few
    wrong matches don't matter.

    Parameters
    ----------
    match
        The match.
    gaze_px
        The point in the undistorted ego view, shape (2,); NaN if unknown.

    Returns
    -------
    float
        Standard deviation per coordinate in excess of the noise, road px, at least 0; NaN without a point
        or without matches near it.
    """
    nearness = _nearness(match, gaze_px)
    if nearness is None:
        return float("nan")
    missed = match.road_px - match.mapping.map_points(match.ego_px)
    # both views' noise; a map of about the same scale as the views
    expected = np.sqrt(2) * match.sigma_px * match.noise_scale
    excess = np.hypot(*missed.T) ** 2 - 1.386 * expected**2
    middle = _weighted_median(excess, nearness)
    # the median of the square of a distance is 1.386 variances per coordinate
    return float(np.sqrt(max(middle, 0.0) / 1.386))


def local_velocity_px_s(match: DirectMatch, gaze_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give how fast the road picture moves around a point, per axis the median weighted by nearness.

    Parameters
    ----------
    match, gaze_px
        As in `local_spread_px`; without a point all matches count alike.

    Returns
    -------
    NDArray[np.float64]
        Shape (2,), px/s; NaN if unknown.
    """
    nearness = _nearness(match, gaze_px)
    weight = np.ones(len(match.ego_px)) if nearness is None else nearness
    known = finite_rows(match.velocity_px_s) & match.inliers
    if weight[known].sum() <= 0:
        return np.full(2, np.nan)
    return np.array(
        [_weighted_median(column[known], weight[known]) for column in match.velocity_px_s.T]
    )


def _nearness(match: DirectMatch, gaze_px: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Give how near each match is to a point, 0 … 1, shape (n,); None if nothing is near it."""
    if not np.isfinite(gaze_px).all():
        return None
    reach = np.radians(_REACH_DEG) * match.mapping.frame.ego_matrix[0, 0]
    nearness = np.exp(-((match.ego_px - gaze_px) ** 2).sum(axis=1) / (2 * reach**2))
    return None if nearness.sum() < _LEAST_WEIGHT else np.asarray(nearness)


def _weighted_median(values: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    share = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(share, share[-1] / 2)])
