"""From the numbers that a detection network gives to boxes.

Understood are CenterFace, and the common layouts of YOLO:

=========================  ==============================================================
shape of the output        what it is
=========================  ==============================================================
4 outputs of 1, 1, 2, 10   CenterFace: heat map, log size, offset, landmarks, on a grid
channels                   of 4 px
(1, 4 + classes, n)        YOLOv8 and later: centre and size, score of each class
(1, n, 5 + classes)        YOLOv5, YOLOv7: centre and size, objectness, score of each class
(1, n ≤ 1000, 6)           without duplicates (YOLOv10, ``nms=True``): corners, score, class
(n, 7)                     without duplicates (YOLOv7, YOLOv9): picture, corners, class,
                           score
=========================  ==============================================================
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from .onnx_header import OnnxHeader

Layout: TypeAlias = Literal["yunet", "centerface", "yolo"]
Array: TypeAlias = NDArray[np.float32]

OVERLAP = 0.4
"""Boxes whose intersection is more than this share of their union are one thing."""

_CENTERFACE_CHANNELS = [1, 2, 2, 10]
_CENTERFACE_STEP_PX = 4
_MOST_WITHOUT_DUPLICATES = 1000
_YUNET_NAMES = frozenset(
    f"{name}_{step}" for name in ("cls", "obj", "bbox") for step in (8, 16, 32)
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Boxes:
    """Boxes of one picture, in px of what the network was given.

    Attributes
    ----------
    corners
        Left, top, right, bottom, shape (n, 4).
    score
        0 … 1, shape (n,).
    number
        Number of the class, shape (n,).
    """

    corners: NDArray[np.float64]
    score: NDArray[np.float64]
    number: NDArray[np.int64]

    def select(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> "Boxes":
        """Give some of them."""
        return Boxes(corners=self.corners[keep], score=self.score[keep], number=self.number[keep])


def recognise(header: OnnxHeader) -> Layout | None:
    """Tell the layout of a network from its outputs; None for one that is not understood."""
    if {each.name for each in header.outputs} >= _YUNET_NAMES:
        return "yunet"
    shapes = [each.shape for each in header.outputs]
    if [shape[1] if len(shape) == 4 else None for shape in shapes] == _CENTERFACE_CHANNELS:
        return "centerface"
    if len(shapes) == 1 and len(shapes[0]) in (2, 3):
        return "yolo"
    return None


def decode_centerface(outputs: Sequence[Array], least: float) -> Boxes:
    """Turn what CenterFace gives into boxes with a score of at least so much.

    References
    ----------
    Xu et al. (2020), CenterFace: joint face detection and alignment using face as point,
    doi:10.1155/2020/7845384.
    """
    heat, size, offset = (output[0] for output in outputs[:3])
    row, column = np.nonzero(heat[0] >= least)
    height, width = np.exp(size[:, row, column].astype(np.float64)) * _CENTERFACE_STEP_PX
    x = (column + offset[1, row, column] + 0.5) * _CENTERFACE_STEP_PX
    y = (row + offset[0, row, column] + 0.5) * _CENTERFACE_STEP_PX
    return Boxes(
        corners=np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1),
        score=heat[0, row, column].astype(np.float64),
        number=np.zeros(len(row), dtype=np.int64),
    )


def decode_yolo(output: Array, least: float, numbers: Sequence[int] | None = None) -> Boxes:
    """Turn what a YOLO gives into boxes with a score of at least so much.

    Where it scores all classes, only the wanted ones are compared: a face that scores higher as something
    else is a face nevertheless.

    Raises
    ------
    ValueError
        If the numbers are not those of a layout that is understood.
    """
    table = np.asarray(output, dtype=np.float64)
    if table.ndim == 2 and table.shape[1] == 7:
        return _checked(table[:, 1:5], table[:, 6], table[:, 5].astype(np.int64), least)
    if table.ndim != 3 or table.shape[0] != 1:
        raise ValueError(f"an output of shape {output.shape}")
    rows = table[0]
    if rows.shape[1] == 6 and rows.shape[0] <= _MOST_WITHOUT_DUPLICATES:
        return _checked(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64), least)
    if rows.shape[0] < rows.shape[1]:
        rows = rows.T
        scores = rows[:, 4:]
    else:
        scores = rows[:, 5:] * rows[:, 4:5]
    if not scores.shape[1]:
        raise ValueError(f"an output of shape {output.shape}, which leaves no room for classes")
    wanted = np.arange(scores.shape[1]) if numbers is None else np.array(numbers)
    if wanted.max() >= scores.shape[1]:
        raise ValueError(f"{scores.shape[1]} classes, of which there is no number {wanted.max()}")
    scores = scores[:, wanted]
    best = wanted[scores.argmax(axis=1)]
    corners = np.concatenate(
        [rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2], axis=1
    )
    return _checked(corners, scores.max(axis=1), best, least)


def without_duplicates(boxes: Boxes) -> Boxes:
    """Keep of boxes that are one thing the surest."""
    if not len(boxes.score):
        return boxes
    xywh = np.concatenate(
        [boxes.corners[:, :2], boxes.corners[:, 2:] - boxes.corners[:, :2]], axis=1
    )
    kept = cv2.dnn.NMSBoxes(xywh.tolist(), boxes.score.tolist(), 0.0, OVERLAP)
    return boxes.select(np.sort(np.asarray(kept, dtype=np.int64).ravel()))


def _checked(
    corners: NDArray[np.float64],
    score: NDArray[np.float64],
    number: NDArray[np.int64],
    least: float,
) -> Boxes:
    if len(score) and not (
        np.isfinite(corners).all() and -0.01 <= score.min() <= score.max() <= 1.01
    ):
        raise ValueError("scores beyond 0 … 1, or numbers that are not finite")
    kept = (score >= least) & (corners[:, 2:] > corners[:, :2]).all(axis=1)
    return Boxes(corners=corners, score=score, number=number).select(kept)
