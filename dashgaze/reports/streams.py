"""How the videos of a session follow each other in time: rates, lost frames, lengths."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dashgaze.alignment.time_map import TimeMap
from dashgaze.checks.frame_gaps import GAP_INTERVALS, find_gaps
from dashgaze.collection.eye_tracker import EyeTrackerRecording
from dashgaze.errors import MediaError
from dashgaze.media import FrameTimes, MediaInfo, probe, read_frame_times
from dashgaze.progress import Progress
from dashgaze.session import Session

StreamName = Literal["road", "driver", "world"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Stream:
    """One video: the phone's of the road or the driver, or the eye tracker's.

    Attributes
    ----------
    name
        Which one.
    file
        Its path from the session folder; None if the manifest names none.
    problem
        Why nothing is known of it; empty if it could be read.
    time_s
        Times of its frames, ascending, shape (n,), s: on the drive's clock (see `Drive`).
    part_starts
        Whether a frame is the first of a file, shape (n,): the time before it is no loss.
    rate_hz
        Frames per second, by the median interval; None for fewer than three frames.
    lost_count, lost_share, gap_count
        Frames that are missing inside of it, their share of all that should be there, and in how many
        places.
    longest_gap_s, longest_gap_at_s
        Longest interval between two frames, s, and when it begins.
    width_px, height_px
        Size of its pictures, as they are shown.
    has_sound
        Whether it has a sound track.
    codec
        As FFmpeg calls it.
    cut
        Whether the file ends before its own headers say.
    """

    name: StreamName
    file: str | None = None
    problem: str = ""
    time_s: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    part_starts: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=np.bool_))
    rate_hz: float | None = None
    lost_count: int | None = None
    lost_share: float | None = None
    gap_count: int | None = None
    longest_gap_s: float | None = None
    longest_gap_at_s: float | None = None
    width_px: int | None = None
    height_px: int | None = None
    has_sound: bool | None = None
    codec: str | None = None
    cut: bool = False

    @property
    def there(self) -> bool:
        """Whether its frames are known."""
        return len(self.time_s) > 0

    @property
    def duration_s(self) -> float | None:
        """From the first to the last frame, s."""
        return float(self.time_s[-1] - self.time_s[0]) if self.there else None

    def gaps_s(self) -> list[tuple[float, float]]:
        """Stretches in which frames are missing, as start and end, s."""
        if self.rate_hz is None:
            return []
        wide = np.diff(self.time_s) > GAP_INTERVALS / self.rate_hz
        wide &= ~self.part_starts[1:]
        return [(float(self.time_s[i]), float(self.time_s[i + 1])) for i in np.flatnonzero(wide)]

    def to_json(self) -> dict[str, Any]:
        """Give what is known ready for JSON; missing is None."""
        return {
            "name": self.name,
            "file": self.file,
            "problem": self.problem or None,
            "frame_count": len(self.time_s) if self.there else None,
            "duration_s": self.duration_s,
            "rate_hz": self.rate_hz,
            "lost_count": self.lost_count,
            "lost_share": self.lost_share,
            "gap_count": self.gap_count,
            "longest_gap_s": self.longest_gap_s,
            "longest_gap_at_s": self.longest_gap_at_s,
            "width_px": self.width_px,
            "height_px": self.height_px,
            "has_sound": self.has_sound,
            "codec": self.codec,
            "cut": self.cut,
        }


@dataclass(frozen=True, kw_only=True)
class PhoneVideo:
    """A video of the phone: how it is to be read, and its health."""

    path: Path
    stream: Stream
    times: FrameTimes | None = None
    info: MediaInfo | None = None


def read_phone_video(
    session: Session, name: Literal["road", "driver"], progress: Progress
) -> PhoneVideo | None:
    """Read when the frames of a video of the phone were taken; None if the manifest names none.

    What keeps it from being read is told by `Stream.problem`.
    """
    path = session.road_path if name == "road" else session.driver_path
    if path is None:
        return None
    file = path.relative_to(session.root).as_posix()
    try:
        info = probe(path)
        times = read_frame_times(path, progress=progress)
    except MediaError as error:
        return PhoneVideo(path=path, stream=Stream(name=name, file=file, problem=error.what))
    offset_s = session.manifest.phone.driver_offset_s if name == "driver" else 0.0
    stream = _stream(name, file, times.time_s + offset_s, None, info, cut=times.truncated)
    return PhoneVideo(path=path, stream=stream, times=times, info=info)


def read_world_stream(
    recording: EyeTrackerRecording, time_map: TimeMap | None, file: str, progress: Progress
) -> Stream:
    """Describe the scene camera's video, over all of its parts; padding counts as lost frames."""
    world = recording.world
    valid = world.valid
    tracker_s = (world.timestamp_ns[valid] - recording.first_frame_ns) / 1e9
    time_s = tracker_s if time_map is None else time_map.phone_s(tracker_s)
    part = world.part[valid]
    starts = np.concatenate([np.ones(min(1, len(part)), dtype=np.bool_), np.diff(part) != 0])
    infos = []
    for number, each in enumerate(recording.world_parts):
        progress("reading headers", number / len(recording.world_parts))
        if each.path is not None:
            try:
                infos.append(probe(each.path))
            except MediaError:
                continue  # the reader has a note on it, which `check` tells
    stream = _stream("world", file, time_s, starts, infos[0] if infos else None, cut=False)
    has_sound = any(info.audio is not None for info in infos) if infos else None
    return replace(stream, has_sound=has_sound)


def _stream(
    name: StreamName,
    file: str,
    time_s: NDArray[np.float64],
    part_starts: NDArray[np.bool_] | None,
    info: MediaInfo | None,
    *,
    cut: bool,
) -> Stream:
    gaps = find_gaps(time_s, part_starts)
    video = None if info is None else info.video
    size: tuple[int | None, int | None] = (None, None)
    if video is not None and video.width_px:
        size = (video.width_px, video.height_px)
        if video.rotation_deg in (90, 270):
            size = size[::-1]
    starts = np.zeros(len(time_s), dtype=np.bool_) if part_starts is None else part_starts
    return Stream(
        name=name,
        file=file,
        problem="" if len(time_s) else "It holds no frame with a time.",
        time_s=time_s,
        part_starts=starts,
        rate_hz=None if gaps is None else gaps.frame_rate_hz,
        lost_count=None if gaps is None else gaps.lost_count,
        lost_share=None if gaps is None else gaps.lost_share,
        gap_count=None if gaps is None else gaps.gap_count,
        longest_gap_s=None if gaps is None else gaps.longest_s,
        longest_gap_at_s=None if gaps is None else gaps.longest_at_s,
        width_px=size[0],
        height_px=size[1],
        has_sound=None if info is None else info.audio is not None,
        codec=None if video is None else video.codec,
        cut=cut,
    )
