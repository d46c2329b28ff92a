"""Drivers divided into parts so that shares come as near to their targets as can be found."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from .descent import Descent
from .objective import Objective
from .penalties import Penalties

# Ways times parts, up to which all ways are looked at: 13 drivers in three parts, 21 in two.
EXHAUSTIVE_CELLS = 5_000_000
# A descent costs about drivers² per step and has about as many steps as drivers.
_WORK = 100_000_000
_MOST_STARTS = 200
# Costs that differ by less are the same: the order of drivers decides, not the last bit.
_SAME = 1e-10


def divide(
    objective: Objective,
    targets: Sequence[float],
    fixed: Mapping[str, int] | None = None,
    *,
    fill_order: Sequence[int] | None = None,
) -> dict[str, int]:
    """Divide drivers into parts.

    First, no part is empty if that can be had. Second, no part is farther from its target than the
    largest driver's share of what leads, which can be had where nobody is fixed and no driver is
    larger than the smallest target. Third comes the cost of the objective. Of few drivers all ways are
    looked at; of many, descents by moves and swaps from several starts, of which the best end counts.

    Parameters
    ----------
    objective
        What is balanced, and between whom. Its order of drivers does not matter.
    targets
        Share of each part; they sum to 1.
    fixed
        Part of each driver who is not free to move.
    fill_order
        Parts in the order in which they are filled if there are fewer drivers than parts.

    Returns
    -------
    dict
        Part of each driver.
    """
    fixed = fixed or {}
    part = np.array([fixed.get(driver, -1) for driver in objective.drivers], dtype=np.intp)
    # The order is that of a hash of the name: neither that of the input nor that of the alphabet.
    free = np.array(
        sorted(np.flatnonzero(part < 0).tolist(), key=lambda i: _hash("", objective.drivers[i])),
        dtype=np.intp,
    )
    goal = np.asarray(targets, dtype=np.float64)
    penalties = Penalties.of(objective.lead_share, goal, fill_order)
    if free.size and len(goal) ** (free.size + 1) <= EXHAUSTIVE_CELLS:
        part[free] = _best_of_all(objective, goal, penalties, part, free)
    elif free.size:
        part = _best_of_descents(objective, goal, penalties, part, free)
    return dict(zip(objective.drivers, part.tolist(), strict=True))


def cost_of(
    objective: Objective, targets: Sequence[float], parts: Mapping[str, int]
) -> tuple[float, float]:
    """Give what an assignment costs: first in penalties, which come before all else, then in shares."""
    goal = np.asarray(targets, dtype=np.float64)
    part = np.array([parts[driver] for driver in objective.drivers])
    inside = (part[:, None] == np.arange(len(goal))).astype(np.float64)
    held = objective.shares @ inside
    whole = objective.shares @ np.ones(len(part))
    cost = float((((held - whole[:, None] * goal) ** 2).sum(axis=0) / goal).sum())
    penalties = Penalties.of(objective.lead_share, goal)
    fault = penalties.each(objective.lead_share @ inside, inside.sum(axis=0)).sum()
    return float(fault), cost


def _best_of_all(
    objective: Objective,
    goal: np.ndarray,
    penalties: Penalties,
    part: np.ndarray,
    free: np.ndarray,
) -> np.ndarray:
    count = len(free)
    columns = objective.shares[:, free]
    among = (columns.T @ columns).toarray()
    costs = np.zeros((len(goal), 1 << count))
    faults = np.zeros_like(costs)
    for place, target in enumerate(goal):
        held = part == place
        with_fixed = columns.T @ (objective.shares @ held.astype(np.float64))
        lead, members = np.array([objective.lead_share[held].sum()]), np.array([held.sum()])
        square = np.zeros(1)
        # The sets of the first n + 1 drivers are those of the first n, without and with the last.
        for n in range(count):
            crossing = np.zeros(1)
            for earlier in range(n):
                crossing = np.concatenate([crossing, crossing + among[n, earlier]])
            joined = square + among[n, n] + 2 * (crossing + with_fixed[n])
            square = np.concatenate([square, joined])
            lead = np.concatenate([lead, lead + objective.lead_share[free[n]]])
            members = np.concatenate([members, members + 1])
        costs[place] = square / target
        faults[place] = penalties.only(place).each(lead[:, None], members[:, None])[:, 0]
    # One row a way: for each part the set of drivers in it, driver n as bit n.
    ways = np.zeros((1, len(goal)), dtype=np.int32)
    for n in range(count):
        bits = np.eye(len(goal), dtype=np.int32) << n
        ways = np.concatenate([ways + bit for bit in bits])
    cost, fault = np.zeros(len(ways)), np.zeros(len(ways))
    for place in range(len(goal)):
        cost += costs[place][ways[:, place]]
        fault += faults[place][ways[:, place]]
    cost[fault > fault.min() * (1 + 1e-12) + _SAME] = np.inf
    least = cost.min()
    chosen = ways[np.flatnonzero(cost <= least + _SAME * (1 + abs(least)))[0]]
    return np.array(
        [int(np.flatnonzero((chosen >> n) & 1)[0]) for n in range(count)], dtype=np.intp
    )


def _best_of_descents(
    objective: Objective,
    goal: np.ndarray,
    penalties: Penalties,
    part: np.ndarray,
    free: np.ndarray,
) -> np.ndarray:
    descent = Descent.of(objective, goal, penalties, free)
    starts = int(np.clip(_WORK // len(free) ** 3, 1, _MOST_STARTS))
    best, least = part, np.inf
    for number in range(starts):
        if number % 2 == 0 or number < 4:
            order = free if number == 0 else _shuffled(objective, free, str(number))
            start = part.copy()
            start[order] = _laid_along(objective.lead_share, goal, part, order)
        else:
            start = best.copy()
            some = _shuffled(objective, free, str(number))[: max(2, len(free) // 8)]
            start[some] = np.roll(start[some], 1)
        end, cost = descent.run(start)
        if cost < least - _SAME * (1 + abs(cost)):
            best, least = end, cost
    return best


def _laid_along(
    lead_share: np.ndarray, goal: np.ndarray, part: np.ndarray, order: np.ndarray
) -> np.ndarray:
    """Lay drivers along a line that is cut at what each part still lacks; the middle of each decides.

    Where nobody is fixed, no part is then farther from its target than the largest driver is long.
    """
    held = np.bincount(part[part >= 0], weights=lead_share[part >= 0], minlength=len(goal))
    lacking = np.clip(goal - held, 0.0, None)
    total = lacking.sum()
    lacking = lacking / total if total > 0 else goal
    length = lead_share[order]
    if not length.sum() > 0:
        length = np.ones(len(order))
    middle = (np.cumsum(length) - length / 2) / length.sum()
    return np.asarray(np.searchsorted(np.cumsum(lacking)[:-1], middle, side="right"))


def _shuffled(objective: Objective, free: np.ndarray, salt: str) -> np.ndarray:
    return np.array(
        sorted(free.tolist(), key=lambda i: _hash(salt, objective.drivers[i])), dtype=np.intp
    )


def _hash(salt: str, driver: str) -> bytes:
    # Not numpy's generators: their streams may change from version to version.
    return hashlib.sha256(f"{salt}\0{driver}".encode()).digest()
