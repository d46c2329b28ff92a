"""Tests by shifts in time."""

import numpy as np
import pytest

from dashgaze.analysis.statistics import circular_shift_test, pooled_shift_test
from dashgaze.errors import InputError

RATE_HZ = 5


def slow_track(rng, minutes=10.0, correlated_s=3.0):
    count = round(minutes * 60 * RATE_HZ)
    noise = rng.normal(size=count)
    kept = np.exp(-1 / (correlated_s * RATE_HZ))
    from scipy.signal import lfilter

    return lfilter([1.0], [1.0, -kept], noise)


def correlation(a, b):
    return float(np.corrcoef(a, b)[0, 1])


def shift_test(rng, *, coupled=0.0, repeats=99, minutes=10.0, seed=1):
    condition = slow_track(rng, minutes)
    track = slow_track(rng, minutes) + coupled * condition
    time_s = np.arange(len(track)) / RATE_HZ
    return circular_shift_test(
        track, condition, correlation, time_s=time_s, repeats=repeats, seed=seed
    )


def test_what_goes_together_is_found():
    found = shift_test(np.random.default_rng(1), coupled=1.0)
    assert found.observed == pytest.approx(0.7, abs=0.15)
    assert abs(found.chance) < 0.05
    assert found.z > 5
    assert found.test.p == pytest.approx(1 / 100)


def test_statistic_of_equal_tracks_is_compared_with_all_shifts_in_the_allowed_range():
    seen = []
    track = np.arange(1000)

    def statistic(_, condition):
        seen.append(int(condition[0]))
        return float(condition[0])

    circular_shift_test(
        track, track, statistic, time_s=track / RATE_HZ, min_shift_s=30.0, repeats=2000
    )
    shifts = {(1000 - first) % 1000 for first in seen[1:]}
    assert min(shifts) >= 30 * RATE_HZ
    assert max(shifts) <= 1000 - 30 * RATE_HZ
    assert len(shifts) > 600


def test_false_positives_of_unrelated_slow_tracks_stay_near_five_percent():
    rng = np.random.default_rng(2)
    p = [shift_test(rng, repeats=39, minutes=6.0, seed=n).test.p for n in range(200)]
    # 200 draws of 5 %: 99.9 % of studies lie within.
    assert 0.01 <= np.mean(np.array(p) <= 0.05) <= 0.11


def test_frames_taken_for_independent_find_something_in_most_of_these_tracks():
    from scipy.stats import pearsonr

    rng = np.random.default_rng(2)
    p = [pearsonr(slow_track(rng), slow_track(rng)).pvalue for _ in range(60)]
    assert np.mean(np.array(p) <= 0.05) > 0.4


def test_short_sessions_are_refused_with_the_reason():
    found = shift_test(np.random.default_rng(1), minutes=1.9)
    assert "114 s long" in found.cannot_say
    assert "120 s" in found.cannot_say
    assert found.test.p is None


def test_a_statistic_that_is_not_there_is_refused():
    track = np.full(3000, np.nan)
    found = circular_shift_test(
        track, track, lambda a, _: float(a[0]), time_s=np.arange(3000) / RATE_HZ
    )
    assert "can't be computed" in found.cannot_say


def test_sessions_together_find_what_one_does_not():
    rng = np.random.default_rng(5)
    tests = [shift_test(rng, coupled=0.08, seed=n) for n in range(12)]
    names = [f"s{n}" for n in range(12)]
    found = pooled_shift_test(tests, names, names)
    assert found.estimate.low > 0
    assert found.estimate.value == pytest.approx(0.08, abs=0.04)
    assert found.tests[1].repeats == 99
    assert found.tests[1].p <= 0.05


def test_pooling_leaves_out_short_sessions_and_says_so():
    rng = np.random.default_rng(5)
    tests = [shift_test(rng, seed=n, repeats=39) for n in range(6)]
    names = [f"s{n}" for n in range(7)]
    found = pooled_shift_test([*tests, shift_test(rng, minutes=1.0)], names, names)
    assert found.estimate.sessions == 6
    assert "1 of" in found.caveats[-1]


def test_pooling_only_refusals_refuses():
    short = shift_test(np.random.default_rng(1), minutes=1.0)
    assert "60 s long" in pooled_shift_test([short], ["s"], ["d"]).cannot_say
    assert pooled_shift_test([], [], []).cannot_say == "There are no sessions."


def test_same_seed_same_shifts():
    first, second = (shift_test(np.random.default_rng(1), seed=3) for _ in range(2))
    assert (first.shifted == second.shifted).all()


def test_tracks_of_different_lengths_are_refused():
    with pytest.raises(InputError, match="3 and 2 rows"):
        circular_shift_test(np.zeros(3), np.zeros(2), correlation, time_s=np.zeros(3))
