"""All correlation curves laid over each other along a map.

The stack shows the paths from the sources to the two microphones: one peak a seat, and
reflections. It stays the same for a whole drive, while single windows see now one seat, now
another. Held against the stack, a window tells time without telling who spoke.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ..time_map import TimeMap
from .whitening import RATE_HZ
from .windows import Blocks, Windows

_TEMPLATE_S = 0.015
_REACH_S = 0.004
_RATIO_GUARD_S = 0.008
_LEAST_HEIGHT = 4.0
_HIGH_NEAR_S = 0.003
_HIGH_HEIGHT = 8.0
_HIGH_WINDOWS = 2


def aligned_curves(blocks: Blocks, time_map: TimeMap) -> NDArray[np.float64]:
    """Move each curve so that its middle lies on the map, by parts of a sample.

    Parameters
    ----------
    blocks
        Curves of n blocks.
    time_map
        The map that the middle stands for.

    Returns
    -------
    ndarray
        Shape (n, 2 · reach + 1), as `Blocks.curve`; zero where a moved curve has nothing to say.
    """
    count = blocks.curve.shape[1]
    expected_s = time_map.tracker_s(blocks.time_s) - blocks.time_s
    move = (expected_s - blocks.predicted_s) * RATE_HZ
    lag = np.arange(count)
    out = np.zeros(blocks.curve.shape)
    size = fft.next_fast_len(count + 64, real=True)
    frequency = fft.rfftfreq(size)
    for row, (curve, by) in enumerate(zip(blocks.curve, move, strict=True)):
        whole = round(by)
        # The rest of a sample is a turn of phase.
        turn = np.exp(2j * np.pi * frequency * (by - whole))
        moved = fft.irfft(fft.rfft(curve.astype(np.float64), size) * turn, size)[:count]
        source = lag + whole
        inside = (source >= 0) & (source < count)
        out[row, inside] = moved[source[inside]]
    return out


def peak_ratio(curves: NDArray[np.float64]) -> float:
    """Give the stack's best peak near the map over its best one elsewhere.

    A steady engine gives a comb: its windows may agree, but the next tooth is as high.
    """
    stack = curves.sum(axis=0)
    reach, guard = len(stack) // 2, round(_RATIO_GUARD_S * RATE_HZ)
    here = float(stack[reach - guard : reach + guard + 1].max())
    elsewhere = float(max(stack[: reach - guard].max(), stack[reach + guard + 1 :].max()))
    return here / elsewhere if elsewhere > 0 else 0.0


def windows_by_stack(
    blocks: Blocks, curves: NDArray[np.float64], windows: Windows, time_map: TimeMap
) -> Windows:
    """Measure the shift of each window once more, against the stack of all.

    Parameters
    ----------
    blocks, curves
        The blocks and their curves along the map (`aligned_curves`).
    windows
        The windows as found one by one.
    time_map
        The map they support.

    Returns
    -------
    Windows
        Windows near the map with their new shifts; the others as they were.
    """
    reach = curves.shape[1] // 2
    half, move = round(_TEMPLATE_S * RATE_HZ), round(_REACH_S * RATE_HZ)
    expected_s = time_map.tracker_s(windows.time_s) - windows.time_s
    near = np.abs(windows.shift_s - expected_s) <= _REACH_S
    near &= windows.height >= _LEAST_HEIGHT
    pairs = _pair_rows(blocks, windows)
    inner = curves[:, reach - half - move : reach + half + move + 1]
    template = inner[:, move:-move].sum(axis=0)
    measured = np.flatnonzero(near & (pairs >= 0))
    if len(measured) < 4:
        return windows
    lags = np.empty(len(measured))
    for i, number in enumerate(measured):
        curve = inner[pairs[number]] + inner[pairs[number] + 1]
        # A window must not find itself in the template.
        rest = template - curve[move:-move]
        match = np.correlate(curve, rest, mode="valid")
        lags[i] = _peak_lag(match, move, move)
    relative_s = expected_s[measured] + lags / RATE_HZ
    # The stack knows how windows lie to each other. Where they lie as a whole, the windows alone
    # say better: they are one vote each, while the loudest seat rules the stack.
    shifts = windows.shift_s.copy()
    shifts[measured] = relative_s + float(np.median(windows.shift_s[measured] - relative_s))
    return Windows(time_s=windows.time_s, shift_s=shifts, height=windows.height)


def high_band_shift_s(blocks: Blocks, time_map: TimeMap) -> float | None:
    """Give how far the sound above `HIGH_BAND_HZ` lies off the map as a whole, s.

    Low frequencies carry most windows, but come late through the high-pass of a phone. Where
    there is enough sound above, it says better where zero is.

    Returns
    -------
    float or None
        None if too few windows hold sound above.
    """
    rows = np.flatnonzero(np.diff(blocks.time_s) < 1.5 * _median_step(blocks.time_s))
    expected_s = time_map.tracker_s(blocks.time_s) - blocks.time_s
    centre = blocks.high.shape[1] // 2
    near, guard = round(_HIGH_NEAR_S * RATE_HZ), round(2 * _HIGH_NEAR_S * RATE_HZ)
    shifts = []
    for row in rows:
        off = float(np.mean((expected_s - blocks.predicted_s)[row : row + 2])) * RATE_HZ
        middle = centre + round(off)
        if not guard <= middle < blocks.high.shape[1] - guard:
            continue
        curve = (blocks.high[row] + blocks.high[row + 1]).astype(np.float64)
        lag = _peak_lag(curve, middle, near)
        rest = np.concatenate([curve[: middle - guard], curve[middle + guard + 1 :]])
        if curve[middle + round(lag)] >= _HIGH_HEIGHT * float(np.sqrt(np.mean(rest**2))):
            shifts.append((middle - centre + lag - off) / RATE_HZ)
    return float(np.median(shifts)) if len(shifts) >= _HIGH_WINDOWS else None


def _median_step(time_s: NDArray[np.float64]) -> float:
    return float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0


def _pair_rows(blocks: Blocks, windows: Windows) -> NDArray[np.int64]:
    """Give the first of the two blocks of each window; -1 where they are not there any more."""
    middle_s = (blocks.time_s[1:] + blocks.time_s[:-1]) / 2
    row = np.clip(np.searchsorted(middle_s, windows.time_s), 0, max(0, len(middle_s) - 1))
    before = np.clip(row - 1, 0, None)
    row = np.where(
        np.abs(middle_s[before] - windows.time_s) < np.abs(middle_s[row] - windows.time_s),
        before,
        row,
    )
    return np.where(np.abs(middle_s[row] - windows.time_s) < 1e-6, row, -1)


def _peak_lag(curve: NDArray[np.float64], middle: int, reach: int) -> float:
    """Give the lag of the highest point within `reach` of the middle, by a parabola."""
    top = middle - reach + int(np.argmax(curve[middle - reach : middle + reach + 1]))
    if not 0 < top < len(curve) - 1:
        return float(top - middle)
    before, peak, after = (float(v) for v in curve[top - 1 : top + 2])
    bend = before - 2 * peak + after
    return top - middle + (0.5 * (before - after) / bend if bend < 0 else 0.0)
