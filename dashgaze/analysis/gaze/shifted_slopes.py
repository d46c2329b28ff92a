"""Regression of one track on another at all shifts in time at once."""

from dataclasses import dataclass

import numpy as np

from ..contract.study import FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class ShiftedSlopes:
    """What a track y of n frames is to a track x that was shifted circularly; arrays of shape (n,).

    Entry k is for y at frame t against x at frame t + k (modulo n).

    Attributes
    ----------
    slope
        Of y on x.
    correlation
        Of both.
    count
        Frames at which both are known.
    """

    slope: FloatArray
    correlation: FloatArray
    count: FloatArray


def shifted_slopes(y: FloatArray, x: FloatArray) -> ShiftedSlopes:
    """Give slope and correlation for every circular shift, by Fourier transforms.

    Parameters
    ----------
    y, x
        Shape (n,); NaN where unknown. Shifts at which fewer than 30 frames know both give NaN.
    """
    from scipy import fft

    size = len(y)
    known_y, known_x = np.isfinite(y), np.isfinite(x)
    nan = np.full(size, np.nan)
    if not known_y.any() or not known_x.any():
        return ShiftedSlopes(slope=nan, correlation=nan, count=np.zeros(size))
    # Sums of squares of numbers around 0 lose no digits.
    filled_y = np.where(known_y, y - np.mean(y[known_y]), 0.0)
    filled_x = np.where(known_x, x - np.mean(x[known_x]), 0.0)

    def transform(track: FloatArray) -> FloatArray:
        return np.asarray(fft.rfft(track))

    def sums(of_y: FloatArray, of_x: FloatArray) -> FloatArray:
        return np.asarray(fft.irfft(np.conj(of_y) * of_x, size), dtype=np.float64)

    flags_y, flags_x = transform(known_y.astype(float)), transform(known_x.astype(float))
    values_y, values_x = transform(filled_y), transform(filled_x)
    count = np.round(sums(flags_y, flags_x))
    enough = count >= 30
    number = np.where(enough, count, 1.0)
    mean_y, mean_x = sums(values_y, flags_x) / number, sums(flags_y, values_x) / number
    covariance = sums(values_y, values_x) / number - mean_y * mean_x
    variance_x = sums(flags_y, transform(filled_x**2)) / number - mean_x**2
    variance_y = sums(transform(filled_y**2), flags_x) / number - mean_y**2
    good = enough & (variance_x > 1e-12) & (variance_y > 1e-12)
    slope, correlation = nan.copy(), nan.copy()
    slope[good] = covariance[good] / variance_x[good]
    correlation[good] = covariance[good] / np.sqrt(variance_x[good] * variance_y[good])
    return ShiftedSlopes(slope=slope, correlation=correlation, count=count)
