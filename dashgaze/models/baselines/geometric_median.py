"""The point with the least mean distance from others."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MOST_STEPS = 500
TOLERANCE = 1e-9


def geometric_median(points: FloatArray) -> FloatArray:
    """Find the point whose mean Euclidean distance from given points is least.

    Weiszfeld's iteration ``m ← Σ wᵢ pᵢ / Σ wᵢ`` with ``wᵢ = 1/‖pᵢ − m‖``, in Vardi and Zhang's form, which
    also holds where m falls on one of the points: then m moves only if the pull of the others,
    ``‖Σ (pᵢ − m)/‖pᵢ − m‖‖``, is stronger than the number of points there.

    Parameters
    ----------
    points
        Shape (n, d), finite, n ≥ 1.

    Returns
    -------
    ndarray
        Shape (d,).

    References
    ----------
    Weiszfeld, Tohoku Mathematical Journal 43, 1937. Vardi and Zhang, PNAS 97(4), 2000.
    """
    if len(points) == 0:
        raise ValueError("no points")
    middle: FloatArray = np.median(points, axis=0)
    scale = float(np.abs(points - middle).max())
    if scale == 0.0:
        return middle
    for _ in range(MOST_STEPS):
        away = points - middle
        distance = np.linalg.norm(away, axis=1)
        apart = distance > 1e-12 * scale
        weights = 1.0 / distance[apart]
        if not len(weights):
            return middle
        pull = (away[apart] * weights[:, None]).sum(axis=0)
        here = float((~apart).sum())
        strength = float(np.linalg.norm(pull))
        if strength <= here or strength == 0.0:
            return middle
        step = (1.0 - here / strength) * pull / weights.sum()
        middle = middle + step
        if float(np.linalg.norm(step)) < TOLERANCE * scale:
            break
    return middle
