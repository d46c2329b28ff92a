"""What each pixel of a picture shows, computed on every eighth one and interpolated between them."""

import cv2
import numpy as np
from numpy.typing import NDArray

_STEP_PX = 8


class NodeGrid:
    """Every eighth pixel of a picture, and one more beyond each border.

    Parameters
    ----------
    size_px
        Width and height of the picture.
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        self._size_px = size_px
        columns, rows = (np.arange(length // _STEP_PX + 3) - 1 for length in size_px)
        numbers = np.stack(np.meshgrid(columns, rows), axis=-1).astype(np.float64)
        self.points_px: NDArray[np.float64] = numbers * _STEP_PX + (_STEP_PX - 1) / 2
        """The nodes, shape (rows, columns, 2), px."""

    def spread(self, at_nodes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Interpolate what holds at the nodes, shape (rows, columns, 2), to each pixel: (h, w, 2)."""
        full = cv2.resize(at_nodes, None, fx=_STEP_PX, fy=_STEP_PX, interpolation=cv2.INTER_LINEAR)
        width, height = self._size_px
        inner = full[_STEP_PX : _STEP_PX + height, _STEP_PX : _STEP_PX + width]
        return np.asarray(inner, dtype=np.float32)

    def around(self, wanted: NDArray[np.bool_]) -> tuple[slice, slice] | None:
        """Give the rows and columns of pixels around wanted nodes, bounds even; None if there are none.

        Parameters
        ----------
        wanted
            Shape (rows, columns).
        """
        if not wanted.any():
            return None
        width, height = self._size_px
        found = [np.flatnonzero(wanted.any(axis=axis)) for axis in (1, 0)]
        # one step more on each side: what is wanted may begin between two nodes
        first = [max(0, (int(each[0]) - 2) * _STEP_PX) for each in found]
        last = [
            min(length, (int(each[-1]) + 1) * _STEP_PX)
            for each, length in zip(found, (height, width), strict=True)
        ]
        return slice(first[0], last[0]), slice(first[1], last[1])
