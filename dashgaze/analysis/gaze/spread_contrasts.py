"""Comparisons of spread: for one headline measure with its test, for all the others beside it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..contract.finding import Estimate, Finding
from ..statistics.cells import CellTable
from ..statistics.comparison import Comparison
from ..statistics.within import slope
from .session_values import cell_table, is_log
from .spread_cells import SpreadCell
from .spread_values import LOG_MEASURES

HEADLINE = "ahead_h_deg"
"""Horizontal, of gaze that goes ahead: 1.4826 × median absolute deviation."""

DIFFERENCES: tuple[str, ...] = (
    "ahead",
    "road_centre",
    "stationary_entropy",
    "transition_entropy",
    "off_frame",
)
"""Measures that are compared as differences of shares."""

CORRECTED: tuple[str, ...] = ("ahead_h_corrected_deg", "sd_h_corrected_deg")

MEASURES: tuple[str, ...] = (*LOG_MEASURES, *CORRECTED, *DIFFERENCES)

SHOWN: Mapping[str, str] = {
    "ahead_h_deg": "gaze ahead, horizontal, 1.4826 MAD",
    "ahead_v_deg": "gaze ahead, vertical, 1.4826 MAD",
    "robust_h_deg": "all gaze, horizontal, 1.4826 MAD",
    "robust_v_deg": "all gaze, vertical, 1.4826 MAD",
    "sd_h_deg": "all gaze, horizontal SD",
    "sd_v_deg": "all gaze, vertical SD",
    "iqr_h_deg": "all gaze, horizontal IQR",
    "iqr_v_deg": "all gaze, vertical IQR",
    "bcea_68_deg2": "BCEA 68.2 %",
    "bcea_95_deg2": "BCEA 95 %",
    "hdr_68_deg2": "area of highest density, 68 %",
    "hdr_95_deg2": "area of highest density, 95 %",
    "ahead_h_corrected_deg": "gaze ahead, horizontal, 1.4826 MAD, noise taken out",
    "sd_h_corrected_deg": "all gaze, horizontal SD, noise taken out",
    "ahead": "gaze that goes ahead (share)",
    "road_centre": "percent road centre (share)",
    "stationary_entropy": "stationary entropy (share of the most)",
    "transition_entropy": "transition entropy (share of the most)",
    "off_frame": "gaze outside of the road picture (share)",
}

Contrast = Callable[[Sequence[SpreadCell], str], Comparison]
"""Compares a measure, given by name, between cells."""


@dataclass(frozen=True, kw_only=True)
class BothCells:
    """Cells with all frames, and those with frames of direct homographies only."""

    all_frames: Sequence[SpreadCell]
    direct_only: Sequence[SpreadCell]


def spread_finding(
    key: str,
    question: str,
    cells: BothCells,
    contrast: Contrast,
    *,
    naive_p: float | None = None,
    details: Sequence[tuple[str, Estimate]] = (),
    caveats: Sequence[str] = (),
) -> Finding:
    """Compare the headline measure, and put the same comparison of all others beside it.

    Parameters
    ----------
    key, question
        Of the finding.
    cells
        The cells.
    contrast
        The comparison.
    naive_p
        Of a test over frames.
    details, caveats
        More to be said.
    """
    headline = contrast(cells.all_frames, HEADLINE)
    beside: list[tuple[str, Estimate]] = list(details)
    if not headline.cannot_say:
        direct = contrast(cells.direct_only, HEADLINE).estimate
        if direct is not None:
            beside.append(("direct frames only", direct))
        for measure in MEASURES:
            if measure == HEADLINE or not any(measure in cell.values for cell in cells.all_frames):
                continue
            found = contrast(cells.all_frames, measure).estimate
            if found is not None:
                beside.append((SHOWN[measure], found))
    return replace(headline, naive_p=naive_p).finding(
        key, question, details=tuple(beside), caveats=tuple(caveats)
    )


def unit_of(measure: str) -> str:
    """Give the unit of a comparison of a measure."""
    return "ratio" if is_log(measure) else "difference of shares"


def at_equal_speed(cells: Sequence[SpreadCell], measure: str) -> CellTable | None:
    """Give cells of speed groups by lighting, moved along the slope within sessions to one speed.

    Parameters
    ----------
    cells
        Some for each session, at different speeds; those of sessions without light are left out.
    measure
        Name of the measure.

    Returns
    -------
    CellTable or None
        None where there is no slope.
    """
    table = cell_table(cells, measure, by="speed").usable(0.0)
    along = np.asarray(table.condition, dtype=np.float64)
    table, along = table.where(np.isfinite(along)), along[np.isfinite(along)]
    found = slope(table, along, log=False, least_minutes=0.0).estimate
    if found is None or found.value is None:
        return None
    lights = {cell.session_id: cell.lighting or "" for cell in cells}
    named = np.array([lights[str(name)] for name in table.session_id], dtype=np.str_)
    adjusted = replace(
        table, condition=named, value=table.value - found.value * (along - along.mean())
    )
    return adjusted.where(np.asarray(named != "", dtype=np.bool_))
