import numpy as np
import pytest

from dashgaze.alignment.mapping import MapFrame, Mapping
from dashgaze.alignment.prediction import Predictor
from dashgaze.alignment.rotation import rotation_matrix

EGO = np.array([[766.3, 0, 543.6], [0, 766.4, 566.1], [0, 0, 1]])
FRAME = MapFrame(ego_matrix=EGO, road_size_px=(640, 360))
FOCAL_PX = 554.0
ROAD = np.array([[FOCAL_PX, 0, 319.5], [0, FOCAL_PX, 179.5], [0, 0, 1]])
UNKNOWN = np.full(3, np.nan)
START = Mapping.from_matrix(
    ROAD @ rotation_matrix(np.array([0.02, 0.03, 0])) @ np.linalg.inv(EGO), np.zeros((8, 8)), FRAME
)


def off_px(predictor: Predictor, truth: Mapping) -> float:
    """How far the prediction is off in the middle of the road view."""
    prediction = predictor.predict()
    assert prediction is not None
    ego = np.linalg.solve(truth.road_from_ego, [319.5, 179.5, 1])
    image = prediction.road_from_ego @ (ego / ego[2])
    return float(np.hypot(*(image[:2] / image[2] - (319.5, 179.5))))


def drive(
    turns: np.ndarray, gyro: np.ndarray, predictor: Predictor | None = None
) -> tuple[Predictor, Mapping, list[float]]:
    """Let a predictor see all frames; the errors of its predictions."""
    predictor = predictor or Predictor(road_px_per_rad=FOCAL_PX)
    predictor.learn(START)
    now, errors = START, []
    for turn, felt in zip(turns, gyro, strict=True):
        predictor.step(felt)
        now = now.turned(turn)
        errors.append(off_px(predictor, now))
        predictor.learn(now)
    return predictor, now, errors


def looking_around(count: int, seed: int = 0) -> np.ndarray:
    """A head that turns another way in each frame, by up to a degree."""
    return np.random.default_rng(seed).normal(0, 0.008, (count, 3)) * (1, 1, 0.3)


def radius(predictor: Predictor) -> float:
    prediction = predictor.predict()
    assert prediction is not None
    return prediction.radius_px


def test_nothing_is_known_at_first() -> None:
    predictor = Predictor(road_px_per_rad=FOCAL_PX)
    assert predictor.predict() is None
    predictor.step(np.array([0, 0.1, 0]))
    predictor.step(UNKNOWN)
    assert predictor.predict() is None
    # turns before the first map don't count
    predictor.learn(START)
    predictor.step(np.zeros(3))
    assert off_px(predictor, START) < 1e-6
    # nothing was tried yet: four times a degree, cut at the most
    assert radius(predictor) == pytest.approx(3.6 * FOCAL_PX * np.pi / 180)


def test_a_gyroscope_that_is_right_is_followed() -> None:
    turns = looking_around(40)
    predictor, _, errors = drive(turns, turns)
    assert max(errors[3:]) < 0.05
    predictor.step(turns[0])
    assert radius(predictor) == pytest.approx(1.5 * FOCAL_PX * np.pi / 180)  # the least


@pytest.mark.parametrize("gyro", ["wrong sign", "wrong axes", "a large bias", "unknown"])
def test_a_gyroscope_that_is_wrong_is_not(gyro: str) -> None:
    # the head turns evenly, and a little shakily
    turns = np.tile([0.004, 0.012, 0.0], (40, 1)) + looking_around(40, 1) * 0.05
    felt = {
        "wrong sign": -turns,
        "wrong axes": turns[:, [1, 2, 0]],
        "a large bias": turns + 0.03,
        "unknown": np.full_like(turns, np.nan),
    }[gyro]
    _, _, errors = drive(turns, felt)
    # 0.4 mrad of shaking, twice, is 0.4 px; turning is 7 px, the gyroscope is off by 9 to 23
    assert max(errors[4:]) < 1.5


