"""A second witness that was put there on purpose: claps and chirps logged as events."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from dashgaze.media import Sound

from ..time_map import TimeMap

BAND_HZ = (1000.0, 6000.0)
"""Where a clap or a chirp stands out of road noise."""

_AROUND_S = 2.0
_REACH_S = 0.25
_SMOOTHING_S = 0.002
_GUARD_S = 0.02
_SLOW_S = 0.03
_LEAST_STRENGTH = 8.0


@dataclass(frozen=True, kw_only=True)
class EventMatch:
    """What the logged sounds say.

    Attributes
    ----------
    disagreement_s
        Their offset minus the time map's, median over the events that both devices heard, s.
    strength
        Median height of their peaks over the spread of their curves.
    heard
        How many events both devices heard.
    """

    disagreement_s: float
    strength: float
    heard: int


def match_events(
    a: Sound, b: Sound, time_map: TimeMap, events_a_s: Sequence[float]
) -> EventMatch | None:
    """Compare logged sounds in both recordings, each by its own envelope.

    An event's stamp may be off by a second or two (it is often set by hand); only the sound around
    it tells time.

    Parameters
    ----------
    a, b
        Sounds; the map takes b's time to a's.
    time_map
        The map to be confirmed.
    events_a_s
        When the events were logged, on a's time line, s.

    Returns
    -------
    EventMatch or None
        None if no event was heard by both.
    """
    shifts, heights = [], []
    for at_s in events_a_s:
        envelope_a = _envelope(a, at_s - _AROUND_S - _REACH_S, 2 * (_AROUND_S + _REACH_S))
        at_b_s = float(time_map.phone_s(at_s))
        envelope_b = _envelope(b, at_b_s - _AROUND_S, 2 * _AROUND_S)
        if envelope_a is None or envelope_b is None:
            continue
        exact_a_s, values_a = envelope_a
        exact_b_s, values_b = envelope_b
        lag, height = max(
            (
                _peak(_correlate(form(values_a, a.rate_hz), form(values_b, b.rate_hz)), a.rate_hz)
                for form in (_level, _edges)
            ),
            key=lambda found: found[1],
        )
        if height >= _LEAST_STRENGTH:
            found_s = exact_a_s + lag / a.rate_hz - exact_b_s
            shifts.append(found_s - (float(time_map.tracker_s(exact_b_s)) - exact_b_s))
            heights.append(height)
    if not shifts:
        return None
    return EventMatch(
        disagreement_s=float(np.median(shifts)),
        strength=float(np.median(heights)),
        heard=len(shifts),
    )


def _envelope(
    sound: Sound, start_s: float, length_s: float
) -> tuple[float, NDArray[np.float64]] | None:
    """Start time and loudness in `BAND_HZ` of a stretch; None if it is not all there."""
    first = round((start_s - sound.start_s) * sound.rate_hz)
    count = round(length_s * sound.rate_hz)
    if first < 0 or first + count > len(sound.samples):
        return None
    part = sound.samples[first : first + count].astype(np.float64)
    spectrum = fft.fft(part)
    frequency_hz = fft.fftfreq(count, 1 / sound.rate_hz)
    inside = (frequency_hz >= BAND_HZ[0]) & (frequency_hz <= BAND_HZ[1])
    # Positive frequencies only: the magnitude of the result is the envelope.
    loud = np.abs(fft.ifft(np.where(inside, 2 * spectrum, 0)))
    smooth = ndimage.gaussian_filter1d(loud, _SMOOTHING_S * sound.rate_hz)
    return sound.start_s + first / sound.rate_hz, smooth


def _level(loud: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """Loudness itself: a clap is a peak in it."""
    return np.asarray(loud - loud.mean())


def _edges(loud: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """Loudness without its slow part: a chirp is half a second of even loudness, and only its ends tell time."""
    return np.asarray(loud - ndimage.gaussian_filter1d(loud, _SLOW_S * rate_hz))


def _correlate(long: NDArray[np.float64], short: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate at each place where `short` lies wholly in `long`."""
    size = fft.next_fast_len(len(long), real=True)
    cross = fft.rfft(long, size) * np.conj(fft.rfft(short, size))
    return np.asarray(fft.irfft(cross, size)[: len(long) - len(short) + 1])


def _peak(curve: NDArray[np.float64], rate_hz: int) -> tuple[float, float]:
    top, guard = int(np.argmax(curve)), round(_GUARD_S * rate_hz)
    rest = np.concatenate([curve[: max(0, top - guard)], curve[top + guard + 1 :]])
    spread = 1.4826 * float(np.median(np.abs(rest - np.median(rest)))) if len(rest) else 0.0
    if not spread > 0 or not 0 < top < len(curve) - 1:
        return float(top), 0.0
    before, peak, after = (float(v) for v in curve[top - 1 : top + 2])
    bend = before - 2 * peak + after
    part = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return top + part, (peak - float(np.median(rest))) / spread
