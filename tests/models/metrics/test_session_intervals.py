import json
import math

import numpy as np
import pytest
from scipy import stats

from dashgaze.errors import InputError
from dashgaze.models.metrics.bootstrap import cluster_bootstrap
from dashgaze.models.metrics.paired import (
    holm,
    paired_difference,
    sign_flip_p,
    with_holm,
)
from dashgaze.models.metrics.sessions import session_means, summarise, t_interval

NAN = math.nan


def means_of(values: np.ndarray, drivers: np.ndarray | None = None):  # type: ignore[no-untyped-def]
    names = np.array([f"s{k:02d}" for k in range(len(values))])
    return session_means(values, names, names if drivers is None else drivers)


def test_means_of_sessions_are_those_computed_by_hand() -> None:
    values = np.array([1.0, 3.0, NAN, 10.0, NAN, NAN])
    session = np.array(["a", "a", "a", "b", "c", "c"])
    driver = np.array(["x", "x", "x", "x", "y", "y"])
    means = session_means(values, session, driver)
    assert means.mean[:2].tolist() == [2.0, 10.0]
    assert math.isnan(means.mean[2])
    assert means.answered.tolist() == [2, 1, 0]
    assert means.frames.tolist() == [3, 1, 2]
    summary = summarise(means)
    assert summary.mean == 6.0
    assert summary.frame_mean == pytest.approx(14 / 3)
    assert (summary.sessions, summary.drivers, summary.sessions_without) == (2, 1, 1)
    assert summary.coverage == pytest.approx(0.5)
    assert summary.descriptive_only
    assert json.loads(json.dumps(means.to_json()))[2]["mean"] is None
    json.dumps(summary.to_json())


def test_t_interval_is_that_of_scipy() -> None:
    values = np.array([3.0, 5.0, 4.0, 8.0, 6.0])
    by_scipy = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert t_interval(values) == pytest.approx((by_scipy.low, by_scipy.high))
    assert all(math.isnan(end) for end in t_interval(values[:1]))


def test_t_interval_covers_what_it_says_with_eight_sessions() -> None:
    values = np.random.default_rng(0).normal(200.0, 30.0, (4000, 8))
    ends = np.array([t_interval(each) for each in values])
    covered = np.mean((ends[:, 0] <= 200) & (ends[:, 1] >= 200))
    assert covered == pytest.approx(0.95, abs=0.012)


def test_percentile_bootstrap_covers_too_little_with_eight_sessions() -> None:
    """Why the t-interval is the headline; the reference found 0.89."""
    random = np.random.default_rng(1)
    names = np.arange(8).astype(str)
    hits = []
    for number in range(400):
        found = cluster_bootstrap(random.normal(size=8), names, draws=400, seed=number)
        hits.append(found.low <= 0 <= found.high)
    assert 0.83 < np.mean(hits) < 0.935


def test_bootstrap_comes_with_sixteen_sessions_and_not_before() -> None:
    random = np.random.default_rng(2)
    assert summarise(means_of(random.normal(size=15))).bootstrap is None
    summary = summarise(means_of(random.normal(100, 10, size=16)))
    assert summary.bootstrap is not None
    assert summary.bootstrap.low < summary.mean < summary.bootstrap.high
    assert summary.bootstrap.bca_low < summary.mean < summary.bootstrap.bca_high
    assert not summary.descriptive_only


def test_bootstrap_keeps_sessions_of_a_driver_together() -> None:
    """Two drivers of eight like sessions each: an interval that took sessions alone would be narrow."""
    values = np.repeat([0.0, 10.0], 8) + np.tile(np.linspace(-0.1, 0.1, 8), 2)
    alone = cluster_bootstrap(values, np.arange(16).astype(str), seed=0)
    together = cluster_bootstrap(values, np.repeat(["x", "y"], 8), seed=0)
    assert together.high - together.low > 9.5
    assert alone.high - alone.low < 6


def test_bca_shifts_towards_the_long_tail() -> None:
    values = np.random.default_rng(0).lognormal(0, 1, 20)
    found = cluster_bootstrap(values, np.arange(20).astype(str), draws=4000)
    assert found.bca_high > found.high
    assert found.bca_low > found.low
    same = cluster_bootstrap(values, np.arange(20).astype(str), draws=4000)
    assert same == found


