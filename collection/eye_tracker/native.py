"""Native folders, as the phone writes them."""

from pathlib import Path

from dashgaze.errors import RecordingError
from dashgaze.progress import Progress, silent

from .info import read_info
from .native_events import read_events, read_neon_blinks, read_neon_fixations
from .native_gaze import read_gaze
from .native_imu import read_imu
from .native_world import find_world_parts
from .notes import NoteBook
from .overlap import note_streams_apart
from .parts import PartFiles
from .recording import EyeTrackerRecording, Intervals, Kind
from .scene_camera import read_calibration
from .world_parts import join_parts


def open_native(folder: Path, kind: Kind, *, progress: Progress = silent) -> EyeTrackerRecording:
    """Read a native Pupil Invisible or Neon folder.

    Raises
    ------
    RecordingError
        If ``info.json`` can't be read, or there is no gaze or no world video.
    """
    notes = NoteBook()
    info = read_info(folder, notes)
    files = PartFiles(folder)
    camera = read_calibration(folder / "calibration.bin", kind, info.camera_serial, notes)
    gaze = read_gaze(files, notes)
    sources = find_world_parts(files, kind, notes)
    world, world_parts = join_parts(sources, camera, notes, progress=progress)
    if len(world.timestamp_ns) == 0:
        raise RecordingError(
            f"{folder} has no world video frame with a usable time stamp.",
            stream="world",
            fix="Copy the whole recording again.",
            path=folder,
        )
    imu = read_imu(files, kind, notes)
    blinks: Intervals | None = None
    fixations: Intervals | None = None
    saccades: Intervals | None = None
    if kind == "neon":
        blinks = read_neon_blinks(files, notes)
        fixations, saccades = read_neon_fixations(files, notes)
    note_streams_apart(world, gaze, imu, notes)
    return EyeTrackerRecording(
        kind=kind,
        source="native",
        path=folder,
        recording_id=info.recording_id,
        start_time_ns=info.start_time_ns,
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
        events=read_events(files, notes),
        notes=notes.notes,
    )
