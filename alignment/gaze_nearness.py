"""How near the thing is that was looked at: from matches around the gaze point, and what is usual there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashgaze.compiled import compiled

from .far_turns import FarTurns
from .nearness_profile import NearnessProfile

REACH_DEG = 2.0
"""How far around a gaze point matches have a say (σ of a Gaussian): about as far as the eye tracker may be
off."""

REACH_FRAMES = 3.0
"""How many frames before and after (σ of a Gaussian)."""

PROFILE_WEIGHT = 5.0
"""What is usual at a place counts like so many matches there."""

GAZE_ERROR_DEG = 2.5
"""How far the thing looked at may be from where the eye tracker says (1σ per axis): where nearness changes
from row to row, as on the road, it is that uncertain. Vendors' figures for such devices are of the order of 1
to 5°; this is their middle, as a standard deviation per axis."""

FURTHEST, NEAREST = 0.002, 0.5
"""Range of the nearness of things looked at outside of the car: 500 and 2 baselines away, 300 m and 1.2 m.
Things further away are seen within 2 px of where they would be at infinity."""

_GRID = 96
_WINDOW = 6


@dataclass(frozen=True, kw_only=True, eq=False)
class GazeNearness:
    """Nearness at the gaze points of n frames; NaN without one.

    Attributes
    ----------
    nearness, variance
        Shape (n,).
    """

    nearness: NDArray[np.float64]
    variance: NDArray[np.float64]


def nearness_at(
    far_rays: NDArray[np.float64], seen: FarTurns, profile: NearnessProfile
) -> GazeNearness:
    """Find the nearness at one point of each frame.

    Deviations δ of matches from the profile are averaged with weights k of their distance in the picture,
    in time, and of their own noise; the profile itself counts like w matches at the point ::

        ρ = profile + Σ k δ / (Σ k + w)
        var ρ = (Σ k (δ - mean)² + w (profile's variance + mean²)) / (Σ k + w)
                + variance of the profile within the gaze error

    The variance is that of single things around the point, not of their mean: it is one of them that was
    looked at. With these two for a normal likelihood and a prior that takes every factor of distance for
    equally probable (1 / ρ, Jeffreys' prior of a scale) between `FURTHEST` and `NEAREST`, the posterior's mean
    and variance are given: where little is known, things are rather far away, as on roads they are.

    Parameters
    ----------
    far_rays
        Where the points would be seen if they were far away, road rays, shape (n, 2), one for each row of
        the drive; NaN if unknown.
    seen
        Turns and matches.
    profile
        The drive's profile.
    """
    off = seen.nearness - profile.expected(seen.far_rays)
    usual = profile.spread(far_rays)
    weight = np.zeros(len(off))
    scene = profile.spread(seen.far_rays)
    used = seen.consistent & seen.known[seen.matches.frame_of] & np.isfinite(off)
    weight[used] = 1 / (1 + seen.variance[used] / np.maximum(scene[used], 1e-9))
    sums = _gather(
        far_rays, seen.matches.rows.astype(np.int64), seen.matches.first, seen.far_rays,
        np.where(used, off, 0.0), seen.variance, weight, float(np.radians(REACH_DEG)),
    )  # fmt: skip
    total = sums[:, 0] + PROFILE_WEIGHT
    mean = sums[:, 1] / total
    second = sums[:, 2] + PROFILE_WEIGHT * usual
    own = np.maximum(second / total - mean**2, 0.0)
    likely = profile.expected(far_rays) + mean
    variance = own + profile.scatter(far_rays, GAZE_ERROR_DEG)
    posterior = _posterior(likely, variance, np.geomspace(FURTHEST, NEAREST, _GRID))
    return GazeNearness(nearness=posterior[:, 0], variance=posterior[:, 1])


@compiled
def _posterior(
    likely: NDArray[np.float64], variance: NDArray[np.float64], grid: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give mean and variance of a normal distribution times 1 / ρ, on points evenly spread in log ρ, (n, 2)."""
    result = np.full((len(likely), 2), np.nan)
    step = np.log(grid[1] / grid[0])
    for i in range(len(likely)):
        if not np.isfinite(likely[i] + variance[i]):
            continue
        inside = min(max(likely[i], grid[0]), grid[-1])
        # not narrower than the grid, which would miss it
        spread = max(variance[i], (step * inside) ** 2)
        nearest = (inside - likely[i]) ** 2
        total, first, second = 0.0, 0.0, 0.0
        for j in range(len(grid)):
            weight = np.exp((nearest - (grid[j] - likely[i]) ** 2) / (2 * spread))
            total += weight
            first += weight * grid[j]
            second += weight * grid[j] * grid[j]
        result[i, 0] = first / total
        result[i, 1] = max(second / total - (first / total) ** 2, 0.0)
    return result


@compiled
def _gather(
    points: NDArray[np.float64],
    rows: NDArray[np.int64],
    first: NDArray[np.int64],
    places: NDArray[np.float64],
    values: NDArray[np.float64],
    noise: NDArray[np.float64],
    weights: NDArray[np.float64],
    reach: float,
) -> NDArray[np.float64]:
    """Sum weights, weighted values and weighted squares less noise around each row's point, (n, 3)."""
    result = np.zeros((len(points), 3))
    norm = 0.0
    for step in range(-_WINDOW, _WINDOW + 1):
        norm += np.exp(-step * step / (2 * REACH_FRAMES * REACH_FRAMES))
    begin = 0
    for row in range(len(points)):
        while begin < len(rows) and rows[begin] < row - _WINDOW:
            begin += 1
        if not np.isfinite(points[row, 0] + points[row, 1]):
            continue
        m = begin
        while m < len(rows) and rows[m] <= row + _WINDOW:
            apart = float(rows[m] - row)
            part = np.exp(-apart * apart / (2 * REACH_FRAMES * REACH_FRAMES)) / norm
            for i in range(first[m], first[m + 1]):
                if weights[i] <= 0:
                    continue
                dx, dy = places[i, 0] - points[row, 0], places[i, 1] - points[row, 1]
                square = (dx * dx + dy * dy) / (2 * reach * reach)
                if not square < 8:
                    continue
                k = part * weights[i] * np.exp(-square)
                result[row, 0] += k
                result[row, 1] += k * values[i]
                result[row, 2] += k * max(values[i] * values[i] - noise[i], 0.0)
            m += 1
    return result
