"""All tables of one session: with labels only, and with everything."""

import importlib.util
import json
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest

from dashgaze.dataset.consent import release_under
from dashgaze.dataset.tables.drive_tables import drive_tables, source_files
from dashgaze.dataset.tables.session_facts import LATER_COLUMNS
from dashgaze.dataset.tables.view_pts import ego_ticks, phone_ticks
from dashgaze.errors import InputError, ManifestError
from dashgaze.schemas.dataset_tables import (
    DATASET_FRAME_TABLE,
    DATASET_GAZE_TABLE,
    DATASET_SESSION_TABLE,
    FIXATION_TABLE,
)
from dashgaze.schemas.face_table import FACE_FIELDS
from dashgaze.session import open_session
from dashgaze.stages.frames import frames as frames_stage
from dashgaze.stages.sync import sync

made = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tables_made.py"))))
RAW = release_under("raw")
FACE_COLUMNS = [field.name for field in FACE_FIELDS]


@pytest.fixture(scope="module")
def tiny_drive(tmp_path_factory):
    """Half a minute with recordings; its clocks set by hand, its frames made. Not to be changed."""
    spec = importlib.util.spec_from_file_location(
        "tiny_session", Path(__file__).parents[1] / "tiny_session.py"
    )
    tiny = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tiny)
    session = open_session(tiny.write_session(tmp_path_factory.mktemp("tables") / "tiny"))
    sync(session, manual_offset_s=-0.6, manual_drift_ppm=0.0)
    frames_stage(session)
    return session


@pytest.fixture(scope="module")
def tiny_tables(tiny_drive):
    return drive_tables(tiny_drive, RAW)


@pytest.fixture
def copied(tiny_drive, tmp_path):
    return open_session(shutil.copytree(tiny_drive.root, tmp_path / "tiny"))


def derived(session, name):
    return pq.read_table(session.derived / f"{name}.parquet")


# --- with everything -------------------------------------------------------------------------------


def test_the_tables_have_the_schemas_of_the_data_set(tiny_tables):
    for table, schema in (
        (tiny_tables.frames, DATASET_FRAME_TABLE),
        (tiny_tables.gaze, DATASET_GAZE_TABLE),
        (tiny_tables.fixations, FIXATION_TABLE),
    ):
        assert table.schema.equals(schema.to_arrow(), check_metadata=True)
    wanted = [name for name in DATASET_SESSION_TABLE.column_names if name not in LATER_COLUMNS]
    assert list(tiny_tables.session) == wanted


def test_what_the_stages_found_is_not_changed(tiny_drive, tiny_tables):
    for name, table in (("frames", tiny_tables.frames), ("gaze", tiny_tables.gaze)):
        before = derived(tiny_drive, name)
        same = [column for column in before.column_names if column != "timestamp_ns"]
        assert table.select(same).equals(before.select(same))


def test_time_counts_from_the_first_ego_frame(tiny_drive, tiny_tables):
    stamps = derived(tiny_drive, "frames")["timestamp_ns"].to_numpy()
    assert (tiny_tables.frames["time_ns"].to_numpy() == stamps - stamps[0]).all()
    samples = derived(tiny_drive, "gaze")["timestamp_ns"].to_numpy()
    assert (tiny_tables.gaze["time_ns"].to_numpy() == samples - stamps[0]).all()
    assert tiny_tables.gaze["time_ns"][0].as_py() < 0, "gaze starts before the scene camera"


def test_each_frame_says_when_its_pictures_are_shown(tiny_drive, tiny_tables):
    stamps = derived(tiny_drive, "frames")["timestamp_ns"].to_numpy()
    rows = tiny_tables.frames.select(
        [f"{view}_{what}" for view in ("road", "driver") for what in ("frame_index", "pts")]
    ).to_pylist()
    road, driver = phone_ticks(tiny_drive.road_path), phone_ticks(tiny_drive.driver_path)
    assert tiny_tables.frames["ego_pts"].to_pylist() == ego_ticks(stamps).tolist()
    for row in rows:
        for view, ticks in (("road", road), ("driver", driver)):
            index = row[f"{view}_frame_index"]
            assert row[f"{view}_pts"] == (None if index is None else ticks[index])
    assert sum(row["road_pts"] is not None for row in rows) > 900


