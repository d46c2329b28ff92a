"""What makes one assignment of drivers better than another: how far shares lie from their targets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from .protocols import Lead
from .split_session import CONDITIONS, SplitSession

if TYPE_CHECKING:
    from scipy.sparse import csc_array

# What leads counts thirty times what a condition does, so that strata decide among splits of about the
# same size. Where sessions lead, their number is exact wherever drivers allow it.
_LEAD_WEIGHT: Mapping[Lead, float] = {"frames": 30.0, "sessions": 10_000.0}
_COUNT_WEIGHT = 1.0
_CONDITION_WEIGHT = 1.0
# Cells of two conditions are small, so they decide only where all else is about even.
_PAIR_WEIGHT = 0.1


@dataclass(frozen=True, kw_only=True)
class Objective:
    """Shares of drivers in all that should be balanced.

    With ``a`` the matrix of `shares`, ``z`` the drivers in a split (0 or 1) and ``p`` its target, the
    cost of an assignment is Σ over splits of ‖a z − p a 1‖² / p: a weighted χ² of all measures.

    Attributes
    ----------
    drivers
        In the order of the columns.
    shares
        Shape (measures, drivers): what share of a measure's total is the driver's, times the square
        root of the measure's weight.
    lead_share
        Share of each driver in what leads.
    """

    drivers: tuple[str, ...]
    shares: "csc_array"
    lead_share: np.ndarray


def build_objective(
    sessions: Sequence[SplitSession], drivers: Sequence[str], lead: Lead
) -> Objective:
    """Weigh what should be balanced.

    - Frames or sessions, whichever leads: weight 30, or 10,000 for sessions. The other one, and
      drivers: 1 each.
    - Each condition: 1, over its levels by their share of frames. A condition with one level only
      says nothing that frames don't, and is left out.
    - Each pair of conditions: 0.1, over its cells by their share of frames.

    Parameters
    ----------
    sessions
        Those of these drivers.
    drivers
        In the order wanted.
    lead
        What a split's target is a share of before all else.
    """
    from scipy.sparse import csc_array

    column = {driver: place for place, driver in enumerate(drivers)}
    # Without a single frame, sessions stand for them.
    empty = not any(session.frame_count for session in sessions)
    frames = [1 if empty else session.frame_count for session in sessions]
    columns = np.array([column[session.driver_id] for session in sessions])
    size = np.array(frames, dtype=np.float64) / sum(frames)

    rows: list[np.ndarray] = []
    places: list[np.ndarray] = []
    values: list[np.ndarray] = []

    weights: list[float] = []

    def add(more: Iterable[float], row: np.ndarray, amount: np.ndarray) -> None:
        """Add measures: their weights, and each session's row among them and share of that row."""
        factors = np.sqrt(np.array(list(more)))
        rows.append(row + len(weights))
        places.append(columns)
        values.append(amount * factors[row])
        weights.extend(factors.tolist())

    one = np.zeros(len(sessions), dtype=np.intp)
    each = np.full(len(sessions), 1 / len(sessions))
    per_driver = 1 / np.bincount(columns, minlength=len(drivers))[columns] / len(drivers)
    add([_LEAD_WEIGHT["frames"] if lead == "frames" else _COUNT_WEIGHT], one, size)
    add([_LEAD_WEIGHT["sessions"] if lead == "sessions" else _COUNT_WEIGHT], one, each)
    add([_COUNT_WEIGHT], one, per_driver)

    levels = {name: [session.level(name) for session in sessions] for name in CONDITIONS}
    told = [name for name in CONDITIONS if len(set(levels[name])) > 1]
    cells: list[tuple[float, Sequence[object]]] = [
        (_CONDITION_WEIGHT, levels[name]) for name in told
    ]
    cells += [
        (_PAIR_WEIGHT, list(zip(levels[first], levels[second], strict=True)))
        for first, second in combinations(told, 2)
    ]
    for weight, cell in cells:
        number: dict[object, int] = {}
        row = np.array([number.setdefault(one_cell, len(number)) for one_cell in cell])
        part = np.bincount(row, weights=size)
        within = np.divide(size, part[row], out=np.zeros_like(size), where=part[row] > 0)
        add(weight * part, row, within)

    matrix = csc_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(places))),
        shape=(len(weights), len(drivers)),
    )
    matrix.sum_duplicates()
    leading = size if lead == "frames" else each
    return Objective(
        drivers=tuple(drivers),
        shares=matrix,
        lead_share=np.bincount(columns, weights=leading, minlength=len(drivers)),
    )
