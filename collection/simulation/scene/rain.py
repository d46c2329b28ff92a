"""Rain as cameras in a car see it: streaks outside, drops on the windscreen until the wiper comes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..picture_planes import Plane
from .atlas import AtlasBuilder, paint
from .mesh import Mesh, quads
from .surface_paint import flat

WIPE_S = 1.4
_SETS = 3
_STREAK_PICTURES = 6
_DROPS = 260


class Drops:
    """Drops on the windscreen, in the car's axes: other ones after each wipe, more and more until the next.

    Parameters
    ----------
    textures
        The texture is added here.
    rng
        Random numbers.
    """

    def __init__(self, textures: AtlasBuilder, rng: np.random.Generator) -> None:
        shape = (16, 16)
        picture, hole = flat(shape, (150.0, 150.0, 150.0)), np.ones(shape, dtype=np.uint8)
        picture *= np.linspace(0.45, 1.3, 16, dtype=np.float32)[:, None, None]
        cv2.circle(hole, (8, 8), 7, 0, -1)
        texture = textures.add("drop", paint(picture, hole=hole.astype(np.bool_)))
        self._sets = [_scattered(rng, texture) for _ in range(_SETS)]

    def at(self, time_s: float) -> tuple[Mesh, slice]:
        """Give those of a moment: triangles, and which of them are there already."""
        number, part = divmod(time_s / WIPE_S, 1.0)
        mesh = self._sets[int(number) % _SETS]
        return mesh, slice(0, 2 * int(part * len(mesh) / 2))


def _scattered(rng: np.random.Generator, texture: int) -> Mesh:
    """Scatter drops over the plane of the windscreen."""
    foot, head = np.array([0.0, -0.965, 0.95]), np.array([0.0, -1.37, 0.40])
    across, up = rng.uniform(-0.62, 0.62, _DROPS), rng.uniform(0, 1, _DROPS)
    middle = foot + up[:, None] * (head - foot) + across[:, None] * np.array([1.0, 0, 0])
    half = rng.uniform(0.0012, 0.0035, _DROPS)[:, None]
    right, along = np.array([1.0, 0, 0]), (head - foot) / np.linalg.norm(head - foot)
    corners = np.stack(
        [
            middle - half * right - half * along,
            middle + half * right - half * along,
            middle + half * right + half * along,
            middle - half * right + half * along,
        ],
        axis=1,
    )
    return quads(corners, texture)


class Streaks:
    """Falling rain: faint bright lines over a picture, other ones in each frame.

    Parameters
    ----------
    size_px
        Width and height of the picture.
    rng
        Random numbers.
    strength
        Brightness of the lines, grey levels.
    """

    def __init__(self, size_px: tuple[int, int], rng: np.random.Generator, strength: float) -> None:
        width, height = size_px
        self._pictures: list[NDArray[np.uint8]] = []
        for _ in range(_STREAK_PICTURES):
            picture = np.zeros((height, width), dtype=np.uint8)
            for _ in range(240):
                x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
                length = int(rng.integers(height // 30, height // 10))
                tone = int(strength * rng.uniform(0.4, 1.0))
                cv2.line(picture, (x, y), (x + length // 9, y + length), tone, 1, cv2.LINE_AA)
            self._pictures.append(np.asarray(cv2.GaussianBlur(picture, (3, 5), 0), np.uint8))

    def __call__(self, plane: Plane, index: int) -> Plane:
        """Lay those of a frame over its brightness."""
        return np.asarray(cv2.add(plane, self._pictures[index % _STREAK_PICTURES]), dtype=np.uint8)
