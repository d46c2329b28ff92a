"""What ridge and boosting see of a face."""

import numpy as np

from dashgaze.models.contract.samples import Samples
from dashgaze.models.contract.scale import unit_from_px

from .baseline import FloatArray

FEATURES = 18
"""Five landmarks (10), box (4), head pose (3), and whether the pose is known."""


def face_features(samples: Samples) -> FloatArray:
    """Put landmarks, box and head pose of frames beside one another.

    Landmarks and the box's centre are in −1 … 1 of the driver picture, its size in the same units, the
    pose in radians.

    Returns
    -------
    ndarray
        Shape (n, `FEATURES`); NaN where unknown.
    """
    count = len(samples)
    landmarks = unit_from_px(samples.landmarks_px, samples.driver_size_px).reshape(count, 10)
    left_top, size = samples.face_box_px[:, :2], samples.face_box_px[:, 2:]
    centre = unit_from_px(left_top + (size - 1.0) / 2.0, samples.driver_size_px)
    pose = np.radians(samples.head_pose_deg)
    known = np.isfinite(pose.sum(axis=1)).astype(np.float64)
    return np.column_stack([landmarks, centre, 2.0 * size / samples.driver_size_px, pose, known])
