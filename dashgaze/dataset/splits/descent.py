"""The search for many drivers: the best move or swap of all, until none is left that helps."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .objective import Objective
from .penalties import Penalties

if TYPE_CHECKING:
    from scipy.sparse import csc_array

# Of up to so many drivers each pair is looked at; of more, those between who moves at least cost.
_MOST_FOR_ALL_PAIRS = 400
_MOST_CANDIDATES = 240
# Of many drivers each is a small part of the whole: what is left after so many swaps is very little.
_MOST_SWAPS = 500
_HELPS = 1e-9
_SAME = 1e-11


@dataclass(frozen=True, kw_only=True)
class Descent:
    """What a descent needs, whatever it starts from.

    Σ ‖a z − p a 1‖² / p is, but for a constant, Σ ‖a z‖² / p: each driver is in one part. What a
    move changes follows from ``aᵀ a z``, which is kept up to date.
    """

    goal: np.ndarray
    penalties: Penalties
    free: np.ndarray
    shares: "csc_array"
    own: "csc_array"
    lead_share: np.ndarray
    among: np.ndarray | None

    @classmethod
    def of(
        cls, objective: Objective, goal: np.ndarray, penalties: Penalties, free: np.ndarray
    ) -> "Descent":
        """Prepare descents in which the drivers `free` move."""
        own = objective.shares[:, free].tocsc()
        among = (own.T @ own).toarray() if len(free) <= _MOST_FOR_ALL_PAIRS else None
        return cls(
            goal=goal,
            penalties=penalties,
            free=free,
            shares=objective.shares,
            own=own,
            lead_share=objective.lead_share,
            among=among,
        )

    def run(self, start: np.ndarray) -> tuple[np.ndarray, float]:
        """Descend from an assignment of all drivers; give the end and its cost, but for a constant."""
        walk = _Walk(self, start)
        for _ in range(_MOST_SWAPS):
            while walk.move():
                pass
            if not walk.swap():
                break
        part = start.copy()
        part[self.free] = walk.part
        return part, _cost(self, part)


class _Walk:
    """One descent under way."""

    def __init__(self, descent: Descent, start: np.ndarray) -> None:
        self.descent = descent
        self.part = start[descent.free]
        parts = np.arange(len(descent.goal))
        inside = (start[:, None] == parts).astype(np.float64)
        self.lead = descent.lead_share @ inside
        self.members = inside.sum(axis=0)
        self.near = descent.own.T @ (descent.shares @ inside)
        self.size = np.asarray(descent.own.multiply(descent.own).sum(axis=0)).ravel()
        self.weight = descent.lead_share[descent.free]
        self.rows = np.arange(len(descent.free))
        self.changes = np.empty_like(self.near)

    def move(self) -> bool:
        """Make the best move of one driver; False if none helps."""
        goal, penalties, rows = self.descent.goal, self.descent.penalties, self.rows
        into = (self.size[:, None] + 2 * self.near) / goal
        out = (self.size - 2 * self.near[rows, self.part]) / goal[self.part]
        self.changes = into + out[:, None]
        self.changes[rows, self.part] = 0.0
        now = penalties.each(self.lead, self.members)
        gained = penalties.each(self.lead + self.weight[:, None], self.members + 1) - now
        lost = penalties.each(self.lead - self.weight[:, None], self.members - 1) - now
        total = self.changes + gained + lost[rows, self.part][:, None]
        total[rows, self.part] = 0.0
        driver, place = _least(total)
        if total[driver, place] >= -_HELPS:
            return False
        self._carry(driver, place)
        return True

    def swap(self) -> bool:
        """Swap the two drivers that gain most by it; False if none do."""
        goal, penalties = self.descent.goal, self.descent.penalties
        who, among = self._who_may_swap()
        part, weight = self.part[who], self.weight[who]
        there = self.changes[who][:, part]  # of driver i, if moved to where j is
        total = there + there.T - 2 * among * (1 / goal[part][:, None] + 1 / goal[part][None, :])
        grown = weight[None, :] - weight[:, None]  # of the part of i, if j comes for i
        held = self.lead[part][:, None] + grown  # nobody leaves a part without another one
        for place in range(len(goal)):
            here = part == place
            only = penalties.only(place)
            change = only.each(held[here][:, :, None])[:, :, 0] - only.each(self.lead[[place]])
            total[here] += change
            total[:, here] += change.T
        total[part[:, None] == part[None, :]] = 0.0
        first, second = _least(total)
        if total[first, second] >= -_HELPS:
            return False
        self._carry(int(who[first]), int(part[second]))
        self._carry(int(who[second]), int(part[first]))
        return True

    def _who_may_swap(self) -> tuple[np.ndarray, np.ndarray]:
        """Give drivers, and how alike each two of them are."""
        if self.descent.among is not None:
            return self.rows, self.descent.among
        elsewhere = self.changes.copy()
        elsewhere[self.rows, self.part] = np.inf
        order = np.argsort(elsewhere.min(axis=1), kind="stable")
        most = max(2, _MOST_CANDIDATES // len(self.descent.goal))
        likely = [
            order[self.part[order] == place][:most] for place in range(len(self.descent.goal))
        ]
        who = np.sort(np.concatenate(likely))
        own = self.descent.own[:, who]
        return who, (own.T @ own).toarray()

    def _carry(self, driver: int, place: int) -> None:
        old = int(self.part[driver])
        if self.descent.among is not None:
            near = self.descent.among[driver]
        else:
            own = self.descent.own
            near = np.asarray((own.T @ own[:, [driver]]).todense()).ravel()
        self.near[:, old] -= near
        self.near[:, place] += near
        for values, amount in ((self.lead, self.weight[driver]), (self.members, 1.0)):
            values[old] -= amount
            values[place] += amount
        self.part[driver] = place


def _least(change: np.ndarray) -> tuple[int, int]:
    """Give the first of the least; what differs in the last bits only is the same on any machine."""
    first = int(np.argmax(change <= change.min() + _SAME))
    row, column = divmod(first, change.shape[1])
    return row, column


def _cost(descent: Descent, part: np.ndarray) -> float:
    inside = (part[:, None] == np.arange(len(descent.goal))).astype(np.float64)
    held = descent.shares @ inside
    penalty = descent.penalties.each(descent.lead_share @ inside, inside.sum(axis=0)).sum()
    return float(((held**2).sum(axis=0) / descent.goal).sum() + penalty)
