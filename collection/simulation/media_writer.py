"""Small video and sound files whose every time is known.

What is written at a time is decoded at that time: the encoder's lead-in is made up for, presentation
times are the caller's to the tick of the container (1/90000 s in MP4, 1 ms in MKV and WebM), and
lost sound is lost from the file, not silenced.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from dashgaze.errors import InputError, OutputError
from dashgaze.files import replacing
from dashgaze.media import Sound

Images = NDArray[np.uint8] | Callable[[int], NDArray[np.uint8]]
"""One image for all frames, or what gives the image of each index: BGR, shape (height, width, 3), or
brightness and half-size colour below each other (I420), shape (3 height / 2, width)."""

_TICK_HZ = 90_000


@dataclass(frozen=True)
class _Format:
    name: str
    video: str
    audio: str


_FORMATS = {
    ".mp4": _Format("mp4", "libx264", "aac"),
    ".mov": _Format("mov", "libx264", "aac"),
    ".mkv": _Format("matroska", "libx264", "aac"),
    ".webm": _Format("webm", "libvpx", "libopus"),
    ".wav": _Format("wav", "", "pcm_s16le"),
    ".flac": _Format("flac", "", "flac"),
    ".mp3": _Format("mp3", "", "libmp3lame"),
    ".ogg": _Format("ogg", "", "libopus"),
    ".aac": _Format("adts", "", "aac"),
}
# Formats whose time line always starts at their first sample.
_WITHOUT_START = (".wav", ".flac", ".mp3", ".ogg", ".aac")
_VIDEO_OPTIONS = {
    "libx264": {"preset": "veryfast", "tune": "fastdecode", "threads": "1"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
}


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """How a file is written, beyond what it shows and sounds.

    Attributes
    ----------
    rotation_deg
        Turn needed to show the picture upright, counter-clockwise; kept in the display matrix.
    mirrored
        Whether the display matrix mirrors the picture as well.
    b_frames
        Number of frames between references that are stored out of order; H.264 only.
    key_interval
        Frames from one keyframe to the next.
    video_bit_rate, audio_bit_rate
        Bits per second; None leaves it to the encoder.
    fragmented
        Write a fragmented MP4, which is readable up to where its recorder was killed.
    index_first
        Write the index of an MP4 before its data.
    live
        Write MKV or WebM as a browser does while it records: without length and index.
    priming_signalled
        Whether the file tells how long the encoder's lead-in is. If not, all sound is decoded late
        by the lead-in (1024 samples for AAC), as it is with some recorders.
    channel_gains
        One factor for each channel that the sound is written to.
    audio_codec
        FFmpeg's name of an encoder; None for the usual one of the format.
    created_at
        ``creation_time`` of the container.
    video_options
        Further options of the video encoder.
    """

    rotation_deg: int = 0
    mirrored: bool = False
    b_frames: int = 0
    key_interval: int = 30
    video_bit_rate: int | None = None
    audio_bit_rate: int | None = None
    fragmented: bool = False
    index_first: bool = False
    live: bool = False
    priming_signalled: bool = True
    channel_gains: tuple[float, ...] = (1.0,)
    audio_codec: str | None = None
    created_at: datetime | None = None
    video_options: Mapping[str, str] = field(default_factory=dict)


_USUAL = FileOptions()


def write_video(
    path: Path,
    *,
    times_s: Sequence[float] | NDArray[np.float64],
    size_px: tuple[int, int] = (64, 48),
    images: Images | None = None,
    sound: Sound | None = None,
    options: FileOptions = _USUAL,
) -> Path:
    """Write a video whose frames are shown at given times, with or without sound.

    Parameters
    ----------
    path
        File to write: ``.mp4``, ``.mov``, ``.mkv`` (H.264, AAC) or ``.webm`` (VP8, Opus).
    times_s
        Container time of each frame, rising, shape (n,), s.
    size_px
        Width and height, even.
    images
        What the frames show; a grey that changes slowly if not given.
    sound
        What is heard. Its first sample is decoded at its ``start_s``. Coded packets that lie
        wholly in one of its gaps are left out of the file, so the file's gaps are up to two
        packets shorter than the sound's.
    options
        How to write it.

    Returns
    -------
    path
        The file.
    """
    form = _format_of(path)
    if not form.video:
        raise InputError(f"{path.suffix} files hold no video.", fix="Use .mp4, .mkv or .webm.")
    pts = _ticks(times_s)
    picture = _grey(size_px) if images is None else images
    reformatter = VideoReformatter()  # one for all: making it takes longer than using it
    with _creating(path, form, sound, options) as container:
        video = _add_video(container, form, size_px, options)
        track = None if sound is None else _SoundTrack(container, form, sound, options)
        for index, tick in enumerate(pts):
            if track is not None:
                track.write_until(tick / _TICK_HZ)
            image = picture(index) if callable(picture) else picture
            if image.ndim == 2:
                frame = av.VideoFrame.from_ndarray(image, format="yuv420p")
            else:
                frame = reformatter.reformat(
                    av.VideoFrame.from_ndarray(image, format="bgr24"), format="yuv420p"
                )
            frame.pts, frame.time_base = tick, Fraction(1, _TICK_HZ)
            container.mux(video.encode(frame))
        if track is not None:
            track.finish()
        container.mux(video.encode(None))
    return path


def write_sound(path: Path, sound: Sound, *, options: FileOptions = _USUAL) -> Path:
    """Write a file that has only sound.

    Parameters
    ----------
    path
        File to write: ``.wav``, ``.flac``, ``.mp3``, ``.ogg`` (Opus), ``.aac`` (raw, its lead-in
        unsignalled), or a video format.
    sound
        What is heard. WAV, FLAC, MP3, OGG and raw AAC have no time line, so there it must start
        at 0 and have no gaps.
    options
        How to write it.
    """
    form = _format_of(path)
    if path.suffix in _WITHOUT_START and (sound.start_s != 0 or sound.gaps_s):
        raise InputError(
            f"A {path.suffix} file has no time line for a late start or gaps.",
            fix="Use .mp4, .mkv or .webm, or start the sound at 0 without gaps.",
        )
    with _creating(path, form, sound, options) as container:
        _SoundTrack(container, form, sound, options).finish()
    return path


def cut_file(source: Path, target: Path, *, share: float) -> Path:
    """Copy the first part of a file, as a broken copy leaves it.

    Parameters
    ----------
    source, target
        The whole file, and the damaged copy to write.
    share
        Share of the bytes to keep, 0 … 1.
    """
    data = source.read_bytes()
    with replacing(target) as temporary:
        temporary.write_bytes(data[: round(len(data) * share)])
    return target


def drop_index(source: Path, target: Path) -> Path:
    """Copy an MP4 without its index (moov), as a recorder leaves it that was killed."""
    data = source.read_bytes()
    kept, position = b"", 0
    while position < len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        if size == 1:
            size = int.from_bytes(data[position + 8 : position + 16], "big")
        if size < 8:
            raise InputError(f"{source} is not a whole MP4.", path=source)
        if data[position + 4 : position + 8] != b"moov":
            kept += data[position : position + size]
        position += size
    with replacing(target) as temporary:
        temporary.write_bytes(kept)
    return target


class _SoundTrack:
    """Encodes a sound block by block, at its own time, without its gaps."""

    def __init__(
        self, container: OutputContainer, form: _Format, sound: Sound, options: FileOptions
    ) -> None:
        self._container, self._sound, self._options = container, sound, options
        layout = {1: "mono", 2: "stereo"}[len(options.channel_gains)]
        codec = options.audio_codec or form.audio
        stream = container.add_stream(codec, rate=sound.rate_hz, layout=layout)
        self._stream = cast(AudioStream, stream)
        if codec == "aac":
            self._stream.options = {"aac_coder": "fast"}
        if options.audio_bit_rate:
            self._stream.bit_rate = options.audio_bit_rate
        self._first = round(sound.start_s * sound.rate_hz)
        self._done = 0
        self._shift = 0 if options.priming_signalled else None

    def write_until(self, time_s: float) -> None:
        """Encode what is heard up to a time."""
        rate_hz, samples = self._sound.rate_hz, self._sound.samples
        size = self._stream.codec_context.frame_size or 1024
        while self._done < len(samples) and (self._first + self._done) / rate_hz <= time_s:
            block = samples[self._done : self._done + size]
            frame = _audio_frame(block, self._stream, self._options.channel_gains)
            frame.sample_rate, frame.time_base = rate_hz, Fraction(1, rate_hz)
            frame.pts = self._first + self._done
            self._mux(self._stream.encode(frame))
            self._done += len(block)

    def finish(self) -> None:
        """Encode the rest."""
        self.write_until(math.inf)
        self._mux(self._stream.encode(None))

    def _mux(self, packets: "Sequence[Packet[AudioStream]]") -> None:
        for packet in packets:
            pts = packet.pts
            if pts is None:
                raise OutputError("The sound encoder gave no time; use another codec.")
            tick = packet.time_base
            if self._shift is None:  # the encoder's lead-in goes before the first sample …
                self._shift = self._first - round(pts * tick * self._sound.rate_hz)
            start_s = float(pts * tick)
            if self._is_lost(start_s, start_s + float((packet.duration or 0) * tick)):
                continue
            if self._shift:  # … and without its length being told, all comes later by it
                packet.pts = pts + round(self._shift / self._sound.rate_hz / tick)
                packet.dts = packet.pts
            self._container.mux(packet)

    def _is_lost(self, start_s: float, end_s: float) -> bool:
        """Whether a packet lies in a gap, and so does the one before, which it needs."""
        lead_s = end_s - start_s
        return any(a <= start_s and end_s + lead_s <= b for a, b in self._sound.gaps_s)


def _audio_frame(
    block: NDArray[np.float32], stream: AudioStream, gains: tuple[float, ...]
) -> av.AudioFrame:
    kind = stream.codec_context.format
    channels = np.outer(np.asarray(gains, dtype=np.float32), block)
    if kind.name.startswith("s16"):
        channels = np.clip(np.rint(channels * 32768), -32768, 32767).astype(np.int16)
    elif kind.name.startswith("s32"):
        # float64: the largest int32 is no float32
        wide = np.rint(channels.astype(np.float64) * 2.0**31)
        channels = np.clip(wide, -(2**31), 2**31 - 1).astype(np.int32)
    if not kind.is_planar:
        channels = channels.T.reshape(1, -1)
    return av.AudioFrame.from_ndarray(
        np.ascontiguousarray(channels), format=kind.name, layout=stream.codec_context.layout.name
    )


def _format_of(path: Path) -> _Format:
    try:
        return _FORMATS[path.suffix]
    except KeyError:
        raise InputError(
            f"{path} has an ending that can't be written.", fix=f"Use one of {', '.join(_FORMATS)}."
        ) from None


def _ticks(times_s: Sequence[float] | NDArray[np.float64]) -> list[int]:
    ticks = np.rint(np.asarray(times_s, dtype=np.float64) * _TICK_HZ).astype(np.int64)
    if len(ticks) == 0 or (np.diff(ticks) <= 0).any():
        raise InputError("times_s has to rise from frame to frame, and to hold one frame at least.")
    return [int(tick) for tick in ticks]


def _grey(size_px: tuple[int, int]) -> Callable[[int], NDArray[np.uint8]]:
    width, height = size_px
    return lambda index: np.full((height, width, 3), 60 + index % 120, dtype=np.uint8)


@contextmanager
def _creating(
    path: Path, form: _Format, sound: Sound | None, options: FileOptions
) -> Iterator[OutputContainer]:
    """Open a file for writing that takes its place only when it is whole."""
    settings = {}
    if form.name in ("mp4", "mov"):
        # Late starts are kept in units of the movie: make both tracks' ticks whole ones.
        settings["movie_timescale"] = str(math.lcm(_TICK_HZ, sound.rate_hz if sound else 1))
        if options.fragmented:
            settings["movflags"] = "frag_keyframe+delay_moov+default_base_moof"
        elif options.index_first:
            settings["movflags"] = "faststart"
    elif form.name in ("matroska", "webm") and options.live:
        settings["live"] = "1"
    try:
        with (
            replacing(path) as temporary,
            av.open(f"file:{temporary}", "w", format=form.name, options=settings) as container,
        ):
            if options.created_at is not None:
                moment = options.created_at.astimezone(UTC)
                container.metadata["creation_time"] = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            yield container
    except (av.FFmpegError, ValueError) as error:
        raise OutputError(f"{path} can't be written: {error}.", path=path) from error


def _add_video(
    container: OutputContainer, form: _Format, size_px: tuple[int, int], options: FileOptions
) -> VideoStream:
    stream = cast(VideoStream, container.add_stream(form.video, rate=30))
    stream.width, stream.height = size_px
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = Fraction(1, _TICK_HZ)
    if options.video_bit_rate:
        stream.bit_rate = options.video_bit_rate
    settings = dict(_VIDEO_OPTIONS[form.video])
    settings["g"] = str(options.key_interval)
    if form.video == "libx264":
        settings |= {"bf": str(options.b_frames), "b-adapt": "0", "sc_threshold": "0"}
    stream.options = {**settings, **options.video_options}
    if options.rotation_deg or options.mirrored:
        stream.set_display_rotation(options.rotation_deg, hflip=options.mirrored)
    return stream
