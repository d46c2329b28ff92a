"""Matching of binary descriptors by their Hamming distance.

Distances are counted with the processor's own bit count; both neighbours, the best and the second
best, are found in one pass, which is what makes an exhaustive search of a thousand descriptors
against a thousand cheaper than a clever one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from dashgaze.compiled import compiled

MAX_DISTANCE_BITS = 80
"""Descriptors further apart than this, of 256 bits, are of different things."""

MAX_RATIO = 0.85
"""A best match has to be nearer than this part of the second best's distance (Lowe 2004, sec. 7.1)."""

MAX_RATIO_GATED = 0.92
"""The same where only a few candidates near a predicted place are compared."""

WORDS = 4
"""64-bit words of a descriptor."""

_FAR = np.int32(10_000)
_MOST_CELLS = 64.0


@dataclass(frozen=True, kw_only=True)
class Matches:
    """Pairs of features that are each other's best match.

    Attributes
    ----------
    query, train
        Positions in the two sets of features, shape (n,).
    distance_bits
        Hamming distance of each pair, shape (n,).
    """

    query: NDArray[np.intp]
    train: NDArray[np.intp]
    distance_bits: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.query)

    def best(self, count: int) -> "Matches":
        """Keep the `count` pairs with the smallest distances."""
        if len(self) <= count:
            return self
        kept = np.sort(np.argsort(self.distance_bits, kind="stable")[:count])
        return Matches(
            query=self.query[kept], train=self.train[kept], distance_bits=self.distance_bits[kept]
        )


def match_descriptors(
    query: NDArray[np.uint64],
    train: NDArray[np.uint64],
    *,
    max_distance_bits: int = MAX_DISTANCE_BITS,
    max_ratio: float = MAX_RATIO,
) -> Matches:
    """Compare every descriptor with every other one.

    Parameters
    ----------
    query, train
        Descriptors, shape (n, 4) and (m, 4).
    max_distance_bits
        Largest Hamming distance of a match.
    max_ratio
        Largest ratio of the best to the second best distance.
    """
    if not len(query) or not len(train):
        return _no_matches()
    best, first, second, back = _search_all(query, np.ascontiguousarray(train.T))
    return _select(best, first, second, back, max_distance_bits, max_ratio)


def match_near(
    query: NDArray[np.uint64],
    predicted_px: NDArray[np.float64],
    train: NDArray[np.uint64],
    train_px: NDArray[np.float64],
    *,
    radius_px: float,
    max_distance_bits: int = MAX_DISTANCE_BITS,
    max_ratio: float = MAX_RATIO_GATED,
) -> Matches:
    """Compare each descriptor with those near its predicted place only.

    Parameters
    ----------
    query, train
        Descriptors, shape (n, 4) and (m, 4).
    predicted_px
        Where each query is expected among the trains, shape (n, 2), px; NaN where nowhere.
    train_px
        Places of the trains, shape (m, 2), px.
    radius_px
        Half the side of the square around the prediction in which trains are looked at.
    max_distance_bits, max_ratio
        As in `match_descriptors`.
    """
    if not len(query) or not len(train):
        return _no_matches()
    best, first, second, back = _search_near(
        query,
        np.ascontiguousarray(predicted_px, dtype=np.float64),
        train,
        np.ascontiguousarray(train_px, dtype=np.float64),
        float(radius_px),
    )
    return _select(best, first, second, back, max_distance_bits, max_ratio)


def _select(
    best: NDArray[np.int32],
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    back: NDArray[np.int32],
    max_distance_bits: int,
    max_ratio: float,
) -> Matches:
    """Keep what is mutual, near and distinct."""
    known = best >= 0
    mutual = known & (back[np.where(known, best, 0)] == np.arange(len(best)))
    good = mutual & (first <= max_distance_bits) & (first < max_ratio * second)
    query = np.flatnonzero(good)
    return Matches(query=query, train=best[query].astype(np.intp), distance_bits=first[query])


def _no_matches() -> Matches:
    nothing = np.zeros(0, dtype=np.intp)
    return Matches(query=nothing, train=nothing, distance_bits=np.zeros(0, dtype=np.int32))


