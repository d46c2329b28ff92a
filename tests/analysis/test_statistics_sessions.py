"""Means, slopes and differences within sessions, against numbers worked out by hand."""

import math

import numpy as np
import pytest

from dashgaze.analysis.statistics import CellTable, mean_of_sessions, slope, within_sessions
from dashgaze.analysis.statistics.nested_mean import nested_mean
from dashgaze.errors import InputError

T_4 = 2.7764451


def one_each(values, condition="day"):
    return CellTable.of((f"s{n}", f"d{n}", condition, value, 5.0) for n, value in enumerate(values))


def test_one_session_a_driver_is_the_textbook_t_interval():
    found = mean_of_sessions(one_each([1.0, 2.0, 3.0, 4.0, 5.0]), unit="deg")
    reach = T_4 * math.sqrt(2.5 / 5)
    assert found.estimate.value == pytest.approx(3.0)
    assert found.estimate.low == pytest.approx(3.0 - reach, abs=1e-6)
    assert found.estimate.high == pytest.approx(3.0 + reach, abs=1e-6)
    # t = 3 / √½ = 4.2426 with 4 d.f.
    assert found.p == pytest.approx(0.013236, abs=1e-5)
    assert (found.estimate.sessions, found.estimate.drivers) == (5, 5)


def test_mean_is_tested_against_the_null_that_is_given():
    found = mean_of_sessions(one_each([1.0, 2.0, 3.0, 4.0, 5.0]), null=3.0)
    assert found.estimate.value == pytest.approx(3.0)
    assert found.p == pytest.approx(1.0)


def test_logs_are_shown_as_ratios():
    found = mean_of_sessions(one_each(np.log([1.0, 2.0, 4.0, 8.0, 16.0])), log=True)
    assert found.estimate.value == pytest.approx(4.0)
    assert found.estimate.low * found.estimate.high == pytest.approx(16.0)


def test_cells_of_a_session_are_averaged_by_their_minutes():
    rows = [("s0", "d0", "day", 1.0, 1.0), ("s0", "d0", "day", 5.0, 3.0)]
    assert CellTable.of(rows).by_session().value == pytest.approx([4.0])


def test_paired_difference_is_the_textbook_paired_t():
    a, b = [5.0, 6.0, 7.0, 8.0, 9.0], [6.0, 8.0, 10.0, 12.0, 14.0]
    rows = [
        (f"s{n}", f"d{n}", name, value, 2.0)
        for name, values in (("a", a), ("b", b))
        for n, value in enumerate(values)
    ]
    found = within_sessions(CellTable.of(rows), "a", "b", log=False)
    assert found.estimate.value == pytest.approx(3.0)
    assert found.p == pytest.approx(0.013236, abs=1e-5)


def test_sessions_that_lack_a_condition_do_not_count():
    rows = [(f"s{n}", f"d{n}", name, 1.0 * n, 2.0) for n in range(6) for name in ("a", "b")]
    rows += [("s9", "d9", "a", 100.0, 2.0), ("s8", "d8", "b", -100.0, 2.0)]
    rows += [("s7", "d7", "a", 50.0, 2.0), ("s7", "d7", "b", 90.0, 0.2)]
    found = within_sessions(CellTable.of(rows), "a", "b", log=False)
    assert found.estimate.sessions == 6
    assert found.estimate.value == pytest.approx(0.0)


def test_a_driver_with_many_sessions_does_not_count_as_many_people():
    rng = np.random.default_rng(3)
    people = rng.normal(0.0, 1.0, 6)
    rows = [(f"s{n}", "d0", 0.0, 3.0 + 0.01 * n, 5.0) for n in range(40)]
    rows += [(f"t{n}", f"d{n + 1}", 0.0, value, 5.0) for n, value in enumerate(people)]
    found = mean_of_sessions(CellTable.of(rows))
    pooled = np.mean([row[3] for row in rows])
    assert abs(found.estimate.value - np.mean([3.2, *people])) < abs(found.estimate.value - pooled)
    assert "6 d.f." in found.estimate.method


