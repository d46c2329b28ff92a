"""What matches near the gaze point say of the map there."""

import numpy as np
from numpy.typing import NDArray

from .direct import DirectMatch
from .finite import finite_rows
from .road_camera import usual_focal_px

OVERALL_PART = 0.7
"""Part of the whole picture's spread that is reckoned with where nothing is known of a point itself."""

NOISE_ALLOWANCE = 1.5
"""Noise is taken to be so many times what it usually is: some keypoints are worse than their kind, and
that is no parallax."""

_MOST_NOISE_DEG = 0.04

_LOCAL_QUANTILE, _OVERALL_QUANTILE = 0.85, 0.9
_NEAR_MISS_DEG = 3.6
"""Matches further off the map than this are wrong ones; things 6 m away are 3.6° off if the head is 0.4 m
from the phone."""

_REACH_DEG = 4.0
_LEAST_WEIGHT = 4.0


def model_spread_px(match: DirectMatch, gaze_px: NDArray[np.float64]) -> float:
    """Give how far the scene is from being what the map takes it for, beyond the noise of matches.

    Things nearer than the rest are seen by head and phone in different directions, and no homography
    can be right for all. Their matches are called outliers then, but they are near misses. What 85 %
    of the matches around a point stay below tells how far off the map may be there. A thing
    without matches of its own may be as near as others in the picture: hence a part of what 90 %
    of all matches stay below, at least. Wrong matches, a few per cent, count for neither.

    Parameters
    ----------
    match
        The match.
    gaze_px
        The point in the undistorted ego view, shape (2,); NaN if unknown.

    Returns
    -------
    float
        Standard deviation per coordinate in excess of the noise, road px, at least 0.
    """
    square, noise, near_miss = _misses(match)
    if not near_miss.any():
        return 0.0
    square, noise = square[near_miss], noise[near_miss]
    overall = OVERALL_PART * _excess_px(square, noise, None, _OVERALL_QUANTILE)
    nearness = _nearness(match, gaze_px)
    if nearness is None:
        return overall
    return max(overall, _excess_px(square, noise, nearness[near_miss], _LOCAL_QUANTILE))


def _misses(
    match: DirectMatch,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Give squared distances from the map, variances of their noise, and which are no wrong matches."""
    missed = match.road_px - match.mapping.map_points(match.ego_px)
    focal_px = usual_focal_px(match.mapping.frame.road_size_px)
    # A little parallax everywhere looks like noise to the estimator, but keypoints have only so much.
    sigma_px = min(match.sigma_px, float(np.radians(_MOST_NOISE_DEG)) * focal_px)
    # both views' noise; a map of about the same scale as the views
    noise = 2 * (NOISE_ALLOWANCE * sigma_px * match.noise_scale) ** 2
    square = (missed**2).sum(axis=1)
    near_miss = square < (np.radians(_NEAR_MISS_DEG) * focal_px) ** 2  # false for NaN
    return square, noise, near_miss


def _excess_px(
    square: NDArray[np.float64],
    noise: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
    quantile: float,
) -> float:
    """Give the standard deviation that a quantile of the distances has beyond the noise's."""
    squares = -2 * np.log(1 - quantile)  # of the distance, in variances per coordinate
    excess = square - squares * noise
    if weight is None:
        place = int(quantile * (len(excess) - 1))
        height = float(np.partition(excess, place)[place])
    else:
        height = _weighted_quantile(excess, weight, quantile)
    return float(np.sqrt(max(height, 0.0) / squares))


def local_velocity_px_s(match: DirectMatch, gaze_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give how fast the road picture moves around a point, per axis the median weighted by nearness.

    Parameters
    ----------
    match, gaze_px
        As in `model_spread_px`; without a point all matches count alike.

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
        [_weighted_quantile(column[known], weight[known], 0.5) for column in match.velocity_px_s.T]
    )


def _nearness(match: DirectMatch, gaze_px: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Give how near each match is to a point, 0 … 1, shape (n,); None if nothing is near it."""
    if not np.isfinite(gaze_px).all():
        return None
    reach = np.radians(_REACH_DEG) * match.mapping.frame.ego_matrix[0, 0]
    nearness = np.exp(-((match.ego_px - gaze_px) ** 2).sum(axis=1) / (2 * reach**2))
    return None if nearness.sum() < _LEAST_WEIGHT else np.asarray(nearness)


def _weighted_quantile(
    values: NDArray[np.float64], weight: NDArray[np.float64], quantile: float
) -> float:
    order = np.argsort(values)
    share = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(share, quantile * share[-1])])
