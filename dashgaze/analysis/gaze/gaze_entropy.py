"""Entropy of where fixations lie, and of the way from one to the next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..contract.study import FloatArray, IndexArray

BIN_DEG = 5.0
_AZIMUTH_DEG, _ELEVATION_DEG = (-40.0, 40.0), (-25.0, 15.0)
BIN_COUNT = round((_AZIMUTH_DEG[1] - _AZIMUTH_DEG[0]) / BIN_DEG) * round(
    (_ELEVATION_DEG[1] - _ELEVATION_DEG[0]) / BIN_DEG
)
"""Bins of 5° × 5° from −40° to 40° and from −25° to 15°, in degrees from the reference: the same for all."""


@dataclass(frozen=True, kw_only=True)
class GazeEntropy:
    """Entropies of a sequence of fixations; shares of log2 of the number of bins.

    Attributes
    ----------
    count
        Fixations.
    stationary, transition
        As they are counted (maximum likelihood), shares; too small for few fixations.
    stationary_corrected, transition_corrected
        With the correction of Miller & Madow.
    """

    count: int
    stationary: float
    transition: float
    stationary_corrected: float
    transition_corrected: float


def grid_bins(directions_deg: FloatArray) -> IndexArray:
    """Give the bin that each direction lies in, −1 outside of the grid, shape (n,).

    Parameters
    ----------
    directions_deg
        From the reference, shape (n, 2).
    """
    columns = round((_AZIMUTH_DEG[1] - _AZIMUTH_DEG[0]) / BIN_DEG)
    rows = BIN_COUNT // columns
    known = np.asarray(np.isfinite(directions_deg).all(axis=1), dtype=np.bool_)
    filled = np.where(known[:, None], directions_deg, 1e6)
    column = np.floor((filled[:, 0] - _AZIMUTH_DEG[0]) / BIN_DEG).astype(np.int64)
    row = np.floor((filled[:, 1] - _ELEVATION_DEG[0]) / BIN_DEG).astype(np.int64)
    inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    return np.where(inside, row * columns + column, -1)


def gaze_entropy(bins: IndexArray, *, bin_count: int = BIN_COUNT) -> GazeEntropy:
    """Give the stationary and the transition entropy of a sequence of fixations.

    They are ::

        stationary = -Σ p_i log2 p_i,   transition = -Σ p_i Σ p_ij log2 p_ij

    both divided by log2 of the number of bins (Shiferaw et al. 2019). Transitions are those between
    neighbours in the sequence that both lie in a bin. Miller & Madow add (bins that occur − 1) / (2 n ln 2) to
    an entropy of n counts; the transition entropy is that of pairs less that of their first ones.

    Parameters
    ----------
    bins
        Of consecutive fixations, shape (n,); −1 for none: it breaks the sequence.
    bin_count
        Bins of the grid.
    """
    inside = bins[bins >= 0]
    follows = (bins[:-1] >= 0) & (bins[1:] >= 0)
    first, second = bins[:-1][follows], bins[1:][follows]
    scale = float(np.log2(bin_count))
    stationary, stationary_corrected = _entropy_bits(inside)
    pairs, pairs_corrected = _entropy_bits(first * bin_count + second)
    firsts, firsts_corrected = _entropy_bits(first)
    return GazeEntropy(
        count=len(inside),
        stationary=stationary / scale,
        transition=(pairs - firsts) / scale,
        stationary_corrected=stationary_corrected / scale,
        transition_corrected=(pairs_corrected - firsts_corrected) / scale,
    )


def rarefied_entropy(bins: IndexArray, length: int, *, bin_count: int = BIN_COUNT) -> GazeEntropy:
    """Give entropies at an equal number of fixations: means over blocks of so many consecutive ones.

    What is compared between conditions has to have the same number of fixations behind it, as both entropies
    grow with it.

    Parameters
    ----------
    bins
        As for `gaze_entropy`.
    length
        Fixations of a block; NaN if there are fewer.
    bin_count
        Bins of the grid.
    """
    blocks = [
        gaze_entropy(bins[start : start + length], bin_count=bin_count)
        for start in range(0, len(bins) - length + 1, length)
    ]
    names = ("stationary", "transition", "stationary_corrected", "transition_corrected")
    means = {
        name: float(np.mean([getattr(block, name) for block in blocks])) if blocks else float("nan")
        for name in names
    }
    return GazeEntropy(count=length if blocks else 0, **means)


def _entropy_bits(values: NDArray[np.int64]) -> tuple[float, float]:
    """Give the entropy of counts, and the same with the correction of Miller & Madow; NaN of nothing."""
    if not len(values):
        return float("nan"), float("nan")
    counts = np.unique(values, return_counts=True)[1]
    shares = counts / len(values)
    bits = float(-(shares * np.log2(shares)).sum())
    return abs(bits), abs(bits) + (len(counts) - 1) / (2 * len(values) * float(np.log(2)))
