import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from dashgaze.alignment.rotation import (
    head_turns,
    nearest_rotation,
    rotation_matrix,
    rotation_vector,
    turned,
)

EPOCH_NS = 1_778_571_360_000_000_000
AXES = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, -0.64, 0.48], [-0.48, 0.6, 0.64]])


@pytest.mark.parametrize(
    "angle", [0.0, 1e-12, 1e-9, 1e-8, 1.1e-8, 1e-6, 1e-3, 0.5, 1.5, np.pi / 2, 3.0, np.pi - 1e-5]
)
@pytest.mark.parametrize("axis", AXES)
def test_matrix_and_back(angle: float, axis: np.ndarray) -> None:
    matrix = rotation_matrix(angle * axis)
    assert matrix == pytest.approx(Rotation.from_rotvec(angle * axis).as_matrix(), abs=1e-14)
    # relative: a turn of 1e-9 rad must not come back as 0
    assert rotation_vector(matrix) == pytest.approx(angle * axis, rel=1e-6, abs=1e-6 * angle)


@given(st.tuples(*[st.floats(-1.8, 1.8)] * 3))
def test_any_vector_comes_back(vector: tuple[float, float, float]) -> None:
    matrix = rotation_matrix(np.array(vector))
    assert matrix @ matrix.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1)
    if np.linalg.norm(vector) < 3.1:
        assert rotation_vector(matrix) == pytest.approx(np.array(vector), abs=1e-9)


def test_signs_are_those_of_camera_axes() -> None:
    # x right, y down, z forward: about y, forward goes right; about x, forward goes up
    right = rotation_matrix(np.array([0, 0.1, 0])) @ [0, 0, 1]
    up = rotation_matrix(np.array([0.1, 0, 0])) @ [0, 0, 1]
    clockwise = rotation_matrix(np.array([0, 0, 0.1])) @ [1, 0, 0]
    assert right == pytest.approx([np.sin(0.1), 0, np.cos(0.1)])
    assert up == pytest.approx([0, -np.sin(0.1), np.cos(0.1)])
    assert clockwise == pytest.approx([np.cos(0.1), np.sin(0.1), 0])


@pytest.mark.parametrize("factor", [1.0, 0.02, -3.0])
def test_nearest_rotation_of_one_times_a_factor(factor: float) -> None:
    truth = rotation_matrix(np.array([0.3, -0.8, 0.2]))
    assert nearest_rotation(factor * truth) == pytest.approx(truth, abs=1e-12)


def test_nearest_rotation_is_nearer_than_its_neighbours() -> None:
    rng = np.random.default_rng(0)
    matrix = rotation_matrix(np.array([0.3, -0.8, 0.2])) + rng.normal(0, 0.1, (3, 3))
    best = nearest_rotation(matrix)
    assert np.linalg.det(best) == pytest.approx(1)
    miss = np.linalg.norm(matrix - best)
    for axis in (*AXES, *-AXES):
        assert np.linalg.norm(matrix - best @ rotation_matrix(0.01 * axis)) > miss


def test_a_turned_head_sees_the_point_elsewhere() -> None:
    ego = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
    road = np.array([[900.0, 0, 480], [0, 900, 270], [0, 0, 1]])
    before = road @ rotation_matrix(np.array([0.02, -0.1, 0.03])) @ np.linalg.inv(ego)
    turn = np.array([0.05, 0.2, -0.04])
    after = turned(before / before[2, 2], turn, ego)
    assert after[2, 2] == 1
    # a thing at ray r in the turned head was at exp(ω) r in the head before
    ray = np.array([0.1, -0.2, 1.0])
    now, then = ego @ ray, ego @ rotation_matrix(turn) @ ray
    one, other = after @ now, before @ then
    assert one[:2] / one[2] == pytest.approx(other[:2] / other[2])


def steady(
    rate_deg_s: object, *, start_s: float, end_s: float, every_ms: float = 5
) -> tuple[np.ndarray, np.ndarray]:
    count = round((end_s - start_s) * 1e3 / every_ms) + 1
    times = EPOCH_NS + np.rint((start_s + np.arange(count) * every_ms / 1e3) * 1e9).astype(np.int64)
    return times, np.tile(np.asarray(rate_deg_s, dtype=float), (count, 1))


def frames(start_s: float, count: int, rate_hz: float = 30) -> np.ndarray:
    return EPOCH_NS + np.rint((start_s + np.arange(count) / rate_hz) * 1e9).astype(np.int64)


