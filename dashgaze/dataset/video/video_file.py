"""Writing a video of the data set: H.264, every picture at its own tick, the same bytes every time."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from dashgaze.dataset.tables.view_pts import TICKS_PER_S
from dashgaze.errors import OutputError
from dashgaze.files import replacing
from dashgaze.media.colour import ColourPicture

from .planes import Planes, even, filled_frame
from .sound_copy import SoundCopy

GOP = 15
"""Pictures from one keyframe to the next: half a second, so that any picture is found quickly."""
CRF = 20
"""Quality of x264: what it takes away is hard to see."""

# x264 gives other bytes with another number of threads, so it is never that of the machine.
_THREADS = 4
_PRESET = "veryfast"
# Pictures that wait for the encoder.
_AHEAD = 4
_USUAL_RATE_HZ = 30
# FFmpeg moves a frame that comes later than this after the one before it: 6.6 hours.
_LONGEST_GAP_TICKS = (1 << 31) - 1


class VideoFile:
    """Takes pictures one by one and writes them as MP4; a context manager.

    The file takes its place, whole and synced, when the block ends without an exception. It has no
    metadata. Pictures are stored in the order they are shown in, with a keyframe every `GOP`.
    H.264 with half-size colour has even sizes only: where the picture's is odd, its last column or
    row is repeated once, so that pixel positions stay what they are.

    Parameters
    ----------
    path
        Where to.
    size_px
        Width and height of the pictures; those of the file are `even` of it.
    crf
        Quality of x264, 0 … 51; less is better and larger.
    preset
        Speed of x264.
    sound
        Sound to carry over as it is coded; None for a silent file.

    Raises
    ------
    OutputError
        If it can't be written, or this machine's FFmpeg has no H.264 encoder; from the block as well.
    """

    def __init__(
        self,
        path: Path,
        size_px: tuple[int, int],
        *,
        crf: int = CRF,
        preset: str = _PRESET,
        sound: SoundCopy | None = None,
    ) -> None:
        if min(size_px) < 1:
            raise ValueError(f"a picture has a size, not {size_px[0]} × {size_px[1]}")
        self.path, self.size_px = path, size_px
        self.frame_count = 0
        self._options = {"preset": preset, "crf": str(crf), "threads": str(_THREADS)}
        self._sound = sound
        self._stack = ExitStack()
        self._last_ticks = -1
        self._pending: deque[tuple[Future[list[Packet[VideoStream]]], int]] = deque()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._container = stack.enter_context(_output(self.path))
            self._video = _add_video(self._container, even(self.size_px), self._options)
            self._sounds: Iterator[Packet[AudioStream]] = iter(())
            if self._sound is not None:
                self._sounds = stack.enter_context(self._sound.into(self._container))
            self._sound_packet = next(self._sounds, None)
            self._container.start_encoding()
            # It does nothing else: of the smallest pictures x264 makes other bytes if its thread was
            # used for reading and writing in between.
            self._encoder = ThreadPoolExecutor(1, thread_name_prefix="dashgaze-encoder")
            stack.callback(self._encoder.shutdown, cancel_futures=True)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._stack.__exit__(kind, error, trace)
            return
        with self._stack:
            self._write(waiting=0)
            self._container.mux(self._encoder.submit(self._video.encode, None).result())
            if not self.frame_count:
                raise OutputError(
                    f"{self.path} would be a video without a picture.",
                    fix="Leave it out.",
                    path=self.path,
                )

    def add(self, picture: ColourPicture | Planes, ticks: int) -> None:
        """Add a picture.

        Parameters
        ----------
        picture
            Its planes (I420), in the size of the file; copied before this returns.
        ticks
            When it is shown, in 1/90000 s; more than the one before.

        Raises
        ------
        ValueError
            If it has another size, or its time does not come after the one before, or hours after it.
        """
        planes = picture.planes if isinstance(picture, ColourPicture) else picture
        height, width = planes[0].shape
        if (width, height) != self.size_px:
            raise ValueError(
                f"{self.path.name} takes pictures of {self.size_px[0]} × {self.size_px[1]} px, not "
                f"{width} × {height} px"
            )
        if ticks <= self._last_ticks:
            raise ValueError(f"times have to ascend from 0, but {ticks} follows {self._last_ticks}")
        if ticks - max(0, self._last_ticks) > _LONGEST_GAP_TICKS:
            raise ValueError(f"MP4 can't keep the gap between {self._last_ticks} and {ticks} ticks")
        self._last_ticks = ticks
        self.frame_count += 1
        frame = filled_frame(planes, even(self.size_px))
        frame.pts = ticks
        self._pending.append((self._encoder.submit(self._video.encode, frame), ticks))
        self._write(waiting=_AHEAD)

    def _write(self, *, waiting: int) -> None:
        """Write what is encoded, until no more than so many pictures wait."""
        while len(self._pending) > waiting:
            encoded, ticks = self._pending.popleft()
            self._write_sound(ticks)
            self._container.mux(encoded.result())

    def _write_sound(self, until_ticks: int) -> None:
        """Write what is heard up to a time, so that sound and pictures stand beside each other."""
        until_s = Fraction(until_ticks, TICKS_PER_S)
        while (packet := self._sound_packet) is not None:
            if packet.pts is not None and packet.pts * packet.time_base > until_s:
                return
            self._container.mux(packet)
            self._sound_packet = next(self._sounds, None)


@contextmanager
def _output(path: Path) -> Iterator[OutputContainer]:
    # Whole ticks in the edit list, the index first, and nothing said of who wrote it.
    settings = {
        "movflags": "faststart",
        "movie_timescale": str(TICKS_PER_S),
        "video_track_timescale": str(TICKS_PER_S),
        "fflags": "bitexact",
    }
    with replacing(path) as temporary:
        try:
            with av.open(f"file:{temporary}", "w", format="mp4", options=settings) as container:
                yield container
        except av.FFmpegError as error:
            raise OutputError(
                f"{path} can't be written: {error}.",
                fix="Check the space left on the disk, and that PyAV comes with libx264, as its "
                "wheels do.",
                path=path,
            ) from error


def _add_video(
    container: OutputContainer, size_px: tuple[int, int], options: dict[str, str]
) -> VideoStream:
    stream = container.add_stream("libx264", rate=_USUAL_RATE_HZ)
    stream.width, stream.height = size_px
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base = Fraction(1, TICKS_PER_S)
    context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
    context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    stream.options = {**options, "g": str(GOP), "bf": "0"}
    return stream
