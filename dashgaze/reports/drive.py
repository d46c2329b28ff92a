"""All that a report knows of a drive, before anything is judged or drawn."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.checks import CheckReport
from dashgaze.collection.eye_tracker import EyeTrackerRecording
from dashgaze.schemas.time_map import TimeMapDocument
from dashgaze.session import Session
from dashgaze.stages.session_clock import SessionClock

from .exposure import Exposure
from .faces import FaceFacts
from .frame_facts import FrameFacts
from .pictures import PicturePair
from .records import StageState
from .sound_level import SoundHealth
from .streams import Stream
from .sync_evidence import SyncEvidence


@dataclass(frozen=True, kw_only=True)
class DriveEvent:
    """A named moment of the drive, on its clock, s."""

    name: str
    time_s: float


@dataclass(frozen=True, kw_only=True)
class GazeSampleFacts:
    """The gaze samples of the recording, whatever the stages made of them.

    Attributes
    ----------
    count
        Samples.
    rate_hz
        One over the median interval; None for fewer than two.
    valid_share
        Share with a point, taken while worn; None without samples.
    """

    count: int
    rate_hz: float | None
    valid_share: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Drive:
    """A drive as far as it could be looked at. None, or a note, stands for what is not known.

    Its clock: seconds of the road video (container time). Where the clocks are not aligned, streams of
    the eye tracker count from its first frame instead.

    Attributes
    ----------
    session, check
        The session, and what `dashgaze check` says of it.
    stages
        Where each stage stands.
    clock, clock_problem
        What the sync stage wrote, and why it can't be read; empty if it can, or has not run.
    recording
        The eye tracker's recording; None if it can't be read.
    samples
        Its gaze samples.
    events
        Its events.
    streams
        The videos: road, driver if there is one, world.
    sounds
        Sound by name of the video (road, world).
    exposures
        Light by name of the video.
    evidence, evidence_note
        The correlation behind the time map, and why there is none.
    frames, frames_problem
        The frame table, and why it can't be read.
    align
        Summary of the align stage; None before it has run.
    faces
        Face visibility.
    pictures
        Pictures at the best, median and worst frame.
    notes
        What else was left out, in sentences.
    """

    session: Session
    check: CheckReport
    stages: tuple[StageState, ...]
    clock: SessionClock
    clock_problem: str
    recording: EyeTrackerRecording | None
    samples: GazeSampleFacts | None
    events: tuple[DriveEvent, ...]
    streams: tuple[Stream, ...]
    sounds: dict[str, SoundHealth]
    exposures: dict[str, Exposure]
    evidence: SyncEvidence | None
    evidence_note: str
    frames: FrameFacts | None
    frames_problem: str
    align: dict[str, Any] | None
    faces: FaceFacts
    pictures: tuple[PicturePair, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def time_map(self) -> TimeMapDocument | None:
        """What the sync stage wrote; None before it has run."""
        return self.clock.document

    @property
    def clocks_known(self) -> bool:
        """Whether there is a time map to use."""
        return self.clock.time_map is not None

    def to_drive_s(self, tracker_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Move times of the tracker to the drive's clock, s; as they are where that is not known."""
        time_map = self.clock.time_map
        return tracker_s if time_map is None else time_map.phone_s(tracker_s)

    def stream(self, name: str) -> Stream | None:
        """Give a video by name; None if the session has none of this name."""
        return next((stream for stream in self.streams if stream.name == name), None)

    def stage(self, name: str) -> StageState:
        """Give the state of a stage."""
        return next(state for state in self.stages if state.stage == name)

    @property
    def span_s(self) -> tuple[float, float] | None:
        """First and last moment of anything, on the drive's clock, s; None if nothing is known."""
        ends = [
            (float(times[0]), float(times[-1])) for times in self._all_times() if len(times) > 1
        ]
        if not ends:
            return None
        return min(start for start, _ in ends), max(end for _, end in ends)

    @property
    def common_s(self) -> float | None:
        """Length of what road and scene camera both saw, s; None if the clocks are not known."""
        road, world = self.stream("road"), self.stream("world")
        if road is None or world is None or not (road.there and world.there and self.clocks_known):
            return None
        start_s = max(float(road.time_s[0]), float(world.time_s[0]))
        return max(0.0, min(float(road.time_s[-1]), float(world.time_s[-1])) - start_s)

    def _all_times(self) -> list[NDArray[np.float64]]:
        return [stream.time_s for stream in self.streams]
