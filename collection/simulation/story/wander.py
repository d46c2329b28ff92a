"""How vehicles keep their lane: never quite."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class LaneWander:
    """The place across the road as a smooth function of the way driven.

    A function of distance, not of time, so that a car that stands does not slide.

    Parameters
    ----------
    rng
        Random numbers.
    middle_m
        Mean place, to the right of the centreline, m.
    sd_m
        Standard deviation about it, m; never further than 2.4 times that.
    """

    def __init__(self, rng: np.random.Generator, middle_m: float, sd_m: float) -> None:
        self._middle_m = middle_m
        self._waves_per_m = 2 * np.pi / rng.uniform([60, 110, 200], [110, 200, 420])
        self._amplitude_m = sd_m * np.sqrt(2.0 / 3.0) * np.array([0.5, 0.9, 1.0]) / 0.83
        self._phase = rng.uniform(0, 2 * np.pi, 3)

    def lateral_m(self, distance_m: FloatArray) -> FloatArray:
        """Give the place across the road, shape (n,), m."""
        angle = np.asarray(distance_m)[:, None] * self._waves_per_m + self._phase
        return np.asarray(self._middle_m + np.sin(angle) @ self._amplitude_m, dtype=np.float64)

    def slope_rad(self, distance_m: FloatArray) -> FloatArray:
        """Give the direction of motion from the road's, positive to the right, shape (n,), rad."""
        angle = np.asarray(distance_m)[:, None] * self._waves_per_m + self._phase
        change = np.cos(angle) @ (self._amplitude_m * self._waves_per_m)
        return np.asarray(np.arctan(change), dtype=np.float64)
