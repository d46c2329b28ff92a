"""Densities of gaze on a grid over the road picture."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .scores import BoolArray, FloatArray, IndexArray
from .unit_square import unit_from_px

DensitySource = Callable[[IndexArray], FloatArray]
"""Gives the densities of some rows: shape (b,) to (b, cells), each row summing to 1, or NaN if there is none."""


LEAST_EXPONENT = -80.0
"""Below it float32 becomes denormal, which processors are slow at; 1e-35 is nothing beside ε of the scores."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Cells over a picture of any size; cells are numbered row by row from the top left.

    Attributes
    ----------
    columns, rows
        The default gives square cells of 20 px on a picture of 1920 × 1080.
    """

    columns: int = 96
    rows: int = 54

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.columns * self.rows

    @property
    def x(self) -> FloatArray:
        """Centres of columns in −1 … 1, shape (columns,)."""
        return (np.arange(self.columns) + 0.5) / self.columns * 2.0 - 1.0

    @property
    def y(self) -> FloatArray:
        """Centres of rows in −1 … 1, shape (rows,)."""
        return (np.arange(self.rows) + 0.5) / self.rows * 2.0 - 1.0

    def cell_of(self, points: FloatArray) -> IndexArray:
        """Tell in which cells points lie.

        Parameters
        ----------
        points
            In −1 … 1, shape (n, 2).

        Returns
        -------
        ndarray
            Shape (n,); −1 (an index, not a missing value) for points outside or unknown.
        """
        place = np.floor((points + 1.0) / 2.0 * [self.columns, self.rows])
        within = (place >= 0) & (place < [self.columns, self.rows])
        inside: BoolArray = within[:, 0] & within[:, 1]
        column, row = np.where(inside[:, None], place, 0).astype(np.int64).T
        return np.where(inside, row * self.columns + column, -1)


def gaussian_mass(
    mean: FloatArray, covariance: FloatArray, grid: Grid, dtype: type = np.float64
) -> FloatArray:
    """Probability of each cell under a Gaussian, given that gaze is in the picture.

    The density at the cell's centre, scaled to a sum of 1. The variance of a point within a cell,
    ``width²/12``, is added, so that a Gaussian narrower than a cell does not fall between the centres.

    Parameters
    ----------
    mean
        In −1 … 1, shape (b, 2).
    covariance
        (xx, xy, yy) in the same units, shape (b, 3).
    grid
        The cells.
    dtype
        Of the result; float32 halves the time.

    Returns
    -------
    ndarray
        Shape (b, cells); NaN where mean or covariance is missing or the latter not positive definite.
    """
    xx = covariance[:, 0] + (2.0 / grid.columns) ** 2 / 12.0
    yy = covariance[:, 2] + (2.0 / grid.rows) ** 2 / 12.0
    xy = covariance[:, 1]
    determinant = covariance[:, 0] * covariance[:, 2] - xy**2
    valid = np.isfinite(mean).all(axis=1) & (determinant > 0) & (covariance[:, 0] > 0)
    determinant = np.where(valid, xx * yy - xy**2, 1.0)
    x = grid.x - np.where(valid, mean[:, 0], 0.0)[:, None]
    y = grid.y - np.where(valid, mean[:, 1], 0.0)[:, None]
    # −½ dᵀ Σ⁻¹ d, written as a part of x, a part of y and a mixed part.
    scale = (np.where(valid, 1.0, 0.0) * -0.5 / determinant)[:, None]
    part_x: FloatArray = (scale * np.where(valid, yy, 0.0)[:, None] * x**2).astype(dtype)
    part_y: FloatArray = (scale * np.where(valid, xx, 0.0)[:, None] * y**2).astype(dtype)
    mixed: FloatArray = (-2.0 * scale * np.where(valid, xy, 0.0)[:, None] * y).astype(dtype)
    exponent = mixed[:, :, None] * x.astype(dtype)[:, None, :]
    exponent += part_x[:, None, :]
    exponent += part_y[:, :, None]
    mass: FloatArray = exponent.reshape(len(mean), grid.cells)
    # A mean far outside of the picture would underflow everywhere.
    mass -= mass.max(axis=1, keepdims=True)
    np.maximum(mass, LEAST_EXPONENT, out=mass)
    np.exp(mass, out=mass)
    mass /= np.where(valid, mass.sum(axis=1, dtype=np.float64), np.nan)[:, None].astype(dtype)
    return mass


def gaussian_source(
    xy_px: FloatArray, cov_px2: FloatArray, size_px: FloatArray, grid: Grid
) -> DensitySource:
    """Give the densities of answers with a stated covariance.

    Parameters
    ----------
    xy_px
        Shape (n, 2), px.
    cov_px2
        (xx, xy, yy), shape (n, 3), px².
    size_px
        Width and height of the road pictures, shape (n, 2), px.
    grid
        The cells.
    """
    mean = unit_from_px(xy_px, size_px)
    width, height = (size_px / 2.0).T
    covariance = cov_px2 / np.stack([width**2, width * height, height**2], axis=1)

    def densities(rows: IndexArray) -> FloatArray:
        return gaussian_mass(mean[rows], covariance[rows], grid, np.float32)

    return densities


def constant_source(mass: FloatArray) -> DensitySource:
    """Give the same density, shape (cells,), for all rows."""

    def densities(rows: IndexArray) -> FloatArray:
        return np.broadcast_to(mass, (len(rows), len(mass)))

    return densities


def array_source(masses: FloatArray) -> DensitySource:
    """Give densities that are there already, shape (n, cells), such as those of a network's grid head."""

    def densities(rows: IndexArray) -> FloatArray:
        found: FloatArray = masses[rows]
        return found

    return densities
