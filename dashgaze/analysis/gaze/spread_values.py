"""Spreads of some frames of a session, by name."""

from collections.abc import Mapping

import numpy as np

from ..contract.study import BoolArray, FloatArray, IndexArray
from .spread_measures import spread_measures, without_noise

LOG_MEASURES: tuple[str, ...] = (
    "ahead_h_deg",
    "ahead_v_deg",
    "robust_h_deg",
    "robust_v_deg",
    "sd_h_deg",
    "sd_v_deg",
    "iqr_h_deg",
    "iqr_v_deg",
    "bcea_68_deg2",
    "bcea_95_deg2",
    "hdr_68_deg2",
    "hdr_95_deg2",
)
"""Measures that are compared as ratios. Those ahead are 1.4826 × median absolute deviation of gaze that goes ahead, as
told by `ahead_of_car`."""

AHEAD_DEG = (35.0, 10.0)
"""Farther than this from the session's median, to the sides or up and down, gaze is not of the road ahead."""

_WITHOUT_NOISE = (("ahead_h", 0), ("ahead_v", 1), ("sd_h", 0), ("sd_v", 1))


def ahead_of_car(around_deg: FloatArray, usable: BoolArray) -> BoolArray:
    """Tell which gaze goes ahead: within 35° and 10° of the session's median, shape (n,).

    How often drivers look to the sides and into mirrors changes with what they do (a standing driver does it more
    often), and a spread of all gaze takes that for a wider look at the road.

    Parameters
    ----------
    around_deg
        Gaze of all frames from the reference, shape (n, 2).
    usable
        Frames that count, shape (n,).
    """
    if not usable.any():
        return usable
    off = np.abs(around_deg - np.median(around_deg[usable], axis=0))
    return np.asarray(usable & (off <= AHEAD_DEG).all(axis=1), dtype=np.bool_)


def spread_values(around_deg: FloatArray, places: IndexArray, ahead: BoolArray) -> dict[str, float]:
    """Give `LOG_MEASURES` but the areas of highest density, the correlation, and the share that goes ahead.

    Parameters
    ----------
    around_deg
        Gaze of all frames from the reference, shape (n, 2).
    places
        Frames that count, shape (m,).
    ahead
        As `ahead_of_car` gives it.
    """
    found = spread_measures(around_deg[places])
    road = spread_measures(around_deg[places[ahead[places]]])
    values: dict[str, float] = {
        each: getattr(found, each) for each in LOG_MEASURES if hasattr(found, each)
    }
    values["ahead_h_deg"], values["ahead_v_deg"] = road.robust_h_deg, road.robust_v_deg
    values["ahead"] = road.count / max(found.count, 1)
    values["correlation"] = found.correlation
    return values


def without_their_noise(values: Mapping[str, float], noise_sd_deg: FloatArray) -> dict[str, float]:
    """Give spreads without the noise of tracker and mapping: ``…_corrected_deg``.

    Parameters
    ----------
    values
        As `spread_values` gives them.
    noise_sd_deg
        Horizontal and vertical, shape (2,).
    """
    return {
        f"{each}_corrected_deg": without_noise(values[f"{each}_deg"], float(noise_sd_deg[axis]))
        for each, axis in _WITHOUT_NOISE
    }
