"""BIDS: what stands in the files, that the official validator takes them, and what is refused."""

import gzip
import hashlib
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from dashgaze.dataset.exchange.bids import export_bids
from dashgaze.dataset.exchange.bids_files import as_text, seconds_text
from dashgaze.dataset.exchange.bids_labels import bids_labels
from dashgaze.errors import InputError, OutputError

VALIDATOR = Path(sys.executable).with_name("bids-validator-deno")


def rows_of(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


def table_of(path: Path) -> list[dict[str, str]]:
    head, *rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return [dict(zip(head, row, strict=True)) for row in rows]


def sidecar_of(path: Path) -> dict:
    return json.loads(path.with_name(path.name.replace(".tsv.gz", ".json")).read_text("utf-8"))


def digest(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def issues_of(folder: Path) -> Counter[tuple[str, str, str]]:
    """Run the official validator over every row."""
    if not VALIDATOR.exists():
        pytest.skip("bids-validator-deno is not installed")
    done = subprocess.run(
        [VALIDATOR, folder, "--format", "json", "--max-rows", "-1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    return Counter((each["severity"], each["code"], each.get("subCode", "")) for each in issues)


@pytest.fixture
def bids(dataset, tmp_path) -> Path:
    return export_bids(dataset, tmp_path / "bids")


def test_the_official_validator_finds_no_error(bids):
    issues = issues_of(bids)
    assert not [issue for issue in issues if issue[0] == "error"]
    # What is left is recommended and not known: institution, instructions, ontology terms.
    assert {issue[1] for issue in issues} <= {"JSON_KEY_RECOMMENDED", "SIDECAR_KEY_RECOMMENDED"}


@pytest.mark.parametrize(
    ("key", "value"),
    [("RecordedEye", None), ("SampleCoordinateSystem", "road"), ("Columns", ["timestamp"])],
)
def test_the_official_validator_would_find_an_error(bids, key, value):
    path = next(bids.rglob("*_physio.json"))
    content = json.loads(path.read_text(encoding="utf-8"))
    content[key] = value
    if value is None:
        del content[key]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert any(issue[0] == "error" for issue in issues_of(bids))


def test_names_and_sidecars_are_those_of_the_bids_schema(bids):
    schema = pytest.importorskip("bidsschematools.schema").load_schema()
    rule = schema.rules.files.raw.task.timeseries
    short = {entity["name"]: name for name, entity in schema.objects.entities.items()}
    recordings = [path for path in bids.rglob("*") if "_physio" in path.name]
    assert len(recordings) == 16
    for path in recordings:
        stem, _, extension = path.name.partition(".")
        *entities, suffix = stem.split("_")
        assert suffix in rule.suffixes
        assert f".{extension}" in rule.extensions
        assert path.parent.name in rule.datatypes
        given = [short[entity.partition("-")[0]] for entity in entities]
        assert set(given) <= set(rule.entities)
        assert {name for name, level in rule.entities.items() if level == "required"} <= set(given)
        order = [name for name in schema.rules.entities if name in given]
        assert given == order
    asked = schema.rules.sidecars.continuous
    for ending, rules in (
        ("_physio.json", (asked.Continuous, asked.EyeTrack)),
        ("_physioevents.json", (asked.PhysioEvents,)),
    ):
        content = json.loads(next(bids.rglob(f"*{ending}")).read_text(encoding="utf-8"))
        for each in rules:
            needed = {name for name, level in each.fields.items() if level == "required"}
            assert needed
            assert needed <= set(content)
        for key in ("RecordedEye", "SampleCoordinateSystem", "PhysioType"):
            assert content.get(key) in (None, *schema.objects.metadata[key]["enum"])


def test_a_driver_and_a_drive_are_a_subject_and_a_session(bids):
    assert sorted(path.relative_to(bids).as_posix() for path in bids.glob("sub-*/ses-*")) == [
        "sub-driver07x1/ses-session002",  # driver-07
        "sub-driver07x2/ses-session001",  # driver_07
        "sub-driver07x2/ses-session004",
        "sub-driver9/ses-session003",
    ]
    people = table_of(bids / "participants.tsv")
    assert {each["participant_id"]: each["driver_id"] for each in people} == {
        "sub-driver07x1": "driver-07",
        "sub-driver07x2": "driver_07",
        "sub-driver9": "driver_9",
    }
    assert [each["session_count"] for each in people] == ["1", "2", "1"]
    drives = table_of(bids / "sub-driver07x2" / "sub-driver07x2_sessions.tsv")
    assert [each["dashgaze_session_id"] for each in drives] == ["session_001", "session_004"]
    assert drives[0]["weather"] == "rain"
    assert drives[0]["lighting"] == "n/a"
    assert drives[0]["car"] == "VW Golf"  # a tab in it would have been a new column
    assert "consent_version" not in drives[0]


def test_gaze_samples_are_those_of_the_data_set(bids, made):
    path = next(bids.rglob("sub-driver9*_physio.tsv.gz"))
    assert path.name == "sub-driver9_ses-session003_task-driving_recording-eye1_physio.tsv.gz"
    columns = sidecar_of(path)["Columns"]
    assert columns[:3] == ["timestamp", "x_coordinate", "y_coordinate"]
    written = [dict(zip(columns, row, strict=True)) for row in rows_of(path)]
    truth = made.gaze_rows("session_003", 2)
    assert len(written) == len(truth)
    for row, sample in zip(written, truth, strict=True):
        assert round(float(row["timestamp"]) * 1e9) == sample["time_ns"]
        for name, source in (
            ("x_coordinate", "gaze_azimuth_deg"),
            ("y_coordinate", "gaze_elevation_deg"),
            ("gaze_ego_x_px", "gaze_ego_x_px"),
            ("gaze_road_y_px", "gaze_road_y_px"),
        ):
            if sample[source] is None:
                assert row[name] == "n/a"
            else:
                assert float(row[name]) == pytest.approx(sample[source], rel=1e-6)
        assert row["worn"] == "1"
    assert (written[8]["gaze_road_in_view"], written[9]["gaze_road_in_view"]) == ("1", "n/a")


def test_time_starts_at_the_first_ego_frame(bids):
    path = next(bids.rglob("sub-driver9*_physio.tsv.gz"))
    sidecar = sidecar_of(path)
    assert rows_of(path)[0][0] == "-0.014999999"
    assert sidecar["StartTime"] == -0.014999999
    assert sidecar["SamplingFrequency"] == 200.0
    assert sidecar["RawDataFilters"] == "none"
    assert sidecar["x_coordinate"]["Units"] == "deg"
    assert sidecar["gaze_road_x_px"]["Units"] == "pixel"


def test_fixations_and_blinks_are_events_on_the_time_line_of_the_samples(bids):
    path = next(bids.rglob("sub-driver9*_physioevents.tsv.gz"))
    sidecar = sidecar_of(path)
    assert sidecar["OnsetSource"] == "timestamp"
    assert sidecar["Description"] == "Fixations and blinks. Fixations: planted. Blinks: unknown."
    events = [dict(zip(sidecar["Columns"], row, strict=True)) for row in rows_of(path)]
    assert [
        (each["onset"], each["duration"], each["trial_type"], each["event_id"]) for each in events
    ] == [
        ("-0.009999999", "0.310000000", "fixation", "1"),
        ("0.400000001", "0.590000000", "fixation", "2"),
        ("0.985000001", "0.095000000", "blink", "1"),
    ]
    assert [each["gaze_ego_x_px"] for each in events] == ["812.5", "812.5", "n/a"]


def test_without_raw_samples_gaze_is_that_of_the_frames_and_this_is_said(made, tmp_path):
    dataset = made.make_dataset(tmp_path / "dashgaze", gaze=False)
    bids = export_bids(dataset, tmp_path / "bids")
    path = next(bids.rglob("sub-driver9*_physio.tsv.gz"))
    sidecar = sidecar_of(path)
    rows = rows_of(path)
    assert len(rows) == made.FRAMES
    assert sidecar["SamplingFrequency"] == 30.0
    assert "raw samples were not packed" in sidecar["RawDataFilters"]
    assert rows[0][1:3] == ["n/a", "n/a"]
    assert rows[5][1:3] == ["2.625", "-1.5"]
    assert "- All drives: Raw gaze samples were not packed" in (bids / "README.md").read_text(
        "utf-8"
    )
    events = rows_of(next(bids.rglob("sub-driver9*_physioevents.tsv.gz")))
    assert [row[:4] for row in events if row[2] == "blink"] == [
        ["0.666666660", "0.099999999", "blink", "1"]
    ]
    assert not [issue for issue in issues_of(bids) if issue[0] == "error"]


def test_description_says_where_it_came_from(bids):
    content = json.loads((bids / "dataset_description.json").read_text(encoding="utf-8"))
    assert content["Name"] == "Gaze of drivers"
    assert content["BIDSVersion"] == "1.11.0"
    assert content["DatasetType"] == "raw"
    assert content["License"] == "CC-BY-NC-4.0"
    assert content["Authors"] == ["Ada Example", "Some Lab"]
    assert content["GeneratedBy"][0]["Name"] == "dashgaze"
    assert (bids / "CHANGES").read_text(encoding="utf-8").startswith("1.0.0 2026-01-31\n - ")
    assert (bids / "LICENSE").read_text(encoding="utf-8") == "All rights.\n"
    assert (bids / "docs" / "DUA.md").is_file()
    assert "- session_002: sync doubtful" in (bids / "README.md").read_text(encoding="utf-8")


def test_without_papers_it_is_still_valid(made, tmp_path):
    dataset = made.make_dataset(tmp_path / "dashgaze", papers=False)
    bids = export_bids(dataset, tmp_path / "bids")
    content = json.loads((bids / "dataset_description.json").read_text(encoding="utf-8"))
    assert (content["Name"], content["License"]) == ("dashgaze", "See LICENSE")
    assert (bids / "CHANGES").read_text(encoding="utf-8").startswith("1.0.0 Unknown Release Date")
    assert not [issue for issue in issues_of(bids) if issue[0] == "error"]


def test_only_gaze_leaves(made, tmp_path):
    dataset = made.make_dataset(tmp_path / "dashgaze", images=True)
    bids = export_bids(dataset, tmp_path / "bids")
    endings = {"".join(path.suffixes) for path in bids.rglob("*") if path.is_file()}
    assert endings <= {".json", ".tsv", ".tsv.gz", ".md", ".cff", ""}


def test_the_same_data_set_gives_the_same_bytes(dataset, bids, tmp_path):
    assert digest(export_bids(dataset, tmp_path / "again")) == digest(bids)


def test_some_sessions_keep_the_labels_of_the_whole(dataset, tmp_path):
    bids = export_bids(dataset, tmp_path / "bids", sessions=["session_004"])
    assert [path.name for path in bids.glob("sub-*/ses-*")] == ["ses-session004"]
    assert [each["participant_id"] for each in table_of(bids / "participants.tsv")] == [
        "sub-driver07x2"
    ]


def test_a_strange_session_is_refused_and_nothing_is_written(dataset, tmp_path):
    with pytest.raises(InputError, match="no session session_9") as caught:
        export_bids(dataset, tmp_path / "bids", sessions=["session_9"])
    assert "session_001, session_002" in caught.value.fix
    assert not (tmp_path / "bids").exists()


def test_a_taken_folder_is_refused(dataset, tmp_path):
    (tmp_path / "bids").mkdir()
    (tmp_path / "bids" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="not empty"):
        export_bids(dataset, tmp_path / "bids")
    assert [path.name for path in (tmp_path / "bids").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("damage", ["missing", "not parquet"])
def test_a_damaged_shard_is_one_error_and_nothing_is_written(dataset, tmp_path, damage):
    shard = dataset / "fixations" / "test" / "session_003.parquet"
    if damage == "missing":
        shard.unlink()
    else:
        shard.write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"session_003\.parquet can't be read"):
        export_bids(dataset, tmp_path / "bids")
    assert [path.name for path in tmp_path.iterdir()] == ["dashgaze"]


def test_what_is_no_data_set_is_refused(tmp_path):
    with pytest.raises(InputError, match="no packed data set"):
        export_bids(tmp_path, tmp_path / "bids")


def test_a_manifest_that_leads_out_of_its_folder_is_refused(dataset, tmp_path):
    path = dataset / "manifest.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("gaze/test/session_003", "../secret"), encoding="utf-8")
    with pytest.raises(InputError, match=r"lists \.\./secret\.parquet, which lies outside"):
        export_bids(dataset, tmp_path / "bids")


def test_without_a_single_gaze_time_nothing_is_exported(made, tmp_path):
    dataset = made.make_dataset(tmp_path / "dashgaze", drives=made.DRIVES[:1], gaze=False)
    shutil.rmtree(dataset / "frames")
    manifest = json.loads((dataset / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = [file for file in manifest["files"] if file["config"] != "frames"]
    (dataset / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(InputError, match=r"Nothing of .* can be exported"):
        export_bids(dataset, tmp_path / "bids")
    assert not (tmp_path / "bids").exists()


def test_labels_are_letters_and_digits_and_never_the_same():
    names = ["d_1", "D1", "d-1", "ä", "ö", "Ann", "d1x1"]
    labels = bids_labels(names)
    assert all(label.isascii() and label.isalnum() for label in labels.values())
    assert len({label.casefold() for label in labels.values()}) == len(names)
    assert labels["Ann"] == "Ann"
    assert labels["d1x1"] == "d1x1"
    assert bids_labels(reversed(names)) == labels


def test_seconds_are_exact():
    import pyarrow as pa

    times = [0, 1, -1, 1_770_026_508_333_277_104, -33_333_333, None]
    assert seconds_text(pa.array(times, pa.int64())).to_pylist() == [
        "0.000000000",
        "0.000000001",
        "-0.000000001",
        "1770026508.333277104",
        "-0.033333333",
        None,
    ]


def test_missing_is_na_and_never_a_number():
    import pyarrow as pa

    assert as_text(pa.array([1.5, None, float("nan"), float("inf")])).to_pylist() == [
        "1.5",
        *["n/a"] * 3,
    ]
    assert as_text(pa.array([True, False, None])).to_pylist() == ["1", "0", "n/a"]
    # As short as it stays the same number; of more digits than were measured six decimals.
    assert as_text(pa.array([0.1], pa.float32())).to_pylist() == ["0.1"]
    assert as_text(pa.array([533.0035256778492, 100.0])).to_pylist() == ["533.003526", "100"]


def test_authors_that_nobody_has_filled_in_are_none(dataset, tmp_path):
    path = dataset / "CITATION.cff"
    path.write_text("authors:\n- name: 'TODO (about.yaml: authors)'\n", encoding="utf-8")
    bids = export_bids(dataset, tmp_path / "bids")
    content = json.loads((bids / "dataset_description.json").read_text(encoding="utf-8"))
    assert "Authors" not in content
    assert content["License"] == "dashgaze-1.0"  # of the card
