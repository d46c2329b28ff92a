"""What the wall clocks say before anything is synchronised."""

from datetime import UTC, datetime

from dashgaze.collection.eye_tracker import EyeTrackerRecording
from dashgaze.schemas.manifest import MANIFEST_NAME
from dashgaze.session import Session

from .phone import VideoLook
from .report import Findings

# creation_time has full seconds, and is stamped some seconds after the last frame.
_CREATION_TOLERANCE_S = 120.0
_QUARTER_S = 900


def check_clocks(
    session: Session,
    road: VideoLook | None,
    recording: EyeTrackerRecording | None,
    findings: Findings,
) -> None:
    """Compare the wall clocks of the manifest, the road video and the eye tracker."""
    path = session.root / MANIFEST_NAME
    start_ns = session.manifest.phone_start_ns
    if start_ns is None:
        findings.add(
            "warning",
            "WALL-CLOCK-UNKNOWN",
            "Nothing tells when the road video starts, so the sync has to search everywhere and "
            "can't be checked against the clocks.",
            fix="Add recorded_at to session.yaml.",
            path=path,
        )
        return
    if road is not None:
        _compare_creation(start_ns, road, findings)
        if recording is not None and road.duration_s is not None:
            _compare_tracker(start_ns, road.duration_s, recording, findings, session)


def _compare_creation(start_ns: int, road: VideoLook, findings: Findings) -> None:
    created_at, duration_s = road.info.created_at, road.duration_s
    if created_at is None or duration_s is None:
        return
    # Android stamps the end of a recording, other recorders its start.
    after_start_s = created_at.timestamp() - start_ns * 1e-9
    apart_s = min(after_start_s, after_start_s - duration_s, key=abs)
    if abs(apart_s) > _CREATION_TOLERANCE_S:
        findings.add(
            "warning",
            "CREATION-TIME-DIFFERS",
            f"By recorded_at the road video starts at {_clock(start_ns)}, but its own time stamp "
            f"is {_clock(int(created_at.timestamp()) * 10**9)} (that is stamped at its end, after "
            f"{duration_s:.0f} s, or at its start): {_length(abs(apart_s))} apart."
            f"{_zone_hint(apart_s)}",
            fix="Mend recorded_at in session.yaml, offset from UTC included.",
            path=road.path,
        )


def _compare_tracker(
    start_ns: int,
    duration_s: float,
    recording: EyeTrackerRecording,
    findings: Findings,
    session: Session,
) -> None:
    first_ns, last_ns = recording.first_frame_ns, int(recording.world.timestamp_ns[-1])
    before_s = (first_ns - start_ns) * 1e-9 - duration_s
    after_s = (start_ns - last_ns) * 1e-9
    apart_s = max(before_s, after_s)
    if apart_s <= 0:
        return
    # By how much the phone's clock would have to be moved for both to start together.
    shift_s = (first_ns - start_ns) * 1e-9
    findings.add(
        "warning",
        "WALL-CLOCKS-APART",
        f"By its clock the eye tracker recorded from {_clock(first_ns)} to {_clock(last_ns)}, the "
        f"phone from {_clock(start_ns)} for {duration_s:.0f} s: they are {_length(apart_s)} apart."
        f"{_zone_hint(shift_s)}",
        fix="Make sure that both belong to the same drive, and that recorded_at is right.",
        path=session.eye_tracker_path,
    )


def _zone_hint(apart_s: float) -> str:
    """Say so if a wrong offset from UTC would explain it."""
    quarters = round(apart_s / _QUARTER_S)
    rest_s = abs(apart_s - quarters * _QUARTER_S)
    if quarters == 0 or abs(quarters) > 14 * 4 or rest_s > _CREATION_TOLERANCE_S:
        return ""
    return f" A wrong offset from UTC ({quarters / 4:+g} h) would explain it."


def _clock(time_ns: int) -> str:
    try:
        moment = datetime.fromtimestamp(time_ns // 10**9, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return f"{time_ns} ns"
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _length(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.0f} days"
