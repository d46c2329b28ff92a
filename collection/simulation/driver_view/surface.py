"""Curved skins of triangles with common corners."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..scene.mesh import Mesh

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Surface:
    """Triangles that share their corners, so that light runs smoothly over them.

    Attributes
    ----------
    points_m
        Shape (v, 3), m.
    triangles
        Numbers of their points, shape (t, 3), the same way around as seen from outside.
    uv
        Place of each point in its texture, shape (v, 2).
    texture
        Number of each triangle's texture, shape (t,).
    normals
        Outward directions, shape (v, 3).
    """

    points_m: FloatArray
    triangles: IntArray
    uv: FloatArray
    texture: NDArray[np.int32]
    normals: FloatArray

    def mesh(self, light: FloatArray) -> Mesh:
        """Give it as the rasteriser takes it; `light` of each point, shape (v,)."""
        return Mesh(
            corners_m=np.ascontiguousarray(self.points_m[self.triangles], dtype=np.float32),
            uv=np.ascontiguousarray(self.uv[self.triangles], dtype=np.float32),
            light=np.ascontiguousarray(light[self.triangles], dtype=np.float32),
            texture=self.texture,
        )


def relit(mesh: Mesh, triangles: IntArray, light: FloatArray) -> Mesh:
    """Give a surface's mesh under other light of its points, without gathering the rest again."""
    return Mesh(
        corners_m=mesh.corners_m,
        uv=mesh.uv,
        light=light.astype(np.float32)[triangles],
        texture=mesh.texture,
    )


def facing(points_m: FloatArray, triangles: IntArray, eye_m: FloatArray) -> NDArray[np.bool_]:
    """Say which triangles turn their outside to a point, shape (t,)."""
    a, b, c = (points_m[triangles[:, k]] for k in range(3))
    # Three times as fast as np.cross for so few triangles.
    (ax, ay, az), (bx, by, bz), (ex, ey, ez) = (b - a).T, (c - a).T, (eye_m - a).T
    volume = (ay * bz - az * by) * ex + (az * bx - ax * bz) * ey + (ax * by - ay * bx) * ez
    return np.asarray(volume < 0)


def surface(
    points_m: FloatArray, triangles: IntArray, uv: FloatArray, texture: int, *, flip: bool = False
) -> Surface:
    """Make a surface; `flip` where its triangles go the other way around."""
    around = triangles[:, ::-1] if flip else triangles
    return Surface(
        points_m=points_m,
        triangles=np.ascontiguousarray(around),
        uv=uv,
        texture=np.full(len(triangles), texture, dtype=np.int32),
        normals=normals_of(points_m, around),
    )


def grid_surface(
    points_m: FloatArray,
    texture: int,
    *,
    uv: FloatArray | None = None,
    flip: bool = False,
) -> Surface:
    """Make a surface of a grid of points.

    Parameters
    ----------
    points_m
        Shape (rows, columns, 3); outside is where columns go right and rows down.
    texture
        Number of the texture, laid once over the grid unless
    uv
        gives the place of each point, shape (rows, columns, 2).
    flip
        Outside is the other side.
    """
    rows, columns = points_m.shape[:2]
    number = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]
    triangles = np.stack(
        [np.stack([a, b, d], axis=-1), np.stack([b, c, d], axis=-1)], axis=2
    ).reshape(-1, 3)
    if uv is None:
        v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
        uv = np.stack([u, v], axis=-1)
    return surface(points_m.reshape(-1, 3), triangles, uv.reshape(-1, 2), texture, flip=flip)


def joined_surfaces(surfaces: Sequence[Surface]) -> Surface:
    """Put surfaces into one, points and triangles in their order."""
    starts = np.cumsum([0, *(len(each.points_m) for each in surfaces[:-1])])
    return Surface(
        points_m=np.concatenate([each.points_m for each in surfaces]),
        triangles=np.concatenate(
            [each.triangles + start for each, start in zip(surfaces, starts, strict=True)]
        ),
        uv=np.concatenate([each.uv for each in surfaces]),
        texture=np.concatenate([each.texture for each in surfaces]),
        normals=np.concatenate([each.normals for each in surfaces]),
    )


def normals_of(points_m: FloatArray, triangles: IntArray) -> FloatArray:
    """Give the mean direction, by area, of the triangles around each point, shape (v, 3)."""
    a, b, c = (points_m[triangles[:, k]] for k in range(3))
    across = np.cross(c - a, b - a)
    total = np.zeros_like(points_m)
    for k in range(3):
        np.add.at(total, triangles[:, k], across)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(total / np.maximum(length, 1e-12), dtype=np.float64)
