"""How a simulated driver's head turns in the car."""

import numpy as np
from numpy.typing import NDArray

from .drive_plan import Glance
from .swing import Swing, turns

_RISE_S = 0.35


class HeadMotion:
    """Where the scene camera looks in the car, as a smooth function of time.

    Up to 8° to the sides, 4° up and down and 1.5° of tilt, the tremor of a head in a car, and glances.

    Parameters
    ----------
    seed
        Same seed, same motion.
    glances
        Quick turns to the mirrors and back.
    """

    def __init__(self, seed: int, glances: tuple[Glance, ...]) -> None:
        rng = np.random.default_rng([seed, 4])
        self._yaw = Swing(rng, ((5.0, 0.11), (2.5, 0.31), (0.04, 4.1)))
        self._pitch = Swing(rng, ((2.4, 0.16), (1.4, 0.43), (0.06, 4.3), (0.03, 8.7)))
        self._roll = Swing(rng, ((1.2, 0.13), (0.25, 0.5), (0.04, 6.2)))
        self._glances = glances

    def car_from_head(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the rotation from the scene camera's axes (x right, y down, z forward) to the car's.

        Parameters
        ----------
        time_s
            Times on the phone's clock, shape (n,).

        Returns
        -------
        NDArray[np.float64]
            Shape (n, 3, 3).
        """
        times = np.asarray(time_s, dtype=np.float64)
        yaw, pitch = self._yaw(times), self._pitch(times)
        for glance in self._glances:
            part = _there_and_back(times, glance.start_s, glance.end_s)
            yaw = yaw + glance.yaw_deg * part
            pitch = pitch + glance.pitch_deg * part
        return turns(yaw, pitch, self._roll(times))


def _there_and_back(
    time_s: NDArray[np.float64], start_s: float, end_s: float
) -> NDArray[np.float64]:
    """Rise from 0 to 1 after the start, and fall back before the end, without a jerk."""
    ramp = np.clip(np.minimum(time_s - start_s, end_s - time_s) / _RISE_S, 0, 1)
    return np.asarray(ramp**3 * (10 - 15 * ramp + 6 * ramp**2), dtype=np.float64)
