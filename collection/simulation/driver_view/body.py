"""The driver below the head: neck, trunk, arms and the seat belt. Car axes from the pivot of the neck."""

import numpy as np
from scipy.interpolate import PchipInterpolator

from .surface import FloatArray, Surface, grid_surface, joined_surfaces

# Height below the pivot, half width, depth before and behind the middle, and the middle's place; mm.
_NECK = np.array(
    [
        (-135, 48, 40, 50, 8),
        (-75, 53, 47, 57, 5),
        (-40, 55, 50, 58, 4),
        (0, 56, 51, 60, -2),
        (35, 61, 54, 64, -10),
        (60, 78, 58, 68, -16),
    ],
    dtype=np.float64,
)
_TRUNK = np.array(
    [
        (14, 62, 56, 64, -6),
        (24, 80, 62, 68, -10),
        (38, 112, 68, 73, -15),
        (54, 150, 76, 80, -18),
        (80, 190, 88, 87, -20),
        (122, 216, 106, 94, -18),
        (205, 224, 124, 95, -14),
        (350, 208, 128, 95, -6),
        (600, 195, 122, 95, 0),
    ],
    dtype=np.float64,
)
_SQUARE = 2.3
_AROUND = 25
_BELT_MM = 47.0


def body_surface(*, skin: int, clothes: int, belt: int) -> Surface:
    """Make it; the numbers are those of the textures."""
    arms = [
        _tube(np.array(line, dtype=np.float64) * [side, 1, 1], (56, 56, 50, 38), clothes)
        for side in (1, -1)
        for line in [[(130, 96, -20), (216, 250, 10), (250, 390, 110), (160, 330, 400)]]
    ]
    return joined_surfaces(
        [
            _loft(_NECK, 9, skin, (1.0, 0.5)),
            _loft(_TRUNK, 14, clothes, (6.0, 5.0)),
            *arms,
            _belt(belt),
        ]
    )


def _loft(table: FloatArray, rows: int, texture: int, repeats: tuple[float, float]) -> Surface:
    share = np.linspace(0, 1, rows) ** 1.6
    y = table[0, 0] + share * (table[-1, 0] - table[0, 0])
    width, before, behind, middle = (
        PchipInterpolator(table[:, 0], table[:, k])(y)[:, None] for k in (1, 2, 3, 4)
    )
    turn = np.linspace(-np.pi, np.pi, _AROUND)
    sine, cosine = (np.sign(f(turn)) * np.abs(f(turn)) ** (2 / _SQUARE) for f in (np.sin, np.cos))
    depth = np.where(cosine >= 0, before, behind)
    points = np.stack(
        np.broadcast_arrays(width * sine, y[:, None], middle + depth * cosine), axis=-1
    )
    v, u = np.meshgrid(
        np.linspace(0, repeats[1], rows), np.linspace(0, repeats[0], _AROUND), indexing="ij"
    )
    return grid_surface(points * 1e-3, texture, uv=np.stack([u, v], axis=-1), flip=True)


def _tube(line_mm: FloatArray, radii_mm: tuple[float, ...], texture: int) -> Surface:
    """Make a limb along a line of joints, shape (k, 3)."""
    share = np.linspace(0, len(line_mm) - 1, 13)
    centre = PchipInterpolator(np.arange(len(line_mm)), line_mm)(share)
    radius = np.interp(share, np.arange(len(line_mm)), radii_mm)[:, None, None]
    along = np.gradient(centre, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.cross(along, [0.0, 0.3, 1.0])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    other = np.cross(along, side)
    turn = np.linspace(0, 2 * np.pi, 13)[:, None]
    ring = side[:, None] * np.cos(turn) + other[:, None] * np.sin(turn)
    made = grid_surface((centre[:, None] + radius * ring) * 1e-3, texture)
    outward = ring.reshape(-1, 3)
    inside = (made.normals * outward).sum() < 0
    return grid_surface((centre[:, None] + radius * ring) * 1e-3, texture, flip=bool(inside))


def _front_mm(x: FloatArray, y: FloatArray) -> FloatArray:
    width, before, middle = (
        PchipInterpolator(_TRUNK[:, 0], _TRUNK[:, k])(np.clip(y, 14, 600)) for k in (1, 2, 4)
    )
    across = np.clip(np.abs(x) / width, 0, 1)
    return np.asarray(middle + before * (1 - across**_SQUARE) ** (1 / _SQUARE), dtype=np.float64)


def _belt(texture: int) -> Surface:
    """Run the belt from the pillar over the right shoulder to the left hip."""
    along = np.linspace(0, 1, 14)
    x, y = 128 - 290 * along, 42 + 450 * along**1.1
    over = np.stack([x, y, _front_mm(x, y) + 7], axis=-1)
    up = np.array([[330.0, -40.0, -230.0], [215.0, 10.0, -80.0], [158.0, 30.0, -5.0]])
    line = np.concatenate([up, over])
    half = np.array([0.6, 0.8, 0.0]) * _BELT_MM / 2
    points = np.stack([line - half, line + half], axis=1)
    return grid_surface(points * 1e-3, texture, flip=True)
