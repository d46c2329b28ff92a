"""Bootstrap, variance shares, power, and the small helpers."""

import math

import numpy as np
import pytest

from dashgaze.analysis.statistics import (
    CellTable,
    autocorrelation,
    cluster_bootstrap,
    effective_sample_size,
    holm,
    naive_mean_p,
    naive_shares_p,
    naive_slope_p,
    naive_spread_p,
    power_rows,
    power_table,
    variance_shares,
)
from dashgaze.errors import InputError


def mean(values):
    return float(np.mean(values))


def groups_of(values):
    return {f"d{n:03d}": [value] for n, value in enumerate(values)}


def test_bootstrap_of_many_drivers_is_near_the_t_interval_of_a_mean():
    values = np.random.default_rng(1).normal(5, 1, 60)
    reach = 2.001 * values.std(ddof=1) / math.sqrt(60)
    for method in ("bca", "percentile", "t"):
        found = cluster_bootstrap(groups_of(values), mean, method=method, repeats=799)
        assert found.low == pytest.approx(values.mean() - reach, abs=0.07)
        assert found.high == pytest.approx(values.mean() + reach, abs=0.07)
        assert method in found.method


def test_few_drivers_get_an_interval_of_students_t():
    found = cluster_bootstrap(groups_of(range(10)), mean)
    assert ", t, " in found.method
    percentile = cluster_bootstrap(groups_of(range(10)), mean, method="percentile")
    assert found.high - found.low > percentile.high - percentile.low


def test_bca_leans_to_where_a_skewed_sample_has_its_tail():
    values = np.random.default_rng(4).exponential(1.0, 40)
    plain = cluster_bootstrap(groups_of(values), mean, method="percentile", repeats=799)
    found = cluster_bootstrap(groups_of(values), mean, method="bca", repeats=799)
    assert found.high > plain.high
    assert found.low > plain.low


def test_sessions_of_one_driver_do_not_make_an_interval_narrow():
    rng = np.random.default_rng(2)
    people = rng.normal(0, 1, 20)
    groups = {f"d{n}": list(level + rng.normal(0, 0.1, 10)) for n, level in enumerate(people)}
    found = cluster_bootstrap(groups, mean)
    assert found.high - found.low == pytest.approx(4 * people.std() / math.sqrt(20), rel=0.25)
    assert (found.sessions, found.drivers) == (200, 20)


def test_bootstrap_is_descriptive_with_four_drivers_and_refuses_none():
    found = cluster_bootstrap(groups_of(range(4)), mean)
    assert found.descriptive_only
    assert found.low is None
    with pytest.raises(InputError, match="no session"):
        cluster_bootstrap({"d": []}, mean)


def test_bootstrap_depends_on_its_seed_only():
    first, second, other = (
        cluster_bootstrap(groups_of(range(20)), mean, repeats=99, seed=seed) for seed in (1, 1, 2)
    )
    assert first == second
    assert first != other


def nested_cells(driver_sd, session_sd, within_sd, *, drivers=40, sessions=3, values=8, seed=2):
    rng = np.random.default_rng(seed)
    rows = []
    for d in range(drivers):
        person = rng.normal(0, driver_sd)
        for s in range(sessions):
            level = person + rng.normal(0, session_sd)
            rows += [
                (f"s{d}_{s}", f"d{d:02d}", 0.0, level + rng.normal(0, within_sd), 1.0)
                for _ in range(values)
            ]
    return CellTable.of(rows)


def test_planted_shares_of_variance_lie_in_their_intervals():
    found = variance_shares(nested_cells(2.0, 1.0, 2.0), repeats=59)
    total = 4.0 + 1.0 + 4.0
    for share, planted in ((found.drivers, 4.0), (found.sessions, 1.0), (found.within, 4.0)):
        assert share.low < planted / total < share.high
    assert found.drivers.value + found.sessions.value + found.within.value == pytest.approx(1.0)
    assert found.total_variance == pytest.approx(9.0, rel=0.3)


def test_balanced_variances_are_those_of_the_analysis_of_variance():
    cells = nested_cells(2.0, 1.0, 1.0, drivers=12, sessions=2, values=4)
    values = cells.value.reshape(12, 2, 4)
    sessions, people = values.mean(axis=2), values.mean(axis=(1, 2))
    within = ((values - sessions[:, :, None]) ** 2).sum() / (24 * 3)
    between = 4 * ((sessions - people[:, None]) ** 2).sum() / 12
    drivers = 8 * ((people - people.mean()) ** 2).sum() / 11
    parts = np.array([(drivers - between) / 8, (between - within) / 4, within])
    found = variance_shares(cells, repeats=19)
    shown = [found.drivers.value, found.sessions.value, found.within.value]
    assert shown == pytest.approx((parts / parts.sum()).tolist(), abs=2e-3)


