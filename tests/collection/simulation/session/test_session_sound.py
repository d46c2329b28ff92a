"""The sounds of both devices are apart as the truth says: plain correlation of short windows."""

from pathlib import Path

import av
import numpy as np
import pytest
from scipy import signal

from dashgaze.collection.simulation.session.drive import Drive, draw_sound
from dashgaze.collection.simulation.sound import Device, simulate_pair

RATE_HZ = 8000
WINDOW_S = 5.0
WITHIN_S = 5e-3


def sound_of(path: Path):
    """Decode with PyAV alone: samples at 8 kHz, and the container time of the first one, s."""
    parts, start_s = [], None
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
        for frame in container.decode(audio=0):
            if start_s is None:
                start_s = float(frame.pts * frame.time_base)
            parts += [each.to_ndarray().ravel() for each in resampler.resample(frame)]
        parts += [each.to_ndarray().ravel() for each in resampler.resample(None)]
    return np.concatenate(parts), start_s


@pytest.fixture(scope="module")
def sounds(session, recording):
    """Of phone and tracker, without what one of the microphones does not hear."""
    found = [sound_of(path) for path in (session.road_path, recording.world_parts[0].path)]
    return [(common(samples), start_s) for samples, start_s in found]


def common(samples):
    passes = signal.butter(4, (150, 1200), "bandpass", fs=RATE_HZ, output="sos")
    return signal.sosfiltfilt(passes, samples)


def window(sounds, from_s):
    """Give the place of a piece of the phone's sound in the tracker's, s; and how clear it is."""
    (phone, phone_start_s), (tracker, tracker_start_s) = sounds
    first = round((from_s - phone_start_s) * RATE_HZ)
    piece = phone[first : first + round(WINDOW_S * RATE_HZ)]
    likeness = signal.correlate(tracker, piece, mode="valid", method="fft")
    sums = np.concatenate([[0.0], np.cumsum(tracker**2)])
    power = sums[len(piece) :] - sums[: -len(piece)]
    likeness = np.abs(likeness) / np.sqrt(power * (piece**2).sum())
    best = int(likeness.argmax())
    a, b, c = likeness[best - 1 : best + 2]
    at = best + 0.5 * (a - c) / (a - 2 * b + c)
    near = round(0.2 * RATE_HZ)
    others = np.concatenate([likeness[: max(best - near, 0)], likeness[best + near :]])
    piece_start_s = phone_start_s + first / RATE_HZ
    return piece_start_s, tracker_start_s + at / RATE_HZ, likeness[best] / others.max()


def test_sound_is_where_offset_and_drift_put_it(sounds, facts, drive):
    clocks = facts["clocks"]
    begin_s, end_s = -clocks["offset_s"] + 0.5, drive.seconds - 2.0
    found = np.array([window(sounds, at) for at in np.linspace(begin_s, end_s - WINDOW_S, 4)])
    assert (found[:, 2] > 1.8).all()  # nowhere else is as good
    expected_s = clocks["offset_s"] + (1 + clocks["drift_ppm"] * 1e-6) * found[:, 0]
    # A metre of way from a voice or the engine is 3 ms, and the tracker's filter takes some more.
    assert np.abs(found[:, 1] - expected_s).max() < WITHIN_S


def test_over_minutes_the_sounds_drift_apart_as_the_clocks_do():
    """Without pictures, as the length of a drive is what it costs."""
    drive = Drive(seconds=150.0, seed=5, offset_s=-4.0, drift_ppm=300.0)
    tracker, phone = simulate_pair(
        draw_sound(drive),
        Device(duration_s=140.0, highpass_hz=120.0, start_s=0.061),
        Device(duration_s=150.0, start_s=0.137),
        offset_s=drive.offset_s,
        drift_ppm=drive.drift_ppm,
        rate_hz=RATE_HZ,
        seed=drive.seed,
    )
    both = [(common(each.samples.astype(np.float64)), each.start_s) for each in (phone, tracker)]
    found = np.array([window(both, at) for at in np.arange(6.0, 135.0, 8.0)])
    sure = found[:, 2] > 1.5
    assert sure.sum() >= 8
    wrong_s = found[sure, 1] - (-4.0 + (1 + 300e-6) * found[sure, 0])
    assert np.abs(wrong_s).max() < WITHIN_S
    # Unexplained, 300 ppm would be 38 ms from the first to the last.
    assert np.ptp(300e-6 * found[sure, 0]) > 5 * WITHIN_S


def test_both_devices_hear_all_of_the_drive(sounds, facts, drive):
    for (samples, start_s), seconds in zip(
        sounds, (drive.seconds, drive.seconds - 1.5 + facts["clocks"]["offset_s"]), strict=True
    ):
        assert 0 <= start_s < 0.3
        assert start_s + len(samples) / RATE_HZ == pytest.approx(seconds, abs=0.1)
        loud = np.sqrt(signal.convolve(samples**2, np.ones(800) / 800, "valid"))
        assert loud.min() > 1e-4  # never quite silent
