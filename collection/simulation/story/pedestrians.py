"""Which pedestrians a simulated drive meets: on the pavements, and crossing where nothing comes."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from .actor import Draft, draw_look, draw_size_m
from .car_layout import CAR_SIZE_M
from .conditions import Traffic
from .motions import Crossing, Parked, Walking
from .ride import Ride
from .route import LANE_WIDTH_M, PAVEMENT_WIDTH_M, STRIP_WIDTH_M, ZONES, Route
from .vehicles import IN_SIGHT_M, OUT_OF_SIGHT_M, sight_of_place

FloatArray = NDArray[np.float64]

_KERB_M = LANE_WIDTH_M + STRIP_WIDTH_M
_EVERY_M = {"urban": 22.0, "suburban": 75.0, "open": 700.0}
_BUSIER: dict[Traffic, float] = {"light": 1.4, "medium": 1.0, "heavy": 0.7}
_CROSSINGS_PER_MINUTE: dict[Traffic, float] = {"light": 0.6, "medium": 0.9, "heavy": 1.2}
_TRIES = 4
_STEP_S = 0.25
_OWN_MARGIN_M = 2.0
_MARGIN_M = 0.9


def draw_walking(
    rng: np.random.Generator, route: Route, ride: Ride, traffic: Traffic, seconds: float
) -> list[Draft]:
    """Draw who walks on the pavements, both ways, with 0.7 to 1.7 m/s."""
    last_m = float(ride.distance_m([seconds + 10.0])[0]) + IN_SIGHT_M
    grid_s = np.arange(-10.0, seconds + 11.0)
    own_m = ride.distance_m(grid_s)
    drafts = []
    for side in (-1, 1):
        at_m = -OUT_OF_SIGHT_M
        while True:
            every_m = _EVERY_M[ZONES[int(route.zone(at_m))]] * _BUSIER[traffic]
            at_m += 0.8 + float(rng.exponential(every_m))
            if at_m > last_m:
                break
            speed_m_s = float(rng.choice([-1, 1]) * rng.uniform(0.7, 1.7))
            met_s = float(ride.time_at_s([at_m])[0])
            motion = Walking(
                distance_m=at_m - speed_m_s * met_s,
                speed_m_s=speed_m_s,
                lateral_m=side * (_KERB_M + float(rng.uniform(0.5, PAVEMENT_WIDTH_M - 0.3))),
            )
            away_m = motion.distance_m + speed_m_s * grid_s - own_m
            near = np.flatnonzero((away_m <= IN_SIGHT_M) & (away_m >= -OUT_OF_SIGHT_M))
            if len(near):
                first, last = grid_s[near[0]], grid_s[near[-1]]
                drafts.append(_draft(rng, float(first), float(last), motion))
    return drafts


def draw_crossing(
    rng: np.random.Generator,
    route: Route,
    ride: Ride,
    traffic: Traffic,
    seconds: float,
    vehicles: Sequence[Draft],
) -> list[Draft]:
    """Draw who crosses the road: while the own car stands, or well before it comes.

    A crossing that would come near a vehicle, or the own car, is tried again at another moment, and
    left out after four tries.
    """
    count = int(rng.poisson(_CROSSINGS_PER_MINUTE[traffic] * seconds / 60))
    wanted = [(float(each), None) for each in rng.uniform(0, seconds, count)]
    halts = [
        (stop.start_s, stop.distance_m) for stop in ride.stops if stop.end_s - stop.start_s > 8
    ]
    drafts = []
    for at_s, halt_m in chain(halts, wanted):
        for _ in range(_TRIES):
            start_s = at_s + float(rng.uniform(0.0, 6.0))
            duration_s = float(rng.uniform(7.5, 10.5)) * _KERB_M / 5.8
            if halt_m is None:
                own_m = float(ride.distance_m([start_s])[0])
                place_m = own_m + float(rng.uniform(25.0, 90.0))
            else:
                place_m = halt_m + CAR_SIZE_M[2] / 2 + float(rng.uniform(2.6, 4.5))
            side = float(rng.choice([-1.0, 1.0])) * (_KERB_M + 0.3)
            motion = Crossing(
                distance_m=place_m,
                start_s=start_s,
                duration_s=duration_s,
                from_m=side,
                to_m=-side,
            )
            if ZONES[int(route.zone(place_m))] != "open" and _is_free(motion, ride, vehicles):
                drafts.append(_draft(rng, *sight_of_place(ride, place_m), motion))
                break
    return drafts


def _is_free(motion: Crossing, ride: Ride, vehicles: Sequence[Draft]) -> bool:
    """Tell whether nothing comes near while someone crosses."""
    times = motion.start_s + np.arange(-0.5, motion.duration_s + 0.5, _STEP_S)
    lateral_m = motion.along(times).lateral_m
    own_m = np.abs(ride.distance_m(times) - motion.distance_m)
    beside_m = np.abs(ride.lateral_m(times) - lateral_m)
    width, _, length = CAR_SIZE_M
    near = own_m < length / 2 + _OWN_MARGIN_M
    if (near & (beside_m < width / 2 + _OWN_MARGIN_M)).any():
        return False
    for each in vehicles:
        if each.end_s < times[0] or each.start_s > times[-1]:
            continue
        width, _, length = each.size_m
        reach_m = length / 2 + _MARGIN_M
        if isinstance(each.motion, Parked):
            if abs(each.motion.distance_m - motion.distance_m) < reach_m:
                return False
            continue
        place = each.motion.along(times)
        near = np.abs(place.distance_m - motion.distance_m) < reach_m
        if (near & (np.abs(place.lateral_m - lateral_m) < width / 2 + _MARGIN_M)).any():
            return False
    return True


def _draft(
    rng: np.random.Generator, start_s: float, end_s: float, motion: Walking | Crossing
) -> Draft:
    return Draft(
        kind="pedestrian",
        size_m=draw_size_m(rng, "pedestrian"),
        look_seed=draw_look(rng),
        start_s=start_s,
        end_s=end_s,
        motion=motion,
    )
