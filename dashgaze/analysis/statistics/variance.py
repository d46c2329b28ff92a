"""How much of what differs, differs between drivers, between their sessions, and within sessions."""

from dataclasses import dataclass

import numpy as np

from ..contract.finding import FEWEST_SESSIONS, Estimate
from ..contract.study import FloatArray, IndexArray
from .cells import LEAST_CELL_MINUTES, CellTable, groups_of, sums_of
from .comparison import t_quantile

_STARTS = (0.0, 0.05, 0.3, 1.0, 3.0)
_METHOD = "nested model, REML"
_EDGE = 0.005
LEAST_SPLIT = 2
"""Drivers with at least two sessions that it takes to tell drivers from sessions."""


@dataclass(frozen=True, kw_only=True)
class VarianceShares:
    """Shares of the variance; they sum to 1.

    Attributes
    ----------
    drivers, sessions, within
        Between drivers, between sessions of a driver, and between the values of a session. The first two are None
        where they can't be told apart.
    drivers_and_sessions
        The first two together.
    total_variance
        In squared units of the values; None if refused.
    caveats
        What a reader has to know.
    cannot_say
        Why there are none, or why drivers can't be told from sessions; "" if all is said.
    """

    drivers: Estimate | None = None
    sessions: Estimate | None = None
    drivers_and_sessions: Estimate | None = None
    within: Estimate | None = None
    total_variance: float | None = None
    caveats: tuple[str, ...] = ()
    cannot_say: str = ""


def variance_shares(
    cells: CellTable,
    *,
    repeats: int = 199,
    seed: int = 1,
    level: float = 0.95,
    least_minutes: float = LEAST_CELL_MINUTES,
) -> VarianceShares:
    """Split the variance of values between drivers, sessions and within sessions.

    The model is ``y = μ + driver + session + e``, fitted by restricted maximum likelihood. Intervals come from
    a bootstrap of drivers with all their sessions: logit ± t · SD of the draws' logits. Quantiles of draws would
    lie too low, as drivers that are drawn twice do not differ. A share at 0 or 1 has quantiles all the same.

    Parameters
    ----------
    cells
        Several values of each session that are alike but for chance: of minutes or stretches, not of
        different conditions. Their weights don't count, but for `least_minutes`.
    repeats, seed
        Of the bootstrap.
    level
        Coverage of the intervals.
    least_minutes
        Cells with less valid gaze don't count.
    """
    good = cells.usable(least_minutes)
    if good.sessions < FEWEST_SESSIONS:
        return VarianceShares(
            cannot_say=f"There are {good.sessions} sessions with enough valid gaze; at least "
            f"{FEWEST_SESSIONS} are needed to split the variance."
        )
    if good.drivers < 2:
        return VarianceShares(
            cannot_say="There is one driver: how drivers differ can't be told from one."
        )
    if len(good) == good.sessions:
        return VarianceShares(
            cannot_say="Each session has one value: what differs within them can't be told."
        )
    nested = _Nested.of(good)
    split = int(np.count_nonzero(nested.sessions_of_drivers() > 1)) >= LEAST_SPLIT
    parts = nested.fit(split)
    draws = _bootstrap(nested, split, repeats, seed)
    total = float(parts.sum())
    if not total > 0:
        return VarianceShares(cannot_say="All values are the same.")
    tails = np.array([0.5 - level / 2, 0.5 + level / 2])
    few = good.drivers < FEWEST_SESSIONS

    def share(value: float, drawn: FloatArray) -> Estimate:
        low, high = _interval(value, drawn, tails, good.drivers)
        return Estimate(
            value=value,
            low=None if few else low,
            high=None if few else high,
            level=level,
            unit="share",
            method=f"{_METHOD}; bootstrap of {good.drivers} drivers, t on logits",
            sessions=good.sessions,
            drivers=good.drivers,
            descriptive_only=few,
        )

    shares = parts / total
    upper = share(float(shares[0] + shares[1]), draws[:, 0] + draws[:, 1])
    within = share(float(shares[2]), draws[:, 2])
    if not split:
        return VarianceShares(
            drivers_and_sessions=upper,
            within=within,
            total_variance=total,
            cannot_say=f"Fewer than {LEAST_SPLIT} drivers have two sessions: whether drivers differ, or only their "
            "sessions (mount, seat, day), can't be told apart.",
        )
    repeated = int(np.count_nonzero(nested.sessions_of_drivers() > 1))
    return VarianceShares(
        drivers=share(float(shares[0]), draws[:, 0]),
        sessions=share(float(shares[1]), draws[:, 1]),
        drivers_and_sessions=upper,
        within=within,
        total_variance=total,
        caveats=(
            f"{repeated} of {good.drivers} drivers have two sessions or more: only they tell drivers from sessions.",
        ),
    )


