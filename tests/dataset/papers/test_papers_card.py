import re
import runpy
from pathlib import Path

import datasets
import pyarrow.parquet as pq
import pytest
import yaml

from dashgaze.schemas.about import About
from dashgaze.schemas.dataset_tables import (
    DATASET_FRAME_TABLE,
    DATASET_SESSION_TABLE,
    LIGHT_COLUMNS,
)
from dashgaze.schemas.image_table import IMAGE_TABLE


def head_of(folder: Path) -> dict:
    return yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])


def body_of(folder: Path) -> str:
    return (folder / "README.md").read_text().split("---\n", 2)[2]


def test_frames_is_the_first_configuration_and_the_default(whole):
    configs = head_of(whole)["configs"]
    assert configs[0]["config_name"] == "frames"
    assert [config["config_name"] for config in configs if config.get("default")] == ["frames"]
    # what the library itself makes of it
    assert datasets.get_dataset_config_names(str(whole))[0] == "frames"
    assert datasets.get_dataset_default_config_name(str(whole)) == "frames"


def test_every_configuration_carries_version_and_build(whole, pack, drives):
    configs = head_of(whole)["configs"]
    build = pack(whole, drives, extras=False).build
    assert {config["version"] for config in configs} == {"1.2.0"}
    (description,) = {config["description"] for config in configs}
    assert re.fullmatch(r"build-[0-9a-f]{16}", description)
    assert description != f"build-{build}"  # other files, other build


def test_splits_have_names_that_the_library_takes_and_only_where_files_are(whole):
    for config in head_of(whole)["configs"]:
        splits = [entry["split"] for entry in config["data_files"]]
        assert set(splits) <= {"train", "validation", "test"}
        for entry in config["data_files"]:
            paths = [entry["path"]] if isinstance(entry["path"], str) else entry["path"]
            assert all(list(whole.glob(path)) for path in paths)


def test_a_split_without_sessions_is_left_out(tmp_path, pack, drives, about, fresh_cache, write):
    folder = tmp_path / "dashgaze"
    write(folder, pack(folder, [d for d in drives if d.split != "validation"]), about)
    assert list(datasets.load_dataset(str(folder))) == ["train", "test"]


@pytest.mark.parametrize("streaming", [False, True])
def test_every_configuration_loads(whole, fresh_cache, streaming):
    expected = {
        "frames": DATASET_FRAME_TABLE.column_names,
        "gaze_light": LIGHT_COLUMNS,
        "sessions": DATASET_SESSION_TABLE.column_names,
        "images": IMAGE_TABLE.column_names,
    }
    names = datasets.get_dataset_config_names(str(whole))
    assert names == [
        "frames",
        "gaze_light",
        "fixations",
        "sessions",
        "gaze",
        "images",
        "location",
        "frames-drivers-0",
        "frames-drivers-1",
    ]
    for name in names:
        loaded = datasets.load_dataset(str(whole), name, streaming=streaming)
        rows = {split: next(iter(loaded[split])) for split in loaded}
        for row in rows.values():
            assert row["session_id"].startswith("session_")
            if name in expected:
                assert set(row) == set(expected[name])


def test_folds_list_the_files_of_their_sessions(whole, fresh_cache):
    loaded = datasets.load_dataset(str(whole), "frames-drivers-0")
    assert set(loaded["train"].unique("session_id")) == {"session_002", "session_003"}
    assert loaded["test"].unique("session_id") == ["session_000"]
    assert set(loaded) == {"train", "test"}


def test_filters_work_for_the_head_states_no_numbers_of_rows(whole, fresh_cache):
    assert "dataset_info" not in head_of(whole)
    only = datasets.load_dataset(
        str(whole), "frames", split="train", filters=[("session_id", "==", "session_001")]
    )
    assert only.num_rows == 40
    assert only.unique("session_id") == ["session_001"]


def change_gaze(folder, drives, pack, value: float):
    for drive in drives:
        drive.frames["gaze_road_x_px"] = [value] * drive.row_count
    return pack(folder, drives)


def first_x_px(folder: Path) -> float:
    return datasets.load_dataset(str(folder), split="train")[0]["gaze_road_x_px"]


def test_edited_data_are_loaded_anew(tmp_path, pack, drives, about, fresh_cache, write):
    folder = tmp_path / "dashgaze"
    write(folder, change_gaze(folder, drives, pack, 1.0), about)
    assert first_x_px(folder) == 1.0
    write(folder, change_gaze(folder, drives, pack, 2.0), about)
    assert first_x_px(folder) == 2.0


def test_without_the_build_in_the_head_edited_data_would_be_stale(
    tmp_path, pack, drives, about, fresh_cache, write
):
    folder = tmp_path / "dashgaze"
    for value in (1.0, 2.0):
        write(folder, change_gaze(folder, drives, pack, value), about)
        card = (folder / "README.md").read_text()
        (folder / "README.md").write_text(re.sub(r"\n +description: build-.*", "", card))
        assert first_x_px(folder) == 1.0  # the second time this is the trap
    assert pq.read_table(next(folder.glob("frames/train/*")))["gaze_road_x_px"][0].as_py() == 2.0


