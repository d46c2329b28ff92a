"""Poses of the head: signs, noise, and what can't be trusted."""

import math

import numpy as np
import pytest

from dashgaze.face_detection.head_pose import FACE_MM, camera_matrix, facing_angles_deg, head_poses
from dashgaze.schemas.face_table import LANDMARKS

MATRIX = camera_matrix((1280, 720))
FACING = np.diag([-1.0, 1.0, -1.0])


def turned(yaw: float, pitch: float, roll: float) -> np.ndarray:
    (cy, cp, cr), (sy, sp, sr) = (
        [function(math.radians(each)) for each in (-yaw, -pitch, roll)]
        for function in (math.cos, math.sin)
    )
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return about_y @ about_x @ about_z @ FACING


def seen(rotation, place_mm=(0, 0, 600)) -> np.ndarray:
    points = (FACE_MM @ rotation.T + np.array(place_mm)) @ MATRIX.T
    return points[:, :2] / points[:, 2:]


def pose_of(points, face_px=200.0):
    return head_poses(points[None], np.array([face_px]), np.zeros(1), MATRIX)


def planted(**places) -> np.ndarray:
    return np.array([places[name] for name in LANDMARKS], dtype=float)


def test_a_face_that_looks_into_the_camera_is_not_turned():
    points = seen(FACING)
    place = dict(zip(LANDMARKS, points, strict=True))
    assert (
        place["left_eye"][0] > place["right_eye"][0]
    )  # the subject's left, at the picture's right
    assert place["nose"][1] > place["left_eye"][1]
    assert pose_of(points).angles_deg[0] == pytest.approx([0, 0, 0], abs=1e-6)


def test_a_nose_towards_the_right_of_the_picture_is_a_turn_to_the_drivers_left():
    points = planted(
        right_eye=(600, 330), left_eye=(660, 330), nose=(650, 375), right_mouth=(607, 405),
        left_mouth=(655, 405),
    )  # fmt: skip
    yaw, _, roll = pose_of(points).angles_deg[0]
    assert 10 < yaw < 50
    assert abs(roll) < 5


def test_a_nose_that_is_high_between_eyes_and_mouth_looks_up():
    high, low = (
        planted(
            right_eye=(580, 330), left_eye=(700, 330), nose=(640, y), right_mouth=(592, 445),
            left_mouth=(688, 445),
        )
        for y in (365, 415)
    )  # fmt: skip
    assert pose_of(high).angles_deg[0, 1] > 10
    assert pose_of(low).angles_deg[0, 1] < -10


def test_a_line_of_the_eyes_that_falls_to_the_right_is_a_roll_clockwise():
    turn = math.radians(15)
    points = seen(FACING) - [640, 360]
    rotated = points @ np.array(
        [[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]
    )
    assert rotated[0, 1] > rotated[1, 1]  # left eye, at the right, lower
    assert pose_of(rotated + np.array([640, 360])).angles_deg[0, 2] == pytest.approx(15, abs=1)


@pytest.mark.parametrize("angles", [(40, 10, 5), (-55, -30, -20), (0, 35, 25)])
def test_angles_are_those_of_the_rotation(angles):
    assert facing_angles_deg(turned(*angles)) == pytest.approx(angles)
    assert pose_of(seen(turned(*angles), (60, -40, 700))).angles_deg[0] == pytest.approx(angles)


def test_noise_of_a_pixel_costs_less_than_a_degree():
    """105 px between the eyes; yaw to 60°, pitch to 40°, roll to 30°."""
    rng = np.random.default_rng(5)
    truth = rng.uniform(-1, 1, (400, 3)) * [60, 40, 30]
    places = rng.uniform([-100, -60, 500], [100, 60, 750], (400, 3))
    points = np.array(
        [seen(turned(*each), place) for each, place in zip(truth, places, strict=True)]
    )
    face_px = MATRIX[0, 0] * 120 / places[:, 2]
    noisy = points + rng.normal(0, 1.0, points.shape)
    poses = head_poses(noisy, face_px, 10.0 * np.arange(400), MATRIX)  # each without a past
    error = np.abs(poses.angles_deg - truth)
    assert np.isfinite(error).all()
    assert (np.median(error, axis=0) < [0.9, 0.75, 0.55]).all()
    assert (np.percentile(error, 95, axis=0) < [2.6, 2.4, 1.6]).all()


def test_of_two_answers_that_fit_alike_the_one_near_the_picture_before_is_taken():
    rng = np.random.default_rng(2)
    truth = np.column_stack([np.full(120, 8.0), np.linspace(-4, -14, 120), np.zeros(120)])
    points = np.array([seen(turned(*each), (0, 0, 2500)) for each in truth])
    noisy = points + rng.normal(0, 0.7, points.shape)  # 25 px between the eyes
    together = head_poses(noisy, np.full(120, 46.0), np.arange(120) / 30, MATRIX).angles_deg
    alone = head_poses(noisy, np.full(120, 46.0), np.arange(120) * 10.0, MATRIX).angles_deg
    wild = [np.nanmean(np.abs(each[:, 1] - truth[:, 1]) > 15) for each in (together, alone)]
    assert wild[0] <= wild[1]
    assert wild[0] < 0.1


def test_landmarks_that_no_face_can_have_give_no_pose():
    collapsed = np.full((5, 2), 300.0) + np.arange(5)[:, None]
    shuffled = seen(FACING)[[3, 4, 2, 1, 0]] * [1, 1]  # the mouth over the eyes, eyes crossed
    missing = np.full((5, 2), np.nan)
    poses = head_poses(
        np.array([collapsed, shuffled, missing]), np.full(3, 180.0), np.arange(3.0), MATRIX
    )
    assert np.isnan(poses.angles_deg).all()
    assert np.isnan(poses.error_px[2])


def test_a_bad_fit_gives_no_pose_but_its_error():
    points = seen(FACING)
    points[2] += [0, 70]  # a nose on the chin
    poses = pose_of(points)
    assert np.isnan(poses.angles_deg).all()
    assert poses.error_px[0] > 12


def test_a_field_of_view_that_cannot_be_is_refused():
    assert camera_matrix((480, 640), fov_deg=90.0)[0, 0] == pytest.approx(320)
    with pytest.raises(ValueError, match="field of view"):
        camera_matrix((640, 480), fov_deg=3.0)
