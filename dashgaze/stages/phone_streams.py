"""The phone's videos and track, read for their times."""

from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.collection.location import LocationTrack, read_location
from dashgaze.collection.speed_obd import SpeedTrack, read_obd
from dashgaze.collection.speed_source import best_speed
from dashgaze.errors import DashgazeError
from dashgaze.media import read_frame_times
from dashgaze.progress import Progress, part_of
from dashgaze.remote_file import RemoteError
from dashgaze.session import Session

from .frame_columns import PhoneStreams


def read_phone_streams(session: Session, notes: list[str], progress: Progress) -> PhoneStreams:
    """Read when the phone's frames were taken and how fast it moved.

    What is missing or can't be read is left out, with a note: the rest of the session is worth having.

    Parameters
    ----------
    session
        The session.
    notes
        Where notes are added.
    progress
        Where to report to.
    """
    road_s = _frame_times(session.road_path, notes, part_of(progress, 0.0, 0.6))
    driver_s = _frame_times(session.driver_path, notes, part_of(progress, 0.6, 1.0))
    if driver_s is not None:
        driver_s = driver_s + session.manifest.phone.driver_offset_s
    fix_s, speed_m_s = _speed(session, notes)
    if fix_s is not None and road_s is not None and _apart(fix_s, road_s):
        notes.append(
            "No fix of location or speed falls into the road video: check recorded_at and its offset from UTC "
            "in session.yaml."
        )
    return PhoneStreams(road_s=road_s, driver_s=driver_s, fix_s=fix_s, speed_m_s=speed_m_s)


def _frame_times(
    path: Path | None, notes: list[str], progress: Progress
) -> NDArray[np.float64] | None:
    if path is None:
        return None
    try:
        times = read_frame_times(path, progress=progress)
    except RemoteError:
        raise  # out of reach for now; a table without its frames would stay
    except DashgazeError as error:
        notes.append(f"{path.name} is left out. {error}")
        return None
    if times.truncated:
        notes.append(f"{path.name} ends before its index says.")
    if times.missing_pts_count or times.duplicate_count:
        notes.append(
            f"{path.name}: {times.missing_pts_count} frames without a time and "
            f"{times.duplicate_count} with the time of another are not counted."
        )
    return times.time_s


def _speed(
    session: Session, notes: list[str]
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Read the best speed there is on the phone's clock: times, s, and speed, m/s."""
    manifest = session.manifest
    start_ns = manifest.phone_start_ns
    paths = [path for path in (session.speed_path, session.location_path) if path is not None]
    if not paths:
        return None, None
    if start_ns is None:
        notes.append(
            f"{' and '.join(path.name for path in paths)} is left out: session.yaml has neither "
            "recorded_at nor phone.started_at_ns, so its times have no place in the drive."
        )
        return None, None
    track = _location(session.location_path, notes)
    best = best_speed(_car(session, notes), track, start_ns=start_ns)
    notes.extend(best.notes)
    return (None, None) if best.source == "none" else (best.time_s, best.speed_m_s)


def _car(session: Session, notes: list[str]) -> SpeedTrack | None:
    """Read the log of the car's own speed."""
    path, recorded_at = session.speed_path, session.manifest.recorded_at
    if path is None:
        return None
    zone = None if recorded_at is None else datetime.fromisoformat(recorded_at).utcoffset()
    try:
        return read_obd(path, zone_s=None if zone is None else zone.total_seconds())
    except DashgazeError as error:
        notes.append(f"{path.name} is left out. {error}")
        return None


def _location(path: Path | None, notes: list[str]) -> LocationTrack | None:
    """Read the phone's track."""
    if path is None:
        return None
    try:
        track = read_location(path)
    except DashgazeError as error:
        notes.append(f"{path.name} is left out. {error}")
        return None
    notes.extend(f"{path.name}: {note}" for note in track.notes)
    if track.format != "csv":
        notes.append(
            f"{path.name}: times of {track.format.upper()} are satellite time; taken as the phone's "
            "wall clock, which may differ by a second or more."
        )
    return track


def _apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    return bool(a[-1] < b[0] or b[-1] < a[0])
