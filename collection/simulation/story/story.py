"""A whole simulated drive, without pictures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .actor import Actor
from .actors import actors_near, plan_actors
from .blinks import Blinks
from .conditions import Conditions
from .effects import Effects
from .fixation_plan import plan_fixations
from .gaze_track import GazeTrack
from .glances import draw_timeline
from .head_track import HeadTrack
from .mount import car_from_driver_camera, car_from_road
from .object_choice import ActorChoice
from .poses import Poses
from .ride import Ride, route_length_m
from .route import Route
from .streams import Stream, stream

FloatArray = NDArray[np.float64]

_USUAL = Effects()


@dataclass(frozen=True, kw_only=True, eq=False)
class Story:
    """All that happens in a drive, as functions of time on the phone's clock; made by `plan_story`.

    Attributes
    ----------
    seed, conditions, seconds, effects
        What it was made of.
    route, ride
        Where the own car goes, and when.
    actors
        All other road users.
    gaze, head, blinks
        What the driver does.
    car_from_road, car_from_driver_camera
        Poses of the phone's cameras, constant.
    """

    seed: int
    conditions: Conditions
    seconds: float
    effects: Effects
    route: Route
    ride: Ride
    actors: tuple[Actor, ...]
    gaze: GazeTrack
    head: HeadTrack
    blinks: Blinks
    car_from_road: Poses
    car_from_driver_camera: Poses

    def world_from_car(self, time_s: ArrayLike) -> Poses:
        """Give the poses of the car's body."""
        return self.ride.world_from_car(time_s)

    def world_from_road(self, time_s: ArrayLike) -> Poses:
        """Give the poses of the phone's rear camera."""
        return self.ride.world_from_car(time_s) @ self.car_from_road

    def car_from_ego(self, time_s: ArrayLike) -> Poses:
        """Give the poses of the scene camera in the car."""
        return self.head.car_from_ego(time_s)

    def world_from_ego(self, time_s: ArrayLike) -> Poses:
        """Give the poses of the scene camera in the world, as its gyroscope feels them."""
        return self.ride.world_from_car(time_s) @ self.head.car_from_ego(time_s)

    def gaze_point_world_m(self, time_s: ArrayLike) -> FloatArray:
        """Give the point that is looked at, shape (n, 3), m; see `GazeTrack`."""
        return self.gaze.gaze_point_world_m(time_s)

    def target(self, time_s: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Give the kind of target (place in `TARGET_KINDS`) and track id (−1: none), shape (n,)."""
        return self.gaze.target(time_s)

    def fixation_id(self, time_s: ArrayLike) -> NDArray[np.intp]:
        """Give the number of the fixation, −1 in saccades, shape (n,)."""
        return self.gaze.fixation_id(time_s)

    def blink(self, time_s: ArrayLike) -> NDArray[np.bool_]:
        """Tell whether times lie in a blink, shape (n,)."""
        return self.blinks.blink(time_s)

    def eyelid_openness(self, time_s: ArrayLike) -> FloatArray:
        """Give how far the eyes are open, from 0 to 1, shape (n,)."""
        return self.blinks.eyelid_openness(time_s)

    def actors_near(
        self, time_s: float, *, ahead_m: float = 250.0, behind_m: float = 30.0
    ) -> list[Actor]:
        """Give who is near the own car at one time, the furthest ahead first."""
        return actors_near(self.actors, self.ride, time_s, ahead_m=ahead_m, behind_m=behind_m)


def plan_story(
    seed: int, conditions: Conditions, seconds: float, effects: Effects = _USUAL
) -> Story:
    """Make up a drive.

    Parameters
    ----------
    seed
        Same seed, same drive.
    conditions
        Light, weather, traffic and driver.
    seconds
        Length, s. Motion is defined a little beyond both ends, from 12 s before until 40 s after.
    effects
        What is planted in the driver's gaze.
    """
    route = Route(stream(seed, Stream.ROUTE), route_length_m(seconds))
    ride = Ride(seed, route, conditions, seconds)
    actors = plan_actors(seed, route, ride, conditions.traffic, seconds)
    rng = stream(seed, Stream.GAZE)
    plan = plan_fixations(
        rng,
        draw_timeline(rng, ride, conditions, effects, seconds),
        ride,
        conditions,
        effects,
        ActorChoice(actors, ride),
    )
    return Story(
        seed=seed,
        conditions=conditions,
        seconds=seconds,
        effects=effects,
        route=route,
        ride=ride,
        actors=actors,
        gaze=GazeTrack(plan, ride, actors),
        head=HeadTrack(stream(seed, Stream.HEAD), plan, ride),
        blinks=Blinks(stream(seed, Stream.BLINKS), seconds),
        car_from_road=car_from_road(seed, conditions),
        car_from_driver_camera=car_from_driver_camera(conditions),
    )
