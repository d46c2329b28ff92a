"""Sounds with one event at a known time, and how to find it again."""

from collections.abc import Callable

import numpy as np
import pytest

from dashgaze.media import Sound

_WIDTH_S = 0.002
_TONE_HZ = 1000.0


def make_pulse(
    *, at_s: float = 1.0, start_s: float = 0.0, duration_s: float = 2.0, rate_hz: int = 48_000
) -> Sound:
    """A short 1 kHz tone, highest `at_s` after the start."""
    t = np.arange(round(duration_s * rate_hz)) / rate_hz - at_s
    samples = 0.8 * np.exp(-((t / _WIDTH_S) ** 2)) * np.cos(2 * np.pi * _TONE_HZ * t)
    return Sound(samples=samples.astype(np.float32), rate_hz=rate_hz, start_s=start_s)


def find_pulse(sound: Sound) -> float:
    """Time of the pulse, from the phase of its tone: far finer than a sample."""
    times_s = sound.start_s + np.arange(len(sound.samples)) / sound.rate_hz
    near_s = times_s[np.argmax(sound.samples)]
    t = times_s - near_s
    weight = np.exp(-((t / _WIDTH_S) ** 2))
    phase = np.angle(np.sum(weight * sound.samples * np.exp(-2j * np.pi * _TONE_HZ * t)))
    return float(near_s - phase / (2 * np.pi * _TONE_HZ))


@pytest.fixture
def pulse() -> Callable[..., Sound]:
    return make_pulse


@pytest.fixture
def pulse_time() -> Callable[[Sound], float]:
    return find_pulse
