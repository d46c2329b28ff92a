"""What is read of a session to be viewed, and its clocks."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dashgaze.alignment.time_map import TimeMap
from dashgaze.collection.eye_tracker import EyeTrackerRecording
from dashgaze.errors import DashgazeError
from dashgaze.progress import Progress
from dashgaze.session import Session
from dashgaze.stages.frames import FRAMES_NAME
from dashgaze.stages.session_clock import read_session_clock

PHONE_CLOCK = "phone_clock"
TRACKER_CLOCK = "tracker_clock"


@dataclass(frozen=True, kw_only=True, eq=False)
class Drive:
    """A session as far as it can be read.

    Attributes
    ----------
    session
        The session.
    recording
        The eye tracker's recording; None if it can't be read.
    time_map
        Map between the clocks; None if unknown.
    frames
        The frame table; None if it is not there.
    notes
        What is missing or doubtful, in sentences.
    """

    session: Session
    recording: EyeTrackerRecording | None
    time_map: TimeMap | None
    frames: pa.Table | None
    notes: list[str] = field(default_factory=list)

    def on_tracker(self, rr: Any, stamps_ns: NDArray[np.int64]) -> list[Any]:
        """Give time columns for times of the tracker: on both clocks, if they are aligned."""
        columns = [rr.TimeColumn(TRACKER_CLOCK, timestamp=stamps_ns.astype("datetime64[ns]"))]
        if self.time_map is not None and self.recording is not None:
            tracker_s = (stamps_ns - self.recording.first_frame_ns) / 1e9
            columns.append(_duration(rr, self.time_map.phone_s(tracker_s)))
        return columns

    def on_phone(self, rr: Any, times_s: NDArray[np.float64]) -> list[Any]:
        """Give time columns for times of the phone: on both clocks, if they are aligned."""
        columns = [_duration(rr, times_s)]
        if self.time_map is not None and self.recording is not None:
            tracker_ns = np.rint(self.time_map.tracker_s(times_s) * 1e9).astype(np.int64)
            stamps = (tracker_ns + self.recording.first_frame_ns).astype("datetime64[ns]")
            columns.append(rr.TimeColumn(TRACKER_CLOCK, timestamp=stamps))
        return columns


def read_drive(session: Session, progress: Progress) -> Drive:
    """Read a session; what can't be read is noted, and no error."""
    notes: list[str] = []
    recording = None
    try:
        recording = session.recording(progress)
    except DashgazeError as error:
        notes.append(str(error))
    time_map = None
    try:
        clock = read_session_clock(session.derived)
        time_map = clock.time_map
        if clock.document is None:
            notes.append(
                "The clocks are not aligned yet: phone and eye tracker are on time lines of their own. "
                f"Run: dashgaze sync {session.root}"
            )
        elif time_map is None:
            notes.append(
                "The clocks could not be aligned: phone and eye tracker are on time lines of their own."
            )
        else:
            notes.extend(clock.notes)
    except DashgazeError as error:
        notes.append(str(error))
    frames = _read_frames(session, notes)
    return Drive(
        session=session, recording=recording, time_map=time_map, frames=frames, notes=notes
    )


def _duration(rr: Any, times_s: NDArray[np.float64]) -> Any:
    return rr.TimeColumn(PHONE_CLOCK, duration=np.rint(times_s * 1e9).astype("timedelta64[ns]"))


def _read_frames(session: Session, notes: list[str]) -> pa.Table | None:
    path: Path = session.derived / FRAMES_NAME
    if not path.exists():
        notes.append(f"Gaze is not brought to frames yet. Run: dashgaze frames {session.root}")
        return None
    try:
        table = pq.read_table(path)
        source = table.column("homography_source")
        table.column("timestamp_ns")
    except (OSError, ValueError, KeyError):
        notes.append(f"{path.name} can't be read. Run: dashgaze frames {session.root} --force")
        return None
    if source.null_count == table.num_rows:
        notes.append(
            f"Gaze is not carried to the road view yet. Run: dashgaze align {session.root}"
        )
    return table
