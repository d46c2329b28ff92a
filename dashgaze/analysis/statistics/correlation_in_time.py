"""How many independent samples a track is worth."""

import numpy as np

from ..contract.study import FloatArray


def autocorrelation(values: FloatArray, lags: int) -> FloatArray:
    """Give the autocorrelation of a track at lags 0 … `lags`, shape (lags + 1,); missing values are left out.

    Parameters
    ----------
    values
        At an even rate, shape (n,).
    lags
        Below n.
    """
    known = np.isfinite(values)
    around = np.where(known, values - np.mean(values[known]), 0.0)
    size = 2 ** int(np.ceil(np.log2(2 * len(values))))
    products = _correlated(around, size)[: lags + 1]
    pairs = np.maximum(np.round(_correlated(known.astype(np.float64), size)[: lags + 1]), 1.0)
    moments = products / pairs
    return np.asarray(moments / moments[0], dtype=np.float64)


def effective_sample_size(correlation: FloatArray, count: int) -> float:
    """Give n / (1 + 2 Σ ρ_k): of so many independent samples the mean would be known as well.

    The sum ends where a pair of neighbouring ρ is no longer positive together.

    Parameters
    ----------
    correlation
        ρ at lags 0, 1, …, shape (k,).
    count
        n.

    References
    ----------
    Geyer 1992, Stat. Sci. 7:473 (initial positive sequence).
    """
    even = correlation if len(correlation) % 2 == 0 else correlation[:-1]
    pairs = even.reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs <= 0)
    total = float(pairs[: ends[0] if len(ends) else len(pairs)].sum())
    # Σ of pairs starts with ρ_0 = 1: 1 + 2 Σ ρ_k = 2 Σ pairs - 1.
    return float(min(count, count / max(2.0 * total - 1.0, 1.0 / count)))


def _correlated(values: FloatArray, size: int) -> FloatArray:
    return np.asarray(np.fft.irfft(np.abs(np.fft.rfft(values, size)) ** 2, size), dtype=np.float64)
