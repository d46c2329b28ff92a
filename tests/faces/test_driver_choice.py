"""Whose face is the driver's: planted faces of a driver, passengers and passers-by."""

import numpy as np
import pytest

from dashgaze.face_detection import VideoFaces, choose_driver

RATE_HZ = 10.0
DRIVER, PASSENGER = (150.0, 200.0, 100.0, 130.0), (430.0, 190.0, 80.0, 100.0)


class Scene:
    """Boxes of people, picture by picture; each box is (x, y, width, height)."""

    def __init__(self, count: int = 400, seed: int = 3) -> None:
        self.count = count
        self.rng = np.random.default_rng(seed)
        self.people: list[np.ndarray] = []

    def add(self, box, *, where=slice(None), sway_px: float = 4.0) -> int:
        """Add somebody who sways about a box (4,) or boxes (count, 4), seen in some pictures."""
        boxes = np.full((self.count, 4), np.nan)
        moved = np.broadcast_to(np.asarray(box, dtype=float), (self.count, 4)).copy()
        moved[:, :2] += self.rng.normal(0, sway_px, (self.count, 2))
        boxes[where] = moved[where]
        self.people.append(boxes)
        return len(self.people) - 1

    def faces(self) -> tuple[VideoFaces, np.ndarray]:
        """Give all faces in a random order within their picture, and whose each is."""
        rows, boxes, owners = [], [], []
        for row in range(self.count):
            for person in self.rng.permutation(len(self.people)):
                if np.isfinite(self.people[person][row, 0]):
                    rows.append(row)
                    boxes.append(self.people[person][row])
                    owners.append(person)
        faces = VideoFaces(
            row=np.array(rows, dtype=np.int64),
            boxes=np.array(boxes).reshape(-1, 4),
            time_s=np.arange(self.count) / RATE_HZ,
        )
        return faces, np.array(owners)

    def choose(self, **given):
        faces, owners = self.faces()
        choice = choose_driver(faces, **given)
        owner = np.full(self.count, -1)
        owner[choice.face >= 0] = owners[choice.face[choice.face >= 0]]
        return choice, owner


@pytest.mark.parametrize("mirrored", [False, True])
def test_no_side_is_taken_for_the_drivers(mirrored):
    scene = Scene()
    boxes = [np.array(DRIVER), np.array(PASSENGER)]
    if mirrored:
        for box in boxes:
            box[0] = 640 - box[0] - box[2]
    driver = scene.add(boxes[0])
    scene.add(boxes[1])
    choice, owner = scene.choose()
    assert choice.verdict == "ok"
    assert (owner == driver).all()
    assert choice.people == 2


def test_a_passenger_who_is_larger_for_a_while_is_not_the_driver():
    scene = Scene()
    driver = scene.add(DRIVER)
    leaning = np.tile(PASSENGER, (scene.count, 1))
    leaning[100:150] = (330.0, 150.0, 150.0, 190.0)
    scene.add(leaning)
    choice, owner = scene.choose()
    assert choice.verdict == "ok"
    assert (owner == driver).all()


def test_where_the_driver_is_turned_away_there_is_no_face():
    scene = Scene()
    away = np.r_[60:110, 200:260]
    driver = scene.add(DRIVER, where=np.setdiff1d(np.arange(scene.count), away))
    scene.add(PASSENGER)
    choice, owner = scene.choose()
    assert (owner[away] == -1).all()
    assert (np.delete(owner, away) == driver).all()
    assert choice.elsewhere.sum() == len(away)


def test_a_passenger_who_leans_over_while_the_driver_is_turned_away_is_not_the_driver():
    scene = Scene()
    away = np.arange(200, 260)
    driver = scene.add(DRIVER, where=np.setdiff1d(np.arange(scene.count), away))
    leaning = np.tile(PASSENGER, (scene.count, 1)).astype(float)
    reach = np.interp(np.arange(scene.count), [190, 220, 240, 255], [0, 0.8, 0.8, 0])[:, None]
    leaning += reach * (np.array(DRIVER) - PASSENGER)
    scene.add(leaning, sway_px=1.0)
    _, owner = scene.choose()
    assert (owner[away] == -1).all()
    assert (np.delete(owner, away) == driver).mean() > 0.99


