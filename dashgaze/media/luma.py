"""Brightness pictures of a video, frame by frame, by presentation time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import MediaError

from .container import VideoTrack, probe
from .frame_times import FrameTimes
from .luma_plane import Upright
from .picture_finder import MAX_PIXELS, PictureFinder, ThreadType


@dataclass(frozen=True, kw_only=True, eq=False)
class LumaFrame:
    """The luma of one frame.

    Attributes
    ----------
    index
        Position in `FrameTimes`.
    luma
        Brightness as shown (turned and mirrored as the container says), shape (height, width),
        C-contiguous, with the levels of the file (16 … 235 in most).
    resized
        Whether the picture was coded in another size than the video's and scaled to it.
    """

    index: int
    luma: NDArray[np.uint8]
    resized: bool


@dataclass(frozen=True, kw_only=True)
class LumaGap:
    """A frame that can't be had.

    Attributes
    ----------
    index
        Position in `FrameTimes`.
    reason
        ``undecodable``: damaged, or the file ends before it. ``other_shape``: the picture has
        another aspect ratio than the video.
    """

    index: int
    reason: Literal["undecodable", "other_shape"]


class LumaReader:
    """Decodes the luma of wanted frames of a video, each found by its presentation time.

    A context manager; the file is open within it. Memory does not grow with the video. What lies
    between wanted frames is decoded but not converted, or jumped over where keyframes allow it.
    Frames that refer to a damaged one would show traces of the damage: up to the next keyframe they are
    gaps as well.

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
        reduces the pictures anyway.

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
        self._upright = _upright(path, probe(path).video)
        self._finder: PictureFinder | None = None
        self._item: LumaFrame | LumaGap | None = None

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

    def read(self, indices: Iterable[int]) -> Iterator[LumaFrame | LumaGap]:
        """Give the wanted frames one by one, exactly one item for each index.

        May be called again, with indices before those of the last call as well.

        Parameters
        ----------
        indices
            Positions in `FrameTimes`, not descending. For one that repeats, the same object is
            given again.

        Raises
        ------
        ValueError
            If an index is out of range or less than the one before it.
        """
        count = len(self._times.pts)
        before = 0
        for index in map(int, indices):
            if not 0 <= index < count:
                raise ValueError(f"there is no frame {index}; the video has {count}")
            if index < before:
                raise ValueError(f"indices have to ascend, but {index} follows {before}")
            before = index
            if self._item is None or self._item.index != index:
                self._item = self._make(index)
            yield self._item

    def _make(self, index: int) -> LumaFrame | LumaGap:
        if self._finder is None:
            raise ValueError("a LumaReader reads within its `with` block only")
        picture = self._finder.find(index)
        if picture is None or picture.is_corrupt or self._finder.damaged:
            return LumaGap(index=index, reason="undecodable")
        if not self._upright.has_shape_of(picture):
            return LumaGap(index=index, reason="other_shape")
        return LumaFrame(
            index=index,
            luma=self._upright.luma(picture),
            resized=not self._upright.has_size_of(picture),
        )


def _upright(path: Path, video: VideoTrack | None) -> Upright:
    if video is None:
        raise MediaError(
            f"{path} has no video, only sound.", fix="Name a file with pictures.", path=path
        )
    width, height = video.width_px, video.height_px
    if not width or not height:
        raise MediaError(
            f"The video of {path} ({video.codec}) can't be decoded here.",
            fix="Convert it to H.264 without changing the times of its frames.",
            path=path,
        )
    if width * height > MAX_PIXELS:
        raise MediaError(
            f"The pictures of {path} have {width} × {height} px; up to {MAX_PIXELS} px in all are "
            "read.",
            fix="Scale the video down without changing the times of its frames.",
            path=path,
        )
    return Upright(
        coded_px=(width, height), rotation_deg=video.rotation_deg, mirrored=video.mirrored
    )
