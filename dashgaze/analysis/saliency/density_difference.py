"""Where two densities of gaze differ for certain: a bootstrap of drivers and sessions over all cells at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..contract.finding import FEWEST_SESSIONS
from ..contract.study import BoolArray, FloatArray
from ..statistics.comparison import t_quantile
from .condition_density import SessionDensity, mean_density

_LEAST_ERROR = 0.05
"""Errors of cells are not taken below this share of the largest one: in empty cells they are near 0 by chance."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DensityDifference:
    """Second arm less the first one.

    Attributes
    ----------
    mass
        Difference of the share of gaze in each cell, shape (cells,).
    certain
        Cells that differ, with 5 % chance of a single wrong one among all, shape (cells,); None with too few
        sessions or drivers to tell.
    p
        Chance of so large a difference in any cell, if there is none; None as `certain`.
    moved
        Share of gaze that lies elsewhere: half the summed differences. Never below 0, so above it by chance.
    sessions, drivers
        Of both arms together.
    arms
        Sessions of each arm.
    repeats
        Draws.
    """

    mass: FloatArray
    certain: BoolArray | None
    p: float | None
    moved: float
    sessions: int
    drivers: int
    arms: tuple[int, int]
    repeats: int


def density_difference(
    first: Sequence[SessionDensity],
    second: Sequence[SessionDensity],
    *,
    repeats: int = 499,
    seed: int = 1,
) -> DensityDifference:
    """Compare two conditions cell by cell.

    Drivers are drawn with replacement, then as many sessions of each as there are; a session under both
    conditions is drawn for both, so that what differs between sessions falls out. Differences of draws from the whole,
    over their standard deviation, give the limit that the largest one of all cells stays within in 95 % of draws; it
    is widened as Student's t is for so many drivers.

    Parameters
    ----------
    first, second
        Sessions of each arm, at least one each.
    repeats, seed
        Of the draws.
    """
    mass = mean_density(second) - mean_density(first)
    owners = {each.session_id: each.driver_id for each in (*first, *second)}
    drivers = sorted(set(owners.values()))
    arms = (len(first), len(second))
    certain: BoolArray | None = None
    p: float | None = None
    if min(arms) >= FEWEST_SESSIONS and _fewest_drivers(first, second) >= FEWEST_SESSIONS:
        away = _draws(first, second, owners, repeats, seed) - mass
        error = np.sqrt((away**2).mean(axis=0))
        error = np.maximum(error, max(_LEAST_ERROR * float(error.max()), 1e-12))
        largest = np.abs(away / error).max(axis=1)
        people = _fewest_drivers(first, second)
        wider = t_quantile(0.975, people - 1) / t_quantile(0.975, 1e6)
        seen = np.abs(mass) / error / wider
        certain = np.asarray(seen > np.quantile(largest, 0.95), dtype=np.bool_)
        p = (1 + int((largest >= float(seen.max())).sum())) / (1 + len(largest))
    return DensityDifference(
        mass=mass,
        certain=certain,
        p=p,
        moved=float(np.abs(mass).sum()) / 2,
        sessions=len(owners),
        drivers=len(drivers),
        arms=arms,
        repeats=repeats,
    )


def _fewest_drivers(first: Sequence[SessionDensity], second: Sequence[SessionDensity]) -> int:
    return min(len({each.driver_id for each in arm}) for arm in (first, second))


def _draws(
    first: Sequence[SessionDensity],
    second: Sequence[SessionDensity],
    owners: dict[str, str],
    repeats: int,
    seed: int,
) -> FloatArray:
    """Give the differences of drawn studies, shape (≤ repeats, cells)."""
    names = sorted(owners)
    place = {name: number for number, name in enumerate(names)}
    of_driver: dict[str, list[int]] = {}
    for name in names:
        of_driver.setdefault(owners[name], []).append(place[name])
    groups = list(of_driver.values())
    rng = np.random.default_rng([seed, 47])
    weights = np.zeros((repeats, len(names)))
    for row in weights:
        for chosen in rng.integers(len(groups), size=len(groups)):
            mine = groups[chosen]
            for drawn in rng.integers(len(mine), size=len(mine)):
                row[mine[drawn]] += 1
    means = []
    totals = []
    for arm in (first, second):
        mine_weights = weights[:, [place[each.session_id] for each in arm]]
        total = mine_weights.sum(axis=1)
        totals.append(total)
        maps = np.array([each.mass for each in arm])
        means.append(mine_weights @ maps / np.maximum(total, 1.0)[:, None])
    # A draw without a session in one arm says nothing.
    kept = (totals[0] > 0) & (totals[1] > 0)
    return np.asarray((means[1] - means[0])[kept], dtype=np.float64)