def test_a_head_that_trembles_is_taken_to_keep_still() -> None:
    sway = np.array([0.0, 0.006, 0])
    turns = np.array([sway if k % 2 else -sway for k in range(30)])
    _, _, errors = drive(turns, np.full((30, 3), np.nan))
    # going on as before would be off by twice the turn
    assert max(errors[4:]) == pytest.approx(0.006 * FOCAL_PX, rel=0.05)


def test_a_gyroscope_is_trusted_again_once_it_is_right() -> None:
    turns = looking_around(60)
    felt = turns.copy()
    felt[20] += 0.05
    _, _, errors = drive(turns, felt)
    assert errors[20] > 20
    assert max(errors[50:]) < 0.05


def test_a_frame_without_gyroscope_falls_back() -> None:
    turns = np.tile([0, 0.01, 0.0], (20, 1)) + looking_around(20) * 0.05
    predictor, now, _ = drive(turns, turns)
    predictor.step(UNKNOWN)
    assert off_px(predictor, now.turned(np.array([0, 0.01, 0]))) < 1.0
    # and stays so while the turn since the last map is not known
    predictor.step(np.array([0, 0.01, 0]))
    assert off_px(predictor, now.turned(np.array([0, 0.02, 0]))) < 2.0


def test_turns_of_missed_frames_add_up() -> None:
    turns = looking_around(30)
    predictor, now, _ = drive(turns, turns)
    for turn in looking_around(5, 3):
        predictor.step(turn)
        now = now.turned(turn)
    assert off_px(predictor, now) < 0.2


def test_missed_frames_widen_the_search_until_it_is_anybody_s_guess() -> None:
    # without a gyroscope
    turns = looking_around(30) * 0.3
    predictor, _, _ = drive(turns, np.full_like(turns, np.nan))
    radii = []
    for _ in range(40):
        predictor.step(UNKNOWN)
        prediction = predictor.predict()
        if prediction is None:
            break
        radii.append(prediction.radius_px)
    assert 2 < len(radii) < 30
    assert radii[0] < radii[-1] <= 70
    assert (np.diff(radii) >= 0).all()
    assert predictor.predict() is None


def test_with_a_gyroscope_the_search_widens_slowly() -> None:
    # a gyroscope that is off by some 5 mrad in each frame; the head does more than twice that
    turns = looking_around(40) * 1.5
    felt = turns + looking_around(40, 5) * 0.6
    large = 1663.0  # a road picture of 1920 px, in which that is 8 and 20 px
    with_gyro, _, _ = drive(turns, felt, Predictor(road_px_per_rad=large))
    without, _, _ = drive(turns, np.full_like(turns, np.nan), Predictor(road_px_per_rad=large))
    with_gyro.step(np.zeros(3))
    without.step(UNKNOWN)
    first = radius(with_gyro)
    assert 1.5 * large * np.pi / 180 < first <= radius(without)
    for _ in range(3):
        with_gyro.step(np.zeros(3))
        without.step(UNKNOWN)
    assert 1.2 < radius(with_gyro) / first < 2
    # and without one nobody knows any more
    assert without.predict() is None


def test_one_bad_guess_widens_the_search_at_once() -> None:
    turns = looking_around(30) * 0.1
    predictor, now, _ = drive(turns, np.full_like(turns, np.nan))
    predictor.step(UNKNOWN)
    narrow = radius(predictor)
    now = now.turned(np.array([0, 0.02, 0]))
    predictor.learn(now)  # 11 px off
    predictor.step(UNKNOWN)
    assert narrow < 20
    assert radius(predictor) > 2 * narrow


def test_steady_turning_over_missed_frames_is_a_turn_per_frame() -> None:
    predictor = Predictor(road_px_per_rad=FOCAL_PX)
    turn = np.array([0, 0.01, 0])
    now = START
    predictor.learn(now)
    for _ in range(8):
        # every other frame is missed
        for _ in range(2):
            predictor.step(UNKNOWN)
            now = now.turned(turn)
        predictor.learn(now)
    predictor.step(UNKNOWN)
    assert off_px(predictor, now.turned(turn)) < 0.1
    predictor.step(UNKNOWN)
    assert off_px(predictor, now.turned(2 * turn)) < 0.1
