"""Which other road user a simulated driver looks at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .actor import Actor
from .car_layout import EYES_M, place_m
from .motions import Ahead, Behind, Crossing, Oncoming, Parked
from .poses import Poses
from .ride import Ride

FloatArray = NDArray[np.float64]

_NEAREST_M, _FURTHEST_M = 9.0, 90.0
_WIDEST = np.tan(np.radians(28.0))
_CLOSING_MARGIN_M_S = 26.0


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """For each of n moments, what would be looked at.

    Attributes
    ----------
    possible
        Whether there is anything.
    pedestrian
        Whether it is a pedestrian.
    track_id
        The actor; arbitrary where nothing is possible, −1 for made-up ones.
    target_m
        In the actor's axes, or in the car's where `in_car`, shape (n, 3).
    seen_m
        In the level car's axes, shape (n, 3).
    in_car
        Whether it keeps its place in the car's axes.
    """

    possible: NDArray[np.bool_]
    pedestrian: NDArray[np.bool_]
    track_id: NDArray[np.intp]
    target_m: FloatArray
    seen_m: FloatArray
    in_car: NDArray[np.bool_]


ObjectChoice = Callable[[np.random.Generator, FloatArray, FloatArray, NDArray[np.bool_]], Chosen]
"""Takes random numbers, middles and lengths of spans, shape (n,), s, and which of them may be used."""


class ActorChoice:
    """Chooses among the actors of a story: those 9 to 90 m ahead, within 28° of the car's axis.

    Who crosses the road and who drives ahead is looked at most, parked vehicles least, and all of them
    more when they are near.

    Parameters
    ----------
    actors, ride
        Of the story.
    """

    def __init__(self, actors: Sequence[Actor], ride: Ride) -> None:
        self._actors = actors
        self._ride = ride

    def __call__(
        self,
        rng: np.random.Generator,
        middle_s: FloatArray,
        span_s: FloatArray,
        usable: NDArray[np.bool_],
    ) -> Chosen:
        """Choose for each moment."""
        count = len(middle_s)
        car_from_world = self._ride.ground_from(middle_s).inverse()
        eyes_m = place_m(EYES_M)
        nearest_m = _NEAREST_M + _CLOSING_MARGIN_M_S * span_s / 2
        first = np.full(count, np.inf)
        track_id = np.zeros(count, dtype=np.intp)
        pedestrian = np.zeros(count, dtype=np.bool_)
        target_m, seen_m = np.zeros((count, 3)), np.zeros((count, 3))
        aims = np.column_stack([rng.uniform(-0.3, 0.3, count), rng.uniform(0.35, 0.85, count)])
        for actor in self._actors:
            interest = _interest(actor)
            low, high = np.searchsorted(middle_s, [actor.start_s, actor.end_s])
            rows = low + np.flatnonzero(usable[low:high])
            if not interest or not len(rows):
                continue
            poses = actor.world_from_actor(middle_s[rows])
            aim_m = _aim(actor, poses, car_from_world[rows], aims[rows])
            place = car_from_world[rows].apply(poses.apply(aim_m[:, None])[:, 0])
            ahead_m = place[:, 2] - eyes_m[2]
            away_m = np.abs(place[:, 0] - eyes_m[0])
            near = (ahead_m > nearest_m[rows]) & (ahead_m < _FURTHEST_M)
            near &= away_m < _WIDEST * ahead_m
            # A race of exponential clocks: the chance to win is in proportion to the weight.
            weight = interest / (ahead_m + 12.0)
            arrival = rng.exponential(1.0, len(rows)) / np.where(near, weight, 1.0)
            wins = near & (arrival < first[rows])
            won = rows[wins]
            first[won] = arrival[wins]
            track_id[won] = actor.track_id
            pedestrian[won] = actor.kind == "pedestrian"
            target_m[won], seen_m[won] = aim_m[wins], place[wins]
        return Chosen(
            possible=np.isfinite(first),
            pedestrian=pedestrian,
            track_id=track_id,
            target_m=target_m,
            seen_m=seen_m,
            in_car=np.zeros(count, dtype=np.bool_),
        )


def made_up_objects(
    rng: np.random.Generator,
    middle_s: FloatArray,
    span_s: FloatArray,
    usable: NDArray[np.bool_],
) -> Chosen:
    """Make up a road user for each moment, which keeps its place before the car.

    For stories without actors: four of five are vehicles, 9 to 60 m ahead, within some degrees.
    """
    count = len(middle_s)
    ahead_m = np.exp(rng.uniform(np.log(9.0), np.log(60.0), count)) + 8.0 * span_s
    pedestrian = rng.random(count) < 0.2
    across_m = np.tan(np.radians(rng.normal(1.0, 6.0, count).clip(-25, 25))) * ahead_m
    up_m = -rng.uniform(0.5, 1.4, count)
    place = np.column_stack([across_m, up_m, ahead_m])
    return Chosen(
        possible=usable,
        pedestrian=pedestrian,
        track_id=np.full(count, -1, dtype=np.intp),
        target_m=place,
        seen_m=place,
        in_car=np.ones(count, dtype=np.bool_),
    )


def _interest(actor: Actor) -> float:
    """Give how much an actor attracts the eye; nothing for the one that follows."""
    match actor.motion:
        case Ahead():
            return 3.0
        case Crossing():
            return 4.0
        case Oncoming():
            return 1.5
        case Parked():
            return 0.4
        case Behind():
            return 0.0
    return 0.7


def _aim(actor: Actor, poses: Poses, car_from_world: Poses, aims: FloatArray) -> FloatArray:
    """Give points on the face that is turned to the car, in the actor's axes, shape (n, 3), m."""
    width, height, length = actor.size_m
    same_way = (car_from_world.rotation @ poses.rotation)[:, 2, 2] > 0
    end_m = np.where(same_way, -length / 2, length / 2)
    depth_m = np.zeros(len(aims)) if actor.kind == "pedestrian" else end_m
    return np.column_stack([aims[:, 0] * width, -aims[:, 1] * height, depth_m])
