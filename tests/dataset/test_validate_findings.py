"""`validate`: a sound data set has no finding; each planted fault is found, and told where it is."""

import hashlib
import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from dashgaze.analysis.study.packed_dataset import open_dataset
from dashgaze.dataset.reading.validate import validate
from dashgaze.errors import InputError
from dashgaze.schemas.dataset_tables import DATASET_GAZE_TABLE, LOCATION_TABLE

FRAMES = "frames/train/session_002.parquet"
FIXATIONS = "fixations/train/session_002.parquet"
SESSIONS = "sessions/train.parquet"


def errors(folder, **how) -> dict[str, list]:
    """Give the findings by their code."""
    found: dict[str, list] = {}
    for finding in validate(folder, **how).findings:
        found.setdefault(finding.code, []).append(finding)
    return found


def only(folder, code, *, file=None, says="", **how):
    """Check that there is one kind of finding, in one file, with an advice."""
    found = errors(folder, **how)
    assert set(found) == {code}
    finding = found[code][0]
    assert file is None or finding.file == file
    assert says in finding.message
    assert finding.fix
    return finding


def edit_manifest(folder, edit):
    path = folder / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def edit_head(folder, small_dataset, edit):
    """Change the card's head, and take the card as it is then into the manifest."""
    path = folder / "README.md"
    _, head, text = path.read_text(encoding="utf-8").split("---\n", 2)
    content = yaml.safe_load(head)
    edit(content)
    path.write_text(f"---\n{yaml.safe_dump(content, sort_keys=False)}---\n{text}", encoding="utf-8")

    def enter(manifest):
        for file in manifest["files"]:
            if file["path"] == "README.md":
                file["size_bytes"] = path.stat().st_size
                file["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()

    edit_manifest(folder, enter)
    small_dataset.write_checksums(folder)


def test_a_sound_data_set_has_no_findings(made_dataset):
    report = validate(made_dataset, deep=True, release=True)
    assert report.findings == ()
    assert report.ok
    assert report.session_count == 6
    assert report.rows["frames"] == 2160
    assert report.rows["sessions"] == 6
    assert json.loads(json.dumps(report.to_json()))["ok"] is True


def test_progress_ascends_to_one(made_dataset):
    said = []
    validate(made_dataset, progress=lambda phase, share: said.append(share))
    assert said == sorted(said)
    assert said[-1] == 1.0


class TestFiles:
    def test_what_is_no_data_set_is_bad_input(self, tmp_path):
        with pytest.raises(InputError, match="no packed data set"):
            validate(tmp_path)

    def test_a_broken_manifest_is_the_only_finding(self, dataset_copy):
        (dataset_copy / "manifest.json").write_text('{"schema": 1}', encoding="utf-8")
        only(dataset_copy, "MANIFEST_UNREADABLE", file="manifest.json")

    def test_a_lost_file(self, dataset_copy):
        (dataset_copy / FIXATIONS).unlink()
        assert "FILE_MISSING" in errors(dataset_copy)

    def test_one_flipped_byte(self, dataset_copy):
        path = dataset_copy / "LICENSE"
        content = bytearray(path.read_bytes())
        content[3] ^= 1
        path.write_bytes(content)
        only(dataset_copy, "FILE_CHANGED", file="LICENSE")

    def test_a_flipped_byte_in_a_video_is_found_when_looking_deep(self, dataset_copy):
        name = "videos/session_001/road.mp4"
        content = bytearray((dataset_copy / name).read_bytes())
        content[-3] ^= 1
        (dataset_copy / name).write_bytes(content)
        assert "FILE_CHANGED" not in errors(dataset_copy)
        assert errors(dataset_copy, deep=True)["FILE_CHANGED"][0].file == name

    def test_a_file_of_another_length(self, dataset_copy):
        with (dataset_copy / "DUA.md").open("a") as file:
            file.write("one more line\n")
        found = errors(dataset_copy)
        assert found["FILE_SIZE"][0].file == "DUA.md"

    def test_a_file_that_is_not_listed(self, dataset_copy):
        (dataset_copy / "videos" / "raw.mov").write_bytes(b"x")
        only(dataset_copy, "FILE_UNLISTED", file="videos/raw.mov")

    def test_traces_of_file_managers_and_of_the_hubs_client_are_let_be(self, dataset_copy):
        (dataset_copy / ".DS_Store").write_bytes(b"x")
        (dataset_copy / ".cache" / "huggingface").mkdir(parents=True)
        (dataset_copy / ".cache" / "huggingface" / "x.lock").touch()
        assert validate(dataset_copy).findings == ()

    def test_checksums_of_something_else(self, dataset_copy):
        path = dataset_copy / "checksums.sha256"
        path.write_text(path.read_text().replace("LICENSE", "LICENCE"), encoding="utf-8")
        found = errors(dataset_copy)
        assert {finding.file for finding in found["CHECKSUMS_DIFFER"]} == {"LICENSE", "LICENCE"}
        path.unlink()
        only(dataset_copy, "CHECKSUMS_MISSING")

    def test_a_path_that_leads_out_is_not_followed(self, dataset_copy, small_dataset):
        def edit(content):
            content["files"][0]["path"] = "../manifest.json"

        edit_manifest(dataset_copy, edit)
        assert "FILE_OUTSIDE" in errors(dataset_copy)

    def test_a_build_that_the_files_don_t_make(self, dataset_copy, small_dataset):
        edit_manifest(dataset_copy, lambda content: content.update(build="0" * 16))
        small_dataset.write_checksums(dataset_copy)
        assert {"BUILD_WRONG", "CARD_BUILD"} == set(errors(dataset_copy))


class TestCard:
    @pytest.mark.parametrize(
        ("edit", "code"),
        [
            (lambda head: head["configs"].reverse(), "CARD_FRAMES_FIRST"),
            (lambda head: head["configs"][0].pop("default"), "CARD_FRAMES_FIRST"),
            (lambda head: head["configs"][2].pop("version"), "CARD_VERSION"),
            (lambda head: head["configs"][1].update(description="build-old"), "CARD_BUILD"),
            (
                lambda head: head.update(dataset_info=[{"config_name": "frames", "splits": []}]),
                "CARD_SPLIT_SIZES",
            ),
            (
                lambda head: head["configs"][2]["data_files"][0].update(split="train-a"),
                "CARD_SPLIT",
            ),
            (
                lambda head: head["configs"][2]["data_files"][0].update(path="fixations/x/*"),
                "CARD_PATTERN",
            ),
            (lambda head: head["configs"].pop(2), "CARD_CONFIG_MISSING"),
        ],
    )
    def test_each_rule_of_the_card(self, dataset_copy, small_dataset, edit, code):
        edit_head(dataset_copy, small_dataset, edit)
        only(dataset_copy, code, file="README.md")

    def test_a_card_without_a_head(self, dataset_copy, small_dataset):
        (dataset_copy / "README.md").write_text("# DashGaze\n", encoding="utf-8")
        assert "CARD_UNREADABLE" in errors(dataset_copy)


class TestSchema:
    def change(self, folder, small_dataset, edit):
        small_dataset.change(folder, FRAMES, edit)

    def test_a_column_that_one_shard_lacks(self, dataset_copy, small_dataset):
        self.change(dataset_copy, small_dataset, lambda t: t.drop_columns(["saccade"]))
        only(dataset_copy, "SHARD_SCHEMA", file=FRAMES, says="It lacks saccade: a loader would")

    def test_a_column_of_its_own(self, dataset_copy, small_dataset):
        self.change(dataset_copy, small_dataset, lambda t: t.append_column("mood", t["session_id"]))
        only(dataset_copy, "SHARD_SCHEMA", says="columns of its own: mood")

    def test_a_column_twice(self, dataset_copy, small_dataset):
        self.change(dataset_copy, small_dataset, lambda t: t.append_column("saccade", t["saccade"]))
        only(dataset_copy, "SHARD_SCHEMA", says="It has saccade twice")
        with pytest.raises(InputError, match="it has the column saccade twice"):
            list(map(open_dataset(dataset_copy).session, open_dataset(dataset_copy).rows))

    def test_another_type(self, dataset_copy, small_dataset):
        def widen(table):
            number = table.column_names.index("gyro_x_deg_s")
            wide = table["gyro_x_deg_s"].cast(pa.float64())
            return table.set_column(number, pa.field("gyro_x_deg_s", pa.float64()), wide)

        self.change(dataset_copy, small_dataset, widen)
        only(dataset_copy, "SHARD_SCHEMA", says="gyro_x_deg_s is double; float was expected")

    def test_a_column_that_may_be_null_and_must_not(self, dataset_copy, small_dataset):
        def loosen(table):
            number = table.column_names.index("time_ns")
            field = table.schema.field(number).with_nullable(True)
            return table.set_column(number, field, table["time_ns"])

        self.change(dataset_copy, small_dataset, loosen)
        only(dataset_copy, "SHARD_SCHEMA", says="time_ns may be null there")

    def test_another_number_of_rows_than_listed(self, dataset_copy):
        def edit(content):
            next(f for f in content["files"] if f["path"] == FRAMES)["rows"] = 7

        edit_manifest(dataset_copy, edit)
        assert errors(dataset_copy)["SHARD_ROWS"][0].file == FRAMES

    def test_what_is_no_parquet(self, dataset_copy, small_dataset):
        size = (dataset_copy / FIXATIONS).stat().st_size
        (dataset_copy / FIXATIONS).write_bytes(b"x" * size)
        assert errors(dataset_copy)["SHARD_UNREADABLE"][0].file == FIXATIONS

    def test_videos_that_would_be_decoded_in_every_row(self, dataset_copy, small_dataset):
        path = dataset_copy / SESSIONS
        table = pq.read_table(path)
        metadata = dict(table.schema.metadata)
        metadata[b"huggingface"] = metadata[b"huggingface"].replace(b"false", b"true")
        pq.write_table(table.replace_schema_metadata(metadata), path)
        small_dataset.seal(dataset_copy)
        only(dataset_copy, "SHARD_SCHEMA", file=SESSIONS, says="needs torchcodec")

    def test_a_json_schema_of_something_else(self, dataset_copy):
        path = dataset_copy / "schemas" / "dataset_frames_v2.schema.json"
        path.write_text("{}", encoding="utf-8")
        assert "SCHEMA_FILE" in errors(dataset_copy)


class TestSplits:
    def test_a_driver_in_two_splits(self, dataset_copy, small_dataset):
        def edit(content):
            content["sessions"][5]["driver_id"] = content["sessions"][0]["driver_id"]

        edit_manifest(dataset_copy, edit)
        found = errors(dataset_copy)
        assert "driver D001 in test and train" in found["LEAK_DRIVER"][0].message

    def test_a_fold_with_a_session_or_a_driver_in_two_splits(self, dataset_copy, small_dataset):
        fold = {"train": ["session_001", "session_002"], "test": ["session_002", "session_005"]}
        small_dataset.seal(dataset_copy, folds={"fold_0": fold})
        found = errors(dataset_copy)
        assert set(found) == {"LEAK_SESSION", "LEAK_DRIVER"}
        assert "Fold fold_0 has session session_002" in found["LEAK_SESSION"][0].message

    def test_a_configuration_of_the_card_that_mixes_splits(self, dataset_copy, small_dataset):
        files = [
            {"split": "train", "path": "frames/train/*.parquet"},
            {"split": "test", "path": FRAMES},
        ]
        build = json.loads((dataset_copy / "manifest.json").read_text())["build"]
        config = {"config_name": "bad", "version": "1.0.0", "description": f"build-{build}"}
        edit_head(
            dataset_copy,
            small_dataset,
            lambda head: head["configs"].append(config | {"data_files": files}),
        )
        assert set(errors(dataset_copy)) == {"LEAK_SESSION", "LEAK_DRIVER"}

    def test_a_shard_in_the_folder_of_another_split(self, dataset_copy, small_dataset):
        (dataset_copy / "frames/test/session_002.parquet").write_bytes(
            (dataset_copy / FRAMES).read_bytes()
        )
        (dataset_copy / FRAMES).unlink()
        small_dataset.seal(dataset_copy)
        assert {"SPLIT_OF_FILE", "LEAK_SESSION"} & set(errors(dataset_copy))


class TestValues:
    @pytest.mark.parametrize(
        ("column", "value", "code"),
        [
            ("gaze_azimuth_deg", 181.0, "VALUE_OUT_OF_RANGE"),
            ("gaze_elevation_deg", -90.5, "VALUE_OUT_OF_RANGE"),
            ("homography_hops", -1, "VALUE_OUT_OF_RANGE"),
            ("speed_m_s", -1.0, "VALUE_OUT_OF_RANGE"),
            ("fixation_id", -1, "VALUE_OUT_OF_RANGE"),
            ("homography_source", "guessed", "VALUE_NOT_IN_SET"),
            ("gyro_y_deg_s", float("nan"), "VALUE_NO_NUMBER"),
            ("vanishing_point_x_px", float("inf"), "VALUE_NO_NUMBER"),
            ("gaze_ego_median_x_px", -1.0, "VALUE_SENTINEL"),
            ("gaze_ego_median_y_px", 9999.0, "VALUE_SENTINEL"),
        ],
    )
    def test_a_value_that_can_t_be(self, dataset_copy, small_dataset, column, value, code):
        frames = pq.read_table(dataset_copy / FRAMES)
        rows = [n for n, each in enumerate(frames[column].to_pylist()) if each is not None][:3]
        small_dataset.change(
            dataset_copy, FRAMES, lambda table: small_dataset.put(table, column, value, rows)
        )
        found = errors(dataset_copy)
        assert found[code][0].file == FRAMES
        assert column in found[code][0].message

    @pytest.mark.parametrize("share", [-0.1, 1.1])
    def test_a_share_beyond_its_ends(self, dataset_copy, small_dataset, share):
        small_dataset.change(
            dataset_copy,
            FIXATIONS,
            lambda t: small_dataset.put(t, "gaze_road_in_view_share", share, [0]),
        )
        only(dataset_copy, "VALUE_OUT_OF_RANGE", file=FIXATIONS)


class TestRelations:
    @pytest.mark.parametrize(
        ("path", "column", "value", "rows", "code"),
        [
            (FRAMES, "frame_index", 8, [7], "ROWS_ORDER"),
            (FRAMES, "time_ns", 5, [0], "ROWS_TIME"),
            (FRAMES, "time_ns", 5, [9], "ROWS_TIME"),
            (FRAMES, "gaze_road_in_view", None, range(360), "VALUES_APART"),
            (FRAMES, "gaze_sample_count", 0, range(360), "GAZE_SAMPLES"),
            (FRAMES, "gaze_road_cov_xy_px2", 1e6, range(360), "COVARIANCE_WRONG"),
            (FRAMES, "fixation_id", 10_000, range(100, 200), "FIXATION_UNKNOWN"),
            (FRAMES, "ego_pts", 7, [200], "PTS_ORDER"),
            (FIXATIONS, "offset_ns", 0, [5], "FIXATION_TIME"),
            (FIXATIONS, "fixation_id", 0, [1, 2], "FIXATION_TWICE"),
            (FIXATIONS, "last_frame_index", 360, [3], "FIXATION_FRAMES"),
            (SESSIONS, "frame_count", 361, [1], "SESSION_COUNTS"),
            (SESSIONS, "driver_id", "D999", [1], "SESSION_DIFFERS"),
            (SESSIONS, "consent_scope", "blurred", [1], "SESSION_DIFFERS"),
            (SESSIONS, "session_id", "session_001", [1], "SESSION_ROWS"),
        ],
    )
    def test_tables_that_contradict_themselves(
        self, dataset_copy, small_dataset, path, column, value, rows, code
    ):
        table = pq.read_table(dataset_copy / path)
        known = [row for row in rows if table[column][row].as_py() is not None]
        small_dataset.change(
            dataset_copy, path, lambda table: small_dataset.put(table, column, value, known)
        )
        assert code in errors(dataset_copy)

    def test_in_view_that_contradicts_the_size_of_the_road_picture(
        self, dataset_copy, small_dataset
    ):
        frames = pq.read_table(dataset_copy / FRAMES)
        inside = frames["gaze_road_in_view"].to_pylist().index(True)
        small_dataset.change(
            dataset_copy,
            FRAMES,
            lambda table: small_dataset.put(table, "gaze_road_in_view", False, [inside]),
        )
        only(dataset_copy, "IN_VIEW_WRONG", file=FRAMES, says="1280 × 720")

    def test_road_pts_that_differ_for_one_frame(self, dataset_copy, small_dataset):
        path = "frames/train/session_001.parquet"
        small_dataset.change(
            dataset_copy, path, lambda t: small_dataset.put(t, "road_frame_index", 50, [51])
        )
        only(dataset_copy, "PTS_ORDER", file=path, says="road_pts")


class TestPrivacy:
    def test_a_column_that_tells_the_time_of_day(self, dataset_copy, small_dataset):
        small_dataset.change(
            dataset_copy,
            SESSIONS,
            lambda t: t.append_column("recorded_at", t["session_id"]),
        )
        assert errors(dataset_copy)["PRIVATE_COLUMN"][0].file == SESSIONS

    def test_times_of_a_clock_on_the_wall(self, dataset_copy, small_dataset):
        start = 1_770_026_508_333_277_104
        small_dataset.change(
            dataset_copy,
            FRAMES,
            lambda t: small_dataset.put(t, "time_ns", np.asarray(t["time_ns"]) + start),
        )
        assert "WALL_CLOCK" in errors(dataset_copy)

    def test_face_numbers_of_a_driver_who_agreed_to_gaze_only(
        self, small_dataset, small_labels, tmp_path
    ):
        folder = small_dataset.build(
            tmp_path / "dashgaze", small_labels, scopes={"session_002": "gaze_only"}
        )
        assert validate(folder).findings == ()
        small_dataset.change(
            folder, FRAMES, lambda t: small_dataset.put(t, "head_yaw_deg", 1.0, [4])
        )
        only(folder, "CONSENT_EXCEEDED", file=FRAMES, says="head_yaw_deg")

    @pytest.mark.parametrize(
        ("scope", "column", "state"),
        [
            ("blurred", "driver_pictures", "raw"),
            ("gaze_only", "driver_pictures", "blurred"),
            ("gaze_only", "outward_pictures", "anonymized"),
            ("raw", "outward_pictures", "as_recorded"),
        ],
    )
    def test_more_pictures_than_the_consent_allows(
        self, dataset_copy, small_dataset, scope, column, state
    ):
        def edit(content):
            content["sessions"][1] |= {"consent_scope": scope, column: state}

        edit_manifest(dataset_copy, edit)
        found = errors(dataset_copy)
        assert f"session_002: {column.split('_')[0]}" in found["CONSENT_EXCEEDED"][0].message

    def test_the_narrowest_consent_of_a_driver_counts(self, dataset_copy):
        def edit(content):
            one, other = content["sessions"][0], content["sessions"][1]
            one |= {"driver_pictures": "raw"}
            other |= {"driver_id": one["driver_id"], "consent_scope": "gaze_only"}

        edit_manifest(dataset_copy, edit)
        told = " ".join(each.message for each in errors(dataset_copy)["CONSENT_EXCEEDED"])
        assert "session_001: driver pictures are raw; consent (gaze_only)" in told

    def test_a_driver_who_withdrew(self, dataset_copy):
        digest = hashlib.sha256(b"D001").hexdigest()[:16]

        def edit(content):
            content["withdrawn"] = [
                {
                    "driver_digest": digest,
                    "date": "2026-05-12",
                    "session_count": 1,
                    "row_count": 1,
                    "file_count": 1,
                }
            ]

        edit_manifest(dataset_copy, edit)
        assert "D001" in errors(dataset_copy)["DRIVER_WITHDRAWN"][0].message

    @pytest.mark.parametrize(
        ("asked", "latitude", "codes"),
        [
            (True, 52.391, set()),
            (True, 52.39123, {"LOCATION_EXACT"}),
            (False, 52.391, {"LOCATION_NOT_ASKED"}),
        ],
    )
    def test_location_is_asked_for_and_coarse(
        self, dataset_copy, small_dataset, asked, latitude, codes
    ):
        rows = {"session_id": ["session_002"], "time_ns": [10**11]}
        rows |= {"latitude_deg": [latitude], "longitude_deg": [13.07]}
        table = pa.table(rows, schema=LOCATION_TABLE.to_arrow())
        for split, session in (
            ("train", "session_002"),
            ("validation", "session_005"),
            ("test", "session_006"),
        ):
            one = table if split == "train" else small_dataset.put(table, "session_id", [session])
            small_dataset.write(dataset_copy, "location", split, session, one)
        options = {"sound": False, "location": asked, "as_recorded": False}
        small_dataset.seal(dataset_copy, options=options)
        assert set(errors(dataset_copy)) == codes


class TestGaze:
    @pytest.mark.parametrize(
        ("column", "value", "code"),
        [
            ("time_ns", -10, "ROWS_TIME"),
            ("frame_index", 5000, "GAZE_FRAME"),
            ("fixation_id", 5000, "FIXATION_UNKNOWN"),
        ],
    )
    def test_raw_samples_that_contradict_the_frames(
        self, dataset_copy, small_dataset, column, value, code
    ):
        names = DATASET_GAZE_TABLE.column_names
        blank = dict.fromkeys(names) | {"worn": True}
        for split, session in (
            ("train", "session_002"),
            ("validation", "session_005"),
            ("test", "session_006"),
        ):
            rows = [
                blank | {"session_id": session, "time_ns": n * 5_000_000, "frame_index": n // 6}
                for n in range(60)
            ]
            if split == "train":
                rows[30][column] = value
            table = pa.Table.from_pylist(rows, schema=DATASET_GAZE_TABLE.to_arrow())
            small_dataset.write(dataset_copy, "gaze", split, session, table)
        small_dataset.seal(dataset_copy)
        only(dataset_copy, code, file="gaze/train/session_002.parquet")


class TestRelease:
    def test_open_questions_fail_a_release_only(self, dataset_copy, small_dataset):
        (dataset_copy / "DATASHEET.md").write_text("# Why\n\nTODO: who paid?\n", encoding="utf-8")
        small_dataset.seal(dataset_copy)
        assert validate(dataset_copy).ok
        only(dataset_copy, "RELEASE_TODO", file="DATASHEET.md", says="line 3", release=True)

    def test_a_paper_that_is_missing(self, dataset_copy, small_dataset):
        (dataset_copy / "LICENSE").unlink()
        small_dataset.seal(dataset_copy)
        only(dataset_copy, "RELEASE_PAPER_MISSING", file="LICENSE", release=True)

    def test_pictures_of_others_as_recorded_need_a_reason(self, dataset_copy, small_dataset):
        content = json.loads((dataset_copy / "manifest.json").read_text(encoding="utf-8"))
        for session in content["sessions"]:
            if session["outward_pictures"] == "anonymized":
                session["outward_pictures"] = "as_recorded"
        options = {"sound": False, "location": False, "as_recorded": True}
        for path in (SESSIONS, "sessions/test.parquet"):
            small_dataset.change(
                dataset_copy,
                path,
                lambda t: small_dataset.put(
                    t,
                    "outward_pictures",
                    [
                        "as_recorded" if each == "anonymized" else each
                        for each in t["outward_pictures"].to_pylist()
                    ],
                ),
            )
        small_dataset.seal(dataset_copy, sessions=content["sessions"], options=options)
        assert validate(dataset_copy).ok
        only(dataset_copy, "RELEASE_AS_RECORDED", release=True)
        reason = {"as_recorded_reason": "Drives on a closed test track."}
        small_dataset.seal(dataset_copy, options=options | reason)
        assert validate(dataset_copy, release=True).findings == ()


def test_of_a_fault_that_is_everywhere_ten_are_told_and_how_many_more(dataset_copy):
    for path in sorted((dataset_copy / "frames").rglob("*.parquet")):
        path.unlink()
    shutil.rmtree(dataset_copy / "schemas")
    shutil.rmtree(dataset_copy / "fixations")
    found = errors(dataset_copy)
    assert len(found["FILE_MISSING"]) == 11
    assert found["FILE_MISSING"][-1].message == "… and 5 more of this kind."
