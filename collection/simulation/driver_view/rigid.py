"""Rigid maps between axes, target_from_source: a rotation and, in the last column, an origin; shape (3, 4)."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def rigid(rotation: FloatArray, origin_m: FloatArray) -> FloatArray:
    """Put a rotation, shape (3, 3), and the source's origin in the target's axes, (3,), together."""
    return np.column_stack([rotation, origin_m])


def moved(origin_m: FloatArray) -> FloatArray:
    """Give a map that only shifts."""
    return rigid(np.eye(3), origin_m)


def after(second: FloatArray, first: FloatArray) -> FloatArray:
    """Chain two maps; the first one is done first."""
    return rigid(second[:, :3] @ first[:, :3], second[:, :3] @ first[:, 3] + second[:, 3])


def source_origin(target_from_source: FloatArray) -> FloatArray:
    """Give where the target's origin is in the source's axes, shape (3,)."""
    return np.asarray(-target_from_source[:, :3].T @ target_from_source[:, 3], dtype=np.float64)
