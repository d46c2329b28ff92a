"""Sound that is longer than a piece: the same numbers as if it were worked on at once."""

import numpy as np
import pytest
from scipy import fft

from dashgaze.alignment.sync import whitening
from dashgaze.alignment.sync.envelope import _frames as envelope_frames
from dashgaze.media import Sound
from dashgaze.media.sound_placing import lay_out


@pytest.mark.parametrize("count", [5, 1000, 3_000_001, 2_999_992])
def test_squares_add_up_to_the_bit_as_they_do_at_once(count):
    values = np.random.default_rng(count).standard_normal(count).astype(np.float32)
    assert whitening._sum_of_squares(values) == np.sum(np.square(values, dtype=np.float64))


def test_whitening_in_pieces_is_whitening_of_the_whole(monkeypatch):
    samples = np.random.default_rng(4).normal(0, 0.1, 16000 * 30 + 77).astype(np.float32)
    gaps = ((11.0, 11.6), (20.0, 20.02))
    sound = Sound(samples=samples, rate_hz=16000, start_s=1.25, gaps_s=gaps)
    whole = whitening.whiten(sound)
    monkeypatch.setattr(whitening, "_PIECE", 5000)
    monkeypatch.setattr(whitening, "_CHUNK_FRAMES", 7)
    parts = whitening.whiten(sound)
    assert np.array_equal(parts.samples, whole.samples)
    assert np.array_equal(parts.heard, whole.heard)
    assert samples.any()  # the gaps are cut out of a copy


def test_frames_are_those_of_the_padded_whole():
    samples = np.random.default_rng(2).standard_normal(1003).astype(np.float32)
    hop, length, count = 80, 320, 1003 // 80
    padded = np.pad(samples, ((length - hop) // 2, length))
    whole = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop][:count]
    for first in (0, 1, 5, count - 1):
        found = envelope_frames(samples, first, count - first, hop, length)
        assert np.array_equal(found, whole[first:])
        assert np.array_equal(fft.rfft(found, axis=1), fft.rfft(whole[first:], axis=1))


def test_recorded_samples_are_counted_as_they_are_flagged():
    gaps = ((0.0, 1.5), (3.0, 3.25), (3.2, 3.4), (9.9, 12.0))
    sound = Sound(samples=np.ones(8000 * 10), rate_hz=8000, start_s=1.0, gaps_s=gaps)
    assert sound.recorded_count == np.count_nonzero(sound.recorded())


def test_long_parts_are_laid_on_one_line():
    rng = np.random.default_rng(6)
    first, second = (rng.standard_normal(1_200_000).astype(np.float32) for _ in range(2))
    laid = lay_out([(100.0, second), (0.0, first)], 16000)
    assert np.array_equal(laid.samples[:1_200_000], first)
    assert np.array_equal(laid.samples[1_600_000:], second)
    assert not laid.samples[1_200_000:1_600_000].any()
