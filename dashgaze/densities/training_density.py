"""Where drivers look in training: what information gain is measured against."""

from dataclasses import dataclass

import numpy as np

from dashgaze.errors import InputError

from .grid import Grid
from .scores import FloatArray
from .unit_square import unit_from_px

UNIFORM_SHARE = 0.01
"""Share of the density that is spread evenly, so that no cell is impossible."""

KERNEL_SHARE = 0.02
"""Standard deviation of the kernel over the picture's width."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingDensity:
    """Density of gaze over sessions of training.

    Attributes
    ----------
    mass
        Shape (cells,), sums to 1.
    grid
        Its cells.
    sessions
        Where it comes from; scores of these sessions are refused.
    """

    mass: FloatArray
    grid: Grid
    sessions: tuple[str, ...]


def training_density(
    gaze_px: FloatArray,
    size_px: FloatArray,
    session_id: np.ndarray,
    grid: Grid | None = None,
    *,
    kernel_share: float = KERNEL_SHARE,
    uniform_share: float = UNIFORM_SHARE,
) -> TrainingDensity:
    """Count where gaze was, each session weighing the same, and smooth the counts.

    Parameters
    ----------
    gaze_px
        Gaze in the road view, shape (n, 2), px; unknown points and those outside are left out.
    size_px
        Width and height of the road pictures, shape (n, 2), px.
    session_id
        Shape (n,), text.
    grid
        The cells; the default one if None.
    kernel_share
        Standard deviation of the Gaussian kernel over the width.
    uniform_share
        Share that is spread evenly.

    Raises
    ------
    InputError
        If no gaze is in the picture.
    """
    grid = Grid() if grid is None else grid
    cells = grid.cell_of(unit_from_px(gaze_px, size_px))
    inside = cells >= 0
    if not inside.any():
        raise InputError(
            "No gaze of the training frames is in the road picture, so there is no training density.",
            fix="Check that frames of the training split have gaze in the road view.",
        )
    _, session = np.unique(session_id[inside], return_inverse=True)
    weights = (1.0 / np.bincount(session))[session]
    counts = np.bincount(cells[inside], weights=weights, minlength=grid.cells)
    aspect = float(np.median(size_px[inside, 0] / size_px[inside, 1]))
    smooth = _kernel(grid.y, 2.0 * kernel_share * aspect) @ counts.reshape(grid.rows, grid.columns)
    smooth = smooth @ _kernel(grid.x, 2.0 * kernel_share).T
    mass = (1.0 - uniform_share) * smooth.ravel() / smooth.sum() + uniform_share / grid.cells
    return TrainingDensity(
        mass=mass, grid=grid, sessions=tuple(sorted(set(session_id[inside].tolist())))
    )


def _kernel(centres: FloatArray, sd: float) -> FloatArray:
    """Give the matrix that spreads what is in one cell over its line, keeping the sum."""
    kernel = np.exp(-0.5 * ((centres[:, None] - centres[None, :]) / sd) ** 2)
    spread: FloatArray = kernel / kernel.sum(axis=0, keepdims=True)
    return spread
