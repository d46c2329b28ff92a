"""Vehicles and people as triangles, in their own axes: x right, y down, z forward, origin on the ground."""

import numpy as np
from numpy.typing import NDArray

from . import traffic_paint
from .atlas import AtlasBuilder
from .mesh import Mesh, joined, quads
from .traffic_paint import BODY_COLOURS, STEPS

FloatArray = NDArray[np.float64]
VEHICLES = ("car", "van", "bus", "truck", "motorcycle", "auto_rickshaw")

_LOOKS = {"car": 8, "van": 3, "bus": 3, "truck": 3, "motorcycle": 4, "auto_rickshaw": 2}
_PEOPLE = 8
_STRIDE_M = 1.4
_RICKSHAW_BGR = (50.0, 190.0, 225.0)


class TrafficModels:
    """Gives the triangles of what moves on the road.

    Parameters
    ----------
    textures
        The textures are added here.
    rng
        Random numbers.
    night
        Whether lamps are lit.
    """

    def __init__(self, textures: AtlasBuilder, rng: np.random.Generator, *, night: bool) -> None:
        self._numbers: dict[tuple[str, int], tuple[int, int, int, int]] = {}
        self._made: dict[tuple[str, int, tuple[float, float, float]], Mesh] = {}
        for kind, count in _LOOKS.items():
            for look in range(count):
                colour: tuple[float, float, float] = BODY_COLOURS[look % len(BODY_COLOURS)]
                if kind == "auto_rickshaw":
                    colour = _RICKSHAW_BGR
                self._numbers[kind, look] = (
                    textures.add(f"{kind} {look} side", traffic_paint.side(rng, kind, colour)),
                    textures.add(
                        f"{kind} {look} front",
                        traffic_paint.end(rng, kind, colour, rear=False, night=night),
                    ),
                    textures.add(
                        f"{kind} {look} rear",
                        traffic_paint.end(rng, kind, colour, rear=True, night=night),
                    ),
                    textures.add(f"{kind} {look} top", traffic_paint.top(rng, colour)),
                )
        self._steps = [
            [
                textures.add(f"person {look} {step}", traffic_paint.person(person, step))
                # The same person in each step: the same random numbers.
                for step, person in enumerate(_same(rng, STEPS))
            ]
            for look in range(_PEOPLE)
        ]

    def model(
        self, kind: str, size_m: tuple[float, float, float], look_seed: int, walked_m: float
    ) -> Mesh:
        """Give what something looks like.

        Parameters
        ----------
        kind
            One of `VEHICLES`, or anything else for a person.
        size_m
            Width, height and length.
        look_seed
            Chooses among looks.
        walked_m
            How far it has gone; people's legs follow it.
        """
        if kind in VEHICLES:
            key = kind, look_seed % _LOOKS[kind], size_m
            if key not in self._made:
                textures = self._numbers[key[0], key[1]]
                if kind == "motorcycle":
                    self._made[key] = _two_wheeler(textures, size_m)
                else:
                    self._made[key] = _boxy(kind, textures, size_m)
            return self._made[key]
        step = int(walked_m / (_STRIDE_M / STEPS)) % STEPS
        person = ("person", STEPS * (look_seed % _PEOPLE) + step, size_m)
        if person not in self._made:
            texture = self._steps[look_seed % _PEOPLE][step]
            wide = 0.55 * size_m[1]
            self._made[person] = joined(
                [_plate(texture, wide, size_m[1], 0.0), _plate(texture, wide, size_m[1], np.pi / 2)]
            )
        return self._made[person]


def _same(rng: np.random.Generator, count: int) -> list[np.random.Generator]:
    seed = int(rng.integers(2**32))
    return [np.random.default_rng(seed) for _ in range(count)]


def _boxy(
    kind: str, textures: tuple[int, int, int, int], size_m: tuple[float, float, float]
) -> Mesh:
    """Four sides and what is on top; of cars the side's picture has the outline of bonnet and cabin."""
    side, front, rear, top = textures
    w, h, length = size_m[0] / 2, size_m[1], size_m[2] / 2
    faces: list[tuple[FloatArray, int, FloatArray | None, float]] = []

    def face(
        corners: list[tuple[float, float, float]],
        texture: int,
        light: float,
        uv: list[tuple[float, float]] | None = None,
    ) -> None:
        faces.append(
            (
                np.array(corners),
                texture,
                None if uv is None else np.array(uv, dtype=np.float64),
                light,
            )
        )

    face([(-w, 0, length), (-w, 0, -length), (-w, -h, -length), (-w, -h, length)], side, 0.95)
    face([(w, 0, length), (w, 0, -length), (w, -h, -length), (w, -h, length)], side, 0.8)
    face([(-w, 0, -length), (w, 0, -length), (w, -h, -length), (-w, -h, -length)], rear, 0.85)
    if kind == "car":
        # Fractions of height and length as the side's picture has them.
        bonnet, roof, glass = 0.575 * h, 0.93 * h, 52 / 128
        hood_z, roof_z, roof_end = 0.66 * length, 0.34 * length, -0.96 * length
        face(
            [(w, 0, length), (-w, 0, length), (-w, -bonnet, length), (w, -bonnet, length)],
            front,
            0.9,
            [(0, 1), (1, 1), (1, glass), (0, glass)],
        )
        face(
            [
                (-w, -bonnet, length),
                (w, -bonnet, length),
                (w, -bonnet, hood_z),
                (-w, -bonnet, hood_z),
            ],
            top,
            1.1,
        )
        face(
            [
                (w, -bonnet, hood_z),
                (-w, -bonnet, hood_z),
                (-0.8 * w, -roof, roof_z),
                (0.8 * w, -roof, roof_z),
            ],
            front,
            1.0,
            [(0, glass), (1, glass), (0.85, 0), (0.15, 0)],
        )
    else:
        roof, roof_z, roof_end = 0.97 * h, length, -length
        face([(w, 0, length), (-w, 0, length), (-w, -h, length), (w, -h, length)], front, 0.9)
    face(
        [(-w, -roof, roof_end), (w, -roof, roof_end), (w, -roof, roof_z), (-w, -roof, roof_z)],
        top,
        1.15,
    )
    return joined(
        [
            quads(corners[None], texture, uv=None if uv is None else uv[None], light=light)
            for corners, texture, uv, light in faces
        ]
    )


def _two_wheeler(textures: tuple[int, int, int, int], size_m: tuple[float, float, float]) -> Mesh:
    """Give a picture from the side, and one from behind or in front across it."""
    side, front, rear, _ = textures
    _, h, length = size_m
    half, near = length / 2, 0.12
    along = np.array(
        [[(0, 0, half), (0, 0, -half), (0, -h, -half), (0, -h, half)]], dtype=np.float64
    )
    meshes = [quads(along, side, light=0.95)]
    for texture, z in ((rear, -near), (front, near)):
        wide = 0.5 * h
        across = np.array([[(-wide, 0, z), (wide, 0, z), (wide, -h, z), (-wide, -h, z)]])
        meshes.append(quads(across, texture, light=0.95))
    return joined(meshes)


def _plate(texture: int, wide_m: float, tall_m: float, turned_rad: float) -> Mesh:
    x, z = wide_m / 2 * np.cos(turned_rad), wide_m / 2 * np.sin(turned_rad)
    corners = np.array([[(-x, 0, -z), (x, 0, z), (x, -tall_m, z), (-x, -tall_m, -z)]])
    return quads(corners, texture, light=0.95)
