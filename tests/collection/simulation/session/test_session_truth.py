"""The truth of a drive, derived again with OpenCV from poses, cameras and points."""

import json

import cv2
import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from dashgaze.collection.simulation.scene.canvas import Canvas
from dashgaze.collection.simulation.scene.world import World
from dashgaze.collection.simulation.session.films import matrices
from dashgaze.collection.simulation.story.glances import IN_CAR, TARGET_KINDS
from dashgaze.media import LumaReader, read_frame_times
from dashgaze.session import open_session
from dashgaze.stages.frames import frames
from dashgaze.stages.sync import sync

WITHIN_PX = 0.1
IN_CAR_KINDS = [TARGET_KINDS[number] for number in IN_CAR]


def camera(facts, name):
    """Give matrix and distortion as truth.json has them."""
    found = facts[f"{name}_camera"]
    return np.array(found["matrix"]), np.array(found.get("distortion", np.zeros(5)))


def opencv_px(pose, point_m, matrix, distortion):
    """Project a point of the world; `pose` is world_from_camera, shape (3, 4)."""
    turn, _ = cv2.Rodrigues(pose[:, :3].T)
    # The camera's place is taken off first: kilometres cost digits.
    image, _ = cv2.projectPoints(
        (point_m - pose[:, 3])[None], turn, np.zeros(3), matrix, distortion
    )
    return image.ravel()


def undistorted(point_px, matrix, distortion):
    """Give the tangents (x, y) of a pixel's ray: those that OpenCV projects to it."""

    def miss(tangents):
        ray = np.append(tangents, 1.0)
        return opencv_px(np.eye(3, 4), ray, matrix, distortion) - point_px

    start = (point_px - matrix[:2, 2]) / matrix[[0, 1], [0, 1]]
    return optimize.root(miss, start, tol=1e-12).x


def in_camera(pose, point_m):
    return pose[:, :3].T @ (point_m - pose[:, 3])


def columns(table, name):
    return table[[f"{name}_x", f"{name}_y"]].to_numpy(dtype=float)


def off_px(found, expected):
    apart = np.hypot(*(np.asarray(found) - expected).T)
    assert np.isfinite(apart).all()
    return apart


@pytest.fixture(scope="module")
def targets_m(truth):
    return np.stack(truth["target_world_m"].to_numpy())


def test_poses_are_rigid_and_move_as_fast_as_the_car(truth, poses):
    for pose in poses.values():
        turn = pose[:, :, :3]
        np.testing.assert_allclose(
            turn @ turn.transpose(0, 2, 1), np.broadcast_to(np.eye(3), turn.shape), atol=1e-9
        )
        np.testing.assert_allclose(np.linalg.det(turn), 1, atol=1e-9)
    time_s = truth["road_time_s"].to_numpy()
    way_m = np.linalg.norm(np.diff(poses["road"][:, ::2, 3], axis=0), axis=1)
    speed = truth["speed_m_s"].to_numpy()
    between = (speed[1:] + speed[:-1]) / 2
    assert np.median(np.abs(way_m / np.diff(time_s) - between)) < 0.1
    assert np.ptp(speed) > 1
    along_m = np.diff(truth["distance_m"]) / np.diff(time_s)
    np.testing.assert_allclose(along_m, between, atol=0.02)


def test_both_cameras_stay_where_a_driver_and_a_phone_are(poses):
    apart_m = np.linalg.norm(poses["ego"][:, :, 3] - poses["road"][:, :, 3], axis=1)
    assert 0.3 < apart_m.min() < apart_m.max() < 0.9
    for name, low_m, high_m in (("ego", 1.0, 1.4), ("road", 1.1, 1.4)):
        height_m = -poses[name][:, 1, 3]
        assert low_m < height_m.min() < height_m.max() < high_m


def test_targets_are_seen_in_the_road_view_where_opencv_projects_them(
    truth, poses, targets_m, facts
):
    found = columns(truth, "target_road")
    known = np.isfinite(found).all(axis=1)
    matrix, none = camera(facts, "road")
    expected = [
        opencv_px(*each, matrix, none)
        for each in zip(poses["road"][known], targets_m[known], strict=True)
    ]
    assert known.sum() > 300
    assert off_px(found[known], expected).max() < WITHIN_PX
    # Only what is in the car, or behind the camera, has no place.
    ahead = np.array(
        [in_camera(*each)[2] > 0.1 for each in zip(poses["road"], targets_m, strict=True)]
    )
    in_car = truth["target_kind"].isin(IN_CAR_KINDS).to_numpy()
    np.testing.assert_array_equal(known, ahead & ~in_car)


