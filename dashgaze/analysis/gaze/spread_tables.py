"""Tables of spread, by condition and by session."""

from collections.abc import Sequence

import numpy as np

from ..contract.finding import TableOfRows
from .session_values import is_log
from .spread_cells import SpreadCell

_COLUMNS = (
    ("ahead_h_deg", "ahead, horizontal, 1.4826 MAD (deg)"),
    ("ahead_h_corrected_deg", "the same without noise (deg)"),
    ("ahead_v_deg", "ahead, vertical, 1.4826 MAD (deg)"),
    ("ahead", "ahead (share)"),
    ("sd_h_deg", "all, horizontal SD (deg)"),
    ("sd_v_deg", "all, vertical SD (deg)"),
    ("bcea_68_deg2", "BCEA 68.2 % (deg²)"),
    ("hdr_95_deg2", "highest density 95 % (deg²)"),
    ("road_centre", "road centre (share)"),
    ("stationary_entropy", "stationary entropy (share)"),
    ("transition_entropy", "transition entropy (share)"),
    ("off_frame", "off the picture (share)"),
)

Cell = str | float | int | None


def condition_table(cells: Sequence[SpreadCell]) -> TableOfRows:
    """Give means over sessions for each condition: geometric ones of spreads, plain ones of shares."""
    names = list(dict.fromkeys(cell.condition for cell in cells))
    rows: list[tuple[Cell, ...]] = []
    for name in names:
        kept = [cell for cell in cells if cell.condition == name]
        rows.append(
            (
                name or "all",
                len({cell.session_id for cell in kept}),
                len({cell.driver_id for cell in kept}),
                round(sum(cell.seconds for cell in kept) / 60),
                *(_mean(kept, measure) for measure, _ in _COLUMNS),
            )
        )
    return TableOfRows(
        name="spread_by_condition",
        caption="Spread of gaze by condition: means over sessions that have at least a minute of gaze in it. Sessions "
        "differ from row to row, so that rows are compared by the ratios within sessions, not here.",
        columns=("condition", "sessions", "drivers", "minutes", *(shown for _, shown in _COLUMNS)),
        rows=tuple(rows),
    )


def session_table(cells: Sequence[SpreadCell]) -> TableOfRows:
    """Give the measures of each session."""
    rows: list[tuple[Cell, ...]] = [
        (
            cell.session_id,
            cell.driver_id,
            cell.lighting,
            round(cell.seconds / 60, 1),
            *(_rounded(cell.values.get(measure, float("nan"))) for measure, _ in _COLUMNS),
            _rounded(cell.values.get("road_centre_60s", float("nan"))),
        )
        for cell in cells
    ]
    return TableOfRows(
        name="spread_by_session",
        caption="Spread of gaze by session, all conditions together.",
        columns=(
            "session",
            "driver",
            "light",
            "minutes",
            *(shown for _, shown in _COLUMNS),
            "road centre in windows of 60 s (share)",
        ),
        rows=tuple(rows),
    )


def _mean(cells: Sequence[SpreadCell], measure: str) -> float | None:
    values = np.array([cell.values.get(measure, np.nan) for cell in cells], dtype=np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    if is_log(measure):
        positive = values[values > 0]
        return _rounded(float(np.exp(np.log(positive).mean()))) if len(positive) else None
    return _rounded(float(values.mean()))


def _rounded(value: float) -> float | None:
    return round(value, 3) if np.isfinite(value) else None
