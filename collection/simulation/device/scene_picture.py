"""What the simulated scene camera sees: a plain road, its frame number, and where the wearer looks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .gaze_path import GazePath

_NUMBER_BITS = 32
_BLACK, _WHITE = 16, 235
_MARKER_RADIUS_PX = 16


class ScenePicture:
    """A picture that tells its frame number in 32 black and white cells along its top.

    Cheap to draw and to encode. Only brightness is drawn anew for each frame.

    Parameters
    ----------
    size_px
        Width and height.
    gaze
        Where to draw the wearer's gaze, by device time.
    """

    def __init__(self, size_px: tuple[int, int], gaze: GazePath) -> None:
        self._width, self._height = size_px
        self._gaze = gaze
        self._ground = _road(self._width, self._height)

    def draw(self, number: int, device_ns: int) -> NDArray[np.uint8]:
        """Draw frame `number` of a device time; I420, shape (3 height / 2, width)."""
        picture = self._ground.copy()
        self._draw_gaze(picture, device_ns)
        write_frame_number(picture[: self._height], number)
        return picture

    def _draw_gaze(self, picture: NDArray[np.uint8], device_ns: int) -> None:
        point = self._gaze(device_ns)
        x, y = round(point.x_px), round(point.y_px)
        radius = _MARKER_RADIUS_PX
        top, left = max(0, y - radius), max(0, x - radius)
        bottom, right = min(self._height, y + radius + 1), min(self._width, x + radius + 1)
        if top >= bottom or left >= right:
            return
        rows, columns = np.ogrid[top - y : bottom - y, left - x : right - x]
        square = rows**2 + columns**2
        ring = (square <= radius**2) & (square >= (radius // 2) ** 2)
        picture[top:bottom, left:right][ring] = _WHITE


def write_frame_number(luma: NDArray[np.uint8], number: int) -> None:
    """Write a frame number along the top of a picture's brightness, shape (height, width)."""
    cell_px, rows = _cell(luma.shape)
    bits = np.array([number >> bit & 1 for bit in reversed(range(_NUMBER_BITS))], dtype=np.bool_)
    line = np.repeat(np.where(bits, _WHITE, _BLACK).astype(np.uint8), cell_px)
    luma[:rows, : len(line)] = line


def read_frame_number(luma: NDArray[Any]) -> int:
    """Read the frame number of a picture's brightness, shape (height, width)."""
    cell_px, rows = _cell(luma.shape)
    cells = luma[:rows, : cell_px * _NUMBER_BITS].reshape(rows, _NUMBER_BITS, cell_px)
    bright = cells[rows // 4 : rows - rows // 4].mean(axis=(0, 2)) > (_BLACK + _WHITE) / 2
    return sum(1 << bit for bit, on in enumerate(reversed(bright.tolist())) if on)


def _cell(shape: tuple[int, ...]) -> tuple[int, int]:
    """Give width of a cell and height of the line of cells, px."""
    cell_px = shape[1] // _NUMBER_BITS
    return cell_px, max(8, min(shape[0] // 8, cell_px) // 8 * 8)


def _road(width: int, height: int) -> NDArray[np.uint8]:
    """Draw sky, ground and a road to the horizon; I420."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    horizon = 0.45 * height
    luma = np.where(rows < horizon, 200 - 60 * rows / height, 110 - 40 * rows / height)
    depth = np.clip((rows - horizon) / (height - horizon), 0, 1)
    aside = np.abs(columns - width / 2)
    on_road = (rows > horizon) & (aside < 0.6 * width * depth)
    luma[on_road] = 70
    luma[on_road & (aside < 0.012 * width * depth)] = 190
    chroma = np.full((height // 2, width), 128, dtype=np.uint8)
    return np.concatenate([luma.astype(np.uint8), chroma])
