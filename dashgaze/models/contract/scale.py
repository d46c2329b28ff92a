"""Between pixels and degrees and the numbers that networks learn."""

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


def cov_px2_from_unit(covariance: FloatArray, size_px: FloatArray) -> FloatArray:
    """Bring covariances (xx, xy, yy) of points in −1 … 1 to px², shape (n, 3)."""
    half = np.asarray(size_px, dtype=np.float64) / 2.0
    factors = np.stack([half[:, 0] ** 2, half[:, 0] * half[:, 1], half[:, 1] ** 2], axis=1)
    return covariance * factors


def direction(angle_deg: FloatArray) -> FloatArray:
    """Turn azimuth (right positive) and elevation (up positive) into unit vectors.

    Axes are those of `schemas.frame_table.HEAD` (x right, y down, z forward), and the angles those of
    its ``gaze_azimuth_deg`` and ``gaze_elevation_deg``.

    Parameters
    ----------
    angle_deg
        Shape (n, 2).

    Returns
    -------
    ndarray
        Shape (n, 3).
    """
    azimuth, elevation = np.radians(angle_deg).T
    return np.stack(
        [
            np.cos(elevation) * np.sin(azimuth),
            -np.sin(elevation),
            np.cos(elevation) * np.cos(azimuth),
        ],
        axis=1,
    )


def _beside(size_px: FloatArray, points: FloatArray) -> FloatArray:
    """Give sizes the number of axes that points have."""
    size = np.asarray(size_px, dtype=np.float64)
    return size.reshape(len(size), *([1] * (points.ndim - 2)), 2)
