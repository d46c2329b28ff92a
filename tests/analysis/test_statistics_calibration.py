"""Rates of false findings in small made-up studies; scripts/calibrate_tests.py does the same with simulated drives."""

import numpy as np
import pytest

from dashgaze.analysis.statistics import (
    CellTable,
    between_sessions,
    mean_of_sessions,
    naive_mean_p,
    slope,
    within_sessions,
)

STUDIES = 200
# 200 draws of 5 %: 99.8 % of studies lie within.
BAND = (0.01, 0.105)
DASHGAZE_LIKE = [0] * 5 + list(range(1, 22))


def rates(p_of, seed):
    rng = np.random.default_rng(seed)
    return float(np.mean([p_of(rng) < 0.05 for _ in range(STUDIES)]))


def made(rng, owners, conditions, *, slope_sd=0.0):
    """Values with differences between drivers (0.2), sessions (0.15) and cells (0.05 / √minutes)."""
    drivers = 0.2 * rng.normal(size=max(owners) + 1)
    tilts = slope_sd * rng.normal(size=max(owners) + 1)
    rows = []
    for number, owner in enumerate(owners):
        level = drivers[owner] + 0.15 * rng.normal()
        tilt = tilts[owner] + slope_sd * rng.normal()
        for x in conditions(rng, number):
            minutes = rng.uniform(1, 5)
            tilted = tilt * x if isinstance(x, float) else 0.0
            value = level + tilted + 0.05 * rng.normal() / np.sqrt(minutes)
            rows.append((f"s{number:02d}", f"d{owner:02d}", x, value, minutes))
    return CellTable.of(rows)


def one_light(rng, number):
    # Of the driver with five sessions two are at night, as in DashGaze.
    return ["night" if (number % 5 in (1, 2) and number < 10) or number > 22 else "day"]


def some_speeds(rng, number):
    return [float(x) for x in (0.3, 0.8, 1.3, 1.8) if rng.random() < 0.7]


def test_lighting_contrasts_of_dashgaze_like_studies_hold_their_level():
    rate = rates(
        lambda rng: (
            between_sessions(made(rng, DASHGAZE_LIKE, one_light), "day", "night", permutations=0).p
        ),
        1,
    )
    assert BAND[0] <= rate <= BAND[1]


@pytest.mark.parametrize("owners", [DASHGAZE_LIKE, [n % 6 for n in range(24)]])
def test_slopes_that_differ_between_drivers_and_sessions_hold_their_level(owners):
    rate = rates(lambda rng: slope(made(rng, owners, some_speeds, slope_sd=0.1)).p, 2)
    assert BAND[0] <= rate <= BAND[1]


def test_paired_contrasts_hold_their_level():
    rate = rates(
        lambda rng: (
            within_sessions(
                made(rng, DASHGAZE_LIKE, lambda *_: [0.0, 1.0], slope_sd=0.1), 0.0, 1.0
            ).p
        ),
        3,
    )
    assert BAND[0] <= rate <= BAND[1]


def test_means_over_drivers_with_many_sessions_hold_their_level():
    owners = [0] * 10 + [1] * 6 + list(range(2, 9))
    rate = rates(lambda rng: mean_of_sessions(made(rng, owners, lambda *_: [0.0])).p, 4)
    assert BAND[0] <= rate <= BAND[1]


@pytest.mark.parametrize("both", [6, 20])
def test_drivers_under_both_conditions_hold_their_level(both):
    owners = [*range(both), *range(both), *range(both, 24)]

    def light(rng, number):
        return ["night" if number < both or number % 2 else "day"]

    rate = rates(
        lambda rng: between_sessions(made(rng, owners, light), "day", "night", permutations=0).p, 5
    )
    assert BAND[0] <= rate <= BAND[1]


def test_sessions_of_few_people_taken_for_people_find_what_is_not_there():
    def naive(rng):
        cells = made(
            rng, [n % 4 for n in range(24)], lambda _, n: ["night" if n % 4 < 2 else "day"]
        )
        return naive_mean_p(cells.under("day").value, cells.under("night").value)

    assert rates(naive, 6) > 0.15
