"""A simulated drive is what its truth says: pictures, turning of the head, gaze."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from dashgaze.alignment.ego_camera import EgoCamera
from dashgaze.alignment.rotation import (
    head_turns,
    nearest_rotation,
    rotation_matrix,
    rotation_vector,
)
from dashgaze.collection.eye_tracker import EyeTrackerRecording, open_recording
from dashgaze.collection.simulation.car_motion import CarMotion
from dashgaze.collection.simulation.drive_gaze import gaze_point_px
from dashgaze.collection.simulation.road_view import car_from_road
from dashgaze.collection.simulation.small_drive import SmallDrive, simulate_small_drive
from dashgaze.errors import OutputError
from dashgaze.media import LumaReader, read_frame_times
from dashgaze.session import Session, open_session

DRIVE = SmallDrive(seconds=6.5, offset_s=-2.4, drift_ppm=60.0, seed=3)
TINY = replace(DRIVE, ego_size_px=(136, 136), phone_size_px=(96, 54))
PATCH_PX = 96


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return open_session(simulate_small_drive(tmp_path_factory.mktemp("drives") / "s01", DRIVE))


@pytest.fixture(scope="module")
def recording(session: Session) -> EyeTrackerRecording:
    return open_recording(session.eye_tracker_path)


@pytest.fixture(scope="module")
def camera(recording: EyeTrackerRecording) -> EgoCamera:
    scene = recording.scene_camera
    return EgoCamera(scene.matrix, scene.distortion, size_px=(scene.width_px, scene.height_px))


@pytest.fixture(scope="module")
def truth(session: Session) -> pd.DataFrame:
    return pd.read_parquet(session.root / "truth" / "frames.parquet")


def road_from_ego(truth: pd.DataFrame) -> np.ndarray:
    return np.stack(truth["H"].to_numpy()).reshape(-1, 3, 3)


def pictures(path: Path, indices: list[int]) -> list[np.ndarray]:
    with LumaReader(path, read_frame_times(path)) as reader:
        return [item.luma for item in reader.read(indices)]


def mapped(points: np.ndarray, homography: np.ndarray) -> np.ndarray:
    image = np.column_stack([points, np.ones(len(points))]) @ homography.T
    return image[:, :2] / image[:, 2:]


def test_the_pictures_agree_with_the_true_homography(session, recording, camera, truth):
    """The ego picture, brought to the road view, covers it to a fraction of a pixel."""
    road_s = read_frame_times(session.road_path).time_s
    known = truth[truth["road_frame_index"].notna() & ~truth["blackout"]]
    apart_s = np.abs(road_s[known["road_frame_index"].astype(int)] - known["road_time_s"])
    rows = np.sort(known.index[np.argsort(apart_s.to_numpy())[:4]].to_numpy())
    assert apart_s[rows].max() < 2e-3  # in which nothing turns by a tenth of a pixel
    ego = pictures(recording.world_parts[0].path, rows.tolist())
    road = pictures(session.road_path, truth["road_frame_index"][rows].astype(int).tolist())
    width, height = DRIVE.phone_size_px
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    places = np.column_stack([x.ravel(), y.ravel()]).astype(float)
    errors_px = []
    for row, seen, expected in zip(rows, ego, road, strict=True):
        back = mapped(places, np.linalg.inv(road_from_ego(truth)[row]))
        where = camera.distort(back).astype(np.float32).reshape(height, width, 2)
        brought = cv2.remap(seen, where[..., 0], where[..., 1], cv2.INTER_LINEAR)
        for left in (110, 270, 430):  # along the horizon, below the mirror
            patch = np.s_[140 : 140 + PATCH_PX, left : left + PATCH_PX]
            shift, _ = cv2.phaseCorrelate(
                *(each[patch].astype(np.float64) for each in (brought, expected)),
                cv2.createHanningWindow((PATCH_PX, PATCH_PX), cv2.CV_64F),
            )
            errors_px.append(np.hypot(*shift))
    assert np.median(errors_px) < 0.15
    assert max(errors_px) < 0.5


def test_the_gyroscope_feels_head_and_car_turn(recording, camera, truth):
    matrix = np.array(json_truth(recording.path.parent)["road_camera"]["matrix"], dtype=np.float64)
    car = CarMotion(DRIVE.seed).world_from_car(truth["road_time_s"].to_numpy())
    world_from_ego = [
        turn
        @ car_from_road()
        @ nearest_rotation(np.linalg.inv(matrix) @ homography @ camera.matrix)
        for turn, homography in zip(car, road_from_ego(truth), strict=True)
    ]
    true_rad = np.array(
        [rotation_vector(before.T @ after) for before, after in itertools.pairwise(world_from_ego)]
    )
    imu = recording.imu
    assert imu.axes == "x right, y down, z forward"  # those of the scene camera
    frame_ns = recording.world.timestamp_ns
    felt_rad = head_turns(frame_ns, imu.timestamp_ns, imu.gyro_deg_s)[1:]
    seconds = np.diff(frame_ns)[:, None] / 1e9
    inside = np.isfinite(felt_rad).all(axis=1)
    assert inside.mean() > 0.85
    off_deg = np.degrees(felt_rad - true_rad)[inside]
    bias_deg_s = off_deg.sum(axis=0) / seconds[inside].sum()
    assert np.abs(bias_deg_s - (-0.4, 0.2, 0.3)).max() < 0.05
    assert np.abs(off_deg - bias_deg_s * seconds[inside]).max() < 0.02
    # All turns one after the other, with the device's bias taken off.
    total = np.eye(3)
    for turn in felt_rad[inside] - np.radians(bias_deg_s) * seconds[inside]:
        total = total @ rotation_matrix(turn)
    first, last = np.flatnonzero(inside)[[0, -1]]
    whole = world_from_ego[first].T @ world_from_ego[last + 1]
    assert np.degrees(np.linalg.norm(rotation_vector(total.T @ whole))) < 0.05
    assert np.degrees(np.abs(true_rad)).max() > 0.2  # it does turn


def json_truth(root: Path) -> dict:
    return json.loads((root / "truth" / "truth.json").read_text(encoding="utf-8"))


def test_gaze_in_the_road_view_is_the_homography_of_gaze(session, recording, camera, truth):
    known = truth["gaze_ego_x"].notna().to_numpy()
    ego_px = truth[["gaze_ego_x", "gaze_ego_y"]].to_numpy()[known]
    road_px = truth[["gaze_road_x", "gaze_road_y"]].to_numpy()[known]
    undistorted = camera.undistort_exactly(ego_px)
    maps = road_from_ego(truth)[known]
    expected = np.vstack(
        [mapped(point[None], each) for point, each in zip(undistorted, maps, strict=True)]
    )
    np.testing.assert_allclose(road_px, expected, atol=1e-4)
    width, height = DRIVE.phone_size_px
    inside = ((road_px >= -0.5) & (road_px < np.array([width, height]) - 0.5)).all(axis=1)
    assert (truth["gaze_in_road_view"].to_numpy()[known] == inside).all()

    samples = pd.read_parquet(session.root / "truth" / "gaze.parquet")
    assert (samples["timestamp_ns"] == recording.gaze.timestamp_ns).all()
    np.testing.assert_array_equal(samples["gaze_ego_x"], recording.gaze.x_px)
    np.testing.assert_array_equal(
        samples[["gaze_ego_x", "gaze_ego_y"]],
        gaze_point_px(samples["t_tracker_s"].to_numpy()),
    )
    # At its own time: between what the frames before and after make of it.
    row = np.searchsorted(truth["t_tracker_s"], samples["t_tracker_s"]) - 1
    between = (row >= 0) & (row < len(truth) - 1)
    row, few = row[between][::7], samples[between][::7]
    points = camera.undistort_exactly(few[["gaze_ego_x", "gaze_ego_y"]].to_numpy())
    before, after = (
        np.vstack(
            [mapped(p[None], road_from_ego(truth)[r]) for p, r in zip(points, rows, strict=True)]
        )
        for rows in (row, row + 1)
    )
    times = truth["t_tracker_s"].to_numpy()
    part = (few["t_tracker_s"].to_numpy() - times[row]) / (times[row + 1] - times[row])
    halfway = before + part[:, None] * (after - before)
    assert np.abs(halfway - few[["gaze_road_x", "gaze_road_y"]].to_numpy()).max() < 0.3


def test_frames_and_samples_are_counted(recording, truth):
    assert len(truth) == len(recording.world.timestamp_ns)
    assert truth["gaze_samples"].sum() == len(recording.gaze.timestamp_ns)
    assert not truth["padding"].any()
    late = truth["road_time_s"] > DRIVE.seconds
    assert truth["road_frame_index"][late].isna().all()
    assert truth["road_frame_index"][~late].notna().all()
    np.testing.assert_allclose(
        truth["t_tracker_s"], DRIVE.offset_s + DRIVE.rate * truth["road_time_s"], atol=1e-9
    )


def test_the_ego_picture_is_blurred_when_the_truth_says_so(recording, truth):
    black = np.flatnonzero(truth["blackout"])
    assert len(black) in range(13, 18)
    rows = [black[0] - 3, black[0] + 1, black[-1] - 1, black[-1] + 3]
    sharp = [
        cv2.Laplacian(cv2.GaussianBlur(each.astype(np.float32), (0, 0), 2), cv2.CV_32F).var()
        for each in pictures(recording.world_parts[0].path, rows)
    ]
    assert max(sharp[1:3]) < min(sharp[0], sharp[3]) / 50


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    first, second, other = (
        simulate_small_drive(tmp_path / name / "s01", replace(TINY, seed=seed))
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    names = {path.relative_to(first) for path in first.rglob("*") if path.is_file()}
    assert names == {path.relative_to(second) for path in second.rglob("*") if path.is_file()}
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    road = Path("phone") / "road.mp4"
    assert (first / road).read_bytes() != (other / road).read_bytes()


def test_patterns_have_no_truth_of_the_views(tmp_path):
    drive = replace(TINY, pictures="patterns", sound=False)
    root = simulate_small_drive(tmp_path / "s01", drive)
    assert json_truth(root)["pictures"] == "patterns"
    assert [path.name for path in (root / "truth").iterdir()] == ["truth.json"]


def test_a_drive_that_leaves_the_tracker_no_time_is_refused(tmp_path):
    with pytest.raises(OutputError, match=r"would record 4\.1 s"):
        simulate_small_drive(tmp_path / "s01", replace(TINY, seconds=5.5))
    assert list(tmp_path.iterdir()) == []
