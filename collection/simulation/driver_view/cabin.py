"""The inside of the car behind the driver, and what passes by its windows. Car axes, m."""

from dataclasses import dataclass, replace

import numpy as np

from ..scene.atlas import AtlasBuilder, Paint, paint
from ..scene.mesh import Mesh, joined, quads
from ..texture import texture
from .surface import FloatArray, grid_surface

_SIDE_M, _ROOF_M, _SILL_M, _BACK_M = 0.76, -1.46, -0.96, -1.95
_STREET_M = 48.0
_FAR_M = 90.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Cabin:
    """Inside and outside.

    Attributes
    ----------
    inside
        Does not move.
    outside
        Street and sky; `street` triangles come first.
    street
        How many of the outside's triangles move.
    """

    inside: Mesh
    outside: Mesh
    street: int

    def outside_at(self, travelled_m: float) -> Mesh:
        """Give what is outside after some way."""
        uv = self.outside.uv.copy()
        uv[: self.street, :, 0] += np.float32((travelled_m / _STREET_M) % 1.0)
        return replace(self.outside, uv=uv)


def make_cabin(builder: AtlasBuilder, *, seed: int) -> Cabin:
    """Make it, and add its textures."""
    rng = np.random.default_rng([seed, 47])
    tone = rng.uniform(50, 120)
    for name, grey, contrast in (
        ("trim", tone * 0.6, 0.10),
        ("cover", tone, 0.16),
        ("roof", 165, 0.025),
    ):
        builder.add(name, _plain(rng, grey, contrast))
    builder.add("street", _street(rng))
    builder.add("sky", paint(np.full((2, 2, 3), (232.0, 224.0, 214.0), dtype=np.float32)))
    trim, cover, roof = builder["trim"], builder["cover"], builder["roof"]
    panels: list[Mesh] = []
    for side in (_SIDE_M, -_SIDE_M):
        panels.append(_wall(side, (_SILL_M, -0.2), (_BACK_M, 1.0), trim, 0.7))
        panels.append(_wall(side, (_ROOF_M, -1.37), (_BACK_M, 1.0), roof, 0.8))
        for ahead, behind in ((-0.22, -0.38), (-1.02, -1.16), (-1.72, _BACK_M)):
            panels.append(_wall(side, (-1.37, _SILL_M), (behind, ahead), roof, 0.62))
    edge = _SIDE_M
    panels.append(
        _facing(
            [
                (-edge, _ROOF_M, _BACK_M),
                (edge, _ROOF_M, _BACK_M),
                (edge, _ROOF_M, 0.7),
                (-edge, _ROOF_M, 0.7),
            ],
            roof,
            0.75,
        )
    )
    for low, high, left, right in (
        (-0.98, 0.0, -edge, edge),
        (_ROOF_M, -1.36, -edge, edge),
        (_ROOF_M, -0.9, 0.58, edge),
        (_ROOF_M, -0.9, -edge, -0.58),
    ):
        z = _BACK_M
        panels.append(
            _facing([(left, low, z), (right, low, z), (right, high, z), (left, high, z)], trim, 0.5)
        )
    for x in (0.36, -0.36):
        panels.append(_cushion((x, -0.62, -0.30), (0.26, 0.32, 0.10), cover, 0.62))
        panels.append(_cushion((x, -1.12, -0.25), (0.135, 0.11, 0.055), cover, 0.72))
    panels.append(_cushion((0.0, -0.66, -1.15), (0.70, 0.32, 0.11), cover, 0.5))
    for x in (0.45, -0.45):
        panels.append(_cushion((x, -1.02, -1.2), (0.13, 0.07, 0.05), cover, 0.5))
    street = joined([_roadside(builder["street"], side) for side in (6.5, -9.0)])
    sky = joined(
        [
            _facing(
                [
                    (-200, 0, -_FAR_M),
                    (200, 0, -_FAR_M),
                    (200, -150, -_FAR_M),
                    (-200, -150, -_FAR_M),
                ],
                builder["sky"],
                1.0,
            ),
            *(
                _facing(
                    [(x, 0, -100), (x, 0, 60), (x, -150, 60), (x, -150, -100)], builder["sky"], 1.0
                )
                for x in (60.0, -60.0)
            ),
            _facing(
                [(-60, 0, -_FAR_M), (60, 0, -_FAR_M), (60, 0, 20), (-60, 0, 20)],
                builder["trim"],
                1.0,
            ),
        ]
    )
    return Cabin(inside=joined(panels), outside=joined([street, sky]), street=len(street))


