"""Light in the car around the driver: sky and sun through the windows by day, lamps and screens by night."""

from typing import Literal

import numpy as np

from .surface import FloatArray

LightingName = Literal["day", "twilight", "night"]

_SKY: dict[LightingName, float] = {"day": 1.0, "twilight": 0.3, "night": 0.012}
_SUN: dict[LightingName, float] = {"day": 1.5, "twilight": 0.22, "night": 0.0}
_BOUNCE = 0.30
"""What walls and seats give back of the light that comes in."""

_SCREEN, _INSTRUMENTS, _LAMPS = 0.035, 0.045, 0.50
_LAMP_EVERY_M, _ONCOMING_EVERY_M = 38.0, 170.0
_LOBE = 22.0

# Middle and half width in azimuth, lower and upper edge, degrees; and how clear the glass is.
_WINDOWS = np.array(
    [
        (-8, 46, -8, 30, 1.0),  # windscreen
        (88, 30, -12, 32, 0.95),  # own side
        (-92, 32, -3, 14, 0.9),  # other side
        (140, 12, -2, 18, 0.5),  # behind the own side
        (-172, 20, -2, 9, 0.6),  # rear window
    ]
)


class CabinLight:
    """Radiance around the driver's head.

    Parameters
    ----------
    lighting
        Time of day.
    phone_car_m
        Where the phone is: its screen shines; car axes, shape (3,).
    seed
        Of the sun's place and the lamps along the road.
    """

    def __init__(self, lighting: LightingName, phone_car_m: FloatArray, *, seed: int) -> None:
        rng = np.random.default_rng([seed, 45])
        self._lighting: LightingName = lighting
        self._sun_azimuth_rad = rng.uniform(-np.pi, np.pi)
        high = (3, 9) if lighting == "twilight" else (9, 28)
        self._sun_elevation_rad = np.radians(rng.uniform(*high))
        self._lamp_phase = rng.uniform(0, 1)
        self._seed = seed
        toward = phone_car_m - np.array([0.36, -1.17, 0.05])
        self._to_phone = toward / np.linalg.norm(toward)

    def radiance(
        self,
        toward: FloatArray,
        *,
        heading_rad: float,
        outside_light: float,
        travelled_m: float,
    ) -> FloatArray:
        """Give the light from directions, shape (n,).

        Parameters
        ----------
        toward
            Unit vectors in car axes, shape (n, 3): `directions` of a body, which are spread evenly.
        heading_rad
            Of the car, to the right.
        outside_light
            Factor of sky and sun: 1 in the open, 0 in a tunnel.
        travelled_m
            Way of the car: lamps pass by.
        """
        open_sky = windows(toward)
        sky = _SKY[self._lighting] * outside_light
        upward = 0.75 + 0.25 * np.clip(-toward[:, 1] / 0.4, -1, 1)
        total = sky * open_sky * upward + _BOUNCE * sky * (0.85 + 0.3 * toward[:, 1])
        sun = _SUN[self._lighting] * outside_light
        if sun > 0:
            at = self._sun_azimuth_rad - heading_rad
            flat, up = np.cos(self._sun_elevation_rad), np.sin(self._sun_elevation_rad)
            place = np.array([flat * np.sin(at), -up, flat * np.cos(at)])
            let_in = float(windows(place[None])[0])
            total = total + _lobe(toward, place, sun * let_in) + 0.12 * sun * let_in
        if self._lighting != "day":
            total = total + self._artificial(toward, travelled_m)
        return np.asarray(total, dtype=np.float64)

    def _artificial(self, toward: FloatArray, travelled_m: float) -> FloatArray:
        total = np.full(len(toward), 0.006)
        total += _lobe(toward, self._to_phone, _SCREEN)
        total += _lobe(toward, np.array([0.05, 0.45, 0.89]), _INSTRUMENTS)
        along = (travelled_m / _LAMP_EVERY_M + self._lamp_phase) % 1.0
        for cars in (0.0, 1.0):  # the lamp ahead and the one that is passing
            lamp = np.array([-4.5, -5.5, _LAMP_EVERY_M * (1.3 - along - cars)])
            total += self._passing(toward, lamp, 45.0)
        cell, part = divmod(travelled_m / _ONCOMING_EVERY_M, 1.0)
        oncoming = np.random.default_rng([self._seed, 46, int(abs(cell))]).uniform(0, 1.6)
        ahead = 80.0 * (oncoming - part) if oncoming < 1 else -1.0
        if 1.0 < ahead < 60.0:
            total += self._passing(toward, np.array([-3.2, -0.3, ahead]), 70.0)
        return total

    def _passing(self, toward: FloatArray, place_m: FloatArray, strength: float) -> FloatArray:
        distance = float(np.linalg.norm(place_m))
        unit = place_m / distance
        let_in = float(windows(unit[None])[0])
        return _lobe(toward, unit, _LAMPS * let_in * min(1.0, strength / distance**2))


def windows(toward: FloatArray) -> FloatArray:
    """Say how open the car is in directions from the driver's head, shape (n,), 0 … 1."""
    azimuth = np.degrees(np.arctan2(toward[:, :1], toward[:, 2:]))
    elevation = np.degrees(np.arcsin(np.clip(-toward[:, 1:2], -1, 1)))
    middle, half, low, high, clear = _WINDOWS.T
    off = np.abs((azimuth - middle + 180) % 360 - 180)
    across = np.clip((half - off) / 8 + 0.5, 0, 1)
    up = np.clip(np.minimum(elevation - low, high - elevation) / 6 + 0.5, 0, 1)
    return np.asarray((clear * across * up).max(axis=1), dtype=np.float64)


def _lobe(toward: FloatArray, place: FloatArray, light: float) -> FloatArray:
    """Spread a lamp over some directions; a surface that faces it gets `light`."""
    weight = np.exp(_LOBE * (toward @ place - 1))
    # Over the sphere the weights' mean is (1 - exp(-2 lobe)) / (2 lobe).
    return np.asarray(light * weight * (2 * _LOBE / 4), dtype=np.float64)
