"""Covering small parts of pictures, many versions at a time."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dashgaze.models.contract.batch import Batch
from dashgaze.models.contract.network import GazeNetwork

from .branch_cache import BranchCache
from .chosen_frames import rows_of
from .displacement import Answers, answers_of
from .names import Fill

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

Windows = Mapping[str, IndexArray]
"""By picture: left, top, right and bottom of what is covered, right and bottom not included, shape (k, 4)."""

# Deviation of the blur / side of the window: what fills the window does not show what was there.
_BLUR_PER_SIDE = 0.7


def filled(picture: Tensor, fill: Fill, side_px: float) -> Tensor:
    """Give what a picture is covered with, of the picture's size.

    Parameters
    ----------
    picture
        Shape (3, height, width), uint8.
    fill
        ``mean``: the picture's mean colour; ``blur``: the picture without its details; ``zero``: black.
    side_px
        Side of the windows, which says how strong the blur is.
    """
    if fill == "zero":
        return torch.zeros_like(picture)
    if fill == "mean":
        colour = picture.float().mean(dim=(1, 2), keepdim=True).round()
        return colour.to(picture.dtype).expand_as(picture)
    import cv2

    rows = picture.cpu().permute(1, 2, 0).contiguous().numpy()
    deviation = max(0.6, _BLUR_PER_SIDE * side_px)
    soft = cv2.GaussianBlur(rows, (0, 0), deviation, borderType=cv2.BORDER_REPLICATE)
    return torch.from_numpy(np.ascontiguousarray(soft.transpose(2, 0, 1))).to(picture.device)


def answer_covered(
    network: GazeNetwork,
    frame: Batch,
    road_size_px: FloatArray,
    windows: Windows,
    fill: Fill,
    *,
    batch_size: int = 128,
) -> tuple[Answers, Answers]:
    """Answer one frame as it is, and with each window covered.

    Parameters
    ----------
    network
        In evaluation mode.
    frame
        A batch of one.
    road_size_px
        Of its road picture, shape (2,).
    windows
        k windows in each of some pictures; the i-th of all pictures are covered together. An empty window
        (its right is its left) covers nothing.
    fill
        With what.
    batch_size
        Versions computed at a time.

    Returns
    -------
    tuple
        The answer to the frame itself (one), and those to its k versions.
    """
    count = len(next(iter(windows.values())))
    cache = BranchCache(network, frame)
    covers = {
        name: filled(frame.pictures[name][0], fill, _side_px(each))
        for name, each in windows.items()
    }
    parts = []
    for first in range(0, count, batch_size):
        part = slice(first, min(first + batch_size, count))
        size = part.stop - part.start
        versions = rows_of(frame, np.zeros(size, dtype=np.int64))
        for name, each in windows.items():
            _put(versions.pictures[name], covers[name], each[part])
        parts.append(answers_of(cache.answer(versions, windows), road_size_px))
    angles = [each.angle for each in parts if each.angle is not None]
    moved = Answers(
        location=np.concatenate([each.location for each in parts]),
        angle=np.concatenate(angles) if angles else None,
    )
    return answers_of(cache.output, road_size_px), moved


def windows_around(
    points_px: FloatArray, sides_px: tuple[float, float], size_px: tuple[int, int]
) -> IndexArray:
    """Give windows whose middles are at points; empty where the point is beyond the picture.

    Parameters
    ----------
    points_px
        Shape (k, 2).
    sides_px
        Width and height of the windows.
    size_px
        Width and height of the picture.
    """
    size = np.array(size_px)
    sides = np.maximum(1, np.rint(np.array(sides_px)))
    low = np.rint(points_px - (sides - 1) / 2)
    high = np.clip(low + sides, 0, size)
    low = np.clip(low, 0, size)
    outside = ((points_px < -0.5) | (points_px >= size - 0.5)).any(axis=1)
    high[outside] = low[outside]
    return np.concatenate([low, high], axis=1).astype(np.int64)


def grid_windows(side_px: int, stride_px: int, size_px: tuple[int, int]) -> IndexArray:
    """Give windows that cover a whole picture, row by row; the last ones end at its edges."""
    width, height = size_px
    lefts, tops = (
        np.unique(np.append(np.arange(0, extent - side_px, stride_px), max(0, extent - side_px)))
        for extent in (width, height)
    )
    left, top = (each.ravel() for each in np.meshgrid(lefts, tops))
    right, bottom = np.minimum(left + side_px, width), np.minimum(top + side_px, height)
    return np.stack([left, top, right, bottom], axis=1).astype(np.int64)


def _put(pictures: Tensor, cover: Tensor, windows: IndexArray) -> None:
    for place, (left, top, right, bottom) in enumerate(windows.tolist()):
        pictures[place, :, top:bottom, left:right] = cover[:, top:bottom, left:right]


def _side_px(windows: IndexArray) -> float:
    widths = windows[:, 2] - windows[:, 0]
    return float(widths.max(initial=1))
