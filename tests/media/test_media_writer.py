"""The writer of test files refuses what a file can't hold, and leaves nothing half-written."""

from dataclasses import replace

import av
import numpy as np
import pytest

from dashgaze.collection.simulation.media_writer import (
    FileOptions,
    cut_file,
    drop_index,
    write_sound,
    write_video,
)
from dashgaze.errors import InputError, OutputError
from dashgaze.media import probe, read_frame_times, read_sound


def test_pictures_are_given_by_index_or_once_for_all(tmp_path):
    shades = [30, 90, 150, 210]

    def shade(index):
        return np.full((48, 64, 3), shades[index], dtype=np.uint8)

    times_s = [0.0, 0.1, 0.15, 0.4]
    for images, expected in ((shade, shades), (shade(1), [90] * 4)):
        path = write_video(tmp_path / "a.mp4", times_s=times_s, images=images)
        with av.open(str(path)) as container:
            means = [f.to_ndarray(format="bgr24").mean() for f in container.decode(video=0)]
        assert means == pytest.approx(expected, abs=4)


def test_pictures_may_be_brightness_and_colour(tmp_path):
    planes = np.concatenate([np.full((48, 64), 120), np.full((24, 64), 128)]).astype(np.uint8)
    planes[:10] = 200
    path = write_video(tmp_path / "a.mp4", times_s=[0.0, 0.1], images=planes)
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            found = frame.to_ndarray(format="yuv420p").astype(int)
            assert np.abs(found - planes).mean() < 2


def test_the_path_is_returned_and_nothing_else_is_left(tmp_path, pulse):
    path = tmp_path / "new folder" / "Größe 1.mkv"
    assert write_video(path, times_s=[0.0, 0.1], sound=pulse()) == path
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("times_s", [[], [0.0, 0.0], [0.1, 0.0], [0.0, 1e-6]])
def test_times_have_to_rise(tmp_path, times_s):
    with pytest.raises(InputError, match="has to rise"):
        write_video(tmp_path / "a.mp4", times_s=times_s)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg", ".aac"])
def test_sound_files_have_no_late_start_and_no_gaps(tmp_path, pulse, suffix):
    for sound in (pulse(start_s=0.1), replace(pulse(), gaps_s=((0.5, 0.6),))):
        with pytest.raises(InputError, match="no time line"):
            write_sound(tmp_path / f"a{suffix}", sound)


def test_unknown_endings_are_refused(tmp_path, pulse):
    with pytest.raises(InputError, match=r"\.xyz"):
        write_sound(tmp_path / "a.xyz", pulse())
    with pytest.raises(InputError, match="no video"):
        write_video(tmp_path / "a.wav", times_s=[0.0])


def test_a_failed_encoder_leaves_the_old_file(tmp_path, pulse):
    path = write_sound(tmp_path / "a.mp4", pulse())
    before = path.read_bytes()
    with pytest.raises(OutputError, match="can't be written"):
        write_sound(path, replace(pulse(), rate_hz=1234))  # AAC has no such rate
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_ten_minutes_are_written_exactly(tmp_path):
    times_s = np.cumsum(np.random.default_rng(2).uniform(0.02, 0.047, 6000))
    path = write_video(tmp_path / "a.mp4", times_s=times_s, size_px=(32, 32))
    np.testing.assert_allclose(read_frame_times(path).time_s, times_s, rtol=0, atol=0.51 / 90_000)


def test_bit_rates_are_kept_to(tmp_path):
    rng = np.random.default_rng(1)
    sizes = [
        write_video(
            tmp_path / "a.mp4",
            times_s=np.arange(60) / 30,
            images=lambda _: rng.integers(0, 256, (48, 64, 3), dtype=np.uint8),
            options=FileOptions(video_bit_rate=rate),
        )
        .stat()
        .st_size
        for rate in (100_000, 400_000)
    ]
    assert 2 < sizes[1] / sizes[0] < 6


def test_damage_is_done_to_a_copy(tmp_path, pulse):
    whole = write_video(tmp_path / "a.mp4", times_s=[0.0, 0.1], sound=pulse())
    before = whole.read_bytes()
    cut = cut_file(whole, tmp_path / "cut.mp4", share=0.5)
    dropped = drop_index(whole, tmp_path / "dropped.mp4")
    assert whole.read_bytes() == before
    assert cut.read_bytes() == before[: round(len(before) / 2)]
    assert b"moov" in before
    assert b"moov" not in dropped.read_bytes()
    assert dropped.read_bytes()[:8] == before[:8]


def test_the_other_audio_codecs_of_a_container(tmp_path, pulse, pulse_time):
    path = write_sound(tmp_path / "a.mkv", pulse(), options=FileOptions(audio_codec="flac"))
    audio = probe(path).audio
    assert audio is not None
    assert audio.codec == "flac"
    assert pulse_time(read_sound(path, rate_hz=16_000)) == pytest.approx(1.0, abs=5e-4)
