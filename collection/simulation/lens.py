"""The scene camera's lens, both ways.

Written apart from `dashgaze.alignment.camera`, with OpenCV's own projection, so that a truth made with it
tests that one.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..eye_tracker import SceneCamera

_STEPS = 200
_WIDEST = 1.6
"""Tangent of the widest angle that is looked for; a Pupil Invisible's corners reach 1.1."""


class Lens:
    """Takes pixels of a scene camera to rays and back.

    Parameters
    ----------
    camera
        Its matrix and distortion.
    """

    def __init__(self, camera: SceneCamera) -> None:
        self.matrix = camera.matrix
        self._distortion = camera.distortion
        self._focal = camera.matrix[[0, 1], [0, 1]]
        self._centre = camera.matrix[:2, 2]

    def pixels(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the pixels of rays (x, y, 1), shape (n, 2) to (n, 2)."""
        rays = np.column_stack([points, np.ones(len(points))])
        none = np.zeros(3)
        found, _ = cv2.projectPoints(rays[:, None], none, none, self.matrix, self._distortion)
        return np.asarray(found, dtype=np.float64).reshape(-1, 2)

    def rays(self, points_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the rays (x, y, 1) of distorted pixels, shape (n, 2) to (n, 3).

        Exact to 1e-6 px inside of the picture; outside of it the nearest ray that is found.
        """
        if not len(points_px):
            return np.zeros((0, 3))
        target = (np.asarray(points_px, dtype=np.float64) - self._centre) / self._focal
        points = target.copy()
        rows = np.arange(len(points))
        for _ in range(_STEPS):
            miss = target[rows] - (self.pixels(points[rows]) - self._centre) / self._focal
            points[rows] = np.clip(points[rows] + miss, -_WIDEST, _WIDEST)
            rows = rows[np.abs(miss).max(axis=1) >= 1e-10]
            if not len(rows):
                break
        return np.column_stack([points, np.ones(len(points))])
