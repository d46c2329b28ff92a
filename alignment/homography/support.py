"""Whether the inliers hold a homography, or a line that two chance matches complete.

A homography fits any line and, exactly, any two points off it. Among many wrong matches such two are
always found, and neither the likelihood nor the covariance sees it.
"""

import numpy as np
from numpy.typing import NDArray

from dashgaze.compiled import compiled

from .frames import PRECISION, X, Y, smallest_width

SELF_SUPPORTED = 1.9
"""Leverage of a match, at most 2, from which on no other match says anything about its place."""

LEAST_WIDTH = 2.0
"""Points that are off a line by less than this many σ (rms) count as lying on it."""


@compiled
def wide_enough(
    matches_px: NDArray[np.float64],
    weight: NDArray[np.float64],
    sigma_px: float,
    noise_ratio: float,
) -> bool:
    """Whether weighted matches, shape (5, n), are no line within their noise, in both views."""
    least_px = LEAST_WIDTH * sigma_px
    return (
        smallest_width(matches_px[0], matches_px[1], weight) > least_px * noise_ratio
        and smallest_width(matches_px[2], matches_px[3], weight) > least_px
    )


@compiled
def supported(
    matches: NDArray[np.float64],
    homography: NDArray[np.float64],
    variance: float,
    squared_ratio: float,
    probability: NDArray[np.float64],
    covariance: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Inlier probabilities, but 0 for matches that no other one supports.

    Those have a leverage tr(Σ⁻¹ D C Dᵀ) near 2, the number of their coordinates.

    Parameters
    ----------
    matches, homography, variance, squared_ratio
        As in `mixture.score`.
    probability
        Of the matches, shape (n,).
    covariance
        Of the map's parameters, shape (8, 8).
    """
    trusted = probability.copy()
    row_p, row_q = np.zeros(8), np.zeros(8)
    for k in range(matches.shape[1]):
        if probability[k] < 0.5:
            continue
        x, y, precision = matches[X, k], matches[Y, k], matches[PRECISION, k]
        inverse = 1 / (homography[2, 0] * x + homography[2, 1] * y + homography[2, 2])
        p = (homography[0, 0] * x + homography[0, 1] * y + homography[0, 2]) * inverse
        q = (homography[1, 0] * x + homography[1, 1] * y + homography[1, 2]) * inverse
        row_p[0], row_p[1], row_p[2] = x * inverse, y * inverse, inverse
        row_q[3], row_q[4], row_q[5] = x * inverse, y * inverse, inverse
        row_p[6], row_p[7] = -p * x * inverse, -p * y * inverse
        row_q[6], row_q[7] = -q * x * inverse, -q * y * inverse
        j00 = (homography[0, 0] - p * homography[2, 0]) * inverse
        j01 = (homography[0, 1] - p * homography[2, 1]) * inverse
        j10 = (homography[1, 0] - q * homography[2, 0]) * inverse
        j11 = (homography[1, 1] - q * homography[2, 1]) * inverse
        s00 = 1 + squared_ratio * (j00 * j00 + j01 * j01)
        s01 = squared_ratio * (j00 * j10 + j01 * j11)
        s11 = 1 + squared_ratio * (j10 * j10 + j11 * j11)
        m00, m01, m11 = 0.0, 0.0, 0.0
        for i in range(8):
            for j in range(8):
                m00 += row_p[i] * covariance[i, j] * row_p[j]
                m01 += row_p[i] * covariance[i, j] * row_q[j]
                m11 += row_q[i] * covariance[i, j] * row_q[j]
        leverage = (s11 * m00 - 2 * s01 * m01 + s00 * m11) / (s00 * s11 - s01 * s01)
        if leverage * precision * probability[k] / variance > SELF_SUPPORTED:
            trusted[k] = 0.0
    return trusted
