"""The turn of the head between two maps, from what they do to points that both see."""

import numpy as np
from numpy.typing import NDArray

from .rotation import nearest_rotation, rotation_matrix, rotation_vector

_GRID = 5
_MARGIN = 0.15
_STEPS = 3


def middle_rays(normal_map: NDArray[np.float64], height_part: float) -> NDArray[np.float64]:
    """Give the rays that a map takes to the middle part of the road picture, shape (n, 3).

    Parameters
    ----------
    normal_map
        Map of rays to road widths, shape (3, 3).
    height_part
        Height of the road picture divided by its width.
    """
    across = np.linspace(-0.5 + _MARGIN, 0.5 - _MARGIN, _GRID)
    x, y = np.meshgrid(across, across * height_part)
    points = np.column_stack([x.ravel(), y.ravel(), np.ones(x.size)])
    rays = points @ np.linalg.inv(normal_map).T
    ahead = np.sign(rays @ normal_map[2])
    return np.asarray(rays / np.linalg.norm(rays, axis=1)[:, None] * ahead[:, None])


def turn_between_maps(
    earlier: NDArray[np.float64], later: NDArray[np.float64], height_part: float
) -> NDArray[np.float64]:
    """Find the turn of the head that best explains how one map became another.

    It is the one after which the earlier map takes the rays to where the later map has them, in the
    middle of the road picture. What two maps say of places that neither was matched in has no weight.

    Parameters
    ----------
    earlier, later
        Maps of rays to road widths, shape (3, 3).
    height_part
        Height of the road picture divided by its width.

    Returns
    -------
    NDArray[np.float64]
        Rotation vector, radians, shape (3,).
    """
    turn = nearest_rotation(np.asarray(np.linalg.solve(earlier, later), dtype=np.float64))
    rays = middle_rays(later, height_part)
    goal = _project(later, rays)
    for _ in range(_STEPS):
        moved = earlier @ turn
        image = rays @ moved.T
        here = image[:, :2] / image[:, 2:]
        slope = _slopes(moved, rays, image, here)
        step, *_ = np.linalg.lstsq(slope.reshape(-1, 3), (goal - here).reshape(-1), rcond=None)
        turn = np.asarray(turn @ rotation_matrix(np.asarray(step, dtype=np.float64)))
    return rotation_vector(turn)


def _project(normal_map: NDArray[np.float64], rays: NDArray[np.float64]) -> NDArray[np.float64]:
    image = rays @ normal_map.T
    return np.asarray(image[:, :2] / image[:, 2:])


def _slopes(
    normal_map: NDArray[np.float64],
    rays: NDArray[np.float64],
    image: NDArray[np.float64],
    here: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Give the derivatives of images by a further turn, shape (n, 2, 3)."""
    # exp([δ]×) r = r + δ × r, so the image moves by map · [r]×ᵀ δ
    x, y, z = rays.T
    nothing = np.zeros_like(x)
    cross = np.stack(
        [
            np.stack([nothing, z, -y], axis=1),
            np.stack([-z, nothing, x], axis=1),
            np.stack([y, -x, nothing], axis=1),
        ],
        axis=1,
    )
    moved = normal_map @ cross
    return np.asarray((moved[:, :2] - here[:, :, None] * moved[:, 2:]) / image[:, 2, None, None])
