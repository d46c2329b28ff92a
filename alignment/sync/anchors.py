"""The coarse offset: blocks of one recording looked for all over the other.

Each block ("anchor") is found, or not, on its own; what counts is that anchors far apart agree on
one line ``y = offset + drift · t``. Chance peaks and periodic sounds don't.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from dashgaze.progress import Progress, silent
from dashgaze.scratch import Shelf, forget

from .whitening import RATE_HZ, Whitened, without_lines

ANCHOR_S = 16.0
"""Length of an anchor: long enough for a peak in plain road noise, short enough for 100 ppm."""

_PEAKS_PER_ANCHOR = 12
_PEAK_BIN = 40  # samples: 5 ms; one candidate at most in each
_MIN_HEARD_SHARE = 0.5
_PARTITION_LOG2 = (18, 20)
_MAX_ANCHORS = 48
_BATCH = 6
_STRETCH_PPM = 200.0  # plain anchors still find drifts of 100 ppm and more; stretched ones the rest
_MAX_STRETCHED = 24


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """Possible matches of anchors; arrays of shape (n,).

    Attributes
    ----------
    anchor
        Which anchor the match belongs to.
    time_s
        Middle of the matched block on the searched recording's clock, s.
    shift_s
        Time in the anchors' recording minus time in the searched one, s.
    height
        Correlation over its root mean square.
    """

    anchor: NDArray[np.int64]
    time_s: NDArray[np.float64]
    shift_s: NDArray[np.float64]
    height: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class CoarseLine:
    """A line that several anchors agree on: ``shift = offset_s + drift · t``.

    Attributes
    ----------
    offset_s, drift_ppm
        Of the line, on the searched recording's clock.
    anchors
        How many anchors lie on it.
    score
        Sum of how far their peaks stand out.
    """

    offset_s: float
    drift_ppm: float
    anchors: int
    score: float

    def shift_at(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the shift at times of the searched recording, s."""
        return self.offset_s + self.drift_ppm * 1e-6 * time_s


def coarse_lines(
    anchored: Whitened,
    searched: Whitened,
    *,
    shift_range_s: tuple[float, float] | None,
    max_drift_ppm: float,
    progress: Progress = silent,
) -> tuple[CoarseLine, ...]:
    """Find the lines that anchors agree on, best first; empty if none do.

    Parameters
    ----------
    anchored
        Recording that is cut into anchors; the shorter one is cheaper.
    searched
        Recording that they are looked for in.
    shift_range_s
        Smallest and largest shift looked for, s; None for all.
    max_drift_ppm
        Largest drift, parts per million.
    progress
        Is told how far the search is.
    """
    starts = _anchor_starts(anchored)
    if not len(starts):
        return ()
    search = _Search(searched, shift_range_s)
    lines: tuple[CoarseLine, ...] = ()
    passes = [(0.0, starts)]
    for step_ppm in np.arange(_STRETCH_PPM, max_drift_ppm - _STRETCH_PPM / 2 + 1, _STRETCH_PPM):
        passes += [(sign * float(step_ppm), starts[:_MAX_STRETCHED]) for sign in (1, -1)]
    found: list[Candidates] = []
    total, done = sum(len(part) for _, part in passes), 0
    for stretch_ppm, part in passes:
        for first in range(0, len(part), _BATCH):
            batch = range(first, min(first + _BATCH, len(part)))
            for number in batch:
                anchor = _cut(anchored, part[number], stretch_ppm)
                found.append(search.candidates(anchor, part[number], number))
            done += len(batch)
            progress("looking for common sound", done / total)
            lines = _agreeing(_joined(found), max_drift_ppm)
            if lines and _decided(lines, batch.stop):
                return lines
        if lines and lines[0].anchors >= max(4, 0.25 * len(part)):
            return lines
    return lines


