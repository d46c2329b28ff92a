"""The pictures of one video of a data set, each found by its presentation time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from numpy.typing import NDArray

from dashgaze.dataset.tables.view_pts import TICKS_PER_S
from dashgaze.errors import InputError, MediaError
from dashgaze.media.opening import first_video, open_media

Picture = NDArray[np.uint8]

# What H.273 calls the matrices of standard definition. A file that says nothing is taken for high
# definition, as everywhere in the project.
_OLD_MATRICES = (5, 6)


class VideoPictures:
    """An open video. Not for several threads at once.

    Reading on is cheaper than seeking as long as no keyframe lies between; the position is kept.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    MediaError
        If it can't be opened or has no pictures.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.closed = False
        self._state = _state(path)
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            self._container = stack.enter_context(open_media(path))
            video = first_video(self._container)
            if video is None or video.time_base is None:
                raise MediaError(f"{path} has no pictures.", fix="Copy it again.", path=path)
            self._stream = video
            # One thread: a worker of a loader has one core, and frame threads delay each picture.
            video.codec_context.thread_count = 1
            self._ticks = Fraction(1, TICKS_PER_S) / video.time_base
            self._frames: Iterator[VideoFrame] = iter(())
            self._last: VideoFrame | None = None
            self._stack = stack.pop_all()

    def close(self) -> None:
        """Close the file."""
        self.closed = True
        self._last = None
        self._frames = iter(())
        self._stack.close()

    def is_current(self) -> bool:
        """Tell whether the file is still the one that was opened."""
        return self._state == _state(self.path)

    def read(self, ticks: int) -> Picture:
        """Give the picture of a presentation time.

        Parameters
        ----------
        ticks
            As in the columns ``<view>_pts``: 1/90000 s.

        Returns
        -------
        NDArray[np.uint8]
            Shape (height, width, 3), red, green, blue.

        Raises
        ------
        InputError
            If the video has no picture of exactly that time.
        MediaError
            If it is damaged there.
        """
        return _rgb(self._find(ticks))

    def _find(self, ticks: int) -> VideoFrame:
        pts = ticks * self._ticks
        if pts.denominator != 1:
            raise self._none_at(ticks)
        wanted = int(pts)
        last = None if self._last is None else self._last.pts
        if self._last is not None and last == wanted:
            return self._last
        if last is None or not last < wanted or self._keyframe_between(last, wanted):
            self._seek(wanted)
        try:
            for frame in self._frames:
                self._last = frame
                if frame.pts is None or frame.pts < wanted:
                    continue
                if frame.pts > wanted:
                    break
                return frame
        except av.FFmpegError as error:
            self._last = None
            raise MediaError(
                f"{self.path} can't be decoded at {ticks / TICKS_PER_S:.3f} s: {error}.",
                fix="Type `dashgaze validate --deep` on the data set, and copy the file again.",
                path=self.path,
            ) from error
        if self._last is None or self._last.pts is None or self._last.pts < wanted:
            self._last = None  # at the end; nothing can be read on from here
        raise self._none_at(ticks)

    def _seek(self, pts: int) -> None:
        self._last = None
        try:
            self._container.seek(pts, stream=self._stream, backward=True)
        except av.FFmpegError:  # before the first picture: from the start, then
            self._container.seek(0, stream=self._stream, backward=True, any_frame=True)
        self._frames = self._container.decode(self._stream)

    def _keyframe_between(self, last: int, wanted: int) -> bool:
        entries = self._stream.index_entries
        number = entries.search_timestamp(wanted, backward=True, any_frame=False)
        if number < 0:  # a container without an index: a second is as long as one reads on
            return (wanted - last) * Fraction(self._stream.time_base or 0) > 1
        return entries[number].timestamp > last

    def _none_at(self, ticks: int) -> InputError:
        return InputError(
            f"{self.path} has no picture at {ticks} ticks ({ticks / TICKS_PER_S:.4f} s).",
            fix="Row and video are of different builds of the data set, or the row was changed: "
            "type `dashgaze validate --deep` on the data set.",
            path=self.path,
        )


def _state(path: Path) -> tuple[int, int, int]:
    """Give what tells a file from the one that takes its place."""
    try:
        state = os.stat(path)  # noqa: PTH116  # a tenth of the time of Path.stat, once a picture
    except OSError:
        return (0, 0, 0)
    return (state.st_ino, state.st_size, state.st_mtime_ns)


def _rgb(frame: VideoFrame) -> Picture:
    old = frame.colorspace in _OLD_MATRICES
    full = frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
    plain = frame.reformat(
        format="rgb24",
        src_colorspace=Colorspace.ITU601 if old else Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=Interpolation.BILINEAR,
        threads=1,
    )
    return np.ascontiguousarray(plain.to_ndarray(), dtype=np.uint8)
