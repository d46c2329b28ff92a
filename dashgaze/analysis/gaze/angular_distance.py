"""Angles between directions."""

import numpy as np

from ..contract.study import FloatArray


def angular_distance_deg(one_deg: FloatArray, other_deg: FloatArray) -> FloatArray:
    """Give the angle between directions (haversine formula), shape (n,), deg.

    Parameters
    ----------
    one_deg, other_deg
        Azimuth and elevation, shapes (n, 2), or (2,) for the same one everywhere.
    """
    one, other = np.radians(one_deg), np.radians(other_deg)
    half = np.sin((other - one) / 2) ** 2
    across = np.cos(one[..., 1]) * np.cos(other[..., 1]) * half[..., 0]
    return np.asarray(
        2 * np.degrees(np.arcsin(np.sqrt(np.clip(half[..., 1] + across, 0.0, 1.0)))),
        dtype=np.float64,
    )
