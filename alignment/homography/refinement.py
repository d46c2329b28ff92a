"""Polishing a homography: expectation maximisation with Gauss–Newton steps.

Each round finds the matches' probabilities to be inliers under the present map, then takes one
Gauss–Newton step on their whitened errors and sets the share of inliers and σ² to their maxima::

    γ = Σ z / n,   σ² = Σ z e² / (2 Σ z − 8)

where e² is the whitened squared error in units of σ and 8 are the parameters that the map spent. A step
that lowers the likelihood is halved.
"""

import math

import numpy as np
from numpy.typing import NDArray

from dashgaze.compiled import compiled

from .mixture import expect

MAX_ROUNDS = 30
"""Rounds before the map is taken as it is; 5 … 10 are usual."""

TOLERANCE = 1e-4
"""Squared length of a step, in standard deviations of the parameters, that ends the rounds."""

SMALLEST_SIGMA, LARGEST_SIGMA = 0.2, 3.0
"""σ stays between these multiples of its start value: with exact matches it would run to zero, with
none it would grow until everything is an inlier."""

_ANNEALING = (4.0, 2.0, 1.0)
_MIN_SUM = 4.5
_LOSS = 0.5
_SMALLEST_PIVOT = 1e-13


@compiled
def solve(normal: NDArray[np.float64], right: NDArray[np.float64]) -> bool:
    """Solve an 8 × 8 system by Cholesky's method, in place; false if it is singular.

    Parameters
    ----------
    normal
        Positive definite matrix, only its lower triangle is used; becomes its Cholesky factor.
    right
        Right-hand side, becomes the solution, shape (8,).
    """
    n = right.size
    for j in range(n):
        pivot = normal[j, j]
        least = _SMALLEST_PIVOT * pivot
        for k in range(j):
            pivot -= normal[j, k] * normal[j, k]
        if not pivot > least:
            return False
        root = math.sqrt(pivot)
        normal[j, j] = root
        for i in range(j + 1, n):
            rest = normal[i, j]
            for k in range(j):
                rest -= normal[i, k] * normal[j, k]
            normal[i, j] = rest / root
    for i in range(n):
        for k in range(i):
            right[i] -= normal[i, k] * right[k]
        right[i] /= normal[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            right[i] -= normal[k, i] * right[k]
        right[i] /= normal[i, i]
    return True


@compiled
def add_step(homography: NDArray[np.float64], step: NDArray[np.float64], factor: float) -> None:
    """Add a multiple of a step to the eight free elements."""
    for i in range(8):
        homography[i // 3, i % 3] += factor * step[i]


@compiled
def refine(
    matches: NDArray[np.float64],
    homography: NDArray[np.float64],
    sigma: float,
    squared_ratio: float,
    area: float,
    share: float,
    min_sum: float,
    estimate_sigma: bool,
    annealed: bool,
    probability: NDArray[np.float64],
    covariance: NDArray[np.float64],
) -> tuple[bool, float, float, float]:
    """Run the rounds to their end.

    Parameters
    ----------
    matches, squared_ratio, area
        As in `mixture.score`; coordinates centred on the inliers.
    homography
        Start and result, last element 1, shape (3, 3).
    sigma, share
        Start values of σ and γ.
    min_sum
        Sum of probabilities under which it is given up.
    estimate_sigma
        Whether σ is found or kept.
    annealed
        Whether to begin with a larger σ, for a start that is farther away than the noise.
    probability, covariance
        Filled with the inlier probabilities, shape (n,), and the parameters' covariance, (8, 8).

    Returns
    -------
    tuple of (bool, float, float, float)
        False if the matches do not determine a map; σ; γ; log-likelihood.
    """
    n = matches.shape[1]
    normal, step = np.empty((8, 8)), np.zeros(8)
    taken, pull = np.empty(8), np.empty(8)
    start = sigma * sigma
    if annealed:
        for factor in _ANNEALING:
            total, _, _ = expect(
                matches, homography, start * factor**2, squared_ratio, area, share,
                probability, normal, step,
            )  # fmt: skip
            if total < _MIN_SUM or not solve(normal, step):
                return False, sigma, share, -np.inf
            add_step(homography, step, 1.0)
            share = min(max(total / n, 1e-3), 1 - 1e-4)
    variance, last, halvings = start, -np.inf, 0
    for _ in range(MAX_ROUNDS):
        for i in range(8):
            taken[i] = step[i]
        total, squared, log_likelihood = expect(
            matches, homography, variance, squared_ratio, area, share, probability, normal, step
        )
        if log_likelihood < last - _LOSS and halvings < 3:
            halvings += 1
            for i in range(8):
                step[i] = taken[i] / 2
            add_step(homography, step, -1.0)
            continue
        if total < min_sum:
            return False, math.sqrt(variance), share, -np.inf
        last, halvings = log_likelihood, 0
        share = min(max(total / n, 1e-3), 1 - 1e-4)
        before = variance
        if estimate_sigma:
            variance = squared / (2 * total - 8)
            variance = min(max(variance, SMALLEST_SIGMA**2 * start), LARGEST_SIGMA**2 * start)
        for i in range(8):
            pull[i] = step[i]
        if not solve(normal, step):
            return False, math.sqrt(variance), share, -np.inf
        length = 0.0
        for i in range(8):
            length += step[i] * pull[i]
        if length < TOLERANCE * variance and abs(variance - before) < 1e-3 * before:
            break
        add_step(homography, step, 1.0)
    total, _, log_likelihood = expect(
        matches, homography, variance, squared_ratio, area, share, probability, normal, step
    )
    if total < min_sum or not _invert(normal, variance, covariance):
        return False, math.sqrt(variance), share, -np.inf
    return True, math.sqrt(variance), share, log_likelihood


@compiled
def _invert(normal: NDArray[np.float64], variance: float, covariance: NDArray[np.float64]) -> bool:
    """Covariance of the parameters, σ² (Σ z Dᵀ (Σ/σ²)⁻¹ D)⁻¹."""
    factor, column = np.empty((8, 8)), np.empty(8)
    for i in range(8):
        for j in range(8):
            column[j] = variance if i == j else 0.0
            for k in range(8):
                factor[j, k] = normal[j, k]
        if not solve(factor, column):
            return False
        for j in range(8):
            covariance[i, j] = column[j]
    return True
