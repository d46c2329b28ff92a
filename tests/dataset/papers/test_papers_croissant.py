import hashlib
import json
import warnings

import pytest

from dashgaze.dataset.papers import croissant_tables
from dashgaze.schemas.about import About
from dashgaze.schemas.dataset_tables import DATASET_FRAME_TABLE

mlcroissant = pytest.importorskip("mlcroissant")

RAI_FIELDS = {
    "dataCollection",
    "dataCollectionType",
    "dataCollectionTimeframe",
    "dataCollectionMissingData",
    "dataPreprocessingProtocol",
    "dataManipulationProtocol",
    "dataImputationProtocol",
    "dataAnnotationProtocol",
    "dataAnnotationPlatform",
    "dataAnnotationAnalysis",
    "machineAnnotationTools",
    "annotatorDemographics",
    "dataUseCases",
    "dataLimitations",
    "dataBiases",
    "dataSocialImpact",
    "personalSensitiveInformation",
    "dataReleaseMaintenancePlan",
}


@pytest.fixture(scope="module")
def loaded(whole):
    with warnings.catch_warnings():
        # of rdflib and pandas, within mlcroissant
        warnings.simplefilter("ignore", DeprecationWarning)
        yield mlcroissant.Dataset(jsonld=str(whole / "croissant.json"))


def first(dataset, record_set):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return next(iter(dataset.records(record_set)))


def test_it_is_valid_without_errors_and_without_warnings(loaded):
    assert loaded.metadata.ctx.issues.errors == set()
    assert loaded.metadata.ctx.issues.warnings == set()
    assert loaded.metadata.ctx.conforms_to.value == "http://mlcommons.org/croissant/1.1"


def test_a_record_of_each_record_set_can_be_read(loaded):
    names = [record_set.uuid for record_set in loaded.metadata.record_sets]
    assert names == [
        "splits",
        "frames",
        "fixations",
        "sessions",
        "gaze",
        "images",
        "location",
        "videos",
    ]
    for name in names:
        assert first(loaded, name)


def test_a_record_holds_what_the_table_holds(loaded):
    frame = first(loaded, "frames")
    assert set(frame) == {f"frames/{name}" for name in (*DATASET_FRAME_TABLE.column_names, "split")}
    assert frame["frames/split"] == b"test"
    assert frame["frames/session_id"] == b"session_003"
    assert frame["frames/driver_frame_index"] is None
    assert first(loaded, "images")["images/road"].size == (8, 8)
    video = first(loaded, "videos")
    assert video["videos/road_file_name"] == b"session_000/road.mp4"
    assert video["videos/split"] == b"train"


def test_units_and_frames_of_reference_stand_at_the_fields(whole):
    content = json.loads((whole / "croissant.json").read_text())
    frames = next(entry for entry in content["recordSet"] if entry["@id"] == "frames")
    field = next(f for f in frames["field"] if f["@id"] == "frames/gaze_road_x_px")
    assert (
        "Unit: px. Frame of reference: road view: pixels of phone/road.mp4" in field["description"]
    )
    homography = next(f for f in frames["field"] if f["@id"] == "frames/road_from_ego")
    assert (homography["isArray"], homography["arrayShape"]) == (True, "9")


def test_all_fields_of_responsible_ai_are_filled(whole):
    content = json.loads((whole / "croissant.json").read_text())
    filled = {
        key.removeprefix("rai:") for key in content if key.startswith("rai:") and content[key]
    }
    assert filled >= RAI_FIELDS
    assert content["rai:dataCollectionTimeframe"] == "Spring 2026"
    assert any(
        "Driver view of 4 sessions: no pictures" in text
        for text in content["rai:personalSensitiveInformation"]
    )


def test_every_data_file_stands_with_its_checksum(whole):
    content = json.loads((whole / "croissant.json").read_text())
    sums = {f["contentUrl"]: f["sha256"] for f in content["distribution"] if "sha256" in f}
    files = {*whole.rglob("*.parquet"), *whole.rglob("*.mp4")}
    assert sums == {
        path.relative_to(whole).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_of_very_many_files_only_sets_are_listed(tmp_path, pack, drives, about, monkeypatch, write):
    monkeypatch.setattr(croissant_tables, "MOST_FILE_OBJECTS", 5)
    folder = tmp_path / "dashgaze"
    write(folder, pack(folder, drives), about)
    content = json.loads((folder / "croissant.json").read_text())
    assert [entry["@id"] for entry in content["distribution"]] == [
        "frames-files",
        "fixations-files",
        "sessions-files",
    ]


def test_pictures_of_people_are_under_the_agreement(tmp_path, pack, drives, about, write):
    drives[0].driver_pictures = "raw"
    folder = tmp_path / "dashgaze"
    write(folder, pack(folder, drives), about)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert dataset.metadata.ctx.issues.warnings == set()
    assert sorted(dataset.metadata.license) == [
        "Pictures and videos: data use agreement, see DUA.md",
        "https://creativecommons.org/licenses/by-nc/4.0/legalcode",
    ]


def test_without_a_day_of_release_only_that_is_missed(tmp_path, pack, drives, write):
    folder = tmp_path / "dashgaze"
    write(folder, pack(folder, drives), About())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    (warning,) = dataset.metadata.ctx.issues.warnings
    assert "datePublished" in warning
