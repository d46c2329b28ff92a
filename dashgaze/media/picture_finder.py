"""Decoding wanted frames of a video, each found by its presentation time."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from dashgaze.errors import MediaError

from .frame_times import FrameTimes
from .opening import first_video, open_media, read_only

ThreadType = Literal["AUTO", "FRAME", "SLICE", "NONE"]

MAX_PIXELS = 1 << 26
"""Larger pictures are not decoded."""

# A jump costs about as much as decoding this many frames: the decoder starts anew, and its threads
# have read ahead in vain. One thread has not: there it costs less than a single frame.
_WORTH_A_JUMP, _WORTH_A_JUMP_ALONE = 16, 1
# How many more landings may be wrong than right before no more jumps are tried.
_WRONG_LANDINGS = 3
_LONGEST_DAMAGE = 300
"""Pictures after a damaged one, without a keyframe, after which they are trusted again: streams that
refresh themselves bit by bit have no later one."""

_BEFORE_ALL = int(np.iinfo(np.int64).min)


class PictureFinder:
    """Decodes a video up to wanted frames; quickest if they ascend.

    Parameters
    ----------
    path, times
        The file, and what `read_frame_times` gave for it.
    thread_type, thread_count
        How FFmpeg spreads the decoding, and over how many threads; 0 for one per core.
    draft
        Whether to leave out the filter that smooths the edges of coded blocks. It takes an eighth of the time;
        without it pictures differ by a few levels, a little more with each picture up to the next keyframe.
    """

    def __init__(
        self,
        path: Path,
        times: FrameTimes,
        *,
        thread_type: ThreadType,
        thread_count: int,
        draft: bool = False,
    ) -> None:
        self._path, self._times = path, times
        self._keyframes = np.flatnonzero(times.keyframe)
        self._thread_type, self._thread_count = thread_type, thread_count
        self._options = {"max_pixels": str(MAX_PIXELS)}
        if draft:
            self._options["skip_loop_filter"] = "all"
        self._stack = ExitStack()
        self._credit = _WRONG_LANDINGS
        self.open()

    def open(self) -> None:
        """Open the file, again if need be, and decode from its first packet on."""
        self._stack.close()
        self._container = self._stack.enter_context(open_media(self._path))
        self._stream = _video_of(self._container, self._path, self._times.time_base)
        read_only(self._stream)
        self._stream.thread_type = self._thread_type
        self._stream.codec_context.thread_count = self._thread_count
        self._stream.codec_context.options = dict(self._options)
        self._run = _Run(self._container, self._stream)

    @property
    def damaged(self) -> bool:
        """Whether the last picture may show traces of a damaged one that it refers to."""
        return self._run.damage_left > 0

    def close(self) -> None:
        """Close the file."""
        self._stack.close()

    def find(self, index: int) -> VideoFrame | None:
        """Decode a frame; None if the decoder returns no picture at its time."""
        wanted_pts = int(self._times.pts[index])
        if self._is_far(index):
            self._jump(index)
        picture = self._run.advance(wanted_pts)
        if picture is None and self._run.ended and self._thread_type in ("AUTO", "FRAME"):
            # PyAV gives up emptying a decoder that reports an error, and with it up to one good
            # frame per thread. Without threads nothing is left in it.
            self._thread_type, self._thread_count = "NONE", 1
            self.open()
            self._jump(index)
            picture = self._run.advance(wanted_pts)
        return picture

    def _is_far(self, index: int) -> bool:
        """Whether a frame lies behind, or so far ahead that a jump is quicker than decoding."""
        pts, passed_pts = self._times.pts, self._run.passed_pts
        if pts[index] <= passed_pts:
            return True
        keyframe = self._keyframe_up_to(index)
        if keyframe <= 0 or self._credit <= 0:
            return False
        reached = np.searchsorted(pts, passed_pts, side="right")
        alone = self._thread_count == 1 or self._thread_type == "NONE"
        worth = _WORTH_A_JUMP_ALONE if alone else _WORTH_A_JUMP
        return bool(self._keyframes[keyframe] - reached > worth)

    def _keyframe_up_to(self, index: int) -> int:
        """Give the place of the last keyframe up to a frame in their list; -1 if there is none."""
        return int(np.searchsorted(self._keyframes, index, side="right")) - 1

    def _jump(self, index: int) -> None:
        """Go to the keyframe that a frame needs, or before it, at worst to the start."""
        keyframe, step = self._keyframe_up_to(index), 1
        needed_pts = int(self._times.pts[self._keyframes[keyframe]]) if keyframe > 0 else 0
        while keyframe > 0 and self._credit > 0:
            if self._land(int(self._times.pts[self._keyframes[keyframe]]), needed_pts):
                self._credit = min(self._credit + 1, _WRONG_LANDINGS)
                return
            self._credit -= 1
            keyframe, step = keyframe - step, 2 * step
        self.open()

    def _land(self, asked_pts: int, needed_pts: int) -> bool:
        """Seek; tell whether the first keyframe that comes out is the needed one or before it.

        Formats differ in what they seek to, and flags of keyframes may lie.
        """
        try:
            self._container.seek(asked_pts, stream=self._stream)
        except av.FFmpegError:
            return False
        self._run = _Run(self._container, self._stream)
        first_pts = self._run.skip_to_keyframe()
        return first_pts is not None and first_pts <= needed_pts


class _Run:
    """Pictures decoded in a row from where a container stands.

    Attributes
    ----------
    passed_pts
        What is not later than this has been given or skipped.
    ended
        Whether there are no more pictures.
    damage_left
        So many pictures more may show traces of damage; 0 after a keyframe.
    """

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self._pictures = _decode(container, stream)
        self._held: VideoFrame | None = None
        self.passed_pts = _BEFORE_ALL
        self.ended = False
        self.damage_left = 0

    def advance(self, wanted_pts: int) -> VideoFrame | None:
        """Decode up to a time; give the picture that has it."""
        while (picture := self._next()) is not None:
            pts = picture.pts
            if pts is None:
                continue
            if pts > wanted_pts:
                self._held = picture
                return None
            self.passed_pts = max(self.passed_pts, pts)
            if pts == wanted_pts:
                return picture
        return None

    def skip_to_keyframe(self) -> int | None:
        """Drop the pictures that lack what they refer to; give the time of the first other one."""
        while (picture := self._next()) is not None:
            intra = picture.key_frame or picture.pict_type == PictureType.I
            if intra and picture.pts is not None:
                self._held, self.passed_pts = picture, picture.pts - 1
                return picture.pts
        return None

    def _next(self) -> VideoFrame | None:
        picture, self._held = self._held, None
        if picture is not None:
            return picture
        for picture in self._pictures:
            if picture is None or picture.is_corrupt:
                self.damage_left = _LONGEST_DAMAGE
            elif picture.key_frame or picture.pict_type == PictureType.I:
                self.damage_left = 0
            else:
                self.damage_left = max(0, self.damage_left - 1)
            if picture is not None:
                return picture
        self.ended = True
        return None


def _decode(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame | None]:
    """Give the pictures of all packets from here on; None for packets that can't be decoded."""
    try:
        for packet in container.demux(stream):
            try:
                pictures = packet.decode()
            except av.FFmpegError:
                yield None
                continue
            yield from pictures
    except av.FFmpegError:  # the file breaks off; the decoder may hold pictures yet
        with suppress(av.FFmpegError):
            yield from stream.decode(None)


def _video_of(container: InputContainer, path: Path, time_base: tuple[int, int]) -> VideoStream:
    stream = first_video(container)
    found = None if stream is None else stream.time_base
    if stream is None or not found or (found.numerator, found.denominator) != time_base:
        raise MediaError(
            f"{path} has no video whose times count in {time_base[0]}/{time_base[1]} s, as the "
            "frame times given with it do.",
            fix="Read the frame times from this file again.",
            path=path,
        )
    return stream
