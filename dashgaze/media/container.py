"""What a media file holds, without decoding it."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from dashgaze.errors import MediaError

from .opening import first_audio, first_video, open_media_source, read_only
from .remembered import Remembered, mark_of

# A date before this is the zero of an unset clock (1904, 1970), possibly plus its uptime.
_FIRST_CREDIBLE_YEAR = 1990
# How many packets to try for one picture; damaged and reordered ones come before it.
_PICTURE_PACKETS = 64


@dataclass(frozen=True, kw_only=True)
class VideoTrack:
    """The first video stream of a file.

    Attributes
    ----------
    width_px, height_px
        Size of the coded picture, before rotation.
    rotation_deg
        Turn needed to show the picture upright, counter-clockwise: 0, 90, 180 or 270. 0 where no
        picture of the file can be decoded.
    mirrored
        Whether the picture is to be mirrored left to right after the turn (some front cameras).
    codec
        Name of the codec, as FFmpeg calls it.
    start_s
        Container time of the first frame, as the container states it.
    duration_s
        Length as the container states it; None if it does not.
    """

    width_px: int
    height_px: int
    rotation_deg: int
    codec: str
    start_s: float | None
    duration_s: float | None
    mirrored: bool = False


@dataclass(frozen=True, kw_only=True)
class AudioTrack:
    """The first sound stream of a file; times as in `VideoTrack`."""

    rate_hz: int
    channels: int
    codec: str
    start_s: float | None
    duration_s: float | None


@dataclass(frozen=True, kw_only=True)
class MediaInfo:
    """What a media file holds.

    Attributes
    ----------
    path
        The file.
    container
        Name of the container format, as FFmpeg calls it.
    duration_s
        Length of the longest stream as the container states it; None if it does not.
    created_at
        ``creation_time`` of the container, UTC. Android stamps it when the header is written, which
        is about the END of a recording; None where absent or the zero date of an unset clock.
    video, audio
        The first stream of each kind; None if there is none.
    """

    path: Path
    container: str
    duration_s: float | None
    created_at: datetime | None
    video: VideoTrack | None
    audio: AudioTrack | None


def probe(path: Path) -> MediaInfo:
    """Read the headers of a media file.

    One picture is decoded, for its rotation; no other media data is read. Of a file that nobody has written to
    since it was read last, what was read then is given.

    Raises
    ------
    MediaError
        If the file can't be opened, or holds neither video nor sound.
    """
    mark = mark_of(path)
    info = _remembered.get(path, mark)
    if info is None:
        info, remote = _read(path)
        if not remote:
            _remembered.keep(path, mark, info)
    return info


_remembered: Remembered[MediaInfo] = Remembered(most=16)


def _read(path: Path) -> tuple[MediaInfo, bool]:
    """Read the headers; tell whether the file stands for a remote one."""
    with open_media_source(path) as (container, reader):
        video, audio = first_video(container), first_audio(container)
        if video is None and audio is None:
            raise MediaError(
                f"{path} holds neither video nor sound.",
                fix="Name the file that the camera or recorder wrote.",
                path=path,
            )
        # Raw AAC states no length; FFmpeg guesses one from the bit rate.
        stated = container.format.name != "aac"
        duration = container.duration if stated else None
        info = MediaInfo(
            path=path,
            container=container.format.name,
            duration_s=None if duration is None else duration / av.time_base,
            created_at=_created_at(container.metadata.get("creation_time", "")),
            audio=None if audio is None else _audio_track(audio, stated=stated),
            video=None if video is None else _video_track(container, video),
        )
    return info, reader is not None


def _audio_track(stream: AudioStream, *, stated: bool) -> AudioTrack:
    decodable = stream.codec_context is not None
    return AudioTrack(
        rate_hz=stream.codec_context.sample_rate if decodable else 0,
        channels=stream.codec_context.channels if decodable else 0,
        codec=stream.codec_context.name if decodable else "unknown",
        start_s=_seconds(stream.start_time, stream.time_base),
        duration_s=_seconds(stream.duration, stream.time_base) if stated else None,
    )


def _video_track(container: InputContainer, stream: VideoStream) -> VideoTrack:
    decodable = stream.codec_context is not None
    # Taken before decoding, which would overwrite them.
    start_s = _seconds(stream.start_time, stream.time_base)
    rotation_deg, mirrored = _orientation(_one_picture(container, stream) if decodable else None)
    return VideoTrack(
        width_px=stream.codec_context.width if decodable else 0,
        height_px=stream.codec_context.height if decodable else 0,
        rotation_deg=rotation_deg,
        codec=stream.codec_context.name if decodable else "unknown",
        start_s=start_s,
        duration_s=_seconds(stream.duration, stream.time_base),
        mirrored=mirrored,
    )


def _one_picture(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """Decode a picture; the display matrix can be read from nowhere else."""
    read_only(stream)
    try:
        for count, packet in enumerate(container.demux(stream)):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                frames = []
            if frames:
                return frames[0]
            if count == _PICTURE_PACKETS:
                break
    except av.FFmpegError:
        pass  # damaged from the first packet on: the headers are still worth showing
    return None


def _orientation(picture: VideoFrame | None) -> tuple[int, bool]:
    """Turn counter-clockwise in degrees, and whether to mirror left to right after it."""
    matrix = None if picture is None else picture.side_data.get("DISPLAYMATRIX")
    if not isinstance(matrix, SideData):
        return 0, False
    # Maps (x, y) to (a x + c y, b x + d y), y pointing down.
    a, b, _, c, d = np.frombuffer(bytes(matrix), dtype=np.int32)[:5].tolist()
    mirrored = a * d - b * c < 0
    if mirrored:
        a = -a
    return round(math.degrees(math.atan2(-b, a)) / 90) * 90 % 360, mirrored


def _created_at(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment if moment.year >= _FIRST_CREDIBLE_YEAR else None


def _seconds(ticks: int | None, time_base: Fraction | None) -> float | None:
    if ticks is None or not time_base:
        return None
    return float(ticks * time_base)
