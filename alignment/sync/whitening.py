"""Sound made ready for correlation: every moment and every frequency about equally loud.

Road noise rules the low frequencies, an engine a few narrow ones, handling noise some moments. Each
would rule a plain correlation. Dividing each cell of the short-time spectrum by a power of its own
magnitude, ``X / |X|^β``, leaves the phase, in which the time lies. Correlating two sounds treated
like this is a GCC-PHAT-β with short memory: Knapp & Carter, IEEE ASSP 24(4), 1976, for the
weighting; Donohue et al., IEEE ICASSP 2007, for the partial exponent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from dashgaze.media import Sound
from dashgaze.scratch import forget, zeros

RATE_HZ = 8000
"""Sample rate of whitened sound; the band ends well below half of it."""

FRAME_S = 0.256
"""Length of a short-time frame: resolves 4 Hz, so that the lines of an engine stay narrow."""

BETA = 0.8
"""Exponent of the whitening; 0.7 … 0.8 did best on simulated drives, 1 lets noise-only bins vote."""

BAND_HZ = (100.0, 3000.0)
"""Below 300 Hz road noise is still shared by two microphones in a car; above 3 kHz little is."""

_SILENCE_RMS = 1e-5
_LINE_LIMIT = 12.0
_CHUNK_FRAMES = 512
_PIECE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Whitened:
    """Whitened sound.

    Attributes
    ----------
    samples
        Shape (n,), at `RATE_HZ`; zero where nothing was recorded.
    start_s
        Time of sample 0 on the sound's own time line, s.
    heard
        Whether each stretch of half a frame holds recorded sound above digital silence, shape (m,).
    """

    samples: NDArray[np.float32]
    start_s: float
    heard: NDArray[np.bool_]

    @property
    def duration_s(self) -> float:
        """Length, s."""
        return len(self.samples) / RATE_HZ

    @property
    def end_s(self) -> float:
        """Time of the end of the last sample, s."""
        return self.start_s + self.duration_s

    @property
    def heard_s(self) -> float:
        """Length of what holds sound, s."""
        return float(np.count_nonzero(self.heard)) * FRAME_S / 2

    def between(self, start_s: float, count: int) -> NDArray[np.float32]:
        """Cut `count` samples from the one nearest to `start_s`; zeros outside of the sound."""
        first = round((start_s - self.start_s) * RATE_HZ)
        out = np.zeros(count, dtype=np.float32)
        low, high = max(0, first), min(len(self.samples), first + count)
        if high > low:
            out[low - first : high - first] = self.samples[low:high]
        return out

    def part(self, start_s: float, end_s: float) -> "Whitened":
        """Cut the stretch from `start_s` to `end_s`; what lies outside of the sound is left out."""
        first = max(0, round((start_s - self.start_s) * RATE_HZ))
        last = min(len(self.samples), round((end_s - self.start_s) * RATE_HZ))
        last = max(first, last)
        per_sample = 2 / (FRAME_S * RATE_HZ)
        return Whitened(
            samples=self.samples[first:last],
            start_s=self.start_s + first / RATE_HZ,
            heard=self.heard[round(first * per_sample) : -(-last * 2 // round(FRAME_S * RATE_HZ))],
        )


def whiten(sound: Sound) -> Whitened:
    """Whiten a sound and reduce it to `RATE_HZ`.

    Parameters
    ----------
    sound
        Sound of any rate that is a multiple of `RATE_HZ`.

    Raises
    ------
    ValueError
        If the rate is no multiple of `RATE_HZ`.
    """
    if sound.rate_hz % RATE_HZ:
        raise ValueError(f"the rate has to be a multiple of {RATE_HZ} Hz, not {sound.rate_hz} Hz")
    frame = round(FRAME_S * sound.rate_hz)
    hop = frame // 2
    out_frame = round(FRAME_S * RATE_HZ)
    out_hop = out_frame // 2
    source = _faded(sound)
    count = max(1, -(-len(source) // hop))
    window = np.sin(np.pi * (np.arange(frame) + 0.5) / frame).astype(np.float32)
    out_window = np.sin(np.pi * (np.arange(out_frame) + 0.5) / out_frame).astype(np.float32)
    bins = out_frame // 2 + 1
    weight = _band_weight(bins)
    out = zeros((count + 1) * out_hop, np.float32)
    heard = np.zeros(count, dtype=np.bool_)
    for first in range(0, count, _CHUNK_FRAMES):
        part = _frames(source, first, min(_CHUNK_FRAMES, count - first), hop)
        loud = np.sqrt(np.mean(np.square(part), axis=1)) > _SILENCE_RMS
        heard[first : first + len(part)] = loud
        spectrum = fft.rfft(part * window, axis=1)[:, :bins]
        magnitude = np.abs(spectrum)
        np.maximum(magnitude, 1e-9, out=magnitude)
        spectrum *= weight * magnitude ** np.float32(-BETA)
        spectrum[~loud] = 0
        shaped = fft.irfft(spectrum, out_frame, axis=1) * out_window
        for offset, half in ((0, shaped[:, :out_hop]), (out_hop, shaped[:, out_hop:])):
            start = first * out_hop + offset
            out[start : start + len(part) * out_hop] += half.ravel()
        forget(source)
        forget(out)
    out = out[out_hop : out_hop + (len(source) * RATE_HZ) // sound.rate_hz]
    level = float(np.sqrt(_sum_of_squares(out) / len(out))) if len(out) else 0.0
    if level > 0:
        for first in range(0, len(out), _PIECE):
            out[first : first + _PIECE] /= np.float32(level)
            forget(out)
    return Whitened(samples=out, start_s=sound.start_s, heard=heard)


def without_lines(spectrum: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Limit what stands far out of a long spectrum: the lines of an engine at steady speed.

    A short-time frame can't tell a steady tone from its neighbourhood; a long block can. Left in,
    the tones of an engine make a comb of equal peaks.
    """
    magnitude = np.abs(spectrum)
    # Seven eighths of the bins lie in the band, so that the median is one of them.
    limit = np.float32(_LINE_LIMIT * float(np.median(magnitude)))
    if not limit > 0:
        return spectrum
    return spectrum * (limit / np.maximum(magnitude, limit))


