"""Colour pictures of a video, each found by its presentation time."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from dashgaze.errors import MediaError

from .container import probe
from .frame_times import FrameTimes
from .luma import LumaGap
from .luma_plane import Upright
from .picture_finder import MAX_PIXELS, PictureFinder, ThreadType

Plane = NDArray[np.uint8]

_TURNS = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}
# Codes of H.273 for the matrices of standard definition; what says nothing is left as it is.
_OLD_MATRICES = (5, 6)


@dataclass(frozen=True, kw_only=True, eq=False)
class ColourPicture:
    """One picture as brightness and two planes of colour of half its size (I420), as shown.

    Levels are those of video (16 … 235). The planes may share memory with the decoder: they are not to
    be written to.

    Attributes
    ----------
    index
        Position in `FrameTimes`.
    y
        Brightness, shape (height, width).
    u, v
        Colour, shape (⌈height / 2⌉, ⌈width / 2⌉).
    """

    index: int
    y: Plane
    u: Plane
    v: Plane

    @property
    def planes(self) -> tuple[Plane, Plane, Plane]:
        """The three planes."""
        return self.y, self.u, self.v


class ColourReader:
    """Decodes wanted frames of a video in colour; quickest if they ascend.

    A context manager; the file is open within it. Damage is treated as `LumaReader` does.

    Parameters
    ----------
    path
        The file.
    times
        What `read_frame_times` gave for it.
    thread_type, thread_count
        How FFmpeg spreads the decoding, and over how many threads; 0 for one per core.
    draft
        Whether the edges of coded blocks stay as they are, which saves an eighth of the time: for what
        reduces the pictures anyway, and never for pictures that are kept.

    Raises
    ------
    MediaError
        If the file can't be opened, has no video that can be decoded here, has too large pictures,
        or counts time in other units than `times`.
    """

    def __init__(
        self,
        path: Path,
        times: FrameTimes,
        *,
        thread_type: ThreadType = "AUTO",
        thread_count: int = 0,
        draft: bool = False,
    ) -> None:
        self._path, self._times, self._draft = path, times, draft
        self._threads: tuple[ThreadType, int] = (thread_type, thread_count)
        self._upright = _upright(path)
        self._finder: PictureFinder | None = None
        self._item: ColourPicture | LumaGap | None = None

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of all pictures, as shown: those of the video's first one."""
        return self._upright.shown_px

    def __enter__(self) -> Self:
        thread_type, thread_count = self._threads
        self._finder = PictureFinder(
            self._path,
            self._times,
            thread_type=thread_type,
            thread_count=thread_count,
            draft=self._draft,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._finder is not None:
            self._finder.close()
        self._finder = None

    def read(self, index: int) -> ColourPicture | LumaGap:
        """Give a frame, or why it can't be had; the one of the last call costs nothing.

        Parameters
        ----------
        index
            Position in `FrameTimes`.

        Raises
        ------
        ValueError
            If there is no such frame.
        """
        if self._finder is None:
            raise ValueError("a ColourReader reads within its `with` block only")
        if not 0 <= index < len(self._times.pts):
            raise ValueError(f"there is no frame {index}; the video has {len(self._times.pts)}")
        if self._item is None or self._item.index != index:
            self._item = self._make(self._finder, index)
        return self._item

    def _make(self, finder: PictureFinder, index: int) -> ColourPicture | LumaGap:
        picture = finder.find(index)
        if picture is None or picture.is_corrupt or finder.damaged:
            return LumaGap(index=index, reason="undecodable")
        if not self._upright.has_shape_of(picture):
            return LumaGap(index=index, reason="other_shape")
        y, u, v = (self._turned(plane) for plane in _planes(picture, self._upright.coded_px))
        return ColourPicture(index=index, y=y, u=u, v=v)

    def _turned(self, plane: Plane) -> Plane:
        if self._upright.rotation_deg:
            plane = _bytes(cv2.rotate(plane, _TURNS[self._upright.rotation_deg]))
        if self._upright.mirrored:
            plane = _bytes(cv2.flip(plane, 1))
        return plane


def _planes(picture: VideoFrame, size_px: tuple[int, int]) -> tuple[Plane, Plane, Plane]:
    """Give the planes of a picture in a size; views of the decoder's where nothing has to be changed."""
    width, height = size_px
    plain = picture.format.name == "yuv420p" and picture.color_range != ColorRange.JPEG
    if (
        not plain
        or picture.colorspace in _OLD_MATRICES
        or (picture.width, picture.height) != size_px
        or any(plane.line_size < 0 for plane in picture.planes)  # stored bottom up
    ):
        rgb = picture.format.is_rgb
        picture = picture.reformat(
            width=width,
            height=height,
            format="yuv420p",
            src_colorspace=None if rgb else _matrix(picture),
            dst_colorspace=Colorspace.ITU709,
            src_color_range=None if rgb else _range(picture),
            dst_color_range=ColorRange.MPEG,
        )
    half = (height + 1) // 2, (width + 1) // 2
    shapes = ((height, width), half, half)
    y, u, v = (
        np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)[
            :rows, :columns
        ]
        for plane, (rows, columns) in zip(picture.planes, shapes, strict=True)
    )
    return y, u, v


def _matrix(picture: VideoFrame) -> Colorspace:
    return Colorspace.ITU601 if picture.colorspace in _OLD_MATRICES else Colorspace.ITU709


def _range(picture: VideoFrame) -> ColorRange:
    full = picture.color_range == ColorRange.JPEG or picture.format.name.startswith("yuvj")
    return ColorRange.JPEG if full else ColorRange.MPEG


def _upright(path: Path) -> Upright:
    video = probe(path).video
    if video is None:
        raise MediaError(
            f"{path} has no video, only sound.", fix="Name a file with pictures.", path=path
        )
    if not video.width_px or not video.height_px:
        raise MediaError(
            f"The video of {path} ({video.codec}) can't be decoded here.",
            fix="Convert it to H.264 without changing the times of its frames.",
            path=path,
        )
    if video.width_px * video.height_px > MAX_PIXELS:
        raise MediaError(
            f"The pictures of {path} have {video.width_px} × {video.height_px} px; up to "
            f"{MAX_PIXELS} px in all are read.",
            fix="Scale the video down without changing the times of its frames.",
            path=path,
        )
    return Upright(
        coded_px=(video.width_px, video.height_px),
        rotation_deg=video.rotation_deg,
        mirrored=video.mirrored,
    )


def _bytes(image: object) -> Plane:
    """Tell the type checker what OpenCV keeps to itself: bytes in, bytes out."""
    return np.asarray(image, dtype=np.uint8)
