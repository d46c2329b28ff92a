"""Runs, hysteresis and smoothing of tracks over frames."""

import numpy as np
from numpy.typing import NDArray

from ..contract.study import BoolArray, FloatArray, IndexArray


def frame_step_s(time_s: FloatArray) -> float:
    """Give the usual time from a frame to the next, s; NaN for fewer than two frames."""
    return float(np.median(np.diff(time_s))) if len(time_s) > 1 else float("nan")


def seconds_of(flags: BoolArray, time_s: FloatArray) -> float:
    """Give for how long flags are set, s."""
    step_s = frame_step_s(time_s)
    return float(np.count_nonzero(flags) * step_s) if step_s > 0 else 0.0


def runs(values: NDArray[np.generic]) -> tuple[IndexArray, IndexArray]:
    """Give the first row of each run of equal values, and the row after its last."""
    if not len(values):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    starts = np.concatenate([[0], changes]).astype(np.int64)
    return starts, np.concatenate([changes, [len(values)]]).astype(np.int64)


def above(values: FloatArray, low: float, high: float, middle: float) -> IndexArray:
    """Tell where values are above a threshold, with hysteresis: 1 above, 0 below, −1 unknown.

    It becomes 1 above `high` and 0 below `low`; in between it stays as it was, or, where it was unknown,
    tells by `middle`.

    Parameters
    ----------
    values
        Shape (n,); NaN is unknown.
    low, high, middle
        Thresholds.
    """
    known = np.isfinite(values)
    filled = np.where(known, values, middle)
    firm = (filled > high) | (filled < low) | ~known
    # The first value of each known stretch has to be decided, as there is nothing before it.
    firm |= known & ~np.concatenate([[False], known[:-1]])
    state = np.where(known, filled > middle, -1)
    last = np.maximum.accumulate(np.where(firm, np.arange(len(values)), 0))
    return np.asarray(state[last], dtype=np.int64)


def near_changes(values: IndexArray, time_s: FloatArray, seconds: float) -> BoolArray:
    """Tell which frames lie within half of some seconds of a change between two known values.

    Parameters
    ----------
    values
        Shape (n,); −1 is unknown, and coming from or going to it is no change.
    time_s
        Ascending, shape (n,), s.
    seconds
        Width around each change.
    """
    near = np.zeros(len(values), dtype=np.bool_)
    rows = np.flatnonzero((values[1:] != values[:-1]) & (values[1:] >= 0) & (values[:-1] >= 0))
    at_s = (time_s[rows] + time_s[rows + 1]) / 2
    starts = np.searchsorted(time_s, at_s - seconds / 2)
    ends = np.searchsorted(time_s, at_s + seconds / 2)
    for start, end in zip(starts, ends, strict=True):
        near[start:end] = True
    return near


def smooth(values: FloatArray, time_s: FloatArray, seconds: float) -> FloatArray:
    """Average over a Hann window of some seconds; NaN where less than half of it is known.

    Parameters
    ----------
    values
        Shape (n,).
    time_s
        Shape (n,), s.
    seconds
        Whole width of the window.
    """
    from scipy.ndimage import convolve1d

    step_s = frame_step_s(time_s)
    if not step_s > 0:
        return np.full(len(values), np.nan)
    half = max(round(seconds / step_s / 2), 1)
    weights = np.hanning(2 * half + 3)[1:-1]
    known = np.isfinite(values).astype(np.float64)
    total = convolve1d(np.where(known > 0, values, 0.0), weights, mode="constant")
    weight = convolve1d(known, weights, mode="constant")
    enough = weight >= 0.5 * weights.sum()
    result = np.full(len(values), np.nan)
    result[enough] = total[enough] / weight[enough]
    return result
