"""The luma of a decoded picture as an array, upright and of one size."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from numpy.typing import NDArray

# Pictures of one video may differ by this much in width / height and still be scaled to one size.
_MAX_ASPECT_CHANGE = 0.01
_TURNS = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}


@dataclass(frozen=True, kw_only=True)
class Upright:
    """How the pictures of a video are shown.

    Attributes
    ----------
    coded_px
        Width and height of the coded picture.
    rotation_deg, mirrored
        As in `VideoTrack`.
    """

    coded_px: tuple[int, int]
    rotation_deg: int
    mirrored: bool

    @property
    def shown_px(self) -> tuple[int, int]:
        """Width and height as shown."""
        width, height = self.coded_px
        return (height, width) if self.rotation_deg in (90, 270) else (width, height)

    def has_shape_of(self, picture: VideoFrame) -> bool:
        """Whether a picture has the aspect ratio of the video's, be it in another size."""
        width, height = self.coded_px
        change = (picture.width * height) / (picture.height * width)
        return abs(change - 1) <= _MAX_ASPECT_CHANGE

    def has_size_of(self, picture: VideoFrame) -> bool:
        """Whether a picture has the size of the video's."""
        return (picture.width, picture.height) == self.coded_px

    def luma(self, picture: VideoFrame) -> NDArray[np.uint8]:
        """Give the luma of a picture as it is shown, shape (height, width), C-contiguous.

        The array is the caller's: it shares no memory with the decoder, which may still refer to
        the picture. Levels are those of the file, limited range or full, rounded to 8 bits.
        """
        plane = _plane(picture)
        luma = plane
        if not self.has_size_of(picture):
            shrinks = picture.width > self.coded_px[0]
            way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            luma = _bytes(cv2.resize(luma, self.coded_px, interpolation=way))
        if self.rotation_deg:
            luma = _bytes(cv2.rotate(luma, _TURNS[self.rotation_deg]))
        if self.mirrored:
            luma = _bytes(cv2.flip(luma, 1))
        return plane.copy() if luma is plane else luma


def _plane(picture: VideoFrame) -> NDArray[np.uint8]:
    """Give a view of the luma plane where there is one, else convert; 8 bits, rows may be padded."""
    width, height = picture.width, picture.height
    scale = _scale(picture.format.name)
    if scale is None or picture.planes[0].line_size < 0:  # RGB, packed, or stored bottom up
        picture, scale = picture.reformat(format="gray"), 1.0
    plane = picture.planes[0]
    rows = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)[:height]
    if scale == 1:
        return _bytes(rows[:, :width])
    return _bytes(cv2.convertScaleAbs(rows.view("<u2")[:, :width], alpha=scale))


@lru_cache(maxsize=64)
def _scale(name: str) -> float | None:
    """Give the factor from the first plane's numbers to 8 bits; None where that is not plain luma."""
    form = VideoFormat(name)
    luma = form.components[0]
    plain = form.is_planar or len(form.components) == 1
    if form.is_rgb or form.has_palette or not luma.is_luma or not plain or luma.bits < 8:
        return None
    if luma.bits == 8:
        return 1.0
    if form.is_big_endian or "msb" in name:
        return None
    # p010 and its kin keep their bits in the upper part of 16, all others in the lower.
    used_bits = 16 if name[0] == "p" and name[1].isdigit() else luma.bits
    return 2.0 ** (8 - used_bits)


def _bytes(image: object) -> NDArray[np.uint8]:
    """Tell the type checker what OpenCV keeps to itself: bytes in, bytes out."""
    return np.asarray(image, dtype=np.uint8)
