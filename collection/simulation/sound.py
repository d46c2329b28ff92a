"""Sound in a car as two microphones hear it, each on its own clock, with exactly known truth.

What is modelled, and why it decides whether two recordings can be aligned:

- **Road and wind noise** is a diffuse field: at microphones a distance d apart its coherence is
  ``sinc(2 f d / c)``, so that above about 300 Hz the two hear independent noise.
- **Engine**: harmonics of the firing frequency; nearly periodic, so it has many equal peaks.
- **Speech** from a few seats, each with its own path to each microphone: a difference in arrival of
  up to a millisecond or so, and a room of 60 ms. It is made up (pulse trains through formants), not
  recorded.
- **Devices**: high-pass, own noise, gain, clipping, local handling noise, lost sound, clock drift.

What is easier than reality: rooms and seats stay as they are for a whole drive, there is no music,
no gain control, and speech has no words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage, signal

from dashgaze.media import Sound

SPEED_OF_SOUND_M_S = 343.0
ROOM_S = 0.06
_BLOCK_S = 40.0
_FADE_S = 0.5
_ENGINE_TABLE = 1 << 16


@dataclass(frozen=True, kw_only=True)
class CarSound:
    """What happens acoustically in and around the car.

    Attributes
    ----------
    noise_rms
        Level of the road noise at the microphones, full scale 1.
    microphone_distance_m
        Distance between the microphones; sets the coherence of the road noise.
    independent_share
        Share of the noise power that is each microphone's own (wind at it, body-borne sound):
        0 for one field heard by both, 1 for nothing in common.
    engine_rms
        Level of the engine.
    engine_hz
        Firing frequency range that the engine wanders in; equal ends give a steady engine.
    speech_share
        Share of time with speech, 0 … 1.
    speech_snr_db
        Level of speech over noise in the band of speech (300 … 3400 Hz), while someone speaks.
    seats
        Number of places that speech comes from.
    path_difference_ms
        Largest difference in arrival between the microphones for a seat (0.34 m are 1 ms).
    """

    noise_rms: float = 0.05
    microphone_distance_m: float = 0.6
    independent_share: float = 0.0
    engine_rms: float = 0.03
    engine_hz: tuple[float, float] = (28.0, 75.0)
    speech_share: float = 0.05
    speech_snr_db: float = 3.0
    seats: int = 2
    path_difference_ms: float = 0.8


@dataclass(frozen=True, kw_only=True)
class Device:
    """How one device records what its microphone hears.

    Attributes
    ----------
    duration_s
        End of the recording on the device's own clock.
    start_s
        When its sound begins on that clock.
    highpass_hz
        Corner of its high-pass (second order Butterworth); 0 for none.
    own_noise_rms
        Level of its own white noise.
    gain
        Factor before clipping at full scale.
    handling_s
        Stretches (start, end) of loud local noise, device clock.
    gaps_s
        Stretches without sound that the container knows of, device clock.
    lost_s
        Stretches (start, end) whose samples vanish without a trace: all later sound comes early.
    """

    duration_s: float
    start_s: float = 0.0
    highpass_hz: float = 80.0
    own_noise_rms: float = 0.001
    gain: float = 1.0
    handling_s: Sequence[tuple[float, float]] = field(default=())
    gaps_s: Sequence[tuple[float, float]] = field(default=())
    lost_s: Sequence[tuple[float, float]] = field(default=())


def simulate_pair(
    scene: CarSound,
    tracker: Device,
    phone: Device,
    *,
    offset_s: float,
    drift_ppm: float,
    rate_hz: int,
    seed: int,
) -> tuple[Sound, Sound]:
    """Record one drive with two devices.

    Parameters
    ----------
    scene, tracker, phone
        What is heard and by what.
    offset_s, drift_ppm
        The truth: ``t_tracker = offset_s + (1 + drift_ppm · 1e-6) · t_phone``.
    rate_hz
        Sample rate of both recordings.
    seed
        Same seed, same sound.

    Returns
    -------
    tracker, phone
        The two recordings, each on its own clock.
    """
    rate = 1.0 + drift_ppm * 1e-6
    # World time is phone time. It covers both recordings and a margin for the resampling.
    margin_s = 0.5
    tracker_span = (-offset_s / rate, (tracker.duration_s - offset_s) / rate)
    start_s = min(0.0, tracker_span[0]) - margin_s
    end_s = max(phone.duration_s, tracker_span[1]) + margin_s
    count = round((end_s - start_s) * rate_hz)
    rng_world, rng_tracker, rng_phone = np.random.default_rng(seed).spawn(3)
    at_tracker, at_phone = _microphones(scene, count, rate_hz, rng_world)

    phone_first = round(-start_s * rate_hz)
    heard_phone = at_phone[phone_first : phone_first + round(phone.duration_s * rate_hz)]
    # The phone's zero falls on a world sample; what that moves is taken into account below.
    phone_zero_s = phone_first / rate_hz
    del at_phone
    tracker_t = np.arange(round(tracker.duration_s * rate_hz)) / rate_hz
    heard_tracker = _sample_at(at_tracker, ((tracker_t - offset_s) / rate + phone_zero_s) * rate_hz)
    del at_tracker, tracker_t
    return (
        _from_start(_record(heard_tracker, tracker, rate_hz, rng_tracker), tracker),
        _from_start(_record(heard_phone, phone, rate_hz, rng_phone), phone),
    )


def _microphones(
    scene: CarSound, count: int, rate_hz: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give what the two microphones hear, in world time, shape (count,) each."""
    rng_noise, rng_engine, rng_speech, rng_rooms = rng.spawn(4)
    first, second = _diffuse_noise(scene, count, rate_hz, rng_noise)
    if scene.engine_rms > 0:
        engine = scene.engine_rms * _engine(scene.engine_hz, count, rate_hz, rng_engine)
        for mic in (first, second):
            mic += _convolve(engine, _room(rng_rooms, rate_hz))
    if scene.speech_share > 0:
        _add_speech(scene, first, second, rate_hz, rng_speech, rng_rooms)
    return first, second


