"""The phone's track."""

from dashgaze.collection.location import LocationTrack, read_location
from dashgaze.errors import InputError
from dashgaze.session import Session

from .files import file_is_there
from .phone import VideoLook
from .report import Findings


def check_location(session: Session, road: VideoLook | None, findings: Findings) -> None:
    """Look whether the track that the manifest names can be read and belongs to the drive."""
    path = session.location_path
    if path is None or not file_is_there(path, "The phone's track", findings):
        return
    try:
        track = read_location(path)
    except InputError as error:
        findings.add_error("LOCATION-UNREADABLE", error, path=path)
        return
    for note in track.notes:
        findings.add("info", "LOCATION-NOTE", note, path=path)
    start_ns = session.manifest.phone_start_ns
    if start_ns is not None and road is not None and road.duration_s is not None:
        _compare(start_ns, road.duration_s, track, session, findings)


def _compare(
    start_ns: int, duration_s: float, track: LocationTrack, session: Session, findings: Findings
) -> None:
    during_s = (track.timestamp_ns - start_ns) * 1e-9
    if not ((during_s >= 0) & (during_s <= duration_s)).any():
        findings.add(
            "warning",
            "LOCATION-APART",
            f"None of the track's {len(track.timestamp_ns)} positions falls into the road video: "
            f"they run from {during_s[0]:.0f} s to {during_s[-1]:.0f} s after its start, and it is "
            f"{duration_s:.0f} s long.",
            fix="Make sure that the track belongs to the drive, and that recorded_at is right.",
            path=session.location_path,
        )