def test_a_frame_of_padding_has_no_picture(copied):
    frames = derived(copied, "frames")
    place = frames.column_names.index("ego_frame_valid")
    valid = np.arange(frames.num_rows) != 5
    field = frames.schema.field(place)
    made.write_table(
        copied.derived / "frames.parquet", frames.set_column(place, field, [valid.tolist()])
    )
    pts = drive_tables(copied, RAW).frames["ego_pts"].to_pylist()
    assert pts[5] is None
    assert None not in pts[:5] + pts[6:]
    assert pts[6] == 18_000


def test_the_session_is_described_by_manifest_record_and_recordings(tiny_drive, tiny_tables):
    record = json.loads((tiny_drive.derived / "frames.json").read_text(encoding="utf-8"))
    facts = tiny_tables.session
    for name, value in record["session"].items():
        if name != "recorded_at":
            assert facts[name] == value, name
    assert "recorded_at" not in facts, "the date does not leave the lab"
    assert facts["local_hour"] == 9
    assert (facts["road_width_px"], facts["road_height_px"]) == (96, 64)
    assert facts["gaze_valid_share"] == 1.0
    assert facts["gaze_road_share"] is None, "null before align"
    assert facts["direct_share"] is None
    assert facts["homography_error_median_px"] is None


def test_conditions_are_those_that_the_manifest_says_now(copied):
    path = copied.root / "session.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("weather: clear", "weather: fog"),
        encoding="utf-8",
    )
    facts = drive_tables(open_session(copied.root), release_under("blurred")).session
    assert facts["weather"] == "fog"
    assert facts["consent_scope"] == "blurred", "the narrowest of all of the driver's sessions"
    assert facts["consent_version"] == "1.0"


def test_a_phone_video_that_is_another_than_the_table_was_made_with_is_refused(copied, tmp_path):
    shutil.copy(copied.driver_path, copied.road_path)  # 640 frames instead of 800
    with pytest.raises(InputError, match=r"road\.mp4 has 640 frames.*`dashgaze frames`"):
        drive_tables(copied, RAW)


