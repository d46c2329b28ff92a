"""What a gyroscope and an accelerometer feel on a body that moves as a function of time."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from .poses import Poses

FloatArray = NDArray[np.float64]
Motion = Callable[[FloatArray], Poses]

GRAVITY_M_S2 = 9.80665
_STEP_S = 1e-3


def turning_deg_s(world_from_body: Motion, time_s: FloatArray) -> FloatArray:
    """Give the rate of rotation in the body's own axes, shape (n, 3), deg/s.

    Parameters
    ----------
    world_from_body
        The body's poses at times.
    time_s
        Shape (n,), s. The difference is taken over 2 ms about each.
    """
    before, after = (world_from_body(time_s + step).rotation for step in (-_STEP_S, _STEP_S))
    turned = Rotation.from_matrix(before.transpose(0, 2, 1) @ after)
    return np.asarray(np.degrees(turned.as_rotvec()) / (2 * _STEP_S), dtype=np.float64)


def specific_force_g(world_from_body: Motion, time_s: FloatArray) -> FloatArray:
    """Give what an accelerometer at the body's origin shows, in the body's axes, shape (n, 3), g.

    Acceleration minus gravity; at rest and level, with y down, that is (0, −1, 0).

    Parameters
    ----------
    world_from_body
        The body's poses at times.
    time_s
        Shape (n,), s. The second difference is taken over 2 ms about each.
    """
    here = world_from_body(time_s)
    before, after = (world_from_body(time_s + step).origin_m for step in (-_STEP_S, _STEP_S))
    force = (before + after - 2 * here.origin_m) / _STEP_S**2
    force[:, 1] -= GRAVITY_M_S2
    felt = (here.rotation.transpose(0, 2, 1) @ force[:, :, None])[:, :, 0] / GRAVITY_M_S2
    return np.asarray(felt, dtype=np.float64)
