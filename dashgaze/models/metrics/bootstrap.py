"""Bootstrap over drivers, then over their sessions."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from dashgaze.densities.scores import FloatArray, Scores


@dataclass(frozen=True, kw_only=True)
class BootstrapInterval(Scores):
    """Intervals of the mean of session means.

    Attributes
    ----------
    low, high
        Percentiles of the draws.
    bca_low, bca_high
        The same, corrected for bias and skewness (BCa); NaN where the correction is undefined.
    draws, seed
        How many draws, and of which generator.
    """

    low: float
    high: float
    bca_low: float
    bca_high: float
    draws: int
    seed: int


def cluster_bootstrap(
    values: FloatArray,
    drivers: np.ndarray,
    *,
    confidence: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> BootstrapInterval:
    """Draw drivers with replacement, then as many sessions of each as it has.

    The statistic is the mean over all sessions drawn. The acceleration of BCa is that of the jackknife that
    leaves out one driver at a time.

    Parameters
    ----------
    values
        Session means, shape (s,), finite.
    drivers
        Who drove, shape (s,), text; at least two differ.
    confidence
        Of the intervals.
    draws, seed
        How many draws, and of which generator.

    References
    ----------
    Efron, Journal of the American Statistical Association 82(397), 1987 (BCa). Davison and Hinkley,
    Bootstrap Methods and their Application, 1997, §3.8 (two stages).
    """
    generator = np.random.default_rng(seed)
    names, inverse = np.unique(drivers, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    counts = np.bincount(inverse, minlength=len(names))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    # One column for each session that a driver could have; those beyond its number weigh nothing.
    chosen = generator.integers(0, len(names), size=(draws, len(names)))
    place = np.floor(
        generator.random((draws, len(names), counts.max())) * counts[chosen][..., None]
    )
    weights = np.arange(counts.max()) < counts[chosen][..., None]
    rows = np.minimum(starts[chosen][..., None] + place.astype(np.int64), len(values) - 1)
    drawn = values[order][rows]
    means = (drawn * weights).sum(axis=(1, 2)) / weights.sum(axis=(1, 2))
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(means, [tail, 1.0 - tail])
    bca_low, bca_high = _bca(values, inverse, means, tail)
    return BootstrapInterval(
        low=float(low), high=float(high), bca_low=bca_low, bca_high=bca_high, draws=draws, seed=seed
    )


def _bca(
    values: FloatArray, driver: np.ndarray, means: FloatArray, tail: float
) -> tuple[float, float]:
    """Give the percentiles that bias and acceleration ask for."""
    below = float(np.mean(means < values.mean()) + 0.5 * np.mean(means == values.mean()))
    if not 0.0 < below < 1.0:
        return math.nan, math.nan
    bias = float(special.ndtri(below))
    left_out = np.array([values[driver != number].mean() for number in range(driver.max() + 1)])
    away = left_out.mean() - left_out
    spread = float((away**2).sum())
    if spread == 0.0:
        return math.nan, math.nan
    acceleration = float((away**3).sum()) / (6.0 * spread**1.5)
    ends = []
    for probability in (tail, 1.0 - tail):
        z = bias + float(special.ndtri(probability))
        level = float(special.ndtr(bias + z / (1.0 - acceleration * z)))
        ends.append(float(np.quantile(means, level)))
    return ends[0], ends[1]
