"""Videos of the data set: every picture at its own tick, the same bytes every time, nothing else in it."""

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from dashgaze.collection.simulation.media_writer import write_video
from dashgaze.dataset.video.planes import bgr_of, rgb_of
from dashgaze.dataset.video.sound_copy import SoundCopy
from dashgaze.dataset.video.video_file import GOP, VideoFile
from dashgaze.errors import NoSoundError, OutputError
from dashgaze.media import Sound, probe, read_frame_times, read_sound
from dashgaze.media.colour import ColourReader

SIZE_PX = (64, 48)


def planes_of(level: int, size_px: tuple[int, int] = SIZE_PX):
    """A picture with a slope in it, and a colour of its own."""
    width, height = size_px
    y = np.clip(level + np.add.outer(np.arange(height), np.arange(width)) // 4, 16, 235)
    half = (height + 1) // 2, (width + 1) // 2
    return y.astype(np.uint8), np.full(half, 110, np.uint8), np.full(half, 150, np.uint8)


def write(path: Path, ticks, size_px=SIZE_PX, **given) -> Path:
    with VideoFile(path, size_px, **given) as file:
        for number, each in enumerate(ticks):
            file.add(planes_of(40 + 3 * number, size_px), int(each))
    return path


def uneven_ticks(count: int, start: int = 0) -> np.ndarray:
    rng = np.random.default_rng(3)
    return start + np.cumsum(rng.integers(1, 9000, count)) - 1


def test_every_picture_keeps_its_tick(tmp_path):
    ticks = uneven_ticks(50)
    times = read_frame_times(write(tmp_path / "a.mp4", ticks))
    assert times.time_base == (1, 90_000)
    assert times.pts.tolist() == ticks.tolist()


def test_a_video_may_start_after_its_zero_and_run_for_hours(tmp_path):
    ticks = [123_457, 123_458, 6 * 3600 * 90_000 + 1, 12 * 3600 * 90_000]
    assert read_frame_times(write(tmp_path / "a.mp4", ticks)).pts.tolist() == ticks
    with pytest.raises(ValueError, match="can't keep the gap"):
        write(tmp_path / "b.mp4", [0, 7 * 3600 * 90_000])


def test_pictures_come_back_as_they_were_but_for_coding(tmp_path):
    path = write(tmp_path / "a.mp4", uneven_ticks(20), crf=10)
    with ColourReader(path, read_frame_times(path)) as reader:
        for index in (0, 7, 19):
            planes = reader.read(index).planes
            for given, got in zip(planes_of(40 + 3 * index), planes, strict=True):
                assert np.abs(given.astype(int) - got).mean() < 1.5


def test_the_same_pictures_make_the_same_bytes(tmp_path):
    ticks, size_px = (
        uneven_ticks(40),
        (320, 180),
    )  # x264 is not quite repeatable below a few macroblocks
    one, other = (
        write(tmp_path / name, ticks, size_px).read_bytes() for name in ("a.mp4", "b.mp4")
    )
    assert one == other


def test_keyframes_come_every_half_second_and_nothing_is_reordered(tmp_path):
    path = write(tmp_path / "a.mp4", np.arange(100) * 3000)
    with av.open(str(path)) as container:
        packets = [each for each in container.demux(video=0) if each.size]
    keyframes = [number for number, each in enumerate(packets) if each.is_keyframe]
    assert keyframes[0] == 0
    assert max(b - a for a, b in pairwise([*keyframes, 100])) <= GOP
    assert all(each.pts == each.dts for each in packets)


def test_nothing_is_said_of_when_or_by_what_it_was_made(tmp_path):
    path = write(tmp_path / "a.mp4", [0, 3000])
    info = probe(path)
    assert (info.created_at, info.audio) == (None, None)
    content = path.read_bytes()
    assert b"Lavf" not in content
    assert content.index(b"moov") < content.index(b"mdat")  # plays while it is loaded


@pytest.mark.parametrize("size_px", [(65, 48), (64, 47), (63, 47)])
def test_odd_sizes_are_filled_up_without_moving_a_pixel(tmp_path, size_px):
    path = write(tmp_path / "a.mp4", [0, 3000], size_px=size_px, crf=4)
    with ColourReader(path, read_frame_times(path)) as reader:
        assert reader.size_px == (size_px[0] + size_px[0] % 2, size_px[1] + size_px[1] % 2)
        y = reader.read(1).y.astype(int)
    wanted = planes_of(43, size_px)[0]
    assert np.abs(y[: size_px[1], : size_px[0]] - wanted).max() <= 4
    assert np.abs(y[:, -1] - y[:, size_px[0] - 1]).max() <= 4


def test_planes_become_colours_of_hd_video():
    grey = (np.full((3, 5), 126, np.uint8), *(np.full((2, 3), 128, np.uint8) for _ in "uv"))
    assert np.abs(rgb_of(grey).astype(int) - 128).max() <= 1
    # BT.709: Y = 63, U = 102, V = 240 is pure red.
    red = (
        np.full((4, 4), 63, np.uint8),
        np.full((2, 2), 102, np.uint8),
        np.full((2, 2), 240, np.uint8),
    )
    assert np.abs(rgb_of(red).astype(int) - (255, 0, 0)).max() <= 3
    assert np.array_equal(bgr_of(red), rgb_of(red)[:, :, ::-1])


def test_an_error_leaves_the_old_file_and_no_other(tmp_path):
    path = write(tmp_path / "a.mp4", [0, 3000])
    before = path.read_bytes()
    with pytest.raises(ValueError, match="ascend"):
        write(path, [0, 3000, 6000, 10])
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a.mp4"]


def test_times_that_do_not_ascend_and_other_sizes_are_refused(tmp_path):
    with pytest.raises(ValueError, match="3000 follows 3000"):
        write(tmp_path / "a.mp4", [0, 3000, 3000])
    with (
        pytest.raises(ValueError, match="not 32 × 32"),
        VideoFile(tmp_path / "a.mp4", SIZE_PX) as f,
    ):
        f.add(planes_of(50, (32, 32)), 0)
    assert not list(tmp_path.iterdir())


def test_a_video_without_a_picture_is_refused(tmp_path):
    with pytest.raises(OutputError, match="without a picture"), VideoFile(tmp_path / "a", SIZE_PX):
        pass


def test_a_place_that_can_not_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="can't be written"):
        write(tmp_path / "file" / "a.mp4", [0])


