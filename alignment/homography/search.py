"""Looking for the homography with the largest likelihood: sample, score, optimise locally.

The loop is MLESAC's (Torr & Zisserman 2000) with local optimisation (Chum, Matas & Kittler, DAGM 2003,
doi 10.1007/978-3-540-45243-0_31) and matches drawn by their rank where one is given (as in PROSAC, Chum
& Matas, CVPR 2005, doi 10.1109/CVPR.2005.221, but with one distribution from beginning to end, so that
no match is ever left out).
"""

import math

import numpy as np
from numpy.typing import NDArray

from dashgaze.compiled import compiled

from .frames import normalise, to_frames, to_pixels
from .minimal_solver import FLAT, MIRRORED, SOLVED, solve_four
from .mixture import expect, score
from .random_numbers import next_below, next_share
from .refinement import add_step, solve

SAMPLE_SUCCESS = 0.8
"""Share of samples of four inliers from which local optimisation reaches the best map. Small or flat
quadrangles amplify the noise too much; see scripts/bench_homography.py."""

LONG_SEARCH = 500
"""Samples after which few matches must be right, and near misses too are optimised locally: those with
half of the best hypothesis's likelihood, from farther away. Of 200 searches with 30 inliers in 300
matches 9 then fail instead of 40, in the same time."""

_NEAR_MISS = 0.5
# With less than this part of the best sample's inliers, a sample is not better.
_NO_BETTER = 0.8
# σ of the local optimisation's steps: the first ones gather the inliers of an inexact sample, and of
# the very inexact ones that a long search has to do with
_WIDENING = (16.0, 8.0, 4.0, 2.0, 1.0)
_NEAR_STAGE = 2
_MIN_SUM = 4.5


@compiled
def search(
    matches_px: NDArray[np.float64],
    rank: NDArray[np.int64],
    start: NDArray[np.float64],
    sigma_px: float,
    noise_ratio: float,
    area_px2: float,
    min_inliers: float,
    min_iterations: int,
    max_iterations: int,
    confidence: float,
    seed: np.uint64,
    best_px: NDArray[np.float64],
) -> tuple[float, float, NDArray[np.int64]]:
    """Find the map that explains most matches.

    Parameters
    ----------
    matches_px
        Rows x, y, u, v (px) and 1/s², shape (5, n), n ≥ 4.
    rank
        Matches in the order in which to trust them, shape (n,), or empty.
    start
        Maps to begin with, target_from_source in px, shape (any, 3, 3).
    sigma_px, noise_ratio, area_px2
        σ, ρ and A of the mixture.
    min_inliers
        Count of inliers under which a map is of no use.
    min_iterations, max_iterations, confidence
        Samples to draw; between the two it ends as soon as a better map would have been found with this
        confidence.
    seed
        Of the random numbers.
    best_px
        Filled with the map, shape (3, 3), with a positive denominator at its inliers.

    Returns
    -------
    tuple of (float, float, NDArray[np.int64])
        Log-likelihood (−inf if there is nothing), γ, and counts of samples: drawn, solved, flat,
        mirrored.
    """
    n = matches_px.shape[1]
    state = np.empty(1, np.uint64)
    state[0] = seed
    # mixed, so that the first matches are a fair sample of all; position[k] is where match k went
    mixture = np.arange(n)
    position = np.empty(n, np.int64)
    for k in range(n - 1, 0, -1):
        j = next_below(state, k + 1)
        mixture[k], mixture[j] = mixture[j], mixture[k]
    mixed = np.empty_like(matches_px)
    for k in range(n):
        position[mixture[k]] = k
        for row in range(5):
            mixed[row, k] = matches_px[row, mixture[k]]
    frames = np.empty((2, 3))
    matches = normalise(mixed, np.ones(n), frames)
    target_scale = frames[1, 2]
    variance = (sigma_px * target_scale) ** 2
    squared_ratio = (noise_ratio * frames[0, 2] / target_scale) ** 2
    area = area_px2 * target_scale**2

    sample, counts = np.empty(4, np.int64), np.zeros(4, np.int64)
    hypothesis, trial, best = np.empty((3, 3)), np.empty((3, 3)), np.eye(3)
    near, probability = np.empty((2, n)), np.empty(n)
    normal, step = np.empty((8, 8)), np.empty(8)
    best_score, best_raw, best_share, raw_share = -np.inf, -np.inf, 0.5, 0.0
    # half of the inliers are enough of a sign, as samples are inexact
    least_share = min_inliers / n / 2
    needed = float(max_iterations)
    drawn = 0
    while drawn < len(start) + max_iterations:
        given = drawn < len(start)
        if not given and drawn - len(start) >= max(float(min_iterations), needed):
            break
        drawn += 1
        if given:
            to_frames(start[drawn - 1], frames, hypothesis)
        else:
            _draw_four(state, n, rank, position, sample)
            outcome = solve_four(matches, sample, hypothesis)
            counts[0] += 1
            counts[1] += outcome == SOLVED
            counts[2] += outcome == FLAT
            counts[3] += outcome == MIRRORED
            if outcome != SOLVED:
                continue
        long = LONG_SEARCH < drawn < needed
        part = 0.0 if long else _NO_BETTER * raw_share
        raw, share, _ = score(
            matches, hypothesis, variance, squared_ratio, area, best_share,
            0.0 if given else max(least_share, part), near,
        )  # fmt: skip
        if not (given or raw > best_raw or (long and raw > _NEAR_MISS * best_raw)):
            continue
        if not given and raw > best_raw:  # a start says nothing about how good samples can be
            best_raw, raw_share = raw, share
        if raw > best_score:
            best_score, best_share = raw, share
            _copy(hypothesis, best)
        _copy(hypothesis, trial)
        share = max(share, 0.05)
        usable = True
        for stage in range(0 if long else _NEAR_STAGE, len(_WIDENING)):
            total, _, _ = expect(
                matches, trial, variance * _WIDENING[stage] ** 2, squared_ratio, area, share,
                probability, normal, step,
            )  # fmt: skip
            if total < _MIN_SUM or not solve(normal, step):
                usable = False
                break
            add_step(trial, step, 1.0)
            share = min(total / n, 0.9999)
        if usable:
            better, share, _ = score(
                matches, trial, variance, squared_ratio, area, share, 0.0, near
            )
            if better > best_score:
                best_score, best_share = better, share
                _copy(trial, best)
        least_share = max(min_inliers / n, best_share) / 2
        hit = SAMPLE_SUCCESS * best_share**4
        needed = math.log1p(-confidence) / math.log1p(-hit)
    to_pixels(best, frames, best_px)
    return best_score, best_share, counts


@compiled
def _copy(matrix: NDArray[np.float64], to: NDArray[np.float64]) -> None:
    for i in range(3):
        for j in range(3):
            to[i, j] = matrix[i, j]


@compiled
def _draw_four(
    state: NDArray[np.uint64],
    n: int,
    rank: NDArray[np.int64],
    position: NDArray[np.int64],
    sample: NDArray[np.int64],
) -> None:
    """Draw four different matches, if there are ranks, the better half of them in 7 of 10 draws."""
    for i in range(4):
        again = True
        while again:
            if len(rank) > 0:
                # a share squared: its density falls with the square root of the rank
                place = int(n * next_share(state) ** 2)
                sample[i] = position[rank[place]]
            else:
                sample[i] = next_below(state, n)
            again = False
            for j in range(i):
                again = again or sample[j] == sample[i]
