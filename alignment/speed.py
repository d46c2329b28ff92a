"""Speed between location fixes."""

import numpy as np
from numpy.typing import NDArray

MAX_GAP_S = 5.0
"""Fixes further apart than this say nothing of the time between: a car can stop and start in it."""


def speed_at(
    times_s: NDArray[np.float64],
    fix_times_s: NDArray[np.float64],
    speed_m_s: NDArray[np.float64],
    *,
    max_gap_s: float = MAX_GAP_S,
) -> NDArray[np.float64]:
    """Interpolate speed linearly between neighbouring fixes.

    Parameters
    ----------
    times_s
        When the speed is wanted, shape (n,), s; NaN gives NaN.
    fix_times_s
        Times of the fixes on the same clock, ascending, shape (m,), s.
    speed_m_s
        Speed at the fixes, shape (m,), m/s; fixes with NaN are passed over.
    max_gap_s
        Longest interval between two fixes that is bridged, included, s.

    Returns
    -------
    NDArray[np.float64]
        Shape (n,), m/s. NaN before the first and after the last fix, and in longer intervals; at a
        fix its own speed.
    """
    known = np.isfinite(speed_m_s)
    fixes, speeds = fix_times_s[known], speed_m_s[known]
    if not len(fixes):
        return np.full(len(times_s), np.nan)
    after = np.searchsorted(fixes, times_s, side="left")
    following = np.minimum(after, len(fixes) - 1)
    before = np.maximum(after - 1, 0)
    bridged = (after > 0) & (after < len(fixes)) & (fixes[following] - fixes[before] <= max_gap_s)
    at_fix = fixes[following] == times_s
    speed = np.interp(times_s, fixes, speeds)
    return np.where(bridged | at_fix, speed, np.nan)
