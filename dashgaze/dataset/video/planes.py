"""Pictures as three planes (I420), turned into what an encoder or a detector takes."""

from fractions import Fraction
from typing import TypeAlias

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from dashgaze.dataset.tables.view_pts import TICKS_PER_S

Plane: TypeAlias = NDArray[np.uint8]
Planes: TypeAlias = tuple[Plane, Plane, Plane]
"""Brightness, shape (height, width), and two planes of colour, shape (⌈height / 2⌉, ⌈width / 2⌉)."""


def even(size_px: tuple[int, int]) -> tuple[int, int]:
    """Give the size that H.264 with half-size colour can hold: one column or row more where odd."""
    width, height = size_px
    return width + width % 2, height + height % 2


def rgb_of(planes: Planes) -> NDArray[np.uint8]:
    """Give a picture as red, green and blue, shape (height, width, 3), 0 … 255.

    Parameters
    ----------
    planes
        I420 with levels and colours of HD video (BT.709, 16 … 235), as `ColourPicture` has them.
    """
    return _converted(planes, "rgb24")


def bgr_of(planes: Planes) -> NDArray[np.uint8]:
    """Give a picture as blue, green and red, as OpenCV takes it; see `rgb_of`."""
    return _converted(planes, "bgr24")


def filled_frame(planes: Planes, size_px: tuple[int, int]) -> av.VideoFrame:
    """Copy planes into a frame; what the frame has more at the right and below repeats the edge.

    Parameters
    ----------
    planes
        I420.
    size_px
        Width and height of the frame, at most one more than those of the picture.
    """
    width, height = size_px
    frame = av.VideoFrame(width, height, "yuv420p")
    frame.colorspace, frame.color_range = Colorspace.ITU709, ColorRange.MPEG
    frame.time_base = Fraction(1, TICKS_PER_S)
    for plane, target in zip(planes, frame.planes, strict=True):
        rows = np.frombuffer(memoryview(target), dtype=np.uint8).reshape(-1, target.line_size)
        room = rows[: target.height, : target.width]
        have = plane[: target.height, : target.width]
        below, right = have.shape
        room[:below, :right] = have
        room[:below, right:] = have[:, -1:]
        room[below:] = room[below - 1]
    return frame


def _converted(planes: Planes, form: str) -> NDArray[np.uint8]:
    height, width = planes[0].shape
    picture = filled_frame(planes, (width, height)).reformat(
        format=form, src_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.JPEG
    )
    return np.asarray(picture.to_ndarray(), dtype=np.uint8)
