"""Overlays of a short drive, looked at as anyone would: decoded."""

import dataclasses
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

import dashgaze
from dashgaze.collection.simulation.media_writer import cut_file
from dashgaze.errors import InputError, OutputError
from dashgaze.media import probe, read_frame_times
from dashgaze.rendering import RenderOptions, make_overlay
from dashgaze.rendering.layout import PANELS
from dashgaze.session import open_session

WORLD = "eye_tracker/PI world v1 ps1.mp4"
BRIEF = RenderOptions(start_s=2.6, end_s=2.9, width_px=640)
ROAD_ONLY = dataclasses.replace(BRIEF, panels=("road",), width_px=1280)


@pytest.fixture
def overlay(tmp_path):
    def render(root, options=BRIEF, name="overlay.mp4"):
        return make_overlay(open_session(root), tmp_path / name, options)

    return render


def road_panel(pictures):
    """The road view of an overlay that is 1280 px wide and shows nothing else."""
    return pictures[:, 38 : 38 + 720].astype(int)


def beside(root, step, start_s=2.6):
    """Row of the frame table beside a step of an overlay, by the truth of the clocks."""
    times = read_frame_times(root / "phone" / "road.mp4").time_s
    now = times[np.flatnonzero(times >= start_s)[step]]
    stamps = pq.read_table(root / "derived" / "frames.parquet")["timestamp_ns"].to_numpy()
    tracker_s = (stamps - stamps[0]) / 1e9
    return int(np.abs(tracker_s - (-1.0 + (1 + 31e-6) * now)).argmin())


def without_gaze(copy, write_columns, root, *, ego=False):
    """The same session, gaze taken out."""
    bare = copy(root, "bare/short")
    count = pq.read_table(bare / "derived" / "frames.parquet").num_rows
    view = "ego" if ego else "road"
    write_columns(bare, {f"gaze_{view}_{axis}_px": [None] * count for axis in "xy"})
    return bare


def test_times_are_those_of_the_road_video(filled, overlay, movie):
    written = overlay(filled)
    pictures, times_s = movie(written.path)
    road_s = read_frame_times(filled / "phone" / "road.mp4").time_s
    expected = road_s[(road_s >= 2.6) & (road_s < 2.9)]
    assert len(pictures) == written.frame_count == len(expected)
    assert times_s == pytest.approx(expected - expected[0], abs=2e-5)
    assert pictures.shape[1:3] == written.size_px[::-1]
    assert written.duration_s == pytest.approx(0.3, abs=0.05)


def test_the_road_mark_is_where_the_table_says(filled, overlay, copy, write_columns, movie):
    bare = without_gaze(copy, write_columns, filled)
    marked = road_panel(movie(overlay(filled, ROAD_ONLY, "a.mp4").path)[0])
    plain = road_panel(movie(overlay(bare, ROAD_ONLY, "b.mp4").path)[0])
    table = pq.read_table(filled / "derived" / "frames.parquet").to_pandas()
    seen = 0
    for step in range(len(marked)):
        row = table.iloc[beside(filled, step)]
        if not row["gaze_road_in_view"]:
            continue
        weight = np.abs(marked[step] - plain[step]).sum(axis=2) * 1.0
        weight[weight < 90] = 0
        y, x = np.indices(weight.shape)
        found = (x * weight).sum() / weight.sum(), (y * weight).sum() / weight.sum()
        # the picture is shown in twice its size
        expected = 2 * row["gaze_road_x_px"] + 0.5, 2 * row["gaze_road_y_px"] + 0.5
        assert found == pytest.approx(expected, abs=1.5), step
        seen += 1
    assert seen >= 5


def test_the_ego_mark_is_where_the_table_says(filled, overlay, copy, write_columns, movie):
    options = dataclasses.replace(BRIEF, panels=("ego",), width_px=1088)
    bare = without_gaze(copy, write_columns, filled, ego=True)
    written = overlay(filled, options, "a.mp4")
    marked = movie(written.path)[0].astype(int)
    plain = movie(overlay(bare, options, "b.mp4").path)[0].astype(int)
    row = pq.read_table(filled / "derived" / "frames.parquet").to_pandas().iloc[beside(filled, 4)]
    weight = np.abs(marked[4] - plain[4]).sum(axis=2) * 1.0
    weight[weight < 90] = 0
    y, x = np.indices(weight.shape)
    found = (x * weight).sum() / weight.sum(), (y * weight).sum() / weight.sum()
    header = 2 * round(2.0 * 16 / 2)
    assert found == pytest.approx((row["gaze_ego_x_px"], row["gaze_ego_y_px"] + header), abs=2)


