import json
import math

import numpy as np
import pytest
from scipy import stats

from dashgaze.models.metrics.conformal import conformal_factor
from dashgaze.models.metrics.uncertainty import (
    add_label_noise,
    ence,
    gaussian_nll_nats,
    positive_definite,
    score_uncertainty,
    sparsification_curve,
    squared_mahalanobis,
    squared_radius,
)

COV = np.array([[400.0, 120.0, 225.0]])


def draws(count: int, cov: np.ndarray, seed: int = 0) -> np.ndarray:
    full = np.array([[cov[0], cov[1]], [cov[1], cov[2]]])
    return np.random.default_rng(seed).multivariate_normal([0, 0], full, count)


def test_likelihood_is_that_of_scipy() -> None:
    full = [[400.0, 120.0], [120.0, 225.0]]
    by_scipy = -stats.multivariate_normal([10.0, 20.0], full).logpdf([22.0, 11.0])
    found = gaussian_nll_nats(np.array([[22.0, 11.0]]), np.array([[10.0, 20.0]]), COV)
    assert found == pytest.approx([by_scipy])


def test_distance_without_correlation_is_that_of_each_axis() -> None:
    found = squared_mahalanobis(np.array([[6.0, 8.0]]), np.zeros((1, 2)), np.array([[4.0, 0, 16]]))
    assert found == pytest.approx([9 + 4])


def test_regions_are_those_of_chi_square_with_two_degrees() -> None:
    for level in (0.5, 0.8, 0.95):
        assert squared_radius(level) == pytest.approx(stats.chi2.ppf(level, 2))


def test_true_covariances_are_calibrated() -> None:
    truth = draws(20_000, COV[0])
    scores = score_uncertainty(truth, np.zeros_like(truth), np.repeat(COV, len(truth), 0))
    assert scores.region_coverage["0.5"] == pytest.approx(0.5, abs=0.015)
    assert scores.region_coverage["0.95"] == pytest.approx(0.95, abs=0.01)
    assert scores.ence < 0.05
    assert scores.coverage == 1.0
    json.dumps(scores.to_json())


def test_covariances_that_are_too_small_show() -> None:
    truth = draws(5000, COV[0])
    scores = score_uncertainty(truth, np.zeros_like(truth), np.repeat(COV / 4, len(truth), 0))
    assert scores.region_coverage["0.95"] < 0.6
    assert scores.ence == pytest.approx(1.0, abs=0.1)


def test_label_noise_makes_honest_answers_calibrated() -> None:
    truth = draws(20_000, 2 * COV[0])
    cov = np.repeat(COV, len(truth), 0)
    answers = np.zeros_like(truth)
    assert score_uncertainty(truth, answers, cov).region_coverage["0.5"] < 0.35
    with_noise = score_uncertainty(truth, answers, cov, label_cov_px2=cov)
    assert with_noise.label_noise_added
    assert with_noise.region_coverage["0.5"] == pytest.approx(0.5, abs=0.015)


def test_unknown_label_noise_adds_nothing() -> None:
    label = np.array([[1.0, 0.0, 2.0], [math.nan, 0.0, 1.0]])
    found = add_label_noise(np.ones((2, 3)), label)
    assert found.tolist() == [[2.0, 1.0, 3.0], [1.0, 1.0, 1.0]]


def test_impossible_covariances_count_as_not_stated() -> None:
    cov = np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 1.0], [-1.0, 0.0, -1.0], [math.nan, 0.0, 1.0]])
    assert positive_definite(cov).tolist() == [True, False, False, False]
    scores = score_uncertainty(np.zeros((4, 2)), np.zeros((4, 2)), cov)
    assert (scores.frames, scores.stated) == (4, 1)


def test_nothing_stated_gives_missing_scores() -> None:
    scores = score_uncertainty(np.zeros((3, 2)), np.ones((3, 2)), np.full((3, 3), math.nan))
    assert scores.stated == 0
    assert math.isnan(scores.nll_nats)
    assert math.isnan(scores.ence)
    assert math.isnan(scores.sparsification.ause)