def _wall(
    x: float, height: tuple[float, float], length: tuple[float, float], number: int, light: float
) -> Mesh:
    (top, bottom), (behind, ahead) = height, length
    return _facing(
        [(x, bottom, behind), (x, bottom, ahead), (x, top, ahead), (x, top, behind)], number, light
    )


def _facing(corners: list[tuple[float, float, float]], number: int, light: float) -> Mesh:
    shade = light * np.array([[0.8, 1.0, 1.05, 0.85]])
    return quads(np.array([corners], dtype=np.float64), number, light=shade)


def _cushion(
    centre: tuple[float, float, float], half: tuple[float, float, float], number: int, light: float
) -> Mesh:
    """Make a box with rounded edges."""
    up = np.linspace(-np.pi / 2, np.pi / 2, 13)[:, None]
    turn = np.linspace(-np.pi, np.pi, 25)

    def power(value: FloatArray) -> FloatArray:
        return np.asarray(np.sign(value) * np.abs(value) ** 0.5, dtype=np.float64)

    x = power(np.cos(up)) * power(np.sin(turn))
    y = power(np.sin(up)) + 0 * turn
    z = power(np.cos(up)) * power(np.cos(turn))
    made = grid_surface(np.stack([x, y, z], axis=-1) * half + centre, number, flip=True)
    normal = made.normals
    shade = light * (
        0.62 + 0.3 * np.clip(normal[:, 2], -0.3, 1) - 0.3 * np.clip(normal[:, 1], -1, 0.6)
    )
    return made.mesh(np.asarray(shade, dtype=np.float64))


def _roadside(number: int, x: float) -> Mesh:
    z = np.arange(-72.0, 24.0, 12.0)
    corners = np.array([[(x, 0, a), (x, 0, a + 12), (x, -9, a + 12), (x, -9, a)] for a in z])
    uv = np.array([[(a, 1), (a + 12, 1), (a + 12, 0), (a, 0)] for a in z])
    return quads(corners, number, uv=uv / [_STREET_M, 1.0])


def _plain(rng: np.random.Generator, grey: float, contrast: float) -> Paint:
    tint = rng.uniform(0.94, 1.06, 3)
    noise = 1 + contrast * texture(rng, (128, 128), (2, 7, 30))
    return paint(np.asarray(grey * noise[..., None] * tint, dtype=np.float32))


def _street(rng: np.random.Generator) -> Paint:
    """Paint houses, trees and lamps; above them one sees the sky."""
    width, height = 512, 128
    picture = np.full((height, width, 3), 120, dtype=np.float32)
    hole = np.ones((height, width), dtype=np.bool_)
    glow = np.zeros((height, width), dtype=np.uint8)
    at = 0
    while at < width:
        wide, high = int(rng.integers(24, 70)), int(rng.integers(40, 118))
        part = slice(height - high, height), slice(at, at + wide)
        if rng.random() < 0.55:
            picture[part] = rng.uniform(70, 190) * rng.uniform(0.85, 1.1, 3)
            hole[part] = False
            for up in range(height - high + 6, height - 10, 16):
                for along in range(at + 4, at + wide - 8, 12):
                    picture[up : up + 9, along : along + 6] *= 0.45
                    if rng.random() < 0.25:
                        glow[up : up + 9, along : along + 6] = rng.integers(90, 210)
        else:
            leaves = texture(rng, (wide, high), (4, 12))
            picture[part] = (np.array([48, 92, 70]) * (1 + 0.3 * leaves)[..., None])[
                :, : width - at
            ]
            hole[part] = (leaves < -0.75)[:, : width - at]
        at += wide
    hole[-14:] = False
    picture[-14:] = 95
    return paint(picture, hole=hole, glow=glow)
