"""How far the whole picture moved from one frame to the next, because the head turned.

A plate of 20 px is 40 px further on when its observer looks over the shoulder: whoever follows it has to
know that everything moved.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.dataset.video.planes import Plane

# Pictures are compared in this size. It is one that the transform takes as it is: where it has to pad
# them, shifts come out half a pixel off.
_SIDE_PX = 128
# Height of the peak, 0 … 1, under which two pictures have nothing in common.
_LEAST_PEAK = 0.1


class PictureMotion:
    """Adds up the shifts of the pictures that it is shown."""

    def __init__(self) -> None:
        self._window = cv2.createHanningWindow((_SIDE_PX, _SIDE_PX), cv2.CV_32F)
        self._before: NDArray[np.float32] | None = None
        self._shift_px = np.zeros(2)

    def add(self, y: Plane) -> NDArray[np.float64]:
        """Give how far a picture is moved against the first one, x and y, px.

        Measured by phase correlation from one picture to the next. Pictures that have nothing in common
        count as not moved.
        """
        side = (_SIDE_PX, _SIDE_PX)
        small = np.asarray(cv2.resize(y, side, interpolation=cv2.INTER_AREA), dtype=np.float32)
        if self._before is not None:
            (right, down), peak = cv2.phaseCorrelate(self._before, small, self._window)
            if peak > _LEAST_PEAK:
                height, width = y.shape
                self._shift_px += np.array([right * width, down * height]) / _SIDE_PX
        self._before = small
        return self._shift_px.copy()
