"""Where gaze lies more often in one condition than in another, between sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..contract.study import BoolArray, FloatArray
from .figure_style import COLUMN_MM, INK, degree_axes, figure
from .gaze_density import gaze_density

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELL_DEG = 2.0
BANDWIDTH_DEG = 2.0
LIMITS_DEG = (-30.0, 30.0), (-20.0, 16.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class DifferenceMap:
    """Difference of two mean densities, each session counting the same.

    Attributes
    ----------
    azimuth_edges_deg, elevation_edges_deg
        Edges of the cells.
    difference_per_deg2
        Second arm less the first one, shape (a, e).
    certain
        Cells whose bootstrap interval of 95 % does not hold 0, shape (a, e). Of independent cells without
        any difference one in twenty would be so.
    sessions
        In each arm.
    """

    azimuth_edges_deg: FloatArray
    elevation_edges_deg: FloatArray
    difference_per_deg2: FloatArray
    certain: BoolArray
    sessions: tuple[int, int]


def session_density(directions_deg: FloatArray) -> FloatArray:
    """Give the density of one session on the grid of difference maps, shape (a, e)."""
    return gaze_density(
        directions_deg,
        bandwidth_deg=BANDWIDTH_DEG,
        cell_deg=CELL_DEG,
        azimuth_limits_deg=LIMITS_DEG[0],
        elevation_limits_deg=LIMITS_DEG[1],
    ).per_deg2


def difference_map(
    first: Sequence[tuple[str, FloatArray]],
    second: Sequence[tuple[str, FloatArray]],
    *,
    repeats: int,
    seed: int,
) -> DifferenceMap:
    """Compare two arms of sessions cell by cell; drivers are drawn with all of their sessions.

    Parameters
    ----------
    first, second
        Driver and `session_density` of each session.
    repeats, seed
        Of the bootstrap.
    """
    owners = [driver for driver, _ in (*first, *second)]
    names = sorted(set(owners))
    numbers = {name: number for number, name in enumerate(names)}
    place = np.array([numbers[driver] for driver in owners])
    maps = np.array([density for _, density in (*first, *second)])
    flat = maps.reshape(len(maps), -1)
    in_second = np.arange(len(maps)) >= len(first)
    rng = np.random.default_rng([seed, 31])
    differences = []
    for _ in range(repeats):
        drawn = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[place]
        weights = [drawn * ~in_second, drawn * in_second]
        # A draw without a session in one arm says nothing.
        if weights[0].sum() and weights[1].sum():
            means = [weight @ flat / weight.sum() for weight in weights]
            differences.append(means[1] - means[0])
    low, high = np.percentile(differences, [2.5, 97.5], axis=0)
    shape = maps.shape[1:]
    edges = [np.linspace(a, b, round((b - a) / CELL_DEG) + 1) for a, b in LIMITS_DEG]
    return DifferenceMap(
        azimuth_edges_deg=edges[0],
        elevation_edges_deg=edges[1],
        difference_per_deg2=maps[in_second].mean(axis=0) - maps[~in_second].mean(axis=0),
        certain=((low > 0) | (high < 0)).reshape(shape),
        sessions=(len(first), len(second)),
    )


def difference_figure(found: DifferenceMap, *, first: str, second: str) -> "Figure":
    """Draw a difference map; cells that may as well be without any difference are left white.

    Parameters
    ----------
    found
        The map.
    first, second
        Names of the arms.
    """
    with figure(COLUMN_MM, 70) as sheet:
        axes = sheet.add_subplot()
        values = np.where(found.certain, found.difference_per_deg2, np.nan) * 100
        all_values = found.difference_per_deg2 * 100
        most = max(float(np.abs(all_values).max()), 1e-9)
        shown = axes.pcolormesh(
            found.azimuth_edges_deg,
            found.elevation_edges_deg,
            values.T,
            cmap="PuOr",
            vmin=-most,
            vmax=most,
        )
        middles = [
            (edges[:-1] + edges[1:]) / 2
            for edges in (found.azimuth_edges_deg, found.elevation_edges_deg)
        ]
        axes.contour(*middles, all_values.T, [-most / 4, most / 4], colors=INK, linewidths=0.6)
        degree_axes(axes)
        axes.set_xlim(*LIMITS_DEG[0])
        axes.set_ylim(*LIMITS_DEG[1])
        sheet.colorbar(
            shown,
            ax=axes,
            location="top",
            shrink=0.85,
            label=f"{second} less {first} (% of gaze per deg²)",
        )
        return sheet
