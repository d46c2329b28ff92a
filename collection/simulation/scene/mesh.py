"""Triangles of the simulated world, in their body's axes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Mesh:
    """Triangles with textures.

    Attributes
    ----------
    corners_m
        Shape (n, 3, 3): triangle, corner, (x, y, z), m. Both sides of a triangle are seen.
    uv
        Place of each corner in its texture, in widths and heights of it, shape (n, 3, 2); textures repeat.
    light
        How much daylight each corner gets, 0 … about 1.5, shape (n, 3).
    texture
        Number of each triangle's texture, shape (n,).
    """

    corners_m: FloatArray
    uv: FloatArray
    light: FloatArray
    texture: NDArray[np.int32]

    def __len__(self) -> int:
        """Count the triangles."""
        return len(self.texture)

    def moved(self, rotation: NDArray[np.float64], origin_m: NDArray[np.float64]) -> "Mesh":
        """Give the mesh in other axes; `rotation` of shape (3, 3) takes its own to the new ones."""
        corners = self.corners_m @ np.asarray(rotation, dtype=np.float32).T + np.asarray(
            origin_m, dtype=np.float32
        )
        return Mesh(
            corners_m=np.ascontiguousarray(corners, dtype=np.float32),
            uv=self.uv,
            light=self.light,
            texture=self.texture,
        )

    def nearest_first(self, point_m: tuple[float, float, float]) -> "Mesh":
        """Give the same triangles in order of how far they are from a point: less is drawn twice."""
        away = np.linalg.norm(self.corners_m.mean(axis=1) - np.array(point_m), axis=1)
        order = np.argsort(away, kind="stable")
        return Mesh(
            corners_m=self.corners_m[order],
            uv=self.uv[order],
            light=self.light[order],
            texture=self.texture[order],
        )


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """Put meshes into one, in their order."""
    if not meshes:
        return Mesh(
            corners_m=np.zeros((0, 3, 3), np.float32),
            uv=np.zeros((0, 3, 2), np.float32),
            light=np.zeros((0, 3), np.float32),
            texture=np.zeros(0, np.int32),
        )
    return Mesh(
        corners_m=np.concatenate([mesh.corners_m for mesh in meshes]),
        uv=np.concatenate([mesh.uv for mesh in meshes]),
        light=np.concatenate([mesh.light for mesh in meshes]),
        texture=np.concatenate([mesh.texture for mesh in meshes]),
    )


def quads(
    corners_m: NDArray[np.float64],
    texture: int | NDArray[np.int32],
    *,
    uv: NDArray[np.float64] | None = None,
    light: float | NDArray[np.float64] = 1.0,
) -> Mesh:
    """Make a mesh of four-cornered faces.

    Parameters
    ----------
    corners_m
        Shape (n, 4, 3), around the face: lower left, lower right, upper right, upper left of the texture.
    texture
        Number of the texture, or one for each face, shape (n,).
    uv
        Place of the corners in it, shape (n, 4, 2); the whole texture if not given.
    light
        A number, one for each face (n,), or one for each corner (n, 4).
    """
    count = len(corners_m)
    if uv is None:
        uv = np.broadcast_to(
            np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]), (count, 4, 2)
        )
    lit = np.asarray(light, dtype=np.float64)
    lit = np.broadcast_to(lit[:, None] if lit.ndim == 1 else lit, (count, 4))
    order = np.array([[0, 1, 2], [0, 2, 3]])
    return Mesh(
        corners_m=np.ascontiguousarray(corners_m[:, order].reshape(-1, 3, 3), dtype=np.float32),
        uv=np.ascontiguousarray(uv[:, order].reshape(-1, 3, 2), dtype=np.float32),
        light=np.ascontiguousarray(lit[:, order].reshape(-1, 3), dtype=np.float32),
        texture=np.repeat(np.broadcast_to(np.asarray(texture, dtype=np.int32), (count,)), 2),
    )
