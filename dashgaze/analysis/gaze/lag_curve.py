"""How gaze goes with the car's turns at each lag, over sessions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..contract.finding import FEWEST_SESSIONS, Estimate
from ..contract.study import FloatArray
from ..statistics.bootstrap import cluster_bootstrap
from .options import GazeOptions
from .session_following import GRID_S, SessionFollowing, lag_grid_s


@dataclass(frozen=True, kw_only=True, eq=False)
class LagCurve:
    """Mean correlation over lags.

    Attributes
    ----------
    lag_s, mean, low, high
        Shape (l,); the interval is that of the mean at each lag.
    lead
        Where the mean is highest, s, with its interval.
    shifted
        Ends of the interval of 95 % of the mean with gaze shifted in time.
    sessions, drivers
        How many.
    """

    lag_s: FloatArray
    mean: FloatArray
    low: FloatArray
    high: FloatArray
    lead: Estimate
    shifted: tuple[float, float]
    sessions: int
    drivers: int


def lag_curve(sessions: Sequence[SessionFollowing], options: GazeOptions) -> LagCurve | None:
    """Average correlations over sessions; None with fewer than five that have bends.

    The band is that of means over drivers that are drawn again, each with all of its sessions.
    """
    kept = [each for each in sessions if np.isfinite(each.correlations).all()]
    if len(kept) < FEWEST_SESSIONS:
        return None
    curves = np.array([each.correlations for each in kept])
    mean = curves.mean(axis=0)
    names = sorted({each.driver_id for each in kept})
    # With few drivers, sessions are drawn instead: it holds for these drivers only then.
    by_driver = len(names) >= FEWEST_SESSIONS
    owner = np.array(
        [names.index(each.driver_id) if by_driver else place for place, each in enumerate(kept)]
    )
    units = int(owner.max()) + 1
    rng = np.random.default_rng([options.seed, 23])
    drawn = rng.integers(0, units, (options.repeats, units))
    weights = np.array([np.bincount(each, minlength=units)[owner] for each in drawn])
    means = weights @ curves / weights.sum(axis=1, keepdims=True)
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    groups: dict[str, list[FloatArray]] = {name: [] for name in names}
    for each in kept:
        groups[each.driver_id].append(each.correlations)
    lead = cluster_bootstrap(
        groups,
        lambda drawn: _peak_s(np.mean(np.array(drawn), axis=0)),
        repeats=options.repeats,
        seed=options.seed,
        unit="s",
    )
    chance = np.percentile(np.mean([each.shifted for each in kept], axis=0), [2.5, 97.5]).tolist()
    return LagCurve(
        lag_s=lag_grid_s(),
        mean=mean,
        low=low,
        high=high,
        lead=replace(lead, method=f"highest mean cross-correlation; {lead.method}"),
        shifted=(chance[0], chance[1]),
        sessions=len(kept),
        drivers=len(names),
    )


def _peak_s(curve: FloatArray) -> float:
    """Give the lag of the highest correlation, by a parabola over the half second around it."""
    lags = lag_grid_s()
    top = int(np.argmax(curve))
    reach = round(0.5 / GRID_S)
    around = slice(max(top - reach, 0), min(top + reach + 1, len(curve)))
    a, b, _ = np.polyfit(lags[around] - lags[top], curve[around], 2).tolist()
    shift = -b / (2 * a) if a < 0 else 0.0
    return float(lags[top] + np.clip(shift, -0.5, 0.5))
