"""When each frame of a video is shown."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from dashgaze.errors import MediaError
from dashgaze.progress import Progress, silent

from .completeness import is_cut_short, mp4_payload
from .opening import first_video, open_media_source, read_only
from .remembered import Remembered, mark_of

_VP8 = ("vp8", "libvpx")
# VP8 stores hidden reference frames as packets of their own (RFC 6386, 9.1); no decoder returns
# a picture for them.
_VP8_SHOW_FRAME = 0x10
_WITHOUT_STAMPS = ("avi",)
_PROGRESS_PACKETS = 1000
# Codes of which FFmpeg takes the times of frames from an MP4's index alone.
_INDEXED = ("h264", "hevc", "mjpeg", "mpeg4")


@dataclass(frozen=True, kw_only=True)
class FrameTimes:
    """Presentation times of all frames of a video.

    Attributes
    ----------
    path
        The file.
    time_s
        Container time of each frame, ascending, shape (n,), s: pts × time base.
    keyframe
        Whether decoding can start at the frame, shape (n,).
    pts
        The same times as integers of the stream's time base, shape (n,); what a decoder returns.
    time_base
        Length of one unit of `pts`, s, as (numerator, denominator).
    duplicate_count
        Packets left out because another has the same pts.
    missing_pts_count
        Packets left out because they carry no pts.
    truncated
        Whether the file ends before its index says.
    counted
        Whether the times were made by counting frames, because the format (AVI) keeps none: then
        they are no better than the frame rate in its header.
    """

    path: Path
    time_s: NDArray[np.float64]
    keyframe: NDArray[np.bool_]
    pts: NDArray[np.int64]
    time_base: tuple[int, int]
    duplicate_count: int
    missing_pts_count: int
    truncated: bool
    counted: bool = False


def read_frame_times(path: Path, *, progress: Progress = silent) -> FrameTimes:
    """Read when each frame of a video is shown, by demuxing it (nothing is decoded).

    Of an MP4 on a remote store only the index is fetched; keyframes are then those that it lists.

    Frames that an edit list hides are left out, and so are packets that hold no picture of their
    own; what is left is what a decoder returns. A negative time is a time like any other. Where an
    edit list starts within a frame, FFmpeg moves the track by the hidden part of it, under one
    frame, here and in decoding.

    Of a file that nobody has written to since it was read last, what was read then is given. The arrays can't be
    written to.

    Raises
    ------
    MediaError
        If the file can't be opened, has no video, or no frame of it carries a presentation time.
    """
    mark = mark_of(path)
    times = _remembered.get(path, mark)
    if times is not None:
        progress("reading frame times", 1.0)
        return times
    times, remote = _read(path, progress)
    for array in (times.time_s, times.keyframe, times.pts):
        array.flags.writeable = False
    if not remote:
        _remembered.keep(path, mark, times)
    return times


_remembered: Remembered[FrameTimes] = Remembered(most=8)


def _read(path: Path, progress: Progress) -> tuple[FrameTimes, bool]:
    """Read the times; tell whether the file stands for a remote one."""
    with open_media_source(path) as (container, reader):
        stream = first_video(container)
        if stream is None:
            raise MediaError(
                f"{path} has no video, only sound.", fix="Name a file with pictures.", path=path
            )
        read_only(stream)
        keyframes_at = None
        if reader is not None and _index_tells_all(container, stream):
            payload = mp4_payload(path)
            reader.leave_out(payload)
            # FFmpeg would look for them in the pictures.
            keyframes_at = _listed_keyframes(stream) if payload else None
        packets = _read_packets(container, stream, progress, keyframes_at)
        time_base = stream.time_base
        counted = container.format.name in _WITHOUT_STAMPS
    if not packets.pts or not time_base:
        raise MediaError(
            f"{path} has a video track, but no frame of it carries a presentation time.",
            fix="Copy it again. If the original is like this, remux it to MKV or MP4 with the "
            "tool that made it.",
            path=path,
        )
    all_pts = np.array(packets.pts, dtype=np.int64)
    # B-frames are stored out of order. Of equal times the first stored one is kept.
    pts, first = np.unique(all_pts, return_index=True)
    times = FrameTimes(
        path=path,
        time_s=pts * time_base.numerator / time_base.denominator,
        keyframe=np.array(packets.keyframe, dtype=np.bool_)[first],
        pts=pts,
        time_base=(time_base.numerator, time_base.denominator),
        duplicate_count=len(all_pts) - len(pts),
        missing_pts_count=packets.missing_pts_count,
        truncated=packets.broke_off or is_cut_short(path),
        counted=counted,
    )
    return times, reader is not None


@dataclass
class _Packets:
    """What is kept of the packets of a stream, in stored order."""

    pts: list[int]
    keyframe: list[bool]
    missing_pts_count: int = 0
    broke_off: bool = False


def _index_tells_all(container: InputContainer, stream: VideoStream) -> bool:
    """Whether the data of the packets have no bearing on their times, so need not be fetched."""
    codec = stream.codec_context
    return "mp4" in container.format.name and codec is not None and codec.name in _INDEXED


def _listed_keyframes(stream: VideoStream) -> frozenset[int]:
    """Give where in the file the frames lie that its index lists as keyframes."""
    return frozenset(each.pos for each in stream.index_entries if each.is_keyframe)


def _read_packets(
    container: InputContainer,
    stream: VideoStream,
    progress: Progress,
    keyframes_at: frozenset[int] | None,
) -> _Packets:
    found = _Packets(pts=[], keyframe=[])
    hides_frames = stream.codec_context is not None and stream.codec_context.name in _VP8
    size_bytes = container.size or 0
    try:
        for count, packet in enumerate(container.demux(stream)):
            pts = packet.pts
            if packet.is_corrupt:
                found.broke_off = True
            elif packet.size == 0 or packet.is_discard:
                pass  # the end of the stream, or before or behind an edit
            elif hides_frames and not memoryview(packet)[0] & _VP8_SHOW_FRAME:
                pass
            elif pts is None:
                found.missing_pts_count += 1
            else:
                found.pts.append(pts)
                found.keyframe.append(
                    packet.is_keyframe if keyframes_at is None else packet.pos in keyframes_at
                )
            if count % _PROGRESS_PACKETS == 0 and size_bytes and packet.pos is not None:
                progress("reading frame times", min(1.0, packet.pos / size_bytes))
    except av.FFmpegError:
        found.broke_off = True
    progress("reading frame times", 1.0)
    return found
