"""Ratio of what was observed to what was expected, over sessions nested in drivers."""

import math
from dataclasses import dataclass

import numpy as np

from ..contract.finding import FEWEST_SESSIONS, Estimate, Test
from ..contract.study import FloatArray, TextArray
from .cells import groups_of, sums_of
from .comparison import Comparison, Scale, descriptive, refused, t_p, t_quantile
from .within import FEW_DRIVERS

_NOTHING_EXPECTED = "Too little is expected by chance to compare with."


@dataclass(frozen=True, kw_only=True, eq=False)
class ObservedExpected:
    """What was observed and what was expected of n sessions, on the same scale; arrays of shape (n,).

    Attributes
    ----------
    session_id, driver_id
        Whose; each session once.
    observed, expected
        At least 0.
    """

    session_id: TextArray
    driver_id: TextArray
    observed: FloatArray
    expected: FloatArray

    def __len__(self) -> int:
        return len(self.session_id)

    @property
    def drivers(self) -> int:
        """How many."""
        return len(np.unique(self.driver_id))

    def units(self) -> tuple[FloatArray, FloatArray, bool]:
        """Give observed and expected of drivers (means over their sessions), or of sessions if drivers are fewer than five.

        The flag tells whether they are drivers.
        """
        if self.drivers < FEWEST_SESSIONS:
            return self.observed, self.expected, False
        group = groups_of(self.driver_id)
        count = np.bincount(group).astype(np.float64)
        return sums_of(group, self.observed) / count, sums_of(group, self.expected) / count, True


def ratio_of_sums(
    table: ObservedExpected, *, unit: str = "ratio", level: float = 0.95
) -> Comparison:
    """Give the sum of what was observed over the sum of what was expected, tested against 1.

    Sums, not a mean of ratios: where chance gives little a ratio says little, and its log is off. Under the null
    observed less expected has a mean of 0 in every session, however few its looks. The interval holds all ratios R
    that a t test of observed − R · expected over drivers does not refuse (Fieller 1954, J. R. Stat. Soc. B 16:175), so
    that it and the test never disagree.

    Parameters
    ----------
    table
        Shares of looks, or the like; sessions of a driver count alike, and so do drivers.
    unit
        Of the estimate.
    level
        Coverage of the interval.
    """
    count = len(table)
    if not count or not float(table.expected.sum()) > 0:
        return refused(_NOTHING_EXPECTED if count else "There are no sessions.")
    if count < FEWEST_SESSIONS:
        value = float(table.observed.sum() / table.expected.sum())
        return Comparison(
            estimate=Estimate(
                value=value,
                level=level,
                unit=unit,
                method=descriptive("observed over expected,", count),
                sessions=count,
                drivers=table.drivers,
                descriptive_only=True,
            )
        )
    seen, chance, by_drivers = table.units()
    n = len(seen)
    x, y = float(seen.mean()), float(chance.mean())
    xx, xy, yy = (
        float(np.cov(first, second)[0, 1]) / n
        for first, second in ((seen, seen), (seen, chance), (chance, chance))
    )
    t2 = t_quantile(0.5 + level / 2, n - 1) ** 2
    a, b, c = y * y - t2 * yy, x * y - t2 * xy, x * x - t2 * xx
    if a <= 0:
        return refused(_NOTHING_EXPECTED)
    reach = math.sqrt(max(b * b - a * c, 0.0))
    how = f"t over {'drivers' if by_drivers else 'sessions'} with {n - 1} d.f., Fieller"
    return Comparison(
        estimate=Estimate(
            value=x / y,
            low=max((b - reach) / a, 0.0),
            high=(b + reach) / a,
            level=level,
            unit=unit,
            method=f"sum observed over sum expected; {how}",
            sessions=count,
            drivers=table.drivers,
        ),
        tests=(
            Test(
                p=t_p(x - y, math.sqrt(max(xx - 2 * xy + yy, 0.0)), n - 1),
                null=f"no more and no less than expected ({how})",
            ),
        ),
        caveats=() if by_drivers else (FEW_DRIVERS,),
    )


def ratio_of_ratios(
    first: ObservedExpected,
    second: ObservedExpected,
    *,
    unit: str = "ratio of ratios",
    level: float = 0.95,
) -> Comparison:
    """Give the second ratio of sums over the first one, of the sessions that have both.

    Its log has a jackknife error over drivers (over sessions, if drivers are fewer than five), and t.

    Parameters
    ----------
    first, second
        Under two conditions.
    unit, level
        As of `ratio_of_sums`.
    """
    _, at_first, at_second = np.intersect1d(
        first.session_id, second.session_id, assume_unique=True, return_indices=True
    )
    tables = [_only(first, at_first), _only(second, at_second)]
    if not len(at_first):
        return refused("No session has enough of both.")
    parts = [part for table in tables for part in table.units()[:2]]
    by_drivers = tables[0].units()[2]
    units = np.stack(parts)
    value = _log_ratio_of_ratios(units.sum(axis=1))
    if not math.isfinite(value):
        return refused(_NOTHING_EXPECTED)
    scale = Scale(log=True, unit=unit, level=level)
    people, count = tables[0].drivers, len(at_first)
    n = units.shape[1]
    left = np.array([_log_ratio_of_ratios(units.sum(axis=1) - units[:, k]) for k in range(n)])
    if count < FEWEST_SESSIONS or not np.isfinite(left).all():
        return Comparison(
            estimate=scale.estimate(
                value,
                None,
                None,
                method=descriptive("ratio of ratios,", count),
                sessions=count,
                drivers=people,
            )
        )
    error = math.sqrt((n - 1) / n * float(((left - left.mean()) ** 2).sum()))
    how = f"t over {'drivers' if by_drivers else 'sessions'} with {n - 1} d.f., jackknife"
    return Comparison(
        estimate=scale.estimate(
            value,
            error,
            n - 1,
            method=f"ratio of two sums observed over sums expected; {how}",
            sessions=count,
            drivers=people,
        ),
        tests=(Test(p=t_p(value, error, n - 1), null=f"both ratios are the same ({how})"),),
        caveats=() if by_drivers else (FEW_DRIVERS,),
    )


def _only(table: ObservedExpected, rows: np.ndarray) -> ObservedExpected:
    return ObservedExpected(
        session_id=table.session_id[rows],
        driver_id=table.driver_id[rows],
        observed=table.observed[rows],
        expected=table.expected[rows],
    )


def _log_ratio_of_ratios(sums: FloatArray) -> float:
    """Of sums observed and expected under the first condition, and under the second; NaN if one is none."""
    if not (sums > 0).all():
        return float("nan")
    seen_a, chance_a, seen_b, chance_b = np.log(sums).tolist()
    return float(seen_b - chance_b - seen_a + chance_a)
