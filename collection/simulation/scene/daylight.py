"""How light falls on a simulated world."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .canvas import Lighting

FloatArray = NDArray[np.float64]

LAMP_EVERY_M = 30.0
LAMP_ASIDE_M = 6.3
_LAMP_REACH_M = 6.5


@dataclass(frozen=True, kw_only=True)
class Daylight:
    """Sun and air, or lamps, of a drive.

    Attributes
    ----------
    lighting
        ``day``, ``twilight`` or ``night``.
    weather
        ``clear``, ``cloudy``, ``rain`` or ``fog``.
    sun_azimuth_rad
        Where the sun stands: 0 along the world's z, positive to the right.
    """

    lighting: str
    weather: str
    sun_azimuth_rad: float

    @property
    def is_dark(self) -> bool:
        """Whether lamps and windows are lit."""
        return self.lighting != "day"

    @property
    def is_wet(self) -> bool:
        """Whether the road is wet."""
        return self.weather == "rain"

    @property
    def ambient(self) -> float:
        """Factor of the light of the sky."""
        dim = {"clear": 1.0, "cloudy": 0.86, "rain": 0.7, "fog": 0.82}[self.weather]
        return dim * {"day": 1.0, "twilight": 0.42, "night": 0.10}[self.lighting]

    @property
    def haze(self) -> float:
        """Brightness of far things."""
        return {"day": 190.0, "twilight": 96.0, "night": 26.0}[self.lighting]

    @property
    def outside(self) -> Lighting:
        """Give light and air outside of the car."""
        density = {"clear": 0.0012, "cloudy": 0.0022, "rain": 0.006, "fog": 0.018}[self.weather]
        return Lighting(
            ambient=self.ambient,
            haze_per_m=density,
            haze=self.haze,
            headlamp={"day": 0.0, "twilight": 0.35, "night": 0.75}[self.lighting],
        )

    @property
    def inside(self) -> Lighting:
        """Give the light in the car."""
        return Lighting(ambient={"day": 0.72, "twilight": 0.34, "night": 0.16}[self.lighting])

    def on_faces(self, normals: FloatArray) -> FloatArray:
        """Give the light on upright faces.

        Parameters
        ----------
        normals
            Horizontal directions (x, z) that they face, shape (n, 2), unit length.

        Returns
        -------
        FloatArray
            Shape (n,).
        """
        if self.lighting == "night" or self.weather != "clear":
            return np.full(len(normals), 0.9)
        sun = np.array([np.sin(self.sun_azimuth_rad), np.cos(self.sun_azimuth_rad)])
        return np.asarray(0.68 + 0.42 * np.clip(normals @ sun, 0, 1), dtype=np.float64)

    def on_ground(
        self, distance_m: FloatArray, right_m: FloatArray, zone: NDArray[np.str_]
    ) -> FloatArray:
        """Give the light on the ground beside the route: the sky's, and in town, when it is dark, the lamps'.

        Parameters
        ----------
        distance_m, right_m
            Where, along and across the route; shapes that go together.
        zone
            What kind of place it is, shape of `distance_m`.
        """
        light = np.ones(np.broadcast_shapes(distance_m.shape, right_m.shape))
        if not self.is_dark:
            return light
        number = np.round(distance_m / LAMP_EVERY_M)
        for shift in (-1, 0, 1):
            at = number + shift
            aside = np.where(at % 2 == 0, -1.0, 1.0) * (LAMP_ASIDE_M - 1.8)
            square = (distance_m - at * LAMP_EVERY_M) ** 2 + (right_m - aside) ** 2
            glow = 0.5 * np.exp(-square / (2 * _LAMP_REACH_M**2))
            light = light + np.where(zone == "urban", glow / self.ambient, 0.0)
        return np.asarray(light, dtype=np.float64)
