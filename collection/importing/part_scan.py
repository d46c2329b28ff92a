"""One part of a split recording: its format, and when its pictures and sound begin and end."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from dashgaze.errors import MediaError
from dashgaze.media import MediaInfo, probe
from dashgaze.media.completeness import is_cut_short
from dashgaze.media.opening import first_audio, first_video, open_media, read_only

JOINABLE = ("mp4", "matroska", "webm")
"""Formats, by a word of FFmpeg's name, that can be joined without coding anew."""

# How many packets may come before the first sound that is heard.
_LEAD_PACKETS = 16


@dataclass(frozen=True, kw_only=True)
class Extent:
    """When a stream of a file begins and ends, on the file's own time line.

    Attributes
    ----------
    first_s, end_s
        Start of the first picture or heard sample, and end of the last one.
    stored_s
        Start of what is stored: with sound, the encoder's lead-in comes before what is heard.
    last_s
        Start of the last picture or packet.
    interval_s
        Usual time from one to the next.
    count
        Number of pictures or packets.
    """

    first_s: Fraction
    stored_s: Fraction
    last_s: Fraction
    end_s: Fraction
    interval_s: Fraction
    count: int


@dataclass(frozen=True, kw_only=True)
class PartScan:
    """A part of a recording.

    Attributes
    ----------
    path
        The file.
    created_at, stated_s
        ``creation_time`` and length by its header; None where it has none.
    video, audio
        When they begin and end; no audio in a silent file.
    format
        What has to be the same in all parts, by the words to tell a user.
    truncated
        Whether the file ends before its header says.
    left_out
        Kinds of further streams, which are not joined.
    """

    path: Path
    created_at: datetime | None
    stated_s: float | None
    video: Extent
    audio: Extent | None
    format: dict[str, object]
    truncated: bool
    left_out: tuple[str, ...]


def scan_part(path: Path) -> PartScan:
    """Read all that has to be known of a part, by demuxing it.

    Raises
    ------
    MediaError
        If it can't be opened, has no pictures, or a format that can't be joined.
    """
    info = probe(path)
    with open_media(path) as container:
        video, audio = first_video(container), first_audio(container)
        name = container.format.name
        if video is None or info.video is None or video.codec_context is None:
            raise MediaError(f"{path} has no pictures.", fix="Leave it out.", path=path)
        if not any(word in name for word in JOINABLE):
            raise MediaError(
                f"{path} is a part of a recording in a format that can't be joined here ({name}).",
                fix="Join the parts into one MP4 without coding them anew, with the camera's tool.",
                path=path,
            )
        kept = {stream.index for stream in (video, audio) if stream is not None}
        left_out = tuple(stream.type for stream in container.streams if stream.index not in kept)
        form = _format(container, video, audio) | _turn(info)
        video_extent, broke_off = _video_extent(container, video, path)
    with open_media(path) as container:
        stream = first_audio(container)
        heard = None if stream is None else _audio_extent(container, stream)
    return PartScan(
        path=path,
        created_at=info.created_at,
        stated_s=info.duration_s,
        video=video_extent,
        audio=heard,
        format=form,
        truncated=broke_off or is_cut_short(path),
        left_out=left_out,
    )


def part_format(info: MediaInfo) -> dict[str, object]:
    """Give what has to be the same in all parts of a recording, by its headers alone.

    Raises
    ------
    MediaError
        If the file can't be opened or has no pictures.
    """
    with open_media(info.path) as container:
        video = first_video(container)
        if video is None or video.codec_context is None:
            raise MediaError(f"{info.path} has no pictures.", fix="Leave it out.", path=info.path)
        return _format(container, video, first_audio(container)) | _turn(info)


def _turn(info: MediaInfo) -> dict[str, object]:
    if info.video is None:
        return {}
    return {"rotation": f"{info.video.rotation_deg}°{' mirrored' * info.video.mirrored}"}


def _format(
    container: InputContainer, video: VideoStream, audio: AudioStream | None
) -> dict[str, object]:
    context = video.codec_context
    form: dict[str, object] = {
        "file format": container.format.name,
        "size": f"{context.width} × {context.height} px",
        "video codec": context.name,
        "encoder settings": hashlib.sha256(bytes(context.extradata or b"")).hexdigest()[:8],
        "sound": "none",
    }
    if audio is not None and audio.codec_context is not None:
        sound = audio.codec_context
        settings = hashlib.sha256(bytes(sound.extradata or b"")).hexdigest()[:8]
        form["sound"] = (
            f"{sound.name}, {sound.sample_rate} Hz, {sound.channels} channels, settings {settings}"
        )
    return form


def _video_extent(
    container: InputContainer, stream: VideoStream, path: Path
) -> tuple[Extent, bool]:
    read_only(stream)
    pts: list[int] = []
    broke_off = False
    try:
        for packet in container.demux(stream):
            if packet.size == 0 or packet.pts is None:
                continue
            if packet.is_corrupt:
                broke_off = True
                break
            if not packet.is_discard:
                pts.append(packet.pts)
    except av.FFmpegError:
        broke_off = True
    tick = stream.time_base
    if not pts or not tick:
        raise MediaError(
            f"{path} has not one whole picture.", fix="Leave it out, or copy it again.", path=path
        )
    pts.sort()
    steps = np.diff(np.array(pts))
    usual = int(np.median(steps)) if len(steps) else 0
    extent = Extent(
        first_s=pts[0] * tick,
        stored_s=pts[0] * tick,
        last_s=pts[-1] * tick,
        end_s=(pts[-1] + usual) * tick,
        interval_s=usual * tick,
        count=len(pts),
    )
    return extent, broke_off


def _audio_extent(container: InputContainer, stream: AudioStream) -> Extent | None:
    """When the sound is heard: the encoder's lead-in is not."""
    read_only(stream)
    first_s: Fraction | None = None
    stored_s: Fraction | None = None
    last_s = end_s = Fraction(0)
    count = 0
    tick = stream.time_base
    if not tick:
        return None
    try:
        for packet in container.demux(stream):
            if packet.size == 0 or packet.pts is None or packet.is_corrupt:
                continue
            if first_s is None and count < _LEAD_PACKETS:
                first_s = _heard_from(packet, tick)
            count += 1
            stored_s = packet.pts * tick if stored_s is None else stored_s
            last_s = packet.pts * tick
            end_s = max(end_s, last_s + (packet.duration or 0) * tick)
    except av.FFmpegError:
        pass  # what is there is there
    if first_s is None or stored_s is None:
        return None
    length_s = (end_s - first_s) / count
    return Extent(
        first_s=first_s,
        stored_s=stored_s,
        last_s=last_s,
        end_s=end_s,
        interval_s=length_s,
        count=count,
    )


def _heard_from(packet: "av.Packet[AudioStream]", tick: Fraction) -> Fraction | None:
    try:
        frames = packet.decode()
    except av.FFmpegError:
        return None
    heard = [frame.pts * tick for frame in frames if frame.pts is not None and frame.samples]
    return min(heard, default=None)