def test_the_ellipse_has_its_axes(filled, overlay, copy, write_columns, movie):
    root = copy(filled)
    count = pq.read_table(root / "derived" / "frames.parquet").num_rows
    sizes = {"xx": 24.0**2, "xy": 0.0, "yy": 12.0**2}
    write_columns(root, {f"gaze_road_cov_{k}_px2": [v] * count for k, v in sizes.items()})
    bare = without_gaze(copy, write_columns, filled)
    marked = road_panel(movie(overlay(root, ROAD_ONLY, "a.mp4").path)[0])
    plain = road_panel(movie(overlay(bare, ROAD_ONLY, "b.mp4").path)[0])
    table = pq.read_table(root / "derived" / "frames.parquet").to_pandas()
    step = next(i for i in range(3, 9) if table.iloc[beside(root, i)]["gaze_road_in_view"])
    row = table.iloc[beside(root, step)]
    rows, columns = np.nonzero(np.abs(marked[step] - plain[step]).sum(axis=2) > 150)
    centre = 2 * row["gaze_road_x_px"] + 0.5, 2 * row["gaze_road_y_px"] + 0.5
    half = 2.4477 * 2 * 24, 2.4477 * 2 * 12
    assert (columns.min(), columns.max()) == pytest.approx(
        (max(0, centre[0] - half[0]), min(1279, centre[0] + half[0])), abs=4
    )
    assert (rows.min(), rows.max()) == pytest.approx(
        (max(0, centre[1] - half[1]), min(719, centre[1] + half[1])), abs=4
    )


def test_a_whole_session_lacks_nothing_but_exact_clocks(filled, overlay):
    assert [note[:40] for note in overlay(filled).notes] == [
        "The alignment of the clocks is doubtful. "[:40]
    ]


def test_before_sync_phone_views_are_shown_and_the_rest_is_said(made_drive, overlay, movie):
    written = overlay(made_drive)
    assert any("dashgaze sync" in note for note in written.notes)
    assert any("dashgaze frames" in note for note in written.notes)
    pictures, _ = movie(written.path)
    assert pictures[0][40:200].std() > 20


def test_before_align_gaze_is_shown_in_the_ego_view(framed, overlay):
    notes = overlay(framed).notes
    assert any("dashgaze align" in note for note in notes)
    assert not any("dashgaze frames" in note for note in notes)


def test_a_failed_sync_is_said(copy, filled, overlay):
    root = copy(filled)
    path = root / "derived" / "time_map.json"
    text = path.read_text(encoding="utf-8")
    import json

    content = json.loads(text) | {"verdict": "failed", "segments": []}
    path.write_text(json.dumps(content), encoding="utf-8")
    assert any("--manual-offset" in note for note in overlay(root).notes)


def test_without_a_driver_video(copy, filled, overlay):
    root = copy(filled)
    (root / "phone" / "driver.mp4").unlink()
    assert any("driver.mp4 does not exist" in note for note in overlay(root).notes)
    manifest = root / "session.yaml"
    lines = manifest.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.strip().startswith("driver:")]
    manifest.write_text("\n".join(kept), encoding="utf-8")
    assert any("names no driver video" in note for note in overlay(root, name="b.mp4").notes)


def test_without_a_road_video_the_ego_view_leads(copy, filled, overlay, movie):
    root = copy(filled)
    (root / "phone" / "road.mp4").unlink()
    written = overlay(root)
    assert any("road.mp4 does not exist" in note for note in written.notes)
    assert len(movie(written.path)[0]) == written.frame_count > 5


def test_without_any_video_there_is_nothing_to_show(copy, filled, overlay):
    root = copy(filled)
    (root / "phone" / "road.mp4").unlink()
    (root / WORLD).unlink()
    with pytest.raises(InputError, match="There is nothing to show"):
        overlay(root)


def test_an_eye_tracker_recording_that_can_t_be_read(copy, filled, overlay):
    root = copy(filled)
    shutil.rmtree(root / "eye_tracker")
    written = overlay(root)
    assert written.frame_count > 5
    assert any("eye_tracker" in note for note in written.notes)


def test_a_damaged_table_is_said(copy, filled, overlay):
    root = copy(filled)
    (root / "derived" / "frames.parquet").write_bytes(b"PAR1 no table")
    assert any("frames.parquet can't be read" in note for note in overlay(root).notes)


def test_a_table_of_another_recording_is_said(copy, filled, short_drive, overlay):
    root = copy(filled)
    stamps = root / f"{short_drive.WORLD}.time"
    stamps.write_bytes(stamps.read_bytes()[: 8 * 100])
    assert any("not of this recording" in note for note in overlay(root).notes)


def test_a_rotated_road_video_is_shown_upright(copy, filled, short_drive, overlay, movie):
    root = copy(filled)
    road = root / "phone" / "road.mp4"
    before = movie(overlay(root, ROAD_ONLY, "a.mp4").path)[0]
    short_drive.rewrite_video(road, 90, lambda _, luma: np.rot90(luma), rotation_deg=270)
    assert probe(road).video.rotation_deg == 270
    after = movie(overlay(root, ROAD_ONLY, "b.mp4").path)[0]
    assert after.shape == before.shape
    grey = [road_panel(each)[4, 100:500].mean(axis=2) for each in (before, after)]
    assert np.abs(grey[0] - grey[1]).mean() < 8


