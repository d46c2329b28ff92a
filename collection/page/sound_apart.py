"""How far two recordings of one microphone are apart, told by what they heard."""

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import MediaError
from dashgaze.media import Sound, read_sound

_RATE_HZ = 16_000
_WITHIN_S = 0.5
"""How far from the expected distance it is looked for."""

_MOST_S = 30.0
# Of a file, enough for that with some that one of the two began earlier.
_MOST_BYTES = 48 << 20
_LEAST_S = 2.0
# The same sound, coded twice, stands out from all else by far more: 30 and more in recordings.
_CLEAR = 3.0
# What belongs to the peak itself.
_PEAK_S = 0.004
# Below it only noise of the coding is left; whatever is heard in a car is far louder.
_SILENT = 1e-4


def sound_apart_s(later: Path, earlier: Path, *, about_s: float) -> float | None:
    """Tell where the zero of one file lies on the clock of another, by their sound.

    Both have to have been recorded from the same microphone; then their sound is the same but for its
    coding, and its correlation, with all frequencies weighted alike (PHAT), has one sharp peak.

    Parameters
    ----------
    later, earlier
        The files.
    about_s
        Where it is expected, to half a second.

    Returns
    -------
    float or None
        Seconds, to a sample of 1/16 ms; None where the sound does not tell it: there is too little of
        it, it is silent, or repeats itself.

    References
    ----------
    C. H. Knapp and G. C. Carter, The generalized correlation method for estimation of time delay,
    IEEE Trans. ASSP 24 (1976).
    """
    try:
        sounds = [_first_sound(path) for path in (earlier, later)]
    except MediaError:
        return None
    starts = [sounds[0].start_s, sounds[1].start_s + about_s]
    begin_s = max(starts)
    ends = [start + len(s.samples) / _RATE_HZ for start, s in zip(starts, sounds, strict=True)]
    length = round((min(*ends, begin_s + _MOST_S) - begin_s) * _RATE_HZ)
    if length < _LEAST_S * _RATE_HZ:
        return None
    places = [round((begin_s - start) * _RATE_HZ) for start in starts]
    pieces = [
        s.samples[place : place + length].astype(np.float64)
        for place, s in zip(places, sounds, strict=True)
    ]
    if min(float(np.abs(piece).max()) for piece in pieces) < _SILENT:
        return None
    lag = _lag(*pieces)
    if lag is None:
        return None
    # what rounding the places to samples took away
    cut_s = [place / _RATE_HZ + start for place, start in zip(places, starts, strict=True)]
    return about_s + lag / _RATE_HZ + cut_s[0] - cut_s[1]


def _first_sound(path: Path) -> Sound:
    """Read the beginning; an hour's sound would keep whoever stops a drive waiting."""
    if path.stat().st_size <= _MOST_BYTES:
        return read_sound(path, rate_hz=_RATE_HZ)
    with tempfile.TemporaryDirectory() as folder:
        beginning = Path(folder) / path.name
        with path.open("rb") as whole:
            beginning.write_bytes(whole.read(_MOST_BYTES))
        return read_sound(beginning, rate_hz=_RATE_HZ)


def _lag(earlier: NDArray[np.float64], later: NDArray[np.float64]) -> int | None:
    """Give by how many samples the second has to be moved to the right to lie on the first."""
    size = 1 << (len(earlier) + len(later)).bit_length()
    product = np.fft.rfft(earlier, size) * np.conj(np.fft.rfft(later, size))
    product /= np.maximum(np.abs(product), 1e-12 * np.abs(product).max())
    reach = round(_WITHIN_S * _RATE_HZ)
    around = np.roll(np.fft.irfft(product, size), reach)[: 2 * reach + 1]
    peak = int(np.argmax(around))
    beside = np.abs(around)
    width = round(_PEAK_S * _RATE_HZ)
    beside[max(0, peak - width) : peak + width + 1] = 0.0
    if around[peak] < _CLEAR * beside.max() or peak in (0, 2 * reach):
        return None
    return peak - reach
