"""Looking at a whole drive; whatever can't be had is told instead of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashgaze.alignment.sync.whitening import Whitened, whiten
from dashgaze.alignment.time_map import TimeMap
from dashgaze.checks import check
from dashgaze.collection.eye_tracker import EyeTrackerRecording
from dashgaze.errors import DashgazeError, InputError, MediaError
from dashgaze.media import Sound, read_frame_times, read_sound
from dashgaze.progress import Progress, part_of
from dashgaze.remote_file import RemoteError
from dashgaze.session import Session
from dashgaze.stages.align import read_summary
from dashgaze.stages.filled_tables import state_of_tables
from dashgaze.stages.frames import FRAMES_NAME
from dashgaze.stages.offset import SOUND_RATE_HZ
from dashgaze.stages.session_clock import SessionClock, read_session_clock
from dashgaze.stages.tracker_sound import read_tracker_sound

from .drive import Drive, DriveEvent, GazeSampleFacts
from .exposure import Exposure, joined, measure_exposure
from .faces import read_face_facts
from .frame_facts import FrameFacts, read_frame_facts
from .pictures import PicturePair, take_pictures
from .records import StageState, read_stage_states
from .sound_level import SoundHealth, measure_sound
from .streams import PhoneVideo, Stream, read_phone_video, read_world_stream
from .sync_evidence import SyncEvidence, compare_sounds


def look_at(session: Session, *, listen: bool, progress: Progress) -> Drive:
    """Gather what there is to know of a drive. Nothing is written.

    Parameters
    ----------
    session
        The session.
    listen
        Whether to decode its sound.
    progress
        Where to report to.
    """
    notes: list[str] = []
    checked = check(session.root, progress=part_of(progress, 0.0, 0.2))
    stages = read_stage_states(session)
    clock, clock_problem = _clock(session)
    recording = _recording(session, part_of(progress, 0.2, 0.25))
    road = read_phone_video(session, "road", part_of(progress, 0.25, 0.3))
    driver = read_phone_video(session, "driver", part_of(progress, 0.3, 0.35))
    world = _world(session, recording, clock.time_map, progress)
    streams = [video.stream for video in (road, driver) if video is not None]
    heard = _Heard({}, None, "The sound was not listened to.")
    if listen:
        heard = _listen(recording, road, clock.time_map, part_of(progress, 0.35, 0.65))
    exposures = _exposures(recording, road, driver, world, part_of(progress, 0.65, 0.9))
    facts, frames_problem = _frames(session, recording, clock.time_map)
    pictures = _pictures(facts, recording, road, notes, part_of(progress, 0.9, 1.0))
    return Drive(
        session=session,
        check=checked,
        stages=stages,
        clock=clock,
        clock_problem=clock_problem,
        recording=recording,
        samples=None if recording is None else _samples(recording),
        events=() if recording is None else _events(recording, clock.time_map),
        streams=(*streams, world),
        sounds=heard.health,
        exposures=exposures,
        evidence=heard.evidence,
        evidence_note=heard.note,
        frames=facts,
        frames_problem=frames_problem,
        align=_align_summary(session, stages),
        faces=read_face_facts(session.derived, has_driver_video=driver is not None),
        pictures=pictures,
        notes=tuple(notes),
    )


@dataclass(frozen=True)
class _Heard:
    """What the sounds say, and why they don't."""

    health: dict[str, SoundHealth]
    evidence: SyncEvidence | None
    note: str


def _clock(session: Session) -> tuple[SessionClock, str]:
    try:
        return read_session_clock(session.derived), ""
    except InputError as error:
        return SessionClock(document=None, time_map=None, notes=()), error.what


def _recording(session: Session, progress: Progress) -> EyeTrackerRecording | None:
    try:
        return session.recording(progress)
    except InputError:
        return None  # `check` tells why


def _world(
    session: Session,
    recording: EyeTrackerRecording | None,
    time_map: TimeMap | None,
    progress: Progress,
) -> Stream:
    file = session.manifest.eye_tracker.path
    if recording is None:
        return Stream(name="world", file=file, problem="The recording can't be read.")
    return read_world_stream(recording, time_map, file, part_of(progress, 0.35, 0.35))


def _samples(recording: EyeTrackerRecording) -> GazeSampleFacts:
    gaze = recording.gaze
    count = len(gaze.timestamp_ns)
    valid = np.isfinite(gaze.x_px) & np.isfinite(gaze.y_px) & gaze.worn
    interval_ns = float(np.median(np.diff(gaze.timestamp_ns))) if count > 1 else 0.0
    return GazeSampleFacts(
        count=count,
        rate_hz=1e9 / interval_ns if interval_ns > 0 else None,
        valid_share=float(np.mean(valid)) if count else None,
    )


