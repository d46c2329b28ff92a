"""How fast a simulated car goes where: limits, bends, stops and slow stretches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from ..swing import Swing
from .conditions import Conditions
from .route import ZONES, Route

FloatArray = NDArray[np.float64]

LIMIT_M_S = {"urban": 11.5, "suburban": 15.5, "open": 21.5}
_TRAFFIC = {"light": 1.0, "medium": 0.92, "heavy": 0.78}
_LIGHTING = {"day": 1.0, "twilight": 0.98, "night": 0.95}
_WEATHER = {"clear": 1.0, "cloudy": 1.0, "rain": 0.92, "fog": 0.8}
_STOP_EVERY_M = {"light": 700.0, "medium": 380.0, "heavy": 240.0}
_SLOW_EVERY_M = {"light": 600.0, "medium": 300.0, "heavy": 170.0}
_RARER = {"urban": 1.0, "suburban": 2.2, "open": 7.0}
_STOP_S = (5.0, 25.0)
_FIRST_STOP_M = 150.0
_LEAST_BETWEEN_M = 60.0

_SIDEWAYS_M_S2 = 2.2
_GAINING_M_S2 = 1.3
_BRAKING_M_S2 = 1.7
STEP_S = 0.1
_SMOOTH_S = 0.5


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A halt at a light or in a queue.

    Attributes
    ----------
    distance_m
        Of the car's middle along the route.
    start_s, end_s
        When the car stands.
    """

    distance_m: float
    start_s: float
    end_s: float


@dataclass(frozen=True, kw_only=True)
class SpeedProfile:
    """Speed at even steps of time.

    Attributes
    ----------
    time_s
        Every 0.1 s, shape (n,); the car is at distance 0 at time 0.
    speed_m_s
        Shape (n,).
    stops
        In order.
    """

    time_s: FloatArray
    speed_m_s: FloatArray
    stops: tuple[Stop, ...]


def plan_speed(
    rng: np.random.Generator,
    route: Route,
    conditions: Conditions,
    *,
    start_s: float,
    end_s: float,
) -> SpeedProfile:
    """Plan the speed along a route.

    What is allowed at each metre (zone, bends at 2.2 m/s² sideways, stops, slow stretches) is made
    drivable with 1.3 m/s² of gain and 1.7 m/s² of braking, which gives pieces of constant acceleration;
    these are laid out in time and smoothed by a Gaussian of 0.5 s, so that acceleration is continuous.

    Parameters
    ----------
    rng
        Random numbers.
    route
        Where it goes.
    conditions
        Of traffic, light and weather.
    start_s, end_s
        The times to cover; at 0 the car is at distance 0.
    """
    distance_m = np.arange(-195.0, route.length_m)
    zone = route.zone(distance_m)
    limit = np.array([LIMIT_M_S[kind] for kind in ZONES])[zone]
    mood = Swing(rng, ((0.05, 1 / 900), (0.04, 1 / 310), (0.02, 1 / 120)))
    allowed = limit * (1 + mood(distance_m))
    allowed *= (
        _TRAFFIC[conditions.traffic] * _LIGHTING[conditions.lighting] * _WEATHER[conditions.weather]
    )
    bend = np.abs(route.curvature_per_m(distance_m))
    allowed = np.minimum(allowed, np.sqrt(_SIDEWAYS_M_S2 / np.maximum(bend, 1e-6)))
    for at_m in _draw_places(rng, route, _SLOW_EVERY_M[conditions.traffic]):
        length_m, share = rng.uniform(15, 50), rng.uniform(0.25, 0.6)
        here = slice(*np.searchsorted(distance_m, [at_m, at_m + length_m]))
        allowed[here] *= share
    places_m = _draw_places(rng, route, _STOP_EVERY_M[conditions.traffic])
    halts = np.searchsorted(distance_m, places_m)
    allowed[halts] = 0.0
    squared = _drivable(allowed**2, distance_m)
    speed = np.sqrt(squared)
    step_s = 2 * np.diff(distance_m) / np.maximum(speed[1:] + speed[:-1], 1e-3)
    arrival_s = np.concatenate([[0.0], np.cumsum(step_s)])
    durations_s = rng.uniform(*_STOP_S, len(halts))
    waited_s = np.zeros(len(distance_m))
    waited_s[halts] = durations_s
    arrival_s += np.cumsum(waited_s) - waited_s
    leaving_s = arrival_s + waited_s
    zero_s = float(np.interp(0.0, distance_m, arrival_s))
    knots_s = np.concatenate([arrival_s, leaving_s[halts]])
    order = np.argsort(knots_s, kind="stable")
    values = np.concatenate([speed, np.zeros(len(halts))])[order]
    time_s = np.arange(np.floor(start_s / STEP_S), np.ceil(end_s / STEP_S) + 1) * STEP_S
    # Beyond the ends of the grid first, so that smoothing meets no border inside of it.
    wide_s = np.concatenate([time_s[:1] - STEP_S * np.arange(40, 0, -1), time_s])
    wide = np.interp(wide_s, knots_s[order] - zero_s, values)
    smooth = gaussian_filter1d(wide, _SMOOTH_S / STEP_S, mode="nearest")[40:]
    stops = tuple(
        Stop(
            distance_m=float(distance_m[place]),
            start_s=float(arrival_s[place] - zero_s),
            end_s=float(leaving_s[place] - zero_s),
        )
        for place in halts
        if start_s < arrival_s[place] - zero_s < end_s
    )
    return SpeedProfile(time_s=time_s, speed_m_s=smooth, stops=stops)


def _draw_places(rng: np.random.Generator, route: Route, every_m: float) -> FloatArray:
    """Draw places along the route, rarer out of town, at least 60 m apart."""
    count = int(route.length_m / _LEAST_BETWEEN_M) + 1
    gaps, chances = rng.exponential(1.0, count), rng.uniform(0.7, 1.3, count)
    places = []
    at_m = _FIRST_STOP_M * float(chances[0])
    for gap, chance in zip(gaps.tolist(), chances.tolist(), strict=True):
        kind = ZONES[int(route.zone(at_m))]
        at_m += _LEAST_BETWEEN_M * chance + gap * max(every_m - _LEAST_BETWEEN_M, 0) * _RARER[kind]
        if at_m > route.length_m - 100:
            break
        places.append(round(at_m))
    return np.array(places, dtype=np.float64)


def _drivable(squared: FloatArray, distance_m: FloatArray) -> FloatArray:
    """Lower squared speeds until v² changes by no more than 2 a per metre, both ways."""
    gain, loss = 2 * _GAINING_M_S2 * distance_m, 2 * _BRAKING_M_S2 * distance_m
    braked = np.minimum.accumulate((squared + loss)[::-1])[::-1] - loss
    gained = np.minimum.accumulate(braked - gain) + gain
    return np.asarray(np.maximum(gained, 0.0), dtype=np.float64)
