"""One video of the scene camera, written while it is recorded."""

import io
import math
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from .microphone import RATE_HZ, Microphone
from .scene_encoder import TICK_HZ, CodedFrame

_SOUND_BIT_RATE = 64_000
_SOUND_BLOCK = 1024
_TIMESCALE = math.lcm(TICK_HZ, RATE_HZ)  # whole ticks for pictures and sound


class WorldPart:
    """An MP4 of coded pictures and sound; its time zero is the time of its first picture.

    Parameters
    ----------
    path
        File to write.
    first
        The first picture, a keyframe.
    microphone
        Where its sound comes from; None for a video without sound.
    """

    def __init__(self, path: Path, first: CodedFrame, microphone: Microphone | None) -> None:
        self.path = path
        self.byte_count = 0
        self._stamps_ns: list[int] = []
        self._start_ns = first.steady_ns
        self._microphone = microphone
        self._heard = 0
        # The muxer wants the parameter sets as a stream of their own has them.
        self._template = av.open(io.BytesIO(first.data), format="h264")
        self._container = av.open(
            f"file:{path}", "w", format="mp4", options={"movie_timescale": str(_TIMESCALE)}
        )
        self._video = self._container.add_stream_from_template(self._template.streams.video[0])
        self._video.time_base = Fraction(1, TICK_HZ)
        self._sound: AudioStream | None = None
        if microphone is not None:
            self._sound = self._container.add_stream("aac", rate=RATE_HZ, layout="mono")
            self._sound.bit_rate = _SOUND_BIT_RATE
            self._sound.options = {"aac_coder": "fast"}
        self._write(first)

    @property
    def stamps_ns(self) -> NDArray[np.int64]:
        """Device stamps of its pictures, shape (n,)."""
        return np.array(self._stamps_ns, dtype=np.int64)

    def add(self, frame: CodedFrame) -> None:
        """Write a picture."""
        self._write(frame)

    def listen_until(self, steady_ns: int) -> None:
        """Write the sound up to a steady time, in whole blocks."""
        if self._microphone is None or self._sound is None:
            return
        while self._sound_ns(self._heard + _SOUND_BLOCK) <= steady_ns:
            samples = self._microphone.listen(self._sound_ns(self._heard), _SOUND_BLOCK)
            block = av.AudioFrame.from_ndarray(samples[np.newaxis], format="fltp", layout="mono")
            block.sample_rate, block.time_base = RATE_HZ, Fraction(1, RATE_HZ)
            block.pts = self._heard
            self._heard += _SOUND_BLOCK
            self._container.mux(self._sound.encode(block))

    def close(self, steady_ns: int | None = None) -> None:
        """Finish the file, with the sound up to a steady time."""
        if steady_ns is not None:
            self.listen_until(steady_ns)
        if self._sound is not None:
            self._container.mux(self._sound.encode(None))
        self._container.close()
        self._template.close()

    def _sound_ns(self, sample: int) -> int:
        return self._start_ns + sample * 10**9 // RATE_HZ

    def _write(self, frame: CodedFrame) -> None:
        packet = av.Packet(frame.data)
        packet.pts = round((frame.steady_ns - self._start_ns) * TICK_HZ / 1e9)
        packet.dts = packet.pts
        packet.time_base = Fraction(1, TICK_HZ)
        packet.is_keyframe = frame.keyframe
        packet.stream = self._video
        self._container.mux(packet)
        self._stamps_ns.append(frame.stamp_ns)
        self.byte_count += len(frame.data)
