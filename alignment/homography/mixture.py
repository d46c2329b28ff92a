"""How well a homography explains matches: Gaussian inliers among uniform outliers.

With h the map, J its derivative at the source point x, s the match's relative noise and ρ the ratio of
source to target noise, the target point u of an inlier is spread about h(x) with the covariance of
equal noise in all directions of both views, carried over to first order (Sampson's error with two
degrees of freedom; Chum, Pajdla & Sturm, CVIU 2005, doi 10.1016/j.cviu.2004.04.004)::

    Σ = σ² s² (I + ρ² J Jᵀ)

An outlier lies anywhere in an area A. With γ the share of inliers, the likelihood of a match relative
to that of an outlier is (Torr & Zisserman, CVIU 2000, doi 10.1006/cviu.1999.0832)::

    γ A / (2π √|Σ|) · exp(−½ (u − h(x))ᵀ Σ⁻¹ (u − h(x))) + 1 − γ

Matches stand in the rows of one array, as `frames.normalise` makes it.
"""

import math

import numpy as np
from numpy.typing import NDArray

from dashgaze.compiled import compiled

from .frames import MONOMIALS, PRECISION, U, V, X, Y

NEAR = 25.0
"""Squared error over the variance up to which a match may be an inlier: 5 σ in the plane, beyond which
4 inliers in a million lie. What is farther counts as an outlier without being looked at again."""

_BLOCK = 64
_EM_STEPS = 3
_MIN_SHARE = 1e-4
_MAX_SHARE = 1 - 1e-4


@compiled
def score(
    matches: NDArray[np.float64],
    homography: NDArray[np.float64],
    variance: float,
    squared_ratio: float,
    area: float,
    share: float,
    least_share: float,
    near: NDArray[np.float64],
) -> tuple[float, float, int]:
    """Log-likelihood of a hypothesis relative to "all are outliers", its inlier share found by EM.

    For speed J Jᵀ is taken to be half its trace at the centre of the matches. The determinant in the
    likelihood keeps hypotheses that blow up the noise from winning by it.

    Parameters
    ----------
    matches
        Of `frames.normalise`, in an order that has nothing to do with being an inlier, shape (9, n).
    homography
        target_from_source, last element 1, shape (3, 3).
    variance
        σ² of the target's coordinates.
    squared_ratio
        ρ².
    area
        A in the target's units.
    share
        Start value of γ.
    least_share
        Share of near matches under which the hypothesis is of no use. It is given up as soon as the
        matches looked at make that unlikely (two standard deviations of their count).
    near
        Room for two rows of n numbers.

    Returns
    -------
    tuple of (float, float, int)
        Log-likelihood (−inf if given up), γ, count of near matches.
    """
    x, y, u, v, precision = matches[X], matches[Y], matches[U], matches[V], matches[PRECISION]
    errors, densities = near[0], near[1]
    n = x.size
    h00, h01, h02 = homography[0, 0], homography[0, 1], homography[0, 2]
    h10, h11, h12 = homography[1, 0], homography[1, 1], homography[1, 2]
    h20, h21, h22 = homography[2, 0], homography[2, 1], homography[2, 2]
    j00, j01 = h00 - h02 * h20, h01 - h02 * h21
    j10, j11 = h10 - h12 * h20, h11 - h12 * h21
    spread = variance * (1 + squared_ratio * (j00**2 + j01**2 + j10**2 + j11**2) / 2)
    limit = NEAR * spread

    count = 0
    for start in range(0, n, _BLOCK):
        stop = min(start + _BLOCK, n)
        for k in range(start, stop):  # vectorised: no branches, no calls
            depth = h20 * x[k] + h21 * y[k] + h22
            across = (h00 * x[k] + h01 * y[k] + h02) / depth - u[k]
            along = (h10 * x[k] + h11 * y[k] + h12) / depth - v[k]
            error = (across * across + along * along) * precision[k]
            densities[k] = error if depth > 0 else np.inf
        for k in range(start, stop):
            if densities[k] < limit:
                errors[count] = densities[k]
                # the place of an earlier match, which is no longer needed
                densities[count] = precision[k]
                count += 1
        expected = least_share * stop
        if count < expected - 2 * math.sqrt(expected):
            return -np.inf, 0.0, count
    if count < least_share * n:
        return -np.inf, 0.0, count

    peak = area / (2 * math.pi * spread)
    for k in range(count):
        densities[k] *= peak * math.exp(-errors[k] / (2 * spread))
    for _ in range(_EM_STEPS):
        total = 0.0
        for k in range(count):
            total += share * densities[k] / (share * densities[k] + 1 - share)
        share = min(max(total / n, _MIN_SHARE), _MAX_SHARE)
    for k in range(count):
        densities[k] = share * densities[k] + 1 - share
    return (n - count) * math.log1p(-share) + _sum_of_logarithms(densities, count), share, count


