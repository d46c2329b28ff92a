"""The road that a simulated drive follows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

from .poses import Poses, level_turns

FloatArray = NDArray[np.float64]

ZONES = ("urban", "suburban", "open")
LANE_WIDTH_M = 3.5
STRIP_WIDTH_M = 2.3
"""Beside each lane, on both sides of the road: where cars are parked. Then comes the kerb."""
PAVEMENT_WIDTH_M = 2.8
"""Beyond the kerb: where people walk."""

BEFORE_M = 200.0
"""The road is defined from this far before the start."""

_STEP_M = 1.0
_FIRST_BEND_M = 80.0
_STEEPEST_RAD = np.radians(65.0)
"""No heading beyond this: the road always goes north, so that it never meets itself again."""

_ZONE_LENGTH_M = {"urban": (300, 900), "suburban": (300, 800), "open": (400, 1200)}
_STRAIGHT_M = {"urban": (50, 220), "suburban": (60, 300), "open": (100, 500)}
_RADIUS_M = {"urban": (60, 200), "suburban": (110, 350), "open": (200, 800)}
_BEND_DEG = {"urban": (10, 75), "suburban": (8, 55), "open": (5, 40)}


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A stretch of the route of one character.

    Attributes
    ----------
    start_m, end_m
        By arc length.
    kind
        One of `ZONES`.
    """

    start_m: float
    end_m: float
    kind: str


