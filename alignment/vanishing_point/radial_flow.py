"""Flow of a camera that moves on and turns: what turning adds, and what is left is radial.

With p the place of a point in the first picture (tangents to the right and down), q in the second, ω the turn
of the camera in between (rad, about its axes x right, y down, z forward) and f the focus of expansion in the
first picture, ::

    w = q - p - B(q) ω              flow without the turn
    r = (p - f) × w / |p - f|       its part across the ray from f: zero for what stands still

        ⎡ x y    -(1 + x²)   y ⎤
    B = ⎢                      ⎥
        ⎣ 1 + y²   -x y     -x ⎦

ω_y > 0 is a turn to the right, ω_x > 0 one upwards (Longuet-Higgins and Prazdny, Proc. R. Soc. Lond. B 208,
1980, doi 10.1098/rspb.1980.0057).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

LEAST_RADIUS = 1e-4


def turn_matrix(points: FloatArray) -> FloatArray:
    """Give B: how points move with small turns, shape (..., 2) to (..., 2, 3)."""
    x, y = points[..., 0], points[..., 1]
    rows = np.stack([x * y, -(1 + x * x), y, 1 + y * y, -x * y, -x], axis=-1)
    return np.asarray(rows.reshape(*points.shape[:-1], 2, 3), dtype=np.float64)


def turned_back(points: FloatArray, turn_rad: FloatArray) -> FloatArray:
    """Give where points of the second picture, shape (n, 2), would be had the camera not turned."""
    rotation, _ = cv2.Rodrigues(np.asarray(turn_rad, dtype=np.float64))
    rays = np.column_stack([points, np.ones(len(points))]) @ rotation.T
    return np.asarray(rays[:, :2] / rays[:, 2:], dtype=np.float64)


def outward(from_points: FloatArray, flow: FloatArray, focus: FloatArray) -> FloatArray:
    """Give the part of the flow away from a focus.

    Parameters
    ----------
    from_points, flow
        Shape (..., n, 2), without the turn.
    focus
        Shape (..., 2).
    """
    ray = from_points - focus[..., None, :]
    radius = np.maximum(np.hypot(ray[..., 0], ray[..., 1]), LEAST_RADIUS)
    along = ray[..., 0] * flow[..., 0] + ray[..., 1] * flow[..., 1]
    return np.asarray(along / radius, dtype=np.float64)


def slopes(
    from_points: FloatArray, flow: FloatArray, focus: FloatArray, turns: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give the part of the flow across the rays from a focus, and its derivatives by focus (2) and turn (3).

    Parameters
    ----------
    from_points, flow, focus
        As for `outward`.
    turns
        B at the ends of the flow, shape (..., n, 2, 3).

    Returns
    -------
    residual, jacobian
        Shape (..., n) and (..., n, 5).
    """
    ray = from_points - focus[..., None, :]
    radius = np.maximum(np.hypot(ray[..., 0], ray[..., 1]), LEAST_RADIUS)
    unit = ray / radius[..., None]
    residual = unit[..., 0] * flow[..., 1] - unit[..., 1] * flow[..., 0]
    by_x = (-flow[..., 1] + residual * unit[..., 0]) / radius
    by_y = (flow[..., 0] + residual * unit[..., 1]) / radius
    by_turn = -unit[..., 0, None] * turns[..., 1, :] + unit[..., 1, None] * turns[..., 0, :]
    jacobian = np.concatenate([by_x[..., None], by_y[..., None], by_turn], axis=-1)
    return np.asarray(residual, dtype=np.float64), np.asarray(jacobian, dtype=np.float64)
