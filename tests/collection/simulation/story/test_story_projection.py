"""Pixels of both cameras, boxes, and what the tracker measures."""

import cv2
import numpy as np
import pandas as pd
import pytest

from dashgaze.collection.eye_tracker.scene_camera import typical_camera
from dashgaze.collection.simulation.lens import Lens
from dashgaze.collection.simulation.story import ACTOR_KINDS, Conditions, plan_story
from dashgaze.collection.simulation.story.boxes import object_boxes
from dashgaze.collection.simulation.story.car_layout import EYES_M, PHONE_M
from dashgaze.collection.simulation.story.glances import IN_CAR, TARGET_KINDS
from dashgaze.collection.simulation.story.projection import (
    RoadCamera,
    ego_px,
    road_px,
    vanishing_point_px,
)
from dashgaze.collection.simulation.story.tracker_gaze import TrackerError, measured_gaze

CAMERA = RoadCamera()
SCENE_CAMERA = typical_camera("pupil_invisible")
LENS = Lens(SCENE_CAMERA)
EXACT = TrackerError(bias_sd_deg=0.0, drift_sd_deg=0.0, noise_deg=0.0)


@pytest.fixture(scope="module")
def times(story) -> np.ndarray:
    return np.arange(0, story.seconds, 0.05)


def opencv_px(pose, points, matrix, distortion) -> np.ndarray:
    """Independent of the code under test: OpenCV with its own inversion of the pose."""
    found = []
    for rotation, origin, point in zip(pose.rotation, pose.origin_m, points, strict=True):
        vector, _ = cv2.Rodrigues(rotation.T)
        shift = -rotation.T @ origin
        image, _ = cv2.projectPoints(point[None], vector, shift, matrix, distortion)
        found.append(image.ravel())
    return np.array(found)


def test_road_pixels_are_opencvs(story):
    some = np.linspace(1, story.seconds - 1, 200)
    points = story.gaze_point_world_m(some)
    ours = road_px(story, some, points, CAMERA)
    known = np.isfinite(ours).all(axis=1)
    assert known.mean() > 0.8
    theirs = opencv_px(
        story.world_from_road(some[known]), points[known], CAMERA.matrix, np.zeros(5)
    )
    # Rodrigues vectors cost digits: points are kilometres from the origin
    np.testing.assert_allclose(ours[known], theirs, atol=1e-6)


def test_ego_pixels_are_opencvs(story):
    some = np.linspace(1, story.seconds - 1, 200)
    points = story.gaze_point_world_m(some)
    ours = ego_px(story, some, points, LENS)
    known = np.isfinite(ours).all(axis=1)
    assert known.mean() > 0.9
    theirs = opencv_px(
        story.world_from_ego(some[known]),
        points[known],
        SCENE_CAMERA.matrix,
        SCENE_CAMERA.distortion,
    )
    np.testing.assert_allclose(ours[known], theirs, atol=1e-6)


def test_what_is_behind_has_no_pixel(story):
    behind = story.world_from_car([10.0]).apply([0.0, -1.0, -20.0])
    assert np.isnan(road_px(story, [10.0], behind, CAMERA)).all()
    assert np.isnan(ego_px(story, [10.0], behind, LENS)).all()


def test_the_road_camera_has_the_field_it_says():
    edge = np.tan(np.radians(31.0))
    found = CAMERA.pixels(np.array([[edge, 0, 1], [-edge, 0, 1], [0, 0, 1]]))
    np.testing.assert_allclose(found, [[1279.5, 359.5], [-0.5, 359.5], [639.5, 359.5]], atol=1e-9)
    assert CAMERA.inside(found[2:]).all()


