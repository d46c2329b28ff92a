"""What is written for the viewer, read back with Rerun's own reader."""

import shutil
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest

import dashgaze
from dashgaze.errors import DashgazeError, MissingExtraError, OutputError
from dashgaze.media import read_frame_times
from dashgaze.session import open_session
from dashgaze.viewing import ViewOptions, show

WORLD = "eye_tracker/PI world v1 ps1.mp4"


@pytest.fixture
def rerun():
    return pytest.importorskip("rerun", reason="the extra `view` is not installed")


@pytest.fixture
def written(rerun, tmp_path):
    """Write a session and read it back: rows by entity, moving and static, and notes."""

    def write(root, **options):
        from rerun.chunk import RrdReader

        path = tmp_path / "drive.rrd"
        viewed = show(open_session(root), ViewOptions(**options), save=path)
        assert viewed.path == path
        moving, static = {}, {}
        reader = RrdReader(path)
        assert len(reader.recordings()) == 1
        assert len(reader.blueprints()) == 1
        for chunk in reader.stream():
            place = static if chunk.is_static else moving
            place.setdefault(chunk.entity_path, []).append(chunk.to_record_batch())
        return moving, static, viewed.notes

    return write


def column(batches, name):
    return [
        value
        for batch in batches
        for value in batch.column(batch.schema.names.index(name)).to_pylist()
    ]


def times_s(batches, clock):
    values = [
        batch.column(batch.schema.names.index(clock)).cast("int64").to_numpy() for batch in batches
    ]
    return np.concatenate(values) / 1e9


def test_all_streams_of_a_session_are_there(written, seen_drive):
    moving, static, notes = written(seen_drive)
    for entity in (
        "/road/video", "/ego/video", "/driver/video", "/road/gaze", "/ego/gaze", "/road/ellipse_95",
        "/plots/map_error/error_px", "/plots/speed/speed_m_s", "/plots/gyro", "/plots/accel",
        "/plots/time_error/road_ms", "/states/homography_source", "/states/eyes", "/events",
    ):  # fmt: skip
        assert entity in moving, entity
    assert "/notes" in static
    assert all(f"/{view}/video" in static for view in ("road", "ego", "driver"))
    assert len(notes) == 1  # the clocks were set by hand


def test_gaze_is_where_and_when_the_table_says(written, seen_drive):
    moving, _, _ = written(seen_drive, videos=False)
    table = pq.read_table(seen_drive / "derived" / "frames.parquet").to_pandas()
    gaze = moving["/road/gaze"]
    points = column(gaze, "Points2D:positions")
    assert len(points) == len(table)
    for row in (0, 15, 25, 40):
        known = table["homography_source"][row] != "none"
        assert points[row] == ([[100.0 + row, 50.0]] if known else [])
    tracker_s = (table["timestamp_ns"] - table["timestamp_ns"][0]).to_numpy() / 1e9
    assert times_s(gaze, "phone_clock") == pytest.approx((tracker_s + 1.0) / (1 + 31e-6), abs=1e-6)
    assert (times_s(gaze, "tracker_clock") * 1e9).astype("int64") == pytest.approx(
        table["timestamp_ns"].to_numpy(), abs=300
    )


def test_ellipses_have_their_axes(written, seen_drive):
    moving, _, _ = written(seen_drive, videos=False)
    strips = column(moving["/road/ellipse_95"], "LineStrips2D:strips")
    outline = np.array(strips[3][0])
    low, high = outline.min(axis=0), outline.max(axis=0)
    assert (high - low) / 2 == pytest.approx([2 * 2.4477, 2.4477], rel=0.01)
    assert (high + low) / 2 == pytest.approx([103, 50], abs=0.05)


