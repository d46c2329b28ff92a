"""What a media file holds, without decoding it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dashgaze.errors import MediaError


@dataclass(frozen=True, kw_only=True)
class VideoTrack:
    """The first video stream of a file.

    Attributes
    ----------
    width_px, height_px
        Size of the coded picture, before rotation.
    rotation_deg
        Turn needed to show the picture upright, counter-clockwise: 0, 90, 180 or 270.
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
    """Read the headers of a media file."""
    raise MediaError(f"{path}: not written yet.")
