"""Forest plots: one row a session or driver, and what they say together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..contract.finding import Estimate
from .figure_style import BLUE, COLUMN_MM, INK, MUTED, ORANGE, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS = 40

_HIGHEST_MM = 400.0
"""More rows than fit at 1.2 mm each stand closer: ten thousand would be a sheet of twelve metres."""


@dataclass(frozen=True, kw_only=True)
class ForestRow:
    """One row.

    Attributes
    ----------
    label
        Left of it.
    value
        The number.
    low, high
        Ends of its interval; None where there is none.
    group
        Rows of one group stand together, and their first one has its name.
    """

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    group: str = ""


def forest_figure(
    rows: Sequence[ForestRow],
    pooled: Sequence[tuple[str, Estimate]],
    *,
    x_label: str,
    neutral: float | None = None,
    log: bool = False,
) -> "Figure":
    """Draw a forest plot a column wide.

    Parameters
    ----------
    rows
        Sessions or drivers; with more than 40 only every so many labels are written.
    pooled
        Names and estimates below them; those without a value are left out.
    x_label
        Of the axis, with its unit.
    neutral
        Where no effect is; a line is drawn there.
    log
        Whether the axis is logarithmic (for ratios).
    """
    pitch_mm = 3.6 if len(rows) <= MOST_ROWS else max(3.6 * MOST_ROWS / len(rows), 1.2)
    crowded = pitch_mm * len(rows) > _HIGHEST_MM
    if crowded:
        pitch_mm = _HIGHEST_MM / len(rows)
    shown = [(name, each, each.value) for name, each in pooled if each.value is not None]
    height_mm = 16 + pitch_mm * len(rows) + 5.0 * len(shown)
    with figure(COLUMN_MM, height_mm) as sheet:
        axes = sheet.add_subplot()
        ordered = sorted(rows, key=lambda row: (row.group, row.value))
        places = [float(-number) for number in range(len(ordered))]
        if crowded:
            _draw_at_once(axes, ordered, places)
        else:
            for row, place in zip(ordered, places, strict=True):
                if row.low is not None and row.high is not None:
                    axes.plot([row.low, row.high], [place, place], color=MUTED, linewidth=0.9)
                axes.plot(row.value, place, "o", color=BLUE, markersize=3)
        labels = [f"{row.group} {row.label}".strip() for row in ordered]
        step = -(-len(rows) // MOST_ROWS) if rows else 1
        ticks, names = places[::step], labels[::step]
        bottom = places[-1] if places else 0.0
        for number, (name, estimate, value) in enumerate(shown, start=1):
            place = bottom - 1.4 * number
            if estimate.low is not None and estimate.high is not None:
                axes.plot([estimate.low, estimate.high], [place, place], color=ORANGE, linewidth=2)
            axes.plot(value, place, "D", color=ORANGE, markersize=5)
            ticks, names = [*ticks, place], [*names, name]
        if shown and rows:
            axes.axhline(bottom - 0.7, color=MUTED, linewidth=0.5)
        if neutral is not None:
            axes.axvline(neutral, color=INK, linewidth=0.6, linestyle=(0, (3, 2)))
        if log:
            from matplotlib.ticker import FuncFormatter, MaxNLocator

            axes.set_xscale("log")
            axes.xaxis.set_major_locator(MaxNLocator(5))
            axes.xaxis.set_minor_locator(MaxNLocator(1))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.xaxis.set_minor_formatter(FuncFormatter(lambda _value, _place: ""))
        axes.set_yticks(ticks, names)
        axes.set_ylim(bottom - 1.4 * len(shown) - 0.8, 0.8)
        axes.set_xlabel(x_label)
        return sheet


def _draw_at_once(axes: "Axes", rows: Sequence[ForestRow], places: Sequence[float]) -> None:
    """Draw rows as two artists and as pixels: an artist for each of thousands takes minutes, and megabytes."""
    known = [
        (place, row.low, row.high)
        for row, place in zip(rows, places, strict=True)
        if row.low is not None and row.high is not None
    ]
    if known:
        heights, lows, highs = zip(*known, strict=True)
        axes.hlines(heights, lows, highs, color=MUTED, linewidth=0.4, rasterized=True)
    values = [row.value for row in rows]
    axes.plot(values, places, "o", color=BLUE, markersize=2, rasterized=True)
