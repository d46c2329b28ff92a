"""Parting the video of a dual-camera app into that of the road and that of the driver."""

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, cast

import av
from av.container import InputContainer, OutputContainer
from av.filter import Graph
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from dashgaze.errors import MediaError, OutputError
from dashgaze.files import replacing
from dashgaze.media import MediaInfo, probe, read_frame_times
from dashgaze.media.opening import first_audio, first_video, open_media
from dashgaze.progress import Progress, silent

from .layouts import Box, Layout, as_coded

# Hard to tell from the original, which is kept beside.
_QUALITY = {"preset": "veryfast", "crf": "14", "bf": "0"}
_KEY_INTERVAL = 30
_USUAL_RATE_HZ = 30
# Kept as they are; everything else is converted to the first.
_PLAIN_FORMATS = ("yuv420p", "yuvj420p")
_LARGEST_SCALE = (1 << 31) - 1
_PROGRESS_FRAMES = 30
_FIRST_TICK = -(1 << 62)


@dataclass(frozen=True, kw_only=True)
class Parted:
    """A composite that was parted.

    Attributes
    ----------
    source
        The composite.
    layout
        How it was parted.
    shown_px
        Its size as it is shown.
    road_box, driver_box
        What became of each, in the composite as it is shown.
    frame_count, lost_frames
        Pictures that were parted, and those that could not be decoded.
    truncated
        Whether the composite ends before its header says.
    converted_from
        Pixel format, if it had to be changed to 8 bits and half-size colour; else None.
    """

    source: Path
    layout: Layout
    shown_px: tuple[int, int]
    road_box: Box
    driver_box: Box
    frame_count: int
    lost_frames: int
    truncated: bool
    converted_from: str | None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done and lost, in sentences."""
        name = self.source.name
        if self.layout.inset is None:
            done = (
                f"Road and driver are cut out of '{name}' and coded anew at high quality, with the "
                "times and sound that it has."
            )
        else:
            done = (
                f"The road video is '{name}' as it is; where the driver's window lies "
                f"(x,y,w,h = {_listed(self.layout.inset)} px) the road can't be seen."
            )
        notes = [done]
        if self.truncated:
            notes.append(f"'{name}' is cut off; what is whole of it is there.")
        if self.lost_frames:
            notes.append(f"{self.lost_frames} pictures of '{name}' can't be decoded; left out.")
        if self.converted_from is not None:
            notes.append(f"The pictures are converted from {self.converted_from} to 8 bits.")
        return tuple(notes)

    def to_json(self) -> dict[str, Any]:
        """Give it as one object, ready for JSON."""
        return {
            "how": "parted",
            "layout": self.layout.kind,
            "road_side": self.layout.road_side,
            "composite_size_px": list(self.shown_px),
            "road_box_px": list(self.road_box),
            "driver_box_px": list(self.driver_box),
            "inset_px": None if self.layout.inset is None else list(self.layout.inset),
            "frame_count": self.frame_count,
            "lost_frames": self.lost_frames,
            "truncated": self.truncated,
            "converted_from": self.converted_from,
        }


def shown_size(info: MediaInfo) -> tuple[int, int]:
    """Give width and height of a video as it is shown.

    Raises
    ------
    MediaError
        If it has no pictures.
    """
    if info.video is None:
        raise MediaError(f"{info.path} has no pictures.", fix="Name a video.", path=info.path)
    size_px = info.video.width_px, info.video.height_px
    return (size_px[1], size_px[0]) if info.video.rotation_deg in (90, 270) else size_px


def part_composite(
    source: Path,
    layout: Layout,
    *,
    road: Path | None,
    driver: Path,
    progress: Progress = silent,
) -> Parted:
    """Cut the videos of road and driver out of one, with the very times of its pictures.

    No pixel is moved or scaled; turning stays a note of the file. The sound is carried over as it
    is coded.

    Parameters
    ----------
    source
        The composite.
    layout
        How it is parted.
    road, driver
        Files to write. None for the road of a picture in picture, which is the source itself.
    progress
        Called as pictures are coded.

    Raises
    ------
    InputError
        If the layout does not fit to the pictures.
    MediaError
        If the source can't be read, or none of its pictures can be decoded.
    OutputError
        If a file can't be written.
    """
    info = probe(source)
    shown_px = shown_size(info)
    road_box, driver_box = layout.boxes(shown_px)
    times = read_frame_times(source)
    wanted = len(times.pts)
    with ExitStack() as stack:
        container = stack.enter_context(open_media(source))
        stream = first_video(container)
        if stream is None or stream.codec_context is None:
            raise MediaError(f"{source} can't be decoded.", fix="Copy it again.", path=source)
        stream.thread_type = "AUTO"
        outputs = [stack.enter_context(_Output.open(driver, container, stream, info, driver_box))]
        if road is not None:
            outputs.append(
                stack.enter_context(
                    _Output.open(road, container, stream, info, road_box, sound=True)
                )
            )
        count = 0
        last_pts = _FIRST_TICK
        for frame in _frames(container, stream, outputs):
            if frame.pts is None or frame.pts <= last_pts:
                continue
            last_pts = frame.pts
            for output in outputs:
                output.add(frame)
            count += 1
            if count % _PROGRESS_FRAMES == 0:
                progress(f"parting {source.name}", min(1.0, count / wanted))
        if not count:
            raise MediaError(
                f"No picture of {source} can be decoded.", fix="Copy it again.", path=source
            )
        for output in outputs:
            output.finish()
    progress(f"parting {source.name}", 1.0)
    return Parted(
        source=source,
        layout=layout,
        shown_px=shown_px,
        road_box=road_box,
        driver_box=driver_box,
        frame_count=count,
        lost_frames=max(0, wanted - count),
        truncated=times.truncated,
        converted_from=outputs[0].converted_from,
    )


def _frames(
    container: InputContainer, stream: VideoStream, outputs: "list[_Output]"
) -> Iterator[VideoFrame]:
    """Decode all pictures that can be, and hand packets of sound on as they come."""
    sound = first_audio(container)
    wanted = [stream] if sound is None or sound.codec_context is None else [stream, sound]
    packets = container.demux(wanted)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.FFmpegError:
            return  # the file is cut off here
        if packet.stream.index != stream.index:
            for output in outputs:
                output.add_sound(cast("Packet[Any]", packet))
            continue
        if packet.is_corrupt:
            continue  # a piece of a picture
        try:
            yield from cast("list[VideoFrame]", packet.decode())
        except av.FFmpegError:
            continue


class _Output:
    """One file that a part of each picture goes to."""

    def __init__(
        self, container: OutputContainer, source: VideoStream, info: MediaInfo, box: Box
    ) -> None:
        if info.video is None:
            raise MediaError(f"{info.path} has no pictures.", path=info.path)
        self._container = container
        self._tick = source.time_base or Fraction(1, 90_000)
        self.box = as_coded(
            box, shown_size(info), info.video.rotation_deg, mirrored=info.video.mirrored
        )
        context = source.codec_context
        plain = context.pix_fmt in _PLAIN_FORMATS
        self.converted_from = None if plain else context.pix_fmt
        self._format = context.pix_fmt if plain and context.pix_fmt else _PLAIN_FORMATS[0]
        video = container.add_stream("libx264", rate=_USUAL_RATE_HZ)
        video.width, video.height = self.box[2:]
        video.pix_fmt = self._format
        made = video.codec_context
        made.time_base = self._tick
        made.color_range, made.colorspace = context.color_range, context.colorspace
        made.color_primaries, made.color_trc = context.color_primaries, context.color_trc
        video.options = {**_QUALITY, "g": str(_KEY_INTERVAL)}
        if info.video.rotation_deg or info.video.mirrored:
            video.set_display_rotation(info.video.rotation_deg, hflip=info.video.mirrored)
        self._video = video
        self._sound: Any = None
        self._graph: Graph | None = None
        self._shape: tuple[int, int, str] | None = None

    @classmethod
    @contextmanager
    def open(
        cls,
        path: Path,
        source: InputContainer,
        stream: VideoStream,
        info: MediaInfo,
        box: Box,
        *,
        sound: bool = False,
    ) -> "Iterator[_Output]":
        """Make the file; it takes its place when the block ends without an exception."""
        audio = first_audio(source)
        streams = [stream] if audio is None or not sound else [stream, audio]
        form: Literal["mp4", "matroska"] = "matroska" if path.suffix == ".mkv" else "mp4"
        settings = {}
        if form == "mp4":
            scale = math.lcm(*(each.time_base.denominator for each in streams if each.time_base))
            settings["movie_timescale"] = str(scale if scale <= _LARGEST_SCALE else 90_000)
            if stream.time_base is not None and stream.time_base.numerator == 1:
                settings["video_track_timescale"] = str(stream.time_base.denominator)
            settings["movflags"] = "use_metadata_tags"
        with replacing(path) as temporary:
            try:
                with av.open(f"file:{temporary}", "w", format=form, options=settings) as container:
                    made = cls(container, stream, info, box)
                    if sound and audio is not None and audio.codec_context is not None:
                        made._sound = container.add_stream_from_template(audio)
                        made._sound.time_base = audio.time_base
                    for key, value in source.metadata.items():
                        if "brand" not in key and key != "minor_version":
                            container.metadata[key] = value
                    yield made
            except av.FFmpegError as error:
                raise OutputError(
                    f"{path} can't be written: {error}.",
                    fix="Check the space left on the disk, and that PyAV comes with libx264.",
                    path=path,
                ) from error

    def add(self, frame: VideoFrame) -> None:
        """Cut a picture and code it, at its own time."""
        cut = self._cut(frame)
        cut.pts, cut.time_base = frame.pts, self._tick
        # Which pictures are keyframes is this file's own matter.
        cut.pict_type = 0
        self._container.mux(self._video.encode(cut))

    def add_sound(self, packet: "Packet[Any]") -> None:
        """Carry over a packet of sound as it is coded."""
        if self._sound is None or not packet.size or packet.pts is None or packet.is_corrupt:
            return
        packet.stream = self._sound
        self._container.mux(packet)

    def finish(self) -> None:
        """Code what waits."""
        self._container.mux(self._video.encode(None))

    def _cut(self, frame: VideoFrame) -> VideoFrame:
        shape = frame.width, frame.height, frame.format.name
        if self._graph is None or shape != self._shape:
            self._graph, self._shape = self._cutter(frame), shape
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _cutter(self, frame: VideoFrame) -> Graph:
        x, y, width, height = self.box
        if x + width > frame.width or y + height > frame.height:
            raise MediaError("The pictures of the composite change their size.")
        graph = Graph()
        graph.link_nodes(
            graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=self._tick,
            ),
            graph.add("crop", f"{width}:{height}:{x}:{y}:exact=1"),
            graph.add("format", self._format),
            graph.add("buffersink"),
        ).configure()
        return graph


def _listed(box: Box) -> str:
    return ",".join(str(value) for value in box)
