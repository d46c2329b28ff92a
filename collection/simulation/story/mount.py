"""How the phone sits on the windscreen."""

import numpy as np

from .car_layout import EYES_M, PHONE_M, place_m
from .conditions import Conditions
from .poses import Poses, turns
from .streams import Stream, stream

_ASKEW_DEG = np.array([1.3, 0.9, 0.7])
"""SD of yaw, pitch and roll of the mount."""


def car_from_road(seed: int, conditions: Conditions) -> Poses:
    """Give the pose of the phone's rear camera (x right, y down, z forward), a single one.

    It is mounted askew by a degree or so about each axis, for the whole drive.
    """
    drawn = stream(seed, Stream.MOUNT).standard_normal(3).clip(-2, 2) * _ASKEW_DEG
    yaw, pitch, roll = (np.array([each]) for each in drawn)
    return Poses(turns(yaw, pitch, roll), place_m(PHONE_M[conditions.camera_position])[None])


def car_from_driver_camera(conditions: Conditions) -> Poses:
    """Give the pose of the front camera, in the same place, which looks back at the driver's eyes."""
    place = place_m(PHONE_M[conditions.camera_position])
    forward = place_m(EYES_M) - place
    forward /= np.linalg.norm(forward)
    right = np.cross([0.0, 1.0, 0.0], forward)
    right /= np.linalg.norm(right)
    return Poses.single(np.column_stack([right, np.cross(forward, right), forward]), place)
