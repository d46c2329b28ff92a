"""Whitened sound: every moment and frequency about equally loud, and nothing moved in time."""

import numpy as np
import pytest

from dashgaze.alignment.sync.whitening import RATE_HZ, whiten, without_lines
from dashgaze.media import Sound


def sound(samples: np.ndarray, rate_hz: int = 16000, start_s: float = 0.0) -> Sound:
    return Sound(samples=samples.astype(np.float32), rate_hz=rate_hz, start_s=start_s)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 48000])
def test_a_click_stays_where_it_is(rate_hz: int) -> None:
    samples = np.random.default_rng(0).normal(0, 1e-4, 5 * rate_hz)
    samples[round(2.345 * rate_hz)] = 1.0
    white = whiten(sound(samples, rate_hz, start_s=1.5))
    found_s = white.start_s + np.argmax(np.abs(white.samples)) / RATE_HZ
    assert found_s == pytest.approx(1.5 + 2.345, abs=1.5 / RATE_HZ)
    assert white.duration_s == pytest.approx(5.0)


def test_loud_and_quiet_stretches_come_closer() -> None:
    rng = np.random.default_rng(1)
    samples = rng.normal(0, 0.001, 16000 * 20)
    samples[16000 * 10 :] *= 300
    white = whiten(sound(samples)).samples
    quiet, loud = np.std(white[8000:72000]), np.std(white[88000:152000])
    assert loud / quiet < 300**0.2 * 1.2


def test_a_tone_is_pushed_down() -> None:
    t = np.arange(16000 * 20) / 16000
    samples = np.sin(2 * np.pi * 440 * t) + np.random.default_rng(2).normal(0, 0.01, len(t))
    power = np.abs(np.fft.rfft(whiten(sound(samples)).samples)) ** 2
    near = slice(430 * 20, 450 * 20)
    # Before, the tone holds 99.98 % of the power.
    assert power[near].sum() / power.sum() < 0.5


def test_gaps_are_silent_and_leave_no_click() -> None:
    samples = np.random.default_rng(3).normal(0, 0.1, 16000 * 10)
    with_gap = Sound(
        samples=samples.astype(np.float32), rate_hz=16000, start_s=0.0, gaps_s=((4.0, 6.0),)
    )
    white = whiten(with_gap).samples
    assert np.abs(white[int(4.3 * RATE_HZ) : int(5.7 * RATE_HZ)]).max() == 0
    edge = np.abs(white[int(3.9 * RATE_HZ) : int(4.05 * RATE_HZ)]).max()
    assert edge < 8


def test_digital_silence_is_known_as_such() -> None:
    samples = np.random.default_rng(4).normal(0, 0.1, 16000 * 10)
    samples[: 16000 * 4] = 0
    white = whiten(sound(samples))
    assert white.heard_s == pytest.approx(6.0, abs=0.3)
    assert not np.any(whiten(sound(np.zeros(16000))).samples)


def test_a_part_keeps_its_times() -> None:
    white = whiten(sound(np.random.default_rng(5).normal(0, 0.1, 16000 * 10), start_s=2.0))
    part = white.part(5.0, 7.0)
    assert part.start_s == 5.0
    assert part.duration_s == 2.0
    np.testing.assert_array_equal(part.samples, white.between(5.0, 2 * RATE_HZ))
    assert not np.any(white.between(-3.0, RATE_HZ))


def test_lines_of_a_long_spectrum_are_limited() -> None:
    spectrum = np.ones(1000, dtype=np.complex64)
    spectrum[100] = 1000j
    limited = without_lines(spectrum)
    assert abs(limited[100]) == pytest.approx(12.0)
    assert np.angle(limited[100]) == pytest.approx(np.pi / 2)
    np.testing.assert_allclose(np.delete(limited, 100), 1)


def test_an_odd_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 8000"):
        whiten(sound(np.zeros(44100), 44100))
