"""Figures of where gaze lies, in degrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dashgaze.scratch import forget

from ..contract.study import FloatArray
from .figure_style import (
    BLUE,
    COLUMN_MM,
    DENSITY_COLOURS,
    INK,
    PAGE_MM,
    degree_axes,
    figure,
)
from .gaze_density import GazeDensity, gaze_density, highest_level

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHARES = (0.50, 0.80, 0.95)
_PAIRS_AT_ONCE = 250_000
_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """One of several maps with the same axes.

    Attributes
    ----------
    title
        What it shows, with n.
    directions_deg
        Gaze from the reference, shape (n, 2).
    """

    title: str
    directions_deg: FloatArray


def density_figure(directions_deg: FloatArray) -> "Figure":
    """Draw the density of gaze with contours of highest density at 50, 80 and 95 %.

    Parameters
    ----------
    directions_deg
        Gaze from the reference, shape (n, 2).
    """
    with figure(COLUMN_MM, 66) as sheet:
        axes = sheet.add_subplot()
        density = gaze_density(directions_deg)
        shown = axes.pcolormesh(
            density.azimuth_edges_deg,
            density.elevation_edges_deg,
            density.per_deg2.T * 100,
            cmap=DENSITY_COLOURS,
            rasterized=True,
        )
        _contours(axes, density, "white", labels=True)
        degree_axes(axes)
        axes.set_xlim(-30, 30)
        axes.set_ylim(-20, 15)
        sheet.colorbar(shown, ax=axes, label="% of gaze per deg²", location="top", shrink=0.8)
        return sheet


def small_multiples(panels: Sequence[Panel], *, columns: int = 3) -> "Figure":
    """Draw maps side by side on the same axes, darker where gaze is denser, each on its own scale.

    Parameters
    ----------
    panels
        What they show.
    columns
        Side by side.
    """
    rows = -(-len(panels) // columns)
    panel_mm = 165 / columns
    with figure(PAGE_MM, 9 + (panel_mm * 35 / 60 + 9) * rows) as sheet:
        grid = sheet.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for number, axes in enumerate(grid.flat):
            if number >= len(panels):
                axes.set_axis_off()
                continue
            panel = panels[number]
            density = gaze_density(panel.directions_deg)
            axes.pcolormesh(
                density.azimuth_edges_deg,
                density.elevation_edges_deg,
                density.per_deg2.T,
                cmap="Blues",
                vmin=0,
                rasterized=True,
            )
            _contours(axes, density, INK, labels=False)
            last = number + columns >= len(panels)
            degree_axes(axes, x_label=False, y_label=False)
            axes.tick_params(labelbottom=last)
            axes.set_xlim(-30, 30)
            axes.set_ylim(-20, 15)
            axes.set_title(panel.title)
        sheet.supxlabel("azimuth from reference (deg, right +)", fontsize=7.5)
        sheet.supylabel("elevation (deg, up +)", fontsize=7.5)
        return sheet


def joint_figure(
    azimuth_deg: FloatArray, elevation_deg: FloatArray, *, x_label: str, y_label: str
) -> "Figure":
    """Draw two angles against one another, with the distribution of each beside.

    Parameters
    ----------
    azimuth_deg, elevation_deg
        Shape (n,); NaN where unknown.
    x_label, y_label
        Of the axes, with units.
    """
    known = np.isfinite(azimuth_deg) & np.isfinite(elevation_deg)
    # Mostly all are: a copy of millions would be memory for nothing.
    x, y = (each if known.all() else each[known] for each in (azimuth_deg, elevation_deg))
    with figure(COLUMN_MM, 80) as sheet:
        grid = sheet.add_gridspec(2, 2, width_ratios=(4, 1), height_ratios=(1, 4))
        middle = sheet.add_subplot(grid[1, 0])
        top = sheet.add_subplot(grid[0, 0], sharex=middle)
        side = sheet.add_subplot(grid[1, 1], sharey=middle)
        # The outermost thousandth would leave all the rest in a corner.
        limits = [_limits(values) for values in (x, y)]
        bins = [np.linspace(low, high, 81) for low, high in limits]
        forget(azimuth_deg)
        both, of_x, of_y = _counts(x, y, bins)
        # Each cell's corner stands for all that is in it: the axes draw counts, and need not count again.
        corners = np.meshgrid(bins[0][:-1], bins[1][:-1], indexing="ij")
        middle.hist2d(
            corners[0].ravel(),
            corners[1].ravel(),
            bins=bins,
            weights=both.ravel(),
            cmin=1,
            cmap="Blues",
            norm="log",
            rasterized=True,
        )
        top.hist(bins[0][:-1], bins=bins[0].tolist(), weights=of_x, color=BLUE)
        side.hist(
            bins[1][:-1],
            bins=bins[1].tolist(),
            weights=of_y,
            color=BLUE,
            orientation="horizontal",
        )
        for axes in (top, side):
            axes.tick_params(labelbottom=axes is side, labelleft=axes is top)
            axes.set_xticks([]) if axes is side else axes.set_yticks([])
        top.tick_params(labelbottom=False)
        middle.axhline(float(np.median(y)), color=INK, linewidth=0.6, linestyle=(0, (3, 2)))
        middle.axvline(float(np.median(x)), color=INK, linewidth=0.6, linestyle=(0, (3, 2)))
        middle.set_xlim(*limits[0])
        middle.set_ylim(*limits[1])
        middle.set_xlabel(x_label)
        middle.set_ylabel(y_label)
        return sheet


def _counts(
    x: FloatArray, y: FloatArray, bins: Sequence[FloatArray]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Count pairs in cells, and each of two values by itself, some at a time: counting takes memory for each."""
    both = np.zeros((len(bins[0]) - 1, len(bins[1]) - 1))
    alone = np.zeros(len(bins[0]) - 1), np.zeros(len(bins[1]) - 1)
    for start in range(0, len(x), _PAIRS_AT_ONCE):
        some = [each[start : start + _PAIRS_AT_ONCE] for each in (x, y)]
        both += np.histogram2d(some[0], some[1], bins=(bins[0], bins[1]))[0]
        for total, values, edges in zip(alone, some, bins, strict=True):
            total += np.histogram(values, bins=edges)[0]
        forget(some[0])
    return both, *alone


def _limits(values: FloatArray) -> tuple[float, float]:
    low, high = np.percentile(values, [0.1, 99.9]).tolist()
    margin = max(0.05 * (high - low), 0.5)
    return low - margin, high + margin


def _contours(axes: "Axes", density: GazeDensity, colour: str, *, labels: bool) -> None:
    middles = [
        (edges[:-1] + edges[1:]) / 2
        for edges in (density.azimuth_edges_deg, density.elevation_edges_deg)
    ]
    levels = [highest_level(density.per_deg2, share) for share in SHARES]
    drawn: list[tuple[float, str, Any]] = []
    for level, share, dash in zip(levels, SHARES, _DASHES, strict=True):
        if np.isfinite(level) and 0 < level < float(density.per_deg2.max()):
            drawn.append((level, f"{share:.0%}", dash))
    # Contours want ascending levels, and no level twice.
    for level, name, dash in drawn:
        lines = axes.contour(
            *middles, density.per_deg2.T, [level], colors=colour, linewidths=0.8, linestyles=[dash]
        )
        if labels:
            axes.clabel(lines, fmt={level: name}, fontsize=7)
