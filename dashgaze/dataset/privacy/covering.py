"""Covering boxes of a picture so that what was in them can't be had back."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.dataset.video.planes import Plane, Planes

from .tracking import Box

Method: TypeAlias = Literal["blur", "pixelate", "fill"]
METHODS: tuple[Method, ...] = ("blur", "pixelate", "fill")

CELLS = 2
"""What is left of a covered box: so many cells along its longer side, one mean colour each."""
LEVEL_STEP, COLOUR_STEP = 16, 8
"""Mean brightness and colour are rounded to multiples of these, so that what little they tell is cut off
as well."""

_RING_PX = 4
_GREY = 128

Rectangle: TypeAlias = tuple[int, int, int, int]
"""Left, top, right and bottom, px, even where the picture does not end; right and bottom not included."""


def covered(planes: Planes, boxes: Iterable[Box], method: Method) -> Planes:
    """Cover boxes of a picture.

    ``blur`` and ``pixelate`` keep `CELLS` mean colours along the longer side of a box, in
    coarse steps, and show them smoothly or as squares. ``fill`` keeps nothing: it is the mean colour of
    the rim outside of the box.

    Parameters
    ----------
    planes
        I420; not changed.
    boxes
        What to cover; may reach beyond the picture.
    method
        How.

    Returns
    -------
    tuple
        The planes, copied where something is covered.
    """
    height, width = planes[0].shape
    rectangles = [each for box in boxes if (each := rectangle(box, (width, height))) is not None]
    if not rectangles:
        return planes
    y, u, v = (plane.copy() for plane in planes)
    # The largest first: a small one in it is then flat already.
    for left, top, right, bottom in sorted(set(rectangles), key=lambda each: (-_area(each), each)):
        half = left // 2, top // 2, (right + 1) // 2, (bottom + 1) // 2
        _cover(y, (left, top, right, bottom), method, LEVEL_STEP)
        _cover(u, half, method, COLOUR_STEP)
        _cover(v, half, method, COLOUR_STEP)
    return y, u, v


def rectangle(box: Box, size_px: tuple[int, int]) -> Rectangle | None:
    """Give the whole pixels that a box touches, none of which shares its colour with one outside.

    None if it lies outside of the picture.
    """
    width, height = size_px
    left, top = (max(0, int(np.floor(edge)) // 2 * 2) for edge in box[:2])
    right, bottom = (int(np.ceil(edge) + 1) // 2 * 2 for edge in box[2:])
    right, bottom = min(width, right), min(height, bottom)
    return (left, top, right, bottom) if left < right and top < bottom else None


def _area(each: Rectangle) -> int:
    return (each[2] - each[0]) * (each[3] - each[1])


def _cover(plane: Plane, place: Rectangle, method: Method, step: int) -> None:
    left, top, right, bottom = place
    room = plane[top:bottom, left:right]
    if method == "fill":
        room[:] = _rim_mean(plane, place)
        return
    height, width = room.shape
    cell_px = max(width, height) / CELLS
    grid = max(1, round(width / cell_px)), max(1, round(height / cell_px))
    means = np.asarray(cv2.resize(room, grid, interpolation=cv2.INTER_AREA), dtype=np.float64)
    coarse = np.clip(np.round(means / step) * step, 0, 255).astype(np.uint8)
    way = cv2.INTER_LINEAR if method == "blur" else cv2.INTER_NEAREST
    room[:] = np.asarray(cv2.resize(coarse, (width, height), interpolation=way)).reshape(room.shape)


def _rim_mean(plane: Plane, place: Rectangle) -> int:
    left, top, right, bottom = place
    first_row, first_column = max(0, top - _RING_PX), max(0, left - _RING_PX)
    around = plane[first_row : bottom + _RING_PX, first_column : right + _RING_PX]
    outside: NDArray[np.bool_] = np.ones(around.shape, dtype=np.bool_)
    outside[top - first_row : bottom - first_row, left - first_column : right - first_column] = (
        False
    )
    return round(float(around[outside].mean())) if outside.any() else _GREY
