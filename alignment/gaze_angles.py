"""Gaze direction in angles of the scene camera."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .camera import undistort_points


def gaze_angles_deg(
    points_px: ArrayLike, matrix: ArrayLike, distortion: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give azimuth and elevation of scene camera pixels, as the device's maker defines them.

    With (x, y) the undistorted normalised point ::

        azimuth = atan x,   elevation = -asin(y / √(x² + y² + 1))

    so that azimuth is the angle about the camera's vertical axis and elevation the angle to its
    horizontal plane. (Elevation is not -atan y.) Agrees with Pupil Cloud to 1e-4 deg.

    Parameters
    ----------
    points_px
        Distorted pixels, shape (n, 2), px; may lie outside of the image.
    matrix, distortion
        Camera matrix and coefficients as for `dashgaze.alignment.camera.undistort_points`.

    Returns
    -------
    azimuth_deg, elevation_deg
        Each of shape (n,), deg: right and up positive. NaN where the pixel has no ray.
    """
    x, y = undistort_points(points_px, matrix, distortion).T
    # atan2 instead of asin: the same angle, without its loss of digits near ±90°
    elevation = -np.arctan2(y, np.sqrt(x * x + 1.0))
    return np.degrees(np.arctan(x)), np.degrees(elevation)
