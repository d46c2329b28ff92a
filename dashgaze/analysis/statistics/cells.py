"""Cells: one number of one session under one condition, the smallest thing a comparison counts."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError

from ..contract.study import BoolArray, FloatArray, TextArray

LEAST_CELL_MINUTES = 1.0
"""Valid gaze below which a cell says too little to count."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CellTable:
    """n cells; arrays of shape (n,).

    Attributes
    ----------
    session_id, driver_id
        Whose.
    condition
        Under what: names, or numbers.
    value
        The statistic, such as the log of a spread or the logit of a share.
    weight
        Minutes of valid gaze behind it.
    """

    session_id: TextArray
    driver_id: TextArray
    condition: TextArray | FloatArray
    value: FloatArray
    weight: FloatArray

    def __post_init__(self) -> None:
        lengths = {
            len(self.session_id),
            len(self.driver_id),
            len(self.condition),
            len(self.value),
            len(self.weight),
        }
        if len(lengths) > 1:
            raise InputError(
                f"A table of cells has columns of different lengths: {sorted(lengths)}.",
                fix="Give every cell a session, a driver, a condition, a value and a weight.",
            )
        pairs = {(session, driver) for session, driver in zip(*self._names(), strict=True)}
        if len(pairs) > len({session for session, _ in pairs}):
            raise InputError(
                "A table of cells has a session with two drivers.",
                fix="Give each session one driver_id.",
            )

    def __len__(self) -> int:
        return len(self.value)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str | float, float, float]]) -> "CellTable":
        """Make a table of rows (session_id, driver_id, condition, value, weight in minutes)."""
        columns = list(zip(*rows, strict=True)) or [()] * 5
        named = any(isinstance(each, str) for each in columns[2])
        condition: TextArray | FloatArray = (
            np.array(columns[2], dtype=np.str_) if named else np.array(columns[2], dtype=np.float64)
        )
        return cls(
            session_id=np.array(columns[0], dtype=np.str_),
            driver_id=np.array(columns[1], dtype=np.str_),
            condition=condition,
            value=np.array(columns[3], dtype=np.float64),
            weight=np.array(columns[4], dtype=np.float64),
        )

    @property
    def sessions(self) -> int:
        """Number of sessions."""
        return len(np.unique(self.session_id))

    @property
    def drivers(self) -> int:
        """Number of drivers."""
        return len(np.unique(self.driver_id))

    def where(self, rows: BoolArray) -> "CellTable":
        """Give the cells of some rows, shape (n,) of flags."""
        return CellTable(
            session_id=self.session_id[rows],
            driver_id=self.driver_id[rows],
            condition=self.condition[rows],
            value=self.value[rows],
            weight=self.weight[rows],
        )

    def usable(self, least_minutes: float = LEAST_CELL_MINUTES) -> "CellTable":
        """Give the cells whose value is finite and that have so much valid gaze."""
        return self.where(np.isfinite(self.value) & (self.weight >= least_minutes))

    def under(self, condition: str | float) -> "CellTable":
        """Give the cells of a condition."""
        return self.where(np.asarray(self.condition == condition, dtype=np.bool_))

    def by_session(self) -> "CellTable":
        """Give one cell for each session: means weighted by minutes; the condition is that of its first cell."""
        _, first, group = np.unique(self.session_id, return_index=True, return_inverse=True)
        minutes = sums_of(group, self.weight)
        sums = sums_of(group, self.weight * self.value)
        return CellTable(
            session_id=self.session_id[first],
            driver_id=self.driver_id[first],
            condition=self.condition[first],
            value=sums / minutes,
            weight=minutes,
        )

    def _names(self) -> tuple[list[str], list[str]]:
        return self.session_id.tolist(), self.driver_id.tolist()


def groups_of(names: TextArray) -> NDArray[np.intp]:
    """Give the place of each name among the sorted different ones, shape (n,)."""
    return np.unique(names, return_inverse=True)[1]


def sums_of(groups: NDArray[np.intp], values: FloatArray) -> FloatArray:
    """Give the sum of the values of each group, shape (groups,)."""
    return np.bincount(groups, weights=values).astype(np.float64)
