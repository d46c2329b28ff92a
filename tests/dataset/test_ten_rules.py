"""The ten rules of packaging, each a failure that was seen with the real `datasets` library.

Each test has a cache of its own: what was cached before is what most of these failures are made of. The card
is the one made here for the small data set, but for the rules that are about the card; they are tested on the
one that `dashgaze pack` writes as well.
"""

import json
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

datasets = pytest.importorskip("datasets")

from dashgaze.dataset.packing.options import PackOptions
from dashgaze.dataset.packing.pack import pack
from dashgaze.dataset.reading.validate import validate

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("hub_cache")


@pytest.fixture(scope="module")
def packed(small_labels, tmp_path_factory) -> Path:
    """What `dashgaze pack` makes of the small drives."""
    folder = tmp_path_factory.mktemp("packed") / "dashgaze"
    pack(small_labels, folder, PackOptions())
    return folder


@pytest.fixture(params=["made here", "packed"])
def any_dataset(request, made_dataset) -> Path:
    """The small data set, and the one that `dashgaze pack` wrote."""
    return made_dataset if request.param == "made here" else request.getfixturevalue("packed")


def head_of(folder: Path) -> dict:
    return yaml.safe_load((folder / "README.md").read_text(encoding="utf-8").split("---\n")[1])


def test_what_pack_writes_is_sound(packed):
    assert validate(packed, deep=True).findings == ()


def test_rule_1_frames_is_the_first_configuration_and_the_default(any_dataset):
    names = datasets.get_dataset_config_names(str(any_dataset))
    assert names[0] == "frames"
    assert head_of(any_dataset)["configs"][0]["default"] is True
    assert "frame_index" in datasets.load_dataset(str(any_dataset))["train"].column_names


def test_rule_2_every_configuration_tells_version_and_build(any_dataset):
    manifest = json.loads((any_dataset / "manifest.json").read_text(encoding="utf-8"))
    for config in head_of(any_dataset)["configs"]:
        assert config["version"] == manifest["version"]
        assert f"build-{manifest['build']}" in config["description"]


def test_rule_2_a_new_build_is_loaded_and_not_the_cached_one(dataset_copy, small_dataset):
    """Without a digest in the card it is the old one that is given: the trap is real."""

    def car() -> str:
        return datasets.load_dataset(str(dataset_copy), "sessions", split="test")[0]["car"]

    def paint(colour: str, *, sealed: bool) -> None:
        small_dataset.change(
            dataset_copy,
            "sessions/test.parquet",
            lambda table: small_dataset.put(table, "car", [colour]),
            sealed=sealed,
        )

    paint("red", sealed=True)
    assert car() == "red"
    paint("green", sealed=False)
    assert car() == "red"
    paint("blue", sealed=True)
    assert car() == "blue"


def test_rule_3_a_python_package_of_the_same_name_is_not_taken_for_the_data(tmp_path, monkeypatch):
    """The plain library fails in such a folder; ours looks on, and finds the variable's first."""
    from dashgaze.dataset.reading.loading import load_dataset
    from dashgaze.dataset.reading.place import find_place

    (tmp_path / "dashgaze").mkdir()
    (tmp_path / "dashgaze" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError):
        datasets.load_dataset("dashgaze")
    monkeypatch.chdir(ROOT)
    assert find_place().folder is None
    assert callable(load_dataset)


def test_rule_3_in_the_projects_own_folder_the_variable_names_the_data(made_dataset, monkeypatch):
    from dashgaze.dataset.reading.loading import load_dataset

    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("DASHGAZE_ROOT", str(made_dataset))
    assert load_dataset("sessions", split="test").num_rows == 1


def test_rule_4_no_sizes_of_splits_in_the_card_so_that_filters_work(any_dataset):
    infos = head_of(any_dataset).get("dataset_info", [])
    assert all("splits" not in info for info in (infos if isinstance(infos, list) else [infos]))
    session = json.loads((any_dataset / "manifest.json").read_text())["sessions"][0]
    rows = datasets.load_dataset(
        str(any_dataset),
        split=session["split"],
        filters=[("session_id", "==", session["session_id"])],
    )
    assert rows.unique("session_id") == [session["session_id"]]


def test_rule_5_a_column_that_a_shard_lacks_is_filled_with_nulls_unless_validated(dataset_copy):
    path = dataset_copy / "frames/train/session_002.parquet"
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["gyro_x_deg_s"]), path)
    rows = datasets.load_dataset(str(dataset_copy), split="train").with_format("arrow")[:]
    assert rows.num_rows == 1440
    assert rows["gyro_x_deg_s"].null_count == 360
    assert "SHARD_SCHEMA" in validate(dataset_copy).codes()


def test_rule_5_all_shards_have_one_schema(any_dataset):
    for config in ("frames", "fixations", "sessions"):
        schemas = [pq.read_schema(path) for path in (any_dataset / config).rglob("*.parquet")]
        assert all(schema.equals(schemas[0], check_metadata=True) for schema in schemas)
        assert not any(pa.types.is_null(field.type) for field in schemas[0])


def test_rule_6_rows_with_videos_are_read_without_torchcodec(made_dataset):
    sessions = datasets.load_dataset(str(made_dataset), "sessions", split="test")
    for view in ("ego", "road", "driver"):
        assert sessions.features[f"{view}_video"] == datasets.Video(decode=False)
    path = "videos/session_006/road.mp4"
    assert sessions[0]["road_video"] == {"bytes": None, "path": path}
    stream = datasets.load_dataset(str(made_dataset), "sessions", split="test", streaming=True)
    assert next(iter(stream))["road_video"]["path"] == path


def test_rule_7_a_path_in_a_table_is_found_by_our_resolver_from_anywhere(
    made_dataset, tmp_path, monkeypatch
):
    from dashgaze.dataset.reading.frame_pictures import open_video
    from dashgaze.dataset.reading.loading import load_dataset

    monkeypatch.chdir(tmp_path)
    path = load_dataset("sessions", made_dataset, split="test")[0]["road_video"]["path"]
    assert not Path(path).exists()
    row = load_dataset(root=made_dataset, split="test")[5]
    assert open_video(row, "road", root=made_dataset).shape == (64, 96, 3)
    assert Path(load_dataset("videos", made_dataset, split="test")[0]["road"]["path"]).is_file()


def test_rule_8_splits_are_train_validation_and_test(any_dataset):
    for config in head_of(any_dataset)["configs"]:
        splits = [each["split"] for each in config["data_files"]]
        assert set(splits) <= {"train", "validation", "test"}
        assert datasets.load_dataset(str(any_dataset), config["config_name"]).keys() == set(splits)
    with pytest.raises(ValueError, match="Split name should match"):
        datasets.NamedSplit("train-a")


def test_rule_9_readers_are_asked_for_datasets_4(any_dataset):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    floors = [each for each in project["dependencies"] if each.startswith("datasets")]
    assert floors == ["datasets>=4.0"]
    features = datasets.load_dataset(str(any_dataset), split="test").features
    assert features["road_from_ego"] == datasets.List(datasets.Value("float64"), length=9)


def test_rule_10_one_distribution_gives_cv2():
    owners = set(metadata.packages_distributions().get("cv2", ()))
    assert owners == {"opencv-python-headless"}


def test_the_plain_library_loads_what_pack_wrote_from_the_folder_above(packed, tmp_path):
    code = (
        "import datasets; found = datasets.load_dataset('dashgaze'); "
        "print(sum(split.num_rows for split in found.values()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=packed.parent,
        env={"HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "2160"
