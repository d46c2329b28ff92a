"""Between pixels and degrees and the numbers that networks learn."""

import numpy as np
from numpy.typing import NDArray

from dashgaze.densities.unit_square import px_from_unit, unit_from_px

__all__ = ["FloatArray", "cov_px2_from_unit", "direction", "px_from_unit", "unit_from_px"]

FloatArray = NDArray[np.float64]


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
