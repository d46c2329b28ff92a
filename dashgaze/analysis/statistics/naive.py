"""Tests that take frames for independent: wrong here, and printed beside the right ones as a warning.

Frames of one session are no samples: gaze is correlated over seconds, and sessions differ. For day against night
with one drive each, Levene's test "finds" a difference in nine of ten studies that have none.
"""

from collections.abc import Sequence

import numpy as np

from ..contract.study import FloatArray


def naive_spread_p(*groups: FloatArray) -> float | None:
    """Give Levene's p (Brown–Forsythe, around medians) of the frames of conditions, or None.

    It is that of `scipy.stats.levene`, which holds several copies of all groups: of ten thousand sessions that is
    a quarter of a gigabyte.

    References
    ----------
    Brown and Forsythe 1974, J. Am. Stat. Assoc., doi:10.1080/01621459.1974.10482955.
    """
    from scipy.stats import f as f_distribution

    kept = _kept(groups)
    if kept is None or all(np.ptp(each) == 0 for each in kept):
        return None
    counts = [len(each) for each in kept]
    means, squares = [], 0.0
    for each in kept:
        distances = each - np.median(each)
        np.abs(distances, out=distances)
        means.append(float(distances.mean()))
        distances -= means[-1]
        squares += float(np.square(distances, out=distances).sum())
    whole = sum(count * mean for count, mean in zip(counts, means, strict=True)) / sum(counts)
    between = sum(count * (mean - whole) ** 2 for count, mean in zip(counts, means, strict=True))
    free = sum(counts) - len(kept)
    if squares == 0:
        return 0.0 if between > 0 else None
    ratio = free * between / ((len(kept) - 1) * squares)
    return _probability(f_distribution.sf(ratio, len(kept) - 1, free))


def naive_mean_p(a: FloatArray, b: FloatArray) -> float | None:
    """Give Welch's p of the frames of two conditions, or None."""
    from scipy.stats import ttest_ind

    kept = _kept((a, b))
    if kept is None or all(np.ptp(each) == 0 for each in kept):
        return None
    return _probability(ttest_ind(*kept, equal_var=False).pvalue)


def naive_shares_p(hits: Sequence[float], trials: Sequence[float]) -> float | None:
    """Give the χ² p, without correction, of the pooled shares of conditions, or None.

    Parameters
    ----------
    hits, trials
        Sums over all sessions, for each condition.
    """
    from scipy.stats import chi2_contingency

    table = np.array([hits, np.subtract(trials, hits)], dtype=np.float64)
    if table.shape[1] < 2 or (table.sum(axis=0) == 0).any() or (table.sum(axis=1) == 0).any():
        return None
    return _probability(chi2_contingency(table, correction=False).pvalue)


def naive_slope_p(x: FloatArray, y: FloatArray) -> float | None:
    """Give the p of a straight line through frames, or None."""
    from scipy.stats import linregress

    known = np.isfinite(x) & np.isfinite(y)
    if np.count_nonzero(known) < 3 or np.ptp(x[known]) == 0 or np.ptp(y[known]) == 0:
        return None
    return _probability(linregress(x[known], y[known]).pvalue)


def _kept(groups: Sequence[FloatArray]) -> list[FloatArray] | None:
    flags = [np.isfinite(group) for group in groups]
    # Mostly all are, and a copy of millions would be for nothing.
    kept = [
        group if known.all() else group[known] for group, known in zip(groups, flags, strict=True)
    ]
    return kept if len(kept) > 1 and all(len(each) > 1 for each in kept) else None


def _probability(p: float | np.float64 | FloatArray) -> float | None:
    return float(p) if np.isfinite(p) else None
