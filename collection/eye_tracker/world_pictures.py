"""Looking at single pictures of a world video."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from dashgaze.errors import MediaError
from dashgaze.media.opening import first_video, open_media, read_only

# A decoder holds back at most 16 frames; a keyframe follows within a few seconds.
_FIRST_PICTURE_PACKETS = 300
_SEEK_PACKETS = 2000
_MAX_PIXELS = 2**26  # scene cameras have a million and two


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A decoded frame.

    Attributes
    ----------
    pts
        Its time in the stream's time base.
    width_px, height_px
        Its size.
    sample
        Every 16th pixel of every 16th row, RGB, shape (h, w, 3).
    """

    pts: int
    width_px: int
    height_px: int
    sample: NDArray[np.uint8]


def first_picture(path: Path) -> Picture | None:
    """Decode the first frame that can be decoded; None if there is none near the start."""
    return _decode(path, at_pts=None)


def picture_at(path: Path, pts: int) -> Picture | None:
    """Decode the frame with a given pts; None if it can't be had."""
    return _decode(path, at_pts=pts)


def _decode(path: Path, at_pts: int | None) -> Picture | None:
    try:
        with open_media(path) as container:
            stream = first_video(container)
            if stream is None:
                return None
            read_only(stream)
            if at_pts is not None:
                container.seek(at_pts, stream=stream)
            limit = _FIRST_PICTURE_PACKETS if at_pts is None else _SEEK_PACKETS
            for packet in islice(container.demux(stream), limit):
                for frame in _frames_of(packet):
                    if frame.pts is not None and (at_pts is None or frame.pts >= at_pts):
                        return _picture(frame) if at_pts in (None, frame.pts) else None
    except (MediaError, av.FFmpegError, ValueError):
        pass
    return None


def _frames_of(packet: "av.Packet[VideoStream]") -> list[av.VideoFrame]:
    try:
        return [frame for frame in packet.decode() if not frame.is_corrupt]
    except av.FFmpegError:
        return []  # the next packet may be whole


def _picture(frame: av.VideoFrame) -> Picture:
    if frame.width * frame.height > _MAX_PIXELS:
        raise ValueError("too large for a scene camera")
    rgb = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    return Picture(
        pts=int(frame.pts or 0),
        width_px=frame.width,
        height_px=frame.height,
        sample=rgb[::16, ::16].copy(),
    )
