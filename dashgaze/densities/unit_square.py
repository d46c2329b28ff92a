"""Points of pictures of any size, brought to one square."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def unit_from_px(points_px: FloatArray, size_px: FloatArray) -> FloatArray:
    """Bring points of pictures to −1 … 1.

    Pixel centres are integers: the picture's left edge, at −0.5 px, is −1, its right edge is 1.

    Parameters
    ----------
    points_px
        Shape (n, …, 2).
    size_px
        Width and height of each picture, shape (n, 2).

    Returns
    -------
    ndarray
        Shape (n, …, 2). Points beyond the picture are beyond ±1.
    """
    size = _beside(size_px, points_px)
    return (points_px + 0.5) / size * 2.0 - 1.0


def px_from_unit(points: FloatArray, size_px: FloatArray) -> FloatArray:
    """Undo `unit_from_px`."""
    return (points + 1.0) / 2.0 * _beside(size_px, points) - 0.5


def _beside(size_px: FloatArray, points: FloatArray) -> FloatArray:
    """Give sizes the number of axes that points have."""
    size = np.asarray(size_px, dtype=np.float64)
    return size.reshape(len(size), *([1] * (points.ndim - 2)), 2)