def _diffuse_noise(
    scene: CarSound, count: int, rate_hz: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Road noise at two microphones, made block by block with power-keeping cross-fades."""
    block, fade = round(_BLOCK_S * rate_hz), round(_FADE_S * rate_hz)
    size = fft.next_fast_len(block + fade, real=True)
    frequency_hz = fft.rfftfreq(size, 1 / rate_hz)
    # Falls by 6 dB an octave above 60 Hz and by 12 dB above 1 kHz, like a cabin on a rough road.
    shape = frequency_hz / (
        (20 + frequency_hz) * np.hypot(1, frequency_hz / 60) * np.hypot(1, frequency_hz / 1000)
    )
    shape *= np.sqrt(size) / np.linalg.norm(shape) * scene.noise_rms * np.sqrt(size / 2)
    coherence = np.sinc(2 * frequency_hz * scene.microphone_distance_m / SPEED_OF_SOUND_M_S)
    coherence *= 1 - scene.independent_share
    shape = (shape / np.sqrt(2)).astype(np.float32)
    rest = np.sqrt(1 - coherence**2).astype(np.float32) * shape
    coherence = coherence.astype(np.float32)
    ramp = np.sin(np.linspace(0, np.pi / 2, fade))
    envelope = np.concatenate([ramp, np.ones(block - fade), ramp[::-1]]).astype(np.float32)
    out = np.zeros((2, count + block + fade), dtype=np.float32)
    for start in range(0, count, block):
        parts = rng.standard_normal((2, len(frequency_hz), 2), dtype=np.float32)
        white = parts.view(np.complex64)[..., 0]
        one = shape * white[0]
        two = coherence * one + rest * white[1]
        for row, spectrum in zip(out, (one, two), strict=True):
            noise = fft.irfft(spectrum, size)[: block + fade]
            row[start : start + block + fade] += envelope * noise
    return out[0, :count].copy(), out[1, :count].copy()


def _engine(
    firing_hz: tuple[float, float], count: int, rate_hz: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Harmonics of a firing frequency that wanders in a range, RMS 1, shape (count,)."""
    knots = max(4, round(count / rate_hz / 4))
    position = np.clip(np.cumsum(rng.normal(0, 0.2, knots)) % 2, 0, 2)
    position = np.abs(position - 1)
    firing = firing_hz[0] + (firing_hz[1] - firing_hz[0]) * position
    per_sample = np.interp(np.linspace(0, knots - 1, count), np.arange(knots), firing)
    # All harmonics, the half one included, repeat every two firings: a table holds two.
    turn = np.linspace(0, 4 * np.pi, _ENGINE_TABLE, endpoint=False)
    table = np.zeros(_ENGINE_TABLE)
    for harmonic in (0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12):
        table += np.sin(harmonic * turn + rng.uniform(0, 2 * np.pi)) / (0.5 + harmonic) ** 1.1
    firings = np.cumsum(per_sample) / rate_hz
    place = ((firings / 2) % 1.0 * _ENGINE_TABLE).astype(np.int64)
    total = table.astype(np.float32)[np.minimum(place, _ENGINE_TABLE - 1)]
    return total / np.float32(np.sqrt(np.mean(np.square(total, dtype=np.float64))))


def _add_speech(
    scene: CarSound,
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    rate_hz: int,
    rng: np.random.Generator,
    rng_rooms: np.random.Generator,
) -> None:
    band = signal.butter(2, [300, 3400], "band", fs=rate_hz, output="sos")
    sample = second[: 20 * rate_hz]
    noise_rms = float(np.sqrt(np.mean(signal.sosfilt(band, sample) ** 2)))
    level = max(noise_rms, 1e-4) * 10 ** (scene.speech_snr_db / 20)
    paths = []
    for _ in range(scene.seats):
        difference = rng_rooms.uniform(-1, 1) * scene.path_difference_ms * 1e-3 * rate_hz
        paths.append(
            (
                _room(rng_rooms, rate_hz, delay=max(0.0, difference)),
                _room(rng_rooms, rate_hz, delay=max(0.0, -difference)),
            )
        )
    at, tail = 0, round(2 * ROOM_S * rate_hz)
    pause_mean_s = 4.0 * (1 - scene.speech_share) / scene.speech_share
    # Start inside of a pause or a sentence, as a drive does.
    at = round(rng.uniform(0, 1) * rng.exponential(pause_mean_s) * rate_hz)
    while at < len(first):
        sentence = _sentence(rng.uniform(2, 6), rate_hz, rng)
        sentence *= level / max(float(np.sqrt(np.mean(signal.sosfilt(band, sentence) ** 2))), 1e-9)
        sentence = np.concatenate([sentence, np.zeros(tail, dtype=np.float32)])
        to_first, to_second = paths[rng.integers(scene.seats)]
        stop = min(len(first), at + len(sentence))
        first[at:stop] += _convolve(sentence, to_first)[: stop - at]
        second[at:stop] += _convolve(sentence, to_second)[: stop - at]
        at += len(sentence) + round(rng.exponential(pause_mean_s) * rate_hz)


def _sentence(duration_s: float, rate_hz: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Speech-like sound: syllables of pulses or hiss through formants."""
    total = np.zeros(round(duration_s * rate_hz), dtype=np.float32)
    pitch_hz, at = rng.uniform(90, 220), 0
    while at < len(total):
        count = min(round(rng.uniform(0.09, 0.26) * rate_hz), len(total) - at)
        if count < 32:
            break
        if rng.random() < 0.75:
            glide = pitch_hz * np.linspace(rng.uniform(0.85, 1.15), rng.uniform(0.85, 1.15), count)
            cycles = np.cumsum(glide) / rate_hz
            source = np.diff(np.floor(cycles), prepend=0.0) + rng.normal(0, 0.02, count)
            formants = (rng.uniform(250, 850), rng.uniform(850, 2400), rng.uniform(2300, 3300))
        else:
            source = rng.normal(0, 0.3, count)
            formants = (rng.uniform(1800, 2500), rng.uniform(2800, 3600), rng.uniform(4000, 6000))
        sound = np.zeros(count)
        for formant_hz, weight in zip(formants, (1.0, 0.6, 0.35), strict=True):
            radius = np.exp(-np.pi * 90 / rate_hz)
            angle = 2 * np.pi * min(formant_hz, 0.45 * rate_hz) / rate_hz
            sound += weight * signal.lfilter(
                [1 - radius], [1, -2 * radius * np.cos(angle), radius**2], source
            )
        sound *= np.hanning(count) / (np.sqrt(np.mean(sound**2)) + 1e-9)
        total[at : at + count] += (rng.uniform(0.5, 1.0) * sound).astype(np.float32)
        at += count + (round(rng.uniform(0.05, 0.25) * rate_hz) if rng.random() < 0.3 else 0)
    return total


def _room(rng: np.random.Generator, rate_hz: int, *, delay: float = 0.0) -> NDArray[np.float32]:
    """Impulse response of a small room: direct sound after `delay` samples, then a tail."""
    lag = np.arange(round(ROOM_S * rate_hz))
    tail = rng.normal(0, 1, len(lag)) * np.exp(-lag / (0.012 * rate_hz))
    tail[: max(2, rate_hz // 1500)] = 0
    tail *= rng.uniform(0.5, 1.0) / np.linalg.norm(tail)
    whole, part = divmod(delay, 1.0)
    tail[int(whole)] += 1 - part
    tail[int(whole) + 1] += part
    return tail.astype(np.float32)


def _convolve(sound: NDArray[np.float32], response: NDArray[np.float32]) -> NDArray[np.float32]:
    return signal.oaconvolve(sound, response)[: len(sound)].astype(np.float32)


def _sample_at(sound: NDArray[np.float32], position: NDArray[np.float64]) -> NDArray[np.float32]:
    """Values at fractional sample positions, by cubic splines, shape of `position`."""
    out = np.empty(len(position), dtype=np.float32)
    block, margin = 1 << 20, 32
    for start in range(0, len(position), block):
        wanted = position[start : start + block]
        low = max(0, int(wanted[0]) - margin)
        high = min(len(sound), int(wanted[-1]) + margin)
        out[start : start + block] = ndimage.map_coordinates(
            sound[low:high], [wanted - low], order=3, mode="mirror"
        )
    return out


def _from_start(sound: Sound, device: Device) -> Sound:
    """Leave out what was heard before the device's sound begins; times stay what they are."""
    first = round(device.start_s * sound.rate_hz)
    return replace(sound, samples=sound.samples[first:].copy(), start_s=first / sound.rate_hz)


def _record(
    heard: NDArray[np.float32], device: Device, rate_hz: int, rng: np.random.Generator
) -> Sound:
    heard = np.array(heard, dtype=np.float32)
    for start_s, end_s in device.handling_s:
        part = heard[max(0, round(start_s * rate_hz)) : round(end_s * rate_hz)]
        loud = 3.0 * float(np.std(heard)) + 0.05
        swell = np.abs(ndimage.gaussian_filter1d(rng.normal(0, 1, len(part)), 0.02 * rate_hz))
        part += (
            loud * rng.normal(0, 1, len(part)) * swell / (float(np.mean(swell)) + 1e-9)
        ).astype(np.float32)
    if device.highpass_hz > 0:
        sos = signal.butter(2, device.highpass_hz, "high", fs=rate_hz, output="sos")
        heard = signal.sosfilt(sos, heard).astype(np.float32)
    heard += (device.own_noise_rms * rng.standard_normal(len(heard))).astype(np.float32)
    heard = np.clip(device.gain * heard, -1, 1)
    clipped = float(np.mean(np.abs(heard) >= 0.999)) if len(heard) else 0.0
    for start_s, end_s in sorted(device.lost_s, reverse=True):
        heard = np.delete(heard, np.s_[round(start_s * rate_hz) : round(end_s * rate_hz)])
    for start_s, end_s in device.gaps_s:
        heard[max(0, round(start_s * rate_hz)) : round(end_s * rate_hz)] = 0
    return Sound(
        samples=np.ascontiguousarray(heard, dtype=np.float32),
        rate_hz=rate_hz,
        start_s=0.0,
        gaps_s=tuple(sorted((float(a), float(b)) for a, b in device.gaps_s)),
        clipped_share=clipped,
    )
