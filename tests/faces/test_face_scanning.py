"""Where faces are looked for: the whole picture now and then, else around the last ones."""

import numpy as np
import pytest

from dashgaze.face_detection.detector import Faces
from dashgaze.face_detection.scanning import LEAST_FACE_PER_HEIGHT, FaceScanner

SHAPE = (480, 640, 3)


class Planted:
    """Finds bright squares of one value each; remembers what it was shown."""

    def __init__(self, planted) -> None:
        self.planted = planted
        self.asked: list[tuple[tuple[int, int], float]] = []

    name, facts, notes = "planted", {}, ()

    def detect(self, picture, *, least_face_px=0.0) -> Faces:
        self.asked.append((picture.shape[:2], least_face_px))
        boxes = []
        for value in range(200, 203):
            rows, columns = np.nonzero(picture[:, :, 0] == value)
            if len(rows) and np.ptp(columns) + 1 >= least_face_px:
                width, height = np.ptp(columns) + 1, np.ptp(rows) + 1
                boxes.append((columns.min() - 0.5, rows.min() - 0.5, width, height))
        return self.planted(*boxes) if boxes else Faces.none()


def picture_with(*places) -> np.ndarray:
    picture = np.zeros(SHAPE, dtype=np.uint8)
    for number, (x, y, side) in enumerate(places):
        picture[y : y + side, x : x + side] = 200 + number
    return picture


@pytest.fixture
def detector(planted):
    return Planted(planted)


def test_the_whole_picture_is_searched_now_and_then_only(detector):
    scanner = FaceScanner(detector, whole_every=5)
    for step in range(12):
        faces = scanner.look(picture_with((200 + 3 * step, 150, 100)))
        assert faces.boxes[0] == pytest.approx([199.5 + 3 * step, 149.5, 100, 100])
    whole = [shape == SHAPE[:2] for shape, _ in detector.asked]
    assert np.flatnonzero(whole).tolist() == [0, 5, 10]
    assert detector.asked[0][1] == pytest.approx(LEAST_FACE_PER_HEIGHT * 480)
    assert max(shape[0] for shape, _ in detector.asked[1:5]) == 200  # twice the box
    assert detector.asked[1][1] == pytest.approx(70)


def test_a_lost_face_is_looked_for_in_the_whole_picture_at_once(detector):
    scanner = FaceScanner(detector, whole_every=20)
    scanner.look(picture_with((100, 100, 100)))
    faces = scanner.look(picture_with((450, 300, 100)))  # too far for its surroundings
    assert len(faces) == 1
    assert scanner.whole_count == 2


def test_while_a_face_stays_away_its_place_is_watched(detector):
    scanner = FaceScanner(detector, whole_every=10)
    scanner.look(picture_with((100, 100, 100)))
    for _ in range(6):
        assert len(scanner.look(picture_with())) == 0
    assert scanner.whole_count == 2
    faces = scanner.look(picture_with((130, 110, 100)))
    assert len(faces) == 1
    assert scanner.whole_count == 2


def test_two_people_near_each_other_are_found_once_each(detector):
    scanner = FaceScanner(detector, whole_every=50)
    for step in range(8):
        faces = scanner.look(picture_with((200 + step, 150, 100), (330 - step, 150, 100)))
        assert len(faces) == 2


def test_one_who_leaves_does_not_hide_the_other(detector):
    scanner = FaceScanner(detector, whole_every=6)
    scanner.look(picture_with((100, 150, 100), (400, 150, 90)))
    for step in range(80):
        faces = scanner.look(picture_with((100 + step, 150, 100)))
        assert faces.boxes[0, 0] == pytest.approx(99.5 + step)
    asked = len(detector.asked)
    scanner.look(picture_with((180, 150, 100)))
    assert len(detector.asked) - asked == 1  # the one who left is forgotten


def test_a_face_at_the_edge_is_followed(detector):
    scanner = FaceScanner(detector, whole_every=50)
    for step in range(6):
        faces = scanner.look(picture_with((8 * step, 0, 100)))
        assert faces.boxes[0] == pytest.approx([8 * step - 0.5, -0.5, 100, 100])
    assert scanner.whole_count == 1


def test_nothing_to_be_found_is_searched_seldom(detector):
    scanner = FaceScanner(detector, whole_every=5)
    for _ in range(11):
        assert len(scanner.look(picture_with())) == 0
    assert len(detector.asked) == 4  # one picture in three