@pytest.fixture(scope="module")
def with_sound(tmp_path_factory) -> Path:
    """Two seconds whose pictures start at 0.25 s, with a click at 1.25 s."""
    samples = np.zeros(32_000, dtype=np.float32)
    samples[20_000:20_080] = 0.9
    return write_video(
        tmp_path_factory.mktemp("sound") / "a.mp4",
        times_s=0.25 + np.arange(50) / 30,
        size_px=SIZE_PX,
        images=np.full((48, 64, 3), 90, dtype=np.uint8),
        sound=Sound(samples=samples, rate_hz=16_000, start_s=0.0),
    )


def test_sound_is_carried_over_at_its_time(tmp_path, with_sound):
    path = write(
        tmp_path / "b.mp4", np.arange(50) * 3000, sound=SoundCopy(path=with_sound, zero_s=0.25)
    )
    sound = read_sound(path, rate_hz=16_000)
    click_s = sound.start_s + int(np.abs(sound.samples).argmax()) / sound.rate_hz
    assert click_s == pytest.approx(1.0, abs=0.01)
    assert read_frame_times(path).pts.tolist() == (np.arange(50) * 3000).tolist()
    again = write(
        tmp_path / "c.mp4", np.arange(50) * 3000, sound=SoundCopy(path=with_sound, zero_s=0.25)
    )
    assert again.read_bytes() == path.read_bytes()


def test_sound_of_a_silent_file_is_refused(tmp_path):
    silent = write(tmp_path / "a.mp4", [0, 3000])
    with pytest.raises(NoSoundError, match="no sound to carry over"):
        write(tmp_path / "b.mp4", [0], sound=SoundCopy(path=silent, zero_s=0.0))
    assert not (tmp_path / "b.mp4").exists()
