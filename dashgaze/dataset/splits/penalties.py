"""What comes before all balance: that no part is empty, and that its size is about right."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

_EMPTY = 1e8
_ASTRAY = 1e6


@dataclass(frozen=True, kw_only=True)
class Penalties:
    """What is against a part that is empty or of a wrong size.

    Attributes
    ----------
    goal
        Target of each part, of what leads.
    tolerance
        How far it may be from it without penalty: the largest driver's share.
    empty
        Penalty of each part if nobody is in it.
    """

    goal: np.ndarray
    tolerance: float
    empty: np.ndarray

    @classmethod
    def of(
        cls, lead_share: np.ndarray, goal: np.ndarray, fill_order: Sequence[int] | None = None
    ) -> "Penalties":
        """Make them for these drivers; parts that are filled first cost most when empty."""
        empty = np.full(len(goal), _EMPTY)
        for place, part in enumerate(reversed(fill_order or ())):
            empty[part] *= 2.0**place
        return cls(goal=goal, tolerance=float(lead_share.max()) + 1e-9, empty=empty)

    def each(self, lead: np.ndarray, members: np.ndarray | None = None) -> np.ndarray:
        """Give the penalty of each part.

        Parameters
        ----------
        lead
            Shape (…, parts): what the part holds of what leads.
        members
            Drivers in it, of the same shape; None: somebody is in each.
        """
        beyond = np.maximum(np.abs(lead - self.goal) - self.tolerance, 0.0)
        penalty = np.asarray(_ASTRAY * beyond * beyond)
        return penalty if members is None else penalty + self.empty * (members <= 0)

    def only(self, part: int) -> "Penalties":
        """Give the penalties of one part."""
        here = slice(part, part + 1)
        return replace(self, goal=self.goal[here], empty=self.empty[here])
