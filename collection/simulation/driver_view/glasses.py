"""A frame of glasses on a nose."""

import numpy as np

from .head_shape import EYE_X_MM, HeadShape
from .head_surface import EYES_FROM_NECK_M
from .surface import FloatArray, Surface, grid_surface, joined_surfaces

_AROUND = 29
_FRONT_MM = 25.0
_BACKWARD_PER_MM = 0.0032
_EAR_Z_MM = -88.0


def glasses_surface(shape: HeadShape, texture_number: int) -> Surface:
    """Make a frame as wide as the face: two rims, the bridge and the temples."""
    look = shape.look
    thick = look.glasses_thickness_mm
    turn = np.linspace(0, 2 * np.pi, _AROUND)
    power = 2 / (5 - 3 * look.glasses_round)
    across = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power
    down = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power
    half_x, half_y = 24.0 - 2 * look.glasses_round, 17.5 + 2 * look.glasses_round
    parts = []
    outer_x = 0.0
    for side in (1.0, -1.0):
        rows = []
        for grow, back in ((0.0, 3.5), (0.0, 0.0), (thick, 0.0), (thick, 3.5)):
            x = side * (EYE_X_MM + 2.0) + (half_x + grow) * across
            y = 4.0 + (half_y + grow) * down
            rows.append(np.stack([x, y, _front_mm(x) - back], axis=-1))
        parts.append(_part(np.stack(rows), texture_number))
        outer_x = EYE_X_MM + 2.0 + half_x + thick
        parts.append(_part(_temple(shape, side, outer_x - 1.0), texture_number))
    inner_x = EYE_X_MM + 2.0 - half_x - thick / 2
    x = np.linspace(-inner_x, inner_x, 7)
    arch = -3.5 - 2.0 * np.cos(x / inner_x * np.pi / 2)
    bridge = [
        np.stack([x, arch + down_mm, _front_mm(x) + 1.0], axis=-1)
        for down_mm in (-thick / 2, thick / 2)
    ]
    parts.append(_part(np.stack(bridge), texture_number))
    return joined_surfaces(parts)


def _front_mm(x: FloatArray) -> FloatArray:
    return np.asarray(_FRONT_MM - _BACKWARD_PER_MM * x**2, dtype=np.float64)


def _temple(shape: HeadShape, side: float, from_x_mm: float) -> FloatArray:
    back = np.linspace(0, 1, 6)
    start_z = float(_front_mm(np.array(from_x_mm)))
    to_x = float(shape.half_width_mm(np.array(-4.0))) + 4.0
    x = side * (from_x_mm + (to_x - from_x_mm) * np.minimum(back * 1.6, 1))
    z = start_z + (_EAR_Z_MM - start_z) * back
    return np.stack([np.stack([x, np.full(6, y), z], axis=-1) for y in (-6.0, -1.0)])


def _part(points_mm: FloatArray, texture_number: int) -> Surface:
    return grid_surface(points_mm * 1e-3 + EYES_FROM_NECK_M, texture_number)
