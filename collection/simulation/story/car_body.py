"""How a simulated car's body moves on its springs."""

import numpy as np
from numpy.typing import NDArray

from ..swing import Swing

FloatArray = NDArray[np.float64]

PITCH_DEG_PER_M_S2 = 0.45
"""Of gaining speed: the nose rises; in braking it dives."""
ROLL_DEG_PER_M_S2 = 0.55
"""Of sideways acceleration: the body leans out of a bend."""

_ROUGHNESS = np.array([1.25, 1.0, 0.7])
"""Of the road by zone, in the order of `ZONES`."""


class CarBody:
    """Pitch, roll and heave as smooth functions of time, speed and acceleration.

    What the road does grows with speed: the body on its springs at 1 to 2 Hz, the wheels at 9 to
    13 Hz. The engine shakes the car at 25 Hz and above, also when it stands.

    Parameters
    ----------
    rng
        Random numbers.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._pitch = Swing(
            rng, ((0.10, 0.93), (0.14, 1.31), (0.09, 1.77), (0.013, 9.7), (0.01, 12.3))
        )
        self._roll = Swing(rng, ((0.12, 0.71), (0.14, 1.13), (0.06, 1.63), (0.008, 10.9)))
        self._heave_m = Swing(
            rng, ((4e-3, 0.97), (4.5e-3, 1.37), (2e-3, 2.1), (2.2e-4, 9.3), (1.4e-4, 12.9))
        )
        self._swell = Swing(rng, ((0.22, 1 / 170), (0.16, 1 / 61), (0.12, 1 / 23)))
        self._engine_deg = Swing(rng, ((0.0012, 25.3), (0.0006, 37.1)))
        self._engine_m = Swing(rng, ((1.2e-5, 25.3), (5e-6, 50.6)))

    def angles_deg(
        self,
        time_s: FloatArray,
        distance_m: FloatArray,
        speed_m_s: FloatArray,
        gain_m_s2: FloatArray,
        sideways_m_s2: FloatArray,
        roughness: FloatArray,
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Give pitch (nose up, deg), roll (clockwise, deg) and heave (up, m), each of shape (n,).

        Parameters
        ----------
        time_s, distance_m, speed_m_s
            Shape (n,).
        gain_m_s2, sideways_m_s2
            Acceleration forward and to the right, shape (n,).
        roughness
            Of the road, 1 on an average one, shape (n,).
        """
        strength = roughness * (1 + self._swell(distance_m)) * _with_speed(speed_m_s)
        engine = self._engine_deg(time_s)
        pitch = PITCH_DEG_PER_M_S2 * gain_m_s2 + strength * self._pitch(time_s) + engine
        # Pushed to the left in a bend to the right, the body leans to the left: anticlockwise.
        roll = -ROLL_DEG_PER_M_S2 * sideways_m_s2 + strength * self._roll(time_s) + engine
        heave_m = strength * self._heave_m(time_s) + self._engine_m(time_s)
        return pitch, roll, heave_m


def _with_speed(speed_m_s: FloatArray) -> FloatArray:
    """Grow from 0 at rest towards 1.6 on fast roads, 1 at 10 m/s, smoothly."""
    part = (np.asarray(speed_m_s) / 10.0) ** 2
    return np.asarray(1.6 * part / (0.6 + part), dtype=np.float64)


def zone_roughness(zone: NDArray[np.intp]) -> FloatArray:
    """Give the roughness of the road in zones, shape (n,)."""
    return np.asarray(_ROUGHNESS[zone], dtype=np.float64)
