"""Hair: a shell around the head with a ragged edge."""

import numpy as np

from ..scene.atlas import Paint, paint
from ..texture import texture
from .driver_look import DriverLook
from .head_shape import TOP_MM, HeadShape
from .head_surface import EYES_FROM_NECK_M
from .surface import FloatArray, Surface, grid_surface

_COLUMNS, _ROWS = 33, 9
_RAGGED = 0.09

_SIDE_DEG = (0, 25, 42, 55, 64, 72, 80, 88, 96, 108, 125, 145, 180)
_SHORT_MM = (-73, -73, -69, -59, -48, -18, 6, 4, -20, -18, 35, 62, 68)
_LONG_MM = (-84, -76, -64, -46, -22, 30, 88, 122, 128, 130, 130, 130, 130)
# Long hair hangs from the widest part of the head.
_HANGS_FROM_MM = 8.0


def hairline_mm(around_rad: FloatArray, style: str) -> FloatArray:
    """Give the height of the hair's edge in each direction around the head."""
    edge = _LONG_MM if style == "long" else _SHORT_MM
    return np.interp(np.degrees(np.abs(around_rad)), _SIDE_DEG, edge)


def hair_surface(shape: HeadShape, texture_number: int, *, seed: int) -> Surface | None:
    """Make the hair of a head; there may be none."""
    look = shape.look
    if look.hair_style == "none":
        return None
    rng = np.random.default_rng([seed, 42])
    around = np.linspace(-np.pi, np.pi, _COLUMNS)
    # Rows lie closer towards the edge.
    down = 1 - (1 - np.linspace(0, 1, _ROWS)) ** 1.4
    edge = hairline_mm(around, look.hair_style) + rng.normal(0, 1.0, _COLUMNS)
    y = TOP_MM + down[:, None] * (edge - TOP_MM)
    wide = np.broadcast_to(around, y.shape)
    points = shape.points_mm(wide, np.minimum(y, _HANGS_FROM_MM))
    points[..., 1] += np.maximum(y - _HANGS_FROM_MM, 0)
    out = points - [0.0, -30.0, -78.0]
    out[..., 1] *= y < 0
    out /= np.linalg.norm(out, axis=-1, keepdims=True)
    thick = look.hair_mm * (1 - down[:, None] ** 7)
    if look.hair_style == "full":
        thick = thick * (0.75 + 0.5 * np.clip(np.cos(wide), 0, 1)) * (1 - 0.3 * (y > -40))
    if look.hair_style == "long":
        thick = thick + 4.0 * np.clip(y / 60, 0, 1)
    thick = thick * (1 + 0.12 * rng.standard_normal(y.shape)) + 1.2
    thick[:, -1] = thick[:, 0]
    points = points + thick[..., None] * out
    u = np.broadcast_to(np.linspace(0, 4, _COLUMNS), y.shape)
    v = np.broadcast_to(down[:, None] * 0.995, y.shape)
    return grid_surface(
        points * 1e-3 + EYES_FROM_NECK_M,
        texture_number,
        uv=np.stack([u, v], axis=-1),
        flip=True,
    )


def paint_hair(look: DriverLook, *, seed: int) -> Paint:
    """Paint strands; they end raggedly."""
    rng = np.random.default_rng([seed, 43])
    side = 256
    strand = texture(rng, (side, side // 8), (2, 5, 14))
    strands = np.repeat(strand, 8, axis=0)[:, :side]
    wave = strands + 0.5 * texture(rng, (side, side), (3, 40))
    colour = np.array(look.hair_bgr) * (1 + 0.24 * wave[..., None])
    height = np.linspace(0, 1, side)[:, None]
    ends = 1 - _RAGGED * (0.55 + 0.4 * texture(rng, (side, 1), (2, 4)))
    return paint(colour.astype(np.float32), hole=np.asarray(height > ends))
