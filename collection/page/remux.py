"""Parts of a stream as one file with length and index; nothing is encoded again."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from numpy.typing import NDArray

from dashgaze.errors import MediaError
from dashgaze.files import replacing
from dashgaze.media.opening import open_media

_WEBM_CODECS = {"vp8", "vp9", "av1", "opus", "vorbis"}
# What stands between two parts that would overlap.
_LEAST_GAP_S = 0.05


@dataclass(frozen=True, kw_only=True)
class PartContent:
    """What the file of a part holds.

    Attributes
    ----------
    path
        The file as the page sent it.
    kind
        What has to be alike for two parts to be joined: codecs, picture size, sound rate.
    suffix
        Of a file that can hold it.
    pts_ms
        Frame times, rising, shape (n,), ms.
    end_s
        End of the last packet.
    has_sound
        Whether there are packets of sound.
    """

    path: Path
    kind: tuple[str | int, ...]
    suffix: str
    pts_ms: NDArray[np.float64]
    end_s: float
    has_sound: bool


def read_part(path: Path) -> PartContent | None:
    """Read a part's packets; None if there is no whole frame in it.

    A part whose page was killed ends in the middle of a packet: what is whole counts.
    """
    try:
        with open_media(path) as container:
            if any(stream.codec_context is None for stream in _wanted(container)):
                return None  # coded in a way that nothing here knows
            kind, codecs = _kind(container)
            times: list[float] = []
            end_s, sound = 0.0, False
            for packet in _packets(container):
                start_s = _seconds(packet.pts, packet)
                end_s = max(end_s, start_s + _seconds(packet.duration, packet))
                if packet.stream.type == "video":
                    times.append(start_s * 1000)
                else:
                    sound = True
            mp4 = "mp4" in container.format.name
    except MediaError:
        return None
    if not times:
        return None
    suffix = ".mp4" if mp4 else ".webm" if codecs <= _WEBM_CODECS else ".mkv"
    pts = np.sort(np.asarray(times))
    return PartContent(
        path=path, kind=kind, suffix=suffix, pts_ms=pts, end_s=end_s, has_sound=sound
    )


def join(contents: Sequence[PartContent], starts_s: Sequence[float], target: Path) -> list[float]:
    """Write parts of one kind behind each other, each at its time.

    Parameters
    ----------
    contents
        The parts, the first one first.
    starts_s
        When each began, s, on one clock. The first one keeps its times; so container time zero of
        the file is its zero.
    target
        The file to write.

    Returns
    -------
    list of float
        Where the zero of each part lies in the file, s. Later than asked for where two parts would
        overlap.
    """
    formats = {".webm": "webm", ".mkv": "matroska", ".mp4": "mp4"}
    options = {"movflags": "+faststart"} if target.suffix == ".mp4" else {}
    zeros: list[float] = []
    with (
        replacing(target) as temporary,
        av.open(str(temporary), "w", format=formats[target.suffix], options=options) as output,
    ):
        streams: dict[str, Stream] = {}
        free_s = 0.0
        for content, start_s in zip(contents, starts_s, strict=True):
            wanted = start_s - starts_s[0]
            zero = max(wanted, free_s + _LEAST_GAP_S) if zeros else 0.0
            with open_media(content.path) as container:
                _copy(container, output, streams, zero)
            free_s = zero + content.end_s
            zeros.append(zero)
    return zeros


def _copy(
    container: InputContainer, output: OutputContainer, streams: dict[str, Stream], zero_s: float
) -> None:
    if not streams:
        for stream in _wanted(container):
            streams[stream.type] = output.add_stream_from_template(stream)
    for packet in _packets(container):
        shift = round(Fraction(zero_s) / packet.time_base)
        packet.pts = (packet.pts or 0) + shift
        packet.dts = packet.pts if packet.dts is None else packet.dts + shift
        packet.stream = streams[packet.stream.type]
        output.mux(packet)


def _packets(container: InputContainer) -> "Iterator[Packet[Stream]]":
    with suppress(av.FFmpegError):  # cut off in the middle of a packet
        for packet in container.demux(*_wanted(container)):
            if packet.pts is not None and packet.size and not packet.is_corrupt:
                yield packet


def _wanted(container: InputContainer) -> list[Stream]:
    return [*container.streams.video[:1], *container.streams.audio[:1]]


def _kind(container: InputContainer) -> tuple[tuple[str | int, ...], set[str]]:
    kind: list[str | int] = []
    codecs: set[str] = set()
    for stream in container.streams.video[:1]:
        kind += [stream.codec_context.name, stream.width, stream.height]
        codecs.add(stream.codec_context.codec.canonical_name)
    for sound in container.streams.audio[:1]:
        kind += [sound.codec_context.name, sound.rate, sound.channels]
        codecs.add(sound.codec_context.codec.canonical_name)
    return tuple(kind), codecs


def _seconds(ticks: int | None, packet: "Packet[Stream]") -> float:
    return float((ticks or 0) * packet.time_base)
