"""What a simulated driver looks at, fixation by fixation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from .car_layout import CAR_TARGETS_M, EYES_M, place_m
from .conditions import Conditions
from .effects import Effects
from .glances import IN_CAR, PEDESTRIAN, ROAD, SIDE, STOPPED_M_S, TARGET_KINDS, VEHICLE, Timeline
from .object_choice import ObjectChoice
from .ride import Ride

FloatArray = NDArray[np.float64]

NO_TRACK = -1
"""Stands in `FixationPlan.track_id` where no actor is looked at; null in all files."""

_CORRELATION = 0.35
_WIDEST_DEG, _HIGHEST_DEG = 40.0, 12.0
_LEAST_AHEAD_M = 15.0
_FAR_M = (35.0, 110.0)
_NEAREST_M = 6.0
_PASSED_IN = 2.5
"""Points are at least this many times as far as the car gets to the end of the fixation."""
_SIDE_DEG, _SIDE_RATE = (38.0, 72.0), 0.26
_AIM_SD_M = {"mirror": 0.012, "instruments": 0.03}


@dataclass(frozen=True, kw_only=True)
class FixationPlan:
    """Consecutive spans of a saccade and a fixation, and their targets; arrays of length n.

    Attributes
    ----------
    start_s
        Of the spans, and the end of the last one, shape (n + 1,).
    kind
        Places in `TARGET_KINDS`.
    track_id
        Of the actor that is looked at, `NO_TRACK` (−1) if none.
    azimuth_deg, elevation_deg
        Of the target in the middle of the span, from the level direction of travel.
    target_m
        Shape (n, 3): in the world (road, side), in the car (mirrors, instruments, and made-up road
        users that keep their distance), or in the actor's axes, m.
    in_car
        Whether the target is fixed to the car.
    spread_h_deg
        SD_h that held for the span, also where another thing than the road is looked at.
    bearing_deg
        b of `Effects`: where the bend leads, from the road's direction.
    """

    start_s: FloatArray
    kind: NDArray[np.intp]
    track_id: NDArray[np.intp]
    azimuth_deg: FloatArray
    elevation_deg: FloatArray
    target_m: FloatArray
    in_car: NDArray[np.bool_]
    spread_h_deg: FloatArray
    bearing_deg: FloatArray

    @property
    def middle_s(self) -> FloatArray:
        """Middles of the spans, shape (n,), s."""
        return np.asarray((self.start_s[1:] + self.start_s[:-1]) / 2)


def plan_fixations(
    rng: np.random.Generator,
    timeline: Timeline,
    ride: Ride,
    conditions: Conditions,
    effects: Effects,
    choice: ObjectChoice,
) -> FixationPlan:
    """Give each span of a timeline its target.

    Parameters
    ----------
    rng
        Random numbers.
    timeline
        When the driver looks at what kind of thing.
    ride
        Of the own car.
    conditions, effects
        What is planted, see `Effects`.
    choice
        What finds other road users to look at.
    """
    count = len(timeline.kind)
    span_s = np.diff(timeline.start_s)
    middle_s = timeline.start_s[:-1] + span_s / 2
    speed = ride.speed_m_s(middle_s)
    session_score = float(rng.standard_normal())
    scores = rng.standard_normal((count, 2))
    uniform = rng.random((count, 4))
    jitter = rng.standard_normal((count, 3))
    azimuth, elevation, spread_h, bearing = _road_directions(
        ride, middle_s, speed, scores, session_score, conditions, effects
    )
    kind = timeline.kind.copy()
    track_id = np.full(count, NO_TRACK, dtype=np.intp)
    in_car = np.isin(kind, IN_CAR)
    flat = ride.ground_from(middle_s)
    eyes_m = place_m(EYES_M)

    reach_m = np.maximum(speed * span_s / 2 * _PASSED_IN + _NEAREST_M, _NEAREST_M)
    range_m = np.exp(np.log(_FAR_M[0]) + uniform[:, 0] * np.log(_FAR_M[1] / _FAR_M[0]))
    side = kind == SIDE
    towards = np.where(uniform[:, 1] < 0.5, -1.0, 1.0)
    sideways = _SIDE_DEG[0] + uniform[:, 2] * (_SIDE_DEG[1] - _SIDE_DEG[0])
    azimuth = np.where(side, towards * sideways, azimuth)
    elevation = np.where(side, -1.5 + 1.5 * scores[:, 1], elevation)
    # Through a side window nothing is followed that passes faster than 15°/s.
    passing_m = speed * np.sin(np.radians(sideways)) / _SIDE_RATE
    range_m = np.where(side, np.maximum(12.0 + 20.0 * uniform[:, 3], passing_m), range_m)
    elevation, range_m = _onto_the_ground(elevation, range_m, reach_m, -float(eyes_m[1]))
    rays = direction(azimuth, elevation)
    seen_m = eyes_m + rays * range_m[:, None]
    target_m = flat.apply(seen_m)

    share = _logistic(
        _logit(effects.object_share(conditions.traffic))
        + effects.driver_object_logit_sd * conditions.driver.object_share
    )
    chosen = choice(rng, middle_s, span_s, kind == ROAD)
    able = chosen.possible & (kind == ROAD)
    wanted = share * count / max(int(able.sum()), 1)
    on_object = able & (rng.random(count) < wanted)
    kind[on_object] = np.where(chosen.pedestrian[on_object], PEDESTRIAN, VEHICLE)
    track_id[on_object] = chosen.track_id[on_object]
    target_m[on_object] = chosen.target_m[on_object]
    seen_m[on_object] = chosen.seen_m[on_object]
    in_car |= on_object & chosen.in_car

    for number in IN_CAR:
        name = TARGET_KINDS[number]
        here = kind == number
        sd_m = _AIM_SD_M[name.split("_")[0]]
        target_m[here] = place_m(CAR_TARGETS_M[name]) + sd_m * jitter[here]
        seen_m[here] = target_m[here]
    found_azimuth, found_elevation = angles_deg(seen_m - eyes_m)
    return FixationPlan(
        start_s=timeline.start_s,
        kind=kind,
        track_id=track_id,
        azimuth_deg=found_azimuth,
        elevation_deg=found_elevation,
        target_m=target_m,
        in_car=in_car,
        spread_h_deg=spread_h,
        bearing_deg=bearing,
    )


def _road_directions(
    ride: Ride,
    middle_s: FloatArray,
    speed: FloatArray,
    scores: FloatArray,
    session_score: float,
    conditions: Conditions,
    effects: Effects,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Draw azimuth, elevation, SD_h and b as `Effects` says, each of shape (n,), deg."""
    driver = conditions.driver
    spread_h = effects.spread_h_deg * np.exp(
        effects.speed_log * speed / 10.0
        + effects.stopped_log * (speed < STOPPED_M_S)
        + effects.session_log_spread(conditions, session_score)
    )
    kept = np.sqrt(1 - _CORRELATION**2)
    noise = scores.copy()
    noise[1:] *= kept
    linked = lfilter([1.0], [1.0, -_CORRELATION], noise, axis=0)
    distance_m = ride.distance_m(middle_s)
    ahead_m = np.maximum(effects.lead_s * speed, _LEAST_AHEAD_M)
    bearing: FloatArray = np.degrees(ride.route.bearing_ahead_rad(distance_m, ahead_m))
    offset = effects.driver_offset_sd_deg
    azimuth = (
        effects.shift_azimuth_deg
        + offset * driver.offset_azimuth
        + effects.follow * bearing
        + spread_h * linked[:, 0]
    )
    elevation = (
        effects.shift_elevation_deg
        + offset * driver.offset_elevation / 2
        + effects.spread_v_deg * linked[:, 1]
    )
    return (
        np.clip(azimuth, -_WIDEST_DEG, _WIDEST_DEG),
        np.minimum(elevation, _HIGHEST_DEG),
        np.asarray(spread_h, dtype=np.float64),
        bearing,
    )


def _onto_the_ground(
    elevation_deg: FloatArray, range_m: FloatArray, reach_m: FloatArray, height_m: float
) -> tuple[FloatArray, FloatArray]:
    """Shorten rays that would end under the ground, and raise those that end too near."""
    lowest = -np.degrees(np.arcsin(np.minimum(height_m / reach_m, 1.0)))
    raised = np.maximum(elevation_deg, lowest)
    sink = np.sin(np.radians(np.maximum(-raised, 1e-9)))
    return raised, np.minimum(range_m, height_m / sink)


def direction(azimuth_deg: FloatArray, elevation_deg: FloatArray) -> FloatArray:
    """Give unit vectors (x right, y down, z forward) of angles, shape (n,) to (n, 3)."""
    azimuth, elevation = np.radians(azimuth_deg), np.radians(elevation_deg)
    level = np.cos(elevation)
    return np.stack([level * np.sin(azimuth), -np.sin(elevation), level * np.cos(azimuth)], axis=-1)


def angles_deg(vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give azimuth and elevation of vectors, shape (n, 3), as `direction` takes them, deg."""
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return np.degrees(np.arctan2(x, z)), np.degrees(np.arctan2(-y, np.hypot(x, z)))


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))
