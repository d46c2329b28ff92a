"""Mirror images of the driver: turned back, and noticed."""

import cv2
import numpy as np
import pytest

from dashgaze.face_detection import video_scan
from dashgaze.face_detection.detector import Faces
from dashgaze.face_detection.head_pose import camera_matrix, head_poses
from dashgaze.face_detection.mirroring import _ranks, mirror_evidence, turned_back
from dashgaze.face_detection.tracks import size_of
from dashgaze.face_detection.video_scan import Stretch, bgr_of, scan_stretch
from dashgaze.media.colour import ColourPicture
from dashgaze.schemas.face_table import LANDMARKS

WIDTH, HEIGHT = 320, 240


def a_picture(width: int = WIDTH, height: int = HEIGHT) -> ColourPicture:
    random = np.random.default_rng(0)
    half = ((height + 1) // 2, (width + 1) // 2)
    return ColourPicture(
        index=3,
        y=random.integers(16, 235, (height, width), dtype=np.uint8),
        u=random.integers(16, 240, half, dtype=np.uint8),
        v=random.integers(16, 240, half, dtype=np.uint8),
    )


def turned_faces() -> Faces:
    """Three faces that look to different sides, one without landmarks."""
    shape = np.array([[0.2, -0.15], [-0.2, -0.15], [0.0, 0.07], [0.16, 0.25], [-0.16, 0.25]])
    boxes = np.array([[40.0, 60, 80, 100], [150, 80, 60, 70], [10, 10, 30, 40]])
    landmarks = (boxes[:, None, :2] + boxes[:, None, 2:] / 2) + shape * boxes[:, None, 2:]
    landmarks[0, 2, 0] += 9
    landmarks[1, 2, 0] -= 5
    landmarks[2] = np.nan
    return Faces(boxes=boxes, confidence=np.array([0.9, 0.8, 0.7]), landmarks=landmarks)


def test_the_left_eye_of_a_mirror_image_is_a_right_one():
    faces = turned_faces()
    mirrored = faces.mirrored(WIDTH)
    left, right = LANDMARKS.index("left_eye"), LANDMARKS.index("right_eye")
    assert mirrored.landmarks[0, left, 0] == WIDTH - 1 - faces.landmarks[0, right, 0]
    assert mirrored.landmarks[0, left, 1] == faces.landmarks[0, right, 1]
    # Still, the driver's left is at the right of the picture, as in any that is not mirrored.
    assert mirrored.landmarks[0, left, 0] > mirrored.landmarks[0, right, 0]
    assert mirrored.boxes[0].tolist() == [WIDTH - 1 - 120, 60, 80, 100]
    again = mirrored.mirrored(WIDTH)
    assert np.allclose(again.boxes, faces.boxes)
    assert np.allclose(again.landmarks, faces.landmarks, equal_nan=True)


def test_a_head_that_is_mirrored_turns_the_other_way():
    matrix = camera_matrix((WIDTH, HEIGHT))
    angles = []
    for faces in (turned_faces(), turned_faces().mirrored(WIDTH)):
        found = head_poses(faces.landmarks, size_of(faces.boxes), np.arange(3.0), matrix)
        angles.append(found.angles_deg)
    assert np.abs(angles[0][:2, 0]).min() > 5
    assert np.allclose(angles[1][:2] * [-1, 1, -1], angles[0][:2], atol=0.2)


@pytest.mark.parametrize("width", [WIDTH, 64])
def test_a_picture_is_turned_back_with_its_colours(width):
    picture = a_picture(width)
    back = turned_back(picture)
    assert back.index == picture.index
    assert np.array_equal(bgr_of(back), cv2.flip(bgr_of(picture), 1))
    assert all(
        np.array_equal(a, b) for a, b in zip(turned_back(back).planes, picture.planes, strict=True)
    )


def test_a_picture_of_an_odd_width_keeps_its_shape():
    back = turned_back(a_picture(33, 21))
    assert [plane.shape for plane in back.planes] == [(21, 33), (11, 17), (11, 17)]


def test_pictures_are_turned_back_before_they_are_looked_at(monkeypatch, tmp_path):
    class Reader:
        def __init__(self, path, times, **given):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def read(self, index):
            return a_picture()

    class Recorder:
        name, facts, notes = "recorder", {}, ()

        def __init__(self):
            self.seen = []

        def detect(self, picture, *, least_face_px=0.0):
            self.seen.append(picture.copy())
            return Faces.none()

    monkeypatch.setattr(video_scan, "ColourReader", Reader)
    seen = {}
    for mirrored in (False, True):
        detector = Recorder()
        stretch = Stretch(path=tmp_path, times=None, index=np.array([0]), mirrored=mirrored)
        scan_stretch(stretch, detector, whole_every=1)
        seen[mirrored] = detector.seen[0]
    assert np.array_equal(seen[True], cv2.flip(seen[False], 1))


def test_a_real_face_in_a_mirror_image_is_the_same_face(mtcnn, astronaut):
    plain = mtcnn.detect(astronaut)
    mirrored = mtcnn.detect(cv2.flip(astronaut, 1)).mirrored(astronaut.shape[1])
    assert len(plain) == len(mirrored) == 1
    # The networks are not symmetric; eyes are 40 px apart.
    assert np.abs(plain.landmarks - mirrored.landmarks).max() < 6
    assert np.abs(plain.boxes - mirrored.boxes).max() < 12


# -- noticing ----------------------------------------------------------------------------------------


def a_drive(seconds: float = 60.0, hz: float = 30.0, *, seed: int = 0):
    """Times, yaw to the driver's left, turn rate to the right and gaze of a driver in a car that bends."""
    random = np.random.default_rng(seed)
    time_s = np.arange(0, seconds, 1 / hz)
    target = np.repeat(random.normal(0, 14, int(seconds) + 1), int(hz))[: len(time_s)]
    kernel = np.exp(-np.arange(0, 1, 1 / hz) / 0.15)
    head = np.convolve(
        np.r_[np.zeros(len(kernel) - 1), 0.6 * target], kernel / kernel.sum(), "valid"
    )
    car_deg_s = 6 * np.sin(time_s / 4)
    rate = np.gradient(head, time_s) + car_deg_s + random.normal(0, 1, len(time_s))
    yaw_left = -head + random.normal(0, 1.5, len(time_s)) + 15  # the phone stands to the side
    gaze = target - head + random.normal(0, 1, len(time_s))
    return time_s, yaw_left, rate, gaze


def test_the_gyroscope_tells_a_mirror_image():
    time_s, yaw, rate, gaze = a_drive()
    plain = mirror_evidence(time_s, yaw, rate, gaze)
    mirrored = mirror_evidence(time_s, -yaw, rate, gaze)
    assert plain.mirrored is False
    assert plain.turns_correlation > 0.6
    assert mirrored.mirrored is True
    assert mirrored.turns_correlation == pytest.approx(-plain.turns_correlation)
    assert mirrored.turn_pairs == plain.turn_pairs > 100
    assert plain.reason == mirrored.reason == ""


@pytest.mark.parametrize("every", [1, 6, 30])
def test_few_pictures_a_second_are_enough(every):
    time_s, yaw, rate, gaze = a_drive(120)
    seen = np.full(len(yaw), np.nan)
    seen[::every] = yaw[::every]
    assert mirror_evidence(time_s, seen, rate, gaze).mirrored is False
    assert mirror_evidence(time_s, -seen, rate, gaze).mirrored is True


def test_a_gap_of_the_gyroscope_counts_for_nothing():
    time_s, yaw, rate, gaze = a_drive()
    rate[600:1200] = np.nan
    found = mirror_evidence(time_s, yaw, rate, gaze)
    assert found.mirrored is False
    assert found.turn_pairs < 110


def test_without_a_gyroscope_gaze_tells():
    time_s, yaw, rate, gaze = a_drive(180)
    nothing = np.full(len(rate), np.nan)
    plain = mirror_evidence(time_s, yaw, nothing, gaze)
    assert (plain.mirrored, plain.turns_correlation) == (False, None)
    assert mirror_evidence(time_s, -yaw, nothing, gaze).mirrored is True


def test_what_cannot_be_told_is_not_told():
    time_s, yaw, rate, gaze = a_drive()
    nothing = np.full(len(rate), np.nan)
    assert mirror_evidence(time_s, yaw, nothing, nothing).mirrored is None
    assert "neither" in mirror_evidence(time_s, nothing, rate, gaze).reason
    short = mirror_evidence(time_s[:300], yaw[:300], rate[:300], gaze[:300])
    assert (short.mirrored, short.turns_correlation) == (None, None)
    empty = np.zeros(0)
    assert mirror_evidence(empty, empty, empty, empty).mirrored is None
    # A head at rest, whose landmarks tremble.
    still = np.random.default_rng(1).normal(0, 0.2, len(yaw))
    assert mirror_evidence(time_s, still, still * 0.1, gaze * 0).mirrored is None


def test_signals_that_have_nothing_to_do_with_the_picture_accuse_nobody():
    accused = 0
    for seed in range(20):
        time_s, yaw, _, _ = a_drive(180, 10, seed=seed)
        _, _, rate, gaze = a_drive(180, 10, seed=seed + 100)
        accused += mirror_evidence(time_s, yaw, rate, gaze).mirrored is True
        accused += mirror_evidence(time_s, yaw, rate * np.nan, gaze).mirrored is True
    assert accused == 0


def test_equal_values_share_the_mean_of_their_ranks():
    assert _ranks(np.array([3.0, -1.0, 3.0, 0.5, 3.0])).tolist() == [4.0, 1.0, 4.0, 2.0, 4.0]
    assert _ranks(np.array([7.0])).tolist() == [1.0]
