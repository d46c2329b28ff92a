"""Whether there is a homography in the matches at all.

Any four matches fit a map, and among n matches some map through four always meets a few more. So the
likelihood of the best map is set against all the maps it was chosen from, by the Bayes factor of "some
map, and some share of inliers" against "all matches are outliers"::

    log B = log L̂ + log ∫ L/L̂ dprior
          ≈ log L̂ + ½ log|2π C| − 4 log A + ½ log(2π γ(1−γ)/n)

The prior spreads the images of four points evenly over the area A, and γ evenly over 0 … 1; the integral
is Laplace's, with C the 8 × 8 covariance of the images of those four points, here the corners of the
square that the inliers fill. Under "all are outliers" the mean of B is 1, whence by Markov's inequality ::

    P(B ≥ 1/α) ≤ α

whatever n, A and σ are, and however long the search was. That holds for B as it is meant; Laplace's
integral and the fitted σ, which B leaves out, are approximations. Measured with random even matches and
nothing but B to decide (min_inliers 4.5), 1000 times 60: 3, 2 and 1 accepted with α = 0.05, 0.01 and
0.001; of 400 times 300 none. Of 300 matches with 9, 10 and 11 right ones 23 %, 97 % and all were accepted.
With the usual least number of inliers see scripts/bench_homography.py.
"""

import math

import numpy as np
from numpy.typing import NDArray

from dashgaze.compiled import compiled

from .result import parameter_derivatives

_CORNERS = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])


def log_evidence(
    log_likelihood: float,
    share: float,
    count: int,
    homography: NDArray[np.float64],
    covariance: NDArray[np.float64],
    area: float,
) -> float:
    """Logarithm of the Bayes factor of a map against "all matches are outliers".

    Parameters
    ----------
    log_likelihood
        Relative to "all matches are outliers".
    share, count
        γ and n.
    homography, covariance
        The map between normalised views, shape (3, 3), and the covariance of its first eight elements,
        shape (8, 8).
    area
        A in normalised units of the target.

    Returns
    -------
    float
        −inf if the inliers reach to the horizon or determine no map.
    """
    depth = _CORNERS @ homography[2, :2] + 1.0
    if not (depth > 0).all():
        return -math.inf
    derivative = parameter_derivatives(homography, _CORNERS).reshape(8, 8)
    sign, log_determinant = np.linalg.slogdet(derivative @ covariance @ derivative.T)
    if sign <= 0:
        return -math.inf
    volume = 4 * math.log(2 * math.pi) + 0.5 * float(log_determinant) - 4 * math.log(area)
    occam = 0.5 * math.log(2 * math.pi * share * (1 - share) / count)
    return log_likelihood + volume + occam


@compiled
def effective_area(u: NDArray[np.float64], v: NDArray[np.float64]) -> float:
    """Area over which points would be spread evenly to coincide as often as they do, px².

    That is 1/∫p² of their density p, from the pairs that share a cell of a grid. Keypoints come in
    clusters, where wrong matches agree by chance more often than anywhere in the bounding box.

    Parameters
    ----------
    u, v
        Coordinates, shape (n,), px.
    """
    n = u.size
    cells = int(math.sqrt(n))  # some n/2 pairs if the points are spread evenly
    low_u, low_v = u.min(), v.min()
    width, height = u.max() - low_u + 1.0, v.max() - low_v + 1.0
    counts = np.zeros((cells, cells))
    for k in range(n):
        counts[int((u[k] - low_u) / width * cells), int((v[k] - low_v) / height * cells)] += 1
    pairs = 0.0
    for i in range(cells):
        for j in range(cells):
            pairs += counts[i, j] * (counts[i, j] - 1)
    box = width * height
    if pairs == 0:
        return float(box)
    return float(min(box, box / cells**2 * n * (n - 1) / pairs))
