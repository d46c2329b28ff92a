"""What the ``align`` stage is about to compare: frames, clocks and cameras of a session."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashgaze.alignment.ego_camera import EgoCamera
from dashgaze.alignment.features import working_reduction
from dashgaze.alignment.frame_pairs import PairPlan
from dashgaze.alignment.mapping import MapFrame
from dashgaze.alignment.road_camera import RoadCamera
from dashgaze.alignment.rotation import head_turns
from dashgaze.alignment.time_map import TimeMap
from dashgaze.collection.eye_tracker import EyeTrackerRecording
from dashgaze.errors import InputError, MediaError
from dashgaze.media import LumaReader, read_frame_times
from dashgaze.progress import Progress, part_of
from dashgaze.session import Session

from .frame_columns import camera_axes


@dataclass(frozen=True, kw_only=True, eq=False)
class AlignPlan:
    """All that the stage needs of a session; arrays over all n ego frames.

    Attributes
    ----------
    files
        One plan for each video file of the scene camera that can be read, and the row of the first of its
        frames.
    time_s
        Times of the frames on the phone's clock, shape (n,); NaN where the clocks are unknown.
    turn_rad
        Turn of the head since the frame before, shape (n, 3); NaN if unknown.
    camera
        The scene camera.
    road_camera
        The road camera, if the manifest has its calibration.
    frame
        Coordinates of maps.
    reduction
        By how much road pictures are reduced for matching.
    """

    files: tuple[tuple[int, PairPlan], ...]
    time_s: NDArray[np.float64]
    turn_rad: NDArray[np.float64]
    camera: EgoCamera
    road_camera: RoadCamera | None
    frame: MapFrame
    reduction: float

    def __len__(self) -> int:
        return len(self.time_s)


def plan_alignment(
    session: Session,
    recording: EyeTrackerRecording,
    table: pa.Table,
    time_map: TimeMap | None,
    progress: Progress,
) -> AlignPlan:
    """Find out which frames belong together.

    Parameters
    ----------
    session
        The session.
    recording
        Its eye tracker recording.
    table
        Its frame table.
    time_map
        Map between the clocks; None if unknown.
    progress
        Where to report to.

    Raises
    ------
    InputError
        If the road video can't be read, or a calibration belongs to other pictures.
    """
    world, scene = recording.world, recording.scene_camera
    camera = EgoCamera(scene.matrix, scene.distortion, size_px=(scene.width_px, scene.height_px))
    road_times = read_frame_times(session.road_path, progress=part_of(progress, 0.0, 0.5))
    road_size_px = LumaReader(session.road_path, road_times).size_px
    road_camera = _calibrated(session, road_size_px)
    road_index = table.column("road_frame_index").fill_null(-1).to_numpy().astype(np.int64)
    time_s = np.full(len(road_index), np.nan)
    if time_map is not None:
        time_s = time_map.phone_s((world.timestamp_ns - recording.first_frame_ns) / 1e9)
    turn_rad = np.full((len(road_index), 3), np.nan)
    if recording.imu is not None:
        imu = recording.imu
        turn_rad = head_turns(
            world.timestamp_ns, imu.timestamp_ns, camera_axes(imu.gyro_deg_s, imu)
        )
    gaze_px = camera.undistort(gaze_points(table))
    files = []
    for number, part in enumerate(recording.world_parts):
        if part.path is None or not part.frame_count:
            continue
        at = 0.5 + 0.5 * number / len(recording.world_parts)
        progress("reading frame times", at)
        try:
            ego_times = read_frame_times(part.path)
        except MediaError:
            continue  # its frames stay without a picture
        rows = slice(part.first_frame, part.first_frame + part.frame_count)
        index = np.searchsorted(ego_times.pts, world.pts[rows])
        found = np.take(ego_times.pts, index, mode="clip") == world.pts[rows]
        plan = PairPlan(
            ego_path=part.path,
            road_path=session.road_path,
            ego_times=ego_times,
            road_times=road_times,
            ego_index=np.where(found & world.valid[rows], index, -1).astype(np.int64),
            road_index=np.where(road_index[rows] < len(road_times.pts), road_index[rows], -1),
            time_s=time_s[rows],
            turn_rad=turn_rad[rows],
            gaze_px=gaze_px[rows],
        )
        files.append((part.first_frame, plan))
    if not files:
        raise InputError(
            f"{session.eye_tracker_path} holds no scene camera video that can be read.",
            fix="Copy the recording again, with its videos.",
            path=session.eye_tracker_path,
        )
    return AlignPlan(
        files=tuple(files),
        time_s=time_s,
        turn_rad=turn_rad,
        camera=camera,
        road_camera=road_camera,
        frame=MapFrame(ego_matrix=camera.matrix, road_size_px=road_size_px),
        reduction=working_reduction(
            road_size_px, camera.focal_px, None if road_camera is None else road_camera.focal_px
        ),
    )


def gaze_points(table: pa.Table) -> NDArray[np.float64]:
    """Give the gaze points of a frame or gaze table in the ego view, shape (n, 2), px; NaN for null."""
    return np.column_stack(
        [
            np.asarray(table.column(f"gaze_ego_{axis}_px").to_numpy(), dtype=np.float64)
            for axis in "xy"
        ]
    )


def intrinsics_of(session: Session) -> dict[str, Any] | None:
    """Give the road camera's calibration as the manifest has it, for the stage's record."""
    intrinsics = session.manifest.phone.intrinsics
    return None if intrinsics is None else intrinsics.model_dump(mode="json")


def _calibrated(session: Session, road_size_px: tuple[int, int]) -> RoadCamera | None:
    intrinsics = session.manifest.phone.intrinsics
    if intrinsics is None:
        return None
    if (intrinsics.width_px, intrinsics.height_px) != road_size_px:
        raise InputError(
            f"phone.intrinsics in session.yaml are for pictures of {intrinsics.width_px} × "
            f"{intrinsics.height_px} px, but {session.road_path.name} shows "
            f"{road_size_px[0]} × {road_size_px[1]} px.",
            fix="Calibrate for the video's size, or take phone.intrinsics out: the focal length is "
            "then found from the drive itself.",
            path=session.road_path,
        )
    matrix = np.array(intrinsics.matrix)
    return RoadCamera(
        focal_px=float(np.sqrt(matrix[0, 0] * matrix[1, 1])),
        spread_px=float("nan"),
        count=0,
        size_px=road_size_px,
        centre_px=(float(matrix[0, 2]), float(matrix[1, 2])),
    )
