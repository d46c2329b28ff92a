"""Of boxes that mean the same face, the surest one."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

Overlap = Literal["union", "min"]


def surest(
    corners: FloatArray, score: FloatArray, *, most: float, overlap: Overlap = "union"
) -> NDArray[np.int64]:
    """Choose boxes so that no two overlap by more than a share (non-maximum suppression).

    Parameters
    ----------
    corners
        Left, top, right and bottom edge, shape (n, 4).
    score
        Shape (n,).
    most
        Largest overlap of two boxes that are both kept, in 0 … 1.
    overlap
        Common area of two boxes / that of both together (``union``), or / the smaller one's (``min``), by
        which a box inside of another one is the same.

    Returns
    -------
    NDArray[np.int64]
        The boxes that are kept, the surest first.
    """
    left, top, right, bottom = corners.T
    area = (right - left) * (bottom - top)
    waiting = np.argsort(-score, kind="stable")
    kept: list[int] = []
    while len(waiting):
        best, rest = waiting[0], waiting[1:]
        kept.append(int(best))
        width = np.minimum(right[best], right[rest]) - np.maximum(left[best], left[rest])
        height = np.minimum(bottom[best], bottom[rest]) - np.maximum(top[best], top[rest])
        common = np.maximum(width, 0.0) * np.maximum(height, 0.0)
        if overlap == "min":
            whole = np.minimum(area[best], area[rest])
        else:
            whole = area[best] + area[rest] - common
        waiting = rest[common <= most * whole]
    return np.array(kept, dtype=np.int64)
