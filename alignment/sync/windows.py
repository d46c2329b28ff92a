"""The fine offset: short windows of both recordings, compared around a predicted line.

Each window is searched over the same wide reach without regard to the others, so that how many of
them land on one line is evidence, and not a consequence of having looked there.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from dashgaze.progress import Progress, silent
from dashgaze.scratch import forget

from .whitening import RATE_HZ, Whitened, without_lines

REACH_S = 0.3
"""How far either way of the predicted line a window is searched, s."""

HIGH_BAND_HZ = 900.0
"""Above this the high-pass filters of phones (80 … 300 Hz) delay sound by less than 0.1 ms."""

HIGH_REACH_S = 0.05
"""How far either way the sound above `HIGH_BAND_HZ` is compared, s."""

_BLOCK_RANGE_S = (2.5, 10.0)
_BLOCKS_WANTED = 24
_PEAK_GUARD_S = 0.02
_FULL_WEIGHT_HEIGHT = 10.0
_MIN_HEARD_SHARE = 0.5

ShiftAt = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Predicted shift (time in A minus time in B, s) at times of B, s."""


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """Correlation curves of consecutive blocks.

    Attributes
    ----------
    time_s
        Middle of each block on B's clock, shape (n,), s.
    predicted_s
        Shift that lag zero of its curve stands for, shape (n,), s.
    curve
        Correlation coefficient by lag, shape (n, 2 · reach + 1), at `RATE_HZ`.
    high
        The same of the sound above `HIGH_BAND_HZ` only, over `HIGH_REACH_S`, shape (n, m).
    """

    time_s: NDArray[np.float64]
    predicted_s: NDArray[np.float64]
    curve: NDArray[np.float32]
    high: NDArray[np.float32]

    @property
    def reach(self) -> int:
        """Largest lag, samples."""
        return int(self.curve.shape[1]) // 2


@dataclass(frozen=True, kw_only=True)
class Windows:
    """The best match of each window; arrays of shape (n,).

    Attributes
    ----------
    time_s
        Middle of the window on B's clock, s.
    shift_s
        Time in A minus time in B at the highest peak, s.
    height
        The peak over the spread of the rest of its curve.
    """

    time_s: NDArray[np.float64]
    shift_s: NDArray[np.float64]
    height: NDArray[np.float64]

    def weight(self) -> NDArray[np.float64]:
        """How much each window says about the line, 0 … 1, shape (n,)."""
        return np.minimum(self.height / _FULL_WEIGHT_HEIGHT, 1.0) ** 2


def correlate_blocks(
    a: Whitened,
    b: Whitened,
    shift_at: ShiftAt,
    span_s: tuple[float, float],
    *,
    progress: Progress = silent,
) -> Blocks:
    """Correlate two recordings block by block along a predicted line.

    Parameters
    ----------
    a, b
        The recordings.
    shift_at
        Predicted shift by B's time.
    span_s
        Common stretch on B's clock, s.
    progress
        Is told how far the work is.
    """
    length_s = span_s[1] - span_s[0]
    block_s = float(np.clip(length_s / _BLOCKS_WANTED, *_BLOCK_RANGE_S))
    number = max(1, int(length_s / block_s))
    count = round(block_s * RATE_HZ)
    reach = round(REACH_S * RATE_HZ)
    size = fft.next_fast_len(count + 2 * reach, real=True)
    starts = span_s[0] + (length_s - number * block_s) / 2 + block_s * np.arange(number)
    times, curves, highs = [], [], []
    high_pass = (fft.rfftfreq(size, 1 / RATE_HZ) >= HIGH_BAND_HZ).astype(np.float32)
    high_reach = round(HIGH_REACH_S * RATE_HZ)
    inner = np.arange(-reach, count + reach) / RATE_HZ
    for i, start_s in enumerate(starts):
        if _heard_share(b, start_s, block_s) < _MIN_HEARD_SHARE:
            continue
        # The sample grid of B rules; A is read between its samples.
        first = round((start_s - b.start_s) * RATE_HZ)
        exact_s = b.start_s + first / RATE_HZ
        still = b.between(exact_s, count)
        t = exact_s + inner
        moved = _read(a, t + shift_at(t))
        if not (energy := float(np.dot(still, still)) * float(np.dot(moved, moved))) > 0:
            continue
        cross = fft.rfft(moved, size, workers=2) * np.conj(fft.rfft(still, size, workers=2))
        cross = without_lines(cross) / np.float32(np.sqrt(energy * count / (count + 2 * reach)))
        times.append(exact_s + block_s / 2)
        # Copies: a view would keep a curve eighteen times as long.
        curves.append(fft.irfft(cross, size, workers=2)[: 2 * reach + 1].copy())
        high = fft.irfft(cross * high_pass, size, workers=2)
        highs.append(high[reach - high_reach : reach + high_reach + 1].copy())
        forget(a.samples)
        forget(b.samples)
        progress("comparing windows", (i + 1) / number)
    time_s = np.array(times)
    return Blocks(
        time_s=time_s,
        predicted_s=shift_at(time_s),
        curve=np.array(curves, dtype=np.float32).reshape(len(times), 2 * reach + 1),
        high=np.array(highs, dtype=np.float32).reshape(len(times), 2 * high_reach + 1),
    )


