"""The drive in short stretches of one length, and what is true in each of them."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .shapes import BOX, Axis

_SECONDS_A_BIN = 0.25
_MOST_BINS = 600


@dataclass(frozen=True, kw_only=True, eq=False)
class TimeBins:
    """The drive in short stretches of one length.

    Attributes
    ----------
    axis
        The whole drive.
    left, right
        Edges of the stretches in the box, shape (n,).
    """

    axis: Axis
    left: NDArray[np.float64]
    right: NDArray[np.float64]

    @classmethod
    def over(cls, axis: Axis) -> Self:
        """Split a drive into stretches of a quarter of a second, or, if it is long, into 600."""
        count = int(np.clip((axis.high - axis.low) / _SECONDS_A_BIN, 1, _MOST_BINS))
        edges = np.linspace(0.0, BOX, count + 1)
        return cls(axis=axis, left=edges[:-1], right=edges[1:])

    def __len__(self) -> int:
        return len(self.left)

    @property
    def middle(self) -> NDArray[np.float64]:
        """Middles of the stretches in the box, shape (n,)."""
        return (self.left + self.right) / 2

    def numbers(self, time_s: NDArray[np.float64]) -> NDArray[np.int64]:
        """Give the stretch that each moment lies in."""
        place = self.axis.place(time_s) / BOX * len(self)
        return np.clip(place, 0, len(self) - 1).astype(np.int64)

    def mean(self, time_s: NDArray[np.float64], value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Average values over each stretch, shape (n,); NaN without any."""
        known = np.isfinite(value) & np.isfinite(time_s)
        index = self.numbers(time_s[known])
        count = np.bincount(index, minlength=len(self))
        total = np.bincount(index, weights=value[known], minlength=len(self))
        mean = np.full(len(self), np.nan)
        np.divide(total, count, out=mean, where=count > 0)
        return mean

    def largest(
        self, time_s: NDArray[np.float64], value: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Give the largest value in each stretch, shape (n,); NaN without any."""
        known = np.isfinite(value) & np.isfinite(time_s)
        top = np.full(len(self), -np.inf)
        np.maximum.at(top, self.numbers(time_s[known]), value[known])
        return np.where(np.isfinite(top), top, np.nan)
