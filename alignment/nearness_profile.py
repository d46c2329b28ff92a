"""How near things usually are in each part of a drive's road picture.

The road lies at the same rows all along a drive, the sky above it, houses on both sides.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

CELL_DEG = 1.0
"""Side of a cell."""

_ALONG_ROWS, _ALONG_COLUMNS = 0.7, 3.0
"""How far cells are smoothed, in cells: the road's nearness changes from row to row, less so along one."""

_WIDE_ROWS, _WIDE_COLUMNS, _WIDE_WEIGHT = 2.0, 8.0, 0.02
"""The same for cells without matches."""


@dataclass(frozen=True, kw_only=True, eq=False)
class NearnessProfile:
    """Mean and variance of the nearness as a function of the far position.

    Attributes
    ----------
    origin, cell
        Road rays of the first cell's middle, shape (2,), and the side of a cell.
    mean, variance
        Per cell, shape (rows, columns). The variance is that of deviations from the mean at their place.
    """

    origin: NDArray[np.float64]
    cell: float
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]

    def expected(self, far_rays: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the expected nearness, shape (n,)."""
        return self._look(self.mean, far_rays)

    def spread(self, far_rays: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give its variance, shape (n,)."""
        return self._look(self.variance, far_rays)

    def scatter(self, far_rays: NDArray[np.float64], radius_deg: float) -> NDArray[np.float64]:
        """Give the variance of the expected nearness around points, at distances of σ = radius per axis."""
        cells = float(np.radians(radius_deg)) / self.cell
        mean = ndimage.gaussian_filter(self.mean, cells, mode="nearest")
        square = ndimage.gaussian_filter(self.mean**2, cells, mode="nearest")
        return self._look(np.maximum(square - mean**2, 0.0), far_rays)

    def _look(
        self, values: NDArray[np.float64], far_rays: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        column, row = ((far_rays - self.origin) / self.cell).T
        found = np.full(len(far_rays), np.nan)
        known = np.isfinite(row + column)
        found[known] = ndimage.map_coordinates(
            values, [row[known], column[known]], order=1, mode="nearest"
        )
        return found


def learn_profile(
    far_rays: NDArray[np.float64],
    nearness: NDArray[np.float64],
    noise: NDArray[np.float64],
    half_size: NDArray[np.float64],
) -> NearnessProfile:
    """Learn it from a drive's matches.

    Parameters
    ----------
    far_rays, nearness, noise
        Of n right matches: positions, shape (n, 2), nearness and the variance of its noise, shape (n,).
    half_size
        Half the width and height of the road picture in rays, shape (2,).
    """
    cell = float(np.radians(CELL_DEG))
    columns, rows = (np.ceil(2 * half_size / cell).astype(int) + 1).tolist()
    place = (far_rays + half_size) / cell
    column = np.clip(np.rint(place[:, 0]).astype(int), 0, columns - 1)
    row = np.clip(np.rint(place[:, 1]).astype(int), 0, rows - 1)
    at = row * columns + column
    # what noise alone spreads says little of the scene
    weight = np.ones(len(noise))
    if len(noise):
        weight = 1 / (noise + np.median(noise))
        weight = weight / weight.mean()

    def mean_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = [
            np.bincount(at, each, rows * columns).reshape(rows, columns)
            for each in (weight, weight * values)
        ]
        smooth = [_smoothed(np.asarray(each, dtype=np.float64)) for each in sums]
        return np.asarray(smooth[1] / smooth[0])

    mean = mean_of(nearness)
    rough = NearnessProfile(origin=-half_size, cell=cell, mean=mean, variance=mean)
    off = nearness - rough.expected(far_rays)
    variance = np.maximum(mean_of(off**2 - noise), 0.0)
    return NearnessProfile(origin=-half_size, cell=cell, mean=mean, variance=variance)


def _smoothed(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    near = ndimage.gaussian_filter(cells, (_ALONG_ROWS, _ALONG_COLUMNS), mode="nearest")
    wide = ndimage.gaussian_filter(cells, (_WIDE_ROWS, _WIDE_COLUMNS), mode="nearest")
    return np.asarray(near + _WIDE_WEIGHT * wide + 1e-9 * (1 + cells.mean()))
