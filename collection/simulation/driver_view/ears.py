"""Ears."""

import numpy as np

from .head_shape import HeadShape
from .head_surface import EYES_FROM_NECK_M, map_places
from .surface import Surface, grid_surface

_AROUND, _OUT = 17, 6
_HEIGHT_MM, _WIDTH_MM = 31.0, 17.0
_PLACE_Y_MM, _PLACE_Z_MM = 14.0, -84.0


def ear_surface(shape: HeadShape, texture_number: int, side: float) -> Surface:
    """Make an ear: of the right side (1) or the left one (-1)."""
    turn = np.linspace(0, 2 * np.pi, _AROUND)
    out = np.linspace(0, 1, _OUT)[:, None]
    lobe = 1 - 0.28 * np.clip(np.sin(turn), 0, 1)
    ahead = _WIDTH_MM * out * np.cos(turn) * lobe
    down = _HEIGHT_MM * out * np.sin(turn)
    height = np.array([1.0, 1.0, 3.5, 5.0, 7.5, 4.0])[:, None]
    stands_off = height + 0.62 * np.clip(_WIDTH_MM - ahead - 6, 0, None) * out
    root = float(shape.half_width_mm(np.array(_PLACE_Y_MM))) - 1.5
    x = side * (root + stands_off)
    y = _PLACE_Y_MM + down - 0.15 * ahead
    z = _PLACE_Z_MM + ahead + 0.18 * down
    points = np.stack(np.broadcast_arrays(x, y, z), axis=-1)
    # The skin of the side of the head, with the ear's hollows darker by their own shade.
    places = map_places(np.full(x.shape, side * 1.7), np.broadcast_to(30 + 0.3 * down, x.shape))
    return grid_surface(points * 1e-3 + EYES_FROM_NECK_M, texture_number, uv=places, flip=side > 0)
