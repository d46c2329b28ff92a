"""Stretches of a drive that the first line does not explain."""

import numpy as np
from numpy.typing import NDArray

from .anchors import CoarseLine, coarse_lines
from .robust_line import fit_line
from .whitening import Whitened
from .windows import REACH_S, Blocks, Windows, correlate_blocks, find_windows

_RESEARCH_S = 15.0
SUPPORT_S = 0.003
"""Windows no further than this from a map support it, s."""

_HIGH_ALONE = 6.0
_LEAST_SUPPORT = 5
_LEAST_SUPPORT_SHARE = 0.2
_LEAST_WINDOWS = 4
_LEAST_WINDOWS_AT_ENDS = 2


def search_again(
    ruled: Whitened,
    ruling: Whitened,
    blocks: Blocks,
    windows: Windows,
    *,
    max_drift: float,
) -> tuple[Blocks, Windows]:
    """Look for stretches that no line explains within some seconds of where they should be.

    Sound that was lost without a trace moves all that follows, often by more than the windows
    reach.

    Parameters
    ----------
    ruled, ruling
        The recordings; shifts are ruled minus ruling time, on the ruling clock.
    blocks, windows
        What was found along the first line.
    max_drift
        Largest drift considered.

    Returns
    -------
    blocks, windows
        With what the second look found in place of what it overlaps.
    """
    line = fit_line(windows.time_s, windows.shift_s, windows.weight(), max_drift=max_drift)
    if line is None or len(windows.time_s) < 2 * _LEAST_WINDOWS:
        return blocks, windows
    supported = supporting(windows.shift_s - line.at(windows.time_s), windows.height)
    if np.count_nonzero(supported) < max(_LEAST_SUPPORT, _LEAST_SUPPORT_SHARE * len(supported)):
        # Around a line that is itself chance, more chance would be found.
        return blocks, windows
    off = ~supported
    lead_s = float(np.median(np.diff(windows.time_s)))
    for start, stop in runs(off, _LEAST_WINDOWS, at_ends=_LEAST_WINDOWS_AT_ENDS):
        part_s = (float(windows.time_s[start]) - lead_s, float(windows.time_s[stop - 1]) + lead_s)
        middle_s = sum(part_s) / 2
        shift_s = line.offset_s + line.drift * middle_s
        found = coarse_lines(
            ruled.part(part_s[0] + shift_s, part_s[1] + shift_s),
            ruling.part(part_s[0] - _RESEARCH_S, part_s[1] + _RESEARCH_S),
            shift_range_s=(shift_s - _RESEARCH_S, shift_s + _RESEARCH_S),
            max_drift_ppm=max_drift * 1e6,
        )
        if not found:
            continue
        level_s = found[0].offset_s + found[0].drift_ppm * 1e-6 * middle_s
        if abs(level_s - shift_s) < REACH_S / 2:
            continue
        # Too short to know its own drift, the stretch takes the whole's.
        moved = CoarseLine(
            offset_s=level_s - line.drift * middle_s,
            drift_ppm=line.drift * 1e6,
            anchors=found[0].anchors,
            score=found[0].score,
        )
        other_blocks = correlate_blocks(ruled, ruling, moved.shift_at, part_s)
        other = find_windows(other_blocks)
        inside = (windows.time_s >= part_s[0]) & (windows.time_s <= part_s[1])
        if _median(other.height) <= _median(windows.height[inside]):
            continue
        blocks, windows = _merged(blocks, other_blocks, part_s), _merged_windows(windows, other)
    return blocks, windows


def supporting(residual_s: NDArray[np.float64], height: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which windows support a map, shape (n,).

    A low peak that lies right while both its neighbours lie wrong is chance: over the whole reach
    one in a hundred does.
    """
    near = np.abs(residual_s) <= SUPPORT_S
    beside = np.concatenate([[False], near[:-1]]) | np.concatenate([near[1:], [False]])
    return np.asarray(near & (beside | (height >= _HIGH_ALONE)))


def runs(
    flags: NDArray[np.bool_], least: int, *, at_ends: int | None = None
) -> list[tuple[int, int]]:
    """Give the ranges [start, stop) of at least `least` flags in a row.

    Where `at_ends` is given, so many do for a run that begins or ends the row.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    found = []
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        outer = at_ends is not None and (start == 0 or stop == len(flags))
        if stop - start >= (at_ends if outer and at_ends is not None else least):
            found.append((start, stop))
    return found


def _merged(blocks: Blocks, other: Blocks, part_s: tuple[float, float]) -> Blocks:
    keep = (blocks.time_s < part_s[0]) | (blocks.time_s > part_s[1])
    time_s = np.concatenate([blocks.time_s[keep], other.time_s])
    order = np.argsort(time_s, kind="stable")
    return Blocks(
        time_s=time_s[order],
        predicted_s=np.concatenate([blocks.predicted_s[keep], other.predicted_s])[order],
        curve=np.concatenate([blocks.curve[keep], other.curve])[order],
        high=np.concatenate([blocks.high[keep], other.high])[order],
    )


def _merged_windows(windows: Windows, other: Windows) -> Windows:
    """Windows of the second look replace those they overlap."""
    if not len(other.time_s):
        return windows
    inside = (windows.time_s >= other.time_s[0]) & (windows.time_s <= other.time_s[-1])
    time_s = np.concatenate([windows.time_s[~inside], other.time_s])
    order = np.argsort(time_s, kind="stable")
    return Windows(
        time_s=time_s[order],
        shift_s=np.concatenate([windows.shift_s[~inside], other.shift_s])[order],
        height=np.concatenate([windows.height[~inside], other.height])[order],
    )


def _median(values: NDArray[np.float64]) -> float:
    return float(np.median(values)) if len(values) else 0.0
