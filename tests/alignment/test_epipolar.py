"""Plane and parallax: what matches say of turns, baseline and nearness."""

import numpy as np
import pytest

from dashgaze.alignment.epipolar import normal_equations, residuals
from dashgaze.alignment.rotation import rotation_matrix

TURN = rotation_matrix(np.array([0.1, 0.05, 0.02]))
DIRECTION = np.array([0.6, 0.1, -0.8]) / np.linalg.norm([0.6, 0.1, -0.8])
ONE = np.array([0, 1])


def far(ego: np.ndarray, turn: np.ndarray = TURN) -> np.ndarray:
    image = np.column_stack([ego, np.ones(len(ego))]) @ turn.T
    return image[:, :2] / image[:, 2:]


def moved(ego: np.ndarray, nearness: np.ndarray) -> np.ndarray:
    """Where the phone sees them: (q + ρ t) once divided by depth."""
    image = np.column_stack([far(ego), np.ones(len(ego))]) + nearness[:, None] * DIRECTION
    return image[:, :2] / image[:, 2:]


def test_exact_matches_tell_their_nearness_and_nothing_else() -> None:
    ego = np.random.default_rng(0).uniform(-0.3, 0.3, (50, 2))
    nearness = np.linspace(0, 0.2, 50)
    seen = residuals(ego, moved(ego, nearness), np.array([0, 50]), TURN[None], DIRECTION)
    assert seen[:, :2] == pytest.approx(far(ego))
    assert seen[:, 2] == pytest.approx(0, abs=1e-12)
    assert seen[:, 3] / seen[:, 4] == pytest.approx(nearness)


def test_what_is_behind_a_camera_says_nothing() -> None:
    back = rotation_matrix(np.array([0, np.pi, 0]))
    assert np.isnan(residuals(np.zeros((1, 2)), np.zeros((1, 2)), ONE, back[None], DIRECTION)).all()
    prior = np.array([[0.0, 1.0]])
    own, *_ = normal_equations(
        np.zeros((1, 2)), np.zeros((1, 2)), np.ones(1), prior, ONE, back[None], DIRECTION
    )
    assert not own.any()


def test_the_linearisation_is_that_of_the_residual() -> None:
    rng = np.random.default_rng(1)
    ego = rng.uniform(-0.3, 0.3, (1, 2))
    road = moved(ego, np.array([0.04])) + rng.normal(0, 0.01, (1, 2))
    # a prior without weight leaves the residual across the line alone
    prior = np.array([[0.0, 1e12]])
    own, right, mixed, shared, _ = normal_equations(
        ego, road, np.ones(1), prior, ONE, TURN[None], DIRECTION
    )

    def across(turn: np.ndarray, direction: np.ndarray, focal: float) -> float:
        turned = rotation_matrix(turn) @ TURN
        found = residuals(ego, road * np.exp(-focal), ONE, turned[None], DIRECTION + direction)
        return float(found[0, 2])

    step, nothing = 1e-6, np.zeros(3)
    slope = []
    for axis in np.eye(3) * step:
        slope.append(across(axis, nothing, 0) - across(-axis, nothing, 0))
    for axis in np.eye(3) * step:
        slope.append(across(nothing, axis, 0) - across(nothing, -axis, 0))
    slope.append(across(nothing, nothing, step) - across(nothing, nothing, -step))
    down = -np.array(slope) / (2 * step)
    error = across(nothing, nothing, 0)
    assert right[0] == pytest.approx(down[:3] * error, rel=1e-3, abs=1e-9)
    assert shared[:, 4] == pytest.approx(down[3:] * error, rel=1e-3, abs=1e-9)
    assert own[0] == pytest.approx(np.outer(down[:3], down[:3]), rel=2e-3, abs=1e-6)
    assert mixed[0] == pytest.approx(np.outer(down[:3], down[3:]), rel=2e-3, abs=1e-6)


def test_what_would_be_beyond_infinity_pulls_at_the_turn() -> None:
    ego = np.array([[0.05, 0.1]])
    road = moved(ego, np.array([-0.02]))
    prior = np.array([[0.0, 1e12]])
    noise = np.full(1, 1e-2)
    _, right, *_, cost = normal_equations(ego, road, noise, prior, ONE, TURN[None], DIRECTION)
    assert np.linalg.norm(right) > 1
    assert cost[0] > 1
    road = moved(ego, np.array([0.02]))
    _, right, *_, cost = normal_equations(ego, road, noise, prior, ONE, TURN[None], DIRECTION)
    assert np.linalg.norm(right) < 1e-6
    assert cost[0] < 1e-6
