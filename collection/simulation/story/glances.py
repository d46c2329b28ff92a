"""When a simulated driver looks at what kind of thing: a semi-Markov chain of fixations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .conditions import Conditions
from .effects import Effects
from .ride import Ride

FloatArray = NDArray[np.float64]

TARGET_KINDS = (
    "road",
    "vehicle",
    "pedestrian",
    "mirror_left",
    "mirror_inner",
    "mirror_right",
    "instruments",
    "side",
)
ROAD, VEHICLE, PEDESTRIAN = 0, 1, 2
SIDE = TARGET_KINDS.index("side")
IN_CAR = (3, 4, 5, 6)
"""Mirrors and instruments: they have no place in the road view."""

BEYOND_S = 4.0
"""The plan begins this long before the drive and ends this long after it."""
STOPPED_M_S = 0.5

# Chances of the next fixation after one on the road: moving, and standing.
_AWAY = {
    "mirror_left": (0.006, 0.015),
    "mirror_inner": (0.016, 0.030),
    "mirror_right": (0.013, 0.025),
    "instruments": (0.020, 0.025),
    "side": (0.015, 0.100),
}
_STAYS_AWAY = 0.35
"""Chance that a glance away from the road goes on with one more fixation."""

_MEDIAN_S = {
    "mirror_left": 0.55,
    "mirror_inner": 0.42,
    "mirror_right": 0.48,
    "instruments": 0.45,
    "side": 0.34,
}
_ROAD_MEDIAN_S = 0.29
DURATION_LOG_SD = 0.45
_DURATION_S = (0.12, 1.6)
SACCADE_USUAL_S = 0.04
_LEAST_AWAY_S = 0.36
"""Way to a far target and back takes long by itself; looking there too."""


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """Consecutive spans, each of a saccade and the fixation it leads to.

    Attributes
    ----------
    start_s
        Of each span, and the end of the last one, shape (n + 1,).
    kind
        Place in `TARGET_KINDS`, shape (n,); road where other road users may be put later.
    """

    start_s: FloatArray
    kind: NDArray[np.intp]


def draw_timeline(
    rng: np.random.Generator,
    ride: Ride,
    conditions: Conditions,
    effects: Effects,
    seconds: float,
) -> Timeline:
    """Draw when the driver looks where.

    After a fixation on the road the next one is elsewhere by fixed chances, which are higher while the
    car stands; a glance away goes on with 35 %, and leads back to the road otherwise. Durations are
    log-normal.

    Parameters
    ----------
    rng
        Random numbers.
    ride
        Of the own car.
    conditions
        Whose driver looks.
    effects
        How much drivers differ in duration.
    seconds
        Length of the drive.
    """
    first_s, last_s = -BEYOND_S, seconds + BEYOND_S
    count = int((last_s - first_s) / (_DURATION_S[0] + SACCADE_USUAL_S)) + 2
    chance, scores = rng.random(count).tolist(), rng.standard_normal(count).tolist()
    personal = effects.driver_log_duration_sd * conditions.driver.log_duration
    medians = np.full(len(TARGET_KINDS), _ROAD_MEDIAN_S)
    for name, median_s in _MEDIAN_S.items():
        medians[TARGET_KINDS.index(name)] = median_s
    log_median = (np.log(medians) + personal).tolist()
    away = [TARGET_KINDS.index(name) for name in _AWAY]
    bounds = [np.cumsum([each[state] for each in _AWAY.values()]).tolist() for state in (0, 1)]
    step_s = 0.2
    grid_s = np.arange(first_s, last_s + 2 * step_s, step_s)
    standing = (ride.speed_m_s(grid_s) < STOPPED_M_S).tolist()
    starts, kinds = [], []
    at_s, before = first_s, ROAD
    number = 0
    while at_s < last_s:
        draw = chance[number]
        if before != ROAD:
            kind = before if draw < _STAYS_AWAY else ROAD
        else:
            limits = bounds[standing[int((at_s - first_s) / step_s)]]
            kind = next((away[k] for k, limit in enumerate(limits) if draw < limit), ROAD)
        duration_s = np.exp(log_median[kind] + DURATION_LOG_SD * scores[number])
        span_s = min(max(duration_s, _DURATION_S[0]), _DURATION_S[1]) + SACCADE_USUAL_S
        if kind != before:
            span_s = max(span_s, _LEAST_AWAY_S)
        starts.append(at_s)
        kinds.append(kind)
        at_s += float(span_s)
        before = kind
        number += 1
    return Timeline(start_s=np.array([*starts, at_s]), kind=np.array(kinds, dtype=np.intp))