def test_targets_are_seen_in_the_ego_view_where_opencv_projects_them(
    truth, poses, targets_m, facts
):
    found = columns(truth, "target_ego")
    known = np.isfinite(found).all(axis=1)
    matrix, distortion = camera(facts, "ego")
    assert len(distortion) == 8
    expected = [
        opencv_px(*each, matrix, distortion)
        for each in zip(poses["ego"][known], targets_m[known], strict=True)
    ]
    assert known.mean() > 0.9
    assert off_px(found[known], expected).max() < WITHIN_PX


def test_gaze_in_the_road_view_lies_at_its_targets_distance_along_its_own_ray(
    truth, poses, targets_m, facts
):
    ego_px, found = columns(truth, "gaze_ego"), columns(truth, "gaze_road")
    known = np.isfinite(found).all(axis=1)
    matrix, distortion = camera(facts, "ego")
    road_matrix, none = camera(facts, "road")
    expected = []
    for row in np.flatnonzero(known):
        straight = undistorted(ego_px[row], matrix, distortion)
        ray = np.append(straight, 1.0)
        pose = poses["ego"][row]
        range_m = np.linalg.norm(targets_m[row] - pose[:, 3])
        point_m = pose[:, :3] @ (ray * range_m / np.linalg.norm(ray)) + pose[:, 3]
        expected.append(opencv_px(poses["road"][row], point_m, road_matrix, none))
    assert known.sum() > 300
    assert off_px(found[known], expected).max() < WITHIN_PX
    np.testing.assert_allclose(
        truth["target_range_m"],
        np.linalg.norm(targets_m - poses["ego"][:, :, 3], axis=1),
        atol=1e-6,
    )
    in_car = truth["target_kind"].isin(IN_CAR_KINDS).to_numpy()
    assert not known[in_car].any()
    # As a glance leaves the instruments for the road, the point is in the car still.
    ahead = truth["target_range_m"] > 3
    assert known[~in_car & ahead & np.isfinite(ego_px).all(axis=1)].all()
    width, height = facts["road_camera"]["size"]
    inside = ((found >= -0.5) & (found < np.array([width, height]) - 0.5)).all(axis=1)
    np.testing.assert_array_equal(truth["gaze_in_road_view"], inside)


def test_the_homography_takes_far_points_from_one_view_to_the_other(truth, poses, facts):
    matrix, _ = camera(facts, "ego")
    road_matrix, none = camera(facts, "road")
    maps = np.stack(truth["H"].to_numpy()).reshape(-1, 3, 3)
    np.testing.assert_allclose(maps[:, 2, 2], 1, atol=1e-12)
    rng = np.random.default_rng(1)
    worst_px = 0.0
    for row in range(0, len(truth), 5):
        pose = poses["road"][row]
        ray = np.array([*rng.uniform((-0.5, -0.3), (0.5, 0.3)), 1.0])
        far_m = pose[:, 3] + 1e7 * pose[:, :3] @ ray
        straight = opencv_px(poses["ego"][row], far_m, matrix, np.zeros(5))
        x, y, w = maps[row] @ np.append(straight, 1.0)
        there = opencv_px(pose, far_m, road_matrix, none)
        worst_px = max(worst_px, np.hypot(*(np.array([x, y]) / w - there)))
    assert worst_px < WITHIN_PX


def test_the_vanishing_point_is_where_the_car_goes(truth, poses, facts):
    """The way of the camera over a second, level, seen from its middle."""
    matrix, none = camera(facts, "road")
    found = columns(truth, "vanishing_point")
    places = poses["road"][:, :, 3]
    moving = np.flatnonzero(truth["speed_m_s"] > 3)
    off = []
    for row in moving[(moving > 15) & (moving < len(truth) - 15)]:
        way = places[row + 15] - places[row - 15]
        way[1] = 0
        expected = opencv_px(poses["road"][row], places[row] + 1e7 * way, matrix, none)
        off.append(found[row] - expected)
    off = np.array(off)
    assert len(off) > 200
    assert np.abs(np.median(off, axis=0)).max() < 1  # 0.1°
    assert np.abs(off[:, 1]).max() < WITHIN_PX


