"""How near things usually are in each part of the road picture."""

import numpy as np
import pytest

from dashgaze.alignment.nearness_profile import NearnessProfile, learn_profile

HALF = np.array([0.6, 0.34])


def made(count: int = 20_000, spread: float = 0.004, noise: float = 0.003) -> NearnessProfile:
    """A road below the horizon, nothing above it."""
    rng = np.random.default_rng(0)
    place = rng.uniform(-HALF, HALF, (count, 2))
    nearness = 0.5 * np.maximum(place[:, 1], 0) + rng.normal(0, np.hypot(spread, noise), count)
    return learn_profile(place, nearness, np.full(count, noise**2), HALF)


def test_mean_and_spread_without_the_noise() -> None:
    profile = made()
    at = np.array([[0.0, -0.2], [0.1, 0.1], [-0.3, 0.25]])
    assert profile.expected(at) == pytest.approx([0, 0.05, 0.125], abs=0.002)
    assert np.sqrt(profile.spread(at)) == pytest.approx(0.004, rel=0.3)


def test_scatter_is_that_of_the_slope() -> None:
    profile = made()
    on_road, above = profile.scatter(np.array([[0.0, 0.18], [0.0, -0.2]]), 2.0)
    assert np.sqrt(on_road) == pytest.approx(0.5 * np.radians(2), rel=0.1)
    assert np.sqrt(above) < 0.002


def test_places_without_matches_are_like_their_neighbours() -> None:
    rng = np.random.default_rng(0)
    place = rng.uniform(-HALF, HALF, (5000, 2))
    place = place[place[:, 0] < 0.2]
    profile = learn_profile(place, 0.3 * place[:, 1] + 0.2, np.full(len(place), 1e-6), HALF)
    assert profile.expected(np.array([[0.5, 0.1], [5.0, 0.1]])) == pytest.approx(0.23, abs=0.01)
    assert np.isnan(profile.expected(np.full((1, 2), np.nan))).all()


def test_no_matches_at_all() -> None:
    profile = learn_profile(np.zeros((0, 2)), np.zeros(0), np.zeros(0), HALF)
    assert np.isfinite(profile.expected(np.zeros((1, 2)))).all()