def test_a_record_that_says_nothing_of_the_session_is_refused(copied):
    (copied.derived / "frames.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"frames\.json does not describe the session"):
        drive_tables(copied, RAW)


@pytest.mark.parametrize("said", [True, False])
def test_faces_of_pictures_turned_the_other_way_are_refused(copied, said):
    (copied.derived / "faces.parquet").write_bytes(b"")
    (copied.derived / "faces.json").write_text(json.dumps({"options": {"driver_mirrored": said}}))
    expected = "turned back, but session" if said else "can't be read"
    with pytest.raises(InputError, match=expected):  # session.yaml does not say that it is mirrored
        drive_tables(copied, RAW)


def test_without_a_record_the_recording_is_asked(copied):
    (copied.derived / "frames.json").unlink()
    facts = drive_tables(copied, RAW).session
    assert facts["scene_camera_origin"] == "calibration.bin"
    assert facts["eye_tracker_kind"] == "pupil_invisible"
    assert facts["sync_verdict"] == "doubtful", "as ever when set by hand"
    assert facts["sync_method"] == "manual"
    assert facts["gaze_sample_count"] == derived(copied, "gaze").num_rows
    assert copied.eye_tracker_path in source_files(copied)


def test_raw_gaze_may_be_left_out_and_fixations_stay_the_same(tiny_drive, tiny_tables):
    without = drive_tables(tiny_drive, RAW, raw_gaze=False)
    assert without.gaze is None
    assert without.fixations.equals(tiny_tables.fixations)
    assert without.session == tiny_tables.session


def test_no_wall_clock_and_no_place_is_in_anything(tiny_drive, tiny_tables):
    epoch_ns = 1_000_000_000 * 10**9
    for table in (tiny_tables.frames, tiny_tables.gaze, tiny_tables.fixations):
        for name in table.column_names:
            assert not any(word in name for word in ("timestamp", "latitude", "longitude"))
            if name.endswith("_ns"):
                assert max(map(abs, table[name].to_pylist())) < epoch_ns
    said = json.dumps([tiny_tables.session, tiny_tables.notes])
    assert "2026" not in said
    assert str(tiny_drive.root) not in said


def test_everything_that_the_tables_depend_on_is_listed(tiny_drive):
    root = tiny_drive.root
    names = [path.relative_to(root).as_posix() for path in source_files(tiny_drive)]
    assert names == sorted(names)
    assert names == [
        "derived/frames.json",
        "derived/frames.parquet",
        "derived/gaze.parquet",
        "derived/time_map.json",
        "phone/driver.mp4",
        "phone/location.csv",
        "phone/road.mp4",
        "session.yaml",
    ]


def test_the_record_of_align_is_one_of_them_by_the_name_that_the_stage_gives_it(copied):
    from dashgaze.stages.align import ALIGN_RECORD_NAME

    (copied.derived / ALIGN_RECORD_NAME).write_text("{}", encoding="utf-8")
    assert copied.derived / ALIGN_RECORD_NAME in source_files(copied)


# --- faces -----------------------------------------------------------------------------------------


def faces_of(tmp_path, faces, release=RAW, **columns):
    frames = made.frame_table(**{"driver_frame_index": [3, 3, None, 5, 7, 9]} | columns)
    return drive_tables(made.write_session(tmp_path, frames=frames, faces=faces), release)


def test_a_face_stands_beside_each_frame_that_has_its_driver_frame(tmp_path):
    faces = made.face_table(
        [9, 3, 5, 4], face_x_px=[90.0, 30.0, None, 40.0], head_yaw_deg=[-9.0, -3.0, None, -4.0]
    )
    found = faces_of(tmp_path, faces).frames
    assert found["face_x_px"].to_pylist() == [30.0, 30.0, None, None, None, 90.0]
    assert found["head_yaw_deg"].to_pylist() == [-3.0, -3.0, None, None, None, -9.0]
    assert found["nose_x_px"].null_count == 6


def test_who_agreed_to_gaze_only_shows_no_face_numbers(tmp_path):
    faces = made.face_table([3, 5, 7, 9], **dict.fromkeys(FACE_COLUMNS, 1.0))
    assert faces_of(tmp_path, faces, release_under("blurred")).frames["face_x_px"].null_count == 1
    tables = faces_of(tmp_path, faces, release_under("gaze_only"))
    for name in FACE_COLUMNS:
        assert tables.frames[name].null_count == 6, name
    assert any("consent" in note for note in tables.notes)
    assert tables.session["consent_scope"] == "gaze_only"


def test_without_a_face_table_or_a_face_in_it_the_columns_are_null(tmp_path):
    tables = faces_of(tmp_path / "a", None)
    assert tables.frames["face_x_px"].null_count == 6
    assert any("no face was looked for" in note for note in tables.notes)
    assert faces_of(tmp_path / "b", made.face_table([])).frames["face_x_px"].null_count == 6


def test_two_faces_of_one_driver_frame_are_refused(tmp_path):
    with pytest.raises(InputError, match="has a frame of the driver video twice"):
        faces_of(tmp_path, made.face_table([3, 3]))


def test_faces_of_another_session_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"faces\.parquet is of session s2"):
        faces_of(tmp_path, made.face_table([3], session_id="s2"))


# --- labels only -----------------------------------------------------------------------------------


