"""Figures of densities of gaze by condition."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dashgaze.densities.grid import Grid

from ..contract.study import FloatArray
from .condition_density import HALF_HEIGHT_DEG, HALF_WIDTH_DEG
from .density_difference import DensityDifference

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_EXTENT = (-HALF_WIDTH_DEG, HALF_WIDTH_DEG, -HALF_HEIGHT_DEG, HALF_HEIGHT_DEG)
_INK = "#2b3742"
_STYLE: dict[Any, Any] = {
    "font.size": 7.5,
    "axes.titlesize": 7.5,
    "svg.fonttype": "path",
    "svg.hashsalt": "dashgaze",
}
_SHARES = (0.95, 0.80, 0.50)
_DASHES = (":", "--", "-")


def map_figure(panels: Sequence[tuple[str, FloatArray]], grid: Grid) -> "Figure":
    """Draw maps side by side on the same axes, a paper's page wide, with areas that hold 50, 80 and 95 %.

    Parameters
    ----------
    panels
        Title and density of each, shape (cells,).
    grid
        Their cells.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    with mpl.rc_context(_STYLE):
        sheet = Figure(
            figsize=(180 / 25.4, (10 + 110 / columns * rows) / 25.4), layout="constrained"
        )
        axes = sheet.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for each, panel in zip(
            axes.flat, [*panels, *[None] * (rows * columns - len(panels))], strict=True
        ):
            if panel is None:
                each.set_axis_off()
                continue
            title, mass = panel
            picture = mass.reshape(grid.rows, grid.columns)
            each.imshow(picture, extent=_EXTENT, cmap="Blues", vmin=0, interpolation="nearest")
            _contours(each, picture, grid)
            _cross(each)
            each.set_title(title, loc="left")
        # The lowest panel of each column, which may have nothing below it.
        for each in list(axes.flat)[max(len(panels) - columns, 0) : len(panels)]:
            each.set_xlabel("azimuth from reference (deg)")
            each.tick_params(labelbottom=True)
        for each in axes[:, 0]:
            each.set_ylabel("elevation (deg)")
        return sheet


def difference_map_figure(found: DensityDifference, grid: Grid, label: str) -> "Figure":
    """Draw a difference, a paper's column wide; what is not certain is left white.

    Parameters
    ----------
    found
        The difference.
    grid
        Its cells.
    label
        Which is taken from which.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    cell_deg2 = 4 * HALF_WIDTH_DEG * HALF_HEIGHT_DEG / grid.cells
    values = 100 * found.mass / cell_deg2
    most = max(float(np.abs(values).max()), 1e-9)
    shown = values if found.certain is None else np.where(found.certain, values, np.nan)
    with mpl.rc_context(_STYLE):
        sheet = Figure(figsize=(85 / 25.4, 68 / 25.4), layout="constrained")
        axes = sheet.add_subplot()
        drawn = axes.imshow(
            shown.reshape(grid.rows, grid.columns),
            extent=_EXTENT,
            cmap="PuOr",
            vmin=-most,
            vmax=most,
            interpolation="nearest",
        )
        _cross(axes)
        axes.set_xlabel("azimuth from reference (deg, right +)")
        axes.set_ylabel("elevation (deg, up +)")
        sheet.colorbar(
            drawn, ax=axes, location="top", shrink=0.9, label=f"{label} (% of gaze per deg²)"
        )
        return sheet


def _contours(axes: "Axes", picture: FloatArray, grid: Grid) -> None:
    ordered = np.sort(picture, axis=None)[::-1]
    passed = np.cumsum(ordered)
    # Rows go down the picture, elevation up.
    x, y = grid.x * HALF_WIDTH_DEG, -grid.y * HALF_HEIGHT_DEG
    for share, dash in zip(_SHARES, _DASHES, strict=True):
        level = float(
            ordered[min(int(np.searchsorted(passed, share * passed[-1])), len(ordered) - 1)]
        )
        if 0 < level < float(picture.max()):
            axes.contour(x, y, picture, [level], colors=_INK, linewidths=0.8, linestyles=[dash])


def _cross(axes: "Axes") -> None:
    axes.axhline(0, color="#6b7884", linewidth=0.4)
    axes.axvline(0, color="#6b7884", linewidth=0.4)
    axes.set_xlim(_EXTENT[0], _EXTENT[1])
    axes.set_ylim(_EXTENT[2], _EXTENT[3])
