"""Where the simulated wearer looks, as a function of the device's time."""

from collections.abc import Callable
from typing import NamedTuple

_FIXATION_NS = 300_000_000
_SACCADE_NS = 40_000_000
_MASK = (1 << 64) - 1


class GazePoint(NamedTuple):
    """One gaze sample without its time: distorted scene camera pixels, and whether worn."""

    x_px: float
    y_px: float
    worn: bool = True


GazePath = Callable[[int], GazePoint]
"""Gives the gaze at a device time, Unix ns."""


class MadeGazePath:
    """Fixations of 0.3 s at made-up points, most near the middle, with fast saccades between.

    A function of time alone: whoever knows a sample's stamp knows its true value.

    Parameters
    ----------
    size_px
        Width and height of the scene camera's picture.
    seed
        Same seed, same path.
    """

    def __init__(self, size_px: tuple[int, int], *, seed: int = 0) -> None:
        self._size_px, self._seed = size_px, seed

    def __call__(self, device_ns: int) -> GazePoint:
        """Give the gaze at a device time, Unix ns."""
        number, since_ns = divmod(device_ns, _FIXATION_NS)
        x, y = self._target(number)
        if since_ns < _SACCADE_NS:
            share = since_ns / _SACCADE_NS
            share *= share * (3 - 2 * share)
            from_x, from_y = self._target(number - 1)
            x, y = from_x + share * (x - from_x), from_y + share * (y - from_y)
        return GazePoint(x, y)

    def _target(self, number: int) -> tuple[float, float]:
        bits = _mixed(number * 2 + self._seed * 0x9E3779B97F4A7C15)
        width, height = self._size_px
        # The mean of two even draws lies near the middle more often than not.
        parts = [(bits >> shift & 0xFFFF) / 0xFFFF for shift in (0, 16, 32, 48)]
        return width * (parts[0] + parts[1]) / 2, height * (parts[2] + parts[3]) / 2


def _mixed(value: int) -> int:
    """Scramble 64 bits (finaliser of splitmix64, Steele et al. 2014, doi:10.1145/2714064.2660195)."""
    value &= _MASK
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
    return value ^ value >> 31
