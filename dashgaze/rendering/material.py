"""What a session has to show, and what it lacks."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashgaze.alignment.ego_camera import EgoCamera
from dashgaze.alignment.time_map import TimeMap
from dashgaze.collection.eye_tracker import EyeTrackerRecording
from dashgaze.errors import DashgazeError
from dashgaze.progress import Progress, part_of
from dashgaze.session import Session
from dashgaze.stages.align import HOMOGRAPHIES_NAME
from dashgaze.stages.frames import FRAMES_NAME, GAZE_NAME
from dashgaze.stages.session_clock import read_session_clock

from .clip import Clip, ClipFile, Missing, open_clip
from .gaze_rows import GazeRows, GazeSamples


@dataclass(frozen=True, kw_only=True, eq=False)
class EgoClip:
    """The scene camera's pictures; arrays over all n ego frames.

    Attributes
    ----------
    clip
        Its files.
    file
        Index into the files of the clip, shape (n,); -1 without a file.
    index
        Position of the frame in its file, shape (n,); -1 without a picture.
    valid
        False for padding and frames that the recording says can't be used.
    """

    clip: Clip
    file: NDArray[np.int64]
    index: NDArray[np.int64]
    valid: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Material:
    """What there is to show, or why it is missing.

    Attributes
    ----------
    road, driver
        The phone's videos.
    ego
        The scene camera's pictures.
    recording
        The eye tracker's recording; None if it can't be read.
    camera
        The scene camera; None likewise.
    time_map
        Map between the clocks.
    gaze
        Rows of the frame table.
    road_gaze
        Why there is no gaze in the road view; None if there is.
    samples
        Gaze samples, for trails.
    notes
        What is missing or doubtful, in sentences, each once.
    """

    road: Clip | Missing
    driver: Clip | Missing
    ego: EgoClip | Missing
    recording: EyeTrackerRecording | None
    camera: EgoCamera | None
    time_map: TimeMap | Missing
    gaze: GazeRows | Missing
    road_gaze: Missing | None
    samples: GazeSamples
    notes: list[str] = field(default_factory=list)


def gather(session: Session, *, with_driver: bool, progress: Progress) -> Material:
    """Look at all that a session has; what can't be read is missing, and no error.

    Parameters
    ----------
    session
        The session.
    with_driver
        Whether the driver video is wanted.
    progress
        Where to report to.
    """
    road = open_clip(session.road_path, part_of(progress, 0.0, 0.4))
    driver: Clip | Missing = Missing("The driver video is not shown.")
    if with_driver:
        path = session.driver_path
        driver = (
            Missing(
                "session.yaml names no driver video.", "Add driver: under phone: if there is one."
            )
            if path is None
            else open_clip(path, part_of(progress, 0.4, 0.7))
        )
    recording, ego = _read_recording(session, part_of(progress, 0.7, 1.0))
    time_map, notes = _time_map(session)
    gaze = _gaze(session, recording)
    road_gaze = None
    if isinstance(gaze, Missing):
        road_gaze = gaze
    elif not gaze.aligned:
        road_gaze = Missing(
            "Gaze is not carried to the road view yet.", f"Run: dashgaze align {session.root}"
        )
    for each in (road, driver if with_driver else None, ego, time_map, gaze, road_gaze):
        if isinstance(each, Missing) and str(each) not in notes:
            notes.append(str(each))
    camera = None
    if recording is not None:
        scene = recording.scene_camera
        camera = EgoCamera(
            scene.matrix, scene.distortion, size_px=(scene.width_px, scene.height_px)
        )
    return Material(
        road=road,
        driver=driver,
        ego=ego,
        recording=recording,
        camera=camera,
        time_map=time_map,
        gaze=gaze,
        road_gaze=road_gaze,
        samples=GazeSamples.read(session.derived / GAZE_NAME),
        notes=notes,
    )


def _read_recording(
    session: Session, progress: Progress
) -> tuple[EyeTrackerRecording | None, EgoClip | Missing]:
    try:
        recording = session.recording(progress)
    except DashgazeError as error:
        return None, Missing(error.what, error.fix)
    return recording, _ego_clip(recording)


def _ego_clip(recording: EyeTrackerRecording) -> EgoClip | Missing:
    """Find the pictures of all parts of a recording."""
    world = recording.world
    count = len(world.timestamp_ns)
    file, index = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    clips: list[Clip] = []
    lacking = Missing(
        f"{recording.path.name} holds no scene camera video.",
        "Copy the recording again, with its videos.",
    )
    for part in recording.world_parts:
        if part.path is None or not part.frame_count:
            continue
        clip = open_clip(part.path)
        if isinstance(clip, Missing):
            lacking = clip
            continue
        rows = slice(part.first_frame, part.first_frame + part.frame_count)
        pts = clip.files[0].times.pts
        place = np.searchsorted(pts, world.pts[rows])
        found = np.take(pts, place, mode="clip") == world.pts[rows]
        file[rows] = len(clips)
        index[rows] = np.where(found, place, -1)
        clips.append(clip)
    if not clips:
        return lacking
    files: tuple[ClipFile, ...] = tuple(each for clip in clips for each in clip.files)
    return EgoClip(
        clip=Clip(files=files, size_px=clips[0].size_px), file=file, index=index, valid=world.valid
    )


def _time_map(session: Session) -> tuple[TimeMap | Missing, list[str]]:
    try:
        clock = read_session_clock(session.derived)
    except DashgazeError as error:
        return Missing(error.what, error.fix), []
    if clock.time_map is not None:
        return clock.time_map, list(clock.notes)
    if clock.document is None:
        return Missing("The clocks are not aligned yet.", f"Run: dashgaze sync {session.root}"), []
    return (
        Missing(
            "The clocks could not be aligned, so nobody knows which ego frame belongs to which road "
            "frame.",
            f"Give the offset: dashgaze sync {session.root} --manual-offset SECONDS",
        ),
        [],
    )


def _gaze(session: Session, recording: EyeTrackerRecording | None) -> GazeRows | Missing:
    path = session.derived / FRAMES_NAME
    if not path.exists():
        return Missing("Gaze is not brought to frames yet.", f"Run: dashgaze frames {session.root}")
    try:
        rows = GazeRows.read(path, session.derived / HOMOGRAPHIES_NAME)
    except (OSError, ValueError, LookupError, TypeError, pa.ArrowException):
        return Missing(
            f"{FRAMES_NAME} can't be read.", f"Run: dashgaze frames {session.root} --force"
        )
    if recording is not None and not np.array_equal(
        rows.timestamp_ns, recording.world.timestamp_ns
    ):
        return Missing(
            f"{FRAMES_NAME} is not of this recording.", f"Run: dashgaze frames {session.root}"
        )
    return rows
