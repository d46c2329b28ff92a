from functools import cache

import numpy as np
import pytest

from dashgaze.alignment.rotation import rotation_matrix, rotation_vector
from dashgaze.alignment.turn_path import (
    GAP_LENGTHS,
    LONGEST_STEP_S,
    TRIALS,
    TurnErrors,
    TurnPath,
    measure_path,
    steady_path,
)

HEIGHT_PART = 9 / 16
BIAS = np.array([3e-4, -5e-4, 2e-4])  # about 1 °/s at 30 Hz
FIRST_MAP = np.diag([0.87, 0.87, 1.0]) @ rotation_matrix(np.array([0.05, -0.1, 0.02]))


def head(count: int, seed: int = 0, slow_frames: float = 20) -> np.ndarray:
    """Turns from frame to frame of a head that looks around; the first one is unknown."""
    rng = np.random.default_rng(seed)
    time = np.arange(count)
    turns = np.zeros((count, 3))
    for k, size in enumerate((0.004, 0.012, 0.002)):
        for _ in range(4):
            period = slow_frames * rng.uniform(2, 6)
            turns[:, k] += size / 2 * np.sin(2 * np.pi * (time / period + rng.uniform()))
    turns[0] = np.nan
    return turns


def maps_of(turns: np.ndarray) -> np.ndarray:
    current = FIRST_MAP
    maps = []
    for turn in np.nan_to_num(turns):
        current = current @ rotation_matrix(turn)
        maps.append(current / current[2, 2])
    return np.array(maps)


def times(count: int) -> np.ndarray:
    return 7.5 + np.arange(count) / 30


def turn_between(turns: np.ndarray, first: int, last: int) -> np.ndarray:
    matrix = np.eye(3)
    for turn in turns[first + 1 : last + 1]:
        matrix = matrix @ rotation_matrix(turn)
    return matrix


@cache
def gyro_with_bias() -> tuple[TurnPath, TurnErrors]:
    truth = head(600)
    return measure_path(TurnPath.from_turns(truth + BIAS, times(600)), maps_of(truth), HEIGHT_PART)


@cache
def guess(quantile: float) -> TurnErrors:
    path = steady_path(times(600))
    return measure_path(path, maps_of(head(600)), HEIGHT_PART, quantile=quantile)[1]


def test_turns_add_up() -> None:
    turns = head(50)
    path = TurnPath.from_turns(turns, times(50))
    for first, last in ((0, 49), (3, 4), (10, 10), (7, 31)):
        assert path.knows(first, last)
        assert path.turn(first, last) == pytest.approx(turn_between(turns, first, last), abs=1e-12)


def test_a_missing_turn_splits_the_path() -> None:
    turns = head(30)
    turns[[10, 11, 20], [0, 1, 2]] = np.nan
    path = TurnPath.from_turns(turns, times(30))
    # the turn into frame 10 is missing: frames 0 … 9 know each other, 10 stands alone
    assert [path.knows(0, i) for i in (9, 10, 11, 15)] == [True, False, False, False]
    assert [path.knows(10, i) for i in (10, 11)] == [True, False]
    assert [path.knows(11, i) for i in (9, 10, 12, 19, 20, 29)] == [False, False, True, True, False, False]  # fmt: skip
    assert path.turn(12, 19) == pytest.approx(turn_between(turns, 12, 19), abs=1e-12)


@pytest.mark.parametrize(("step_s", "known"), [(LONGEST_STEP_S - 1e-9, True), (0.3, False)])
def test_nothing_is_known_across_missing_frames(step_s: float, known: bool) -> None:
    time_s = times(20)
    time_s[8:] += step_s - 1 / 30
    for path in (TurnPath.from_turns(head(20), time_s), steady_path(time_s)):
        assert path.knows(0, 7)
        assert path.knows(8, 19)
        assert path.knows(7, 8) == known


def test_a_closed_turn_meets_both_ends() -> None:
    truth = head(60)
    path = TurnPath.from_turns(truth + BIAS, times(60))
    whole = turn_between(truth, 10, 50)
    assert path.closed_turn(10, 10, 50, whole) == pytest.approx(np.eye(3), abs=1e-12)
    assert path.closed_turn(10, 50, 50, whole) == pytest.approx(whole, abs=1e-12)
    # a bias is made good for all along the gap, but for the order of the turns
    for at in range(11, 50):
        missed = path.closed_turn(10, at, 50, whole).T @ turn_between(truth, 10, at)
        assert np.linalg.norm(rotation_vector(missed)) < 0.1 * 40 * np.linalg.norm(BIAS)


def test_what_is_missed_is_spread_over_time_not_frames() -> None:
    time_s = np.array([0.0, 1, 2, 3, 9, 10]) / 30
    path = steady_path(time_s)
    whole = rotation_matrix(np.array([0, 0.2, 0]))
    assert rotation_vector(path.closed_turn(0, 3, 5, whole)) == pytest.approx([0, 0.06, 0])
    assert rotation_vector(path.closed_turn(0, 4, 5, whole)) == pytest.approx([0, 0.18, 0])


def test_a_steady_path_doesn_t_turn() -> None:
    path = steady_path(times(20))
    assert path.knows(0, 19)
    assert path.turn(3, 17) == pytest.approx(np.eye(3))


def test_a_gyroscope_with_a_constant_bias() -> None:
    path, errors = gyro_with_bias()
    truth = head(len(path.turn_rad))
    assert path.turn_rad[1:] == pytest.approx(truth[1:], abs=1e-5)
    # 600 frames hold fewer than eight gaps of 128 that don't overlap
    assert errors.trials.tolist() == [TRIALS] * 6 + [0]
    # 32 frames of the bias would be 20 mrad, and 64 of them 39; nearly nothing of it is left
    assert errors.open_rad[4] < 1e-3
    assert errors.closed_rad[4] < 4e-4
    assert errors.open_rad[-2] < 5e-3
    assert errors.closed_rad[-2] < 5e-3
    assert (errors.closed_rad < errors.open_rad)[:5].all()


