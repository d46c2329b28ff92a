"""A finished video with sound beside it, its pictures untouched."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from dashgaze.dataset.tables.view_pts import TICKS_PER_S
from dashgaze.dataset.video.sound_copy import SoundCopy
from dashgaze.errors import OutputError
from dashgaze.files import replacing
from dashgaze.media.opening import first_video, open_media, read_only

Packets: TypeAlias = "Iterator[Packet[VideoStream] | Packet[AudioStream]]"

_SETTINGS = {
    "movflags": "faststart",
    "movie_timescale": str(TICKS_PER_S),
    "video_track_timescale": str(TICKS_PER_S),
    "fflags": "bitexact",
}


def write_with_sound(video: Path, sound: SoundCopy, path: Path) -> Path:
    """Copy a silent video and put sound beside it, both as they are coded.

    Parameters
    ----------
    video
        A video as `VideoFile` writes it.
    sound
        What is heard, and which of its times is the video's zero.
    path
        Where to.

    Raises
    ------
    MediaError
        If the video or the sound can't be read.
    OutputError
        If the file can't be written, or can't hold sound that is coded like this.
    """
    with open_media(video) as source, replacing(path) as temporary:
        try:
            with av.open(f"file:{temporary}", "w", format="mp4", options=_SETTINGS) as target:
                pictures = _copied(source, target)
                with sound.into(target) as sounds:
                    for packet in _beside(pictures, sounds):
                        target.mux(packet)
        except (av.FFmpegError, ValueError) as error:
            raise OutputError(
                f"{path} can't be written with its sound: {error}.",
                fix="Check the space left on the disk; if there is enough, pack it without sound.",
                path=path,
            ) from error
    return path


def _copied(source: InputContainer, target: OutputContainer) -> Packets:
    """Add the video track to a container; give its packets, ready to be written."""
    stream = first_video(source)
    if stream is None:
        raise ValueError("there is no video")
    read_only(stream)
    copy = target.add_stream_from_template(stream)
    copy.time_base = stream.time_base

    def packets() -> Packets:
        for packet in source.demux(stream):
            if packet.pts is not None and packet.size:
                packet.stream = copy
                yield packet

    return packets()


def _beside(pictures: Packets, sounds: Packets) -> Packets:
    """Merge the packets of two tracks by time; sound ends with the pictures."""
    sound = next(sounds, None)
    for picture in pictures:
        while sound is not None and _time(sound) <= _time(picture):
            yield sound
            sound = next(sounds, None)
        yield picture


def _time(packet: "Packet[VideoStream] | Packet[AudioStream]") -> Fraction:
    return (packet.pts or 0) * packet.time_base
