"""Adding scores to rectangles of a map."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]


def density_normalised(
    windows: IndexArray, scores: FloatArray, size_px: tuple[int, int]
) -> FloatArray:
    """Give the mean score of the windows that cover each pixel.

    ::

        map = P / N,   P = Σ scores over windows,   N = number of windows

    Each corner of a window is noted once and sums are run over rows and columns, so that the cost does
    not grow with the size of windows.

    Parameters
    ----------
    windows
        Left, top, right, bottom, shape (k, 4), inside of the map.
    scores
        Shape (k,).
    size_px
        Width and height of the map.

    Returns
    -------
    ndarray
        Shape (height, width); NaN where no window lies.
    """
    total = _added(windows, scores, size_px)
    count = np.rint(_added(windows, np.ones(len(scores)), size_px))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.nan)


def _added(windows: IndexArray, scores: FloatArray, size_px: tuple[int, int]) -> FloatArray:
    width, height = size_px
    corners = np.zeros((height + 1, width + 1))
    left, top, right, bottom = windows.T
    for row, column, sign in (
        (top, left, 1),
        (bottom, right, 1),
        (top, right, -1),
        (bottom, left, -1),
    ):
        np.add.at(corners, (row, column), sign * scores)
    return np.asarray(corners.cumsum(axis=0).cumsum(axis=1)[:height, :width], dtype=np.float64)
