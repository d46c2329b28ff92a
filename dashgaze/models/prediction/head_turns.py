"""How the driver's head is turned, frame after frame."""

import numpy as np

from dashgaze.face_detection.detector import FloatArray
from dashgaze.face_detection.head_pose import camera_matrix, head_poses
from dashgaze.face_detection.tracks import size_of

# A face of five points looks the same from two sides; which one it is, the frames before tell.
_BEFORE = 6


class HeadTurns:
    """Fits poses to a block of frames at a time, as the ``faces`` stage does to a whole video.

    Parameters
    ----------
    size_px
        Width and height of the driver's pictures.
    fov_deg
        Field of view across the longer side; None for the usual one of phones.
    """

    def __init__(self, size_px: tuple[int, int], *, fov_deg: float | None) -> None:
        self._matrix = camera_matrix(size_px, fov_deg=fov_deg)
        self._landmarks: FloatArray = np.zeros((0, 5, 2))
        self._boxes: FloatArray = np.zeros((0, 4))
        self._time_s: FloatArray = np.zeros(0)

    def fit(self, landmarks: FloatArray, boxes: FloatArray, time_s: FloatArray) -> FloatArray:
        """Give yaw, pitch and roll of the next n frames that show the face, shape (n, 3); NaN if unknown.

        Parameters
        ----------
        landmarks, boxes
            Shapes (n, 5, 2) and (n, 4), px.
        time_s
            When each is shown, ascending, shape (n,).
        """
        count = len(time_s)
        landmarks = np.concatenate([self._landmarks, landmarks])
        boxes = np.concatenate([self._boxes, boxes])
        time_s = np.concatenate([self._time_s, time_s])
        found = head_poses(landmarks, size_of(boxes), time_s, self._matrix)
        self._landmarks, self._boxes, self._time_s = (
            each[-_BEFORE:] for each in (landmarks, boxes, time_s)
        )
        return found.angles_deg[len(time_s) - count :]
