"""How the simulated car itself drives."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from .car_body import CarBody, zone_roughness
from .conditions import Conditions
from .poses import Poses, turns
from .route import BEFORE_M, LANE_WIDTH_M, Route
from .speed_profile import LIMIT_M_S, plan_speed
from .streams import Stream, stream
from .wander import LaneWander

FloatArray = NDArray[np.float64]

BEFORE_S, AFTER_S = 12.0, 40.0
"""The ride is defined from this long before the drive until this long after it."""

OWN_LANE_M = -LANE_WIDTH_M / 2
"""Left-hand traffic: the own lane is left of the centreline."""

_LANE_SD_M = 0.13
_ZONE_BLEND_M = 15.0


def route_length_m(seconds: float) -> float:
    """Give the length of road that no drive of that duration can use up, with 600 m to spare."""
    return 1.12 * LIMIT_M_S["open"] * (max(seconds, 0.0) + AFTER_S) + 600.0


class Ride:
    """The own car on its route. Times are on the phone's clock; all are functions of time.

    Parameters
    ----------
    seed
        Same seed, same ride.
    route
        Where it goes.
    conditions
        Of traffic, light and weather.
    seconds
        Length of the drive; times from 12 s before 0 to 40 s after the end will do.
    """

    def __init__(self, seed: int, route: Route, conditions: Conditions, seconds: float) -> None:
        self.route = route
        profile = plan_speed(
            stream(seed, Stream.RIDE),
            route,
            conditions,
            start_s=-BEFORE_S,
            end_s=seconds + AFTER_S,
        )
        self.stops = profile.stops
        self._speed = CubicSpline(profile.time_s, profile.speed_m_s)
        self._gain = self._speed.derivative()
        self._way = self._speed.antiderivative()
        self._start_m = float(self._way(0.0))
        self.start_s, self.end_s = float(profile.time_s[0]), float(profile.time_s[-1])
        self._grid_s = profile.time_s
        self._grid_m = np.maximum.accumulate(self.distance_m(profile.time_s))
        rng = stream(seed, Stream.BODY)
        self._wander = LaneWander(rng, OWN_LANE_M, _LANE_SD_M)
        self._body = CarBody(rng)
        along_m = np.arange(-BEFORE_M, route.length_m)
        rough = gaussian_filter1d(zone_roughness(route.zone(along_m)), _ZONE_BLEND_M)
        self._roughness = CubicSpline(along_m, rough)

    def distance_m(self, time_s: ArrayLike) -> FloatArray:
        """Give the way driven along the centreline since time 0, shape (n,), m."""
        return np.asarray(self._way(self._inside(time_s)) - self._start_m, dtype=np.float64)

    def speed_m_s(self, time_s: ArrayLike) -> FloatArray:
        """Give the speed, shape (n,), m/s; never negative."""
        return np.maximum(np.asarray(self._speed(self._inside(time_s)), dtype=np.float64), 0.0)

    def gain_m_s2(self, time_s: ArrayLike) -> FloatArray:
        """Give the acceleration forward, shape (n,), m/s²; negative in braking."""
        return np.asarray(self._gain(self._inside(time_s)), dtype=np.float64)

    def time_at_s(self, distance_m: ArrayLike) -> FloatArray:
        """Give when the car reaches distances, shape (n,), s; its first or last time beyond the ride."""
        return np.interp(np.asarray(distance_m, dtype=np.float64), self._grid_m, self._grid_s)

    def lateral_m(self, time_s: ArrayLike) -> FloatArray:
        """Give the place to the right of the centreline, shape (n,), m: about −1.75."""
        return self._wander.lateral_m(self.distance_m(time_s))

    def travel_heading_rad(self, time_s: ArrayLike) -> FloatArray:
        """Give the direction of travel, 0 along z, positive to the right, shape (n,), rad.

        It is where the car heads, without the body's pitch and roll: the vanishing point of travel.
        """
        distance_m = self.distance_m(time_s)
        return self.route.heading_rad(distance_m) + self._wander.slope_rad(distance_m)

    def ground_from(self, time_s: ArrayLike) -> Poses:
        """Give ``world_from_car`` of a car without springs: level, on the ground."""
        distance_m = self.distance_m(time_s)
        return self.route.poses(
            distance_m, self._wander.lateral_m(distance_m), self._wander.slope_rad(distance_m)
        )

    def world_from_car(self, time_s: ArrayLike) -> Poses:
        """Give the poses of the car's body, with pitch, roll and heave, n of them."""
        times = self._inside(time_s)
        distance_m, speed_m_s = self.distance_m(times), self.speed_m_s(times)
        pitch, roll, heave_m = self._body.angles_deg(
            times,
            distance_m,
            speed_m_s,
            self.gain_m_s2(times),
            self.route.curvature_per_m(distance_m) * speed_m_s**2,
            np.asarray(self._roughness(distance_m), dtype=np.float64),
        )
        heading = self.route.heading_rad(distance_m) + self._wander.slope_rad(distance_m)
        origin_m = self.route.beside_m(distance_m, self._wander.lateral_m(distance_m))
        origin_m[:, 1] -= heave_m
        return Poses(turns(np.degrees(heading), pitch, roll), origin_m)

    def _inside(self, time_s: ArrayLike) -> FloatArray:
        return np.clip(np.asarray(time_s, dtype=np.float64), self.start_s, self.end_s)