def _anchor_starts(sound: Whitened) -> NDArray[np.float64]:
    """Start times of anchors, spread so that any few of the first ones span the recording."""
    length_s = min(ANCHOR_S, max(2.0, sound.duration_s / 4))
    if sound.duration_s < length_s:
        return np.empty(0)
    count = int(min(_MAX_ANCHORS, max(1, (sound.duration_s - length_s) // (length_s / 2) + 1)))
    starts = sound.start_s + np.linspace(0, sound.duration_s - length_s, count)
    half_frames = len(sound.heard) / max(sound.duration_s, 1e-9)
    heard = np.array(
        [
            np.mean(sound.heard[int(t * half_frames) : int((t + length_s) * half_frames) or 1])
            for t in starts - sound.start_s
        ]
    )
    starts = starts[heard >= _MIN_HEARD_SHARE]
    return starts[_spread_order(len(starts))]


def _spread_order(count: int) -> NDArray[np.int64]:
    """Order of 0 … count-1 in which every beginning covers the range (van der Corput)."""
    bits = max(1, (count - 1).bit_length())
    order = [int(f"{i:0{bits}b}"[::-1], 2) for i in range(1 << bits)]
    return np.array([i for i in order if i < count], dtype=np.int64)


def _cut(sound: Whitened, start_s: float, stretch_ppm: float) -> NDArray[np.float32]:
    length_s = min(ANCHOR_S, max(2.0, sound.duration_s / 4))
    count = round(length_s * RATE_HZ)
    if stretch_ppm == 0:
        return sound.between(start_s, count)
    # The nearest sample is near enough: at most 0.06 ms off.
    source = sound.between(start_s - 0.01, count + round(0.02 * RATE_HZ))
    index = np.round(0.01 * RATE_HZ + np.arange(count) * (1 + stretch_ppm * 1e-6)).astype(int)
    return np.asarray(source[np.clip(index, 0, len(source) - 1)])


class _Search:
    """Correlation of anchors with a recording, by overlap-save in partitions."""

    def __init__(self, sound: Whitened, shift_range_s: tuple[float, float] | None) -> None:
        small, large = _PARTITION_LOG2
        self._is_long = len(sound.samples) > 1 << 21
        self._size = 1 << (large if self._is_long else small)
        self._shelf = Shelf()
        self._sound = sound
        self._range = shift_range_s
        self._spectra: dict[int, NDArray[np.complex64]] = {}

    def _partitions(self, anchor_start_s: float, count: int) -> Iterator[tuple[int, int]]:
        """First sample and number of lags of each partition that may hold a match."""
        step = self._size - round(ANCHOR_S * RATE_HZ)
        low, high = -count + 1, len(self._sound.samples)
        if self._range is not None:
            start = (anchor_start_s - self._sound.start_s) * RATE_HZ
            low = max(low, round(start - self._range[1] * RATE_HZ))
            high = min(high, round(start - self._range[0] * RATE_HZ) + 1)
        # Partitions lie on a fixed grid, so that their spectra serve all anchors.
        for number in range(low // step, -(-high // step)):
            yield number * step, step

    def _spectrum(self, first: int) -> NDArray[np.complex64]:
        if first not in self._spectra:
            block = self._sound.between(self._sound.start_s + first / RATE_HZ, self._size)
            spectrum = fft.rfft(block, workers=2)
            self._spectra[first] = self._shelf.keep(spectrum) if self._is_long else spectrum
            forget(self._sound.samples)
        return self._spectra[first]

    def candidates(self, anchor: NDArray[np.float32], start_s: float, number: int) -> Candidates:
        """Highest peaks of one anchor."""
        spectrum = np.conj(without_lines(fft.rfft(anchor, self._size, workers=2)))
        lags, heights, power, lag_count = [], [], 0.0, 0
        for first, step in self._partitions(start_s, len(anchor)):
            curve = fft.irfft(self._spectrum(first) * spectrum, self._size, workers=2)[:step]
            power += float(np.dot(curve, curve))
            lag_count += step
            bins = curve[: step // _PEAK_BIN * _PEAK_BIN].reshape(-1, _PEAK_BIN)
            top = bins.max(axis=1)
            best = np.argpartition(top, -_PEAKS_PER_ANCHOR)[-_PEAKS_PER_ANCHOR:]
            lags.append(first + best * _PEAK_BIN + bins[best].argmax(axis=1))
            heights.append(top[best])
            self._shelf.forget()
        if not lags or power <= 0:
            empty = np.empty(0)
            return Candidates(
                anchor=np.empty(0, dtype=np.int64), time_s=empty, shift_s=empty, height=empty
            )
        lag = np.concatenate(lags)
        height = np.concatenate(heights) / np.sqrt(power / lag_count)
        best = np.argsort(-height, kind="stable")[:_PEAKS_PER_ANCHOR]
        match_s = self._sound.start_s + lag[best] / RATE_HZ
        shift_s = start_s - match_s
        keep = np.ones(len(best), dtype=np.bool_)
        if self._range is not None:
            keep = (shift_s >= self._range[0]) & (shift_s <= self._range[1])
        return Candidates(
            anchor=np.full(int(keep.sum()), number, dtype=np.int64),
            time_s=match_s[keep] + len(anchor) / RATE_HZ / 2,
            shift_s=shift_s[keep],
            height=height[best][keep].astype(np.float64),
        )


def _joined(found: list[Candidates]) -> Candidates:
    return Candidates(
        anchor=np.concatenate([c.anchor for c in found]),
        time_s=np.concatenate([c.time_s for c in found]),
        shift_s=np.concatenate([c.shift_s for c in found]),
        height=np.concatenate([c.height for c in found]),
    )


_TOLERANCE_S = 0.004
_MIN_HEIGHT = 4.0
_MAX_PAIRS = 20_000
_MAX_LINES = 4


def _agreeing(found: Candidates, max_drift_ppm: float) -> tuple[CoarseLine, ...]:
    """Lines through candidates of at least three anchors, best first, each with its own anchors."""
    lines: list[CoarseLine] = []
    left = found.height >= _MIN_HEIGHT
    while len(lines) < _MAX_LINES:
        index = np.flatnonzero(left)
        part = Candidates(
            anchor=found.anchor[index],
            time_s=found.time_s[index],
            shift_s=found.shift_s[index],
            height=found.height[index],
        )
        best = _best_line(part, max_drift_ppm)
        if best is None:
            break
        line, members = best
        lines.append(line)
        left[np.isin(found.anchor, np.unique(part.anchor[members]))] = False
    return tuple(lines)


def _best_line(
    found: Candidates, max_drift_ppm: float
) -> tuple[CoarseLine, NDArray[np.int64]] | None:
    n = len(found.anchor)
    first, second = np.triu_indices(n, 1)
    span = found.time_s[second] - found.time_s[first]
    rise = found.shift_s[second] - found.shift_s[first]
    allowed = np.abs(rise) <= np.abs(span) * max_drift_ppm * 1e-6 + _TOLERANCE_S
    allowed &= (found.anchor[first] != found.anchor[second]) & (np.abs(span) > 1.0)
    first, second, span, rise = first[allowed], second[allowed], span[allowed], rise[allowed]
    if not len(first):
        return None
    if len(first) > _MAX_PAIRS:
        # Far apart and high says most.
        weight = (found.height[first] + found.height[second]) * np.sqrt(np.abs(span))
        best = np.argsort(-weight, kind="stable")[:_MAX_PAIRS]
        first, second, span, rise = first[best], second[best], span[best], rise[best]
    limit = max_drift_ppm * 1e-6
    drift = np.clip(rise / span, -limit, limit)
    offset = (
        found.shift_s[first]
        + found.shift_s[second]
        - drift * (found.time_s[first] + found.time_s[second])
    ) / 2
    score = np.empty(len(drift))
    excess = found.height - (_MIN_HEIGHT - 1.0)
    anchors, slot = np.unique(found.anchor, return_inverse=True)
    for start in range(0, len(drift), 2048):
        rows = np.s_[start : start + 2048]
        line = offset[rows, None] + drift[rows, None] * found.time_s
        value = np.where(np.abs(line - found.shift_s) <= _TOLERANCE_S, excess, 0.0)
        per_anchor = np.zeros((len(value), len(anchors)))
        for column in range(n):
            np.maximum(
                per_anchor[:, slot[column]], value[:, column], out=per_anchor[:, slot[column]]
            )
        score[rows] = per_anchor.sum(axis=1)
    winner = int(np.argmax(score))
    return _refitted(found, float(offset[winner]), float(drift[winner]), limit)


def _refitted(
    found: Candidates, offset: float, drift: float, limit: float
) -> tuple[CoarseLine, NDArray[np.int64]] | None:
    members = np.empty(0, dtype=np.int64)
    for _ in range(3):
        residual = np.abs(found.shift_s - offset - drift * found.time_s)
        near = np.flatnonzero(residual <= _TOLERANCE_S)
        # One candidate an anchor: its highest.
        order = near[np.argsort(-found.height[near], kind="stable")]
        _, once = np.unique(found.anchor[order], return_index=True)
        members = order[once]
        if len(members) < 3:
            return None
        t, y, w = found.time_s[members], found.shift_s[members], found.height[members] - 2.0
        middle = float(np.average(t, weights=w))
        spread = float(np.sum(w * (t - middle) ** 2))
        slope = float(np.sum(w * (t - middle) * y)) / spread if spread > 0 else drift
        drift = float(np.clip(slope, -limit, limit))
        offset = float(np.average(y, weights=w)) - drift * middle
    score = float(np.sum(found.height[members] - (_MIN_HEIGHT - 1.0)))
    line = CoarseLine(offset_s=offset, drift_ppm=drift * 1e6, anchors=len(members), score=score)
    return line, members


def _decided(lines: tuple[CoarseLine, ...], tried: int) -> bool:
    best = lines[0]
    runner_up = lines[1].score if len(lines) > 1 else 0.0
    return best.anchors >= max(5, 0.4 * tried) and best.score >= 3 * runner_up
