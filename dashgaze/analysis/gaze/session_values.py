"""From cells and values of sessions to what statistics counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..contract.finding import Estimate
from ..statistics.cells import CellTable
from ..statistics.comparison import Comparison
from ..statistics.within import mean_of_sessions
from .spread_cells import SpreadCell
from .spread_values import LOG_MEASURES


@dataclass(frozen=True, kw_only=True)
class SessionValue:
    """One number of one session."""

    session_id: str
    driver_id: str
    value: float


def mean_of(
    values: Iterable[SessionValue],
    *,
    unit: str,
    log: bool = False,
    share: bool = False,
    null: float = 0.0,
) -> Comparison:
    """Give the mean over sessions of drivers, tested against a number.

    Parameters
    ----------
    values
        One for each session; what is not finite does not count.
    unit
        Of the values.
    log
        Whether they are logs, and the mean is shown without.
    share
        Whether they lie between 0 and 1, so that the interval must not leave that.
    null
        What the mean is under the null hypothesis.
    """
    # Values of sessions count alike: whether there was enough gaze has been asked before.
    table = CellTable.of((each.session_id, each.driver_id, 0.0, each.value, 1.0) for each in values)
    found = mean_of_sessions(table, log=log, unit=unit, null=null, least_minutes=0.0)
    if share and found.estimate is not None:
        found = replace(found, estimate=_within_shares(found.estimate))
    return found


def cell_table(
    cells: Sequence[SpreadCell],
    measure: str,
    *,
    by: str = "condition",
    speed_unit_m_s: float = 10.0,
) -> CellTable:
    """Give a measure of cells as a table for comparisons; what are ratios as logs.

    Parameters
    ----------
    cells
        The cells.
    measure
        Name in `SpreadCell.values`.
    by
        What is compared: ``condition``, ``lighting`` (sessions without it are left out), or ``speed``, in
        `speed_unit_m_s`.
    speed_unit_m_s
        Step of speed that a slope is given for.
    """
    log = is_log(measure)
    rows = []
    for cell in cells:
        value = cell.values.get(measure, float("nan"))
        if log:
            value = float(np.log(value)) if value > 0 else float("nan")
        condition: str | float | None = {
            "condition": cell.condition,
            "lighting": cell.lighting,
            "speed": cell.speed_m_s / speed_unit_m_s,
        }[by]
        if condition is not None:
            rows.append((cell.session_id, cell.driver_id, condition, value, cell.seconds / 60))
    return CellTable.of(rows)


def is_log(measure: str) -> bool:
    """Tell whether a measure is compared as a ratio."""
    return measure in LOG_MEASURES or measure.endswith("_corrected_deg")


def _within_shares(estimate: Estimate) -> Estimate:
    if estimate.low is None or estimate.high is None:
        return estimate
    return replace(estimate, low=max(estimate.low, 0.0), high=min(estimate.high, 1.0))