def test_noise_of_the_gyroscope_is_measured() -> None:
    truth = head(1500)
    noise = np.random.default_rng(1).normal(0, 1e-3, truth.shape)
    raw = TurnPath.from_turns(truth + noise, times(1500))
    _, errors = measure_path(raw, maps_of(truth), HEIGHT_PART)
    root = np.sqrt(GAP_LENGTHS)
    # a random walk: √n at the open end, √n / 2 in the middle between two known ends
    assert errors.open_rad == pytest.approx(1e-3 * root, rel=0.4)
    assert errors.closed_rad == pytest.approx(0.5e-3 * root, rel=0.4)


def test_a_guess_is_worse_than_the_gyroscope_and_says_so() -> None:
    gyro, steady = gyro_with_bias()[1], guess(0.99)
    assert (steady.open_rad > 10 * gyro.open_rad).all()
    assert (steady.closed_rad > 10 * gyro.closed_rad).all()
    # over two frames the head turns by 44 mrad at most; taken for 75 %, 1.665 standard deviations
    assert steady.open_rad[0] == pytest.approx(0.044 / 1.665, rel=0.15)


def test_a_higher_quantile_is_more_careful() -> None:
    assert (guess(0.99).closed_rad > 1.2 * guess(0.5).closed_rad).all()


def test_errors_are_per_axis_of_the_direction() -> None:
    # a head that rolls about its line of sight turns nowhere
    turns = np.zeros((200, 3))
    turns[:, 2] = 0.02 * np.sin(np.arange(200) / 5)
    level = np.diag([0.87, 0.87, 1.0])
    maps = [level]
    for turn in turns[1:]:
        maps.append(maps[-1] @ rotation_matrix(turn))
    _, errors = measure_path(steady_path(times(200)), np.array(maps), HEIGHT_PART)
    assert errors.open_rad.max() < 1e-6
    assert errors.closed_rad.max() < 1e-6


def test_same_seed_same_result() -> None:
    truth = head(400)
    path, maps = TurnPath.from_turns(truth + BIAS, times(400)), maps_of(truth)
    one, two = (measure_path(path, maps, HEIGHT_PART, seed=5)[1] for _ in range(2))
    assert one.closed_rad.tolist() == two.closed_rad.tolist()


def test_lengths_that_could_not_be_tried_grow_from_those_that_could() -> None:
    # a known map for 20 frames, then none for 20: gaps of 16 frames at most
    truth = head(1200)
    noise = np.random.default_rng(2).normal(0, 1e-3, truth.shape)
    maps = maps_of(truth)
    maps[np.arange(1200) % 40 >= 20] = np.nan
    turns = truth + noise
    turns[np.arange(1200) % 40 == 30] = np.nan
    _, errors = measure_path(TurnPath.from_turns(turns, times(1200)), maps, HEIGHT_PART)
    assert (errors.trials[:4] > 8).all()
    assert errors.trials[4:].tolist() == [0, 0, 0]
    for measured in (errors.closed_rad, errors.open_rad):
        assert np.isfinite(measured).all()
        assert (np.diff(measured[3:]) > 0).all()
        # not slower than noise does, and not without bounds
        assert np.sqrt(128 / 16) < measured[-1] / measured[3] <= 2.001 * 128 / 16


def test_without_any_known_maps_errors_are_large_and_grow() -> None:
    path, errors = measure_path(steady_path(times(300)), np.full((300, 3, 3), np.nan), HEIGHT_PART)
    assert not path.turn_rad.any()
    assert errors.trials.tolist() == [0] * 7
    for measured in (errors.closed_rad, errors.open_rad):
        assert measured[0] >= 0.01
        assert (np.diff(measured) > 0).all()


@pytest.mark.parametrize("count", [1, 2, 9])
def test_very_short_drives(count: int) -> None:
    truth = head(count)
    _, errors = measure_path(TurnPath.from_turns(truth, times(count)), maps_of(truth), HEIGHT_PART)
    assert np.isfinite(errors.closed_rad).all()
    assert np.isfinite(errors.open_rad).all()


def linear_errors() -> TurnErrors:
    lengths = np.array(GAP_LENGTHS, dtype=float)
    return TurnErrors(closed_rad=1e-4 * lengths, open_rad=4e-4 * lengths, trials=np.full(7, 100))


def test_errors_in_a_gap_are_none_at_its_ends_and_largest_in_the_middle() -> None:
    errors = linear_errors()
    inside = [errors.closed(k, 32 - k) for k in range(33)]
    assert inside[0] == inside[32] == 0
    assert inside[16] == max(inside) == pytest.approx(32e-4)
    assert (np.diff(inside[:17]) > 0).all()
    assert inside == pytest.approx(inside[::-1])
    # near its ends a gap is not better known than √ of the way says
    assert inside[1] == pytest.approx(32e-4 * 2 * np.sqrt(31) / 32)


def test_errors_grow_with_the_gap() -> None:
    errors = linear_errors()
    closed = [errors.closed(k, k) for k in (1, 2, 3, 4, 8, 20, 64)]
    assert (np.diff(closed) > 0).all()
    assert errors.closed(4, 4) == pytest.approx(8e-4)
    opened = [errors.open(k) for k in (1, 2, 3, 8, 60, 128, 129, 256, 512)]
    assert (np.diff(opened)[1:] > 0).all()
    assert errors.open(8) == pytest.approx(32e-4)
    # beyond what was tried it goes on growing
    assert errors.open(256) == pytest.approx(2 * errors.open(128))
