"""What both microphones hear: a road, people who talk, and chirps at known places."""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import signal

from dashgaze.collection.record.chirp import Chirp, chirp_of, chirp_samples
from dashgaze.media import Sound

RATE_HZ = 48_000
FIND_HZ = 16_000
CHIRP_EVERY_S = 4.0
FIRST_CHIRP_S = 5.0
# A chirp stands out in a matched filter by far more than this.
LEAST_PEAK = 8.0


@dataclass(frozen=True)
class PlantedChirp:
    """A chirp, and where it begins in the sound."""

    chirp: Chirp
    start_s: float


class RoadSound:
    """Road noise that swells, bursts of speech, and a chirp every four seconds, no two alike."""

    def __init__(self, duration_s: float, *, seed: int = 7) -> None:
        draw = np.random.default_rng(seed)
        count = round(duration_s * RATE_HZ)
        low = signal.butter(2, 900, fs=RATE_HZ, output="sos")
        noise = signal.sosfilt(low, draw.normal(0.0, 1.0, count))
        steps_s = np.arange(0, duration_s + 2, 2.0)
        swell = np.interp(np.arange(count) / RATE_HZ, steps_s, draw.uniform(0.4, 1, len(steps_s)))
        samples = 0.05 * noise / noise.std() * swell
        samples += _talk(count, draw)
        self.chirps = [
            PlantedChirp(chirp_of(seed + number), start_s)
            for number, start_s in enumerate(
                np.arange(FIRST_CHIRP_S, duration_s - 4.0, CHIRP_EVERY_S).tolist()
            )
        ]
        for each in self.chirps:
            sound = chirp_samples(each.chirp, RATE_HZ)
            first = round(each.start_s * RATE_HZ)
            samples[first : first + len(sound)] += 0.5 * sound
        self.samples = np.clip(samples, -1.0, 1.0).astype(np.float32)

    def write(self, path: Path) -> Path:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(np.round(self.samples * 32767).astype("<i2").tobytes())
        return path

    def from_s(self, start_s: float) -> Sound:
        """Give all from a place on; that place is its time zero."""
        return Sound(samples=self.samples[round(start_s * RATE_HZ) :], rate_hz=RATE_HZ, start_s=0.0)

    def place_of_zero_s(self, heard: Sound) -> float:
        """Tell which place of this sound lies at a recording's time zero, by all of what was heard."""
        mine = signal.resample_poly(self.samples, FIND_HZ, RATE_HZ)
        assert heard.rate_hz == FIND_HZ
        curve = signal.correlate(mine, heard.samples, mode="full", method="fft")
        best = int(np.argmax(np.abs(curve)))
        lag = _vertex(np.abs(curve), best) - (len(heard.samples) - 1)
        return lag / FIND_HZ - heard.start_s


def find_chirps_s(heard: Sound, chirps: list[PlantedChirp]) -> dict[int, float]:
    """Find the planted chirps in a recording: the start of each that stands out, by its seed."""
    assert heard.rate_hz == FIND_HZ
    found = {}
    for each in chirps:
        template = chirp_samples(each.chirp, FIND_HZ)
        if len(heard.samples) <= len(template):
            continue
        curve = np.abs(signal.correlate(heard.samples, template, mode="valid", method="fft"))
        best = int(np.argmax(curve))
        if curve[best] > LEAST_PEAK * np.median(curve):
            found[each.chirp.seed] = _vertex(curve, best) / FIND_HZ + heard.start_s
    return found


def _talk(count: int, draw: np.random.Generator) -> np.ndarray:
    """Make bursts that rise and fall as syllables do."""
    samples = np.zeros(count)
    at = 0.0
    while (at := at + draw.uniform(0.2, 1.8)) < count / RATE_HZ - 0.5:
        length = round(draw.uniform(0.08, 0.3) * RATE_HZ)
        first = round(at * RATE_HZ)
        t_s = np.arange(length) / RATE_HZ
        pitch_hz = draw.uniform(110, 230)
        voice = sum(
            np.sin(2 * np.pi * pitch_hz * n * t_s + draw.uniform(0, 6)) / n for n in range(1, 12)
        )
        samples[first : first + length] += 0.08 * voice * np.hanning(length)
    return samples


def _vertex(curve: np.ndarray, best: int) -> float:
    """Give the top of the parabola through a peak and its neighbours."""
    if not 0 < best < len(curve) - 1:
        return float(best)
    before, top, after = (float(curve[best + step]) for step in (-1, 0, 1))
    bend = before - 2 * top + after
    return best + (0.5 * (before - after) / bend if bend else 0.0)
