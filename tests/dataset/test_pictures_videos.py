"""Packed videos: every picture at its own tick, and nothing that may not leave."""

import hashlib
import importlib.util
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest

from dashgaze.collection.simulation.media_writer import cut_file
from dashgaze.dataset.consent import Release, release_under
from dashgaze.dataset.pictures import released_view
from dashgaze.dataset.pictures.images import write_images
from dashgaze.dataset.pictures.videos import VIEWS, VideoOptions, write_videos
from dashgaze.dataset.privacy.anonymize import anonymize
from dashgaze.dataset.privacy.options import AnonymizeOptions
from dashgaze.dataset.tables.view_pts import ego_ticks, phone_ticks
from dashgaze.errors import InputError, MediaError
from dashgaze.media import Sound, probe, read_sound
from dashgaze.session import Session, open_session

RAW = release_under("raw", as_recorded=True)
CLICK_S = 1.25
SOUND_HZ = 16_000


@pytest.fixture(scope="module")
def made() -> ModuleType:
    path = Path(__file__).with_name("pictures_session.py")
    spec = importlib.util.spec_from_file_location("pictures_session_for_videos", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def session(made, tmp_path_factory) -> Session:
    """Its phone hears one click; the road video starts half a second into the phone's clock."""
    samples = np.zeros(round(2.6 * SOUND_HZ), dtype=np.float32)
    samples[round(CLICK_S * SOUND_HZ)] = 0.9
    sound = Sound(samples=samples, rate_hz=SOUND_HZ, start_s=0.0)
    folder = tmp_path_factory.mktemp("videos") / "tiny"
    made.make_session(folder)
    made.write_phone_video(
        folder / "phone" / "road.mp4", made.ROAD_S + 0.5, made.ROAD_PX, sound=sound
    )
    return open_session(folder)


@pytest.fixture(scope="module")
def blurred_files(made, session, tmp_path_factory) -> dict[str, Path]:
    return made.write_blurred(session, tmp_path_factory.mktemp("blurred"))


@pytest.fixture
def blurred(monkeypatch, blurred_files) -> dict[str, Path]:
    monkeypatch.setattr(
        released_view, "anonymized_view", lambda session, view: blurred_files.get(view)
    )
    return blurred_files


@pytest.fixture(scope="module")
def packed(session, tmp_path_factory):
    folder = tmp_path_factory.mktemp("packed")
    return folder, write_videos(session, RAW, folder)


@pytest.fixture
def copied(made, session, tmp_path) -> Path:
    """A copy of the session to spoil."""
    return made.tiny_session().copy_of(session.root, tmp_path / "copy")


def packet_ticks(path: Path) -> list[int]:
    """Presentation times by PyAV alone; the file counts in 1/90000 s."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.time_base.numerator, stream.time_base.denominator) == (1, 90_000)
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert [packet.pts for packet in packets] == [packet.dts for packet in packets]
        return [packet.pts for packet in packets]


def decoded_ticks(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [frame.pts for frame in container.decode(video=0)]


def true_ticks(session: Session, view: str) -> list[int]:
    if view == "ego":
        world = session.recording().world
        return ego_ticks(world.timestamp_ns)[world.valid].tolist()
    return phone_ticks(session.road_path if view == "road" else session.driver_path).tolist()


@pytest.mark.parametrize("view", VIEWS)
def test_times_in_the_file_are_the_ticks_of_the_frame_table(packed, session, view):
    folder, facts = packed
    ticks = true_ticks(session, view)
    assert packet_ticks(folder / f"{view}.mp4") == ticks
    assert decoded_ticks(folder / f"{view}.mp4") == ticks
    assert facts[view].frame_count == len(ticks)
    assert facts[view].missing_count == 0
    assert facts[view].duration_ticks == ticks[-1]


def test_frame_rates_that_vary_are_kept(packed):
    folder, _ = packed
    assert set(np.diff(packet_ticks(folder / "road.mp4")).tolist()) == {1890, 2970, 3060, 4230}


@pytest.mark.parametrize("view", ["road", "driver"])
def test_each_picture_is_that_of_its_frame_and_upright(packed, session, made, view):
    folder, _ = packed
    pictures = made.pictures_in(folder / f"{view}.mp4")
    for index, ticks in enumerate(true_ticks(session, view)):
        y = pictures[ticks]
        assert abs(float(y[40:80, 30:60].mean()) - made.level(index)) < 1.4
        assert y[4:12, 4:12].min() > 225
        assert max(y[4, -5], y[-5, 4], y[-5, -5]) < 220


def test_facts_say_what_is_in_the_file(packed, made):
    folder, facts = packed
    assert list(facts) == ["ego", "road", "driver"]
    assert facts["road"].size_px == made.ROAD_PX
    assert facts["driver"].size_px == made.DRIVER_PX  # stored turned, packed upright
    for view, each in facts.items():
        path = folder / f"{view}.mp4"
        assert (each.path, each.size_bytes) == (path, path.stat().st_size)
        assert each.codec == "h264"
        assert not each.has_sound


def test_a_video_has_no_sound_no_metadata_and_one_track(packed):
    folder, _ = packed
    for path in sorted(folder.iterdir()):
        with av.open(str(path)) as container:
            assert [stream.type for stream in container.streams] == ["video"]
            said = {**container.metadata, **container.streams[0].metadata}
        assert not {"creation_time", "location", "encoder", "com.android.version"} & set(said)
        assert probe(path).video.rotation_deg == 0


def test_the_same_session_gives_the_same_bytes(session, packed, tmp_path):
    folder, _ = packed
    write_videos(session, RAW, tmp_path)
    digests = [
        [
            hashlib.sha256((place / f"{view}.mp4").read_bytes()).hexdigest()
            for place in (folder, tmp_path)
        ]
        for view in VIEWS
    ]
    assert all(first == second for first, second in digests)


def test_nobody_who_agreed_to_gaze_only_is_in_a_video(session, tmp_path):
    assert write_videos(session, release_under("gaze_only"), tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


def test_anonymized_videos_are_taken_as_they_are(session, blurred, tmp_path):
    facts = write_videos(session, release_under("blurred"), tmp_path)
    assert tuple(facts) == VIEWS
    for view, path in blurred.items():
        assert (tmp_path / f"{view}.mp4").read_bytes() == path.read_bytes()
        assert packet_ticks(tmp_path / f"{view}.mp4") == true_ticks(session, view)


def test_a_driver_who_agreed_to_being_seen_is_beside_an_anonymized_road(
    session, blurred, made, tmp_path
):
    write_videos(session, release_under("raw"), tmp_path)
    assert (tmp_path / "road.mp4").read_bytes() == blurred["road"].read_bytes()
    first = made.pictures_in(tmp_path / "driver.mp4")[0]
    assert abs(float(first[40:80, 30:60].mean()) - made.level(0)) < 1.4


def test_views_that_are_not_anonymized_yet_are_refused_before_anything_is_written(
    session, blurred_files, monkeypatch, tmp_path
):
    files = {"ego": blurred_files["ego"]}
    monkeypatch.setattr(released_view, "anonymized_view", lambda session, view: files.get(view))
    with pytest.raises(InputError, match="in the road pictures of tiny") as refused:
        write_videos(session, release_under("raw"), tmp_path)
    assert f"dashgaze anonymize {session.root}" in refused.value.fix
    assert list(tmp_path.iterdir()) == []


def test_what_anonymize_made_is_packed_and_refused_once_the_recording_changed(
    made, copied, tmp_path
):
    copy = open_session(copied)
    counts = {"ego": made.EGO_COUNT, "road": made.ROAD_COUNT, "driver": made.DRIVER_COUNT}
    header = "view,frame_index,x_px,y_px,width_px,height_px,class,confidence"
    found = {"ego": ",,,,,", "road": ",,,,,", "driver": "30,40,40,50,face,0.9"}
    rows = [f"{view},{index},{found[view]}" for view in VIEWS for index in range(counts[view])]
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    anonymize(copy, AnonymizeOptions(views=VIEWS, boxes=boxes))
    facts = write_videos(copy, release_under("blurred"), tmp_path / "out")
    assert [each.frame_count for each in facts.values()] == list(counts.values())
    for view in VIEWS:
        assert packet_ticks(tmp_path / "out" / f"{view}.mp4") == true_ticks(copy, view)
    images = tmp_path / "images.parquet"
    assert write_images(copy, made.frame_table(copy), release_under("blurred"), images) > 5
    made.write_phone_video(copied / "phone" / "road.mp4", made.ROAD_S, made.ROAD_PX)
    with pytest.raises(InputError, match="stale"):
        write_videos(copy, release_under("blurred"), tmp_path / "again")
    with pytest.raises(InputError, match="stale"):
        write_images(copy, made.frame_table(copy), release_under("blurred"), images)
    assert not (tmp_path / "again").exists()


def test_a_release_without_the_driver_has_the_two_others(session, tmp_path):
    release = Release(scope="raw", outward="as_recorded", driver="none", face_numbers=False)
    assert list(write_videos(session, release, tmp_path)) == ["ego", "road"]


def test_a_session_that_came_as_tables_only_has_no_videos(copied, tmp_path):
    for path in [*copied.glob("phone/*.mp4")]:
        path.unlink()
    (copied / "eye_tracker").rename(tmp_path / "elsewhere")
    assert write_videos(open_session(copied), RAW, tmp_path / "out") == {}


def click_s(path: Path) -> float:
    sound = read_sound(path, rate_hz=48_000)
    return sound.start_s + int(np.abs(sound.samples).argmax()) / 48_000


@pytest.mark.parametrize("scope", ["as_recorded", "anonymized"])
def test_sound_is_heard_only_if_asked_for_and_at_its_own_time(
    session, blurred, packed, tmp_path, scope
):
    release = release_under("raw", as_recorded=scope == "as_recorded")
    facts = write_videos(session, release, tmp_path, VideoOptions(sound=True))
    assert [view for view, each in facts.items() if each.has_sound] == ["road"]
    # Time zero is the first picture, half a second into the phone's clock.
    assert click_s(tmp_path / "road.mp4") == pytest.approx(CLICK_S - 0.5, abs=0.002)
    ticks = true_ticks(session, "road")
    assert packet_ticks(tmp_path / "road.mp4") == ticks
    # What is heard before the first picture and behind the last stays in the lab.
    sound = read_sound(tmp_path / "road.mp4", rate_hz=48_000)
    assert 0 <= sound.start_s < 0.07
    assert ticks[-1] / 90_000 - 0.07 < sound.end_s < ticks[-1] / 90_000 + 0.07
    silent = packed[0] / "road.mp4" if scope == "as_recorded" else blurred["road"]
    assert coded_pictures(tmp_path / "road.mp4") == coded_pictures(silent)


def test_a_road_video_with_sound_has_the_same_bytes_twice(session, blurred, tmp_path):
    for name in ("a", "b"):
        write_videos(session, release_under("raw"), tmp_path / name, VideoOptions(sound=True))
    assert (tmp_path / "a/road.mp4").read_bytes() == (tmp_path / "b/road.mp4").read_bytes()


def test_a_road_video_without_sound_stays_silent(made, copied, tmp_path):
    made.write_phone_video(copied / "phone" / "road.mp4", made.ROAD_S, made.ROAD_PX)
    facts = write_videos(open_session(copied), RAW, tmp_path / "out", VideoOptions(sound=True))
    assert not facts["road"].has_sound


def coded_pictures(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def test_frames_that_can_not_be_decoded_are_missing_and_counted(
    copied, session, made, short_drive, tmp_path
):
    short_drive.spoil_packets(copied / "phone" / "road.mp4", [30])
    facts = write_videos(open_session(copied), RAW, tmp_path / "out")
    ticks = true_ticks(session, "road")
    kept = packet_ticks(tmp_path / "out" / "road.mp4")
    missing = [index for index, each in enumerate(ticks) if each not in kept]
    assert missing == list(range(30, 36))  # up to the next keyframe
    assert kept == [each for index, each in enumerate(ticks) if index not in missing]
    assert (facts["road"].frame_count, facts["road"].missing_count) == (54, 6)
    pictures = made.pictures_in(tmp_path / "out" / "road.mp4")
    for index, each in enumerate(ticks):
        if index not in missing:
            assert abs(float(pictures[each][40:80, 30:60].mean()) - made.level(index)) < 1.4


def test_where_the_first_frames_can_not_be_decoded_the_others_do_not_move(
    copied, session, short_drive, tmp_path
):
    short_drive.spoil_packets(copied / "phone" / "road.mp4", range(3))
    write_videos(open_session(copied), RAW, tmp_path / "out")
    ticks = true_ticks(session, "road")
    kept = packet_ticks(tmp_path / "out" / "road.mp4")
    assert kept == [each for each in ticks if each >= kept[0]]
    assert kept[0] > 0
    assert decoded_ticks(tmp_path / "out" / "road.mp4") == kept


def test_a_phone_file_that_breaks_off_gives_the_frames_that_exist(made, copied, tmp_path):
    whole = tmp_path / "whole.mkv"  # without an index: nobody knows how many are lost
    made.write_phone_video(whole, made.ROAD_S, made.ROAD_PX)
    road = copied / "phone" / "road.mp4"
    cut_file(whole, road, share=0.6)
    facts = write_videos(open_session(copied), RAW, tmp_path / "out")
    ticks = phone_ticks(road).tolist()
    assert 5 < len(ticks) < made.ROAD_COUNT
    assert packet_ticks(tmp_path / "out" / "road.mp4") == ticks[: facts["road"].frame_count]
    assert facts["road"].missing_count == len(ticks) - facts["road"].frame_count <= 1


def test_a_phone_file_that_is_cut_behind_its_index_tells_how_many_are_missing(
    made, session, copied, tmp_path
):
    whole = tmp_path / "whole.mp4"
    made.write_phone_video(whole, made.ROAD_S, made.ROAD_PX, index_first=True)
    road = copied / "phone" / "road.mp4"
    cut_file(whole, road, share=0.7)
    facts = write_videos(open_session(copied), RAW, tmp_path / "out")["road"]
    ticks = true_ticks(session, "road")
    assert 10 < facts.frame_count < made.ROAD_COUNT
    assert packet_ticks(tmp_path / "out" / "road.mp4") == ticks[: facts.frame_count]
    assert facts.frame_count + facts.missing_count == len(phone_ticks(road))


def test_padding_of_the_scene_camera_is_missing_and_counted(session, tmp_path, monkeypatch):
    world = session.recording().world
    monkeypatch.setitem(world.__dict__, "valid", np.arange(len(world.valid)) >= 5)
    facts = write_videos(session, RAW, tmp_path)
    ticks = ego_ticks(world.timestamp_ns)
    assert packet_ticks(tmp_path / "ego.mp4") == ticks[5:].tolist()
    assert facts["ego"].missing_count == 5


def test_a_file_that_is_no_video_is_an_error(copied, tmp_path):
    (copied / "phone" / "driver.mp4").write_bytes(b"no video at all")
    with pytest.raises(MediaError, match=r"driver\.mp4"):
        write_videos(open_session(copied), RAW, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_progress_rises_to_one(session, tmp_path):
    told: list[float] = []
    write_videos(session, RAW, tmp_path, progress=lambda phase, share: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 100
