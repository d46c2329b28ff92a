"""Real recordings: counts, rates and lengths as ../shared/data/MANIFEST.tsv states them."""

import av
import numpy as np
import pytest

from dashgaze.errors import NoSoundError
from dashgaze.media import probe, read_frame_times, read_sound

VIDEOS = {
    # path: width, height, frames, frames per second
    "driving/motorway_bend.mp4": (1280, 720, 200, 25.0),
    "driving/motorway_straight.mp4": (960, 540, 221, 25.0),
    "driving/junction.mp4": (800, 224, 926, 30.0),
    "driver_view/man_indoors.mp4": (540, 960, 318, 19.83),
    "audio/street_scene_5s.mp4": (1920, 1080, 171, 30.0),
}
SOUNDS = {
    # path: native rate, channels, length in seconds, digital silence
    "audio/interview_speech.mp3": (48_000, 2, 48.0, False),
    "audio/radio_speech_1.ogg": (44_100, 2, 4.4, False),
    "audio/radio_speech_2.ogg": (44_100, 2, 7.1, False),
    "audio/street_scene_5s.mp4": (44_100, 2, 5.7, False),
    "driver_view/man_indoors.mp4": (44_100, 1, 16.2, False),
    "driving/motorway_bend.mp4": (48_000, 2, 8.0, True),
    "driving/motorway_straight.mp4": (48_000, 2, 8.84, True),
}


@pytest.mark.parametrize("name", VIDEOS)
def test_videos(shared_data, name):
    width_px, height_px, count, rate_hz = VIDEOS[name]
    video = probe(shared_data / name).video
    assert video is not None
    assert (video.width_px, video.height_px, video.rotation_deg) == (width_px, height_px, 0)
    times = read_frame_times(shared_data / name)
    assert len(times.time_s) == count
    assert times.time_s[0] == 0.0
    assert 1 / np.diff(times.time_s).mean() == pytest.approx(rate_hz, abs=0.01)
    assert bool(times.keyframe[0])
    assert not times.truncated
    assert (times.duplicate_count, times.missing_pts_count) == (0, 0)


@pytest.mark.parametrize("name", ["driving/junction.mp4", "driver_view/man_indoors.mp4"])
def test_times_are_those_that_a_decoder_returns(shared_data, name):
    """Both files store B-frames out of order."""
    with av.open(str(shared_data / name)) as container:
        container.streams.video[0].thread_type = "AUTO"
        decoded = [frame.pts for frame in container.decode(video=0)]
    assert read_frame_times(shared_data / name).pts.tolist() == decoded


@pytest.mark.parametrize("name", SOUNDS)
def test_sounds(shared_data, name):
    native_hz, channels, duration_s, silent = SOUNDS[name]
    audio = probe(shared_data / name).audio
    assert audio is not None
    assert (audio.rate_hz, audio.channels) == (native_hz, channels)
    sound = read_sound(shared_data / name, rate_hz=16_000)
    assert sound.duration_s == pytest.approx(duration_s, abs=0.06)
    assert sound.start_s == pytest.approx(audio.start_s, abs=1e-6)
    assert sound.gaps_s == ()
    assert (sound.truncated, sound.damaged_packets, sound.dropped_s) == (False, 0, 0.0)
    assert sound.clipped_share < 0.001
    assert bool(sound.samples.any()) is not silent


def test_a_dash_camera_without_microphone(shared_data):
    with pytest.raises(NoSoundError, match="no sound track"):
        read_sound(shared_data / "driving/junction.mp4", rate_hz=16_000)


def test_dates_of_recording(shared_data):
    created_at = probe(shared_data / "driving/motorway_bend.mp4").created_at
    assert created_at is not None
    assert created_at.isoformat() == "2017-02-01T05:46:52+00:00"
    assert probe(shared_data / "driver_view/man_indoors.mp4").created_at is None