def test_ence_of_two_bins_is_that_computed_by_hand() -> None:
    error, sd = np.array([1.0, 1.0, 3.0, 3.0]), np.array([1.0, 1.0, 2.0, 2.0])
    assert ence(error, sd, bins=2) == pytest.approx((0 + 0.5) / 2)


def test_sparsification_by_the_error_itself_is_perfect() -> None:
    error = np.random.default_rng(0).gamma(2.0, 50.0, 1000)
    assert sparsification_curve(error, error).ause == pytest.approx(0.0)
    backwards = sparsification_curve(error, -error)
    assert backwards.ause > backwards.random_ause > 0


def test_a_constant_uncertainty_sparsifies_like_chance() -> None:
    error = np.sort(np.random.default_rng(0).gamma(2.0, 50.0, 1000))
    curve = sparsification_curve(error, np.ones(1000))
    assert curve.by_stated == pytest.approx(np.ones(20))
    assert curve.ause == pytest.approx(curve.random_ause)


def test_sparsification_of_four_frames_is_that_computed_by_hand() -> None:
    curve = sparsification_curve(
        np.array([1.0, 2.0, 3.0, 6.0]), np.array([1.0, 2.0, 4.0, 3.0]), steps=4
    )
    assert curve.by_stated == pytest.approx([1.0, 1.0, 0.5, 1 / 3])
    assert curve.by_error == pytest.approx([1.0, 2 / 3, 0.5, 1 / 3])
    assert curve.ause == pytest.approx(0.25 / 3)


def test_conformal_factor_is_refused_with_too_few_sessions() -> None:
    truth = draws(180, COV[0])
    cov, answers = np.repeat(COV, 180, 0), np.zeros((180, 2))
    session = np.repeat([f"s{k:02d}" for k in range(18)], 10)
    refused = conformal_factor(truth, answers, cov, session, level=0.95)
    assert refused.factor is None
    assert "19 are needed" in (refused.reason or "")
    assert conformal_factor(truth, answers, cov, session, level=0.8).factor is not None
    nothing = conformal_factor(truth, answers, np.full((180, 3), math.nan), session, level=0.5)
    assert (nothing.factor, nothing.sessions) == (None, 0)


def test_conformal_factor_of_three_sessions_is_that_computed_by_hand() -> None:
    """Weights 1/4 a session: distances 1 | 2 | 3, so 3/4 of the mass is reached at 3, half at 2."""
    truth = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
    cov, session = np.tile([1.0, 0.0, 1.0], (3, 1)), np.array(["a", "b", "c"])
    half = conformal_factor(truth, np.zeros((3, 2)), cov, session, level=0.5)
    most = conformal_factor(truth, np.zeros((3, 2)), cov, session, level=0.75)
    assert half.factor == pytest.approx(2 / math.sqrt(squared_radius(0.5)))
    assert most.factor == pytest.approx(3 / math.sqrt(squared_radius(0.75)))


def test_conformal_regions_hold_frames_of_new_sessions() -> None:
    """Sessions differ in scale; frames of one are alike. Coverage is over new sessions."""
    random = np.random.default_rng(3)
    held = []
    for _ in range(400):
        scale = np.exp(random.normal(0, 0.6, 10))
        truth = random.normal(size=(10, 20, 2)) * scale[:, None, None]
        session = np.repeat(np.arange(9).astype(str), 20)
        cov = np.tile([0.25, 0.0, 0.25], (180, 1))
        found = conformal_factor(
            truth[:9].reshape(-1, 2), np.zeros((180, 2)), cov, session, level=0.8
        )
        assert found.factor is not None
        distance = (truth[9] ** 2).sum(axis=1) / 0.25
        held.append(np.mean(distance <= found.factor**2 * squared_radius(0.8)))
    assert 0.78 < np.mean(held) < 0.92
