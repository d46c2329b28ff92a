"""Levene's test without copies of all frames is scipy's."""

import warnings

import numpy as np
import pytest
from scipy.stats import levene

from dashgaze.analysis.statistics.naive import naive_spread_p


@pytest.mark.parametrize("case", range(30))
def test_p_is_that_of_scipy_to_the_last_bit(case):
    rng = np.random.default_rng(case)
    groups = [
        rng.normal(0, 1 + 0.02 * number * (case % 3), rng.integers(2, 30 if case % 4 else 5000))
        for number in range(rng.integers(2, 6))
    ]
    expected = float(levene(*groups, center="median").pvalue)
    before = [each.copy() for each in groups]
    assert naive_spread_p(*groups) == expected
    assert all(map(np.array_equal, groups, before))
    groups[0] = np.append(groups[0], [np.nan, np.inf])
    assert naive_spread_p(*groups) == expected


def test_groups_that_do_not_vary_are_told_apart_only_if_they_differ():
    ones = np.ones(5)
    assert naive_spread_p(ones, np.ones(4)) is None
    assert naive_spread_p(ones, 2 * ones) is None, "their medians differ, their spread does not"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = float(levene(ones, [1.0, 2.0]).pvalue)
    assert naive_spread_p(ones, np.array([1.0, 2.0])) == expected == 0.0
    assert naive_spread_p(np.array([0.0, 1.0]), np.array([3.0, 4.0])) is None


def test_too_little_says_nothing():
    assert naive_spread_p(np.array([1.0, 2.0])) is None
    assert naive_spread_p(np.array([1.0, 2.0]), np.array([1.0, np.nan])) is None