def _interval(
    value: float, drawn: FloatArray, tails: FloatArray, drivers: int
) -> tuple[float, float]:
    if not _EDGE < value < 1 - _EDGE:
        low, high = (float(each) for each in np.quantile(drawn, tails))
        return min(low, value), max(high, value)
    inside = drawn.clip(_EDGE, 1 - _EDGE)
    reach = t_quantile(float(tails[1]), drivers - 1) * float(
        np.std(np.log(inside / (1 - inside)), ddof=1)
    )
    middle = np.log(value / (1 - value))
    low, high = (float(1 / (1 + np.exp(-each))) for each in (middle - reach, middle + reach))
    return low, high


@dataclass(frozen=True, kw_only=True, eq=False)
class _Nested:
    """Sessions reduced to what the likelihood needs; arrays of shape (s,) but for `inside`, a sum per session."""

    means: FloatArray
    counts: FloatArray
    inside: FloatArray
    driver: IndexArray

    @classmethod
    def of(cls, cells: CellTable) -> "_Nested":
        _, first, group = np.unique(cells.session_id, return_index=True, return_inverse=True)
        counts = np.bincount(group).astype(np.float64)
        means = sums_of(group, cells.value) / counts
        return cls(
            means=means,
            counts=counts,
            inside=sums_of(group, (cells.value - means[group]) ** 2),
            driver=groups_of(cells.driver_id[first]),
        )

    def sessions_of_drivers(self) -> IndexArray:
        return np.bincount(self.driver)

    def drawn(self, drivers: IndexArray) -> "_Nested":
        """Give the study of some drivers, each place a driver of its own."""
        rows = [np.flatnonzero(self.driver == each) for each in drivers]
        order = np.concatenate(rows)
        return _Nested(
            means=self.means[order],
            counts=self.counts[order],
            inside=self.inside[order],
            driver=np.repeat(np.arange(len(rows)), [len(each) for each in rows]),
        )

    def fit(self, split: bool) -> FloatArray:
        """Give the variances (drivers, sessions, within); without a split all of the first is in the second."""
        from scipy.optimize import minimize

        if not self.inside.sum() > 0 and not np.ptp(self.means) > 0:
            return np.zeros(3)

        # Of the three only two ratios are sought: the residual variance has its best value in closed form.
        def deviance(ratios: FloatArray) -> float:
            return self._profile(float(ratios[0]) if split else 0.0, float(ratios[-1]))[0]

        starts = [(d, s) for d in _STARTS for s in _STARTS] if split else [(s,) for s in _STARTS]
        start = min(starts, key=lambda each: deviance(np.array(each)))
        found = minimize(
            deviance, np.array(start), method="L-BFGS-B", bounds=[(0.0, 1e4)] * len(start)
        )
        best = found.x if found.fun <= deviance(np.array(start)) else np.array(start)
        ratio_d, ratio_s = (float(best[0]) if split else 0.0), float(best[-1])
        within = self._profile(ratio_d, ratio_s)[1]
        return np.array([ratio_d * within, ratio_s * within, within])

    def _profile(self, ratio_d: float, ratio_s: float) -> tuple[float, float]:
        """Give -2 log of the restricted likelihood less a constant, and the residual variance at its best."""
        variance = ratio_s + 1.0 / self.counts
        weights = 1.0 / variance
        total = np.bincount(self.driver, weights=weights)
        middle = np.bincount(self.driver, weights=weights * self.means) / total
        outer = 1.0 / (ratio_d + 1.0 / total)
        mean = outer @ middle / outer.sum()
        squares = (
            self.inside.sum()
            + weights @ (self.means - middle[self.driver]) ** 2
            + outer @ (middle - mean) ** 2
        )
        freedom = float(self.counts.sum()) - 1.0
        residual = max(float(squares) / freedom, 1e-300)
        logs = np.log(variance).sum() + np.log1p(ratio_d * total).sum() + np.log(outer.sum())
        return float(freedom * np.log(residual) + logs), residual


def _bootstrap(nested: _Nested, split: bool, repeats: int, seed: int) -> FloatArray:
    """Give the shares of resampled studies, shape (repeats, 3)."""
    rng = np.random.default_rng(seed)
    drivers = int(nested.driver.max()) + 1
    shares = []
    # A draw without two drivers of several sessions can't be split, and is drawn again.
    for _ in range(20 * repeats):
        drawn = nested.drawn(rng.integers(drivers, size=drivers))
        if split and np.count_nonzero(drawn.sessions_of_drivers() > 1) < LEAST_SPLIT:
            continue
        parts = drawn.fit(split)
        if parts.sum() > 0:
            shares.append(parts / parts.sum())
        if len(shares) == repeats:
            break
    return np.array(shares) if shares else np.full((1, 3), np.nan)
