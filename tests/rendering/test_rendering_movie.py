"""Scaling, reading ahead and writing: what lies between the decoder and the file."""

import subprocess
import sys
import threading

import av
import numpy as np
import pytest

from dashgaze.errors import MediaError, OutputError
from dashgaze.rendering.clip import Missing, open_clip
from dashgaze.rendering.movie_writer import writing_movie
from dashgaze.rendering.picture_feed import NO_PICTURE, PictureFeed, Shown
from dashgaze.rendering.scaling import scaled
from dashgaze.rendering.timeline import Track


@pytest.mark.parametrize(
    "size", [(300, 200), (150, 100), (137, 91), (60, 40), (600, 400), (450, 320)]
)
def test_scaling_moves_nothing(size):
    y, x = np.indices((200, 300))
    blob = np.exp(-((x - 117.3) ** 2 + (y - 80.6) ** 2) / (2 * 9.0**2))
    plane = np.rint(200 * blob).astype(np.uint8)
    found = scaled(plane, size).astype(float)
    assert found.shape == size[::-1]
    rows, columns = np.indices(found.shape)
    place = np.array([(columns * found).sum(), (rows * found).sum()]) / found.sum()
    scale = np.array(size) / (300, 200)
    assert place == pytest.approx((np.array([117.3, 80.6]) + 0.5) * scale - 0.5, abs=0.15)


@pytest.mark.parametrize("size", [(64, 48), (100, 75), (32, 24)])
def test_fine_patterns_become_grey_when_small(size):
    plane = np.tile(np.array([[0, 255]], dtype=np.uint8), (300, 200))
    assert np.abs(scaled(plane, size).astype(int) - 128).max() < 30


@pytest.fixture
def clip(tmp_path):
    from dashgaze.collection.simulation.media_writer import write_video

    path = write_video(tmp_path / "a.mp4", times_s=np.arange(20) / 25, size_px=(64, 48))
    return open_clip(path)


def track(clip, index):
    index = np.array(index)
    return Track(clip=clip, file=np.zeros(len(index), np.int64), index=index)


def threads():
    return [each for each in threading.enumerate() if each.name.startswith("dashgaze")]


def test_a_feed_gives_what_each_step_shows(clip):
    with PictureFeed(track(clip, [-1, 3, 3, 4, -1, 19]), (32, 24)) as feed:
        items = [feed.next() for _ in range(6)]
    assert items[0] == items[4] == NO_PICTURE
    assert items[1] is items[2]
    assert [each.full.index for each in items if isinstance(each, Shown)] == [3, 3, 4, 19]
    assert items[1].planes[0].shape == (24, 32)
    assert items[1].planes[1].shape == (12, 16)
    assert threads() == []


def test_a_feed_can_be_left_at_any_time(clip):
    with PictureFeed(track(clip, list(range(20))), (32, 24)) as feed:
        feed.next()
    assert threads() == []


def test_what_goes_wrong_while_reading_is_told(clip):
    lost = track(clip, [0, 1])
    clip.files[0].path.unlink()
    with PictureFeed(lost, (32, 24)) as feed, pytest.raises(MediaError, match="does not exist"):
        feed.next()


def test_a_file_that_can_t_be_shown_is_missing(tmp_path):
    found = open_clip(tmp_path / "none.mp4")
    assert isinstance(found, Missing)
    assert str(found).endswith("none.mp4 does not exist. Check the path.")


def picture(grey=100):
    buffer = np.full((72, 64), 128, dtype=np.uint8)
    buffer[:48] = grey
    return buffer


def test_pictures_are_shown_at_their_times(tmp_path):
    times_s = np.array([5.0, 5.04, 5.1, 5.111, 5.3])
    with writing_movie(tmp_path / "a.mp4", (64, 48), rate_hz=25, sound=None, zero_s=5.0) as movie:
        buffer = picture()
        for number, time_s in enumerate(times_s):
            buffer[:48] = 40 + 40 * number  # the same memory, drawn over
            movie.show(buffer, time_s)
        movie.finish(5.35)
    with av.open(str(tmp_path / "a.mp4")) as container:
        frames = list(container.decode(video=0))
    assert [each.time for each in frames] == pytest.approx(times_s - 5.0, abs=2e-5)
    seen = [each.to_ndarray(format="yuv420p")[:48].mean() for each in frames]
    assert seen == pytest.approx([40, 80, 120, 160, 200], abs=3)
    assert (frames[0].colorspace, frames[0].color_range) == (1, 1)  # BT.709, limited
    assert threads() == []


def test_equal_times_are_pulled_apart(tmp_path):
    with writing_movie(tmp_path / "a.mp4", (64, 48), rate_hz=25, sound=None, zero_s=0.0) as movie:
        for time_s in (0.0, 0.0, 0.04):
            movie.show(picture(), time_s)
        movie.finish(0.1)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert len(list(container.decode(video=0))) == 3


def test_an_encoder_that_fails_leaves_nothing(tmp_path, monkeypatch):
    class Broken:
        codec_context = None

        def encode(self, frame):
            raise av.error.ExternalError(1, "generic error in an external library")

    monkeypatch.setattr("dashgaze.rendering.movie_writer._add_video", lambda *_: Broken())

    def write():
        with writing_movie(tmp_path / "a.mp4", (64, 48), rate_hz=25, sound=None, zero_s=0) as movie:
            for number in range(20):
                movie.show(picture(), number / 25)

    with pytest.raises(OutputError, match=r"can't be written.*libx264"):
        write()
    assert list(tmp_path.iterdir()) == []
    assert threads() == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are of POSIX")
def test_a_disk_without_any_room_is_told_and_nothing_crashes(tmp_path):
    """FFmpeg fails at the head of the file while further pictures wait for the encoder."""
    code = f"""
import resource
from pathlib import Path
import numpy as np
from dashgaze.errors import OutputError
from dashgaze.rendering.movie_writer import writing_movie

resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    with writing_movie(
        Path({str(tmp_path / "movie.mp4")!r}), (64, 48), rate_hz=30.0, sound=None, zero_s=0.0
    ) as movie:
        for number in range(200):
            movie.show(np.full((72, 64), number, np.uint8), number / 30)
        movie.finish(7.0)
except OutputError as error:
    raise SystemExit(5) from error
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert ended.returncode == 5, ended.stderr.decode()
    assert list(tmp_path.iterdir()) == []