def test_a_constant_rate_is_integrated_exactly() -> None:
    frame_ns = frames(1.0, 40)
    turns = head_turns(frame_ns, *steady([3, -40, 12], start_s=0, end_s=3))
    assert np.isnan(turns[0]).all()
    seconds = np.diff(frame_ns) / 1e9
    expected = np.radians([3, -40, 12]) * seconds[:, None]
    assert turns[1:] == pytest.approx(expected, rel=1e-6)


def test_a_growing_rate_is_integrated_to_second_order() -> None:
    sample_ns, rate = steady([0, 1, 0], start_s=0, end_s=2, every_ms=4)
    since = (sample_ns - EPOCH_NS) / 1e9
    rate = rate * (100 * since)[:, None]
    frame_ns = frames(0.5, 25)
    turns = head_turns(frame_ns, sample_ns, rate)
    at = (frame_ns - EPOCH_NS) / 1e9
    expected = np.radians(50 * np.diff(at**2))
    # interpolating the integral is off by rate' · step² / 8 at most
    assert turns[1:, 1] == pytest.approx(expected, abs=2 * np.radians(100 * 0.004**2 / 8))
    assert turns[1:, [0, 2]].tolist() == [[0, 0]] * 24


def missing(turns: np.ndarray) -> list[int]:
    assert (np.isnan(turns).any(axis=1) == np.isnan(turns).all(axis=1)).all()
    return np.flatnonzero(np.isnan(turns).all(axis=1)).tolist()


def test_a_gap_of_the_sensor_has_no_turn() -> None:
    sample_ns, rate = steady([0, 10, 0], start_s=0, end_s=1, every_ms=5)
    since = (sample_ns - EPOCH_NS) / 1e9
    hole = (since > 0.31) & (since < 0.42)
    # frames every 100 ms: the steps 0.3 → 0.4 and 0.4 → 0.5 touch it
    turns = head_turns(frames(0.0, 11, rate_hz=10), sample_ns[~hole], rate[~hole])
    assert missing(turns) == [0, 4, 5]
    assert turns[[1, 2, 3, 6, 10], 1] == pytest.approx(np.radians(1))
    # NaN samples are a hole as well
    rate[hole] = np.nan
    assert missing(head_turns(frames(0.0, 11, rate_hz=10), sample_ns, rate)) == [0, 4, 5]


# in the second case there are samples at the very times of the two frames
@pytest.mark.parametrize("edges", [(0.32, 0.38), (0.301, 0.399)])
def test_a_hole_within_one_step_of_frames_costs_that_step_only(edges: tuple) -> None:
    sample_ns, rate = steady([0, 10, 0], start_s=0, end_s=1, every_ms=5)
    since = (sample_ns - EPOCH_NS) / 1e9
    hole = (since > edges[0]) & (since < edges[1])
    turns = head_turns(frames(0.0, 11, rate_hz=10), sample_ns[~hole], rate[~hole])
    assert missing(turns) == [0, 4]


def test_a_short_gap_is_bridged() -> None:
    sample_ns, rate = steady([0, 10, 0], start_s=0, end_s=1, every_ms=10)
    kept = np.ones(len(sample_ns), dtype=bool)
    kept[31:34] = False  # 40 ms
    turns = head_turns(frames(0.0, 11, rate_hz=10), sample_ns[kept], rate[kept])
    assert missing(turns) == [0]
    assert turns[4, 1] == pytest.approx(np.radians(1))
    strict = head_turns(frames(0.0, 11, rate_hz=10), sample_ns[kept], rate[kept], max_gap_ms=30)
    assert missing(strict) == [0, 4]


def test_a_sensor_that_starts_late_and_ends_early() -> None:
    samples = steady([0, 10, 0], start_s=0.25, end_s=0.75)
    turns = head_turns(frames(0.0, 11, rate_hz=10), *samples)
    assert missing(turns) == [0, 1, 2, 3, 8, 9, 10]


def test_frames_at_the_very_samples() -> None:
    samples = steady([0, 10, 0], start_s=0.2, end_s=0.8, every_ms=100)
    turns = head_turns(frames(0.0, 11, rate_hz=10), *samples, max_gap_ms=110)
    assert missing(turns) == [0, 1, 2, 9, 10]
    assert turns[3:9, 1] == pytest.approx(np.radians(1))


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_samples_or_frames(count: int) -> None:
    sample_ns, rate = steady([0, 10, 0], start_s=0, end_s=1)
    assert np.isnan(head_turns(frames(0, 5), sample_ns[:count], rate[:count])).all()
    assert head_turns(frames(0, 5)[:count], sample_ns, rate).shape == (count, 3)
    assert np.isnan(head_turns(frames(0, 5)[:count], sample_ns, rate)).all()
