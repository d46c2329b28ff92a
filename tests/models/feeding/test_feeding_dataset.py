"""Opening a packed data set for models."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.errors import InputError
from dashgaze.models.feeding.dataset import data_digest, data_title, open_samples


@pytest.fixture
def dataset(tiny_dataset, tmp_path):
    """A copy to be changed."""
    return shutil.copytree(tiny_dataset, tmp_path / "dashgaze")


def _change(path, column, values):
    table = pq.read_table(path, partitioning=None)
    number = table.column_names.index(column)
    field = table.schema.field(number)
    made = table.set_column(number, field, pa.array(values(table[column].to_pylist()), field.type))
    pq.write_table(made, path)


def test_labels_are_those_of_the_frames_that_have_pictures(tiny_dataset, tiny_samples):
    assert len(tiny_samples) == 240
    assert tiny_samples.sessions == [f"session_00{number}" for number in range(1, 7)]
    frames = pq.read_table(
        tiny_dataset / "frames/train/session_003.parquet", partitioning=None
    ).to_pylist()
    some = tiny_samples.take(tiny_samples.session_id == "session_003")
    assert (np.diff(some.time_s) > 0).all()
    for row, frame in enumerate(some.frame_index.tolist()):
        truth = frames[frame]
        assert truth["frame_index"] == frame
        assert some.time_s[row] == pytest.approx(truth["time_ns"] / 1e9)
        wanted = [truth["gaze_road_x_px"], truth["gaze_road_y_px"]]
        assert np.allclose(some.gaze_road_px[row], np.array(wanted, float), equal_nan=True)
        eye = np.array([truth["left_eye_x_px"], truth["left_eye_y_px"]], float)
        assert np.allclose(some.landmarks_px[row, 0], eye, equal_nan=True)
        assert some.gaze_in_view[row] == bool(truth["gaze_road_in_view"])
        assert some.blink[row] == truth["blink"]
        assert some.fixation[row] == (truth["fixation_id"] is not None)
    assert set(map(tuple, some.road_size_px.tolist())) == {(1280.0, 720.0)}
    assert set(some.lighting.tolist()) == {"day"}
    assert set(some.driver_id.tolist()) == {"driver_02"}


def test_pictures_belong_to_their_rows_also_in_a_shuffled_shard(dataset):
    samples, pictures = open_samples(dataset, sessions=["session_002"])
    before, present = pictures.read(np.arange(len(samples)), "face", (56, 56))
    path = dataset / "images/train/session_002.parquet"
    table = pq.read_table(path, partitioning=None)
    order = np.random.default_rng(0).permutation(table.num_rows)
    pq.write_table(table.take(pa.array(order)), path, compression="none", use_dictionary=False)
    samples, pictures = open_samples(dataset, sessions=["session_002"])
    after, still = pictures.read(np.arange(len(samples)), "face", (56, 56))
    assert (np.diff(samples.frame_index) > 0).all()
    assert np.array_equal(before, after)
    assert np.array_equal(present, still)


def test_absent_pictures_are_black_and_said(tiny_dataset, tiny_samples):
    samples, pictures = open_samples(tiny_dataset, split="validation")
    shown, present = pictures.read(np.arange(40), "face")
    assert shown.shape == (40, 3, 224, 224)
    assert np.array_equal(present, samples.has_face)
    assert not shown[~present].any()
    assert shown[present].reshape(present.sum(), -1).any(axis=1).all()
    some = pictures.take(np.array([5, 7]))
    assert np.array_equal(some.read(np.array([1, 0]), "face")[0], shown[[7, 5]])


def test_a_split_or_sessions_can_be_chosen(tiny_dataset):
    assert open_samples(tiny_dataset, split="test")[0].sessions == ["session_006"]
    chosen = open_samples(tiny_dataset, sessions=["session_004", "session_001"])[0]
    assert chosen.sessions == ["session_001", "session_004"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"split": "training"}, "no split 'training'"),
        ({"sessions": ["session_01"]}, "Did you mean 'session_001'"),
        ({"split": "test", "sessions": ["session_001"]}, "None of the sessions"),
    ],
)
def test_what_is_not_there_is_told(tiny_dataset, wanted, message):
    with pytest.raises(InputError, match=message):
        open_samples(tiny_dataset, **wanted)


def test_a_data_set_without_pictures_is_refused(dataset):
    path = dataset / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"] = [file for file in manifest["files"] if file["config"] != "images"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"without pictures.*--images"):
        open_samples(dataset)


@pytest.mark.parametrize("view", ["road", "driver"])
def test_an_unknown_size_of_a_picture_is_refused(dataset, view):
    _change(dataset / "sessions/validation.parquet", f"{view}_width_px", lambda old: [None])
    with pytest.raises(InputError, match=f"how large the {view} picture of session_005"):
        open_samples(dataset, split="validation")
    open_samples(dataset, split="train")


def test_a_missing_column_is_named(dataset):
    path = dataset / "frames/train/session_001.parquet"
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.drop_columns(["head_yaw_deg"]), path)
    with pytest.raises(InputError, match=r"session_001\.parquet has no column head_yaw_deg"):
        open_samples(dataset)


def test_infinite_labels_and_foreign_frames_are_refused(dataset):
    path = dataset / "frames/test/session_006.parquet"
    _change(path, "gaze_road_x_px", lambda old: [float("inf")] * len(old))
    with pytest.raises(InputError, match="infinite numbers in gaze_road_x_px"):
        open_samples(dataset, split="test")
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.slice(0, 100), path)
    with pytest.raises(InputError, match="pictures of frames that"):
        open_samples(dataset, split="test")


def test_a_damaged_picture_is_named_when_it_is_read(dataset):
    path = dataset / "images/test/session_006.parquet"

    def cut(old):
        old[3] = {"bytes": old[3]["bytes"][:500], "path": old[3]["path"]}
        return old

    _change(path, "driver", cut)
    samples, pictures = open_samples(dataset, split="test")
    pictures.read(np.array([0, 1, 2]), "driver")
    with pytest.raises(InputError, match=r"Picture driver in row 3 of .*session_006.*damaged"):
        pictures.read(np.arange(len(samples)), "driver")


def test_the_digest_is_of_the_data_and_not_of_the_papers(dataset):
    digest = data_digest(dataset)
    manifest = json.loads((dataset / "manifest.json").read_text())
    assert digest[:16] == manifest["build"]
    assert data_title(dataset) == f"dashgaze 1.0.0 (build {manifest['build']})"
    for file in manifest["files"]:
        if file["path"] == "README.md":
            file["sha256"] = "0" * 64
    (dataset / "manifest.json").write_text(json.dumps(manifest))
    assert data_digest(dataset) == digest
    manifest["files"][0 if manifest["files"][0]["config"] else 1]["sha256"] = "1" * 64
    (dataset / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="of another"):
        data_digest(dataset)