def test_the_vanishing_point_is_where_the_road_goes(story, times):
    found = vanishing_point_px(story, times, CAMERA)
    assert np.isfinite(found).all()
    assert np.abs(found.mean(axis=0) - [639.5, 359.5]).max() < 80  # mounted a bit askew
    straight = np.abs(story.route.curvature_per_m(story.ride.distance_m(times) + 60)) < 1e-6
    straight &= np.abs(story.route.curvature_per_m(story.ride.distance_m(times) + 120)) < 1e-6
    straight &= np.abs(story.route.curvature_per_m(story.ride.distance_m(times))) < 1e-6
    rows = np.flatnonzero(straight)[:50]
    heading = story.ride.travel_heading_rad(times[rows])
    far = story.world_from_car(times[rows]).origin_m + 1e7 * np.stack(
        [np.sin(heading), 0 * heading, np.cos(heading)], axis=1
    )
    np.testing.assert_allclose(road_px(story, times[rows], far, CAMERA), found[rows], atol=1e-2)


@pytest.mark.parametrize("position", list(PHONE_M))
def test_phone_and_driver_camera_are_where_they_should(position):
    story = plan_story(2, Conditions(camera_position=position), 5.0)
    assert story.car_from_road.origin_m[0] == pytest.approx(PHONE_M[position])
    forward = story.car_from_road.turn([0, 0, 1])[0]
    assert np.degrees(np.arccos(forward[2])) < 4
    back = story.car_from_driver_camera
    seen = back.inverse().apply(EYES_M)[0]
    assert seen[:2] == pytest.approx([0, 0], abs=1e-9)
    assert seen[2] > 0.3
    assert back.turn([0, 1, 0])[0][1] > 0.9  # upright
    np.testing.assert_allclose(np.linalg.det(back.rotation[0]), 1.0, atol=1e-12)


@pytest.fixture(scope="module")
def frame_s() -> np.ndarray:
    return np.arange(0, 60, 1 / 15)


@pytest.fixture(scope="module")
def boxes(story, frame_s) -> pd.DataFrame:
    return object_boxes(story, frame_s, CAMERA).to_pandas()


def test_boxes_are_those_of_projected_corners(story, frame_s, boxes):
    rng = np.random.default_rng(0)
    whole = boxes[(boxes.truncated == 0) & (boxes.x0_px > 0) & (boxes.distance_m > 8)]
    for row in whole.iloc[rng.integers(0, len(whole), 60)].itertuples():
        actor = story.actors[row.track_id]
        time_s = frame_s[[row.frame_index]]
        corners = actor.world_from_actor(time_s).apply(actor.corners_m()[None])
        found = road_px(story, time_s, corners, CAMERA)[0]
        box = [*found.min(axis=0), *found.max(axis=0)]
        assert box == pytest.approx([row.x0_px, row.y0_px, row.x1_px, row.y1_px], abs=1e-3)
        assert row.kind == actor.kind


def test_boxes_lie_in_the_picture_and_say_what_they_lack(boxes):
    assert boxes.x0_px.min() >= -0.5
    assert boxes.x1_px.max() <= 1279.5
    assert boxes.y1_px.max() <= 719.5
    assert ((boxes.x1_px - boxes.x0_px) >= 2).all()
    assert ((boxes.y1_px - boxes.y0_px) >= 2).all()
    inner = (boxes.x0_px > 0) & (boxes.x1_px < 1279) & (boxes.y0_px > 0) & (boxes.y1_px < 719)
    assert boxes.truncated[inner].abs().max() < 1e-6
    assert (boxes.truncated[~inner] > 0.001).mean() > 0.9
    assert boxes.truncated.max() <= 1
    assert boxes.distance_m.max() < 200
    assert set(boxes.kind) <= set(ACTOR_KINDS)
    assert boxes.frame_index.is_monotonic_increasing
    assert not boxes.duplicated(["frame_index", "track_id"]).any()