def test_sign_flips_of_three_differences_are_those_counted_by_hand() -> None:
    assert sign_flip_p(np.array([1.0, 2.0, 3.0])) == (0.25, True)
    # |±1±2±4| reaches 3 (= |1−2+4|) for sums 7, 5, 3 and their negatives: 6 of 8.
    assert sign_flip_p(np.array([1.0, -2.0, 4.0])) == (0.75, True)
    assert sign_flip_p(np.array([0.0, 0.0, 0.0])) == (1.0, True)
    assert math.isnan(sign_flip_p(np.empty(0))[0])


def test_equal_sums_count_as_reached_in_spite_of_rounding() -> None:
    assert sign_flip_p(np.array([0.1, 0.2, 0.3, 0.1, 0.2, 0.3]))[0] == 2 / 64


def test_sign_flip_p_is_uniform_under_the_null() -> None:
    random = np.random.default_rng(0)
    found = np.array([sign_flip_p(random.normal(size=10))[0] for _ in range(1500)])
    for level in (0.05, 0.1, 0.25, 0.5):
        assert np.mean(found <= level) == pytest.approx(level, abs=0.03)


def test_many_sessions_use_a_seeded_sample_that_agrees() -> None:
    differences = np.random.default_rng(5).normal(0.4, 1, 16)
    exact, all_tried = sign_flip_p(differences)
    assert all_tried
    padded = np.append(differences, 0.0)
    sampled, all_tried = sign_flip_p(padded)
    assert not all_tried
    assert sampled == pytest.approx(exact, abs=0.006)
    assert sign_flip_p(padded) == (sampled, False)
    assert sign_flip_p(np.full(40, 1.0), draws=1000)[0] == pytest.approx(1 / 1001)


def test_paired_differences_use_frames_that_both_answered() -> None:
    session = np.repeat(["a", "b", "c"], 2)
    one = np.array([1.0, NAN, 2.0, 2.0, 3.0, 3.0])
    other = np.array([2.0, 2.0, 4.0, 4.0, 6.0, NAN])
    found = paired_difference(one, other, session, session)
    assert found.mean == pytest.approx(-2.0)
    assert (found.sessions, found.frames, found.frames_of_one) == (3, 4, 2)
    assert found.sessions_better == 3
    assert found.p == 0.25
    assert found.exact
    assert found.descriptive_only
    json.dumps(found.to_json())


def test_flipping_by_driver_is_stricter() -> None:
    session = np.array([f"s{k}" for k in range(8)])
    driver = np.repeat(["w", "x", "y", "z"], 2)
    one, other = np.zeros(8), np.linspace(1, 2, 8)
    assert paired_difference(one, other, session, driver).p == 2 / 2**8
    by_driver = paired_difference(one, other, session, driver, flip="driver")
    assert by_driver.p == 2 / 2**4
    assert (by_driver.sessions, by_driver.drivers, by_driver.flipped) == (8, 4, "driver")


def test_holm_adjusts_as_in_the_textbook() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    adjusted = holm([0.5, NAN, 0.6])
    assert adjusted[0] == adjusted[2] == 1.0
    assert math.isnan(adjusted[1])
    with pytest.raises(InputError, match="within 0"):
        holm([1.5])


def test_comparisons_carry_their_adjusted_p() -> None:
    session = np.array(list("abcdef"))
    worse = paired_difference(np.zeros(6), np.ones(6), session, session)
    same = paired_difference(np.zeros(6), np.zeros(6), session, session)
    adjusted = with_holm([worse, same])
    assert adjusted[0].p_holm == pytest.approx(2 * 2 / 64)
    assert adjusted[1].p_holm == 1.0


def test_bca_is_that_of_scipy_where_each_driver_has_one_session() -> None:
    values = np.random.default_rng(4).lognormal(0, 1, 20)
    found = cluster_bootstrap(values, np.arange(20).astype(str), draws=8000)
    by_scipy = stats.bootstrap(
        (values,), np.mean, n_resamples=8000, method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    spread = by_scipy.high - by_scipy.low
    assert found.bca_low == pytest.approx(by_scipy.low, abs=0.06 * spread)
    assert found.bca_high == pytest.approx(by_scipy.high, abs=0.06 * spread)
