"""How a simulated car turns: gentle bends, a little pitching, and the vibration of road and engine."""

import numpy as np
from numpy.typing import NDArray

from .swing import Swing, turns


class CarMotion:
    """Where the car heads in the world, as a smooth function of time.

    Parameters
    ----------
    seed
        Same seed, same motion.
    """

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([seed, 3])
        self._yaw = Swing(rng, ((11.5, 0.037), (3.0, 0.09)))
        self._pitch = Swing(rng, ((0.5, 0.12), (0.3, 0.9), (0.05, 1.7), (0.02, 9.3)))
        self._roll = Swing(rng, ((0.5, 0.06), (0.1, 1.3)))

    def world_from_car(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the rotation from the car's axes (x right, y down, z forward) to the world's.

        Parameters
        ----------
        time_s
            Times on the phone's clock, shape (n,).

        Returns
        -------
        NDArray[np.float64]
            Shape (n, 3, 3).
        """
        return turns(self._yaw(time_s), self._pitch(time_s), self._roll(time_s))
