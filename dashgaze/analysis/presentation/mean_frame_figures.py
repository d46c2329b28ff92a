"""Figures of mean frames and of how much frames differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..gaze.figure_style import PAGE_MM, figure
from .mean_frame_groups import Group
from .mean_picture import code_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

    from .mean_picture import Light

_SD_COLOURS = "cividis"


def mean_and_variation_figure(group: Group, *, shape: float) -> Figure:
    """Draw a mean frame, the SD within sessions, and the SD between sessions where there are two.

    Parameters
    ----------
    group
        Sessions and their mean.
    shape
        Width of the picture over its height, as it was recorded.
    """
    shown = [
        ("SD within sessions", group.mean.within_sd),
        ("SD between sessions", group.mean.between_sd),
    ]
    shown = [(name, each) for name, each in shown if np.isfinite(each).any()]
    columns = 1 + len(shown)
    width_mm = (PAGE_MM - 22) / columns
    most = max((float(np.nanquantile(each, 0.998)) for _, each in shown), default=1.0)
    with figure(PAGE_MM, width_mm / shape + 14) as sheet:
        grid = sheet.subplots(1, columns, squeeze=False)[0]
        _picture(grid[0], code_values(group.mean.mean), shape, "Mean")
        drawn = None
        for axes, (name, values) in zip(grid[1:], shown, strict=True):
            drawn = _picture(axes, values, shape, name, most=most)
        if drawn is not None:
            bar = sheet.colorbar(drawn, ax=list(grid[1:]), shrink=0.8, pad=0.02, aspect=18)
            bar.set_label("SD (1 = white)")
            bar.outline.set_linewidth(0.5)
        return sheet


def mean_frames_figure(groups: Sequence[Group], *, shape: float, columns: int = 3) -> Figure:
    """Draw means side by side, each with its count of sessions and drivers.

    Parameters
    ----------
    groups
        What is averaged.
    shape
        Width of the picture over its height.
    columns
        Side by side.
    """
    columns = max(min(columns, len(groups)), 1)
    rows = -(-len(groups) // columns)
    wide_mm = PAGE_MM if len(groups) > 1 else PAGE_MM / 2
    each_mm = (wide_mm - 3 * columns) / columns
    with figure(wide_mm, rows * (each_mm / shape + 5.5)) as sheet:
        grid = sheet.subplots(rows, columns, squeeze=False)
        for axes in grid.flat[len(groups) :]:
            axes.set_axis_off()
        for axes, group in zip(grid.flat, groups, strict=False):
            count = len(group.members)
            title = (
                group.name
                if count == 1
                else f"{group.name}: {count} sessions, {group.drivers} drivers"
            )
            _picture(axes, code_values(group.mean.mean), shape, title)
        return sheet


def _picture(
    axes: Axes,
    values: np.ndarray | Light,
    shape: float,
    title: str,
    *,
    most: float | None = None,
) -> AxesImage:
    height, width = values.shape[:2]
    drawn = axes.imshow(
        values,
        cmap=_SD_COLOURS,
        vmin=0.0,
        vmax=most,
        # Pictures that were squeezed into a square get their width back.
        aspect=width / height / shape,
        interpolation="antialiased",
    )
    axes.set_title(title, pad=2)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_linewidth(0.4)
    return drawn
