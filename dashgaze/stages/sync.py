"""The ``sync`` stage: the clocks of phone and eye tracker, by their sound."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dashgaze.alignment.sync import OffsetPrior, SyncOptions, SyncResult, sync_sounds
from dashgaze.collection.eye_tracker import EyeTrackerRecording
from dashgaze.errors import InputError, NoSoundError
from dashgaze.files import write_text
from dashgaze.media import Sound, read_frame_times, read_sound
from dashgaze.progress import Progress, part_of, silent
from dashgaze.schemas.time_map import Evidence, SecondWitness, Segment, TimeMapDocument
from dashgaze.session import Session

from .driver_clock import DriverClock, check_driver_clock
from .input_watch import InputWatch
from .offset import SOUND_RATE_HZ, refuse_twice
from .record import StageRecord, plan_stage, read_time_map_record, up_to_date
from .session_clock import TIME_MAP_NAME
from .tracker_sound import read_tracker_sound

VERSION = 2
"""Version of the method; counted up when the same input gives another result."""

EVENT_NAMES = ("clap", "chirp")
"""Events whose name holds one of these words mark a sound made to be found again."""

MAX_MANUAL_DRIFT_PPM = 100_000.0
"""As far as a time map goes."""

_STARTED_AT_SIGMA_S = 2.0
_RECORDED_AT_SIGMA_S = 20.0
_WALL_CLOCK_NOTE_S = 60.0
_DEFAULT = SyncOptions()


def sync(
    session: Session,
    options: SyncOptions = _DEFAULT,
    *,
    force: bool = False,
    manual_offset_s: float | None = None,
    manual_drift_ppm: float = 0.0,
    progress: Progress = silent,
) -> Path:
    """Align the clocks of phone and eye tracker and write ``derived/time_map.json``.

    Parameters
    ----------
    session
        The session.
    options
        What to search for.
    force
        Do the work even if nothing changed.
    manual_offset_s
        Tracker time at phone time zero, set by hand: no sound is read, and the map says so.
    manual_drift_ppm
        Drift that goes with it.
    progress
        Where to report to.

    Returns
    -------
    Path
        ``time_map.json``. Its verdict may be doubtful or failed: that is no error.

    Raises
    ------
    InputError
        If a file can't be read, has no sound, or is the wrong one.
    OutputError
        If ``derived/`` can't be written.
    """
    path = session.derived / TIME_MAP_NAME
    watch = InputWatch(session, _inputs(session))
    wanted = plan_sync(
        session, options, manual_offset_s=manual_offset_s, manual_drift_ppm=manual_drift_ppm
    )
    previous = read_time_map_record(path, root=session.root)
    if not force and up_to_date(previous, wanted, root=session.root):
        return path
    if manual_offset_s is not None:
        document = _by_hand(session, wanted, manual_offset_s, manual_drift_ppm)
    else:
        document = _by_sound(session, wanted, options, progress)
    text = document.model_dump_json(by_alias=True, indent=2) + "\n"
    watch.refuse_changes(wanted)
    return write_text(path, text)


def plan_sync(
    session: Session,
    options: SyncOptions = _DEFAULT,
    *,
    manual_offset_s: float | None = None,
    manual_drift_ppm: float = 0.0,
) -> StageRecord:
    """Describe what `sync` would do with the same arguments, without doing it.

    Raises
    ------
    InputError
        If a file can't be read, or the offset is no number.
    """
    chosen: dict[str, Any] = asdict(options) | {"manifest": _clock_keys(session)}
    if manual_offset_s is not None:
        if not (math.isfinite(manual_offset_s) and math.isfinite(manual_drift_ppm)):
            raise InputError("The manual offset and drift have to be finite numbers.")
        if abs(manual_drift_ppm) > MAX_MANUAL_DRIFT_PPM:
            raise InputError(
                f"No clock runs {manual_drift_ppm:g} ppm too fast.",
                fix="Give the drift in parts per million; those of phones are below 400.",
            )
        chosen |= {"manual_offset_s": manual_offset_s, "manual_drift_ppm": manual_drift_ppm}
    return plan_stage(
        "sync",
        version=VERSION,
        options=chosen,
        inputs=_inputs(session),
        root=session.root,
        packages=("av", "numpy", "scipy", "soxr"),
    )


def _inputs(session: Session) -> list[Path]:
    paths = [session.eye_tracker_path, session.road_path]
    if session.driver_path is not None and session.driver_path.exists():
        paths.append(session.driver_path)
    return paths


def _clock_keys(session: Session) -> dict[str, Any]:
    """Give what of the manifest bears on the clocks; the weather does not."""
    return {
        "phone_start_ns": session.manifest.phone_start_ns,
        "driver_offset_s": session.manifest.phone.driver_offset_s,
    }


def _by_hand(
    session: Session, wanted: StageRecord, offset_s: float, drift_ppm: float
) -> TimeMapDocument:
    time_s = read_frame_times(session.road_path).time_s
    segment = Segment(
        phone_start_s=float(time_s[0]),
        phone_end_s=float(time_s[-1]),
        offset_s=offset_s,
        drift_ppm=drift_ppm,
        offset_se_ms=None,
        drift_se_ppm=None,
    )
    evidence = Evidence(
        method="manual",
        windows_total=0,
        windows_used=0,
        inlier_share=None,
        peak_ratio=None,
        residual_mad_ms=None,
        overlap_s=None,
        second_witness=None,
        driver_disagreement_ms=None,
        wall_clock_disagreement_s=None,
    )
    return TimeMapDocument(
        verdict="doubtful",
        reasons=("The offset was set by hand; how far off it is, nothing here tells.",),
        segments=(segment,),
        evidence=evidence,
        inputs=wanted.inputs,
        options=wanted.options,
        versions=wanted.versions,
    )


def _by_sound(
    session: Session, wanted: StageRecord, options: SyncOptions, progress: Progress
) -> TimeMapDocument:
    recording = session.recording(part_of(progress, 0.0, 0.1))
    for part in recording.world_parts:
        if part.path is not None:
            refuse_twice(part.path, session.road_path)
    phone = _read_phone_sound(session, part_of(progress, 0.1, 0.3))
    tracker, notes = read_tracker_sound(
        recording, rate_hz=SOUND_RATE_HZ, progress=part_of(progress, 0.3, 0.5)
    )
    prior = _prior(session, recording)
    result = sync_sounds(
        tracker,
        phone,
        options=options,
        prior=prior,
        events_a_s=_logged_sounds_s(recording),
        progress=part_of(progress, 0.5, 0.9),
    )
    driver = check_driver_clock(session, phone, options, part_of(progress, 0.9, 1.0))
    progress("writing", 1.0)
    return _document(result, wanted, (*notes, *_remarks(tracker, phone)), prior, driver)


def _read_phone_sound(session: Session, progress: Progress) -> Sound:
    try:
        return read_sound(session.road_path, rate_hz=SOUND_RATE_HZ, progress=progress)
    except NoSoundError as error:
        fix = (
            "Record the road with sound. For this drive, give the offset by hand: "
            "dashgaze sync SESSION --manual-offset SECONDS."
        )
        if session.driver_path is not None and _has_sound(session.driver_path):
            fix = (
                f"{session.driver_path.name} has sound: if the two files are swapped, exchange "
                "phone.road and phone.driver in session.yaml."
            )
        raise NoSoundError(error.what, fix=fix, path=session.road_path) from error


def _has_sound(path: Path) -> bool:
    from dashgaze.media import probe

    try:
        return probe(path).audio is not None
    except InputError:
        return False


def _prior(session: Session, recording: EyeTrackerRecording) -> OffsetPrior | None:
    """Give what the wall clocks say: tracker time at the moment of phone time zero."""
    phone_start_ns = session.manifest.phone_start_ns
    if phone_start_ns is None:
        return None
    precise = session.manifest.phone.started_at_ns is not None
    return OffsetPrior(
        offset_s=(phone_start_ns - recording.first_frame_ns) / 1e9,
        sigma_s=_STARTED_AT_SIGMA_S if precise else _RECORDED_AT_SIGMA_S,
    )


def _logged_sounds_s(recording: EyeTrackerRecording) -> list[float]:
    return [
        (event.timestamp_ns - recording.first_frame_ns) / 1e9
        for event in recording.events
        if any(word in event.name.lower() for word in EVENT_NAMES)
    ]


def _remarks(tracker: Sound, phone: Sound) -> list[str]:
    """Say what of the sound itself a user should know."""
    remarks = []
    for name, sound in (("tracker", tracker), ("phone", phone)):
        if sound.truncated:
            remarks.append(f"The {name}'s sound ends early: the file is damaged or cut short.")
        if sound.clipped_share > 0.01:
            remarks.append(f"{sound.clipped_share:.1%} of the {name}'s sound is clipped.")
    return remarks


def _document(
    result: SyncResult,
    wanted: StageRecord,
    notes: tuple[str, ...],
    prior: OffsetPrior | None,
    driver: DriverClock,
) -> TimeMapDocument:
    reasons = [*result.reasons, *notes, *driver.reasons]
    verdict = result.verdict
    if verdict == "ok" and driver.contradicts:
        verdict = "doubtful"
    time_map = result.time_map
    wall_clock_s = None
    if prior is not None and time_map is not None:
        wall_clock_s = prior.offset_s - float(time_map.tracker_s(0.0))
        if abs(wall_clock_s) > _WALL_CLOCK_NOTE_S:
            reasons.append(
                f"The wall clocks of phone and tracker are {abs(wall_clock_s):.0f} s apart from "
                "what is heard; recorded_at, or one of the clocks, is wrong."
            )
    witness = result.witness
    evidence = Evidence(
        method="sound",
        windows_total=result.windows_total,
        windows_used=result.windows_used,
        inlier_share=result.inlier_share,
        peak_ratio=result.peak_ratio,
        residual_mad_ms=result.residual_mad_ms,
        overlap_s=result.overlap_s,
        second_witness=None
        if witness is None
        else SecondWitness(
            method=witness.method,
            disagreement_ms=witness.disagreement_ms,
            strength=witness.strength,
            agrees=witness.agrees,
        ),
        driver_disagreement_ms=driver.disagreement_ms,
        wall_clock_disagreement_s=wall_clock_s,
    )
    return TimeMapDocument(
        verdict=verdict,
        reasons=tuple(reasons),
        segments=tuple(Segment(**asdict(line)) for line in result.lines),
        evidence=evidence,
        inputs=wanted.inputs,
        options=wanted.options,
        versions=wanted.versions,
    )
