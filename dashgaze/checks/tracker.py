"""The eye tracker recording."""

import numpy as np
from numpy.typing import NDArray

from dashgaze.collection.eye_tracker import EyeTrackerRecording, recognise
from dashgaze.errors import InputError, MediaError
from dashgaze.media import MediaInfo, probe
from dashgaze.progress import Progress
from dashgaze.session import Session

from .codes import CODES, HARMLESS_NOTES
from .frame_gaps import find_gaps, note_gaps
from .phone import SHORTEST_S
from .report import Findings, Severity, StreamSummary

_LEAST_WORLD_RATE_HZ = 20.0
_NOTABLE_LOSS = 0.1
_NAMES = {"pupil_invisible": "a Pupil Invisible", "neon": "a Neon"}


def check_tracker(
    session: Session, findings: Findings, progress: Progress
) -> EyeTrackerRecording | None:
    """Look at the eye tracker recording; None if it can't be read."""
    path = session.eye_tracker_path
    try:
        recording = session.recording(progress)
    except InputError as error:
        _note_unreadable(session, error, findings)
        return None
    for note in recording.notes:
        code = note.code if note.code in CODES else "TRACKER-NOTE"
        severity: Severity = "info" if note.code in HARMLESS_NOTES else "warning"
        findings.add(severity, code, note.message, path=path)
    said = session.manifest.eye_tracker.kind
    if recording.kind != said:
        findings.add(
            "error",
            "KIND-DIFFERS",
            f"The recording is of {_NAMES[recording.kind]}, but session.yaml says {said}.",
            fix=f"Write under eye_tracker: the line: kind: {recording.kind}",
            path=path,
        )
    infos = _world_infos(recording)
    _check_sound(recording, infos, findings)
    _check_world(recording, infos, findings)
    _check_gaze(recording, findings)
    return recording


def _note_unreadable(session: Session, error: InputError, findings: Findings) -> None:
    path = session.eye_tracker_path
    phone_folder = session.road_path.parent
    if not path.exists():
        findings.add(
            "error",
            "FILE-MISSING",
            "The eye tracker's folder does not exist.",
            fix="Copy the recording there, or mend its path in session.yaml.",
            path=path,
        )
    elif recognise(path) is None and recognise(phone_folder) is not None:
        findings.add(
            "error",
            "TRACKER-SWAPPED",
            f"The eye tracker recording lies in {findings.relative(phone_folder)}, where the "
            f"phone's files belong, and {findings.relative(path)} holds none.",
            fix="Exchange the two folders.",
            path=path,
        )
    else:
        findings.add_error("TRACKER-UNREADABLE", error, path=path)


def _world_infos(recording: EyeTrackerRecording) -> list[MediaInfo]:
    infos = []
    for part in recording.world_parts:
        if part.path is not None:
            try:
                infos.append(probe(part.path))
            except MediaError:
                continue  # the reader has a note on it
    return infos


def _check_sound(
    recording: EyeTrackerRecording, infos: list[MediaInfo], findings: Findings
) -> None:
    silent = [info.path for info in infos if info.audio is None]
    fix = (
        "Switch audio capture on in the Companion app. For this drive, give the offset by hand: "
        "`dashgaze sync SESSION --manual-offset SECONDS`."
    )
    if not infos:
        findings.add(
            "error",
            "WORLD-NO-SOUND",
            "The eye tracker recording has no video, and so no sound for the sync.",
            fix="Get the scene camera's video: from the phone, or as the Cloud's download with it.",
            path=recording.path,
        )
    elif len(silent) == len(infos):
        findings.add(
            "error",
            "WORLD-NO-SOUND",
            "The scene camera's video has no sound, so it can't be synchronised with the phone.",
            fix=fix,
            path=silent[0],
        )
    elif silent:
        findings.add(
            "warning",
            "WORLD-SOUND-PARTIAL",
            f"{len(silent)} of the {len(infos)} parts of the scene camera's video have no sound: "
            f"{', '.join(path.name for path in silent[:5])}.",
            path=recording.path,
        )


def _check_world(
    recording: EyeTrackerRecording, infos: list[MediaInfo], findings: Findings
) -> None:
    world = recording.world
    time_s = (world.timestamp_ns[world.valid] - recording.first_frame_ns) * 1e-9
    part = world.part[world.valid]
    begins = np.concatenate([np.zeros(min(1, len(part)), dtype=np.bool_), np.diff(part) != 0])
    video = next((info.path for info in infos), recording.path)
    gaps = find_gaps(time_s, begins)
    if gaps is not None:
        note_gaps(
            gaps,
            findings,
            name="world",
            path=findings.relative(video),
            least_rate_hz=_LEAST_WORLD_RATE_HZ,
        )
    duration_s = float(np.ptp(world.timestamp_ns)) * 1e-9
    if duration_s < SHORTEST_S:
        findings.add(
            "warning",
            "RECORDING-SHORT",
            f"The eye tracker recording is {duration_s:.1f} s long; the sync needs "
            f"{SHORTEST_S:.0f} s.",
            path=recording.path,
        )
    picture = next((info.video for info in infos if info.video is not None), None)
    findings.streams.append(
        StreamSummary(
            name="world",
            path=findings.relative(recording.path),
            duration_s=duration_s,
            frame_count=len(world.timestamp_ns),
            frame_rate_hz=None if gaps is None else gaps.frame_rate_hz,
            width_px=None if picture is None else picture.width_px,
            height_px=None if picture is None else picture.height_px,
            has_sound=any(info.audio is not None for info in infos) if infos else None,
        )
    )


def _check_gaze(recording: EyeTrackerRecording, findings: Findings) -> None:
    gaze, world = recording.gaze, recording.world
    if len(gaze.worn):
        off_share = float(np.mean(~gaze.worn))
        if off_share > _NOTABLE_LOSS:
            findings.add(
                "warning",
                "NOT-WORN",
                f"For {off_share:.0%} of the gaze samples the eye tracker was not worn.",
                path=recording.path,
            )
    frames_ns = world.timestamp_ns[world.valid]
    if len(frames_ns) < 2:
        return
    there = np.isfinite(gaze.x_px) & np.isfinite(gaze.y_px)
    lost_share = _share_without(gaze.timestamp_ns[there], frames_ns)
    if lost_share > _NOTABLE_LOSS:
        findings.add(
            "warning",
            "GAZE-LOST",
            f"{lost_share:.0%} of the world frames have no gaze sample.",
            fix="If the recording was just uploaded, download it again once it is processed.",
            path=recording.path,
        )


def _share_without(samples_ns: NDArray[np.int64], frames_ns: NDArray[np.int64]) -> float:
    """Share of frames without a sample within one frame interval."""
    reach_ns = np.median(np.diff(frames_ns))
    first = np.searchsorted(samples_ns, frames_ns - reach_ns)
    end = np.searchsorted(samples_ns, frames_ns + reach_ns, side="right")
    return float(np.mean(first == end))
