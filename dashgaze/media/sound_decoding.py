"""Decoding a sound stream past what is damaged in it."""

from collections.abc import Iterator
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from dashgaze.errors import NoSoundError

from .opening import first_audio, read_only
from .sound_run import DecodedFrame

# Rates outside are damaged headers; resampling by their ratio would fill the memory.
_LOWEST_HZ, _HIGHEST_HZ = 1_000, 1_000_000
# With eight planes PyAV reads past the end of their list, and crashes on what it finds there.
# No phone or eye tracker records that many; damaged packets claim to.
_MOST_PLANES = 7
# How often to go on behind data that the demuxer can't read.
_DEMUX_TRIES = 16


class SoundDecoding:
    """The first sound stream of an open file, being decoded.

    Attributes
    ----------
    start_s
        Container time at which the stream starts, as its header states it; 0 if it does not.
    damaged_packets
        How many packets could not be decoded so far.
    broke_off
        Whether the demuxer met data that it could not read.

    Raises
    ------
    NoSoundError
        If there is no sound stream, or one in a code that can't be decoded.
    """

    def __init__(self, path: Path, container: InputContainer) -> None:
        stream = first_audio(container)
        if stream is None:
            raise NoSoundError(
                f"{path} has no sound track, only video.",
                fix="Record with sound switched on, or name the file that has it.",
                path=path,
            )
        if stream.codec_context is None or not stream.time_base:
            raise NoSoundError(
                f"{path} has a sound track in a code that can't be decoded here.",
                fix="Convert it to AAC, Opus, FLAC or WAV with the tool that made it.",
                path=path,
            )
        read_only(stream)
        self._container, self._stream = container, stream
        self._tick = (stream.time_base.numerator, stream.time_base.denominator)
        self._duration_s = (container.duration or 0) / av.time_base
        self.start_s = float((stream.start_time or 0) * stream.time_base)
        self.damaged_packets = 0
        self.broke_off = False

    def frames(self) -> Iterator[DecodedFrame]:
        """Give all frames that can be decoded, in stored order."""
        for packet in self._packets():
            if packet.is_corrupt:  # only a part of it is there
                self.damaged_packets += 1
                continue
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self.damaged_packets += 1
                continue
            for frame in frames:
                if _is_credible(frame):
                    yield self._convert(frame)
                else:
                    self.damaged_packets += 1

    def stretches(self) -> list[tuple[int, int]]:
        """Give where in the file the coded sound lies, as [start, end), ascending.

        Empty where the index of the file does not tell.
        """
        if "mp4" not in self._container.format.name:
            return []  # indices of other formats list some packets only, or points to start from
        entries = self._stream.index_entries
        return sorted((entry.pos, entry.pos + entry.size) for entry in entries if entry.size > 0)

    def share_done(self, time_s: float | None) -> float:
        """Share of the file that lies before a time, 0 … 1."""
        if time_s is None or self._duration_s <= 0:
            return 0.0
        return min(1.0, max(0.0, time_s / self._duration_s))

    def _packets(self) -> Iterator["Packet[AudioStream]"]:
        for _ in range(_DEMUX_TRIES):
            try:
                yield from self._container.demux(self._stream)
            except av.FFmpegError:
                self.broke_off = True
            else:
                return

    def _convert(self, frame: AudioFrame) -> DecodedFrame:
        numerator, denominator = self._tick
        samples = frame.to_ndarray()
        if not frame.format.is_planar:
            samples = samples.reshape(-1, frame.layout.nb_channels).T
        time_s = None if frame.pts is None else frame.pts * numerator / denominator
        return DecodedFrame(time_s, frame.sample_rate, samples)


def _is_credible(frame: AudioFrame) -> bool:
    return (
        frame.samples > 0
        and _LOWEST_HZ <= frame.sample_rate <= _HIGHEST_HZ
        and (not frame.format.is_planar or frame.layout.nb_channels <= _MOST_PLANES)
    )
