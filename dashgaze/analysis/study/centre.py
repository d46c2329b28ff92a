"""Robust middles of points: where most of them lie, and their geometric median."""

import numpy as np

from ..contract.study import FloatArray

_CELL = 0.25
_ROUNDS = 100


def geometric_median(points: FloatArray) -> FloatArray:
    """Give the place whose summed distance to all points is least (Weiszfeld's iteration), shape (2,).

    Up to half of the points may lie anywhere. NaN for no points.

    Parameters
    ----------
    points
        Shape (n, 2); rows that are not finite don't count.
    """
    kept = points[np.isfinite(points).all(axis=1)]
    if not len(kept):
        return np.full(2, np.nan)
    place = np.asarray(np.median(kept, axis=0), dtype=np.float64)
    for _ in range(_ROUNDS):
        weights = 1.0 / np.maximum(np.linalg.norm(kept - place, axis=1), 1e-9)
        moved = np.asarray(weights @ kept / weights.sum(), dtype=np.float64)
        step = float(np.abs(moved - place).max())
        place = moved
        if step < 1e-6:
            break
    return place


def mode(points: FloatArray, *, bandwidth: float) -> FloatArray:
    """Give the place where points are densest, shape (2,): the peak of a Gaussian kernel density.

    The peak on a grid of cells of 0.25 is the start of a mean shift, so that the result is not on the grid.

    Parameters
    ----------
    points
        Shape (n, 2); rows that are not finite don't count. NaN for none.
    bandwidth
        Standard deviation of the kernel, in units of the points.
    """
    from scipy.ndimage import gaussian_filter

    kept = points[np.isfinite(points).all(axis=1)]
    if not len(kept):
        return np.full(2, np.nan)
    # A few points far out must not make the grid huge.
    low, high = np.percentile(kept, [1, 99], axis=0)
    low, high = low - 4 * bandwidth, high + 4 * bandwidth
    edges = [np.arange(a, b + _CELL, _CELL) for a, b in zip(low, high, strict=True)]
    counts, _, _ = np.histogram2d(kept[:, 0], kept[:, 1], bins=edges)
    density = gaussian_filter(counts, bandwidth / _CELL, mode="constant")
    peak = np.unravel_index(int(np.argmax(density)), density.shape)
    place = np.array([edges[axis][peak[axis]] + _CELL / 2 for axis in (0, 1)])
    for _ in range(_ROUNDS):
        weights = np.exp(-0.5 * ((kept - place) ** 2).sum(axis=1) / bandwidth**2)
        moved = weights @ kept / max(float(weights.sum()), 1e-300)
        step = float(np.abs(moved - place).max())
        place = moved
        if step < 1e-4:
            break
    return np.asarray(place, dtype=np.float64)
