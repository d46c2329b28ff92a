"""Whether a part of a recording begins with what the part before ends with, by their sound."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from dashgaze.media.opening import first_audio, open_media, read_only

LONGEST_S = 5.0
"""Longer overlaps are not looked for."""
# The shortest overlap that is found is a little longer than both: a coded start needs some time.
_SKIPPED_S, _COMPARED_S = 0.1, 0.4
# Two codings of one sound are alike to this at least; other sound of the same car is not.
_LEAST_LIKENESS = 0.8
# A hum is like itself at many places; the best has to stand out.
_LEAST_RATIO = 1.3
_NEAR_S = 0.002
_SILENT = 1e-4

Samples = NDArray[np.float64]


def overlap_zero_s(
    before: Path, after: Path, *, before_end_s: Fraction, after_first_s: Fraction
) -> Fraction | None:
    """Give when, on the first file's time line, the second one's is zero, if they overlap by sound.

    Parameters
    ----------
    before, after
        Two parts that follow each other.
    before_end_s, after_first_s
        When the sound of the first ends, and that of the second begins, each on its own time line.

    Returns
    -------
    zero_s
        Exact to a sample; None if no half second of sound is common to both.
    """
    end = _decode(before, before_end_s - Fraction(LONGEST_S), before_end_s)
    wanted_s = after_first_s + Fraction(_SKIPPED_S)
    start = _decode(after, wanted_s, wanted_s + Fraction(2 * _COMPARED_S))
    if end is None or start is None or end[2] != start[2]:
        return None
    place = _find(end[1], start[1], rate_hz=end[2])
    if place is None:
        return None
    return end[0] + Fraction(place, end[2]) - start[0]


def _find(area: Samples, piece: Samples, *, rate_hz: int) -> int | None:
    """Find a piece of sound in a longer one: its first sample there."""
    count = round(_COMPARED_S * rate_hz)
    if len(piece) < count or len(area) < count or piece.std() < _SILENT:
        return None
    piece = piece[:count] - piece[:count].mean()
    sums = np.cumsum(np.concatenate(([0.0], area)))
    squares = np.cumsum(np.concatenate(([0.0], area**2)))
    mean = (sums[count:] - sums[:-count]) / count
    power = np.maximum((squares[count:] - squares[:-count]) / count - mean**2, _SILENT**2)
    size = next_fast_len(len(area), real=True)
    products = irfft(rfft(area, size) * np.conj(rfft(piece, size)), size)[: len(mean)] / count
    likeness = products / (np.sqrt(power) * piece.std())
    best = int(np.argmax(likeness))
    near = round(_NEAR_S * rate_hz)
    elsewhere = np.concatenate((likeness[: max(0, best - near)], likeness[best + near :]))
    second = float(elsewhere.max(initial=0.0))
    if likeness[best] < _LEAST_LIKENESS or likeness[best] < _LEAST_RATIO * second:
        return None
    return best


def _decode(path: Path, start_s: Fraction, end_s: Fraction) -> tuple[Fraction, Samples, int] | None:
    """Decode a stretch of sound: the time of its first sample, the mean of all channels, its rate."""
    with open_media(path) as container:
        stream = first_audio(container)
        if stream is None or stream.codec_context is None or not stream.time_base:
            return None
        read_only(stream)
        tick = stream.time_base
        pieces: list[Samples] = []
        first_s: Fraction | None = None
        rate_hz = stream.codec_context.sample_rate
        try:
            container.seek(max(0, int(start_s / tick)), stream=stream, backward=True)
            for frame in container.decode(stream):
                if frame.pts is None or frame.pts * tick < start_s:
                    continue
                if frame.pts * tick >= end_s:
                    break
                first_s = frame.pts * tick if first_s is None else first_s
                samples = frame.to_ndarray().astype(np.float64)
                if not frame.format.is_planar:
                    samples = samples.reshape(-1, frame.layout.nb_channels).T
                pieces.append(samples.mean(axis=0))
        except av.FFmpegError:
            pass  # what came until then may be enough
    if first_s is None:
        return None
    return first_s, np.concatenate(pieces), rate_hz
