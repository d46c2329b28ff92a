"""Writing the overlay: H.264 and AAC in an MP4, every picture at its own time."""

import math
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from numpy.typing import NDArray

from dashgaze.errors import OutputError
from dashgaze.files import replacing

from .output_sound import OutputSound

_TICK_HZ = 90_000
_KEYFRAME_S = 2.0
_SOUND_BIT_RATE = 96_000
_AHEAD = 6


class MovieWriter:
    """Takes pictures one by one and encodes them in a thread of its own; made by `writing_movie`.

    Parameters
    ----------
    container
        The open file.
    size_px
        Width and height, even.
    rate_hz
        Usual number of pictures a second; only keyframes and the rate control look at it.
    sound
        What is heard, if anything.
    zero_s
        Time that becomes the zero of the movie.
    """

    def __init__(
        self,
        container: OutputContainer,
        size_px: tuple[int, int],
        *,
        rate_hz: float,
        sound: OutputSound | None,
        zero_s: float,
    ) -> None:
        self._container, self._zero_s = container, zero_s
        self._video = _add_video(container, size_px, rate_hz)
        self._sound = sound
        self._audio = None if sound is None else _add_audio(container, sound)
        self._samples = 0
        self._last_tick = -1
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix="dashgaze-encoder")
        self._pending: deque[Future[None]] = deque()
        self._broken = False

    def show(self, picture: NDArray[np.uint8], time_s: float) -> None:
        """Add a picture.

        Parameters
        ----------
        picture
            I420, shape (3 height / 2, width); it may be drawn over afterwards.
        time_s
            When it is shown, ascending.
        """
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        tick = max(self._last_tick + 1, round((time_s - self._zero_s) * _TICK_HZ))
        self._last_tick = tick
        frame.pts, frame.time_base = tick, Fraction(1, _TICK_HZ)
        self._pending.append(self._encoder.submit(self._encode, frame, time_s))
        while len(self._pending) > _AHEAD:
            self._pending.popleft().result()

    def finish(self, end_s: float) -> None:
        """Write what is left; sound up to a time."""
        while self._pending:
            self._pending.popleft().result()
        self._hear(end_s)
        if self._audio is not None:
            self._container.mux(self._audio.encode(None))
        self._container.mux(self._video.encode(None))

    def stop(self) -> None:
        """End the thread, and drop what is not encoded yet."""
        self._encoder.shutdown(cancel_futures=True)

    def _encode(self, frame: av.VideoFrame, time_s: float) -> None:
        # FFmpeg crashes when it is given more after a head that it could not write.
        if self._broken:
            return
        try:
            self._hear(time_s)
            self._container.mux(self._video.encode(frame))
        except BaseException:
            self._broken = True
            raise

    def _hear(self, until_s: float) -> None:
        if self._sound is None or self._audio is None:
            return
        rate_hz = self._sound.sound.rate_hz
        size = self._audio.codec_context.frame_size or 1024
        while self._zero_s + self._samples / rate_hz < until_s:
            block = self._sound.between(self._zero_s + self._samples / rate_hz, size)
            frame = av.AudioFrame.from_ndarray(block[None], format="fltp", layout="mono")
            frame.sample_rate, frame.time_base = rate_hz, Fraction(1, rate_hz)
            frame.pts = self._samples
            self._samples += size
            self._container.mux(self._audio.encode(frame))


@contextmanager
def writing_movie(
    path: Path,
    size_px: tuple[int, int],
    *,
    rate_hz: float,
    sound: OutputSound | None,
    zero_s: float,
) -> Iterator[MovieWriter]:
    """Open a movie that takes its place only when it is whole.

    Parameters
    ----------
    path
        Where to.
    size_px, rate_hz, sound, zero_s
        As in `MovieWriter`.

    Raises
    ------
    OutputError
        If it can't be written, or this machine's FFmpeg has no H.264 encoder.
    """
    with replacing(path) as temporary:
        try:
            # Whole ticks of both tracks; the index comes first, so that it plays while it is loaded.
            rates = _TICK_HZ if sound is None else math.lcm(_TICK_HZ, sound.sound.rate_hz)
            settings = {"movflags": "faststart", "movie_timescale": str(rates)}
            with av.open(f"file:{temporary}", "w", format="mp4", options=settings) as container:
                movie = MovieWriter(container, size_px, rate_hz=rate_hz, sound=sound, zero_s=zero_s)
                try:
                    yield movie
                finally:
                    movie.stop()
        except av.FFmpegError as error:
            raise OutputError(
                f"{path} can't be written: {error}.",
                fix="Check the space left on the disk, and that PyAV comes with libx264 and AAC, as its "
                "wheels do.",
                path=path,
            ) from error


def _add_video(container: OutputContainer, size_px: tuple[int, int], rate_hz: float) -> VideoStream:
    rate = Fraction(rate_hz).limit_denominator(1000)
    stream = container.add_stream("libx264", rate=rate)
    stream.width, stream.height = size_px
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base = Fraction(1, _TICK_HZ)
    context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
    context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    stream.options = {
        "preset": "superfast",
        "crf": "22",
        "g": str(max(1, round(_KEYFRAME_S * rate_hz))),
    }
    return stream


def _add_audio(container: OutputContainer, sound: OutputSound) -> AudioStream:
    stream = container.add_stream("aac", rate=sound.sound.rate_hz, layout="mono")
    stream.bit_rate = _SOUND_BIT_RATE
    return stream