def test_drivers_and_sessions_are_given_together_where_they_can_not_be_told_apart():
    found = variance_shares(nested_cells(1.0, 1.0, 1.0, sessions=1), repeats=39)
    assert found.drivers is None
    assert "can't be told apart" in found.cannot_say
    assert found.drivers_and_sessions.low < 2 / 3 < found.drivers_and_sessions.high


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (nested_cells(1, 1, 1, drivers=1, sessions=8), "one driver"),
        (nested_cells(1, 1, 1, drivers=2, sessions=2), "4 sessions"),
        (nested_cells(1, 1, 1, values=1), "one value"),
        (nested_cells(0, 0, 0), "same"),
    ],
)
def test_variances_that_can_not_be_split_say_why(cells, said):
    found = variance_shares(cells, repeats=9)
    assert said in found.cannot_say
    assert found.within is None


def test_power_is_that_of_the_reference_simulation():
    rows = power_table(between_sd=0.25, arms=((20, 6), (15, 15)), ratios=(1.0, 1.2, 1.3, 1.5))
    power = [row.power for row in rows]
    # 5 % without an effect; 0.28, 0.53, 0.85 and 0.50, 0.78, 0.99 were found in another simulation.
    assert power == pytest.approx([0.05, 0.28, 0.53, 0.85, 0.05, 0.50, 0.78, 0.99], abs=0.03)
    assert len(power_rows(rows).rows) == 8


def test_sessions_compared_with_themselves_have_more_power():
    between, within = (
        power_table(between_sd=0.25, within_sd=0.1, arms=(arms,), ratios=(1.2,), repeats=500)[0]
        for arms in ((13, 13), (13, 0))
    )
    assert within.power > 0.9
    assert between.power < 0.6


def test_power_of_impossible_designs_is_refused():
    with pytest.raises(InputError, match="SDs"):
        power_table(between_sd=0.0)
    with pytest.raises(InputError, match="within_sd is 0"):
        power_table(between_sd=0.2, arms=((10, 0),))


def test_holm_steps_down_and_leaves_missing_values_out():
    found = holm([0.01, 0.04, None, 0.03, 0.005])
    assert found == pytest.approx((0.03, 0.06, None, 0.06, 0.02))
    assert holm([0.9, 0.8]) == (1.0, 1.0)
    assert holm([]) == ()


def test_correlated_samples_count_for_fewer():
    rng = np.random.default_rng(3)
    values = np.zeros(20_000)
    noise = rng.normal(size=20_000)
    for place in range(1, 20_000):
        values[place] = 0.9 * values[place - 1] + noise[place]
    correlation = autocorrelation(values, 200)
    assert correlation[:3] == pytest.approx([1.0, 0.9, 0.81], abs=0.02)
    # (1 - 0.9) / (1 + 0.9) of n.
    assert effective_sample_size(correlation, 20_000) == pytest.approx(20_000 / 19, rel=0.15)
    exact = 0.9 ** np.arange(400)
    assert effective_sample_size(exact, 1900) == pytest.approx(100, rel=0.001)
    assert effective_sample_size(np.array([1.0, 0.0, 0.0]), 50) == 50


def test_missing_samples_leave_the_autocorrelation_as_it_is():
    rng = np.random.default_rng(6)
    values = np.convolve(rng.normal(size=20_000), np.ones(4), mode="same")
    values[rng.random(20_000) < 0.3] = np.nan
    assert autocorrelation(values, 4) == pytest.approx([1, 0.75, 0.5, 0.25, 0], abs=0.03)


def test_naive_tests_find_differences_in_frames_and_refuse_nothing_to_compare():
    rng = np.random.default_rng(1)
    narrow, wide = rng.normal(0, 1, 5000), rng.normal(0.2, 1.2, 5000)
    assert naive_spread_p(narrow, wide) < 1e-6
    assert naive_mean_p(narrow, wide) < 1e-6
    assert naive_slope_p(np.arange(5000.0), narrow + np.arange(5000) / 1000) < 1e-6
    # 2 × 2 table of 10, 90, 20, 80: χ² = 3.9216 with 1 d.f.
    assert naive_shares_p([10, 20], [100, 100]) == pytest.approx(0.04767, abs=1e-4)
    assert naive_spread_p(narrow, np.array([np.nan])) is None
    assert naive_mean_p(np.zeros(5), np.zeros(5)) is None
    assert naive_slope_p(np.zeros(5), narrow[:5]) is None
    assert naive_shares_p([0, 0], [10, 10]) is None