def _events(recording: EyeTrackerRecording, time_map: TimeMap | None) -> tuple[DriveEvent, ...]:
    events = []
    for event in sorted(recording.events, key=lambda event: event.timestamp_ns):
        tracker_s = (event.timestamp_ns - recording.first_frame_ns) / 1e9
        time_s = tracker_s if time_map is None else float(time_map.phone_s(tracker_s))
        events.append(DriveEvent(name=event.name, time_s=time_s))
    return tuple(events)


def _listen(
    recording: EyeTrackerRecording | None,
    road: PhoneVideo | None,
    time_map: TimeMap | None,
    progress: Progress,
) -> _Heard:
    """Measure both sounds and compare them; one after the other, as an hour of each is large."""
    health: dict[str, SoundHealth] = {}
    whitened: dict[str, Whitened] = {}

    def take(name: str, read: Callable[[], Sound]) -> None:
        try:
            sound = read()
        except MediaError:
            return  # `check` tells why
        health[name] = measure_sound(sound)
        if time_map is not None:
            whitened[name] = whiten(sound)

    if road is not None and road.info is not None and road.info.audio is not None:
        path, report = road.path, part_of(progress, 0.0, 0.4)
        take("road", lambda: read_sound(path, rate_hz=SOUND_RATE_HZ, progress=report))
    if recording is not None:
        told = part_of(progress, 0.4, 0.8)
        take(
            "world", lambda: read_tracker_sound(recording, rate_hz=SOUND_RATE_HZ, progress=told)[0]
        )
    if time_map is None:
        return _Heard(health, None, "Without a time map there is nothing to compare along.")
    if len(whitened) < 2:
        return _Heard(health, None, "One of the recordings has no sound that can be decoded.")
    evidence = compare_sounds(
        whitened["world"], whitened["road"], time_map, part_of(progress, 0.8, 1.0)
    )
    note = "" if evidence is not None else "The sounds have too little in common to be compared."
    return _Heard(health, evidence, note)


def _exposures(
    recording: EyeTrackerRecording | None,
    road: PhoneVideo | None,
    driver: PhoneVideo | None,
    world: Stream,
    progress: Progress,
) -> dict[str, Exposure]:
    found: dict[str, Exposure] = {}
    for number, (name, video) in enumerate((("road", road), ("driver", driver))):
        if video is None or video.times is None:
            continue
        report = part_of(progress, number / 3, (number + 1) / 3)
        try:
            found[name] = measure_exposure(
                video.path,
                video.times,
                video.stream.time_s,
                report,
                with_backdrop=name == "road",
            )
        except MediaError:
            continue  # `check` tells why
    if recording is not None:
        found["world"] = _world_exposure(recording, world, part_of(progress, 2 / 3, 1.0))
    return found


def _world_exposure(recording: EyeTrackerRecording, stream: Stream, progress: Progress) -> Exposure:
    frames = recording.world
    shown_s = np.full(len(frames.pts), np.nan)
    shown_s[frames.valid] = stream.time_s
    parts = []
    for number, part in enumerate(recording.world_parts):
        if part.path is None:
            continue
        rows = np.flatnonzero(frames.part == number)
        try:
            times = read_frame_times(part.path)
            # The reader's frames are found by pts; what it left out has no time.
            time_s = np.full(len(times.pts), np.nan)
            place = np.searchsorted(times.pts, frames.pts[rows]).clip(0, len(times.pts) - 1)
            same = times.pts[place] == frames.pts[rows]
            time_s[place[same]] = shown_s[rows[same]]
            seen = measure_exposure(part.path, times, time_s, progress)
        except MediaError:
            continue
        known = np.isfinite(seen.time_s)
        parts.append(
            Exposure(
                time_s=seen.time_s[known],
                luma=seen.luma[known],
                black=seen.black[known],
                white=seen.white[known],
            )
        )
    return joined(parts)


def _frames(
    session: Session, recording: EyeTrackerRecording | None, time_map: TimeMap | None
) -> tuple[FrameFacts | None, str]:
    path = session.derived / FRAMES_NAME
    if not path.is_file():
        return None, ""
    zero_ns = None if recording is None else recording.first_frame_ns
    try:
        facts = read_frame_facts(path, first_frame_ns=zero_ns, time_map=time_map)
    except InputError as error:
        return None, error.what
    if state_of_tables(session) != "whole":
        what = "A run that made the frame table was broken off, or the table was changed since."
        return None, what
    return facts, ""


def _align_summary(session: Session, stages: tuple[StageState, ...]) -> dict[str, Any] | None:
    state = next(state for state in stages if state.stage == "align")
    if state.record is None:
        return None
    try:
        return read_summary(session.derived)
    except InputError:
        return None


def _pictures(
    facts: FrameFacts | None,
    recording: EyeTrackerRecording | None,
    road: PhoneVideo | None,
    notes: list[str],
    progress: Progress,
) -> tuple[PicturePair, ...]:
    if facts is None or recording is None or road is None:
        return ()
    try:
        return take_pictures(facts, recording, road, progress)
    except RemoteError:
        raise  # out of reach for now
    except DashgazeError as error:
        notes.append(f"No pictures could be taken: {error.what}")
        return ()