def test_states_change_when_the_source_does(written, seen_drive):
    moving, _, _ = written(seen_drive, videos=False)
    states = [each[0] for each in column(moving["/states/homography_source"], "StateChange:state")]
    count = pq.read_metadata(seen_drive / "derived" / "frames.parquet").num_rows
    assert states == [("direct", "propagated", "none")[k % 3] for k in range(-(-count // 10))]


def test_videos_are_the_files_and_frames_are_at_their_times(written, seen_drive):
    moving, static, _ = written(seen_drive)
    blob = column(static["/road/video"], "AssetVideo:blob")[0][0]
    assert bytes(blob) == (seen_drive / "phone" / "road.mp4").read_bytes()
    road_s = read_frame_times(seen_drive / "phone" / "road.mp4").time_s
    assert times_s(moving["/road/video"], "phone_clock") == pytest.approx(road_s, abs=1e-8)
    stamps = column(moving["/driver/video"], "VideoFrameReference:timestamp")
    driver_s = read_frame_times(seen_drive / "phone" / "driver.mp4").time_s
    assert np.array(stamps).ravel() / 1e9 == pytest.approx(driver_s - driver_s[0], abs=1e-6)
    assert times_s(moving["/driver/video"], "phone_clock") == pytest.approx(driver_s, abs=1e-8)


def test_before_sync_both_clocks_stand_alone(written, made_drive):
    moving, _, notes = written(made_drive)
    assert any("dashgaze sync" in note for note in notes)
    assert any("dashgaze frames" in note for note in notes)
    assert "phone_clock" in moving["/road/video"][0].schema.names
    assert "tracker_clock" not in moving["/road/video"][0].schema.names
    assert "tracker_clock" in moving["/plots/gyro"][0].schema.names
    assert "phone_clock" not in moving["/plots/gyro"][0].schema.names


def test_missing_files_are_said(written, copy, seen_drive):
    root = copy(seen_drive)
    (root / "phone" / "driver.mp4").unlink()
    shutil.rmtree(root / "eye_tracker")
    (root / "derived" / "frames.parquet").write_bytes(b"no table")
    moving, static, notes = written(root)
    assert "/road/video" in moving
    assert "/ego/video" not in moving
    joined = " ".join(notes)
    for word in ("driver.mp4", "eye_tracker", "frames.parquet can't be read"):
        assert word in joined
        assert word in column(static["/notes"], "TextDocument:text")[0][0]


def test_other_codecs_and_turned_pictures_become_single_ones(
    written, copy, short_drive, seen_drive
):
    root = copy(seen_drive)
    short_drive.rewrite_video(
        root / "phone" / "road.mp4", 60, lambda _, luma: np.rot90(luma), rotation_deg=270
    )
    source = root / "phone" / "driver.mp4"
    short_drive.rewrite_video(source, 40, lambda _, luma: luma, to=root / "phone" / "driver.webm")
    source.unlink()
    short_drive.edit(root, "driver.mp4", "driver.webm")
    moving, _, notes = written(root)
    assert any("road.mp4 is shown as 5 pictures a second" in note for note in notes)
    assert any("driver.webm is shown" in note and "vp8" in note for note in notes)
    for entity, count in (("/road/video", 60), ("/driver/video", 40)):
        blobs = column(moving[entity], "EncodedImage:blob")
        assert len(blobs) == pytest.approx(count / 30 * 5, abs=1)
        assert bytes(blobs[0][0])[:2] == b"\xff\xd8"


def test_a_damaged_video_does_not_stop_the_rest(written, copy, seen_drive):
    root = copy(seen_drive)
    (root / "phone" / "road.mp4").write_bytes(b"no video at all")
    moving, _, notes = written(root)
    assert "/ego/video" in moving
    assert any("road.mp4" in note for note in notes)


def test_a_codec_that_can_t_be_decoded_is_said(written, copy, seen_drive):
    root = copy(seen_drive)
    path = root / "phone" / "driver.mp4"
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzz9").replace(b"avcC", b"zzzC"))
    moving, _, notes = written(root)
    assert "/driver/video" not in moving
    assert any("driver.mp4 (unknown) can't be decoded here" in note for note in notes)
    assert not any("driver.mp4 is shown" in note for note in notes)


def test_files_are_replaced_only_by_force(rerun, seen_drive, tmp_path):
    session, path = open_session(seen_drive), tmp_path / "a.rrd"
    options = ViewOptions(videos=False)
    assert dashgaze.view(session, options, save=path) == path
    before = path.read_bytes()
    with pytest.raises(OutputError, match="--force"):
        dashgaze.view(session, options, save=path)
    assert path.read_bytes() == before
    dashgaze.view(session, options, save=path, force=True)
    assert [each.name for each in tmp_path.iterdir()] == ["a.rrd"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.txt", "Let it end in .rrd"),
        ("none/a.rrd", "does not exist"),
    ],
)
def test_places_where_no_file_belongs(rerun, seen_drive, tmp_path, name, message):
    with pytest.raises(OutputError, match=message):
        show(open_session(seen_drive), save=tmp_path / name)


def test_the_recording_is_not_written_into(rerun, copy, seen_drive):
    root = copy(seen_drive)
    with pytest.raises(OutputError, match="never changed"):
        show(open_session(root), save=root / "eye_tracker" / "a.rrd")


def test_nothing_is_left_behind_when_it_fails(rerun, seen_drive, tmp_path, monkeypatch):
    def broken(*arguments):
        raise RuntimeError("no")

    monkeypatch.setattr("dashgaze.viewing.showing.log_numbers", broken)
    with pytest.raises(RuntimeError, match="no"):
        show(open_session(seen_drive), save=tmp_path / "a.rrd")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has none at times")
def test_without_a_display_a_file_is_suggested(rerun, seen_drive, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(DashgazeError, match=r"no display.*--save drive\.rrd"):
        show(open_session(seen_drive))


def test_a_viewer_that_does_not_start_is_told(rerun, seen_drive, monkeypatch):
    def spawn(self, **options):
        raise RuntimeError("Failed to find Rerun Viewer executable")

    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setattr(rerun.RecordingStream, "spawn", spawn)
    with pytest.raises(DashgazeError, match=r"does not start.*--save drive\.rrd"):
        show(open_session(seen_drive))


def test_a_missing_extra_is_named(seen_drive, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rerun", None)
    with pytest.raises(MissingExtraError, match=r'pip install "dashgaze\[view\]"'):
        show(open_session(seen_drive), save=tmp_path / "a.rrd")


def test_an_old_one_is_named(rerun, seen_drive, tmp_path, monkeypatch):
    monkeypatch.setattr(rerun, "__version__", "0.20.3")
    with pytest.raises(MissingExtraError, match=r"Rerun 0\.20\.3 is installed; 0\.41 or newer"):
        show(open_session(seen_drive), save=tmp_path / "a.rrd")
