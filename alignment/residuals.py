"""What matches near the gaze point say of the map there."""

import numpy as np
from numpy.typing import NDArray

from .direct import DirectMatch

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
    if not np.isfinite(gaze_px).all():
        return float("nan")
    reach = np.radians(_REACH_DEG) * match.mapping.frame.ego_matrix[0, 0]
    nearness = np.exp(-((match.ego_px - gaze_px) ** 2).sum(axis=1) / (2 * reach**2))
    if nearness.sum() < _LEAST_WEIGHT:
        return float("nan")
    missed = match.road_px - match.mapping.map_points(match.ego_px)
    # both views' noise; a map of about the same scale as the views
    expected = np.sqrt(2) * match.sigma_px * match.noise_scale
    excess = np.hypot(*missed.T) ** 2 - 1.386 * expected**2
    order = np.argsort(excess)
    share = np.cumsum(nearness[order])
    middle = float(excess[order][np.searchsorted(share, share[-1] / 2)])
    # the median of the square of a distance is 1.386 variances per coordinate
    return float(np.sqrt(max(middle, 0.0) / 1.386))
