"""The turn of the head between two maps, from what they do to points that both see."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dashgaze.compiled import compiled

from .homography.refinement import solve
from .rotation import nearest_rotation, rotation_vector

_GRID = 5
_MARGIN = 0.15
_STEPS = 3


@lru_cache(maxsize=8)
def _middle_points(height_part: float) -> NDArray[np.float64]:
    across = np.linspace(-0.5 + _MARGIN, 0.5 - _MARGIN, _GRID)
    x, y = np.meshgrid(across, across * height_part)
    return np.column_stack([x.ravel(), y.ravel(), np.ones(x.size)])


def middle_rays(normal_map: NDArray[np.float64], height_part: float) -> NDArray[np.float64]:
    """Give the rays that a map takes to the middle part of the road picture, shape (n, 3).

    Parameters
    ----------
    normal_map
        Map of rays to road widths, shape (3, 3).
    height_part
        Height of the road picture divided by its width.
    """
    points = _middle_points(height_part)
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
    return rotation_vector(_refined(earlier, later, rays, turn))


@compiled
def _refined(
    earlier: NDArray[np.float64],
    later: NDArray[np.float64],
    rays: NDArray[np.float64],
    start: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Take Gauss-Newton steps from a turn, shape (3, 3), to the one that explains the images of rays."""
    turn, moved = start.copy(), np.empty((3, 3))
    normal, right, slope = np.empty((3, 3)), np.empty(3), np.empty(3)
    for _ in range(_STEPS):
        for i in range(3):
            for j in range(3):
                moved[i, j] = (
                    earlier[i, 0] * turn[0, j]
                    + earlier[i, 1] * turn[1, j]
                    + earlier[i, 2] * turn[2, j]
                )
        normal[:] = 0.0
        right[:] = 0.0
        for n in range(len(rays)):
            x, y, z = rays[n]
            depth = moved[2, 0] * x + moved[2, 1] * y + moved[2, 2] * z
            goal_depth = later[2, 0] * x + later[2, 1] * y + later[2, 2] * z
            for i in range(2):
                here = (moved[i, 0] * x + moved[i, 1] * y + moved[i, 2] * z) / depth
                goal = (later[i, 0] * x + later[i, 1] * y + later[i, 2] * z) / goal_depth
                # exp([δ]×) r = r + δ × r, and row · (δ × r) = δ · (r × row)
                a = (moved[i, 0] - here * moved[2, 0]) / depth
                b = (moved[i, 1] - here * moved[2, 1]) / depth
                c = (moved[i, 2] - here * moved[2, 2]) / depth
                slope[0], slope[1], slope[2] = y * c - z * b, z * a - x * c, x * b - y * a
                for j in range(3):
                    right[j] += slope[j] * (goal - here)
                    for k in range(3):
                        normal[j, k] += slope[j] * slope[k]
        if not solve(normal, right):
            break
        turn = turn @ _small_turn(right)
    return turn


@compiled
def _small_turn(v: NDArray[np.float64]) -> NDArray[np.float64]:
    """Do what `rotation_matrix` does, compiled."""
    angle = np.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2])
    sine, cosine = 1.0, 0.5
    if angle > 1e-8:
        sine, cosine = np.sin(angle) / angle, (1 - np.cos(angle)) / angle**2
    cross = np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])
    turn: NDArray[np.float64] = np.eye(3) + sine * cross + cosine * (cross @ cross)
    return turn
