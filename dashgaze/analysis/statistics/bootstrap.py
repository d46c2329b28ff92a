"""Intervals by resampling: drivers first, then the sessions of each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeVar

import numpy as np

from dashgaze.errors import InputError

from ..contract.finding import FEWEST_SESSIONS, Estimate
from ..contract.study import FloatArray
from .comparison import t_quantile

Item = TypeVar("Item")
BootstrapMethod = Literal["bca", "t", "percentile"]

FEW_DRIVERS = 16
"""Below this quantiles of resampled statistics are too near together; an interval of Student's t is used."""


def cluster_bootstrap(
    groups: Mapping[str, Sequence[Item]],
    statistic: Callable[[Sequence[Item]], float],
    *,
    repeats: int = 999,
    seed: int = 1,
    method: BootstrapMethod | None = None,
    level: float = 0.95,
    unit: str = "",
) -> Estimate:
    """Give an interval of any statistic of the sessions.

    Each repeat draws as many drivers as there are, with replacement, and then as many sessions of each as
    he has. What is nested is a little overstated by that, never understated.

    Parameters
    ----------
    groups
        Sessions (whatever `statistic` takes: arrays, numbers, names) of each driver.
    statistic
        Of a list of sessions, in which some stand several times.
    repeats, seed
        Of the draws.
    method
        ``bca``: quantiles, corrected for bias and skew, the skew by leaving out each driver. ``t``: the
        statistic ± t · SD of the draws, with drivers - 1 degrees of freedom. ``percentile``: plain quantiles,
        which are too near together for few drivers. None: ``t`` below 16 drivers, else ``bca``.
    level
        Coverage.
    unit
        Of the statistic.

    Returns
    -------
    The statistic of all sessions. Without an interval, and `descriptive_only`, for fewer than five drivers with
    sessions, or if most draws have no statistic.

    Raises
    ------
    InputError
        If there is no session at all.

    References
    ----------
    Efron 1987, J. Am. Stat. Assoc. 82:171; Davison & Hinkley 1997, ch. 3.8.
    """
    drivers = [list(sessions) for _, sessions in sorted(groups.items()) if len(sessions)]
    if not drivers:
        raise InputError("There is no session to be resampled.", fix="Give at least one.")
    everything = [each for sessions in drivers for each in sessions]
    value = float(statistic(everything))
    chosen = method or ("t" if len(drivers) < FEW_DRIVERS else "bca")

    def without_interval(why: str) -> Estimate:
        return Estimate(
            value=shown,
            level=level,
            unit=unit,
            method=f"descriptive only: {why}",
            sessions=len(everything),
            drivers=len(drivers),
            descriptive_only=True,
        )

    shown = value if np.isfinite(value) else None
    if len(drivers) < FEWEST_SESSIONS or shown is None:
        return without_interval(f"{len(drivers)} of at least {FEWEST_SESSIONS} drivers")
    draws = _draws(drivers, statistic, repeats, seed)
    if len(draws) < max(20, repeats // 2):
        return without_interval("most resampled studies have no such statistic")
    tails = np.array([0.5 - level / 2, 0.5 + level / 2])
    if chosen == "t":
        reach = t_quantile(float(tails[1]), len(drivers) - 1) * float(np.std(draws, ddof=1))
        low, high = value - reach, value + reach
    else:
        if chosen == "bca":
            left_out = [
                float(
                    statistic([each for sessions in _without(drivers, place) for each in sessions])
                )
                for place in range(len(drivers))
            ]
            tails = _bca_tails(tails, value, draws, np.array(left_out))
        low, high = (float(each) for each in np.quantile(draws, tails))
    return Estimate(
        value=value,
        low=low,
        high=high,
        level=level,
        unit=unit,
        method=f"cluster bootstrap of drivers and their sessions, {chosen}, {len(draws)} draws",
        sessions=len(everything),
        drivers=len(drivers),
    )


def _draws(
    drivers: list[list[Item]], statistic: Callable[[Sequence[Item]], float], repeats: int, seed: int
) -> FloatArray:
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(repeats):
        drawn: list[Item] = []
        for place in rng.integers(len(drivers), size=len(drivers)):
            sessions = drivers[place]
            drawn += [sessions[each] for each in rng.integers(len(sessions), size=len(sessions))]
        values.append(float(statistic(drawn)))
    found = np.array(values)
    return np.asarray(found[np.isfinite(found)], dtype=np.float64)


def _without(drivers: list[list[Item]], place: int) -> list[list[Item]]:
    return drivers[:place] + drivers[place + 1 :]


def _bca_tails(
    tails: FloatArray, value: float, draws: FloatArray, left_out: FloatArray
) -> FloatArray:
    """Move the tails by bias z0 and acceleration a: Φ(z0 + (z0 + z) / (1 - a (z0 + z)))."""
    from scipy.special import ndtr, ndtri

    below = np.mean(draws < value) + np.mean(draws == value) / 2
    # A statistic outside of all its draws has no finite bias.
    bias = float(ndtri(np.clip(below, 0.5 / len(draws), 1 - 0.5 / len(draws))))
    known = left_out[np.isfinite(left_out)]
    gaps = known.mean() - known
    squares = float((gaps**2).sum())
    skew = float((gaps**3).sum()) / (6 * squares**1.5) if squares > 0 else 0.0
    moved = bias + ndtri(tails)
    return np.asarray(ndtr(bias + moved / (1 - skew * moved)), dtype=np.float64)
