"""Time stamps that only go up."""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .notes import NoteBook, counted

STAMP = np.dtype("<i8")

# Stamps are nanoseconds since 1970 on a phone's clock. Beyond 2116 they are no dates, and keeping
# them under 2**62 keeps every difference of two inside of int64.
LATEST_NS = 2**62
# A recording lasts hours; a stamp a day off its neighbours is damage.
LONGEST_NS = 24 * 3600 * 10**9


@dataclass(frozen=True, kw_only=True)
class Order:
    """Which samples of a stream have usable stamps.

    Attributes
    ----------
    keep
        True for samples to keep; their stamps increase strictly. Shape (n,).
    implausible_count
        Samples left out because the stamp is no date or a day off the stream's middle.
    disorder_count
        Samples left out because their stamp does not come after the ones before.
    """

    keep: NDArray[np.bool_]
    implausible_count: int
    disorder_count: int


def find_order(timestamp_ns: NDArray[np.int64]) -> Order:
    """Select samples so that the stamps increase strictly and as few as possible are lost.

    A stamp that repeats or steps back is left out, as the vendor's readers do. Where a stamp far
    ahead would cost all samples after it, that one is left out instead.

    Parameters
    ----------
    timestamp_ns
        Shape (n,), ns.
    """
    keep = (timestamp_ns > 0) & (timestamp_ns < LATEST_NS)
    if keep.any():
        plausible = timestamp_ns[keep]
        middle = np.partition(plausible, len(plausible) // 2)[len(plausible) // 2]
        keep[keep] = np.abs(plausible - middle) <= LONGEST_NS
    rows = np.flatnonzero(keep)
    ascending = _ascending(timestamp_ns[rows])
    keep[rows[~ascending]] = False
    return Order(
        keep=keep,
        implausible_count=len(timestamp_ns) - len(rows),
        disorder_count=int((~ascending).sum()),
    )


def note_order(order: Order, stream: str, notes: NoteBook) -> None:
    """Write down what `find_order` left out of a stream."""
    if order.implausible_count:
        notes.add(
            "STAMPS-IMPLAUSIBLE",
            f"{stream}: {counted(order.implausible_count, 'sample')} of {len(order.keep)} left "
            "out, with stamps that are no date or more than a day off the others.",
        )
    if order.disorder_count:
        notes.add(
            "STAMPS-DISORDER",
            f"{stream}: {counted(order.disorder_count, 'sample')} of {len(order.keep)} left out, "
            "with stamps that repeat or step back.",
        )


def in_order(
    timestamp_ns: NDArray[np.int64], stream: str, notes: NoteBook, *columns: NDArray[Any]
) -> tuple[NDArray[Any], ...]:
    """Give stamps and columns of the samples with usable stamps, noting what was left out."""
    order = find_order(timestamp_ns)
    note_order(order, stream, notes)
    if order.keep.all():
        return timestamp_ns, *columns
    return timestamp_ns[order.keep], *(column[order.keep] for column in columns)


def nearest_rows(times_ns: NDArray[np.int64], at_ns: NDArray[np.int64]) -> NDArray[np.intp]:
    """Find the row of ascending `times_ns` nearest to each of `at_ns`; ties go to the earlier."""
    right = np.clip(np.searchsorted(times_ns, at_ns), 1, max(1, len(times_ns) - 1))
    if len(times_ns) == 1:
        return np.zeros(len(at_ns), dtype=np.intp)
    closer_left = at_ns - times_ns[right - 1] <= times_ns[right] - at_ns
    return right - closer_left


def _ascending(timestamp_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
    above = np.ones(len(timestamp_ns), dtype=np.bool_)
    if len(timestamp_ns) < 2:
        return above
    above[1:] = timestamp_ns[1:] > np.maximum.accumulate(timestamp_ns)[:-1]
    if (~above).sum() < 2:
        return above
    longest = _longest_ascending(timestamp_ns)
    return longest if longest.sum() > above.sum() else above


def _longest_ascending(timestamp_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark a longest strictly increasing subsequence (patience sorting)."""
    tails: list[int] = []
    tail_rows: list[int] = []
    before = np.full(len(timestamp_ns), -1, dtype=np.int64)
    for row, stamp in enumerate(timestamp_ns.tolist()):
        place = bisect_left(tails, stamp)
        if place:
            before[row] = tail_rows[place - 1]
        if place == len(tails):
            tails.append(stamp)
            tail_rows.append(row)
        elif stamp < tails[place]:
            tails[place] = stamp
            tail_rows[place] = row
    mask = np.zeros(len(timestamp_ns), dtype=np.bool_)
    row = tail_rows[-1]
    while row >= 0:
        mask[row] = True
        row = int(before[row])
    return mask
