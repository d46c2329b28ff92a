"""Ways of moving along a route: ahead, behind, towards, parked, walking, crossing."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from .ride import Ride
from .route import BEFORE_M, ZONES, Route, smooth_step
from .speed_profile import LIMIT_M_S
from .wander import LaneWander

FloatArray = NDArray[np.float64]

PULL_AWAY_S = 14.0
"""A platoon comes from, and goes, this much further ahead in time than when it is followed."""
_PULL_OVER_S = 45.0
_BRAKE_M_S2 = -0.6


class Along(NamedTuple):
    """Places on a route at times: way, to the right of the centreline, turn; each of shape (n,)."""

    distance_m: FloatArray
    lateral_m: FloatArray
    turn_rad: FloatArray


class Motion(Protocol):
    """Anything that has a place on the route at every time."""

    def along(self, time_s: FloatArray) -> Along:
        """Give the places at times, shape (n,)."""

    def braking(self, time_s: FloatArray) -> NDArray[np.bool_]:
        """Tell when brake lights are on, shape (n,)."""


class _NoBrakes:
    def braking(self, time_s: FloatArray) -> NDArray[np.bool_]:
        return np.zeros(len(time_s), dtype=np.bool_)


@dataclass(frozen=True, kw_only=True)
class Platoon:
    """Vehicles that are caught up with, followed for a while, and pull away.

    Attributes
    ----------
    start_s, end_s
        From when it is in sight until when it is out of it.
    """

    start_s: float
    end_s: float

    def extra_s(self, time_s: FloatArray) -> FloatArray:
        """Give by how much more it is ahead than while it is followed, shape (n,), s."""
        coming = 1 - smooth_step((time_s - self.start_s) / _PULL_OVER_S)
        going = smooth_step((time_s - self.end_s + _PULL_OVER_S) / _PULL_OVER_S)
        return PULL_AWAY_S * np.maximum(coming, 0) + PULL_AWAY_S * going


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """In the own lane, doing what the own car does some seconds later.

    ``d(t) = d_own(t + delay_s + extra(t)) + gap_m``: as d_own never falls, it is always at least the
    gap ahead, and stands in every queue that the own car stands in.

    Attributes
    ----------
    ride
        Of the own car.
    platoon
        When it is followed.
    delay_s
        Time gap while it is followed, s.
    gap_m
        From middle to middle at standstill, m.
    wander
        Its place in the lane.
    """

    ride: Ride
    platoon: Platoon
    delay_s: float
    gap_m: float
    wander: LaneWander

    def along(self, time_s: FloatArray) -> Along:
        """Give the places at times, shape (n,)."""
        distance_m = self.ride.distance_m(self._shifted_s(time_s)) + self.gap_m
        return Along(
            distance_m, self.wander.lateral_m(distance_m), self.wander.slope_rad(distance_m)
        )

    def braking(self, time_s: FloatArray) -> NDArray[np.bool_]:
        """Tell when it slows down or stands, shape (n,)."""
        shifted_s = self._shifted_s(time_s)
        slowing = self.ride.gain_m_s2(shifted_s) < _BRAKE_M_S2
        return np.asarray(slowing | (self.ride.speed_m_s(shifted_s) < 0.3))

    def _shifted_s(self, time_s: FloatArray) -> FloatArray:
        return np.asarray(time_s + self.delay_s + self.platoon.extra_s(time_s), dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Behind(_NoBrakes):
    """In the own lane, doing what the own car did some seconds ago."""

    ride: Ride
    delay_s: float
    gap_m: float
    wander: LaneWander

    def along(self, time_s: FloatArray) -> Along:
        """Give the places at times, shape (n,)."""
        distance_m = self.ride.distance_m(time_s - self.delay_s) - self.gap_m
        return Along(
            distance_m, self.wander.lateral_m(distance_m), self.wander.slope_rad(distance_m)
        )


class OppositeFlow:
    """The traffic of the other direction: one speed for each place, so that nobody catches anybody.

    Parameters
    ----------
    route
        The road.
    """

    def __init__(self, route: Route) -> None:
        distance_m = np.arange(-BEFORE_M, route.length_m)
        speed = np.array([0.95 * LIMIT_M_S[kind] for kind in ZONES])[route.zone(distance_m)]
        bend = np.abs(route.curvature_per_m(distance_m))
        slow = np.minimum(speed, np.sqrt(2.5 / np.maximum(bend, 1e-6)))
        smooth = gaussian_filter1d(slow, 20.0, mode="nearest")
        clock_s = np.concatenate([[0.0], np.cumsum(2.0 / (smooth[1:] + smooth[:-1]))])
        self._clock = CubicSpline(distance_m, clock_s)
        self._place = CubicSpline(clock_s, distance_m)
        self._ends_s = (0.0, float(clock_s[-1]))
        self._ends_m = (float(distance_m[0]), float(distance_m[-1]))

    def clock_s(self, distance_m: FloatArray) -> FloatArray:
        """Give how long it takes from the end of the road behind to a place, shape (n,), s."""
        return np.asarray(self._clock(np.clip(distance_m, *self._ends_m)), dtype=np.float64)

    def distance_m(self, clock_s: FloatArray) -> FloatArray:
        """Give the place that is reached after that time, shape (n,), m."""
        return np.asarray(self._place(np.clip(clock_s, *self._ends_s)), dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Oncoming(_NoBrakes):
    """In the other lane, towards the own car, without ever stopping.

    Attributes
    ----------
    flow
        Of the other direction.
    number_s
        ``clock(d(t)) = number_s - t``.
    wander
        Its place in the lane.
    """

    flow: OppositeFlow
    number_s: float
    wander: LaneWander

    def along(self, time_s: FloatArray) -> Along:
        """Give the places at times, shape (n,)."""
        distance_m = self.flow.distance_m(self.number_s - time_s)
        turn = np.pi + self.wander.slope_rad(distance_m)
        return Along(distance_m, self.wander.lateral_m(distance_m), turn)


@dataclass(frozen=True, kw_only=True)
class Parked(_NoBrakes):
    """Standing at the kerb, along the road or against it."""

    distance_m: float
    lateral_m: float
    turn_rad: float

    def along(self, time_s: FloatArray) -> Along:
        """Give the place, the same at all times."""
        count = len(time_s)
        return Along(
            np.full(count, self.distance_m),
            np.full(count, self.lateral_m),
            np.full(count, self.turn_rad),
        )


@dataclass(frozen=True, kw_only=True)
class Walking(_NoBrakes):
    """On the pavement, with a constant speed; negative towards the start of the route."""

    distance_m: float
    speed_m_s: float
    lateral_m: float

    def along(self, time_s: FloatArray) -> Along:
        """Give the places at times, shape (n,); `distance_m` is the one at time 0."""
        count = len(time_s)
        return Along(
            self.distance_m + self.speed_m_s * time_s,
            np.full(count, self.lateral_m),
            np.full(count, 0.0 if self.speed_m_s > 0 else np.pi),
        )


@dataclass(frozen=True, kw_only=True)
class Crossing(_NoBrakes):
    """Across the road, from one kerb to the other; waiting there before and after."""

    distance_m: float
    start_s: float
    duration_s: float
    from_m: float
    to_m: float

    def along(self, time_s: FloatArray) -> Along:
        """Give the places at times, shape (n,)."""
        part = np.clip((time_s - self.start_s) / self.duration_s, 0.0, 1.0)
        eased = part**2 * (3 - 2 * part)
        return Along(
            np.full(len(time_s), self.distance_m),
            self.from_m + (self.to_m - self.from_m) * eased,
            np.full(len(time_s), np.pi / 2 if self.to_m > self.from_m else -np.pi / 2),
        )
