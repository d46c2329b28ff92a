"""`load_dataset`: from where, what, and that it is never an old copy."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.dataset.reading import hub
from dashgaze.dataset.reading.loading import load_dataset
from dashgaze.errors import InputError

pytestmark = pytest.mark.usefixtures("hub_cache")


def test_the_plain_library_loads_it_from_the_folder_above_and_by_path(made_dataset, monkeypatch):
    datasets = pytest.importorskip("datasets")
    by_path = datasets.load_dataset(str(made_dataset))
    monkeypatch.chdir(made_dataset.parent)
    by_name = datasets.load_dataset("dashgaze")
    assert {split: rows.num_rows for split, rows in by_name.items()} == {
        "train": 1440,
        "validation": 360,
        "test": 360,
    }
    assert by_name["test"][7] == by_path["test"][7]


def test_ours_gives_what_the_plain_library_gives(made_dataset):
    datasets = pytest.importorskip("datasets")
    for name in ("frames", "gaze_light", "fixations", "sessions"):
        ours = load_dataset(name, made_dataset)
        theirs = datasets.load_dataset(str(made_dataset), name)
        assert ours.keys() == theirs.keys()
        for split in ours:
            assert ours[split].features == theirs[split].features
            assert ours[split].data.table.equals(theirs[split].data.table)


def test_it_is_found_by_argument_then_variable_then_folder(
    made_dataset, dataset_copy, small_dataset, tmp_path, monkeypatch
):
    other = tmp_path / "elsewhere" / "other"
    shutil.copytree(made_dataset, other)
    marked = pq.read_table(other / "sessions/test.parquet")
    assert marked.num_rows == 1
    for folder, car in ((dataset_copy, "from ./dashgaze"), (other, "from the variable")):
        small_dataset.change(
            folder, "sessions/test.parquet", lambda t, car=car: small_dataset.put(t, "car", [car])
        )

    def car(**given):
        return load_dataset("sessions", split="test", **given)[0]["car"]

    monkeypatch.chdir(dataset_copy.parent)
    assert car() == "from ./dashgaze"
    monkeypatch.setenv("DASHGAZE_ROOT", str(other))
    assert car() == "from the variable"
    assert car(root=made_dataset) == "simulated, labels only"


def test_an_edited_folder_is_never_served_from_the_cache(dataset_copy, small_dataset):
    """The card is left as it was: the plain library would give the old rows."""
    path = "sessions/test.parquet"
    assert load_dataset("sessions", dataset_copy, split="test")[0]["car"].startswith("simulated")
    small_dataset.change(
        dataset_copy, path, lambda t: small_dataset.put(t, "car", ["edited"]), sealed=False
    )
    assert load_dataset("sessions", dataset_copy, split="test")[0]["car"] == "edited"


def test_two_folders_of_one_name_are_not_taken_for_each_other(
    made_dataset, dataset_copy, small_dataset
):
    small_dataset.change(
        dataset_copy,
        "sessions/test.parquet",
        lambda t: small_dataset.put(t, "car", ["the other"]),
        sealed=False,
    )
    one = load_dataset("sessions", made_dataset, split="test")[0]["car"]
    assert one != load_dataset("sessions", dataset_copy, split="test")[0]["car"] == "the other"


def test_a_card_of_another_build_is_refused(dataset_copy):
    card = dataset_copy / "README.md"
    card.write_text(card.read_text().replace("build-", "build-00"), encoding="utf-8")
    with pytest.raises(InputError, match=r"does not belong to these data.*manifest.json is of"):
        load_dataset(root=dataset_copy)


def test_filters_on_all_splits_give_the_splits_that_have_rows(made_dataset):
    found = load_dataset(root=made_dataset, filters=[("session_id", "==", "session_005")])
    assert list(found) == ["validation"]
    assert found["validation"].unique("session_id") == ["session_005"]
    both = load_dataset(root=made_dataset, filters=[("frame_index", "<", 10)])
    assert {split: rows.num_rows for split, rows in both.items()} == {
        "train": 40,
        "validation": 10,
        "test": 10,
    }


def test_filters_on_one_split_give_its_rows_or_say_that_none_fits(made_dataset):
    wanted = [("session_id", "==", "session_002")]
    assert load_dataset(root=made_dataset, split="train", filters=wanted).num_rows == 360
    with pytest.raises(InputError, match=r"No row of split 'test' of frames fits"):
        load_dataset(root=made_dataset, split="test", filters=wanted)
    with pytest.raises(InputError, match=r"No row of frames fits"):
        load_dataset(root=made_dataset, filters=[("session_id", "==", "nobody")])


def test_filters_that_make_no_sense_are_refused(made_dataset):
    for wrong in ([("no_such_column", "==", 1)], [("frame_index", "~", 1)]):
        with pytest.raises(InputError, match=r"can't be used"):
            load_dataset(root=made_dataset, filters=wrong)


def test_filters_may_be_lists_of_lists_or_an_expression(made_dataset):
    import pyarrow.dataset as ds

    either = [[("session_id", "==", "session_001")], [("frame_index", "<", 5)]]
    same = (ds.field("session_id") == "session_001") | (ds.field("frame_index") < 5)
    for filters in (either, same):
        found = load_dataset(root=made_dataset, filters=filters)
        assert {split: rows.num_rows for split, rows in found.items()} == {
            "train": 375,
            "validation": 5,
            "test": 5,
        }


def test_a_stream_filters_and_projects_without_a_cache(made_dataset, hub_cache):
    stream = load_dataset(
        root=made_dataset,
        streaming=True,
        columns=["frame_index"],
        filters=[("session_id", "==", "session_006")],
    )
    assert [row["frame_index"] for row in stream["test"]] == list(range(360))
    assert list(stream["train"]) == []
    assert not list(hub_cache.rglob("*.arrow"))


def test_columns_are_projected_and_unknown_ones_are_named(made_dataset):
    rows = load_dataset(root=made_dataset, split="test", columns=["time_ns", "frame_index"])
    assert set(rows.column_names) == {"time_ns", "frame_index"}
    with pytest.raises(InputError, match=r"no column 'tiem_ns'. Did you mean 'time_ns'"):
        load_dataset(root=made_dataset, columns=["tiem_ns"])
    with pytest.raises(InputError, match=r"gaze_light has no column 'accel_x_g'"):
        load_dataset("gaze_light", made_dataset, columns=["accel_x_g"])


def test_the_formats_of_numpy_and_torch_give_numbers(made_dataset):
    rows = load_dataset(root=made_dataset, split="test", columns=["frame_index", "gyro_x_deg_s"])
    numbers = rows.with_format("numpy")[:5]
    assert numbers["frame_index"].tolist() == [0, 1, 2, 3, 4]
    torch = pytest.importorskip("torch", reason="torch is not installed")
    tensors = rows.with_format("torch")[:5]
    assert torch.equal(tensors["frame_index"], torch.arange(5))


def test_an_unknown_configuration_or_split_is_told_with_those_that_exist(made_dataset):
    with pytest.raises(
        InputError, match=r"no configuration 'frame'; it has frames, .*videos.*mean 'frames'"
    ):
        load_dataset("frame", made_dataset)
    with pytest.raises(InputError, match=r"no split 'val'; it has train, validation, test"):
        load_dataset(root=made_dataset, split="val")


def test_a_slice_of_a_split_is_the_librarys_matter(made_dataset):
    assert load_dataset(root=made_dataset, split="train[:10]").num_rows == 10


def test_videos_come_as_paths_in_their_splits(made_dataset):
    videos = load_dataset("videos", made_dataset)
    assert list(videos) == ["train", "test"]
    row = videos["test"][0]
    assert row["session_id"] == "session_006"
    path = str(made_dataset.absolute() / "videos/session_006/road.mp4")
    assert row["road"] == {"bytes": None, "path": path}
    assert row["driver"] is None
    stream = load_dataset("videos", made_dataset, split="train", streaming=True)
    assert [each["session_id"] for each in stream] == ["session_001"]


def test_videos_are_what_the_librarys_video_folder_gives(made_dataset):
    datasets = pytest.importorskip("datasets")
    theirs = datasets.load_dataset("videofolder", data_dir=str(made_dataset / "videos"))["train"]
    for view in ("ego", "road", "driver"):
        theirs = theirs.cast_column(view, datasets.Video(decode=False))
    ours = load_dataset("videos", made_dataset)
    assert set(theirs.column_names) == set(ours["train"].column_names)
    rows = {row["session_id"]: row for row in theirs}
    for row in (*ours["train"], *ours["test"]):
        assert row == rows[row["session_id"]]


def test_columns_and_filters_of_videos(made_dataset):
    rows = load_dataset(
        "videos",
        made_dataset,
        columns=["road"],
        filters=[("session_id", "==", "session_006")],
    )
    assert list(rows) == ["test"]
    assert rows["test"].column_names == ["road"]
    with pytest.raises(InputError, match=r"videos has no column 'rode'"):
        load_dataset("videos", made_dataset, columns=["rode"])


def test_a_data_set_without_videos_says_so(dataset_copy, small_dataset):
    shutil.rmtree(dataset_copy / "videos")
    small_dataset.seal(dataset_copy)
    with pytest.raises(InputError, match=r"has no videos.*--videos"):
        load_dataset("videos", dataset_copy)
    with pytest.raises(InputError, match=r"it has frames, gaze_light, fixations, sessions\."):
        load_dataset("vidoes", dataset_copy)


def test_a_lost_shard_is_told_with_the_command_that_lists_all(dataset_copy):
    (dataset_copy / "fixations/train/session_002.parquet").unlink()
    shutil.rmtree(dataset_copy / "fixations/test")
    with pytest.raises(
        InputError, match=r"lacks fixations/test/session_006.parquet and 1 more .*dashgaze validate"
    ):
        load_dataset("fixations", dataset_copy)
    with pytest.raises(InputError, match=r"lacks fixations/train/session_002.parquet of fixations"):
        load_dataset("fixations", dataset_copy, split="train")
    assert load_dataset("fixations", dataset_copy, split="validation").num_rows > 0


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("damage", ["cut", "emptied", "head"])
def test_a_damaged_shard_is_told_with_the_command_that_finds_it(dataset_copy, damage, streaming):
    path = dataset_copy / "sessions" / "test.parquet"
    content = path.read_bytes()
    path.write_bytes(
        {"cut": content[:-20], "emptied": b"", "head": b"\x15\xff" * (len(content) // 2)}[damage]
    )
    with pytest.raises(InputError, match="can't be read") as refused:
        load_dataset("sessions", dataset_copy, split="test", streaming=streaming)
    assert "dashgaze validate" in str(refused.value.fix)


def test_an_empty_shard_is_told_before_a_stream_comes_to_it(dataset_copy):
    path = next((dataset_copy / "frames" / "train").glob("*.parquet"))
    path.write_bytes(b"")
    with pytest.raises(InputError, match=f"{path.name} can't be read: it is empty"):
        load_dataset("frames", dataset_copy, split="train", streaming=True)


def test_arguments_that_contradict_the_name_are_refused(made_dataset):
    with pytest.raises(InputError, match=r"data_files"):
        load_dataset(root=made_dataset, data_files="x")
    with pytest.raises(InputError, match=r"a folder, which has none"):
        load_dataset(root=made_dataset, revision="v1")


def test_others_arguments_reach_the_library(made_dataset, tmp_path):
    load_dataset(root=made_dataset, split="test", cache_dir=str(tmp_path / "mine"))
    assert list((tmp_path / "mine").rglob("*.arrow"))


def test_without_a_folder_the_hub_is_asked_with_the_same_arguments(tmp_path, monkeypatch):
    import datasets

    asked = {}

    def stand_in(path, name, **given):
        asked.update(given, path=path, name=name)
        return datasets.Dataset(pa.table({"a": [1]}))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hub, "_answers", lambda address: True)
    monkeypatch.setattr(datasets, "load_dataset", stand_in)
    load_dataset("frames", "lab/dashgaze", split="train", revision="v1.0.0", columns=["a"])
    assert asked == {
        "path": "lab/dashgaze",
        "name": "frames",
        "split": "train",
        "streaming": False,
        "revision": "v1.0.0",
        "columns": ["a"],
    }
    monkeypatch.setenv("DASHGAZE_HUB", "other/drives")
    load_dataset()
    assert asked["path"] == "other/drives"


def test_a_hub_that_does_not_answer_is_told_at_once_with_all_places(tmp_path, monkeypatch):
    import datasets

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(datasets.config, "HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(hub, "getproxies", dict)
    with pytest.raises(InputError) as told:
        load_dataset()
    message = str(told.value)
    assert "DASHGAZE_ROOT (not set)" in message
    assert f"{tmp_path / 'dashgaze'} (not there)" in message
    assert "dashgaze/dashgaze on the Hub" in message
    assert "HF_HUB_OFFLINE=1" in message


def test_offline_without_a_copy_is_told_as_bad_input(tmp_path, monkeypatch):
    import datasets
    import huggingface_hub

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match=r"lab/nothing can't be had from the Hub"):
        load_dataset(root="lab/nothing")
