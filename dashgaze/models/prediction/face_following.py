"""Moving a face's box and landmarks along with the picture, between two looks of a detector."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Plane = NDArray[np.uint8]

# Faces are followed in pictures in which they have about this size: enough to see motion of a fifth of a pixel
# of them, and a hundredth of the work of a whole picture.
_FACE_PX = 96.0
# Side of what is looked at / size of the face: as far as a head gets from one frame to the next.
_AROUND = 2.0
_GRID = 7
# Corners of the box show what is behind the head.
_INNER = 0.7
_LEAST_POINTS = 10
_LARGEST_MISS_PX = 1.5
# Nobody's head grows by a quarter from one frame to the next.
_LARGEST_GROWTH = 1.25
_WINDOW = (13, 13)
_LEVELS = 2


class FaceFollower:
    """Follows one face by sparse optical flow (Lucas and Kanade 1981, in a pyramid).

    A grid of points on the face is tracked, and the shift, turn and scale that most of them agree on is
    applied to box and landmarks: single landmarks would drift along with lids and lips.
    """

    def __init__(self) -> None:
        self._luma: Plane | None = None
        self._corner = (0, 0)
        self._scale = 1.0
        self.box: FloatArray = np.full(4, np.nan)
        self.landmarks: FloatArray = np.full((5, 2), np.nan)

    def start(self, luma: Plane, box: FloatArray, landmarks: FloatArray) -> None:
        """Begin with a face in a picture.

        Parameters
        ----------
        luma
            Brightness, shape (height, width).
        box
            Left, top, width, height, shape (4,), px.
        landmarks
            Shape (5, 2), px.
        """
        self.box, self.landmarks = box.copy(), landmarks.copy()
        self._keep(luma)

    def follow(self, luma: Plane) -> bool:
        """Go on to the next picture; False if the face can't be followed there, which ends it."""
        before = self._luma
        if before is None:
            return False
        now = self._cut(luma)
        if now.shape != before.shape:
            return False
        start = self._grid()
        moved, found, _ = cv2.calcOpticalFlowPyrLK(
            before, now, start, None, winSize=_WINDOW, maxLevel=_LEVELS  # type: ignore[call-overload]
        )  # fmt: skip
        good = found.ravel() == 1
        if good.sum() < _LEAST_POINTS:
            return self._end()
        matrix, inlier = cv2.estimateAffinePartial2D(
            start[good], moved[good], method=cv2.RANSAC, ransacReprojThreshold=_LARGEST_MISS_PX
        )
        if matrix is None or int(inlier.sum()) < _LEAST_POINTS:
            return self._end()
        growth = math.hypot(matrix[0, 0], matrix[1, 0])
        if not 1 / _LARGEST_GROWTH < growth < _LARGEST_GROWTH:
            return self._end()
        self._move(np.asarray(matrix, dtype=np.float64), growth)
        self._keep(luma)
        return True

    def _move(self, matrix: FloatArray, growth: float) -> None:
        def carried(points_px: FloatArray) -> FloatArray:
            small = (points_px - self._corner) * self._scale
            return (small @ matrix[:, :2].T + matrix[:, 2]) / self._scale + self._corner

        size = self.box[2:] * growth
        centre = carried((self.box[:2] + self.box[2:] / 2)[None])[0]
        self.landmarks = carried(self.landmarks)
        self.box = np.concatenate([centre - size / 2, size])

    def _grid(self) -> NDArray[np.float32]:
        """Give points on the face, in the small picture, shape (n, 2)."""
        share = np.linspace(-0.5, 0.5, _GRID) * _INNER
        x, y = np.meshgrid(share, share)
        inside = np.hypot(x, y) <= _INNER / 2 * 1.2
        centre = self.box[:2] + self.box[2:] / 2
        points = centre + np.stack([x[inside], y[inside]], axis=1) * self.box[2:]
        return np.asarray((points - self._corner) * self._scale, dtype=np.float32)

    def _keep(self, luma: Plane) -> None:
        """Choose the surroundings of the face, and remember what they show."""
        size = math.sqrt(float(self.box[2] * self.box[3]))
        centre = self.box[:2] + self.box[2:] / 2
        height, width = luma.shape
        half = _AROUND * size / 2
        left, top = (max(0, math.floor(each - half)) for each in centre.tolist())
        right = min(width, math.ceil(centre[0] + half))
        bottom = min(height, math.ceil(centre[1] + half))
        self._corner, self._end_px = (left, top), (right, bottom)
        self._scale = min(1.0, _FACE_PX / max(size, 1.0))
        if right - left < _FACE_PX / 4 or bottom - top < _FACE_PX / 4:
            self._end()
            return
        self._luma = self._cut(luma)

    def _cut(self, luma: Plane) -> Plane:
        (left, top), (right, bottom) = self._corner, self._end_px
        part = luma[top:bottom, left:right]
        if self._scale >= 1.0:
            return np.ascontiguousarray(part)
        size = (round((right - left) * self._scale), round((bottom - top) * self._scale))
        return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def _end(self) -> bool:
        self._luma = None
        return False
