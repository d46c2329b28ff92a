import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashgaze.alignment import homography
from dashgaze.alignment.homography import minimal_solver
from dashgaze.alignment.homography.acceptance import effective_area
from dashgaze.alignment.homography.frames import normalise, smallest_width, to_frames, to_pixels
from dashgaze.alignment.homography.mixture import expect, score
from dashgaze.alignment.homography.random_numbers import next_below, next_bits, next_share
from dashgaze.alignment.homography.refinement import solve

TRUTH = np.array([[1.1, 0.02, -0.3], [-0.03, 0.9, 0.2], [0.1, -0.05, 1]])


def mapped(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    image = points @ matrix[:, :2].T + matrix[:, 2]
    return image[:, :2] / image[:, 2:]


def rows(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Matches in coordinates that need no frame."""
    x, y = source.T
    return np.array([x, y, np.ones_like(x), x * x, x * y, y * y, *target.T, np.ones_like(x)])


def test_public_names_are_sorted() -> None:
    assert homography.__all__ == sorted(homography.__all__)
    assert all(hasattr(homography, name) for name in homography.__all__)


def test_the_other_parts_do_without_the_compiler() -> None:
    code = "import sys, dashgaze.alignment.camera; print('numba' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout == "False\n"


@settings(max_examples=200, deadline=None)
@given(
    corners=st.lists(st.tuples(*[st.floats(-0.4, 0.4)] * 2), min_size=4, max_size=4),
    bends=st.lists(st.floats(-0.15, 0.15), min_size=8, max_size=8),
)
def test_four_matches_give_their_map(corners: list, bends: list) -> None:
    source = np.array(corners) + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    truth = np.eye(3)
    truth.flat[:8] += bends
    found = np.empty((3, 3))
    outcome = minimal_solver.solve_four(rows(source, mapped(truth, source)), np.arange(4), found)
    assert outcome == minimal_solver.SOLVED
    assert found == pytest.approx(truth, abs=1e-9)


def test_four_matches_that_no_camera_sees() -> None:
    source = np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]])
    found, sample = np.empty((3, 3)), np.arange(4)

    def outcome(source: np.ndarray, target: np.ndarray) -> int:
        return minimal_solver.solve_four(rows(source, target), sample, found)

    assert outcome(source, source * [-1, 1]) == minimal_solver.MIRRORED
    assert outcome(source, source[[0, 2, 1, 3]]) == minimal_solver.CROSSED
    line = np.array([[-1.0, -1], [0, 0], [1, 1], [-1, 1]])
    assert outcome(line, source) == minimal_solver.FLAT
    assert outcome(source, line) == minimal_solver.FLAT
    assert outcome(source, np.zeros((4, 2))) == minimal_solver.FLAT
    # the horizon x = −0.2 between the sample and the centre of all
    behind = np.array([[1.0, 0, 0.1], [0, 1, 0], [1, 0, -0.2]])
    right = source * 0.3 + [0.8, 0]
    assert outcome(right, mapped(behind, right)) != minimal_solver.SOLVED


def test_random_numbers_are_splitmix64() -> None:
    state = np.array([1234567], dtype=np.uint64)
    # as in Rosetta Code's page on SplitMix64
    assert [int(next_bits(state)) for _ in range(5)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_random_numbers_are_spread_evenly() -> None:
    state = np.array([5], dtype=np.uint64)
    numbers = [next_below(state, 7) for _ in range(7000)]
    assert set(numbers) == set(range(7))
    assert np.bincount(numbers) == pytest.approx(1000, abs=150)
    shares = np.array([next_share(state) for _ in range(5000)])
    assert shares.min() >= 0
    assert shares.max() < 1
    assert shares.mean() == pytest.approx(0.5, abs=0.02)


def test_frames_there_and_back() -> None:
    rng = np.random.default_rng(1)
    matches_px = np.ones((5, 50))
    matches_px[:4] = rng.uniform(0, 1000, (4, 50))
    weight, frames = rng.uniform(0, 1, 50), np.empty((2, 3))
    matches = normalise(matches_px, weight, frames)
    for view in (matches[:2], matches[6:8]):
        assert view @ weight == pytest.approx([0, 0], abs=1e-9)
        assert (view**2).sum(axis=0) @ weight / weight.sum() == pytest.approx(2)
    truth_px = np.array([[1.1, 0.02, -30], [-0.03, 1.08, 20], [5e-5, -3e-5, 1]])
    normal, back = np.empty((3, 3)), np.empty((3, 3))
    depth = to_frames(truth_px, frames, normal)
    images_px = mapped(truth_px, matches_px[:2].T)
    images = (images_px - frames[1, :2]) * frames[1, 2]
    assert mapped(normal, matches[:2].T) == pytest.approx(images)
    assert normal[2, 2] == pytest.approx(1)
    to_pixels(normal, frames, back)
    assert back * depth == pytest.approx(truth_px)


def test_smallest_width_is_across_the_line() -> None:
    rng = np.random.default_rng(6)
    along, across = rng.normal(0, 50, 4000), rng.normal(0, 3, 4000)
    x, y = 0.8 * along - 0.6 * across + 1e4, 0.6 * along + 0.8 * across
    assert smallest_width(x, y, np.ones(4000)) == pytest.approx(3, rel=0.05)
    assert smallest_width(along + 7, 2 * along, np.ones(4000)) == pytest.approx(0, abs=1e-5)
    weight = (np.abs(across) < 1).astype(float)
    assert smallest_width(x, y, weight) == pytest.approx(1 / np.sqrt(3), rel=0.1)


def test_linear_systems_are_solved() -> None:
    rng = np.random.default_rng(2)
    root = rng.normal(size=(8, 8))
    matrix, right = root @ root.T + np.eye(8), rng.normal(size=8)
    answer = right.copy()
    assert solve(matrix.copy(), answer)
    assert matrix @ answer == pytest.approx(right)
    matrix[:, 5] = matrix[5] = 0
    assert not solve(matrix, answer)


def test_gradient_is_that_of_the_likelihood() -> None:
    # with exact source points: then Σ doesn't depend on the map, and nothing is left out
    rng = np.random.default_rng(3)
    source = rng.normal(size=(60, 2))
    target = mapped(TRUTH, source) + rng.normal(0, 0.01, (60, 2))
    target[40:] = rng.normal(size=(20, 2))
    matches = rows(source, target)
    matches[8] = rng.uniform(0.3, 1, 60)
    probability, normal, gradient = np.empty(60), np.empty((8, 8)), np.empty(8)
    variance = 0.015**2

    def likelihood(matrix: np.ndarray) -> float:
        return expect(matches, matrix, variance, 0.0, 8.0, 0.6, probability, normal, gradient)[2]

    start = TRUTH.copy()
    start.flat[:8] += rng.normal(0, 0.001, 8)
    numeric = []
    for i in range(8):
        sides = []
        for step in (-1e-6, 1e-6):
            moved = start.copy()
            moved.flat[i] += step
            sides.append(likelihood(moved))
        numeric.append((sides[1] - sides[0]) / 2e-6)
    likelihood(start)
    assert gradient / variance == pytest.approx(np.array(numeric), rel=1e-4, abs=1e-2)
    assert normal == pytest.approx(normal.T)
    assert (probability[:40] > 0.5).all()


def test_scores_are_the_likelihood_of_the_mixture() -> None:
    # a similarity without perspective: there the score's Σ is exact
    rng = np.random.default_rng(4)
    turn = np.array([[0.8, -0.6, 0.1], [0.6, 0.8, -0.2], [0, 0, 1]])
    source = rng.normal(size=(100, 2))
    target = mapped(turn, source) + rng.normal(0, 0.02, (100, 2))
    target[70:] += rng.normal(0, 1, (30, 2))
    matches = rows(source, target)
    variance, ratio, area = 0.014**2, 1.0, 8.0
    score_, share, near = score(matches, turn, variance, ratio, area, 0.5, 0.0, np.empty((2, 100)))
    assert 65 <= near <= 75
    squared = ((target - mapped(turn, source)) ** 2).sum(axis=1)
    spread = variance * 2
    density = area / (2 * np.pi * spread) * np.exp(-squared / (2 * spread))
    assert score_ == pytest.approx(np.log(share * density + 1 - share).sum(), abs=0.1)
    assert share == pytest.approx(
        (share * density / (share * density + 1 - share)).mean(), abs=1e-3
    )
    probability = np.empty(100)
    total, _, full = expect(
        matches, turn, variance, ratio, area, share, probability, np.empty((8, 8)), np.empty(8)
    )
    assert full == pytest.approx(score_, abs=0.1)
    assert total == pytest.approx(probability.sum())
    assert score(matches, turn, variance, ratio, area, 0.5, 0.9, np.empty((2, 100)))[0] == -np.inf


def test_effective_area_sees_clusters() -> None:
    rng = np.random.default_rng(5)
    u, v = rng.uniform(0, 1000, (2, 2000))
    assert effective_area(u, v) == pytest.approx(1e6, rel=0.1)
    spots = rng.integers(0, 2, (2, 2000)) * 900.0
    u, v = spots + rng.uniform(0, 100, (2, 2000))
    assert effective_area(u, v) == pytest.approx(4e4, rel=0.2)
    assert effective_area(np.array([1.0]), np.array([2.0])) == 1.0
