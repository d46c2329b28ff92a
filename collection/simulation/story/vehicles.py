"""Which vehicles a simulated drive meets: ahead, behind, oncoming and parked."""

import numpy as np
from numpy.typing import NDArray

from .actor import Draft, draw_kind, draw_look, draw_size_m
from .car_layout import CAR_SIZE_M
from .conditions import Traffic
from .motions import Ahead, Behind, Oncoming, OppositeFlow, Parked, Platoon
from .ride import OWN_LANE_M, Ride
from .route import LANE_WIDTH_M, STRIP_WIDTH_M, ZONES, Route
from .wander import LaneWander

FloatArray = NDArray[np.float64]

IN_SIGHT_M = 350.0
OUT_OF_SIGHT_M = 80.0
"""Actors are present from this far ahead of the own car until this far behind it."""

_FLOWING = {
    "car": 0.40,
    "van": 0.08,
    "bus": 0.07,
    "truck": 0.07,
    "motorcycle": 0.23,
    "auto_rickshaw": 0.15,
}
_STANDING = {"car": 0.55, "van": 0.1, "motorcycle": 0.22, "auto_rickshaw": 0.13}
_LANE_SD_M = 0.1

_ALONE_S: dict[Traffic, tuple[float, float]] = {
    "light": (60.0, 150.0),
    "medium": (20.0, 60.0),
    "heavy": (2.0, 15.0),
}
_FOLLOWING_S: dict[Traffic, tuple[float, float]] = {
    "light": (100.0, 150.0),
    "medium": (120.0, 220.0),
    "heavy": (150.0, 320.0),
}
_ONCOMING_EVERY_S: dict[Traffic, float] = {"light": 13.0, "medium": 6.5, "heavy": 3.8}
_LEAST_HEADWAY_S = 2.7
_PARKED_EVERY_M = {"urban": 26.0, "suburban": 90.0, "open": 500.0}
_PARKED_OFF_LANE_M = LANE_WIDTH_M + STRIP_WIDTH_M / 2


def draw_ahead(
    rng: np.random.Generator, ride: Ride, traffic: Traffic, seconds: float
) -> list[Draft]:
    """Draw the platoons in the own lane, one after the other, of one to three vehicles."""
    drafts = []
    at_s = float(rng.uniform(-140.0, 20.0))
    while at_s < seconds:
        end_s = at_s + rng.uniform(*_FOLLOWING_S[traffic])
        platoon = Platoon(start_s=at_s, end_s=end_s)
        delay_s, gap_m = 0.0, CAR_SIZE_M[2] / 2
        for _ in range(int(rng.integers(1, 4))):
            kind = draw_kind(rng, _FLOWING)
            size_m = draw_size_m(rng, kind)
            delay_s += rng.uniform(1.1, 2.0)
            gap_m += rng.uniform(2.2, 4.0) + size_m[2] / 2
            motion = Ahead(
                ride=ride,
                platoon=platoon,
                delay_s=delay_s,
                gap_m=gap_m,
                wander=LaneWander(rng, OWN_LANE_M, _LANE_SD_M),
            )
            drafts.append(_draft(rng, kind, size_m, at_s, end_s, motion))
            gap_m += size_m[2] / 2
        at_s = end_s + rng.uniform(*_ALONE_S[traffic])
    return drafts


def draw_behind(rng: np.random.Generator, ride: Ride, seconds: float) -> list[Draft]:
    """Draw the vehicle that follows; the driver sees it in the mirrors."""
    kind = draw_kind(rng, _FLOWING)
    size_m = draw_size_m(rng, kind)
    motion = Behind(
        ride=ride,
        delay_s=float(rng.uniform(1.2, 2.5)),
        gap_m=float(CAR_SIZE_M[2] / 2 + rng.uniform(2.5, 5.0) + size_m[2] / 2),
        wander=LaneWander(rng, OWN_LANE_M, _LANE_SD_M),
    )
    return [_draft(rng, kind, size_m, -60.0, seconds + 60.0, motion)]


def draw_oncoming(
    rng: np.random.Generator, route: Route, ride: Ride, traffic: Traffic, seconds: float
) -> list[Draft]:
    """Draw the traffic of the other direction, with at least 2.7 s between two vehicles."""
    flow = OppositeFlow(route)
    grid_s = np.arange(-10.0, seconds + 11.0)
    own_m = ride.distance_m(grid_s)
    # A vehicle's number grows with the time of meeting it: clock(d) + t.
    in_sight = flow.clock_s(own_m + IN_SIGHT_M) + grid_s
    gone = flow.clock_s(own_m - OUT_OF_SIGHT_M) + grid_s
    count = int((in_sight[-1] - gone[0]) / _LEAST_HEADWAY_S) + 1
    spare_s = _ONCOMING_EVERY_S[traffic] - _LEAST_HEADWAY_S
    numbers = gone[0] + np.cumsum(_LEAST_HEADWAY_S + rng.exponential(spare_s, count))
    drafts = []
    for number_s in numbers[numbers < in_sight[-1]].tolist():
        kind = draw_kind(rng, _FLOWING)
        motion = Oncoming(
            flow=flow, number_s=number_s, wander=LaneWander(rng, -OWN_LANE_M, _LANE_SD_M)
        )
        start_s = float(np.interp(number_s, in_sight, grid_s))
        end_s = float(np.interp(number_s, gone, grid_s))
        drafts.append(_draft(rng, kind, draw_size_m(rng, kind), start_s, end_s, motion))
    return drafts


def draw_parked(rng: np.random.Generator, route: Route, ride: Ride, seconds: float) -> list[Draft]:
    """Draw the vehicles at the kerbs, dense in town and rare outside of it."""
    last_m = float(ride.distance_m([seconds + 10.0])[0]) + IN_SIGHT_M
    drafts = []
    for side in (-1, 1):
        at_m = -OUT_OF_SIGHT_M
        while True:
            every_m = _PARKED_EVERY_M[ZONES[int(route.zone(at_m))]]
            kind = draw_kind(rng, _STANDING)
            size_m = draw_size_m(rng, kind)
            at_m += 1.2 + size_m[2] / 2 + float(rng.exponential(every_m))
            if at_m > last_m:
                break
            motion = Parked(
                distance_m=at_m,
                lateral_m=side * (_PARKED_OFF_LANE_M + float(rng.uniform(-0.1, 0.15))),
                turn_rad=(0.0 if side < 0 else np.pi) + float(rng.normal(0, 0.015)),
            )
            drafts.append(_draft(rng, kind, size_m, *sight_of_place(ride, at_m), motion))
            at_m += size_m[2] / 2
    return drafts


def sight_of_place(ride: Ride, distance_m: float) -> tuple[float, float]:
    """Give from when until when a place is near enough to the own car to be shown."""
    first, last = ride.time_at_s([distance_m - IN_SIGHT_M, distance_m + OUT_OF_SIGHT_M]).tolist()
    return first, last


def _draft(
    rng: np.random.Generator,
    kind: str,
    size_m: tuple[float, float, float],
    start_s: float,
    end_s: float,
    motion: Ahead | Behind | Oncoming | Parked,
) -> Draft:
    return Draft(
        kind=kind,
        size_m=size_m,
        look_seed=draw_look(rng),
        start_s=start_s,
        end_s=end_s,
        motion=motion,
    )
