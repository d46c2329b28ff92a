"""The ``frames`` stage: every stream of a session on the grid of the ego frames."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dashgaze.alignment.fixations import VELOCITY_PX_S
from dashgaze.alignment.speed import MAX_GAP_S
from dashgaze.collection.eye_tracker import EyeTrackerRecording
from dashgaze.progress import Progress, part_of, silent
from dashgaze.schemas.manifest import MANIFEST_NAME
from dashgaze.session import Session

from .eye_events import EyeEvents, choose_eye_events
from .filled_tables import (
    FRAMES_NAME,
    GAZE_NAME,
    RECORD_NAME,
    changing_tables,
    read_tables_record,
    write_record_text,
    write_table,
)
from .frame_columns import PhoneStreams, build_tables
from .input_watch import InputWatch
from .phone_streams import read_phone_streams
from .record import StageRecord, plan_stage, read_record, up_to_date
from .session_clock import TIME_MAP_NAME, read_session_clock
from .session_row import session_row

__all__ = [
    "FRAMES_NAME",
    "GAZE_NAME",
    "RECORD_NAME",
    "FramesOptions",
    "frames",
    "options_in_use",
    "plan_frames",
]

VERSION = 2
"""Version of the method; counted up when the same input gives another result."""


@dataclass(frozen=True, kw_only=True)
class FramesOptions:
    """What can be chosen.

    Attributes
    ----------
    device_fixations
        Whether to take the device's own fixations where it has any.
    velocity_px_s
        Threshold for fixations found here, in scene camera pixels, px/s.
    max_speed_gap_s
        Longest interval between two location fixes in which speed is interpolated, s.
    """

    device_fixations: bool = True
    velocity_px_s: float = VELOCITY_PX_S
    max_speed_gap_s: float = MAX_GAP_S

    def __post_init__(self) -> None:
        for name in ("velocity_px_s", "max_speed_gap_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} has to be a positive number, not {value}")


_DEFAULT = FramesOptions()


def frames(
    session: Session,
    options: FramesOptions = _DEFAULT,
    *,
    force: bool = False,
    progress: Progress = silent,
) -> Path:
    """Bring gaze, eye events, inertial samples, phone frames and speed onto the ego frames.

    Writes ``derived/frames.parquet``, ``derived/gaze.parquet`` and the record ``derived/frames.json``.
    Nothing is done where they stand and options and inputs are still the same. Without a time map
    the columns of the phone are null, and the record says so.

    Parameters
    ----------
    session
        The session.
    options
        What can be chosen.
    force
        Do the work even if nothing changed.
    progress
        Where to report to.

    Returns
    -------
    Path
        ``frames.parquet``.

    Raises
    ------
    InputError
        If the recording or the time map can't be read.
    OutputError
        If ``derived/`` can't be written.
    """
    frames_path, gaze_path = session.derived / FRAMES_NAME, session.derived / GAZE_NAME
    record_path = session.derived / RECORD_NAME
    watch = InputWatch(session, _inputs(session))
    wanted = plan_frames(session, options)
    if not force and up_to_date(read_tables_record(session), wanted, root=session.root):
        return frames_path
    recording = session.recording(part_of(progress, 0.0, 0.5))
    clock = read_session_clock(session.derived)
    notes = list(clock.notes)
    phone = PhoneStreams()
    if clock.time_map is not None:
        phone = read_phone_streams(session, notes, part_of(progress, 0.5, 0.7))
    progress("fixations", 0.7)
    events = choose_eye_events(
        recording,
        device_fixations=options.device_fixations,
        velocity_px_s=options.velocity_px_s,
    )
    progress("frames", 0.8)
    frame_table, gaze_table = build_tables(
        session.manifest.session_id,
        recording,
        events,
        time_map=clock.time_map,
        phone=phone,
        max_speed_gap_s=options.max_speed_gap_s,
    )
    notes += _remarks(session, recording, events, frame_table, phone)
    progress("writing", 0.9)
    content: dict[str, Any] = {
        "methods": _methods(recording, events),
        "counts": _counts(frame_table, gaze_table),
        "session": session_row(session.manifest, recording, events, clock),
    }
    with changing_tables(session):
        watch.refuse_changes(wanted)
        write_table(gaze_path, gaze_table)
        write_table(frames_path, frame_table)
        record = wanted.finished([frames_path, gaze_path], root=session.root, notes=notes)
        write_record_text(record_path, json.loads(record.to_json()) | content)
    progress("written", 1.0)
    return frames_path


def plan_frames(session: Session, options: FramesOptions = _DEFAULT) -> StageRecord:
    """Describe what `frames` would do with these options, without doing it.

    Raises
    ------
    InputError
        If a file can't be read.
    """
    return plan_stage(
        "frames",
        version=VERSION,
        options=options,
        inputs=_inputs(session),
        root=session.root,
        packages=("numpy", "pyarrow", "scipy"),
    )


def options_in_use(session: Session) -> FramesOptions:
    """Give the options that the tables of a session were made with; the usual ones if there are none."""
    record = read_record(session.derived / RECORD_NAME)
    try:
        return _DEFAULT if record is None else FramesOptions(**record.options)
    except (TypeError, ValueError):  # of another version
        return _DEFAULT


def _inputs(session: Session) -> list[Path]:
    """List the files that are read; one that comes later makes the stage run again."""
    paths = [
        session.root / MANIFEST_NAME,
        session.eye_tracker_path,
        session.road_path,
        session.driver_path,
        session.location_path,
        session.speed_path,
        session.derived / TIME_MAP_NAME,
    ]
    return [path for path in paths if path is not None and path.exists()]


def _methods(recording: EyeTrackerRecording, events: EyeEvents) -> dict[str, str | None]:
    return {
        "gaze": recording.gaze.rate,
        "fixations": events.fixations.method,
        "saccades": events.saccades.method,
        "blinks": None if events.blinks is None else events.blinks.method,
        "scene_camera": recording.scene_camera.origin,
    }


def _counts(frame_table: pa.Table, gaze_table: pa.Table) -> dict[str, int]:
    """Count rows, and those in which each thing is known."""

    def known(table: pa.Table, name: str) -> int:
        return int(table.num_rows - table.column(name).null_count)

    return {
        "frames": int(frame_table.num_rows),
        "frames_valid": int(np.sum(frame_table.column("ego_frame_valid").to_numpy())),
        "frames_with_gaze": known(frame_table, "gaze_ego_x_px"),
        "frames_with_road": known(frame_table, "road_frame_index"),
        "frames_with_driver": known(frame_table, "driver_frame_index"),
        "frames_with_imu": known(frame_table, "gyro_x_deg_s"),
        "frames_with_speed": known(frame_table, "speed_m_s"),
        "gaze_samples": int(gaze_table.num_rows),
        "gaze_samples_in_frames": known(gaze_table, "frame_index"),
        "gaze_samples_counted": int(np.sum(frame_table.column("gaze_sample_count").to_numpy())),
    }


def _remarks(
    session: Session,
    recording: EyeTrackerRecording,
    events: EyeEvents,
    frame_table: pa.Table,
    phone: PhoneStreams,
) -> list[str]:
    """Say what a user of the table should know of it."""
    remarks = [f"{note.code}: {note.message}" for note in recording.notes]
    named = session.manifest.eye_tracker.kind
    if named != recording.kind:
        remarks.append(f"session.yaml says {named}; the recording is of a {recording.kind}.")
    if events.blinks is None:
        remarks.append(
            "The device found no blinks, so gaze inside of blinks counts like any other and can "
            "look like a saccade."
        )
    for view, times in (("road", phone.road_s), ("driver", phone.driver_s)):
        column = frame_table.column(f"{view}_frame_index")
        if times is not None and column.null_count == frame_table.num_rows:
            remarks.append(f"No frame of the {view} video falls into the eye tracker's recording.")
    return remarks
