"""Exports of Pupil Cloud as CSV tables, and those of the vendor's exporter, which look alike."""

from pathlib import Path

from dashgaze.errors import RecordingError
from dashgaze.progress import Progress, silent

from .cloud_gaze import read_cloud_gaze
from .cloud_ids import Ids
from .cloud_streams import read_cloud_events, read_cloud_imu, read_cloud_intervals
from .cloud_world import find_cloud_world
from .grey_padding import mark_grey_padding
from .info import INFO_NAME, Info, parse_info
from .notes import NoteBook
from .overlap import note_streams_apart
from .recognition import GAZE_TABLE, WORLD_TABLE, info_beside_tables
from .recording import Event, EyeTrackerRecording, Kind, SceneCamera
from .scene_camera import read_calibration, read_scene_camera_json
from .untrusted import is_file, read_json_object
from .world_parts import join_parts

_BEGIN = "recording.begin"


def open_cloud(folder: Path, kind: Kind, *, progress: Progress = silent) -> EyeTrackerRecording:
    """Read a CSV export of a Pupil Invisible or Neon recording.

    Raises
    ------
    RecordingError
        If a table can't be used, or there is no gaze or no world video.
    """
    notes = NoteBook()
    ids = Ids()
    info = _read_info(folder, notes)
    # the vendor's exporter writes world.csv; Cloud's tables carry grey frames, the exporter's don't
    from_cloud = is_file(folder / WORLD_TABLE)
    method = "pupil_cloud" if from_cloud else "pl_rec_export"
    camera = _read_camera(folder, kind, info.camera_serial, notes)
    gaze = read_cloud_gaze(folder / GAZE_TABLE, ids, notes)
    world, world_parts = join_parts(find_cloud_world(folder, ids), camera, notes, progress=progress)
    if len(world.timestamp_ns) == 0:
        raise RecordingError(
            f"{folder} has no world video frame with a usable time stamp.",
            stream="world",
            fix="Download the export again.",
            path=folder,
        )
    if from_cloud:
        world = mark_grey_padding(world, world_parts, notes)
    imu = read_cloud_imu(folder / "imu.csv", kind, ids, notes)
    fixations, blinks, saccades = (
        read_cloud_intervals(folder / f"{what}s.csv", what, method, ids, notes)
        for what in ("fixation", "blink", "saccade")
    )
    events = read_cloud_events(folder / "events.csv", ids, notes)
    note_streams_apart(world, gaze, imu, notes)
    recording_id = ids.check(folder, info.recording_id, notes)
    return EyeTrackerRecording(
        kind=kind,
        source="cloud",
        path=folder,
        recording_id=recording_id,
        start_time_ns=_start_time_ns(info, events),
        duration_ns=info.duration_ns,
        info=info.content,
        scene_camera=camera,
        world=world,
        world_parts=world_parts,
        gaze=gaze,
        imu=imu,
        blinks=blinks,
        fixations=fixations,
        saccades=saccades,
        events=events,
        notes=notes.notes,
    )


def _read_info(folder: Path, notes: NoteBook) -> Info:
    path = info_beside_tables(folder)
    if path is None:
        notes.add(
            "INFO-MISSING",
            f"The export has no {INFO_NAME}; the device type is told by its tables.",
        )
        return parse_info({}, notes)
    return parse_info(read_json_object(path), notes)


def _read_camera(folder: Path, kind: Kind, serial: str | None, notes: NoteBook) -> SceneCamera:
    beside = folder / "scene_camera.json"
    around = folder.parent / "calibration.bin"
    if not is_file(beside) and folder.name == "export" and is_file(around):
        return read_calibration(around, kind, serial, notes)
    return read_scene_camera_json(beside, kind, serial, notes)


def _start_time_ns(info: Info, events: tuple[Event, ...]) -> int | None:
    if info.start_time_ns is not None:
        return info.start_time_ns
    return next((event.timestamp_ns for event in events if event.name == _BEGIN), None)
