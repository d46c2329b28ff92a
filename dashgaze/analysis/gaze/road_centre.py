"""Percent road centre: how much of gaze is where it is most."""

import numpy as np

from ..contract.study import FloatArray
from ..study.centre import mode

RADIUS_DEG = 8.0
WINDOW_S = 60.0
_BANDWIDTH_DEG = 1.5


def share_within(
    directions_deg: FloatArray, centre_deg: FloatArray, *, radius_deg: float = RADIUS_DEG
) -> float:
    """Give the share of directions no farther than some degrees from a centre; NaN of nothing.

    Parameters
    ----------
    directions_deg
        Shape (n, 2); rows that are not finite don't count.
    centre_deg
        Shape (2,).
    radius_deg
        Of the road's centre.
    """
    distance = np.hypot(*(directions_deg - centre_deg).T)
    known = np.isfinite(distance)
    return float(np.mean(distance[known] <= radius_deg)) if known.any() else float("nan")


def windows_road_centre(
    directions_deg: FloatArray,
    time_s: FloatArray,
    *,
    radius_deg: float = RADIUS_DEG,
    window_s: float = WINDOW_S,
) -> FloatArray:
    """Give the percent road centre of consecutive windows, as shares (Victor et al. 2005).

    The road's centre is the mode of gaze in the window itself. Windows with gaze in less than half of
    their frames are left out.

    Parameters
    ----------
    directions_deg
        Shape (n, 2).
    time_s
        Ascending, shape (n,), s.
    radius_deg, window_s
        Of the centre, and of a window.
    """
    if not len(time_s):
        return np.zeros(0)
    number = np.floor((time_s - time_s[0]) / window_s).astype(np.int64)
    known = np.isfinite(directions_deg).all(axis=1)
    frame_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0
    shares = []
    for window in range(int(number[-1]) + 1):
        gaze = directions_deg[(number == window) & known]
        if len(gaze) * frame_s >= window_s / 2:
            # A peak to a tenth of a degree is enough for a circle of 8 degrees: fewer frames do.
            centre = mode(gaze[:: max(len(gaze) // 600, 1)], bandwidth=_BANDWIDTH_DEG)
            shares.append(share_within(gaze, centre, radius_deg=radius_deg))
    return np.array(shares)
