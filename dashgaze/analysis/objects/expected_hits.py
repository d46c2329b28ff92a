"""How often an object that is looked at would be hit, given the eye tracker's error."""

import math

import numpy as np

from .box_mass import box_mass


def expected_hit_share(
    width_deg: float, height_deg: float, error_deg: float, *, margin_deg: float = 0.0
) -> float:
    """Give the share of looks at the middle of an object that a box hits.

    An object of 3° × 2° is hit by 59 % of looks with an error of 1° in each axis, by 21 % with 2°, and by 6 %
    with 4°: a share of gaze on objects says as much of the eye tracker as of the driver.

    Parameters
    ----------
    width_deg, height_deg
        Of the object.
    error_deg
        Standard deviation of the error in each axis; above 0.
    margin_deg
        Added on all sides.
    """
    if not (error_deg > 0 and math.isfinite(error_deg)):
        return 1.0
    half = np.array([width_deg, height_deg]) / 2 + margin_deg
    return float(
        box_mass(
            np.array([[-half[0], -half[1], half[0], half[1]]]),
            np.zeros((1, 2)),
            np.array([[error_deg**2, 0.0, error_deg**2]]),
        )[0]
    )
