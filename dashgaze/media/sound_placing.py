"""Laying pieces of sound on one grid of samples."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashgaze.scratch import forget, zeros


@dataclass(frozen=True, kw_only=True)
class Laid:
    """Pieces of sound on one line.

    Attributes
    ----------
    samples
        Shape (n,); zero between the pieces. A single piece's own array, not a copy.
    start_s
        Time of sample 0.
    positions
        For each piece, in the order given, where its first sample belongs, covered or not.
    kept
        For each piece, the range [first, end) of samples that it fills; (0, 0) if others cover it.
    holes
        Ranges [first, end) of samples that no piece fills, ascending.
    dropped_count
        Samples of pieces left out because an earlier piece fills their place.
    """

    samples: NDArray[np.float32]
    start_s: float
    positions: tuple[int, ...]
    kept: tuple[tuple[int, int], ...]
    holes: tuple[tuple[int, int], ...]
    dropped_count: int


def lay_out(pieces: Sequence[tuple[float, NDArray[np.float32]]], rate_hz: int) -> Laid:
    """Lay pieces of sound on the grid that the earliest of them starts.

    The others move to the nearest sample of the grid, which is at most half a sample (0.03 ms at
    16 kHz). Where two overlap, the one that starts earlier stays.

    Parameters
    ----------
    pieces
        Pairs of the time of a piece's first sample, s, and its samples.
    rate_hz
        Sample rate of all of them.
    """
    order = [index for index, (_, samples) in enumerate(pieces) if len(samples)]
    order.sort(key=lambda index: pieces[index][0])
    start_s = pieces[order[0]][0] if order else 0.0
    positions = [round((piece_start_s - start_s) * rate_hz) for piece_start_s, _ in pieces]
    ends = [first + len(samples) for first, (_, samples) in zip(positions, pieces, strict=True)]
    if len(pieces) == 1:  # usual, and too big to copy for nothing
        line = pieces[0][1]
    else:
        line = zeros(max(ends, default=0), np.float32)
    kept = [(0, 0)] * len(pieces)
    holes: list[tuple[int, int]] = []
    filled = dropped = 0
    for index in order:
        first, end = max(positions[index], filled), ends[index]
        dropped += min(first, end) - positions[index]
        if first >= end:
            continue
        if first > filled:
            holes.append((filled, first))
        if len(pieces) > 1:
            line[first:end] = pieces[index][1][first - positions[index] :]
            forget(line)
            forget(pieces[index][1])
        kept[index] = (first, end)
        filled = end
    return Laid(
        samples=line,
        start_s=start_s,
        positions=tuple(positions),
        kept=tuple(kept),
        holes=tuple(holes),
        dropped_count=dropped,
    )
