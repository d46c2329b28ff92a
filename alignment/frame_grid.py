"""Samples of any rate on the grid of a video's frames.

Times may be integers (ns) or floats (s), as long as those that meet have the same clock and unit; they
ascend. Integers are compared exactly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64] | NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Membership:
    """What each of n times belongs to.

    Attributes
    ----------
    index
        Position of the frame or interval, shape (n,); means nothing where `found` is False.
    found
        Whether there is one, shape (n,).
    """

    index: NDArray[np.int64]
    found: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class FrameGaze:
    """Gaze of each of n frames; NaN where a frame has no usable sample.

    Attributes
    ----------
    mean_px, median_px
        Mean and (per axis) median of the usable samples, shape (n, 2), px.
    count
        Usable samples, shape (n,).
    spread_px
        Root mean square distance of the usable samples from their mean, shape (n,), px.
    worn_share
        Share of all samples, usable or not, during which the glasses were worn, shape (n,), 0 … 1;
        NaN where a frame has no sample at all.
    """

    mean_px: NDArray[np.float64]
    median_px: NDArray[np.float64]
    count: NDArray[np.int64]
    spread_px: NDArray[np.float64]
    worn_share: NDArray[np.float64]


def frame_interval(times: Times, valid: NDArray[np.bool_] | None = None) -> float:
    """Give the median interval between neighbouring valid frames.

    Parameters
    ----------
    times
        Times of the frames, shape (n,).
    valid
        Which frames count, shape (n,); all if None. (Padding has an interval of its own.)

    Returns
    -------
    float
        In the unit of `times`; NaN where no two neighbours are valid.
    """
    steps = np.diff(times)
    if valid is not None:
        steps = steps[valid[1:] & valid[:-1]]
    return float(np.median(steps)) if len(steps) else float("nan")


def nearest_frame(frame_times: Times, times: Times, *, within: float) -> Membership:
    """Find the frame nearest to each time; of two at the same distance the earlier one.

    Parameters
    ----------
    frame_times
        Times of the frames, shape (m,); of equal ones the first is found.
    times
        Times to place, shape (n,), in any order.
    within
        Greatest distance, included, in the unit of the times; with NaN nothing is found.
    """
    if not len(frame_times):
        return Membership(
            index=np.zeros(len(times), dtype=np.int64), found=np.zeros(len(times), dtype=np.bool_)
        )
    after = np.searchsorted(frame_times, times, side="left")
    following = np.minimum(after, len(frame_times) - 1)
    # the first of equal frames before
    before = np.searchsorted(frame_times, frame_times[np.maximum(after - 1, 0)], side="left")
    index = np.where(
        np.abs(times - frame_times[before]) <= np.abs(frame_times[following] - times),
        before,
        following,
    )
    return Membership(index=index, found=np.abs(times - frame_times[index]) <= within)


def interval_of(times: Times, start: NDArray[np.int64], end: NDArray[np.int64]) -> Membership:
    """Find the half-open interval [start, end) that each time lies in.

    Parameters
    ----------
    times
        Times to place, shape (n,), in any order.
    start, end
        Intervals, ascending by start, shape (m,), in the unit of `times`. Where two overlap the one
        that starts later has the time.
    """
    if not len(start):
        return Membership(
            index=np.zeros(len(times), dtype=np.int64), found=np.zeros(len(times), dtype=np.bool_)
        )
    last = np.searchsorted(start, times, side="right") - 1
    index = np.maximum(last, 0)
    return Membership(index=index, found=(last >= 0) & (times < end[index]))


def gaze_by_frame(
    frame: Membership,
    points_px: NDArray[np.float64],
    *,
    usable: NDArray[np.bool_],
    worn: NDArray[np.bool_],
    frame_count: int,
) -> FrameGaze:
    """Sum up the gaze samples of each frame.

    Parameters
    ----------
    frame
        The frame of each of n samples.
    points_px
        Gaze points, shape (n, 2), px.
    usable
        Samples that count for mean, median, count and spread, shape (n,): worn, outside of blinks.
        Points that are not finite never count.
    worn
        Whether the glasses were worn, shape (n,).
    frame_count
        Number of frames.
    """
    worn_share = mean_by_frame(frame, worn[:, None].astype(np.float64), frame_count=frame_count)
    counted = frame.found & usable & np.isfinite(points_px).all(axis=1)
    index, points = frame.index[counted], points_px[counted]
    count = np.bincount(index, minlength=frame_count)
    mean = np.column_stack([_mean(index, column, count) for column in points.T])
    squares = ((points - mean[index]) ** 2).sum(axis=1)
    return FrameGaze(
        mean_px=mean,
        median_px=np.column_stack([_median(index, column, count) for column in points.T]),
        count=count,
        spread_px=np.sqrt(_mean(index, squares, count)),
        worn_share=worn_share[:, 0],
    )


def mean_by_frame(
    frame: Membership, values: NDArray[np.float64], *, frame_count: int
) -> NDArray[np.float64]:
    """Average the samples of each frame, column by column.

    Parameters
    ----------
    frame
        The frame of each of n samples.
    values
        Shape (n, k); values that are not finite don't count.
    frame_count
        Number of frames.

    Returns
    -------
    NDArray[np.float64]
        Shape (frame_count, k); NaN where a frame has no value.
    """
    means = np.empty((frame_count, values.shape[1]))
    for i, column in enumerate(values.T):
        counted = frame.found & np.isfinite(column)
        index = frame.index[counted]
        count = np.bincount(index, minlength=frame_count)
        means[:, i] = _mean(index, column[counted], count)
    return means


def _mean(
    index: NDArray[np.int64], values: NDArray[np.float64], count: NDArray[np.int64]
) -> NDArray[np.float64]:
    total = np.bincount(index, weights=values, minlength=len(count))
    means = np.full(len(count), np.nan)
    filled = count > 0
    means[filled] = total[filled] / count[filled]
    return means


def _median(
    index: NDArray[np.int64], values: NDArray[np.float64], count: NDArray[np.int64]
) -> NDArray[np.float64]:
    ordered = values[np.argsort(index, kind="stable")]
    first = np.cumsum(count) - count
    medians = np.full(len(count), np.nan)
    # Frames with equally many samples form a matrix; there are only a few such numbers.
    for size in np.unique(count[count > 0]).tolist():
        frames = np.flatnonzero(count == size)
        medians[frames] = np.median(ordered[first[frames, None] + np.arange(size)], axis=1)
    return medians
