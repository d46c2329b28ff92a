"""Places on a driver's face that detectors look for. Head axes from the pivot of the neck, m."""

import numpy as np
from numpy.typing import NDArray

from .driver_look import DriverLook
from .eyelids import EYEBALL_MM
from .head_shape import EYE_X_MM, HeadShape
from .head_surface import EYES_FROM_NECK_M, head_surface

FloatArray = NDArray[np.float64]

EYE_CENTRES_M: FloatArray = (
    np.array([[EYE_X_MM, 0.0, 0.0], [-EYE_X_MM, 0.0, 0.0]]) * 1e-3 + EYES_FROM_NECK_M
)
"""Centres of the right and the left eyeball, shape (2, 3)."""

LANDMARKS = (
    "subject_right_eye",
    "subject_left_eye",
    "nose_tip",
    "subject_right_mouth_corner",
    "subject_left_mouth_corner",
)
"""In the order of YuNet and MTCNN."""

_NOSE_TIP_MM, _MOUTH_X_MM, _MOUTH_Y_MM = 37.0, 24.5, 65.5


def landmarks_m(look: DriverLook) -> FloatArray:
    """Give the five landmarks, shape (5, 3), in the order of `LANDMARKS`.

    An eye's is the middle of its opening, on the eyeball's front.
    """
    shape = HeadShape(look)
    on_skin = shape.front_mm(
        np.array([0.0, _MOUTH_X_MM, -_MOUTH_X_MM]),
        np.array([_NOSE_TIP_MM * look.nose_length, _MOUTH_Y_MM, _MOUTH_Y_MM]),
    )
    eyes = EYE_CENTRES_M + np.array([0.0, 0.0, EYEBALL_MM * 1e-3])
    return np.concatenate([eyes, on_skin * 1e-3 + EYES_FROM_NECK_M])


def face_points_m(look: DriverLook) -> FloatArray:
    """Give the skin's points from ear to ear and from mid-forehead to chin, shape (k, 3)."""
    head = head_surface(HeadShape(look), 0)
    return np.asarray(head.skin.points_m[head.face_points], dtype=np.float64)
