"""Densities of directions on a grid of degrees, and the areas where they are highest."""

from dataclasses import dataclass

import numpy as np

from dashgaze.scratch import forget

from ..contract.study import FloatArray

CELL_DEG = 0.5
BANDWIDTH_DEG = 0.75
"""One for all cells: a bandwidth that follows the spread would make areas of small cells larger."""

_ROWS_AT_ONCE = 250_000
"""Of millions of directions, so many are counted at a time: what that takes would be several times the directions."""

AZIMUTH_LIMITS_DEG = (-45.0, 45.0)
ELEVATION_LIMITS_DEG = (-30.0, 20.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class GazeDensity:
    """A density on a grid.

    Attributes
    ----------
    azimuth_edges_deg, elevation_edges_deg
        Edges of the cells, ascending, shapes (a + 1,) and (e + 1,).
    per_deg2
        Density, shape (a, e); its integral over the grid is 1.
    count
        Directions behind it.
    outside
        Directions beyond the grid.
    """

    azimuth_edges_deg: FloatArray
    elevation_edges_deg: FloatArray
    per_deg2: FloatArray
    count: int
    outside: int


def gaze_density(
    directions_deg: FloatArray,
    *,
    bandwidth_deg: float = BANDWIDTH_DEG,
    cell_deg: float = CELL_DEG,
    azimuth_limits_deg: tuple[float, float] = AZIMUTH_LIMITS_DEG,
    elevation_limits_deg: tuple[float, float] = ELEVATION_LIMITS_DEG,
) -> GazeDensity:
    """Estimate the density by a Gaussian kernel on a grid.

    Parameters
    ----------
    directions_deg
        Azimuth and elevation, shape (n, 2); rows that are not finite don't count.
    bandwidth_deg
        Standard deviation of the kernel; 0 for the plain histogram.
    cell_deg
        Side of a cell.
    azimuth_limits_deg, elevation_limits_deg
        Of the grid.
    """
    edges = [
        np.linspace(low, high, round((high - low) / cell_deg) + 1)
        for low, high in (azimuth_limits_deg, elevation_limits_deg)
    ]
    counts, known = np.zeros((len(edges[0]) - 1, len(edges[1]) - 1)), 0
    for start in range(0, len(directions_deg), _ROWS_AT_ONCE):
        some = directions_deg[start : start + _ROWS_AT_ONCE]
        kept = some[np.isfinite(some).all(axis=1)]
        counts += counts_on(kept, edges[0], edges[1])
        known += len(kept)
        forget(some)
    inside = int(counts.sum())
    density = smoothed(counts, bandwidth_deg / cell_deg)
    total = float(density.sum()) * cell_deg**2
    return GazeDensity(
        azimuth_edges_deg=edges[0],
        elevation_edges_deg=edges[1],
        per_deg2=density / total if total > 0 else density,
        count=known,
        outside=known - inside,
    )


def counts_on(
    directions_deg: FloatArray, azimuth_edges_deg: FloatArray, elevation_edges_deg: FloatArray
) -> FloatArray:
    """Count directions in the cells of a regular grid, shape (a, e).

    Parameters
    ----------
    directions_deg
        Shape (n, 2), finite.
    azimuth_edges_deg, elevation_edges_deg
        Edges at equal distances.
    """
    sizes = len(azimuth_edges_deg) - 1, len(elevation_edges_deg) - 1
    places = []
    for axis, edges in enumerate((azimuth_edges_deg, elevation_edges_deg)):
        step = (edges[-1] - edges[0]) / (len(edges) - 1)
        places.append(np.floor((directions_deg[:, axis] - edges[0]) / step).astype(np.int64))
    inside = (places[0] >= 0) & (places[0] < sizes[0]) & (places[1] >= 0) & (places[1] < sizes[1])
    flat = places[0][inside] * sizes[1] + places[1][inside]
    return np.bincount(flat, minlength=sizes[0] * sizes[1]).reshape(sizes).astype(np.float64)


def smoothed(values: FloatArray, sd_cells: float) -> FloatArray:
    """Smooth a grid by a Gaussian; what leaves the grid is lost."""
    from scipy.ndimage import gaussian_filter

    if sd_cells <= 0:
        return values
    return np.asarray(gaussian_filter(values, sd_cells, mode="constant"), dtype=np.float64)


def highest_level(density: FloatArray, share: float) -> float:
    """Give the density above which a share of the whole lies; NaN of nothing.

    Parameters
    ----------
    density
        On a regular grid.
    share
        Between 0 and 1.
    """
    ordered = np.sort(density, axis=None)[::-1]
    total = float(ordered.sum())
    if not total > 0:
        return float("nan")
    place = int(np.searchsorted(np.cumsum(ordered), share * total))
    return float(ordered[min(place, len(ordered) - 1)])


def highest_density_area_deg2(density: GazeDensity, share: float) -> float:
    """Give the smallest area that holds a share of the density (Hyndman 1996), deg²; NaN of nothing.

    The last cell counts for as much as is needed of it.

    Parameters
    ----------
    density
        The density.
    share
        Between 0 and 1.
    """
    ordered = np.sort(density.per_deg2, axis=None)[::-1]
    total = float(ordered.sum())
    if not total > 0:
        return float("nan")
    passed = np.cumsum(ordered)
    place = min(int(np.searchsorted(passed, share * total)), len(ordered) - 1)
    before = float(passed[place - 1]) if place else 0.0
    cell_deg2 = float(
        np.diff(density.azimuth_edges_deg[:2]) @ np.diff(density.elevation_edges_deg[:2])
    )
    return float(place + (share * total - before) / ordered[place]) * cell_deg2
