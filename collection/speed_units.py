"""Whether a speed is in the unit that its file states: held against positions, or a second source."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .location import LocationTrack, speed_from_positions
from .location_nmea import KNOT_M_S

FloatArray = NDArray[np.float64]

Verdict = Literal["agrees", "wrong_unit", "unclear", "too_little"]

_M_S = {"m/s": 1.0, "km/h": 1 / 3.6, "mph": 0.44704, "kn": KNOT_M_S}
_TOLERANCE = 0.07
"""Speedometers and wheels are up to some percent off; the nearest two units, mph and knots, are 15 % apart."""

_LEAST_M_S = 3.0
_FEWEST, _WIDEST_SPREAD = 20, 0.15
_LARGEST_LAG_S, _LAG_STEP_S = 4.0, 0.5
_LONGEST_STEP_S = 5.0


@dataclass(frozen=True, kw_only=True)
class UnitVerdict:
    """What holding a speed against another says.

    Attributes
    ----------
    verdict
        ``agrees``, ``wrong_unit``, ``unclear`` (no unit explains the ratio) or ``too_little`` (they hardly
        move at the same time).
    factor
        What the speed has to be multiplied with to be in m/s: 1 if it agrees, None if nothing can be said.
    ratio, spread
        Median of the other speed over this one, and its spread (1.48 times the median absolute deviation) as
        a share of it; None with too little.
    lag_s
        By how much the other speed is behind.
    count
        Moments compared.
    text
        The same in a sentence.
    """

    verdict: Verdict
    factor: float | None
    ratio: float | None
    spread: float | None
    lag_s: float
    count: int
    text: str


def check_speed_units(
    time_s: FloatArray, speed_m_s: FloatArray, positions: LocationTrack, *, start_ns: int = 0
) -> UnitVerdict:
    """Hold a speed against positions: what their distances say, not what their file says of speed.

    Parameters
    ----------
    time_s
        Ascending, shape (n,), s.
    speed_m_s
        As it was read, shape (n,), m/s if its file tells the truth.
    positions
        A track with positions.
    start_ns
        Unix time at which `time_s` is 0, ns.
    """
    other = speed_from_positions(
        positions.timestamp_ns, positions.latitude_deg, positions.longitude_deg
    )
    return compare_speeds(time_s, speed_m_s, (positions.timestamp_ns - start_ns) / 1e9, other)


def compare_speeds(
    time_s: FloatArray, speed_m_s: FloatArray, other_time_s: FloatArray, other_m_s: FloatArray
) -> UnitVerdict:
    """Hold a speed against one that is known to be in m/s.

    Where both are above 3 m/s, or would be in some unit, their ratio is taken, at the lag within ± 4 s at
    which it spreads least. A ratio within 7 % of 1 agrees; one near that of two units says which was
    taken for which.

    Parameters
    ----------
    time_s, speed_m_s
        The speed in question, shape (n,).
    other_time_s, other_m_s
        The other one, shape (m,).
    """
    known, other_known = np.isfinite(speed_m_s), np.isfinite(other_m_s)
    at_s, other = other_time_s[other_known], other_m_s[other_known]
    best: tuple[float, float, int, float] | None = None
    most = 0
    for lag_s in np.arange(-_LARGEST_LAG_S, _LARGEST_LAG_S + 1e-9, _LAG_STEP_S):
        here = _at(time_s[known], speed_m_s[known], at_s - lag_s)
        both = np.isfinite(here) & (other > _LEAST_M_S) & (here > 0.2 * _LEAST_M_S)
        count = int(np.count_nonzero(both))
        most = max(most, count)
        if count < _FEWEST:
            continue
        ratios = other[both] / here[both]
        ratio = float(np.median(ratios))
        spread = float(1.4826 * np.median(np.abs(ratios - ratio)) / ratio)
        if best is None or spread < best[1]:
            best = ratio, spread, count, float(lag_s)
    if best is None:
        return UnitVerdict(
            verdict="too_little",
            factor=None,
            ratio=None,
            spread=None,
            lag_s=0.0,
            count=most,
            text=f"Both speeds are known and the car moves at {most} moments; {_FEWEST} are needed.",
        )
    return _judged(*best)


def _judged(ratio: float, spread: float, count: int, lag_s: float) -> UnitVerdict:
    seen = (
        f"over {count} moments the other speed is {ratio:.3g} times this one (spread {spread:.0%})"
    )
    verdict: Verdict = "unclear"
    factor: float | None = None
    text = f"No unit explains it: {seen}."
    if spread > _WIDEST_SPREAD:
        text = f"The speeds do not go together: {seen}."
    elif abs(ratio - 1) <= _TOLERANCE:
        verdict, factor, text = "agrees", 1.0, f"The unit is right: {seen}."
    else:
        # read as `said`, it was multiplied with its factor; it should have been that of `is`
        confusions = {
            (said, true): _M_S[true] / _M_S[said] for said in _M_S for true in _M_S if said != true
        }
        near = min(confusions, key=lambda pair: abs(np.log(ratio / confusions[pair])))
        if abs(np.log(ratio / confusions[near])) <= np.log1p(_TOLERANCE):
            verdict, factor = "wrong_unit", confusions[near]
            text = f"{near[1]} were taken for {near[0]}: {seen}, which is near {factor:.3g}."
    return UnitVerdict(
        verdict=verdict,
        factor=factor,
        ratio=ratio,
        spread=spread,
        lag_s=lag_s,
        count=count,
        text=text,
    )


def _at(time_s: FloatArray, values: FloatArray, wanted_s: FloatArray) -> FloatArray:
    """Interpolate, but not over gaps of more than 5 s."""
    if len(time_s) < 2:
        return np.full(len(wanted_s), np.nan)
    after = np.searchsorted(time_s, wanted_s).clip(1, len(time_s) - 1)
    inside = (wanted_s >= time_s[0]) & (wanted_s <= time_s[-1])
    bridged = time_s[after] - time_s[after - 1] <= _LONGEST_STEP_S
    return np.where(inside & bridged, np.interp(wanted_s, time_s, values), np.nan)
