"""What a camera's picture is drawn on."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..picture_planes import Plane, Planes
from .atlas import Atlas
from .mesh import Mesh
from .rasteriser import draw_triangles


@dataclass(frozen=True, kw_only=True)
class Lighting:
    """Light and air of a picture.

    Attributes
    ----------
    ambient
        Factor of the daylight at each corner.
    haze_per_m
        How fast things fade into the haze: ``exp(-haze_per_m · distance)`` is left.
    haze
        Brightness of the haze, 0 … 255.
    headlamp
        Light of the own car's lamps where it is brightest.
    glow
        Factor of what shines by itself.
    """

    ambient: float = 1.0
    haze_per_m: float = 0.0
    haze: float = 180.0
    headlamp: float = 0.0
    glow: float = 1.0

    @cached_property
    def numbers(self) -> NDArray[np.float32]:
        """Give them as the rasteriser takes them, shape (5,)."""
        return np.array(
            [self.ambient, self.haze_per_m, self.haze, self.headlamp, self.glow], dtype=np.float32
        )


class Canvas:
    """A picture that triangles are drawn into, with the depth of each pixel.

    Parameters
    ----------
    size_px
        Width and height, even.
    matrix
        Camera matrix of the pinhole that it is seen through, shape (3, 3), px.
    """

    def __init__(self, size_px: tuple[int, int], matrix: NDArray[np.float64]) -> None:
        width, height = size_px
        self.y: Plane = np.zeros((height, width), dtype=np.uint8)
        self.u: Plane = np.zeros((height // 2, width // 2), dtype=np.uint8)
        self.v: Plane = np.zeros((height // 2, width // 2), dtype=np.uint8)
        self.nearness = np.zeros((height, width), dtype=np.float32)
        """1 / depth, 1/m; 0 where nothing is drawn."""
        self.matrix = np.asarray(matrix, dtype=np.float64)
        self._numbers = np.array(
            [matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]], dtype=np.float32
        )

    def clear(self, tone: int = 16) -> None:
        """Empty the picture."""
        self.y.fill(tone)
        self.u.fill(128)
        self.v.fill(128)
        self.nearness.fill(0)

    def draw(
        self,
        mesh: Mesh,
        atlas: Atlas,
        camera_from_body: NDArray[np.float64],
        lighting: Lighting,
        *,
        car_from_camera: NDArray[np.float64] | None = None,
        part: slice = slice(None),
    ) -> None:
        """Draw triangles; what is hidden by nearer ones stays hidden.

        Parameters
        ----------
        mesh, atlas
            The triangles and their textures.
        camera_from_body
            From the mesh's axes to the camera's (x right, y down, z forward), shape (3, 4), m.
        lighting
            Light and air.
        car_from_camera
            From the camera's axes to the own car's, shape (3, 4): where the headlamps are.
        part
            Which triangles.
        """
        draw_triangles(
            mesh.corners_m[part],
            mesh.uv[part],
            mesh.light[part],
            mesh.texture[part],
            np.ascontiguousarray(camera_from_body, dtype=np.float64),
            self._numbers,
            lighting.numbers,
            np.ascontiguousarray(
                np.eye(3, 4) if car_from_camera is None else car_from_camera, dtype=np.float32
            ),
            atlas.texels,
            atlas.starts,
            atlas.widths,
            atlas.heights,
            atlas.levels,
            self.y,
            self.u,
            self.v,
            self.nearness,
        )

    def planes(self) -> Planes:
        """Give the picture; it is the canvas' own memory."""
        return Planes(self.y, self.u, self.v)
