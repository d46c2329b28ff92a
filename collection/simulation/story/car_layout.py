"""Where things are in the simulated car, in its axes.

Axes are x right, y down, z forward; the origin is on the ground under the middle of the car, so that
heights are negative y. A right-hand drive car for left-hand traffic. All in m.
"""

import numpy as np
from numpy.typing import NDArray

CAR_SIZE_M = (1.74, 1.52, 4.0)
"""Width, height, length."""

EYES_M = (0.36, -1.17, 0.05)
"""The middle between the driver's eyes, head at rest."""

NECK_PIVOT_M = (0.36, -1.02, -0.05)
"""What the driver's head turns about."""

SCENE_CAMERA_M = (0.03, -0.17, 0.11)
"""The eye tracker's scene camera from the neck pivot, in the head's axes."""

PHONE_M = {
    "under_mirror": (0.0, -1.27, 0.52),
    "windscreen_centre": (0.0, -1.03, 0.86),
    "windscreen_corner": (0.55, -1.24, 0.55),
}
"""The phone, by camera position; its front camera looks back at the eyes from the same place."""

CAR_TARGETS_M = {
    "mirror_left": (-0.98, -1.0, 0.55),
    "mirror_inner": (0.02, -1.29, 0.45),
    "mirror_right": (0.98, -1.0, 0.55),
    "instruments": (0.36, -0.92, 0.62),
}
"""What the driver looks at inside of the car and on it."""

CENTRE_CONSOLE_M = (0.0, -0.8, 0.6)


def place_m(point_m: tuple[float, float, float]) -> NDArray[np.float64]:
    """Give a place as an array, shape (3,), m."""
    return np.array(point_m, dtype=np.float64)
