"""Occlusion maps of one picture: where covering it moves the answer.

References
----------
Zeiler, Fergus: Visualizing and understanding convolutional networks. ECCV 2014, arXiv 1311.2901.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.contract.pictures import PICTURE_SIZES_PX, PictureName
from dashgaze.progress import Progress, silent

from .accumulation import density_normalised
from .chosen_frames import Frames, rows_of
from .covering import answer_covered, grid_windows
from .displacement import Head, apart, truth_of
from .names import Fill

FloatArray = NDArray[np.float64]

PATCH_PX, STRIDE_PX = 15, 8
"""Side of the window and step between windows, in a picture as the data set has it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OcclusionMaps:
    """Maps of n frames in the pixels of one picture.

    Attributes
    ----------
    moved
        By head, how far the answer moves, mean over the windows that cover a pixel, shape (n, height, width),
        px or degrees.
    worsened
        The same of how much the error grows; NaN where the truth is unknown.
    """

    moved: Mapping[Head, FloatArray]
    worsened: Mapping[Head, FloatArray]


def occlusion_maps(
    network: GazeNetwork,
    frames: Frames,
    name: PictureName,
    *,
    fill: Fill = "mean",
    patch_px: float = PATCH_PX,
    stride_px: float = STRIDE_PX,
    batch_size: int = 128,
    progress: Progress = silent,
) -> OcclusionMaps:
    """Cover windows all over a picture, frame by frame.

    Parameters
    ----------
    network
        In evaluation mode.
    frames
        What is answered.
    name
        Which picture.
    fill
        What windows are covered with.
    patch_px, stride_px
        Side and step of windows in a picture as the data set has it; networks that take smaller pictures get
        smaller windows, and as many.
    batch_size
        Versions computed at a time.
    progress
        Told of each frame.
    """
    size = network.picture_sizes_px[name]
    shrink = size[0] / PICTURE_SIZES_PX[name][0]
    side = max(1, round(patch_px * shrink))
    windows = grid_windows(side, max(1, round(stride_px * shrink)), size)
    moved: dict[Head, list[FloatArray]] = {}
    worsened: dict[Head, list[FloatArray]] = {}
    for row in range(len(frames)):
        frame = rows_of(frames.batch, np.array([row], dtype=np.int64))
        own, versions = answer_covered(
            network,
            frame,
            frames.samples.road_size_px[row],
            {name: windows},
            fill,
            batch_size=batch_size,
        )
        for head in own.heads:
            base, each = own.of(head)[0], versions.of(head)
            truth = truth_of(frames.samples, head)[row]
            grown = apart(each, truth, head) - apart(base, truth, head)
            moved.setdefault(head, []).append(
                density_normalised(windows, apart(each, base, head), size)
            )
            worsened.setdefault(head, []).append(density_normalised(windows, grown, size))
        progress("covering windows", (row + 1) / len(frames))
    return OcclusionMaps(
        moved={head: np.stack(each) for head, each in moved.items()},
        worsened={head: np.stack(each) for head, each in worsened.items()},
    )
