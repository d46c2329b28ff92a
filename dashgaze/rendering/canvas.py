"""Drawing on video pictures as they are stored: brightness, and colour of half the size (I420).

No picture is ever turned into RGB and back; that would cost more than all the drawing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .palette import Colour

Plane = NDArray[np.uint8]

_SHIFT = 4
"""OpenCV draws to 1/16 px."""
# Further out than this nothing is drawn; OpenCV counts pixels in 32 bits.
_FARTHEST_PX = 30_000.0


@dataclass(frozen=True)
class Rect:
    """A part of a picture; all four numbers are even.

    Attributes
    ----------
    x, y
        Its first column and row.
    width, height
        Its size.
    """

    x: int
    y: int
    width: int
    height: int

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height


class Canvas:
    """A picture to draw on, or a part of one; what lies outside is cut off.

    Points are (x, y) in pixels of brightness, pixel centres at integers.

    Parameters
    ----------
    y, u, v
        The planes; they are written to. Width and height of `y` are even.
    """

    def __init__(self, y: Plane, u: Plane, v: Plane) -> None:
        self.y, self.u, self.v = y, u, v

    @classmethod
    def on(cls, buffer: Plane) -> "Canvas":
        """Draw on an I420 buffer, shape (3 height / 2, width), as PyAV takes it."""
        rows, width = buffer.shape
        height = rows * 2 // 3
        flat = buffer.reshape(-1)
        luma, chroma = width * height, width * height // 4
        half = height // 2, width // 2
        return cls(
            buffer[:height],
            flat[luma : luma + chroma].reshape(half),
            flat[luma + chroma :].reshape(half),
        )

    @cached_property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.y.shape[1], self.y.shape[0]

    def part(self, rect: Rect) -> "Canvas":
        """Give a part to draw on; it shares the memory."""
        rows, columns = slice(rect.y, rect.y + rect.height), slice(rect.x, rect.x + rect.width)
        half_rows = slice(rect.y // 2, (rect.y + rect.height) // 2)
        half_columns = slice(rect.x // 2, (rect.x + rect.width) // 2)
        return Canvas(
            self.y[rows, columns], self.u[half_rows, half_columns], self.v[half_rows, half_columns]
        )

    def fill(self, colour: Colour) -> None:
        """Paint everything."""
        self.y[:], self.u[:], self.v[:] = colour.y, colour.u, colour.v

    def paste(self, planes: tuple[Plane, Plane, Plane]) -> None:
        """Put a picture of the canvas's size there."""
        for mine, theirs in zip((self.y, self.u, self.v), planes, strict=True):
            np.copyto(mine, theirs)

    def line(
        self, points_px: ArrayLike, colour: Colour, *, width_px: int = 1, closed: bool = False
    ) -> None:
        """Draw a line through points, shape (n, 2)."""
        points = np.asarray(points_px, dtype=np.float64).reshape(-1, 2)
        if len(points) < 2 or not _drawable(points):
            return
        for plane, level, at in self._planes(points, colour):
            thick = width_px if plane is self.y else max(1, (width_px + 1) // 2)
            cv2.polylines(plane, [_fixed(at)], closed, level, thick, cv2.LINE_AA, _SHIFT)

    def polygon(self, points_px: ArrayLike, colour: Colour) -> None:
        """Fill a convex polygon, shape (n, 2)."""
        points = np.asarray(points_px, dtype=np.float64)
        if not _drawable(points):
            return
        for plane, level, at in self._planes(points, colour):
            cv2.fillConvexPoly(plane, _fixed(at), level, cv2.LINE_AA, _SHIFT)

    def ring(
        self, centre_px: ArrayLike, radius_px: float, colour: Colour, *, width_px: int = -1
    ) -> None:
        """Draw a circle; a disc if `width_px` is negative."""
        centre = np.asarray(centre_px, dtype=np.float64).reshape(1, 2)
        if not (_drawable(centre) and 0 <= radius_px < _FARTHEST_PX):
            return
        for plane, level, at in self._planes(centre, colour):
            scale = 1.0 if plane is self.y else 0.5
            thick = width_px
            if width_px > 0 and plane is not self.y:
                thick = max(1, (width_px + 1) // 2)
            x, y = _fixed(at)[0].tolist()
            radius = round(radius_px * scale * (1 << _SHIFT))
            cv2.circle(plane, (x, y), radius, level, thick, cv2.LINE_AA, _SHIFT)

    def blend(
        self, mask: Plane, corner_px: tuple[int, int], colour: Colour, *, opacity: float = 1.0
    ) -> None:
        """Lay a colour over what is there, as far as a mask says.

        Parameters
        ----------
        mask
            How much, 0 … 255, shape (h, w).
        corner_px
            Where the first column and row of the mask lie; may be outside.
        colour
            The colour.
        opacity
            A factor for the mask.
        """
        # The masks of colour are half as large: start at an even pixel.
        left, top = corner_px[0] & ~1, corner_px[1] & ~1
        odd_x, odd_y = corner_px[0] - left, corner_px[1] - top
        if odd_x or odd_y or mask.shape[0] % 2 or mask.shape[1] % 2:
            rows, columns = mask.shape
            below, right = (rows + odd_y) % 2, (columns + odd_x) % 2
            mask = np.pad(mask, ((odd_y, below), (odd_x, right)))
        width, height = self.size_px
        x0, y0 = max(0, -left), max(0, -top)
        x1, y1 = min(mask.shape[1], width - left), min(mask.shape[0], height - top)
        if x0 >= x1 or y0 >= y1:
            return
        seen = np.ascontiguousarray(mask[y0:y1, x0:x1])
        share = seen.astype(np.float32) * np.float32(opacity / 255)
        half = cv2.resize(share, ((x1 - x0) // 2, (y1 - y0) // 2), interpolation=cv2.INTER_AREA)
        for plane, level, weight, scale in (
            (self.y, colour.y, share, 1),
            (self.u, colour.u, half, 2),
            (self.v, colour.v, half, 2),
        ):
            rows = slice((top + y0) // scale, (top + y1) // scale)
            columns = slice((left + x0) // scale, (left + x1) // scale)
            under = plane[rows, columns].astype(np.float32)
            plane[rows, columns] = np.rint(under + (level - under) * weight).astype(np.uint8)

    def dim(self, rect: Rect, *, opacity: float = 0.6) -> None:
        """Darken a part, so that letters can be read on it."""
        part = self.part(rect)
        for plane, level in ((part.y, 16), (part.u, 128), (part.v, 128)):
            plane[:] = cv2.convertScaleAbs(plane, alpha=1 - opacity, beta=level * opacity)

    def _planes(
        self, points: NDArray[np.float64], colour: Colour
    ) -> Sequence[tuple[Plane, int, NDArray[np.float64]]]:
        # Colour is sampled at the left of each pair of columns and between each pair of rows (H.273).
        half = (points - (0.0, 0.5)) / 2
        return (self.y, colour.y, points), (self.u, colour.u, half), (self.v, colour.v, half)


def _drawable(points: NDArray[np.float64]) -> bool:
    return bool(np.isfinite(points).all() and np.abs(points).max(initial=0.0) < _FARTHEST_PX)


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.rint(points * (1 << _SHIFT)).astype(np.int32)