def test_gaze_samples_have_their_own_truth(root, truth, recording, story, facts):
    samples = pd.read_parquet(root / "truth" / "gaze.parquet")
    np.testing.assert_array_equal(samples["timestamp_ns"], recording.gaze.timestamp_ns)
    measured = columns(samples, "gaze_ego")
    np.testing.assert_array_equal(measured[:, 0].astype(np.float32), recording.gaze.x_px)
    np.testing.assert_array_equal(measured[:, 1].astype(np.float32), recording.gaze.y_px)
    # At its own time: between what holds in the frames before and after.
    matrix, distortion = camera(facts, "ego")
    time_s = samples["road_time_s"].to_numpy()
    points = story.gaze_point_world_m(time_s)
    seen = columns(samples, "target_ego")
    some = np.arange(0, len(samples), 40)
    ego = story.world_from_ego(time_s[some])
    expected, near = [], []
    for turn, place, point in zip(ego.rotation, ego.origin_m, points[some], strict=True):
        pose = np.column_stack([turn, place])
        x, y, z = in_camera(pose, point)
        near.append(np.hypot(x, y) < 1.2 * z)  # within reach of the lens
        expected.append(opencv_px(pose, point, matrix, distortion))
    near = np.array(near)
    assert near.sum() > 50
    assert off_px(seen[some][near], np.array(expected)[near]).max() < WITHIN_PX
    # What the tracker says is off by its error: a degree or two, steady over a session.
    blink = samples["blink"].to_numpy(dtype=bool)
    off_deg = np.degrees((measured - seen)[~blink] / matrix[0, 0])
    bias = [facts["tracker_bias_deg"][axis] for axis in ("azimuth", "elevation")]
    assert np.median(off_deg[:, 0]) == pytest.approx(bias[0], abs=1.0)
    assert np.median(off_deg[:, 1]) == pytest.approx(-bias[1], abs=1.0)


def test_frame_numbers_are_those_of_the_videos(session, truth, recording):
    assert truth["world_frame_index"].tolist() == list(range(len(truth)))
    assert len(truth) == len(recording.world.timestamp_ns)
    road_s = read_frame_times(session.road_path).time_s
    known = truth["road_frame_index"].notna().to_numpy()
    assert known.mean() > 0.99
    index = truth["road_frame_index"][known].astype(int).to_numpy()
    phone_s = truth["road_time_s"][known].to_numpy()
    nearest = np.abs(road_s[None] - phone_s[:, None]).argmin(axis=1)
    np.testing.assert_array_equal(index, nearest)
    assert np.abs(road_s[index] - phone_s).max() < 0.06  # a frame is missing here and there


def test_gaze_of_frames_is_that_of_the_frames_stage(root, truth, facts, tmp_path, short_drive):
    copy = open_session(short_drive.copy_of(root, tmp_path / "s01"))
    sync(
        copy,
        manual_offset_s=facts["clocks"]["offset_s"],
        manual_drift_ppm=facts["clocks"]["drift_ppm"],
    )
    table = pd.read_parquet(frames(copy))
    assert len(table) == len(truth)
    assert table["ego_frame_valid"].all()
    zero_ns = facts["clocks"]["tracker_epoch_ns_at_t_tracker_0"]
    tracker_s = (table["timestamp_ns"].to_numpy() - zero_ns) / 1e9
    np.testing.assert_allclose(tracker_s, truth["t_tracker_s"], atol=1e-6)
    np.testing.assert_array_equal(table["gaze_sample_count"], truth["gaze_samples"])
    looked = truth["gaze_samples"].to_numpy() > 0
    assert looked.mean() > 0.95
    found = table[["gaze_ego_x_px", "gaze_ego_y_px"]].to_numpy(dtype=float)
    assert off_px(found[looked], columns(truth, "gaze_ego")[looked]).max() < 1e-6
    np.testing.assert_array_equal(*(each["road_frame_index"].fillna(-1) for each in (table, truth)))


def test_the_truth_says_what_the_drive_was(facts, drive, recording):
    assert facts["seed"] == drive.seed
    assert facts["conditions"]["lighting"] == "day"
    assert facts["conditions"]["driver"]["driver_id"] == "D001"
    assert facts["effects"]["lead_s"] == drive.effects.lead_s
    assert facts["clocks"]["tracker_epoch_ns_at_t_tracker_0"] == recording.world.timestamp_ns[0]
    scene = recording.scene_camera
    np.testing.assert_array_equal(facts["ego_camera"]["matrix"], scene.matrix)
    np.testing.assert_array_equal(facts["ego_camera"]["distortion"], scene.distortion)
    assert facts["road_camera"]["size"] == [640, 360]
    assert facts["easier_than_reality"]
    json.dumps(facts, allow_nan=False)