def test_slope_is_exact_where_sessions_differ_in_level_only():
    rows = [
        (f"s{n}", f"d{n}", x, 10.0 * n - 0.18 * x, 2.0) for n in range(6) for x in (0.5, 1.0, 2.0)
    ]
    found = slope(CellTable.of(rows))
    assert found.estimate.value == pytest.approx(math.exp(-0.18))
    assert found.estimate.low == pytest.approx(math.exp(-0.18))


def test_slope_is_not_that_between_sessions():
    # Sessions with larger x have larger values; within each, values fall.
    rows = [
        (f"s{n}", f"d{n}", n + x, 5.0 * n - 1.0 * x + 0.001 * ((7 * n + 3) % 5), 2.0)
        for n in range(8)
        for x in (0.0, 0.5, 1.0)
    ]
    assert slope(CellTable.of(rows), log=False).estimate.value == pytest.approx(-1.0, abs=0.01)


def test_slope_agrees_with_a_mixed_model_of_statsmodels():
    statsmodels = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(8)
    x = np.tile([-1.5, -0.5, 0.5, 1.5], 40)
    session = np.repeat(np.arange(40), 4)
    y = (-0.2 + rng.normal(0, 0.15, 40))[session] * x + rng.normal(0, 0.1, 160)
    cells = CellTable.of(
        (f"s{s:02d}", f"d{s:02d}", a, b, 3.0) for s, a, b in zip(session, x, y, strict=True)
    )
    found = slope(cells, log=False)
    # Values around the sessions' own means, so that only slopes differ.
    around = y - (np.bincount(session, weights=y) / 4)[session]
    fit = statsmodels.MixedLM(around, x[:, None], groups=session, exog_re=x[:, None]).fit(reml=True)
    assert found.estimate.value == pytest.approx(float(fit.fe_params[0]), abs=1e-4)
    reach = (found.estimate.high - found.estimate.low) / 2
    assert reach / 2.0227 == pytest.approx(float(fit.bse_fe[0]), rel=0.05)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: mean_of_sessions(CellTable.of([])), "No session has enough"),
        (lambda: within_sessions(one_each([1.0] * 6), "day", "night"), "both under day and night"),
        (lambda: slope(CellTable.of([("s", "d", 1.0, 1.0, 2.0)] * 2)), "two values"),
        (lambda: mean_of_sessions(one_each([math.nan] * 9)), "No session has enough"),
    ],
)
def test_what_can_not_be_compared_says_why(made, said):
    found = made()
    assert found.estimate is None
    assert found.p is None
    assert said in found.cannot_say
    assert said in found.finding("key", "Why?").cannot_say


def test_four_sessions_are_descriptive_only():
    found = mean_of_sessions(one_each([1.0, 2.0, 3.0, 4.0]))
    assert found.estimate.value == pytest.approx(2.5)
    assert found.estimate.descriptive_only
    assert found.estimate.low is None
    assert found.tests == ()


def test_sessions_of_few_drivers_speak_of_these_drivers_only():
    rows = [(f"s{n}", f"d{n % 2}", 0.0, 1.0 * n, 5.0) for n in range(8)]
    found = mean_of_sessions(CellTable.of(rows))
    assert "over sessions with 7 d.f." in found.estimate.method
    assert "these drivers only" in found.caveats[0]


def test_values_that_are_all_the_same_have_no_scatter():
    found = nested_mean(np.full(6, 2.0), np.array(list("abcdef")))
    assert (found.value, found.error) == (2.0, 0.0)


def test_variances_of_drivers_and_sessions_are_recovered():
    rng = np.random.default_rng(4)
    drivers = np.repeat(np.arange(300), 3)
    values = rng.normal(0, 0.3, 300)[drivers] + rng.normal(0, 0.2, 900)
    found = nested_mean(values, drivers.astype(str))
    assert found.between_drivers == pytest.approx(0.09, rel=0.15)
    assert found.between_sessions == pytest.approx(0.04, rel=0.15)


def test_tables_that_contradict_themselves_are_refused():
    with pytest.raises(InputError, match="two drivers"):
        CellTable.of([("s", "d1", "a", 1.0, 1.0), ("s", "d2", "a", 1.0, 1.0)])
    with pytest.raises(InputError, match="different lengths"):
        CellTable(
            session_id=np.array(["s"]),
            driver_id=np.array(["d"]),
            condition=np.array([1.0, 2.0]),
            value=np.array([1.0]),
            weight=np.array([1.0]),
        )