@pytest.fixture
def run_snippet(whole, tmp_path, fresh_cache, capsys):
    """Run a Python snippet of the card; give what it prints."""

    def run(index: int) -> str:
        snippets = re.findall(r"```python\n(.*?)```", body_of(whole), flags=re.DOTALL)
        script = tmp_path / "snippet.py"
        script.write_text(snippets[index].replace("example-lab/dashgaze", str(whole)))
        runpy.run_path(str(script))
        return capsys.readouterr().out

    return run


def test_the_first_snippet_of_the_card_runs_in_the_parent_folder(whole, monkeypatch, run_snippet):
    monkeypatch.chdir(whole.parent)
    x_px, y_px = map(float, run_snippet(0).split())
    assert 0 < x_px < 1280
    assert 0 < y_px < 720


def test_the_streaming_snippet_runs_on_a_path(run_snippet):
    assert "'gaze_azimuth_deg'" in run_snippet(1)


def test_every_column_stands_in_the_card_with_unit_and_meaning(whole):
    body = body_of(whole)
    row = next(line for line in body.splitlines() if line.startswith("| `gaze_road_cov_xx_px2`"))
    assert "| px² | road view | yes |" in row
    assert "Variance of the road gaze point in x" in row
    for name in DATASET_FRAME_TABLE.column_names + IMAGE_TABLE.column_names:
        assert f"\n| `{name}` |" in body


def test_numbers_are_those_that_were_planted(whole):
    body = body_of(whole)
    # 900 s × (1 + 2 + 3 + 4)
    assert "| Sessions | 4 |" in body
    assert "| Length | 2.5 h |" in body
    assert "| Frames | 160, of which 100 % are usable |" in body
    assert "| train | 2 | 2 | 0.75 h | 80 |" in body
    assert "clear and day 1.0 h (2 sessions)" in body
    assert "rain and night 0.50 h (1 session)" in body
    assert "One frame in 6 was chosen." in body
    assert "No driver is in two splits." in body


def test_a_driver_in_two_splits_is_told(tmp_path, pack, drives, about, write):
    drives[3].driver_id = drives[0].driver_id
    folder = tmp_path / "dashgaze"
    write(folder, pack(folder, drives), about)
    assert "In more than one split: 1 driver." in body_of(folder)


def test_names_from_manifests_cannot_break_the_tables(whole):
    sheet = (whole / "DATASHEET.md").read_text()
    assert "| Alpha \\| One | 0.25 h | 1 |" in sheet


def test_each_figure_is_shown_with_its_alternative_text(whole):
    shown = re.findall(r"!\[(.+?)\]\((figures/.+?)\)", body_of(whole))
    assert {path for _, path in shown} == {
        f"figures/{p.name}" for p in (whole / "figures").iterdir()
    }
    assert all(len(text) > 60 for text, _ in shown)


def test_labels_alone_are_not_gated_and_have_the_licence_of_the_labels(whole):
    head = head_of(whole)
    assert head["license"] == "cc-by-nc-4.0"
    assert not [key for key in head if key.startswith("extra_gated")]
    assert head["size_categories"] == ["n<1K"]


@pytest.mark.parametrize(
    ("driver_pictures", "outward_pictures"),
    [("raw", "anonymized"), ("blurred", "anonymized"), ("none", "as_recorded")],
)
def test_pictures_of_people_are_gated(
    tmp_path, pack, drives, about, driver_pictures, outward_pictures, write
):
    drives[2].driver_pictures = driver_pictures
    drives[2].outward_pictures = outward_pictures
    folder = tmp_path / "dashgaze"
    write(folder, pack(folder, drives), about)
    head = head_of(folder)
    assert head["license"] == "other"
    assert head["license_name"] == "cc-by-nc-4.0-and-data-use-agreement"
    assert head["license_link"] == "LICENSE"
    assert "DUA.md" in head["extra_gated_prompt"]
    assert "checkbox" in head["extra_gated_fields"].values()
    assert "agrees to `DUA.md`" in body_of(folder)
    assert "NOT under the\nlicence above" in (folder / "LICENSE").read_text()


def test_pictures_as_recorded_are_told_of_in_plain_words(tmp_path, pack, drives, about, write):
    drives[0].outward_pictures = "as_recorded"
    folder = tmp_path / "dashgaze"
    write(folder, pack(folder, drives), about)
    for name in ("README.md", "DATASHEET.md", "DUA.md", "croissant.json"):
        assert (
            "Ego and road view of 1 session: as recorded, NOT blurred."
            in (folder / name).read_text()
        )


def test_blurred_street_scenes_alone_are_not_gated(tmp_path, pack, drives, about, write):
    drives[0].outward_pictures = "anonymized"
    folder = tmp_path / "dashgaze"
    write(folder, pack(folder, drives), about)
    assert "extra_gated_prompt" not in head_of(folder)
    assert "detectors miss some" in body_of(folder)


def test_gaps_are_named_in_the_card(tmp_path, pack, drives, write):
    folder = tmp_path / "dashgaze"
    write(folder, pack(folder, drives), About())
    body = body_of(folder)
    assert "open questions: authors, contact" in body
    assert "TODO (about.yaml: country)" in body
    assert body.startswith("\n# dashgaze\n")
