"""What stands beside a road: houses, walls, trees, hedges, lamps, signs and hoardings."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .atlas import AtlasBuilder
from .building_paint import FACADE_M
from .daylight import LAMP_ASIDE_M, LAMP_EVERY_M, Daylight
from .mesh import Mesh, joined, quads

FloatArray = NDArray[np.float64]
Place = Callable[[FloatArray, FloatArray], FloatArray]
Piece = tuple[FloatArray, Mesh]

_LAMP_M = 6.6


class Roadside:
    """Places things beside a road.

    Parameters
    ----------
    place
        Gives points (x, z) at distances along the route and to the right of it.
    textures
        Where their textures are.
    rng
        Random numbers.
    daylight
        Light on them.
    """

    def __init__(
        self,
        place: Place,
        textures: AtlasBuilder,
        rng: np.random.Generator,
        daylight: Daylight,
    ) -> None:
        self._place, self._textures, self._rng = place, textures, rng
        self._daylight = daylight

    def pieces(
        self,
        zone: Callable[[FloatArray], NDArray[np.str_]],
        start_m: float,
        end_m: float,
    ) -> list[Piece]:
        """Fill both sides of the road between two places on it; each piece comes with where it stands."""
        found: list[Piece] = []
        for side in (-1, 1):
            at = start_m
            while at < end_m:
                kind = str(zone(np.array([at]))[0])
                fill = {"urban": self._town, "suburban": self._suburb, "open": self._country}[kind]
                length_m, meshes = fill(at, side)
                found += [(np.array(at), mesh) for mesh in meshes]
                at += length_m
        for number in range(int(start_m // LAMP_EVERY_M), int(end_m // LAMP_EVERY_M)):
            at = number * LAMP_EVERY_M
            if str(zone(np.array([at]))[0]) == "urban":
                found.append((np.array(at), self._lamp(at, -1 if number % 2 == 0 else 1)))
        at = start_m + 40
        while at < end_m:
            found.append((np.array(at), self._sign(at, int(self._rng.choice([-1, 1])))))
            at += self._rng.uniform(45, 130)
        return found

    def _town(self, at: float, side: int) -> tuple[float, list[Mesh]]:
        rng = self._rng
        if rng.random() < 0.12:
            return 8.0, [self._tree(at + 4, side * rng.uniform(9.5, 13), rng.uniform(4, 7))]
        wide = float(rng.uniform(8, 16))
        house = self._house(at, side * rng.uniform(8.9, 10.5), wide, floors=int(rng.integers(2, 7)))
        meshes = [house]
        if rng.random() < 0.25:
            meshes.append(self._tree(at + wide / 2, side * 8.2, rng.uniform(3.5, 5.5)))
        if rng.random() < 0.15:
            meshes.append(self._hoarding(at + 2, side * 8.6, rng.uniform(2.8, 4)))
        return wide + float(rng.choice([0.0, 0.0, 0.0, 1.5, 4.0])), meshes

    def _suburb(self, at: float, side: int) -> tuple[float, list[Mesh]]:
        rng = self._rng
        length = 16.0
        kind = rng.random()
        meshes = [
            self._tree(at + rng.uniform(0, 16), side * rng.uniform(10, 22), rng.uniform(5, 9))
        ]
        if kind < 0.4:
            meshes.append(
                self._house(
                    at + 2, side * rng.uniform(13, 19), 11.0, floors=int(rng.integers(1, 4))
                )
            )
        if kind < 0.65:
            meshes.append(self._wall(at, side * 9.0, length))
        elif kind < 0.85:
            meshes.append(self._hedge(at, side * 8.9, length))
        else:
            meshes.append(self._tree(at + 8, side * rng.uniform(8.9, 10.5), rng.uniform(4, 8)))
        return length, meshes

    def _country(self, at: float, side: int) -> tuple[float, list[Mesh]]:
        rng = self._rng
        meshes = [
            self._tree(at + rng.uniform(0, 20), side * rng.uniform(9, 45), rng.uniform(5, 10))
            for _ in range(rng.integers(1, 4))
        ]
        if rng.random() < 0.3:
            meshes.append(self._hedge(at, side * rng.uniform(8.5, 12), 20.0))
        if rng.random() < 0.12:
            meshes.append(self._hoarding(at + 6, side * rng.uniform(10, 14), 4.0))
        if rng.random() < 0.08:
            meshes.append(self._house(at, side * rng.uniform(18, 30), 10.0, floors=1))
        if side < 0:
            meshes.append(self._post(at, -7.4, 7.5, 0.22))
        return 20.0, meshes

    def _house(self, at: float, aside: float, wide: float, *, floors: int) -> Mesh:
        deep = float(self._rng.uniform(8, 13))
        shops = floors >= 2 and abs(aside) < 12.5
        low = f"facade {self._rng.integers(8)}" if shops else f"plain {self._rng.integers(4)}"
        texture = self._textures[low]
        upper = self._textures[f"plain {self._rng.integers(4)}"]
        out = np.sign(aside)
        footprint = self._footprint(at, aside, wide, out * deep)
        tall = 3.0 * min(floors, 4)
        meshes = [self._sides(footprint, 0.0, tall, texture)]
        if floors > 4:
            meshes.append(self._sides(footprint, tall, 3.0 * floors, upper))
        return joined(meshes)

    def _footprint(self, at: float, aside: float, wide: float, deep: float) -> FloatArray:
        """Give four corners (x, z): near and far end at the road, far and near end behind; straight."""
        middle = np.array([at + wide / 2])
        here = self._place(middle, np.array([aside]))[0]
        right = self._place(middle, np.array([aside + 1.0]))[0] - here
        ahead = np.array([-right[1], right[0]])
        return np.stack(
            [
                here - ahead * wide / 2,
                here + ahead * wide / 2,
                here + ahead * wide / 2 + right * deep,
                here - ahead * wide / 2 + right * deep,
            ]
        )

    def _sides(self, footprint: FloatArray, low_m: float, high_m: float, texture: int) -> Mesh:
        """Give the walls on a footprint that are seen by who comes along: the front and the near end."""
        begin = footprint[[0, 3]]
        end = footprint[[1, 0]]
        length = np.linalg.norm(end - begin, axis=1)
        corners = np.zeros((2, 4, 3))
        for corner, (points, height) in enumerate(
            ((begin, low_m), (end, low_m), (end, high_m), (begin, high_m))
        ):
            corners[:, corner, [0, 2]] = points
            corners[:, corner, 1] = -height
        # Four floors of the texture are as high as it is wide.
        u, v = length / FACADE_M, (high_m - low_m) / FACADE_M
        zero, one = np.zeros(2), np.ones(2)
        uv = np.stack(
            [
                np.stack([zero, one], -1),
                np.stack([u, one], -1),
                np.stack([u, one - v], -1),
                np.stack([zero, one - v], -1),
            ],
            axis=1,
        )
        outward = (begin + end) / 2 - footprint.mean(axis=0)
        outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
        light = self._daylight.on_faces(outward)[:, None] * np.ones((2, 4))
        if low_m == 0:
            light[:, :2] *= 0.82  # darker at the foot
            if self._daylight.is_dark:
                light[:, :2] *= 4.0  # street lamps
        return quads(corners, texture, uv=uv, light=light)

    def _upright(
        self,
        at: float,
        aside: float,
        size_m: tuple[float, float],
        texture: int,
        *,
        low_m: float = 0.0,
        crossed: bool = False,
        uv: FloatArray | None = None,
        turned: bool = False,
    ) -> Mesh:
        """Give a plate that faces those who come along the road, and one across it if crossed."""
        middle = self._place(np.array([at]), np.array([aside]))[0]
        right = self._place(np.array([at]), np.array([aside + 1.0]))[0] - middle
        directions = [right, np.array([-right[1], right[0]])]
        if crossed:
            directions = [
                (directions[0] + directions[1]) / np.sqrt(2),
                (directions[0] - directions[1]) / np.sqrt(2),
            ]
        else:
            directions = directions[1:] if turned else directions[:1]
        wide, tall = size_m
        corners = np.zeros((len(directions), 4, 3))
        for face, direction in enumerate(directions):
            for corner, (share, height) in enumerate(
                ((-0.5, low_m), (0.5, low_m), (0.5, low_m + tall), (-0.5, low_m + tall))
            ):
                point = middle + share * wide * direction
                corners[face, corner] = point[0], -height, point[1]
        shape = None if uv is None else np.broadcast_to(uv, (len(directions), 4, 2))
        return quads(corners, texture, uv=shape, light=1.0 if not self._daylight.is_dark else 1.6)

    def _tree(self, at: float, aside: float, tall_m: float) -> Mesh:
        texture = self._textures[f"tree {self._rng.integers(5)}"]
        return self._upright(at, aside, (tall_m * 0.95, tall_m), texture, crossed=True)

    def _post(self, at: float, aside: float, tall_m: float, wide_m: float) -> Mesh:
        return self._upright(at, aside, (wide_m, tall_m), self._textures["post"], crossed=True)

    def _wall(self, at: float, aside: float, length_m: float) -> Mesh:
        texture = self._textures[f"wall {self._rng.integers(3)}"]
        return self._along(at, aside, length_m, 2.0, texture, length_m / 8)

    def _hedge(self, at: float, aside: float, length_m: float) -> Mesh:
        return self._along(at, aside, length_m, 1.3, self._textures["bush"], length_m / 5)

    def _along(
        self, at: float, aside: float, length_m: float, tall_m: float, texture: int, across: float
    ) -> Mesh:
        ends = self._place(np.array([at, at + length_m]), np.array([aside, aside]))
        corners = np.zeros((1, 4, 3))
        for corner, (which, height) in enumerate(((0, 0), (1, 0), (1, tall_m), (0, tall_m))):
            corners[0, corner] = ends[which, 0], -height, ends[which, 1]
        uv = np.array([[[0, 1], [across, 1], [across, 0], [0, 0]]], dtype=np.float64)
        return quads(corners, texture, uv=uv, light=2.0 if self._daylight.is_dark else 0.95)

    def _lamp(self, at: float, side: int) -> Mesh:
        aside = side * LAMP_ASIDE_M
        meshes = [self._post(at, aside, _LAMP_M, 0.16)]
        arm = self._textures["post"]
        meshes.append(self._upright(at, aside - side * 0.8, (1.6, 0.09), arm, low_m=_LAMP_M - 0.1))
        head = self._textures["lamp"]
        meshes.append(
            self._upright(
                at, aside - side * 1.5, (0.55, 0.16), head, low_m=_LAMP_M - 0.2, crossed=True
            )
        )
        return joined(meshes)

    def _sign(self, at: float, side: int) -> Mesh:
        kind = str(self._rng.choice(["round", "triangle", "board"]))
        size = 1.3 if kind == "board" else 0.75
        aside = side * self._rng.uniform(6.2, 7.0)
        return joined(
            [
                self._upright(at, aside, (size, size), self._textures[f"sign {kind}"], low_m=1.9),
                self._post(at + 0.03, aside, 2.0, 0.08),
            ]
        )

    def _hoarding(self, at: float, aside: float, low_m: float) -> Mesh:
        texture = self._textures[f"hoarding {self._rng.integers(5)}"]
        return joined(
            [
                self._upright(at, aside, (5.0, 2.5), texture, low_m=low_m),
                self._post(at + 0.05, aside, low_m, 0.3),
            ]
        )
