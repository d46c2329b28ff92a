"""Where gaze lies under a condition: the mean of the sessions' densities, each counting once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashgaze.densities.grid import Grid
from dashgaze.densities.training_density import training_density

from ..contract.study import FloatArray

HALF_WIDTH_DEG, HALF_HEIGHT_DEG = 32.0, 18.0
"""Of the area about the reference that maps show."""

MAP_GRID = Grid(columns=64, rows=36)
"""Cells of 1°, for maps."""

DIFFERENCE_GRID = Grid(columns=32, rows=18)
"""Cells of 2°, for differences: fewer cells are fewer comparisons."""

KERNEL_DEG = 1.0
_AREA = np.array([[2 * HALF_WIDTH_DEG, 2 * HALF_HEIGHT_DEG]])


@dataclass(frozen=True, kw_only=True, eq=False)
class SessionDensity:
    """Density of gaze of one session under one condition.

    Attributes
    ----------
    session_id, driver_id
        Which.
    mass
        Share of gaze in each cell, row by row from the top left, shape (cells,).
    minutes
        Of gaze behind it.
    """

    session_id: str
    driver_id: str
    mass: FloatArray
    minutes: float


def density_deg(
    directions_deg: FloatArray, grid: Grid, kernel_deg: float = KERNEL_DEG
) -> FloatArray | None:
    """Estimate the density of directions by a Gaussian kernel; None if none lies in the area.

    Parameters
    ----------
    directions_deg
        Azimuth (right positive) and elevation (up positive) from the reference, shape (n, 2).
    grid
        Cells over the area.
    kernel_deg
        Standard deviation of the kernel.

    Returns
    -------
    ndarray or None
        Shape (cells,), sums to 1 over the area.
    """
    kept = directions_deg[np.isfinite(directions_deg).all(axis=1)]
    # As points of a picture of one px a degree, whose pixel centres are integers.
    points = np.stack([kept[:, 0] + HALF_WIDTH_DEG, HALF_HEIGHT_DEG - kept[:, 1]], axis=1) - 0.5
    size = np.repeat(_AREA, len(points), axis=0)
    inside = (points > -0.5).all(axis=1) & (points < size - 0.5).all(axis=1)
    if not inside.any():
        return None
    found = training_density(
        points[inside],
        size[inside],
        np.full(int(inside.sum()), "this"),
        grid,
        kernel_share=kernel_deg / (2 * HALF_WIDTH_DEG),
        uniform_share=0.0,
    )
    return found.mass


def mean_density(sessions: Sequence[SessionDensity]) -> FloatArray:
    """Give the mean of the sessions' densities, shape (cells,)."""
    return np.asarray(np.mean([each.mass for each in sessions], axis=0), dtype=np.float64)