def find_windows(blocks: Blocks) -> Windows:
    """Find the best match of each window of two neighbouring blocks."""
    n = len(blocks.time_s)
    if n < 2:
        empty = np.empty(0)
        return Windows(time_s=empty, shift_s=empty, height=empty)
    spacing = float(np.median(np.diff(blocks.time_s)))
    pairs = np.flatnonzero(np.diff(blocks.time_s) < 1.5 * spacing)
    shifts, heights = np.empty(len(pairs)), np.empty(len(pairs))
    for row, i in enumerate(pairs):
        # The predictions of the two blocks lie on one line: their curves share lag zero.
        lag, heights[row] = find_peak(blocks.curve[i] + blocks.curve[i + 1])
        shifts[row] = (blocks.predicted_s[i] + blocks.predicted_s[i + 1]) / 2 + lag / RATE_HZ
    times = (blocks.time_s[pairs] + blocks.time_s[pairs + 1]) / 2
    return Windows(time_s=times, shift_s=shifts, height=heights)


def find_peak(curve: NDArray[np.float32]) -> tuple[float, float]:
    """Lag from the middle of a curve's highest point, in samples, and its height over the rest.

    The lag comes from a parabola through the highest sample and its neighbours.
    """
    reach = len(curve) // 2
    top = int(np.argmax(curve))
    guard = round(_PEAK_GUARD_S * RATE_HZ)
    rest = np.concatenate([curve[: max(0, top - guard)], curve[top + guard + 1 :]])
    spread = float(np.sqrt(np.mean(np.square(rest, dtype=np.float64)))) if len(rest) else 0.0
    part = 0.0
    if 0 < top < len(curve) - 1:
        before, peak, after = (float(v) for v in curve[top - 1 : top + 2])
        bend = before - 2 * peak + after
        part = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return top - reach + part, float(curve[top]) / spread if spread > 0 else 0.0


def _heard_share(sound: Whitened, start_s: float, length_s: float) -> float:
    per_s = len(sound.heard) / max(sound.duration_s, 1e-9)
    first = max(0, int((start_s - sound.start_s) * per_s))
    part = sound.heard[first : int((start_s - sound.start_s + length_s) * per_s) + 1]
    return float(np.mean(part)) if len(part) else 0.0


def _read(sound: Whitened, time_s: NDArray[np.float64]) -> NDArray[np.float32]:
    """Read whitened sound at any times, linearly between samples; zero outside.

    Linear reading dulls the top of the band a little, and moves nothing in time.
    """
    position = (time_s - sound.start_s) * RATE_HZ
    whole = np.floor(position).astype(np.int64)
    part = (position - whole).astype(np.float32)
    inside = (whole >= 0) & (whole < len(sound.samples) - 1)
    index = np.where(inside, whole, 0)
    if len(sound.samples) < 2:
        return np.zeros(len(time_s), dtype=np.float32)
    value = sound.samples[index] * (1 - part) + sound.samples[index + 1] * part
    return np.where(inside, value, np.float32(0))
