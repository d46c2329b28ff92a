"""Shares, such as that of fixations on other road users, compared between and within sessions."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dashgaze.errors import InputError

from ..contract.finding import FEWEST_SESSIONS, Estimate, Test
from ..contract.study import BoolArray, FloatArray, TextArray
from .between import between_sessions
from .cells import CellTable, groups_of, sums_of
from .comparison import Comparison, Scale, refused, t_p
from .within import mean_of_sessions, within_sessions

LEAST_TRIALS = 30
"""Fixations below which a cell says too little of a share."""

GEE_CLUSTERS = 40
"""Drivers from which on the sandwich error of a GEE can be trusted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ShareTable:
    """Counts of n cells; arrays of shape (n,).

    Attributes
    ----------
    session_id, driver_id, condition
        As of a `CellTable`.
    hits, trials
        How many of how many. Trials are fixations, never frames: frames of one fixation are one look.
    """

    session_id: TextArray
    driver_id: TextArray
    condition: TextArray | FloatArray
    hits: FloatArray
    trials: FloatArray

    def __post_init__(self) -> None:
        if not ((self.hits >= 0) & (self.hits <= self.trials)).all():
            raise InputError(
                "A table of shares has more hits than trials, or fewer than none.",
                fix="Count hits among the trials of the same cell.",
            )

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str | float, float, float]]) -> "ShareTable":
        """Make a table of rows (session_id, driver_id, condition, hits, trials)."""
        cells = CellTable.of(rows)
        return cls(
            session_id=cells.session_id,
            driver_id=cells.driver_id,
            condition=cells.condition,
            hits=cells.value,
            trials=cells.weight,
        )

    def logits(self) -> CellTable:
        """Give log((hits + ½) / (trials - hits + ½)), weighted by trials.

        The halves keep it finite without hits, and take away most of its bias (Haldane 1956, Ann. Hum. Genet. 20:309).
        """
        return CellTable(
            session_id=self.session_id,
            driver_id=self.driver_id,
            condition=self.condition,
            value=np.log((self.hits + 0.5) / (self.trials - self.hits + 0.5)),
            weight=self.trials,
        )


def mean_share(
    table: ShareTable, *, level: float = 0.95, least_trials: float = LEAST_TRIALS
) -> Comparison:
    """Give the share of a typical session: mean of logits over sessions (see `nested_mean`), as a share.

    There is no test: a share has no null of its own.

    Parameters
    ----------
    table
        Cells of one session count together.
    level
        Coverage of the interval.
    least_trials
        Sessions with fewer don't count.
    """
    found = mean_of_sessions(
        _by_session(table).logits(), log=True, level=level, least_minutes=least_trials
    )
    if found.estimate is None:
        return refused("No session has enough fixations.")
    odds = found.estimate
    return Comparison(
        estimate=Estimate(
            value=_share(odds.value),
            low=_share(odds.low),
            high=_share(odds.high),
            level=level,
            unit="share",
            method=odds.method + ", on logits",
            sessions=odds.sessions,
            drivers=odds.drivers,
            descriptive_only=odds.descriptive_only,
        ),
        caveats=found.caveats,
    )


def compare_shares(
    table: ShareTable,
    a: str | float,
    b: str | float,
    *,
    level: float = 0.95,
    least_trials: float = LEAST_TRIALS,
    naive_p: float | None = None,
) -> Comparison:
    """Give the odds ratio of two conditions, b over a.

    If at least five sessions have both, they are compared within sessions; else between sessions. The unit
    is the session's logit at any number of sessions. With at least 40 drivers a second test is that
    of a GEE (binomial, independence, sandwich error by drivers), whose odds are those of all
    fixations together; with fewer its error is too small, and it is left out.

    Parameters
    ----------
    table
        Counts.
    a, b
        The conditions.
    level, naive_p
        As of `mean_of_sessions`.
    least_trials
        Cells with fewer don't count.
    """
    cells = table.logits()
    enough = cells.usable(least_trials)
    both = np.intersect1d(enough.under(a).session_id, enough.under(b).session_id)
    if len(both) >= FEWEST_SESSIONS:
        found = within_sessions(
            cells,
            a,
            b,
            unit="odds ratio",
            level=level,
            least_minutes=least_trials,
            naive_p=naive_p,
        )
    else:
        found = between_sessions(
            cells,
            a,
            b,
            unit="odds ratio",
            level=level,
            least_minutes=least_trials,
            naive_p=naive_p,
        )
    marginal = _gee(table, a, b, level)
    if marginal is None or not found.tests:
        return found
    return Comparison(
        estimate=found.estimate,
        tests=(*found.tests, marginal[1]),
        naive_p=naive_p,
        details=(*found.details, ("all fixations together", marginal[0])),
        caveats=found.caveats,
    )


def _gee(
    table: ShareTable, a: str | float, b: str | float, level: float
) -> tuple[Estimate, Test] | None:
    """Give the odds ratio of summed counts, with the sandwich error over drivers; None if they are few.

    For two conditions and an independence working correlation the GEE has a solution in closed form: the
    shares of summed counts. A driver's influence on its log odds ratio is the sum of
    ± (hits - p · trials) / (N p (1 - p)).
    """
    kept: BoolArray = np.isin(table.condition, (a, b)) & (table.trials > 0)
    group = groups_of(table.driver_id[kept])
    drivers = int(group.max()) + 1 if len(group) else 0
    if drivers < GEE_CLUSTERS:
        return None
    second = table.condition[kept] == b
    hits, trials = table.hits[kept], table.trials[kept]
    influence = np.zeros(drivers)
    value = 0.0
    for sign, rows in ((-1.0, ~second), (1.0, second)):
        total, all_hits = float(trials[rows].sum()), float(hits[rows].sum())
        if not 0 < all_hits < total:
            return None
        share = all_hits / total
        value += sign * float(np.log(share / (1 - share)))
        scores = sign * (hits[rows] - share * trials[rows]) / (total * share * (1 - share))
        influence += np.bincount(group[rows], weights=scores, minlength=drivers)
    error = float(np.sqrt((influence**2).sum() * drivers / (drivers - 1)))
    method = f"GEE, binomial, sandwich error over {drivers} drivers"
    estimate = Scale(log=True, unit="odds ratio", level=level).estimate(
        value,
        error,
        drivers - 1,
        method=method,
        sessions=len(np.unique(table.session_id[kept])),
        drivers=drivers,
    )
    return estimate, Test(p=t_p(value, error, drivers - 1), null=f"no difference ({method})")


def _by_session(table: ShareTable) -> ShareTable:
    _, first, group = np.unique(table.session_id, return_index=True, return_inverse=True)
    return ShareTable(
        session_id=table.session_id[first],
        driver_id=table.driver_id[first],
        condition=table.condition[first],
        hits=sums_of(group, table.hits),
        trials=sums_of(group, table.trials),
    )


def _share(odds: float | None) -> float | None:
    return None if odds is None else odds / (1.0 + odds)
