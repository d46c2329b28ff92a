"""A second witness: how loudness rises and falls in a few bands, without any phase.

The main method lives on phase below 3 kHz; this one on magnitudes up to 6 kHz. A reflection, a
filter or a repeated tone that misleads one leaves the other alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from dashgaze.media import Sound
from dashgaze.scratch import forget

from ..time_map import TimeMap

HOP_S = 0.005
_FRAME_S = 0.02
_BAND_EDGES_HZ = (60.0, 300.0, 700.0, 1300.0, 2200.0, 3400.0, 6000.0)
_SMOOTHING_S = 0.4
_REACH_S = 1.5
_GUARD_S = 0.1
_CHUNK = 1 << 14


@dataclass(frozen=True, kw_only=True)
class EnvelopeMatch:
    """Where the loudness of both recordings fits best.

    Attributes
    ----------
    disagreement_s
        Its offset minus the time map's, s.
    strength
        Height of the peak over the spread of the rest of the curve.
    """

    disagreement_s: float
    strength: float


def match_envelopes(a: Sound, b: Sound, time_map: TimeMap) -> EnvelopeMatch | None:
    """Compare the loudness of two recordings around a time map.

    Parameters
    ----------
    a, b
        Sounds; the map takes b's time to a's.
    time_map
        The map to be confirmed.

    Returns
    -------
    EnvelopeMatch or None
        None if the two hold too little common sound.
    """
    of_a, of_b = _envelopes(a), _envelopes(b)
    time_b = b.start_s + (np.arange(of_b.shape[1]) + 0.5) * HOP_S
    position = (time_map.tracker_s(time_b) - a.start_s) / HOP_S - 0.5
    reach = round(_REACH_S / HOP_S)
    inside = np.flatnonzero((position >= 0) & (position <= of_a.shape[1] - 1))
    if len(inside) < 4 * reach:
        return None
    low, high = inside[0], inside[-1] + 1
    index = np.arange(of_a.shape[1])
    count = high - low
    size = fft.next_fast_len(count + reach, real=True)
    total = np.zeros(2 * reach + 1)
    for row_a, row_b in zip(of_a, of_b, strict=True):
        one = _plain(np.interp(position[low:high], index, row_a))
        two = _plain(row_b[low:high])
        cross = fft.irfft(fft.rfft(one, size) * np.conj(fft.rfft(two, size)), size)
        total += np.concatenate([cross[-reach:], cross[: reach + 1]])
    return _read_peak(total, reach)


def _read_peak(curve: NDArray[np.float64], reach: int) -> EnvelopeMatch | None:
    top, guard = int(np.argmax(curve)), round(_GUARD_S / HOP_S)
    rest = np.concatenate([curve[: max(0, top - guard)], curve[top + guard + 1 :]])
    spread = float(np.std(rest))
    if not spread > 0 or not 0 < top < len(curve) - 1:
        return None
    before, peak, after = (float(v) for v in curve[top - 1 : top + 2])
    bend = before - 2 * peak + after
    part = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return EnvelopeMatch(
        disagreement_s=(top - reach + part) * HOP_S,
        strength=(peak - float(np.mean(rest))) / spread,
    )


def _plain(row: NDArray[np.float64] | NDArray[np.float32]) -> NDArray[np.float64]:
    """Clip rare jumps and scale to unit spread, so that no single bang and no band rules."""
    values = np.asarray(row, dtype=np.float64)
    scale = 1.4826 * float(np.median(np.abs(values)))
    if not scale > 0:
        return np.zeros_like(values)
    values = np.clip(values / scale, -4, 4)
    return np.asarray(values - values.mean())


def _envelopes(sound: Sound) -> NDArray[np.float32]:
    """Logarithmic loudness by band and `HOP_S`, without its slow part, shape (bands, n)."""
    hop, frame = round(HOP_S * sound.rate_hz), round(_FRAME_S * sound.rate_hz)
    count = len(sound.samples) // hop
    edges = np.array(_BAND_EDGES_HZ)
    bands = int(np.count_nonzero(edges < 0.45 * sound.rate_hz)) - 1
    if count < 2 or bands < 1:
        return np.zeros((max(bands, 1), count), dtype=np.float32)
    window = np.hanning(frame).astype(np.float32)
    frequency_hz = fft.rfftfreq(frame, 1 / sound.rate_hz)
    member = (frequency_hz >= edges[:bands, None]) & (frequency_hz < edges[1 : bands + 1, None])
    weight = member.astype(np.float32).T
    out = np.empty((bands, count), dtype=np.float32)
    for first in range(0, count, _CHUNK):
        frames = _frames(sound.samples, first, min(_CHUNK, count - first), hop, frame)
        power = np.abs(fft.rfft(frames * window, axis=1)) ** 2
        out[:, first : first + _CHUNK] = np.log(power @ weight + np.float32(1e-7)).T
        forget(sound.samples)
    smooth = ndimage.uniform_filter1d(out, max(3, round(_SMOOTHING_S / HOP_S)), axis=1)
    out -= smooth
    for start_s, end_s in sound.gaps_s:
        first = int((start_s - sound.start_s - _SMOOTHING_S) / HOP_S)
        last = int((end_s - sound.start_s + _SMOOTHING_S) / HOP_S) + 1
        out[:, max(0, first) : max(0, last)] = 0
    return out


def _frames(
    samples: NDArray[np.float32], first: int, count: int, hop: int, length: int
) -> NDArray[np.float32]:
    """Give frames around the middles of hops, zero beyond the ends of the sound, shape (count, length)."""
    start = first * hop - (length - hop) // 2
    padded = np.zeros((count - 1) * hop + length, dtype=np.float32)
    piece = samples[max(start, 0) : max(start + len(padded), 0)]
    place = max(-start, 0)
    padded[place : place + len(piece)] = piece
    return np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]
