"""All that stands still along a route, as triangles in the order in which one passes them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..story.route import (
    BEFORE_M,
    LANE_WIDTH_M,
    PAVEMENT_WIDTH_M,
    STRIP_WIDTH_M,
    ZONES,
    Route,
)
from . import building_paint, plant_paint, surface_paint
from .atlas import AtlasBuilder
from .daylight import Daylight
from .mesh import Mesh, joined, quads
from .roadside import Roadside
from .surface_paint import ROAD_LENGTH_M, ROAD_WIDTH_M

FloatArray = NDArray[np.float64]

CHUNK_M = 25.0
_STEP_M = 5.0
_BEGIN_M = 50.0 - BEFORE_M
_BEHIND_M = 50.0
_AHEAD_M = 300.0
_TEXTURES = {"road": 4, "facade": 8, "plain": 4, "tree": 5, "hoarding": 5, "wall": 3}


class Scenery:
    """Road, pavements, houses, trees, lamps and signs along a route.

    Parameters
    ----------
    route
        The route.
    textures
        The textures are added here.
    rng
        Random numbers.
    daylight
        Sun, or lamps.
    """

    def __init__(
        self, route: Route, textures: AtlasBuilder, rng: np.random.Generator, daylight: Daylight
    ) -> None:
        self._route = route
        self._daylight = daylight
        _add_textures(textures, rng, daylight)
        pieces = [*self._ground(rng, textures)]
        pieces += Roadside(self.place, textures, rng, daylight).pieces(
            self._zone, _BEGIN_M, route.length_m
        )
        places = np.concatenate([np.broadcast_to(at, (len(mesh),)) for at, mesh in pieces])
        whole = joined([mesh for _, mesh in pieces])
        order = np.argsort(np.floor(places / CHUNK_M), kind="stable")
        self.mesh = Mesh(
            corners_m=whole.corners_m[order],
            uv=whole.uv[order],
            light=whole.light[order],
            texture=whole.texture[order],
        )
        self._chunk_m = CHUNK_M * np.floor(places[order] / CHUNK_M)

    def near(self, distance_m: float) -> slice:
        """Give the triangles to be seen from a place on the route, the nearest first."""
        first, last = np.searchsorted(
            self._chunk_m, (distance_m - _BEHIND_M, distance_m + _AHEAD_M)
        )
        return slice(int(first), int(last))

    def place(self, distance_m: FloatArray, right_m: FloatArray) -> FloatArray:
        """Give points beside the route, (x, z), shape (..., 2)."""
        along = np.asarray(distance_m, dtype=np.float64)
        shape = np.broadcast_shapes(along.shape, np.shape(right_m))
        flat = np.broadcast_to(along, shape).ravel()
        heading = self._route.heading_rad(flat)
        right = np.stack([np.cos(heading), -np.sin(heading)], axis=-1)
        aside = np.broadcast_to(right_m, shape).ravel()[:, None]
        return np.asarray((self._route.position_m(flat) + aside * right).reshape(*shape, 2))

    def _zone(self, distance_m: FloatArray) -> NDArray[np.str_]:
        return np.array(ZONES)[self._route.zone(distance_m)]

    def _ground(
        self, rng: np.random.Generator, textures: AtlasBuilder
    ) -> list[tuple[FloatArray, Mesh]]:
        start_m = np.arange(_BEGIN_M, self._route.length_m, _STEP_M)
        zone = self._zone(start_m)
        town = zone == "urban"
        tile = np.floor(start_m / ROAD_LENGTH_M).astype(int)
        kinds = rng.integers(0, _TEXTURES["road"], tile.max() - tile.min() + 1)
        road = np.array([textures[f"road {kind}"] for kind in kinds[tile - tile.min()]], np.int32)
        crossing = town & (np.floor(start_m / 140) != np.floor((start_m - _STEP_M) / 140))
        half_m = ROAD_WIDTH_M / 2
        pieces = []

        def strip(
            chosen: NDArray[np.bool_],
            from_m: tuple[float, float],
            to_m: tuple[float, float],
            texture: int | NDArray[np.int32],
            *,
            across: float,
            length_m: float,
            turned: bool = False,
        ) -> None:
            """Add a band between two lines, each (to the right, height) in m."""
            if not chosen.any():
                return
            begin = start_m[chosen]
            pair = np.stack([begin, begin + _STEP_M], axis=-1)
            corners = np.zeros((len(begin), 4, 3))
            for corner, (which, (right_m, height_m)) in enumerate(
                ((0, from_m), (0, to_m), (1, to_m), (1, from_m))
            ):
                corners[:, corner, [0, 2]] = self.place(pair[:, which], np.array(right_m))
                corners[:, corner, 1] = -height_m
            v0 = -((begin / length_m) % 1.0)
            v1 = v0 - _STEP_M / length_m
            left, right = np.zeros_like(v0), np.full_like(v0, across)
            uv = np.stack(
                [
                    np.stack([left, v0], -1),
                    np.stack([right, v0], -1),
                    np.stack([right, v1], -1),
                    np.stack([left, v1], -1),
                ],
                axis=1,
            )
            if turned:
                uv = uv[..., ::-1]
            along = np.stack([pair[:, 0], pair[:, 0], pair[:, 1], pair[:, 1]], axis=-1)
            aside = np.array([from_m[0], to_m[0], to_m[0], from_m[0]])
            light = self._daylight.on_ground(along, aside, self._zone(along))
            chosen_texture = texture if isinstance(texture, int) else texture[chosen]
            mesh = quads(corners, chosen_texture, uv=uv, light=light)
            pieces.append((np.repeat(begin, 2), mesh))

        everywhere = np.ones(len(start_m), dtype=np.bool_)
        strip(
            everywhere & ~crossing,
            (-half_m, 0),
            (half_m, 0),
            road,
            across=1.0,
            length_m=ROAD_LENGTH_M,
        )
        strip(crossing, (-half_m, 0), (half_m, 0), textures["zebra"], across=1.0, length_m=_STEP_M)
        kerb_m = LANE_WIDTH_M + STRIP_WIDTH_M
        town_or_suburb = zone != "open"
        for way in (-1, 1):
            edge, lip = way * half_m, way * kerb_m
            kerb, slab = way * (kerb_m + 0.02), way * (kerb_m + PAVEMENT_WIDTH_M)
            strip(
                town_or_suburb, (edge, 0), (lip, 0), textures["asphalt"], across=0.45, length_m=8.0
            )
            strip(town, (lip, 0), (kerb, 0.15), textures["kerb"], across=1, length_m=4, turned=True)
            strip(town, (kerb, 0.15), (slab, 0.15), textures["pavement"], across=1.4, length_m=8.0)
            strip(town, (slab, 0.15), (way * 22.0, 0.1), textures["soil"], across=2, length_m=8.0)
            verge = way * (half_m + 18)
            strip(zone == "open", (edge, 0), (lip, 0), textures["soil"], across=0.2, length_m=8.0)
            strip(~town, (lip, 0.0), (verge, 0.02), textures["grass"], across=2, length_m=8.0)
        return pieces


def far_ground(texture: int, light: float) -> Callable[[float, float], Mesh]:
    """Give what makes the plane around a point, just below the strips along the road."""
    lines = np.array(
        [-400, -250, -150, -90, -50, -20, 0, 20, 50, 90, 150, 250, 400], dtype=np.float64
    )
    x, z = np.meshgrid(lines, lines)
    corners = np.stack(
        [
            np.stack([x[:-1, :-1], z[:-1, :-1]], -1),
            np.stack([x[:-1, 1:], z[:-1, 1:]], -1),
            np.stack([x[1:, 1:], z[1:, 1:]], -1),
            np.stack([x[1:, :-1], z[1:, :-1]], -1),
        ],
        axis=2,
    ).reshape(-1, 4, 2)

    points = np.stack([corners[..., 0], np.full(corners.shape[:2], 0.06), corners[..., 1]], axis=-1)
    here = quads(points, texture, uv=corners / 8.0, light=light)

    def around(x_m: float, z_m: float) -> Mesh:
        # Whole textures, so that it doesn't slide along.
        origin = 8.0 * np.floor(np.array([x_m, 0.0, z_m]) / 8.0)
        return replace(here, corners_m=here.corners_m + origin.astype(np.float32))

    return around


def _add_textures(textures: AtlasBuilder, rng: np.random.Generator, daylight: Daylight) -> None:
    night = daylight.is_dark
    for number in range(_TEXTURES["road"]):
        textures.add(f"road {number}", surface_paint.road(rng, wet=daylight.is_wet))
    textures.add("zebra", surface_paint.zebra(rng))
    for name in ("asphalt", "pavement", "kerb", "soil", "grass"):
        textures.add(name, getattr(surface_paint, name)(rng))
    for number in range(_TEXTURES["wall"]):
        textures.add(f"wall {number}", surface_paint.wall(rng))
    for number in range(_TEXTURES["facade"]):
        textures.add(f"facade {number}", building_paint.facade(rng, night=night, shops=True))
    for number in range(_TEXTURES["plain"]):
        textures.add(f"plain {number}", building_paint.facade(rng, night=night, shops=False))
    for number in range(_TEXTURES["hoarding"]):
        textures.add(f"hoarding {number}", building_paint.hoarding(rng, night=night))
    for number in range(_TEXTURES["tree"]):
        textures.add(f"tree {number}", plant_paint.tree(rng))
    textures.add("bush", plant_paint.bush(rng))
    for kind in ("round", "triangle", "board"):
        textures.add(f"sign {kind}", building_paint.sign(rng, kind))
    textures.add("lamp", building_paint.lamp_head(night=night))
    textures.add("post", building_paint.post(rng))
