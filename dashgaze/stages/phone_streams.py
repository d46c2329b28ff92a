"""The phone's videos and track, read for their times."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.collection.location import read_location
from dashgaze.errors import DashgazeError
from dashgaze.media import read_frame_times
from dashgaze.progress import Progress, part_of
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
    fix_s, speed_m_s = _location(session, notes)
    if fix_s is not None and road_s is not None and _apart(fix_s, road_s):
        notes.append(
            "No location fix falls into the road video: check recorded_at and its offset from UTC "
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


def _location(
    session: Session, notes: list[str]
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Read the track on the phone's clock: times of the fixes, s, and speed, m/s."""
    path, start_ns = session.location_path, session.manifest.phone_start_ns
    if path is None:
        return None, None
    if start_ns is None:
        notes.append(
            f"{path.name} is left out: session.yaml has neither recorded_at nor "
            "phone.started_at_ns, so its times have no place in the drive."
        )
        return None, None
    try:
        track = read_location(path)
    except DashgazeError as error:
        notes.append(f"{path.name} is left out. {error}")
        return None, None
    notes.extend(f"{path.name}: {note}" for note in track.notes)
    if track.format != "csv":
        notes.append(
            f"{path.name}: times of {track.format.upper()} are satellite time; taken as the phone's "
            "wall clock, which may differ by a second or more."
        )
    return (track.timestamp_ns - start_ns) / 1e9, track.speed_m_s


def _apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    return bool(a[-1] < b[0] or b[-1] < a[0])
