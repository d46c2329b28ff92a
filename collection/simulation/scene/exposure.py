"""From light to a camera's numbers: exposure that wanders, tone, motion blur and sensor noise."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..grain import Grain
from ..picture_planes import Plane, Planes
from ..swing import Swing

_EXPOSURE_S = {"day": 0.004, "twilight": 0.012, "night": 0.022}
_GAIN = {"day": 1.0, "twilight": 1.25, "night": 1.7}
_NOISE = {"day": 1.0, "twilight": 2.0, "night": 3.2}
_LONGEST_BLUR_PX = 40.0
_SHOULDER = 0.9


class Exposure:
    """Makes a camera's picture of what falls on its sensor.

    Parameters
    ----------
    size_px
        Width and height of the picture.
    lighting
        ``day``, ``twilight`` or ``night``.
    seed
        Of noise and wandering.
    """

    def __init__(self, size_px: tuple[int, int], *, lighting: str, seed: int) -> None:
        self.seconds = _EXPOSURE_S[lighting]
        self._gain = _GAIN[lighting]
        self._grain = Grain(size_px, seed=seed, sigma=_NOISE[lighting])
        width, height = size_px
        self._stacked: Plane = np.empty((height * 3 // 2, width), dtype=np.uint8)
        colour = self._stacked[height:].reshape(2, height // 2, width // 2)
        self._out = Planes(self._stacked[:height], colour[0], colour[1])
        self._toned: Plane = np.empty((height, width), dtype=np.uint8)
        self._wander = Swing(np.random.default_rng([seed, 9]), ((0.05, 0.07), (0.03, 0.23)))

    def __call__(self, light: Planes, index: int, time_s: float) -> Plane:
        """Give the picture of a frame's light: I420 planes on top of each other, shape (3 h / 2, w).

        It is the same memory each time: large pictures of their own cost as much as a third of the drawing.
        """
        gain = self._gain * (1 + float(self._wander(np.array([time_s]))[0]))
        # A shoulder instead of a hard edge: bright things keep some drawing.
        level = np.arange(256) - 16.0
        tone = 16 + 219 * (1 - np.exp(-_SHOULDER * gain * level / 219)) / (1 - np.exp(-_SHOULDER))
        table = np.clip(np.rint(tone), 16, 235).astype(np.uint8)
        out = self._out
        cv2.LUT(light.y, table, self._toned)
        self._grain(self._toned, index, out.y)
        np.copyto(out.u, light.u)
        np.copyto(out.v, light.v)
        return self._stacked

    def blurred(self, light: Planes, flow_px_s: NDArray[np.float64]) -> Planes:
        """Smear a picture along its motion while the shutter is open, to both sides alike.

        Parameters
        ----------
        light
            The picture.
        flow_px_s
            Motion of the picture, (x, y), px/s.
        """
        path = np.asarray(flow_px_s) * self.seconds
        length = float(np.hypot(*path))
        if length < 1.0:
            return light
        path = path * min(1.0, _LONGEST_BLUR_PX / length)
        kernel = _line(path)
        half = _line(path / 2)
        return Planes(
            _filtered(light.y, kernel), _filtered(light.u, half), _filtered(light.v, half)
        )


def _line(path: NDArray[np.float64]) -> NDArray[np.float32]:
    """Give a kernel that averages along a path centred on the pixel; its sum is 1."""
    radius = int(np.ceil(np.abs(path).max() / 2)) + 1
    kernel = np.zeros((2 * radius + 1, 2 * radius + 1))
    shares = np.linspace(-0.5, 0.5, max(3, 4 * radius))
    at = shares[:, None] * path + radius
    low = np.floor(at).astype(int)
    part = at - low
    for dx in (0, 1):
        for dy in (0, 1):
            weight = np.abs(1 - dx - part[:, 0]) * np.abs(1 - dy - part[:, 1])
            np.add.at(kernel, (low[:, 1] + dy, low[:, 0] + dx), weight)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _filtered(plane: Plane, kernel: NDArray[np.float32]) -> Plane:
    return np.asarray(
        cv2.filter2D(plane, -1, kernel, borderType=cv2.BORDER_REPLICATE), dtype=np.uint8
    )
