import dataclasses

import numpy as np
import pytest

from dashgaze.media import Sound, probe, read_sound
from dashgaze.rendering import RenderOptions, make_overlay
from dashgaze.rendering.output_sound import SOUND_RATE_HZ, OutputSound
from dashgaze.session import open_session

START_S = 1.6
OPTIONS = RenderOptions(start_s=START_S, end_s=3.6, width_px=320, panels=("road",), fps=10)


def lag_ms(heard, expected):
    """By how much the first sound comes later than the second, ms; both from START_S on."""
    count = min(len(heard), len(expected))
    a, b = (
        np.fft.rfft(each[:count] - each[:count].mean(), 2 * count) for each in (heard, expected)
    )
    correlation = np.fft.irfft(a * np.conj(b))
    place = int(np.argmax(correlation))
    return (place if place < count else place - 2 * count) / SOUND_RATE_HZ * 1e3


def stretch(sound, start_s, length_s):
    first = round((start_s - sound.start_s) * sound.rate_hz)
    return sound.samples[first : first + round(length_s * sound.rate_hz)]


@pytest.mark.parametrize("source", ["phone", "tracker"])
def test_sound_is_kept_in_time(filled, tmp_path, source):
    options = dataclasses.replace(OPTIONS, sound=source)
    path = make_overlay(open_session(filled), tmp_path / "a.mp4", options).path
    heard = read_sound(path, rate_hz=SOUND_RATE_HZ)
    own = filled / ("phone/road.mp4" if source == "phone" else "eye_tracker/PI world v1 ps1.mp4")
    original = read_sound(own, rate_hz=SOUND_RATE_HZ)
    # the zero of the movie is the first road frame that is shown
    from dashgaze.media import read_frame_times

    road_s = read_frame_times(filled / "phone" / "road.mp4").time_s
    zero_s = road_s[road_s >= START_S][0]
    begin_s = zero_s if source == "phone" else -1.0 + (1 + 31e-6) * zero_s
    late = lag_ms(stretch(heard, 0.2, 1.6), stretch(original, begin_s + 0.2, 1.6))
    assert abs(late) < 1.0


def test_there_is_none_unless_it_is_asked_for(filled, tmp_path):
    path = make_overlay(open_session(filled), tmp_path / "a.mp4", OPTIONS).path
    assert probe(path).audio is None


def test_tracker_sound_without_clocks_is_said(made_drive, tmp_path):
    options = dataclasses.replace(OPTIONS, sound="tracker")
    written = make_overlay(open_session(made_drive), tmp_path / "a.mp4", options)
    assert any("sound has no place" in note for note in written.notes)
    assert probe(written.path).audio is None


def test_a_video_without_sound_is_said(filled, copy, short_drive, tmp_path):
    root = copy(filled)
    short_drive.rewrite_video(root / "phone" / "road.mp4", 80, lambda _, luma: luma)
    options = dataclasses.replace(OPTIONS, sound="phone", end_s=2.4)
    written = make_overlay(open_session(root), tmp_path / "a.mp4", options)
    assert any(note.startswith("There is no sound") for note in written.notes)


def test_blocks_join_without_a_seam_and_end_in_silence():
    rate_hz = 1000
    samples = np.sin(np.arange(500) / 7).astype(np.float32)
    sound = OutputSound(
        sound=Sound(samples=samples, rate_hz=rate_hz, start_s=2.0),
        own_s=lambda phone_s: phone_s * (1 + 100e-6) + 1.0,
    )
    joined = np.concatenate([sound.between(1.0 + 0.05 * k, 50) for k in range(12)])
    assert np.abs(joined[:490] - np.sin(np.arange(490) * (1 + 100e-6) / 7 + 0.1 / 7)).max() < 0.02
    assert (joined[505:] == 0).all()
    assert (sound.between(-5.0, 10) == 0).all()