def test_a_session_of_labels_only_says_what_is_known_and_null_else(tmp_path):
    frames = made.frame_table(
        ego_frame_valid=[True, True, True, True, False, False],
        gaze_ego_x_px=[1.0, 1.0, 1.0, None, None, 1.0],
        gaze_road_x_px=[1.0, 1.0, None, None, None, None],
        homography_source=["direct", "propagated", "none", "none", "direct", None],
        homography_error_px=[1.0, 4.0, None, None, 2.0, None],
        road_frame_index=list(range(6)),
    )
    tables = drive_tables(made.write_session(tmp_path, frames=frames), RAW)
    facts = tables.session
    assert facts["frame_count"] == 6
    assert facts["valid_frame_count"] == 4
    assert facts["duration_s"] == 0.2
    assert facts["gaze_valid_share"] == 0.75
    assert facts["gaze_road_share"] == 0.5
    assert facts["direct_share"] == 0.25
    assert facts["homography_error_median_px"] == 2.0
    assert facts["local_hour"] == 15, "by the clock of the place"
    assert facts["eye_tracker_kind"] == "neon"
    assert facts["scene_camera_origin"] == "default", "no camera is known but the typical one"
    assert facts["gaze_sample_count"] == 0, "there is no raw gaze table"
    unknown = ("fixation_method", "blink_method", "sync_verdict", "sync_method", "road_width_px")
    unknown += ("driver_width_px", "driver_height_px", "road_focal_px", "road_focal_origin")
    assert all(facts[name] is None for name in (*unknown, "sync_offset_se_ms", "sync_drift_ppm"))
    assert tables.gaze is None
    assert tables.frames["road_pts"].null_count == 6, "the road video is not there"
    assert tables.frames["ego_pts"].to_pylist() == [0, 3600, 7200, 10_800, None, None]
    assert any("no recording beside the tables" in note for note in tables.notes)
    assert [path.name for path in source_files(open_session(tmp_path))] == [
        "frames.parquet",
        "session.yaml",
    ]


def test_shares_of_nothing_are_null(tmp_path):
    frames = made.frame_table(ego_frame_valid=False, homography_source="none")
    facts = drive_tables(made.write_session(tmp_path, frames=frames), RAW).session
    assert facts["gaze_valid_share"] is None
    assert facts["gaze_road_share"] is None


def test_without_a_date_the_hour_is_null(tmp_path):
    manifest = "\n".join(
        line for line in made.MANIFEST.splitlines() if not line.startswith("recorded_at")
    )
    facts = drive_tables(made.write_session(tmp_path, manifest=manifest), RAW).session
    assert facts["local_hour"] is None


def test_who_drove_has_to_be_known(tmp_path):
    manifest = made.MANIFEST.replace("driver_id: D01\n", "")
    session = made.write_session(tmp_path, manifest=manifest)
    with pytest.raises(ManifestError, match="Add the line `driver_id: D01`"):
        drive_tables(session, RAW)


def test_notes_say_what_is_missing_without_naming_a_path(tmp_path):
    notes = drive_tables(made.write_session(tmp_path), RAW).notes
    for what in ("face", "raw gaze", "road frame", "driver frame", "Blinks", "`align`"):
        assert any(what in note for note in notes), what
    assert not any(str(tmp_path) in note for note in notes)


# --- after all stages ------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_drive_with_all_stages_run_has_gaze_in_the_road_view(short_drive, made_drive, tmp_path):
    root = short_drive.copy_of(made_drive, tmp_path / "s", ego_frames=30)
    session = short_drive.set_clocks(root)
    short_drive.align(session, workers=1)
    tables = drive_tables(session, RAW)
    frames, gaze = tables.frames.to_pandas(), tables.gaze.to_pandas()
    valid = frames[frames["ego_frame_valid"]]
    facts = tables.session
    assert facts["gaze_road_share"] == pytest.approx(valid["gaze_road_x_px"].notna().mean())
    assert facts["gaze_road_share"] > 0.5
    assert facts["direct_share"] == pytest.approx((valid["homography_source"] == "direct").mean())
    assert facts["homography_error_median_px"] == pytest.approx(
        frames["homography_error_px"].median(), rel=1e-6
    )
    assert (facts["road_width_px"], facts["road_height_px"]) == short_drive.ROAD_SIZE
    assert (facts["driver_width_px"], facts["driver_height_px"]) == (640, 360)
    assert facts["road_focal_origin"] == "alignment"
    assert 0.5 * facts["road_width_px"] < facts["road_focal_px"] < 2 * facts["road_width_px"]
    assert not any("`align`" in note for note in tables.notes)
    rows = tables.fixations.to_pandas().set_index("fixation_id")
    assert len(rows) > 0
    counted = gaze[gaze["worn"] & gaze["gaze_ego_x_px"].notna() & gaze["blink_id"].isna()]
    for number, mine in counted.groupby("fixation_id"):
        road = mine["gaze_road_x_px"].dropna().astype(float)
        assert rows.loc[number, "sample_count"] == len(mine)
        assert rows.loc[number, "gaze_road_x_px"] == pytest.approx(road.mean(), nan_ok=True)
