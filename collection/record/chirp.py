"""A sound that is found again in both recordings: three sweeps with gaps of their own."""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.files import replacing

RATE_HZ = 48_000
SWEEP_S = 0.5
SWEEP_HZ = (500.0, 6000.0)
SWEEPS = 3
GAP_RANGE_S = (0.20, 0.75)
LEVEL = 0.8
_FADE_S = 0.01
_GAP_STEP_S = 0.001


@dataclass(frozen=True, kw_only=True)
class Chirp:
    """Three sweeps.

    Attributes
    ----------
    seed
        Makes the same gaps again.
    gaps_s
        Silence between one sweep's end and the next one's start, s.
    """

    seed: int
    gaps_s: tuple[float, ...]

    @property
    def starts_s(self) -> tuple[float, ...]:
        """Start of each sweep, s."""
        starts = [0.0]
        for gap_s in self.gaps_s:
            starts.append(starts[-1] + SWEEP_S + gap_s)
        return tuple(starts)

    @property
    def duration_s(self) -> float:
        """Length of the whole, s; always less than the four seconds that sync looks at."""
        return self.starts_s[-1] + SWEEP_S


def chirp_of(seed: int) -> Chirp:
    """Draw the gaps; the same seed gives the same.

    Parameters
    ----------
    seed
        Any number from 0.
    """
    draw = np.random.default_rng(seed)
    gaps = draw.uniform(*GAP_RANGE_S, size=SWEEPS - 1)
    return Chirp(
        seed=seed, gaps_s=tuple(round(float(gap) / _GAP_STEP_S) * _GAP_STEP_S for gap in gaps)
    )


def chirp_samples(chirp: Chirp, rate_hz: int = RATE_HZ) -> NDArray[np.float64]:
    """Compute the sound.

    A logarithmic sweep from f₀ to f₁ over T seconds::

        x(t) = sin(2π f₀ T / ln(f₁/f₀) · (e^(t/T · ln(f₁/f₀)) − 1))

    Parameters
    ----------
    chirp
        The sweeps.
    rate_hz
        Sampling rate, Hz.

    Returns
    -------
    ndarray, shape (n,)
        In −1 … 1.
    """
    t_s = np.arange(round(SWEEP_S * rate_hz)) / rate_hz
    first_hz, last_hz = SWEEP_HZ
    growth = np.log(last_hz / first_hz)
    phase = 2 * np.pi * first_hz * SWEEP_S / growth * np.expm1(t_s / SWEEP_S * growth)
    fade = np.minimum(1.0, np.minimum(t_s, SWEEP_S - t_s) / _FADE_S)
    sweep = LEVEL * fade * np.sin(phase)
    sound = np.zeros(round(chirp.duration_s * rate_hz))
    for start_s in chirp.starts_s:
        first = round(start_s * rate_hz)
        sound[first : first + len(sweep)] = sweep[: len(sound) - first]
    return sound


def write_chirp(chirp: Chirp, path: Path) -> Path:
    """Write the sound as a WAV file, 48 kHz, 16 bit, mono.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    samples = np.round(chirp_samples(chirp) * 32767).astype("<i2")
    with replacing(path) as temporary, wave.open(str(temporary), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.tobytes())
    return path