def test_driver_truth_lies_in_its_pictures(root, session, facts, story):
    table = pd.read_parquet(root / "truth" / "driver.parquet")
    time_s = read_frame_times(session.driver_path).time_s
    np.testing.assert_allclose(table["t_phone_s"], time_s, atol=1e-6)
    size = np.array(facts["driver_camera"]["size"])
    landmarks = np.stack(table["landmarks_px"].to_numpy()).reshape(-1, 5, 2)
    boxes = np.stack(table["face_box_px"].to_numpy())
    assert ((landmarks > 0) & (landmarks < size - 1)).all()
    assert (landmarks >= boxes[:, None, :2] - 3).all()
    assert (landmarks <= boxes[:, None, 2:] + 3).all()
    openness = table["eyelid_openness"].to_numpy()
    assert openness.min() >= 0
    assert openness.max() == 1
    blink = story.blink(time_s)
    assert openness[blink].mean() < openness[~blink].mean() - 0.3
    # The eyes, from the poses of the car's layout: half a metre before the phone.
    assert table["eye_distance_m"].between(0.3, 0.9).all()


def test_ego_pictures_show_what_road_pictures_show_at_its_depth(
    root, session, recording, truth, poses, facts, story
):
    """Pixels of the road view are looked up in the ego view through depth, poses and lens."""
    road_s = read_frame_times(session.road_path).time_s
    turning = np.abs(np.diff(poses["ego"][:, 0, 2], prepend=0))
    still = np.flatnonzero(truth["road_frame_index"].notna() & (turning < 0.002))
    rows = still[np.linspace(0, len(still) - 1, 4).astype(int)]
    numbers = truth["road_frame_index"][rows].astype(int).tolist()
    ego, road = (
        lumas(path, wanted)
        for path, wanted in (
            (recording.world_parts[0].path, rows.tolist()),
            (session.road_path, numbers),
        )
    )
    matrix, distortion = camera(facts, "ego")
    road_matrix, _ = camera(facts, "road")
    size = tuple(facts["road_camera"]["size"])
    world = World(story)
    crowd = world.crowd(road_s[numbers])
    car = matrices(story.world_from_car(road_s[numbers]))
    road_poses = matrices(story.world_from_road(road_s[numbers]))  # at their own times
    canvas = Canvas(size, road_matrix)
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    rays = np.stack([x, y, np.ones_like(x)], -1) @ np.linalg.inv(road_matrix).T
    off_px, parallax_px = [], []
    for place, (row, seen, shown) in enumerate(zip(rows, ego, road, strict=True)):
        world.draw(
            canvas,
            crowd.at(place),
            time_s=float(road_s[numbers[place]]),
            distance_m=float(story.ride.distance_m(road_s[numbers])[place]),
            world_from_car=car[place],
            car_from_camera=np.array(facts["road_camera"]["car_from_road"]),
            with_inside=False,
        )
        depth = 1 / np.maximum(canvas.nearness, 1e-7)
        pose, other = road_poses[place], poses["ego"][row]
        in_world = (rays * depth[..., None]) @ pose[:, :3].T + pose[:, 3]
        in_ego = ((in_world - other[:, 3]) @ other[:, :3]).reshape(-1, 3)
        where, _ = cv2.projectPoints(
            in_ego / in_ego[:, 2:], np.zeros(3), np.zeros(3), matrix, distortion
        )
        where = where.reshape(size[1], size[0], 2).astype(np.float32)
        brought = cv2.remap(seen, where[..., 0], where[..., 1], cv2.INTER_LINEAR)
        # Corners on surfaces: at outlines one eye sees what the other doesn't.
        jumps = cv2.morphologyEx(canvas.nearness, cv2.MORPH_GRADIENT, np.ones((25, 25)))
        smooth = ((jumps < 0.01) & (canvas.nearness < 1 / 6)).astype(np.uint8)
        smooth[:, :150] = smooth[:, 490:] = smooth[:60] = 0  # beside the windscreen
        corners = cv2.goodFeaturesToTrack(shown, 200, 0.01, 6, mask=smooth)
        found, status, miss = cv2.calcOpticalFlowPyrLK(
            shown, brought, corners, None, winSize=(17, 17), maxLevel=1
        )
        good = (status.ravel() == 1) & (miss.ravel() < 12)
        off_px.append((found - corners)[good, 0])
        x, y = np.rint(corners[good, 0]).astype(int).T
        parallax_px.append(road_matrix[0, 0] * 0.4 * canvas.nearness[y, x])
    off = np.concatenate(off_px)
    assert len(off) > 200
    assert np.abs(np.median(off, axis=0)).max() < WITHIN_PX
    assert np.median(np.hypot(*off.T)) < 0.5  # of single corners in coded pictures
    for frame in off_px:
        assert np.abs(np.median(frame, axis=0)).max() < 0.3
    assert np.median(np.concatenate(parallax_px)) > 2  # a homography would not do


def lumas(path, indices):
    with LumaReader(path, read_frame_times(path)) as reader:
        return [item.luma for item in reader.read(indices)]
