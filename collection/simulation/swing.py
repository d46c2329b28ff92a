"""Smooth motion to and fro, and rotations made of such."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation


class Swing:
    """A sum of oscillations with chance phases.

    Parameters
    ----------
    rng
        Random numbers.
    parts
        Amplitude and frequency (Hz) of each.
    """

    def __init__(self, rng: np.random.Generator, parts: tuple[tuple[float, float], ...]) -> None:
        self._amplitude, self._hz = np.array(parts).T
        self._phase = rng.uniform(0, 2 * np.pi, len(parts))

    def __call__(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give its values at times, shape (n,)."""
        angle = 2 * np.pi * np.asarray(time_s)[:, None] * self._hz + self._phase
        return np.asarray(np.sin(angle) @ self._amplitude, dtype=np.float64)


def turns(
    yaw_deg: NDArray[np.float64], pitch_deg: NDArray[np.float64], roll_deg: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give rotations to the right, up and clockwise, from the turned axes to those at rest.

    Axes are x right, y down, z forward; all of shape (n,), giving (n, 3, 3).
    """
    angles = np.column_stack([yaw_deg, pitch_deg, roll_deg])
    matrices = Rotation.from_euler("YXZ", angles, degrees=True).as_matrix()
    return np.asarray(matrices, dtype=np.float64)