def test_somebody_outside_of_the_window_is_not_the_driver():
    scene = Scene()
    driver = scene.add(DRIVER, where=np.r_[0:150, 200:400])
    scene.add((180.0, 180.0, 40.0, 50.0), where=np.r_[140:210])  # behind the driver's place, small
    _, owner = scene.choose()
    assert set(owner[150:200]) == {-1}
    assert (owner[np.r_[0:150, 200:400]] == driver).all()


def test_a_driver_who_leans_forward_is_followed():
    scene = Scene()
    forward = np.interp(np.arange(scene.count), [100, 130, 160, 190], [0, 1, 1, 0])[:, None]
    driver = scene.add(np.array(DRIVER) + forward * np.array([40.0, -30.0, 40.0, 52.0]))
    choice, owner = scene.choose()
    assert (owner == driver).all()
    assert choice.verdict == "ok"


def test_two_faces_that_are_equally_large_are_refused():
    scene = Scene()
    scene.add(DRIVER)
    scene.add((430.0, 190.0, 100.0, 128.0))
    choice, owner = scene.choose()
    assert choice.verdict == "failed"
    assert (owner == -1).all()
    assert "--side left or --side right" in choice.reasons[0]


@pytest.mark.parametrize(("side", "wanted"), [("left", 0), ("right", 1)])
def test_the_side_decides_where_one_knows_it(side, wanted):
    scene = Scene()
    scene.add(DRIVER)
    scene.add((430.0, 190.0, 100.0, 128.0))
    scene.add((20.0, 150.0, 30.0, 40.0))  # a child in the back is not in front
    choice, owner = scene.choose(side=side)
    assert choice.verdict == "ok"
    assert (owner == wanted).all()


def test_a_face_that_is_nearly_as_large_makes_it_doubtful():
    scene = Scene()
    driver = scene.add(DRIVER)
    scene.add((430.0, 190.0, 84.0, 108.0))
    choice, owner = scene.choose()
    assert choice.verdict == "doubtful"
    assert "nearly as large" in choice.reasons[0]
    assert (owner == driver).all()


def test_a_phone_that_was_moved_makes_it_doubtful():
    scene = Scene()
    boxes = np.tile(DRIVER, (scene.count, 1))
    boxes[220:] = (420.0, 200.0, 100.0, 130.0)
    scene.add(boxes)
    choice, owner = scene.choose()
    assert choice.verdict == "doubtful"
    assert "may have been moved" in choice.reasons[0]
    assert (owner[:220] == 0).all()


def test_no_face_at_all_is_a_failure():
    choice = choose_driver(
        VideoFaces(row=np.zeros(0, np.int64), boxes=np.zeros((0, 4)), time_s=np.arange(50.0))
    )
    assert (choice.verdict, choice.people) == ("failed", 0)
    assert "No face was found" in choice.reasons[0]
    assert (choice.face == -1).all()


def test_a_chance_find_or_two_is_no_driver():
    scene = Scene()
    scene.add(DRIVER, where=[17])
    scene.add((400.0, 20.0, 70.0, 80.0), where=[200])
    choice, _ = scene.choose()
    assert choice.verdict == "failed"
    assert "chance" in choice.reasons[0]


def test_false_finds_beside_the_driver_change_nothing():
    scene = Scene()
    driver = scene.add(DRIVER)
    for place in range(30):
        box = scene.rng.uniform([0, 0, 50, 60], [560, 380, 140, 160])
        scene.add(box, where=[int(scene.rng.integers(scene.count)), place])
    choice, owner = scene.choose()
    assert choice.verdict == "ok"
    assert (owner == driver).mean() > 0.99