@compiled
def expect(
    matches: NDArray[np.float64],
    homography: NDArray[np.float64],
    variance: float,
    squared_ratio: float,
    area: float,
    share: float,
    probability: NDArray[np.float64],
    normal: NDArray[np.float64],
    gradient: NDArray[np.float64],
) -> tuple[float, float, float]:
    """Inlier probabilities, and what a Gauss–Newton step needs: the E-step, with the full Σ.

    The homography's parameters are its first eight elements in the order of rows; the ninth stays 1.
    The derivative D of h(x) = (p, q) with depth w = h20 x + h21 y + 1 is ::

        1/w · [x y 1 0 0 0 −p x −p y
               0 0 0 x y 1 −q x −q y]

    so that the normal equations are made of nine weights times six monomials of x and y, summed over
    the matches: one product of matrices.

    Parameters
    ----------
    matches, homography, variance, squared_ratio, area, share
        As in `score`.
    probability
        Filled with the probability of each match to be an inlier, shape (n,).
    normal
        Filled with σ² × the information matrix Σ z Dᵀ Σ⁻¹ D of the parameters, shape (8, 8).
    gradient
        Filled with σ² Σ z Dᵀ Σ⁻¹ (u − h(x)), shape (8,).

    Returns
    -------
    tuple of (float, float, float)
        Sum of the probabilities; sum of probability × σ² × squared whitened error (its mean is 2 σ²);
        log-likelihood relative to "all are outliers".
    """
    x, y, u, v, precision = matches[X], matches[Y], matches[U], matches[V], matches[PRECISION]
    h00, h01, h02 = homography[0, 0], homography[0, 1], homography[0, 2]
    h10, h11, h12 = homography[1, 0], homography[1, 1], homography[1, 2]
    h20, h21, h22 = homography[2, 0], homography[2, 1], homography[2, 2]
    n = x.size
    weights, errors, densities = np.empty((9, n)), np.empty(n), np.empty(n)
    peak = share * area / (2 * math.pi * variance)
    for k in range(n):  # vectorised, like the next but one
        depth = h20 * x[k] + h21 * y[k] + h22
        seen = depth > 0
        inverse = 1 / (depth if seen else 1.0)
        p = (h00 * x[k] + h01 * y[k] + h02) * inverse
        q = (h10 * x[k] + h11 * y[k] + h12) * inverse
        across, along = u[k] - p, v[k] - q
        # Σ / (σ² s²) and its inverse
        j00, j01 = (h00 - p * h20) * inverse, (h01 - p * h21) * inverse
        j10, j11 = (h10 - q * h20) * inverse, (h11 - q * h21) * inverse
        s00 = 1 + squared_ratio * (j00 * j00 + j01 * j01)
        s01 = squared_ratio * (j00 * j10 + j01 * j11)
        s11 = 1 + squared_ratio * (j10 * j10 + j11 * j11)
        determinant = s00 * s11 - s01 * s01
        scale = precision[k] / determinant
        c00, c01, c11 = s11 * scale, -s01 * scale, s00 * scale
        pull_p = c00 * across + c01 * along
        pull_q = c01 * across + c11 * along
        error = pull_p * across + pull_q * along
        errors[k] = error if seen else np.inf
        densities[k] = peak * precision[k] / math.sqrt(determinant)
        squared = inverse * inverse
        turn_p, turn_q = c00 * p + c01 * q, c01 * p + c11 * q
        weights[0, k], weights[1, k], weights[2, k] = squared * c00, squared * c01, squared * c11
        weights[3, k], weights[4, k] = -squared * turn_p, -squared * turn_q
        weights[5, k] = squared * (turn_p * p + turn_q * q)
        weights[6, k], weights[7, k] = inverse * pull_p, inverse * pull_q
        weights[8, k] = -inverse * (p * pull_p + q * pull_q)

    far = 2 * NEAR * variance
    total, squared_sum, count = 0.0, 0.0, 0
    for k in range(n):
        probability[k] = 0.0
        if errors[k] < far:
            inlying = densities[k] * math.exp(-errors[k] / (2 * variance))
            z = inlying / (inlying + 1 - share)
            probability[k] = z
            total += z
            squared_sum += z * errors[k]
            densities[count] = inlying + 1 - share
            count += 1
    log_likelihood = (n - count) * math.log1p(-share) + _sum_of_logarithms(densities, count)

    for i in range(9):
        for k in range(n):
            weights[i, k] *= probability[k]
    sums = np.dot(weights, matches[:MONOMIALS].T)
    _spread(sums, normal, gradient)
    return total, squared_sum, log_likelihood


@compiled
def _spread(
    sums: NDArray[np.float64], normal: NDArray[np.float64], gradient: NDArray[np.float64]
) -> None:
    """Put the sums of weights × (x, y, 1, x², x y, y²) to their places, the lower triangle first."""
    for block, row, column in ((0, 0, 0), (1, 3, 0), (2, 3, 3)):
        normal[row, column] = sums[block, 3]
        normal[row + 1, column] = normal[row, column + 1] = sums[block, 4]
        normal[row + 1, column + 1] = sums[block, 5]
        normal[row + 2, column] = normal[row, column + 2] = sums[block, 0]
        normal[row + 2, column + 1] = normal[row + 1, column + 2] = sums[block, 1]
        normal[row + 2, column + 2] = sums[block, 2]
    for block, column in ((3, 0), (4, 3)):
        normal[6, column] = sums[block, 3]
        normal[7, column] = normal[6, column + 1] = sums[block, 4]
        normal[7, column + 1] = sums[block, 5]
        normal[6, column + 2] = sums[block, 0]
        normal[7, column + 2] = sums[block, 1]
    normal[6, 6], normal[7, 6], normal[7, 7] = sums[5, 3], sums[5, 4], sums[5, 5]
    for i in range(8):
        gradient[i] = sums[6 + i // 3, i % 3]
        for j in range(i):
            normal[j, i] = normal[i, j]


@compiled
def _sum_of_logarithms(numbers: NDArray[np.float64], count: int) -> float:
    """Add up the logarithms of the first numbers, by that of their product as long as it holds."""
    total, product = 0.0, 1.0
    for k in range(count):
        product *= numbers[k]
        if not 1e-100 < product < 1e100:
            total += math.log(product)
            product = 1.0
    return total + math.log(product)
