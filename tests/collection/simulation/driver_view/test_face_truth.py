"""What is said of a face agrees with other ways to find it."""

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dashgaze.collection.simulation.driver_view.driver_camera import (
    EYES_AT_REST_CAR_M,
    NECK_AT_REST_CAR_M,
    CameraPosition,
    front_camera,
)
from dashgaze.collection.simulation.driver_view.driver_look import draw_look
from dashgaze.collection.simulation.driver_view.face_geometry import LANDMARKS, landmarks_m
from dashgaze.collection.simulation.driver_view.face_truth import face_truth
from dashgaze.collection.simulation.swing import turns

POSITIONS: tuple[CameraPosition, ...] = ("under_mirror", "windscreen_centre", "windscreen_corner")
LOOK = draw_look(3)


def truth(camera, rotations, gaze_points, necks=None):
    count = len(rotations)
    if necks is None:
        necks = np.tile(NECK_AT_REST_CAR_M, (count, 1))
    return face_truth(LOOK, camera, rotations, necks, gaze_points, np.ones(count))


@pytest.mark.parametrize("position", POSITIONS)
def test_landmarks_are_where_opencv_projects_them(position):
    rng = np.random.default_rng(1)
    rotations = turns(*rng.normal(0, 12, (3, 20)))
    necks = np.array(NECK_AT_REST_CAR_M) + rng.normal(0, 0.01, (20, 3))
    camera = front_camera(position)
    found = truth(camera, rotations, rng.normal((0, 0, 30), 5, (20, 3)), necks)
    points = landmarks_m(LOOK)
    camera_in_car = camera.car_from_camera
    for number in range(20):
        head_in_camera = camera_in_car[:, :3].T @ rotations[number]
        origin = camera_in_car[:, :3].T @ (necks[number] - camera_in_car[:, 3])
        expected, _ = cv2.projectPoints(
            points, cv2.Rodrigues(head_in_camera)[0], origin, camera.matrix, None
        )
        np.testing.assert_allclose(found["landmarks_px"][number], expected[:, 0], atol=1e-6)


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("size_px", [(640, 480), (1280, 720)])
def test_the_resting_face_lies_in_the_middle_of_the_picture_and_is_large_enough(position, size_px):
    camera = front_camera(position, size_px)
    found = truth(camera, np.eye(3)[None], np.array([[0.36, -1.2, 20.0]]))
    eyes = found["eye_centres_px"][0].mean(axis=0)
    width, height = size_px
    assert width / 4 < eyes[0] < 3 * width / 4
    assert height / 4 < eyes[1] < 3 * height / 4
    left, top, right, bottom = found["face_box_px"][0]
    assert 95 / 640 * width < right - left < 224 / 640 * width
    assert left > 0
    assert top > 0
    assert right < width
    assert bottom < height


def test_the_right_eye_is_on_the_left_of_the_picture_as_detectors_have_it():
    assert LANDMARKS[0] == "subject_right_eye"
    for position in POSITIONS:
        found = truth(front_camera(position), np.eye(3)[None], np.array([[0.36, -1.2, 20.0]]))
        x, y = found["landmarks_px"][0].T
        assert x[0] < x[1]
        assert x[3] < x[4]
        assert y[:2].max() < y[2] < y[3:].min()
        box = found["face_box_px"][0]
        assert ((x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])).all()


def test_a_face_that_looks_into_the_camera_has_angles_of_zero_and_turns_count_from_there():
    camera = front_camera("windscreen_centre")
    facing = camera.car_from_camera[:, :3] @ np.diag([-1.0, 1.0, -1.0])
    eyes_from_neck = np.array([0.0, -0.15, 0.10])
    turned = facing @ np.concatenate(
        [
            np.eye(3)[None],
            turns(np.array([20.0]), np.zeros(1), np.zeros(1)),
            turns(np.zeros(1), np.array([10.0]), np.zeros(1)),
            # About the nose, the wearer's right ear down: anticlockwise as the camera sees it.
            Rotation.from_euler("z", [[7.0]], degrees=True).as_matrix(),
        ]
    )
    necks = np.array(EYES_AT_REST_CAR_M) - turned @ eyes_from_neck
    into_camera = np.array(EYES_AT_REST_CAR_M) - 3.0 * camera.car_from_camera[:, 2]
    found = truth(camera, turned, np.tile(into_camera, (4, 1)), necks)
    # To the wearer's right is to the left of the picture.
    np.testing.assert_allclose(found["head_yaw_deg"], [0, -20, 0, 0], atol=1e-9)
    np.testing.assert_allclose(found["head_pitch_deg"], [0, 0, 10, 0], atol=1e-9)
    np.testing.assert_allclose(found["head_roll_deg"], [0, 0, 0, -7], atol=1e-9)
    np.testing.assert_allclose(found["gaze_camera_azimuth_deg"], 0, atol=1e-9)
    np.testing.assert_allclose(found["gaze_camera_elevation_deg"], 0, atol=1e-9)
    np.testing.assert_allclose(found["gaze_face_azimuth_deg"][:2], [0, -20], atol=1e-9)
    np.testing.assert_allclose(found["gaze_face_elevation_deg"][[0, 2]], [0, -10], atol=1e-9)


def test_roll_is_the_angle_of_the_line_between_the_eyes_in_the_picture():
    camera = front_camera("windscreen_centre")
    facing = camera.car_from_camera[:, :3] @ np.diag([-1.0, 1.0, -1.0])
    rolled = facing @ Rotation.from_euler("z", [[-12.0], [0.0], [12.0]], degrees=True).as_matrix()
    necks = np.array(EYES_AT_REST_CAR_M) - rolled @ np.array([0.0, -0.15, 0.10])
    found = truth(camera, rolled, np.tile([0.0, -1.0, 20.0], (3, 1)), necks)
    across = found["eye_centres_px"][:, 1] - found["eye_centres_px"][:, 0]
    tilt = np.degrees(np.arctan2(across[:, 1], across[:, 0]))
    np.testing.assert_allclose(found["head_roll_deg"], tilt, atol=0.5)