def _generate_bit_count(_typing: Any, _word: Any) -> Any:
    """Tell the compiler how to count the set bits of a 64-bit word: with one instruction."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


_bit_count = cast("Callable[[Any], Any]", intrinsic(_generate_bit_count))

_Search = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


@compiled
def _search_all(query: NDArray[np.uint64], train: NDArray[np.uint64]) -> _Search:
    """Find the best train of each query, its distance and the next one's, and each train's query.

    `train` has the shape (4, m), so that one word of all trains lies in a row and the inner loops
    become vector instructions; distance and position share a word, so that a minimum finds both.
    """
    n, m = query.shape[0], train.shape[1]
    best = np.empty(n, np.int32)
    first = np.empty(n, np.int32)
    second = np.empty(n, np.int32)
    column = np.full(m, np.uint32(0xFFFFFFFF), np.uint32)
    row = np.empty(m, np.uint32)
    word0, word1, word2, word3 = train[0], train[1], train[2], train[3]
    for i in range(n):
        q0, q1, q2, q3 = query[i, 0], query[i, 1], query[i, 2], query[i, 3]
        tag = np.uint32(i)
        for j in range(m):
            row[j] = np.uint32(
                _bit_count(q0 ^ word0[j])
                + _bit_count(q1 ^ word1[j])
                + _bit_count(q2 ^ word2[j])
                + _bit_count(q3 ^ word3[j])
            )
        for j in range(m):
            column[j] = min(column[j], (row[j] << np.uint32(16)) | tag)
        nearest = np.uint32(0xFFFFFFFF)
        for j in range(m):
            nearest = min(nearest, (row[j] << np.uint32(16)) | np.uint32(j))
        k = np.int64(nearest & np.uint32(0xFFFF))
        best[i] = k
        first[i] = row[k]
        row[k] = np.uint32(10_000)
        runner_up = np.uint32(10_000)
        for j in range(m):
            runner_up = min(runner_up, row[j])
        second[i] = runner_up
    back = np.empty(m, np.int32)
    for j in range(m):
        back[j] = np.int32(column[j] & np.uint32(0xFFFF))
    return best, first, second, back


@compiled
def _search_near(
    query: NDArray[np.uint64],
    predicted: NDArray[np.float64],
    train: NDArray[np.uint64],
    place: NDArray[np.float64],
    radius: float,
) -> _Search:
    """Do the same within a square around each prediction, with the trains sorted into cells of its size."""
    n, m = query.shape[0], train.shape[0]
    best = np.full(n, -1, np.int32)
    first = np.full(n, _FAR, np.int32)
    second = np.full(n, _FAR, np.int32)
    back = np.full(m, -1, np.int32)
    nearest = np.full(m, _FAR, np.int32)
    left, top = place[:, 0].min(), place[:, 1].min()
    width, height = place[:, 0].max() - left, place[:, 1].max() - top
    cell = max(radius, max(width, height) / _MOST_CELLS, 1.0)
    columns, rows = int(width / cell) + 1, int(height / cell) + 1
    # trains in the order of their cells, row by row of cells
    start = np.zeros(rows * columns + 1, np.int64)
    at = np.empty(m, np.int64)
    for j in range(m):
        at[j] = int((place[j, 1] - top) / cell) * columns + int((place[j, 0] - left) / cell)
        start[at[j] + 1] += 1
    for c in range(rows * columns):
        start[c + 1] += start[c]
    filled = start[:-1].copy()
    order = np.empty(m, np.int64)
    x_of, y_of = np.empty(m), np.empty(m)
    word = np.empty((m, 4), np.uint64)
    for j in range(m):
        k = filled[at[j]]
        filled[at[j]] += 1
        order[k] = j
        x_of[k], y_of[k] = place[j, 0], place[j, 1]
        for w in range(4):
            word[k, w] = train[j, w]
    for i in range(n):
        x, y = predicted[i, 0], predicted[i, 1]
        if not (abs(x - left - width / 2) <= width / 2 + radius):  # false for NaN
            continue
        if not (abs(y - top - height / 2) <= height / 2 + radius):
            continue
        column0 = max(0, int((x - radius - left) / cell))
        column1 = min(columns - 1, int(max(0.0, x + radius - left) / cell))
        row0 = max(0, int((y - radius - top) / cell))
        row1 = min(rows - 1, int(max(0.0, y + radius - top) / cell))
        q0, q1, q2, q3 = query[i, 0], query[i, 1], query[i, 2], query[i, 3]
        for row in range(row0, row1 + 1):
            for k in range(start[row * columns + column0], start[row * columns + column1 + 1]):
                if abs(x_of[k] - x) > radius or abs(y_of[k] - y) > radius:
                    continue
                distance = np.int32(
                    _bit_count(q0 ^ word[k, 0])
                    + _bit_count(q1 ^ word[k, 1])
                    + _bit_count(q2 ^ word[k, 2])
                    + _bit_count(q3 ^ word[k, 3])
                )
                if distance < first[i]:
                    second[i] = first[i]
                    first[i] = distance
                    best[i] = order[k]
                elif distance < second[i]:
                    second[i] = distance
                j = order[k]
                if distance < nearest[j]:
                    nearest[j] = distance
                    back[j] = i
    return best, first, second, back
