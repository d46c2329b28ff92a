"""Headers and frame times are read once, as long as nobody writes to the file."""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

import dashgaze.media.container
import dashgaze.media.frame_times
from dashgaze.collection.simulation.media_writer import write_video
from dashgaze.errors import MediaError
from dashgaze.media import probe, read_frame_times
from dashgaze.media.remembered import Remembered, mark_of


def film(path, count=5):
    return write_video(
        path,
        times_s=np.arange(count) / 30,
        size_px=(64, 48),
        images=lambda index: np.full((48, 64, 3), 40 * (index % 5), dtype=np.uint8),
    )


@pytest.fixture
def video(tmp_path):
    return film(tmp_path / "made.mp4")


@pytest.fixture
def opened(monkeypatch):
    """How often files were opened."""
    count = []
    for module in (dashgaze.media.container, dashgaze.media.frame_times):
        real = module.open_media_source

        def counting(path, real=real):
            count.append(path)
            return real(path)

        monkeypatch.setattr(module, "open_media_source", counting)
    return count


@pytest.fixture
def later(monkeypatch):
    """Have it be a minute later: files are no longer young."""
    now = time.time_ns
    monkeypatch.setattr("dashgaze.media.remembered.time.time_ns", lambda: now() + 60 * 10**9)


def test_an_unchanged_file_is_read_once(video, opened, later):
    first, info = read_frame_times(video), probe(video)
    assert read_frame_times(video) is first
    assert probe(video) == info
    assert len(opened) == 2


def test_a_young_file_is_read_each_time(video, opened):
    os.utime(video)
    assert read_frame_times(video).pts.tolist() == read_frame_times(video).pts.tolist()
    assert len(opened) == 2


def test_a_file_that_was_written_to_is_read_again(video, tmp_path, later):
    before = read_frame_times(video)
    longer = film(tmp_path / "longer.mp4", count=len(before.pts) + 3)
    shutil.copyfile(longer, video)
    assert len(read_frame_times(video).pts) == len(before.pts) + 3


def test_damage_of_the_same_size_and_date_is_seen(video, later):
    read_frame_times(video)
    probe(video)
    status = video.stat()
    video.write_bytes(bytes(status.st_size))
    os.utime(video, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(MediaError):
        read_frame_times(video)
    with pytest.raises(MediaError):
        probe(video)


def test_a_file_that_is_gone_is_an_error(video, later):
    read_frame_times(video)
    video.unlink()
    with pytest.raises(MediaError, match="does not exist"):
        read_frame_times(video)


def test_times_that_others_get_as_well_cannot_be_written_to(video):
    times = read_frame_times(video)
    with pytest.raises(ValueError, match="read-only"):
        times.pts[0] = 7


def test_only_the_last_files_are_kept(tmp_path, later):
    kept: Remembered[str] = Remembered(most=2)
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_text(path.name)
    marks = {path: mark_of(path) for path in paths}
    kept.keep(paths[0], marks[paths[0]], "a")
    kept.keep(paths[1], marks[paths[1]], "b")
    assert kept.get(paths[0], marks[paths[0]]) == "a"
    kept.keep(paths[2], marks[paths[2]], "c")
    assert [kept.get(path, marks[path]) for path in paths] == ["a", None, "c"]
    assert kept.get(paths[0], None) is None


def test_what_changed_while_it_was_read_is_not_kept(tmp_path, later):
    path = Path(tmp_path / "a")
    path.write_text("before")
    mark = mark_of(path)
    path.write_text("afterwards")
    kept: Remembered[str] = Remembered(most=2)
    kept.keep(path, mark, "before")
    assert kept.get(path, mark) is None
    assert kept.get(path, mark_of(path)) is None