def test_a_tall_road_video_stands_beside_the_others(copy, filled, short_drive, overlay):
    root = copy(filled)
    short_drive.rewrite_video(
        root / "phone" / "road.mp4", 90, lambda _, luma: np.ascontiguousarray(np.rot90(luma))
    )
    written = overlay(root)
    assert written.size_px[1] <= 1.25 * written.size_px[0] + 60


def test_a_recording_in_parts_and_padding(copy, filled, short_drive, overlay, movie):
    """The second part is missing from the disk: what there is, is shown."""
    root = copy(filled)
    folder = root / "eye_tracker"
    stamps = (folder / "PI world v1 ps1.time").read_bytes()
    (folder / "PI world v1 ps1.time").write_bytes(stamps[: 8 * 50])
    (folder / "PI world v1 ps2.time").write_bytes(stamps[8 * 50 :])
    video = folder / "PI world v1 ps1.mp4"
    short_drive.rewrite_video(
        video, 70, lambda _, luma: luma, only=slice(50, 70), start_s=0.0,
        to=folder / "PI world v1 ps2.mp4",
    )  # fmt: skip
    short_drive.rewrite_video(video, 50, lambda _, luma: luma)
    options = dataclasses.replace(BRIEF, panels=("ego",), start_s=2.5, end_s=2.9)
    pictures, _ = movie(overlay(root, options).path)
    # ego frame 50 is taken at 2.67 s: both parts are in this, and no picture is a grey panel
    assert min(picture[60:].std() for picture in pictures) > 12


def test_damaged_pictures_are_said_in_their_place(copy, filled, short_drive, overlay, movie):
    root = copy(filled)
    short_drive.spoil_packets(root / "phone" / "road.mp4", range(80, 84))
    pictures, _ = movie(overlay(root, ROAD_ONLY).path)
    spread = [picture[100:700].std() for picture in pictures]
    assert min(spread) < 15
    assert max(spread) > 15


def test_a_video_that_breaks_off(copy, filled, overlay, movie):
    root = copy(filled)
    source = root / "phone" / "road.mp4"
    cut_file(source, root / "cut.mp4", share=0.5)
    shutil.move(root / "cut.mp4", source)
    options = dataclasses.replace(BRIEF, start_s=None, end_s=None, fps=5)
    try:
        written = overlay(root, options)
    except InputError:
        pytest.fail("the other views are there")
    assert written.frame_count > 5


def test_a_codec_that_can_t_be_decoded_is_said(copy, filled, overlay):
    root = copy(filled)
    path = root / "phone" / "driver.mp4"
    content = path.read_bytes()
    assert content.count(b"avc1") >= 1
    path.write_bytes(content.replace(b"avc1", b"zzz9").replace(b"avcC", b"zzzC"))
    notes = overlay(root).notes
    assert any("can't be decoded here. Convert it to H.264" in note for note in notes)


def test_consent_that_does_not_cover_faces_is_said(copy, filled, short_drive, overlay):
    root = copy(filled)
    short_drive.edit(root, "scope: raw", "scope: gaze_only")
    assert any("gaze_only" in note and "lab" in note for note in overlay(root).notes)
    assert not any("gaze_only" in note for note in overlay(root, ROAD_ONLY, "b.mp4").notes)


def test_a_calibration_of_another_size_leaves_the_projection_out(
    copy, filled, short_drive, overlay
):
    root = copy(filled)
    short_drive.rewrite_video(
        root / WORLD, 110, lambda _, luma: np.ascontiguousarray(luma[:540, :544])
    )
    options = dataclasses.replace(BRIEF, panels=("projected",))
    assert overlay(root, options).frame_count > 5


def test_every_view_can_be_shown_alone(filled, overlay):
    for panel in PANELS:
        options = dataclasses.replace(BRIEF, panels=(panel,), start_s=2.6, end_s=2.7)
        assert overlay(filled, options, f"{panel}.mp4").frame_count > 0


def test_nothing_is_left_behind_when_it_fails(filled, overlay, tmp_path, monkeypatch):
    def broken(*arguments, **options):
        raise RuntimeError("drawing failed")

    monkeypatch.setattr("dashgaze.rendering.scene.draw_header", broken)
    with pytest.raises(RuntimeError, match="drawing failed"):
        overlay(filled)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays_until_the_new_one_is_whole(filled, tmp_path):
    path = tmp_path / "overlay.mp4"
    path.write_bytes(b"old")
    session = open_session(filled)
    with pytest.raises(OutputError, match="exists"):
        dashgaze.render(session, path, BRIEF)
    assert path.read_bytes() == b"old"
    assert dashgaze.render(session, path, BRIEF, force=True) == path
    assert probe(path).video.codec == "h264"
    assert probe(path).audio is None


def test_progress_is_told(filled, tmp_path):
    told = []
    make_overlay(
        open_session(filled), tmp_path / "a.mp4", BRIEF,
        progress=lambda phase, share: told.append((phase, share)),
    )  # fmt: skip
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("rendering", 1.0)