class Route:
    """A flat road of one lane in each direction, by arc length of its centreline.

    Straight stretches and bends whose curvature rises and falls smoothly (quintic steps, so that
    heading is three times differentiable). Headings stay within 65° of north.

    Parameters
    ----------
    rng
        Random numbers.
    length_m
        From the start; it is also defined for 200 m before that.
    """

    lane_width_m = LANE_WIDTH_M
    strip_width_m = STRIP_WIDTH_M
    kerb_m = LANE_WIDTH_M + STRIP_WIDTH_M
    """Of the kerbs from the centreline, m."""

    def __init__(self, rng: np.random.Generator, length_m: float) -> None:
        self.length_m = float(length_m)
        self.zones = _draw_zones(rng, self.length_m)
        self._zone_starts_m = np.array([zone.start_m for zone in self.zones])
        self._zone_kinds = np.array([ZONES.index(zone.kind) for zone in self.zones])
        distance_m = np.arange(-BEFORE_M, self.length_m + 2 * _STEP_M, _STEP_M)
        # Half steps: Simpson's rule for the heading, and for the position from it.
        fine_m = np.asarray(np.arange(4 * (len(distance_m) - 1) + 1) * (_STEP_M / 4) - BEFORE_M)
        curvature = self._draw_bends(rng, fine_m)
        heading = _integral(curvature, _STEP_M / 4)
        heading -= heading[np.searchsorted(fine_m[::2], 0.0)]
        east_m = _integral(np.sin(heading), _STEP_M / 2)
        north_m = _integral(np.cos(heading), _STEP_M / 2)
        start = round(BEFORE_M / _STEP_M)
        self._grid_m = distance_m
        self._heading = CubicSpline(distance_m, heading[::2])
        self._bend = self._heading.derivative()
        self._place = CubicSpline(
            distance_m,
            np.column_stack([east_m - east_m[start], north_m - north_m[start]]),
        )

    def _draw_bends(self, rng: np.random.Generator, distance_m: FloatArray) -> FloatArray:
        """Give the curvature at distances, 1/m."""
        curvature = np.zeros(len(distance_m))
        at_m, heading = _FIRST_BEND_M, 0.0
        while True:
            kind = ZONES[int(self.zone(at_m))]
            at_m += rng.uniform(*_STRAIGHT_M[kind])
            turn = np.radians(rng.uniform(*_BEND_DEG[kind])) * rng.choice([-1.0, 1.0])
            radius_m = float(np.exp(rng.uniform(*np.log(_RADIUS_M[kind]))))
            if abs(heading + turn) > _STEEPEST_RAD:
                turn = float(np.clip(heading - turn, -_STEEPEST_RAD, _STEEPEST_RAD)) - heading
            ramp_m = max(20.0, 0.3 * radius_m)
            hold_m = abs(turn) * radius_m - ramp_m
            if hold_m < 0:  # so small a turn is made on a wider bend
                hold_m, peak = 0.0, turn / ramp_m
            else:
                peak = turn / (hold_m + ramp_m)
            end_m = at_m + hold_m + 2 * ramp_m
            if end_m > self.length_m:
                return curvature
            first, last = np.searchsorted(distance_m, [at_m, end_m])
            inner_m = distance_m[first:last] - at_m
            rise = np.minimum(inner_m, end_m - at_m - inner_m) / ramp_m
            curvature[first:last] = peak * smooth_step(rise)
            at_m, heading = end_m, heading + turn

    def zone(self, distance_m: ArrayLike) -> NDArray[np.intp]:
        """Give the zone at distances, as places in `ZONES`; the shape is kept."""
        number = np.searchsorted(self._zone_starts_m, distance_m, side="right") - 1
        return np.asarray(self._zone_kinds[np.maximum(number, 0)], dtype=np.intp)

    def position_m(self, distance_m: ArrayLike) -> FloatArray:
        """Give the centreline's x and z, shape (n,) to (n, 2), m."""
        return np.asarray(self._place(np.asarray(distance_m, dtype=np.float64)), dtype=np.float64)

    def heading_rad(self, distance_m: ArrayLike) -> FloatArray:
        """Give the direction of the road, 0 along z, positive to the right, shape (n,), rad."""
        return np.asarray(self._heading(np.asarray(distance_m, dtype=np.float64)), dtype=np.float64)

    def curvature_per_m(self, distance_m: ArrayLike) -> FloatArray:
        """Give the curvature, positive in bends to the right, shape (n,), 1/m."""
        return np.asarray(self._bend(np.asarray(distance_m, dtype=np.float64)), dtype=np.float64)

    def beside_m(self, distance_m: ArrayLike, lateral_m: ArrayLike) -> FloatArray:
        """Give the points on the ground to the right of the centreline, shape (n,) to (n, 3), m."""
        heading = self.heading_rad(distance_m)
        place_m = self.position_m(distance_m)
        across_m = np.asarray(lateral_m, dtype=np.float64)
        return np.column_stack(
            [
                place_m[:, 0] + np.cos(heading) * across_m,
                np.zeros(len(place_m)),
                place_m[:, 1] - np.sin(heading) * across_m,
            ]
        )

    def poses(
        self, distance_m: ArrayLike, lateral_m: ArrayLike, turn_rad: ArrayLike = 0.0
    ) -> Poses:
        """Give the poses of bodies on the ground beside the centreline, turned from its direction.

        Parameters
        ----------
        distance_m
            Along the centreline, shape (n,).
        lateral_m
            To the right of it, shape (n,) or a number.
        turn_rad
            To the right, shape (n,) or a number.
        """
        heading = self.heading_rad(distance_m) + np.asarray(turn_rad, dtype=np.float64)
        return Poses(level_turns(heading), self.beside_m(distance_m, lateral_m))

    def bearing_ahead_rad(self, distance_m: FloatArray, ahead_m: FloatArray) -> FloatArray:
        """Give the direction of the centreline's point further on, from the road's own direction.

        Parameters
        ----------
        distance_m, ahead_m
            Where, and how much further, shape (n,).

        Returns
        -------
        NDArray[np.float64]
            Positive to the right, shape (n,), rad; about half the turn of the road on the way.
        """
        step_m = self.position_m(distance_m + ahead_m) - self.position_m(distance_m)
        bearing = np.arctan2(step_m[:, 0], step_m[:, 1]) - self.heading_rad(distance_m)
        return np.asarray((bearing + np.pi) % (2 * np.pi) - np.pi, dtype=np.float64)


def smooth_step(part: FloatArray) -> FloatArray:
    """Rise from 0 to 1 while `part` does, without a jerk: 10 u³ − 15 u⁴ + 6 u⁵ (minimum jerk)."""
    u = np.clip(part, 0.0, 1.0)
    return np.asarray(u**3 * (10 - 15 * u + 6 * u**2), dtype=np.float64)


def _draw_zones(rng: np.random.Generator, length_m: float) -> tuple[Zone, ...]:
    """Draw a town first, then neighbouring characters in turn."""
    zones = []
    at_m, kind = -BEFORE_M, "urban"
    while at_m < length_m:
        end_m = at_m + rng.uniform(*_ZONE_LENGTH_M[kind])
        zones.append(Zone(start_m=at_m, end_m=min(end_m, length_m), kind=kind))
        at_m = end_m
        # From the edge of town the way leads back in as often as out.
        kind = str(rng.choice(["urban", "open"])) if kind == "suburban" else "suburban"
    return tuple(zones)


def _integral(values: FloatArray, step: float) -> FloatArray:
    """Integrate by Simpson's rule from the first value to every second one."""
    parts = (values[:-2:2] + 4 * values[1:-1:2] + values[2::2]) * (step / 3)
    return np.concatenate([[0.0], np.cumsum(parts)])
