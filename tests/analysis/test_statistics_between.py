"""Comparisons between sessions, and of shares."""

import math

import numpy as np
import pytest

from dashgaze.analysis.statistics import (
    CellTable,
    ShareTable,
    between_sessions,
    compare_shares,
    mean_share,
)
from dashgaze.errors import InputError


def two_arms(a, b):
    rows = [(f"a{n}", f"da{n}", "day", value, 5.0) for n, value in enumerate(a)]
    return CellTable.of(
        rows + [(f"b{n}", f"db{n}", "night", value, 5.0) for n, value in enumerate(b)]
    )


def test_drivers_of_one_arm_each_give_welchs_test():
    a, b = [1.0, 2.0, 3.0, 4.0, 5.0], [4.0, 6.0, 8.0, 10.0, 12.0, 14.0]
    found = between_sessions(two_arms(a, b), "day", "night", log=False)
    # By hand: 9 - 3 = 6; s² / n = 0.5 and 14 / 6; d.f. = (17/6)² / (0.5²/4 + (14/6)²/5) = 6.97.
    assert found.estimate.value == pytest.approx(6.0)
    assert "7.0 d.f." in found.estimate.method
    stats = pytest.importorskip("scipy.stats")
    welch = stats.ttest_ind(b, a, equal_var=False)
    assert found.p == pytest.approx(welch.pvalue, rel=1e-9)
    interval = welch.confidence_interval(0.95)
    assert (found.estimate.low, found.estimate.high) == pytest.approx(tuple(interval))


def test_permutation_of_small_arms_is_near_the_exact_one():
    # Of the 252 ways to part ten values in halves, two are as far apart as these.
    found = between_sessions(
        two_arms(range(5), range(10, 15)), "day", "night", log=False, permutations=9999, seed=2
    )
    assert found.tests[1].p == pytest.approx(2 / 252, abs=0.004)
    assert found.tests[1].repeats == 9999


def test_same_seed_same_permutations():
    cells = two_arms([1.0, 3.0, 2.0, 7.0, 4.0], [2.0, 5.0, 9.0, 3.0, 6.0])
    first, second = (between_sessions(cells, "day", "night", seed=5) for _ in range(2))
    assert first == second


def test_sessions_of_a_driver_are_averaged_before_they_count():
    rows = [(f"a{n}", f"d{n}", "day", 1.0 * n, 5.0) for n in range(5)]
    rows += [(f"b{n}", f"e{n % 3}", "night", 1.0 * n, 5.0) for n in range(6)]
    found = between_sessions(CellTable.of(rows), "day", "night", log=False)
    assert "means of 5 and 3 drivers" in found.estimate.method
    assert (found.estimate.sessions, found.estimate.drivers) == (11, 8)


def test_drivers_with_both_conditions_are_compared_with_themselves():
    rows = [
        (f"s{n}{name}", f"d{n}", name, 10.0 * n + shift + 0.1 * (n % 2), 5.0)
        for n in range(8)
        for name, shift in (("day", 0.0), ("night", 1.0))
    ]
    found = between_sessions(CellTable.of(rows), "day", "night", log=False)
    assert found.estimate.value == pytest.approx(1.0)
    assert found.estimate.high - found.estimate.low < 1e-6
    assert "differences of 8 drivers" in found.estimate.method


def test_both_kinds_of_drivers_are_put_together():
    rng = np.random.default_rng(1)
    rows = []
    for n in range(30):
        level = rng.normal(0, 0.3)
        for name in ("day", "night") if n < 10 else (("day",) if n % 2 else ("night",)):
            shift = 0.5 * (name == "night") + rng.normal(0, 0.1)
            rows.append((f"s{n}{name}", f"d{n}", name, level + shift, 5.0))
    found = between_sessions(CellTable.of(rows), "day", "night", log=False)
    assert "together" in found.estimate.method
    assert found.estimate.low < 0.5 < found.estimate.high
    assert found.estimate.high - found.estimate.low < 0.3


@pytest.mark.parametrize(
    ("b", "said"), [([], "No session under night"), ([math.nan] * 6, "No session under night")]
)
def test_an_empty_arm_is_refused(b, said):
    found = between_sessions(two_arms(range(6), b), "day", "night")
    assert said in found.cannot_say
    assert found.estimate is None


def test_four_sessions_in_an_arm_are_descriptive_only():
    found = between_sessions(two_arms(range(9), range(4)), "day", "night")
    assert found.estimate.descriptive_only
    assert found.estimate.low is None
    assert found.tests == ()
    assert dict(found.details)["day"].sessions == 9


def test_one_driver_in_an_arm_is_descriptive_only():
    rows = [(f"a{n}", f"d{n}", "day", 1.0 * n, 5.0) for n in range(6)]
    rows += [(f"b{n}", "one", "night", 1.0 * n, 5.0) for n in range(6)]
    found = between_sessions(CellTable.of(rows), "day", "night")
    assert found.estimate.descriptive_only
    assert "one driver" in found.estimate.method


def shares_of(*rates, drivers=6, trials=1000):
    return ShareTable.of(
        (f"s{n}", f"d{n}", name, round(rate * trials), trials)
        for n in range(drivers)
        for name, rate in zip(("light", "heavy"), rates, strict=False)
    )


def test_shares_are_compared_by_their_odds_within_sessions():
    found = compare_shares(shares_of(0.1, 0.2), "light", "heavy")
    assert found.estimate.value == pytest.approx((200.5 / 800.5) / (100.5 / 900.5))
    assert found.estimate.unit == "odds ratio"
    assert len(found.tests) == 1


def test_forty_drivers_get_the_generalised_estimating_equation_too():
    rng = np.random.default_rng(2)
    table = ShareTable.of(
        (f"s{n}", f"d{n}", name, rng.binomial(300, rate), 300)
        for n in range(50)
        for name, rate in (("light", 0.1), ("heavy", 0.15))
    )
    found = compare_shares(table, "light", "heavy")
    statsmodels = pytest.importorskip("statsmodels.api")
    fit = statsmodels.GEE(
        np.column_stack([table.hits, table.trials - table.hits]),
        np.column_stack([np.ones(100), table.condition == "heavy"]).astype(float),
        groups=table.driver_id,
        family=statsmodels.families.Binomial(),
    ).fit()
    marginal = dict(found.details)["all fixations together"]
    assert math.log(marginal.value) == pytest.approx(fit.params[1], abs=1e-6)
    assert "GEE" in found.tests[1].null
    reach = math.log(marginal.high / marginal.low) / 2 / 2.0096
    assert reach == pytest.approx(fit.bse[1], rel=0.03)


def test_share_of_a_typical_session_has_an_interval_inside_of_0_and_1():
    found = mean_share(shares_of(0.0, 0.001))
    assert 0 < found.estimate.low <= found.estimate.value <= found.estimate.high < 0.01
    assert found.tests == ()


def test_more_hits_than_trials_are_refused():
    with pytest.raises(InputError, match="more hits than trials"):
        ShareTable.of([("s", "d", "light", 3, 2)])
