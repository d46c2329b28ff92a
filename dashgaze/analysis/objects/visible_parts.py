"""What is seen of boxes that cover one another."""

from dataclasses import dataclass

import numpy as np

from ..contract.study import FloatArray, IndexArray
from .boxes import ObjectBoxes


@dataclass(frozen=True, kw_only=True, eq=False)
class VisibleParts:
    """Rectangles that don't overlap inside of a picture and together cover what boxes cover, by picture.

    Attributes
    ----------
    corners_px
        Left, top, right, bottom, shape (k, 4).
    box
        Place of the box that each belongs to, shape (k,).
    first
        Place of each picture's first part, and k, shape (p + 1,).
    """

    corners_px: FloatArray
    box: IndexArray
    first: IndexArray


def visible_parts(boxes: ObjectBoxes) -> VisibleParts:
    """Cut what nearer boxes hide from those behind them.

    The nearer of two is the one whose lower edge is lower: road users stand on the road. Only so do the masses
    of a picture's boxes add up to at most 1, and each look is at one thing.
    """
    pictures = len(boxes.moment)
    order = np.lexsort((-boxes.corners_px[:, 3], boxes.picture))
    picture = boxes.picture[order]
    corners = boxes.corners_px[order]
    start = np.searchsorted(picture, np.arange(pictures + 1))
    rank = np.arange(len(order)) - start[picture]
    found_corners, found_box = [], []
    for depth in range(int(rank.max()) + 1 if len(rank) else 0):
        box = np.flatnonzero(rank == depth)
        parts = corners[box]
        for nearer in range(depth):
            if not len(box):
                break
            parts, box = _less(parts, box, corners[start[picture[box]] + nearer])
        found_corners.append(parts)
        found_box.append(box)
    if not found_box:
        return VisibleParts(
            corners_px=np.zeros((0, 4)),
            box=np.zeros(0, dtype=np.int64),
            first=np.zeros(pictures + 1, dtype=np.int64),
        )
    every_box = np.concatenate(found_box)
    sorting = np.argsort(every_box, kind="stable")
    every_box = every_box[sorting]
    return VisibleParts(
        corners_px=np.concatenate(found_corners)[sorting],
        box=order[every_box].astype(np.int64),
        first=np.searchsorted(picture[every_box], np.arange(pictures + 1)).astype(np.int64),
    )


def _less(parts: FloatArray, box: IndexArray, cover: FloatArray) -> tuple[FloatArray, IndexArray]:
    """Take a rectangle away from each part: above, below, left and right of it may be left."""
    low = np.maximum(parts[:, :2], cover[:, :2])
    high = np.minimum(parts[:, 2:], cover[:, 2:])
    hidden = (high > low).all(axis=1)
    if not hidden.any():
        return parts, box
    whole, low, high, owner = parts[hidden], low[hidden], high[hidden], box[hidden]
    left, top, right, bottom = whole.T
    pieces = (
        np.column_stack([left, top, right, low[:, 1]]),
        np.column_stack([left, high[:, 1], right, bottom]),
        np.column_stack([left, low[:, 1], low[:, 0], high[:, 1]]),
        np.column_stack([high[:, 0], low[:, 1], right, high[:, 1]]),
    )
    every = np.concatenate([parts[~hidden], *pieces])
    owners = np.concatenate([box[~hidden], *([owner] * 4)])
    kept = (every[:, 2:] > every[:, :2]).all(axis=1)
    return every[kept], owners[kept]
