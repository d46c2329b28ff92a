"""The pictures of a view: which frame each is, and when it is shown."""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.dataset.tables.view_pts import ego_ticks, phone_ticks
from dashgaze.dataset.video.video_file import VideoFile
from dashgaze.dataset.video.view_source import open_view
from dashgaze.errors import MediaError, RecordingError
from dashgaze.session import open_session


@pytest.fixture(scope="module")
def sessions() -> ModuleType:
    path = Path(__file__).with_name("privacy_session.py")
    spec = importlib.util.spec_from_file_location("privacy_session_for_sources", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(sessions, tmp_path_factory) -> Path:
    return sessions.make(tmp_path_factory.mktemp("made") / "drive")


@pytest.fixture
def session(sessions, made, tmp_path):
    return sessions.copy_of(made, tmp_path / "drive")


def level_of(index: int) -> int:
    return 40 + 4 * index


def mark_road(session, count: int = 40, **given) -> None:
    """Let every road picture say by its brightness which one it is."""
    write_video(
        session.road_path,
        times_s=0.5 + np.arange(count) * 0.0333,
        size_px=(64, 48),
        images=lambda index: np.full((48, 64, 3), level_of(index), dtype=np.uint8),
        options=FileOptions(**given),
    )


def frame_shown(picture) -> int:
    video = (picture.y.astype(float).mean() - 16) * 255 / 219
    return round((video - 40) / 4)


def test_all_pictures_come_in_order_with_index_and_tick(session):
    mark_road(session)
    source = open_view(session, "road")
    found = list(source.pictures())
    assert [each.frame_index for each in found] == list(range(40))
    assert [frame_shown(each.picture) for each in found] == list(range(40))
    assert [each.ticks for each in found] == phone_ticks(session.road_path).tolist()
    assert (source.size_px, source.frame_count, found[0].ticks) == ((64, 48), 40, 0)


def test_wanted_pictures_only(session):
    mark_road(session)
    wanted = [3, 4, 17, 39, 200]
    found = list(open_view(session, "road").pictures(wanted))
    assert [each.frame_index for each in found] == wanted[:-1]
    assert [frame_shown(each.picture) for each in found] == wanted[:-1]
    with pytest.raises(ValueError, match="ascend"):
        list(open_view(session, "road").pictures([4, 3]))


def test_pictures_are_upright(session):
    mark_road(session, rotation_deg=90)
    source = open_view(session, "road")
    assert source.size_px == (48, 64)
    assert next(source.pictures()).picture.y.shape == (64, 48)


def test_ego_frames_are_counted_over_the_recording_with_its_stamps(session):
    world = session.recording().world
    source = open_view(session, "ego")
    assert source.frame_count == len(world.timestamp_ns)
    assert source.frame_index.tolist() == np.flatnonzero(world.valid).tolist()
    assert source.ticks.tolist() == ego_ticks(world.timestamp_ns)[world.valid].tolist()
    found = [each.frame_index for each in source.pictures()]
    assert found == source.frame_index.tolist()


def test_padding_has_no_picture_but_counts(session):
    world = session.recording().world
    world.valid[:4] = False
    source = open_view(session, "ego")
    assert source.frame_index[0] == 4
    assert source.ticks[0] == ego_ticks(world.timestamp_ns)[4] > 0
    assert next(source.pictures()).frame_index == 4
    assert source.frame_count == len(world.timestamp_ns)


def test_a_view_that_a_session_does_not_have_is_none(session):
    manifest = session.root / "session.yaml"
    manifest.write_text(manifest.read_text().replace("  driver: phone/driver.mp4\n", ""))
    assert open_view(open_session(session.root), "driver") is None
    session.recording().world.valid[:] = False
    assert open_view(session, "ego") is None


def test_a_file_that_is_named_and_missing_is_an_error(session):
    session.road_path.unlink()
    with pytest.raises(MediaError, match="does not exist"):
        open_view(session, "road")
    shutil.rmtree(session.eye_tracker_path)
    with pytest.raises(RecordingError):
        open_view(session, "ego")


def copied(session, path: Path, *, size_px=None, late: int = 0) -> Path:
    source = open_view(session, "road")
    with VideoFile(path, size_px or source.size_px) as file:
        for each in source.pictures():
            if each.frame_index % 5:  # a copy may lack pictures
                file.add(each.picture, each.ticks + late)
    return path


def test_a_copy_is_read_in_place_of_the_recording(session, tmp_path):
    mark_road(session)
    source = open_view(session, "road", path=copied(session, tmp_path / "copy.mp4"))
    found = list(source.pictures())
    assert [each.frame_index for each in found] == [n for n in range(40) if n % 5]
    assert [frame_shown(each.picture) for each in found] == [n for n in range(40) if n % 5]
    assert source.paths == (tmp_path / "copy.mp4",)


def test_a_copy_of_an_odd_picture_has_its_size(session, tmp_path):
    manifest = session.root / "session.yaml"
    manifest.write_text(manifest.read_text().replace("phone/road.mp4", "phone/road.webm"))
    session = open_session(session.root)
    slope = np.add.outer(2 * np.arange(47), np.arange(63)).astype(np.uint8)
    write_video(
        session.road_path,
        times_s=np.arange(10) / 30,
        size_px=(63, 47),
        images=np.repeat(slope[:, :, None], 3, axis=2),
    )
    source = open_view(session, "road", path=copied(session, tmp_path / "odd.mp4"))
    assert source.size_px == (63, 47)
    recorded = next(open_view(session, "road").pictures([1])).picture
    read = next(source.pictures([1])).picture
    for given, got in zip(recorded.planes, read.planes, strict=True):
        assert given.shape == got.shape
        assert np.abs(given.astype(int) - got).mean() < 2


def test_a_video_of_something_else_is_refused(session, tmp_path):
    other = copied(session, tmp_path / "other.mp4", late=1)
    with pytest.raises(MediaError, match="not made from the road video"):
        open_view(session, "road", path=other)
    with pytest.raises(MediaError, match="not made from the road video"):
        open_view(session, "road", path=session.driver_path)