def test_a_looked_at_road_user_is_in_its_box(story, frame_s, boxes):
    kind, track = story.target(frame_s)
    looked = (track >= 0) & ~story.gaze.in_saccade(frame_s)
    found = road_px(story, frame_s, story.gaze_point_world_m(frame_s), CAMERA)
    table = boxes.set_index(["frame_index", "track_id"])
    checked = 0
    for index in np.flatnonzero(looked):
        if not CAMERA.inside(found[index]):
            continue
        box = table.loc[(index, track[index])]
        assert box.x0_px - 1e-3 <= found[index, 0] <= box.x1_px + 1e-3
        assert box.y0_px - 1e-3 <= found[index, 1] <= box.y1_px + 1e-3
        assert box.kind == "pedestrian" or TARGET_KINDS[kind[index]] == "vehicle"
        checked += 1
    assert checked > 20


def test_boxes_of_passing_vehicles_are_cut_before_the_camera(story):
    """Right beside the phone a box reaches to the border, and never turns inside out."""
    parked = [actor for actor in story.actors if type(actor.motion).__name__ == "Parked"]
    passed = [a for a in parked if 5 < a.along([0]).distance_m[0] < 300]
    for actor in passed[:10]:
        at_s = story.ride.time_at_s([actor.along([0]).distance_m[0] - 1.0])
        table = object_boxes(story, at_s, CAMERA).to_pandas().set_index("track_id")
        if actor.track_id in table.index:
            box = table.loc[actor.track_id]
            assert box.x0_px < 0 or box.x1_px > 1279
            assert box.truncated > 0.1


def test_a_tracker_without_errors_measures_the_truth(story, times):
    gaze = measured_gaze(story, LENS, times, error=EXACT)
    fine = ~gaze.blink
    np.testing.assert_allclose(gaze.ego_px[fine], gaze.true_ego_px[fine], atol=1e-6)
    true = ego_px(story, times, story.gaze_point_world_m(times), LENS)
    known = np.isfinite(true).all(axis=1)
    np.testing.assert_allclose(gaze.true_ego_px[known], true[known], atol=1e-9)
    in_world = fine & np.isfinite(gaze.point_world_m).all(axis=1)
    np.testing.assert_allclose(
        gaze.point_world_m[in_world], story.gaze_point_world_m(times)[in_world], atol=1e-6
    )


def test_errors_are_as_large_as_said(story):
    sessions = [
        measured_gaze(plan_story(seed, Conditions(), 20.0), LENS, np.arange(0, 20, 0.005))
        for seed in range(40)
    ]
    means, noise = [], []
    for each in sessions:
        good = ~each.blink & each.in_picture
        error_deg = (each.ego_px - each.true_ego_px)[good] / 13.4  # px a degree in the middle
        means.append(error_deg.mean(axis=0))
        noise.append(np.diff(error_deg, axis=0).std(axis=0) / np.sqrt(2))
    assert np.std(means) == pytest.approx(np.hypot(1.2, 0.3), rel=0.25)
    assert np.median(noise) == pytest.approx(0.25, rel=0.2)


def test_blinks_pull_gaze_down(story):
    times = np.arange(0, story.seconds, 0.005)
    gaze = measured_gaze(story, LENS, times)
    shut = story.eyelid_openness(times) < 0.3
    down = gaze.ego_px[:, 1] - gaze.true_ego_px[:, 1]
    assert np.median(down[shut]) - np.median(down[~gaze.blink]) > 30


def test_all_is_finite_and_targets_in_the_car_have_no_place_in_the_world(story, times):
    gaze = measured_gaze(story, LENS, times)
    assert np.isfinite(gaze.ego_px).all()
    assert np.isfinite(gaze.true_ego_px).all()
    assert np.isnan(gaze.point_world_m[np.isin(gaze.kind, IN_CAR)]).all()
    elsewhere = ~np.isin(gaze.kind, IN_CAR) & gaze.in_picture
    assert np.isfinite(gaze.point_world_m[elsewhere]).all()
    assert 0.85 < gaze.in_picture.mean() < 1
    # what is measured lies on the ray of the pixel that the tracker delivers
    carried = ego_px(story, times, np.nan_to_num(gaze.point_world_m), LENS)
    np.testing.assert_allclose(carried[elsewhere], gaze.ego_px[elsewhere], atol=1e-6)