def _frames(source: NDArray[np.float32], first: int, count: int, hop: int) -> NDArray[np.float32]:
    """Give frames of two hops each, the first of which begins a hop before the sound, shape (count, 2 · hop).

    A half frame of zeros stands before the sound, so that its first samples are as loud as all.
    """
    start = (first - 1) * hop
    padded = np.zeros((count + 1) * hop, dtype=np.float32)
    piece = source[max(start, 0) : start + len(padded)]
    place = max(-start, 0)
    padded[place : place + len(piece)] = piece
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)[::hop]


def _sum_of_squares(samples: NDArray[np.float32]) -> float:
    """Give what `numpy.sum` gives of all squares, which it adds up by halves, without having all of them."""
    if len(samples) <= _PIECE:
        found = float(np.sum(np.square(samples, dtype=np.float64)))
        forget(samples)
        return found
    half = len(samples) // 2
    half -= half % 8
    return _sum_of_squares(samples[:half]) + _sum_of_squares(samples[half:])


def _faded(sound: Sound) -> NDArray[np.float32]:
    """Put short ramps at the edges of gaps, whose steps would click at all frequencies."""
    if not sound.gaps_s:
        return sound.samples
    samples = zeros(len(sound.samples), np.float32)
    for place in range(0, len(samples), _PIECE):
        samples[place : place + _PIECE] = sound.samples[place : place + _PIECE]
        forget(samples)
        forget(sound.samples)
    ramp_count = round(0.01 * sound.rate_hz)
    ramp = np.linspace(0, 1, ramp_count, dtype=np.float32)
    for start_s, end_s in sound.gaps_s:
        first = round((start_s - sound.start_s) * sound.rate_hz)
        last = round((end_s - sound.start_s) * sound.rate_hz)
        before = samples[max(0, first - ramp_count) : max(0, first)]
        before *= ramp[::-1][ramp_count - len(before) :]
        after = samples[max(0, last) : max(0, last + ramp_count)]
        after *= ramp[: len(after)]
        samples[max(0, first) : max(0, last)] = 0
    return samples


def _band_weight(bins: int) -> NDArray[np.float32]:
    """Pass band with half-octave cosine edges, shape (bins,)."""
    frequency_hz = np.linspace(0, RATE_HZ / 2, bins)
    octave = np.log2(np.maximum(frequency_hz, 1e-3))
    low, high = np.log2(BAND_HZ[0]), np.log2(BAND_HZ[1])
    inside = np.minimum((octave - low) / 0.5 + 0.5, (high - octave) / 0.5 + 0.5)
    return np.asarray(np.sin(np.pi / 2 * np.clip(inside, 0, 1)) ** 2, dtype=np.float32)
