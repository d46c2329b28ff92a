"""The correlation behind a time map."""

import numpy as np
import pytest

from dashgaze.alignment.sync.whitening import whiten
from dashgaze.alignment.time_map import ClockLine, TimeMap
from dashgaze.media import Sound
from dashgaze.progress import silent
from dashgaze.reports.plots import plot_correlation, plot_residuals
from dashgaze.reports.sync_evidence import compare_sounds

RATE_HZ, OFFSET_S = 16_000, -3.0


def pair(seconds=40.0, seed=3, same=True):
    """Tracker and phone hear one noise, the tracker from three seconds later on."""
    rng = np.random.default_rng(seed)
    world = rng.normal(0, 0.1, round(seconds * RATE_HZ)).astype(np.float32)
    other = world if same else rng.normal(0, 0.1, len(world)).astype(np.float32)
    phone = Sound(samples=world, rate_hz=RATE_HZ, start_s=0.0)
    tracker = Sound(samples=other[round(-OFFSET_S * RATE_HZ) :], rate_hz=RATE_HZ, start_s=0.0)
    return whiten(tracker), whiten(phone)


def time_map(offset_s=OFFSET_S):
    return TimeMap([ClockLine(phone_start_s=3, phone_end_s=40, offset_s=offset_s, drift_ppm=0.0)])


def test_a_good_map_has_one_peak_at_zero():
    evidence = compare_sounds(*pair(), time_map(), silent)
    assert abs(evidence.peak_lag_ms) < 0.2
    assert evidence.peak_ratio > 5
    assert evidence.supports.all()
    assert np.abs(evidence.residual_ms).max() < 0.2
    assert evidence.curve.max() == pytest.approx(1)
    assert "highest at 0.0 ms" in plot_correlation(evidence).summary


def test_a_map_that_is_off_is_seen_to_be():
    evidence = compare_sounds(*pair(), time_map(OFFSET_S + 0.05), silent)
    assert evidence.peak_lag_ms == pytest.approx(-50, abs=0.2)
    assert evidence.peak_ratio < 1
    assert not evidence.supports.any()
    plot = plot_residuals(evidence)
    assert plot.summary.startswith("0 of ")
    assert "stand at the edge" in plot.summary
    assert evidence.to_json()["supporting_count"] == 0


def test_unrelated_sounds_have_no_peak():
    evidence = compare_sounds(*pair(same=False), time_map(), silent)
    assert evidence.peak_ratio < 1.5
    assert evidence.supports.mean() < 0.2


def test_recordings_that_hardly_overlap_are_not_compared():
    assert compare_sounds(*pair(), time_map(-38.0), silent) is None
