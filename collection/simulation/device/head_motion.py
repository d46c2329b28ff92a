"""How the simulated wearer's head moves: slowly, around upright."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .options import DeviceKind

_SWINGS = ((0.31, 6.0, 1), (0.13, 4.0, 0), (0.07, 2.0, 2))
"""Frequency (Hz), size (deg/s) and axis of each swing."""
_BUMP_HZ, _BUMP_G = 1.7, 0.02
# Specific force at rest, along the device's axes: a Pupil Invisible's y points down, a Neon's z up.
_UPRIGHT_G = {"pupil_invisible": (0.0, -0.98, 0.0), "neon": (0.0, 0.0, 1.0)}


def head_motion(
    time_ns: NDArray[np.int64], kind: DeviceKind, *, seed: int = 0
) -> tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]:
    """Give what the inertial sensor measures, a function of time alone.

    Parameters
    ----------
    time_ns
        Shape (n,).
    kind
        Decides the axes.
    seed
        Shifts the swings.

    Returns
    -------
    gyro_deg_s, accel_g
        Shape (n, 3).
    """
    # float64 does not hold Unix time to the microsecond and more; an hour of it does.
    time_s = (time_ns % (3600 * 10**9)) / 1e9
    phase = float(seed % 628) / 100
    gyro = np.zeros((len(time_s), 3))
    for frequency_hz, size_deg_s, axis in _SWINGS:
        gyro[:, axis] += size_deg_s * np.sin(2 * np.pi * frequency_hz * time_s + phase)
    accel = np.tile(np.array(_UPRIGHT_G[kind]), (len(time_s), 1))
    accel += (_BUMP_G * np.sin(2 * np.pi * _BUMP_HZ * time_s + phase))[:, np.newaxis]
    return gyro, accel
