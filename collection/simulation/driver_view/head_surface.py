"""The skin of a head as triangles, with openings for the eyes."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from .eyelids import AROUND, RINGS, Eyelids, LidHeights
from .head_shape import CHIN_MM, EYE_X_MM, TOP_MM, HeadShape
from .surface import FloatArray, IntArray, Surface, normals_of, surface

EYES_FROM_NECK_M = (0.0, -0.15, 0.10)
"""From the pivot of the neck to between the eyes, head axes, m."""

_MAP_TOP_MM, _MAP_HIGH_MM = -124.0, 244.0
_MAP_RADIUS_MM = 72.0


def map_places(around_rad: FloatArray, y_mm: FloatArray) -> FloatArray:
    """Give places on the skin's map, (…, 2), in widths and heights of it."""
    return np.stack([around_rad / (2 * np.pi) + 0.5, (y_mm - _MAP_TOP_MM) / _MAP_HIGH_MM], axis=-1)


def places_of_map(uv: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give direction (rad) and height (mm) of places on the map, shape (…, 2)."""
    around = (uv[..., 0] - 0.5) * 2 * np.pi
    return around, uv[..., 1] * _MAP_HIGH_MM + _MAP_TOP_MM


def map_grid(size_px: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Give direction (rad) and height (mm) at each pixel of a picture of the map, (h, w) each."""
    width, height = size_px
    v, u = np.meshgrid(
        (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width, indexing="ij"
    )
    return places_of_map(np.stack([u, v], axis=-1))


@dataclass(frozen=True, kw_only=True, eq=False)
class HeadSurface:
    """A head's skin, head axes from the pivot of the neck.

    Attributes
    ----------
    skin
        With lids as they were made.
    lids
        The lids, and
    lid_points
        the numbers of their points in the skin: of the right and the left eye, shape (2, RINGS, AROUND).
    face_points
        Numbers of the points of the face (ear to ear, brow to chin), shape (k,).
    """

    skin: Surface
    lids: Eyelids
    lid_points: IntArray
    face_points: IntArray

    def with_lids(self, heights: LidHeights) -> Surface:
        """Give the skin with its lids elsewhere."""
        points = self.skin.points_m.copy()
        points[self.lid_points] = self.lid_places_m(heights)
        return replace(self.skin, points_m=points, normals=normals_of(points, self.skin.triangles))

    def lid_places_m(self, heights: LidHeights) -> FloatArray:
        """Give the lids' points of both eyes, shape (2, RINGS, AROUND, 3)."""
        right = self.lids.points_mm(heights) + np.array([EYE_X_MM, 0.0, 0.0])
        return _from_neck_m(np.stack([right, right * [-1.0, 1.0, 1.0]]))


def head_surface(shape: HeadShape, texture: int) -> HeadSurface:
    """Make the skin of a head; `texture` is the number of its map."""
    lids = Eyelids(shape)
    rings = lids.places_mm()
    ring_x = EYE_X_MM + rings[..., 0]
    around = shape.around_rad(ring_x, rings[..., 1])
    eyes = np.stack(
        [
            np.stack([around, rings[..., 1]], axis=-1),
            np.stack([-around, rings[..., 1]], axis=-1),
        ]
    )
    count = 2 * RINGS * AROUND
    places = np.concatenate([eyes.reshape(-1, 2), _other_places(shape, eyes[:, -1])])
    triangles = Delaunay(places * [_MAP_RADIUS_MM, 1.0]).simplices.astype(np.int64)
    lid_points = np.arange(count).reshape(2, RINGS, AROUND)
    eye_of = np.full(len(places), -1)
    eye_of[lid_points[0, 0]], eye_of[lid_points[1, 0]] = 0, 1
    of_corner = eye_of[triangles]
    in_opening = (of_corner >= 0).all(axis=1)
    triangles = _one_way_around(triangles[~in_opening], places)
    points = _from_neck_m(shape.points_mm(places[:, 0], places[:, 1]))
    skin = surface(points, triangles, map_places(places[:, 0], places[:, 1]), texture)
    in_face = (np.abs(places[:, 0]) < np.radians(72)) & (places[:, 1] > -48)
    head = HeadSurface(
        skin=skin, lids=lids, lid_points=lid_points, face_points=np.flatnonzero(in_face)
    )
    return replace(head, skin=head.with_lids(LidHeights(upper_mm=-4.9, lower_mm=5.0)))


def _other_places(shape: HeadShape, rims: FloatArray) -> FloatArray:
    """Give places of all points but the lids', closer where the face is more curved, shape (k, 2)."""
    zones = (  # half width of the zone, top and bottom, spacing; mm on the map
        (20.0, 30.0, 54.0, 2.8),
        (27.0, -22.0, 56.0, 4.2),
        (34.0, 56.0, 86.0, 3.8),
        (88.0, -60.0, CHIN_MM, 8.4),
        (np.pi * _MAP_RADIUS_MM, TOP_MM, CHIN_MM, 15.0),
    )
    found: list[FloatArray] = []
    finer: list[tuple[float, float, float]] = []
    for half, top, bottom, spacing in zones:
        across = np.linspace(-half, half, 2 * round(half / spacing) + 1)
        down = np.linspace(top, bottom, round((bottom - top) / spacing) + 1)
        x, y = (each.ravel() for each in np.meshgrid(across, down))
        keep = np.ones(len(x), dtype=np.bool_)
        for other_half, other_top, other_bottom in finer:
            room = spacing / 2
            inside = np.abs(x) < other_half + room
            keep &= ~(inside & (y > other_top - room) & (y < other_bottom + room))
        found.append(np.column_stack([x[keep] / _MAP_RADIUS_MM, y[keep]]))
        finer.append((half, top, bottom))
    places = np.concatenate(found)
    scale = np.array([_MAP_RADIUS_MM, 1.0])
    for rim in rims:
        centre = rim.mean(axis=0)
        reach = np.abs(rim - centre).max(axis=0) + 2.0 / scale
        away = (((places - centre) / reach) ** 2).sum(axis=1) > 1
        places = places[away]
    return places


def _one_way_around(triangles: IntArray, places: NDArray[np.float64]) -> IntArray:
    a, b, c = (places[triangles[:, k]] for k in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    turned = triangles.copy()
    # Seen from outside, x to the wearer's right runs to the left.
    turned[area > 0] = turned[area > 0][:, ::-1]
    return turned


def _from_neck_m(points_mm: FloatArray) -> FloatArray:
    return np.asarray(points_mm * 1e-3 + EYES_FROM_NECK_M, dtype=np.float64)
