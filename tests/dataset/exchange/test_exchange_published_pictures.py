"""Pictures of the published layout: every way to lay them out gives the same pictures."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from dashgaze.dataset.exchange import published_runs
from dashgaze.dataset.exchange.published import read_published
from dashgaze.dataset.exchange.published_output import write_published
from dashgaze.errors import InputError, MissingExtraError, OutputError

h5py = pytest.importorskip("h5py")

SHAPES = {"img": (40, 60), "face": (32, 32), "leye": (10, 20), "reye": (10, 20)}
COUNT = 12


def pictures(kind: str, count: int = COUNT) -> np.ndarray:
    """Give (N, H, W, 3) pictures that can be told apart: the red of each says its number."""
    height, width = SHAPES[kind]
    stack = np.zeros((count, height, width, 3), np.uint8)
    stack[..., 0] = np.arange(count)[:, None, None] * 10 + 5
    stack[..., 1] = np.linspace(0, 255, width).astype(np.uint8)[None, None, :]
    stack[..., 2] = np.linspace(0, 255, height).astype(np.uint8)[None, :, None]
    return stack


def stacked(folder: Path, transform) -> None:
    with h5py.File(folder / "s01.h5", "w") as file:
        for kind in SHAPES:
            file[kind] = transform(pictures(kind))


def as_bytes(folder: Path) -> None:
    stacked(folder, lambda stack: stack.transpose(0, 3, 1, 2))


def as_shares(folder: Path) -> None:
    stacked(folder, lambda stack: (stack.transpose(0, 3, 1, 2) / 255).astype(np.float32))


def as_large_floats(folder: Path) -> None:
    stacked(folder, lambda stack: stack.transpose(0, 3, 1, 2).astype(np.float64))


def colour_last(folder: Path) -> None:
    stacked(folder, lambda stack: stack)


def compressed_with_capitals_in_a_group(folder: Path) -> None:
    with h5py.File(folder / "s01.HDF5", "w") as file:
        for kind in SHAPES:
            stack = pictures(kind).transpose(0, 3, 1, 2)
            file.create_dataset(f"data/{kind.upper()}", data=stack, compression="gzip")


def a_data_set_a_frame(folder: Path) -> None:
    with h5py.File(folder / "s01.h5", "w") as file:
        for kind in SHAPES:
            for number, picture in enumerate(pictures(kind)):
                file[f"{kind}/{number}"] = picture.transpose(2, 0, 1)


def a_group_a_frame(folder: Path) -> None:
    with h5py.File(folder / "s01.h5", "w") as file:
        for kind in SHAPES:
            for number, picture in enumerate(pictures(kind)):
                file[f"frame_{number}/{kind}"] = picture.transpose(2, 0, 1)[None]


def a_file_a_frame(folder: Path) -> None:
    (folder / "s01").mkdir()
    for number in range(COUNT):
        with h5py.File(folder / "s01" / f"{number}.h5", "w") as file:
            for kind in SHAPES:
                file[kind] = pictures(kind)[number].transpose(2, 0, 1)


def a_file_a_kind(folder: Path) -> None:
    (folder / "s01").mkdir()
    for kind in SHAPES:
        with h5py.File(folder / "s01" / f"{kind}.h5", "w") as file:
            file[kind] = pictures(kind).transpose(0, 3, 1, 2)


def in_two_parts(folder: Path) -> None:
    for part, rows in (("part_1", slice(0, 5)), ("part_2", slice(5, None))):
        with h5py.File(folder / f"{part}.h5", "w") as file:
            for kind in SHAPES:
                file[kind] = pictures(kind)[rows].transpose(0, 3, 1, 2)


LAYOUTS = [
    as_bytes,
    as_shares,
    as_large_floats,
    colour_last,
    compressed_with_capitals_in_a_group,
    a_data_set_a_frame,
    a_group_a_frame,
    a_file_a_frame,
    a_file_a_kind,
    in_two_parts,
]


def write_labels(path: Path, rows: int = COUNT, frames=None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["dash gaze x [px],dash gaze y [px]" + (",frame" if frames else "")]
    for row in range(rows):
        lines.append(f"{100 + row}.5,{200 + row}.5" + (f",{frames[row]}" if frames else ""))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def only(folder: Path):
    (session,) = read_published(folder).sessions
    return session


@pytest.mark.parametrize("lay_out", LAYOUTS)
def test_every_layout_gives_the_same_pictures(tmp_path, lay_out):
    write_labels(tmp_path / "s01.csv")
    lay_out(tmp_path)
    published = read_published(tmp_path)
    assert published.not_read == ()
    (session,) = published.sessions
    assert session.pictures.kinds == tuple(SHAPES)
    with session.pictures as found:
        for kind in SHAPES:
            truth = pictures(kind)
            assert found.count(kind) == COUNT
            for index in (0, 1, COUNT - 1, 2):
                assert np.array_equal(found.read(kind, index), truth[index])
            assert session.picture_of_row[kind].to_pylist() == list(range(COUNT))
    assert not [note for note in session.notes if "picture" in note]


def test_pictures_are_read_one_at_a_time(tmp_path, monkeypatch):
    write_labels(tmp_path / "s01.csv")
    as_bytes(tmp_path)
    session = only(tmp_path)
    read: list[object] = []
    original = h5py.Dataset.__getitem__

    def spy(self, key, *rest, **more):
        read.append(key)
        return original(self, key, *rest, **more)

    monkeypatch.setattr(h5py.Dataset, "__getitem__", spy)
    with session.pictures as found:
        found.read("face", 3)
    assert 0 < len(read) <= 9  # the picture, and a few to see how values are scaled
    assert all(isinstance(key, int) for key in read)


def test_a_dark_picture_of_large_floats_stays_dark(tmp_path):
    write_labels(tmp_path / "s01.csv", 3)
    stack = np.zeros((3, 3, 8, 8), np.float32)
    stack[1:] = 200
    stack[0] = 1  # alone it would look like white
    with h5py.File(tmp_path / "s01.h5", "w") as file:
        file["face"] = stack
    with only(tmp_path).pictures as found:
        assert found.read("face", 0).max() == 1


def test_grey_pictures_have_three_equal_colours(tmp_path):
    write_labels(tmp_path / "s01.csv", 2)
    with h5py.File(tmp_path / "s01.h5", "w") as file:
        file["leye"] = np.arange(2 * 6 * 8, dtype=np.uint8).reshape(2, 1, 6, 8)
    with only(tmp_path).pictures as found:
        picture = found.read("leye", 1)
    assert picture.shape == (6, 8, 3)
    assert np.array_equal(picture[..., 0], np.arange(48, 96).reshape(6, 8))
    assert np.array_equal(picture[..., 0], picture[..., 2])


def test_standardised_values_are_no_picture(tmp_path):
    write_labels(tmp_path / "s01.csv", 2)
    with h5py.File(tmp_path / "s01.h5", "w") as file:
        file["face"] = np.random.default_rng(0).normal(0, 1, (2, 3, 8, 8))
    with only(tmp_path).pictures as found, pytest.raises(InputError, match="standardised"):
        found.read("face", 0)


def test_more_rows_than_pictures_are_not_tied(tmp_path):
    write_labels(tmp_path / "s01.csv", COUNT + 1)
    as_bytes(tmp_path)
    session = only(tmp_path)
    assert session.table.num_rows == COUNT + 1
    assert session.picture_of_row == {}
    assert (
        "12 pictures of img, 13 rows, and nothing that says which belong together: they are not tied "
        "to rows." in session.notes
    )


def test_frame_numbers_tie_pictures_to_rows(tmp_path):
    write_labels(tmp_path / "s01.csv", 4, frames=[9, 2, 50, 3])
    a_data_set_a_frame(tmp_path)
    session = only(tmp_path)
    # No picture of frame 50; it is not one of the others' either.
    assert session.picture_of_row == {}
    write_labels(tmp_path / "s01.csv", 3, frames=[9, 2, 3])
    session = only(tmp_path)
    assert session.picture_of_row["face"].to_pylist() == [9, 2, 3]
    assert "face: 3 of 12 pictures belong to one of 3 rows." in session.notes


def test_numbers_that_count_from_another_start_do_not_shift_pictures(tmp_path):
    write_labels(tmp_path / "s01.csv", COUNT, frames=list(range(1, COUNT + 1)))
    a_data_set_a_frame(tmp_path)  # 0 to 11
    session = only(tmp_path)
    assert session.picture_of_row["face"].to_pylist() == list(range(COUNT))


def test_pictures_find_their_labels_in_other_folders(tmp_path):
    for name in ("s01", "s02"):
        write_labels(tmp_path / "labels" / f"{name}.csv", 3)
        (tmp_path / "pictures").mkdir(exist_ok=True)
        with h5py.File(tmp_path / "pictures" / f"{name}.h5", "w") as file:
            file["face"] = pictures("face", 3).transpose(0, 3, 1, 2) + (name == "s02")
    first, second = read_published(tmp_path).sessions
    assert first.files == ("labels/s01.csv", "pictures/s01.h5")
    with second.pictures as found:
        assert found.read("face", 0)[0, 0, 0] == 6


def test_pictures_without_labels_are_told(tmp_path):
    as_bytes(tmp_path)
    session = only(tmp_path)
    assert session.session_id == "s01"
    assert session.table.num_rows == COUNT
    assert session.table["gaze_road_x_px"].null_count == COUNT
    assert "There are pictures, but no labels for them." in session.notes


def test_pictures_of_which_it_is_not_clear_whose_they_are_stay_alone(tmp_path):
    for name in ("monday", "tuesday"):
        write_labels(tmp_path / f"{name}.csv", COUNT)
    as_bytes(tmp_path)
    names = {each.session_id: each for each in read_published(tmp_path).sessions}
    assert set(names) == {"monday", "tuesday", "s01"}
    assert names["monday"].pictures is None


def test_what_else_is_in_hdf5_files_is_told(tmp_path):
    write_labels(tmp_path / "s01.csv")
    as_bytes(tmp_path)
    with h5py.File(tmp_path / "s01.h5", "a") as file:
        file["gaze"] = np.zeros(3)
        file["deep/er"] = np.zeros((2, 2))
    (tmp_path / "broken.h5").write_bytes(b"nothing")
    with h5py.File(tmp_path / "empty.h5", "w"):
        pass
    told = {each.path: each.reason for each in read_published(tmp_path).not_read}
    assert told["s01.h5"] == "holds data sets that are no pictures: deep/er, gaze"
    assert told["broken.h5"].startswith("can't be opened as HDF5")
    assert told["empty.h5"] == "holds nothing"


def test_links_out_of_a_file_are_not_followed(tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    with h5py.File(secret / "x.h5", "w") as file:
        file["face"] = pictures("face").transpose(0, 3, 1, 2)
    folder = tmp_path / "published"
    folder.mkdir()
    write_labels(folder / "s01.csv")
    with h5py.File(folder / "s01.h5", "w") as file:
        file["img"] = pictures("img").transpose(0, 3, 1, 2)
        file["face"] = h5py.ExternalLink(str(secret / "x.h5"), "face")
        layout = h5py.VirtualLayout(shape=(12, 3, 10, 20), dtype="uint8")
        layout[:] = h5py.VirtualSource(str(secret / "x.h5"), "face", shape=(12, 3, 10, 20))
        file.create_virtual_dataset("leye", layout)
        raw = [(str(secret / "x.h5"), 0, 2400)]
        file.create_dataset("reye", (12, 1, 10, 20), dtype="uint8", external=raw)
    (session,) = (published := read_published(folder)).sessions
    assert session.pictures.kinds == ("img",)
    assert published.not_read[0].reason == "holds data sets that are no pictures: leye, reye"


@pytest.fixture
def no_h5py(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(published_runs, "import_module", missing)


def test_labels_are_read_without_h5py_and_the_extra_is_named(tmp_path, no_h5py):
    write_labels(tmp_path / "s01.csv")
    as_bytes(tmp_path)
    published = read_published(tmp_path)
    assert published.sessions[0].table.num_rows == COUNT
    assert published.sessions[0].pictures is None
    (told,) = published.not_read
    assert told.path == "s01.h5"
    assert 'pip install "dashgaze[published]"' in told.reason


def test_pictures_alone_need_h5py(tmp_path, no_h5py):
    as_bytes(tmp_path)
    with pytest.raises(MissingExtraError, match=r'pip install "dashgaze\[published\]"'):
        read_published(tmp_path)


def test_datasets_loads_what_was_written(tmp_path):
    source = tmp_path / "source"
    for name, count in (("s01", 5), ("s02", 7)):
        write_labels(source / f"{name}.csv", count)
        with h5py.File(source / f"{name}.h5", "w") as file:
            for kind in SHAPES:
                file[kind] = pictures(kind, count).transpose(0, 3, 1, 2)
    write_labels(source / "s03.csv", 2)
    out = write_published(read_published(source), tmp_path / "out")
    assert sorted(path.name for path in (out / "frames").iterdir()) == [
        f"s0{number}.parquet" for number in (1, 2, 3)
    ]
    assert sorted(path.name for path in (out / "images").iterdir()) == [
        "s01.parquet",
        "s02.parquet",
    ]
    code = f"""
import json
from datasets import load_dataset
frames = load_dataset({str(out)!r}, split="train")
images = load_dataset({str(out)!r}, "images", split="train")
row = images[6]
print(json.dumps({{
    "rows": [len(frames), len(images)],
    "session": row["session_id"], "x": row["gaze_road_x_px"], "null": row["road"],
    "size": row["left_eye"].size, "red": row["face"].getpixel((3, 3))[0],
}}))
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout)
    assert loaded.pop("red") == pytest.approx(15, abs=6)  # the second picture of s02
    assert loaded == {
        "rows": [14, 12],
        "session": "s02",
        "x": 101.5,
        "null": None,
        "size": [20, 10],
    }


def test_the_same_source_gives_the_same_bytes(tmp_path):
    source = tmp_path / "source"
    write_labels(source / "s01.csv")
    as_bytes(source)
    contents = []
    for name in ("a", "b"):
        out = write_published(read_published(source), tmp_path / name)
        contents.append(
            {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
        )
    assert contents[0] == contents[1]
    assert len(contents[0]) == 4
    table = pq.read_table(tmp_path / "a" / "images" / "s01.parquet")
    assert table.num_rows == COUNT
    assert table["driver"][0].as_py()["bytes"][:2] == b"\xff\xd8"


def test_a_picture_that_can_not_be_read_leaves_nothing_behind(tmp_path):
    source = tmp_path / "source"
    write_labels(source / "s01.csv", 2)
    with h5py.File(source / "s01.h5", "w") as file:
        file["face"] = np.random.default_rng(0).normal(0, 1, (2, 3, 8, 8))
    with pytest.raises(InputError, match="standardised"):
        write_published(read_published(source), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_taken_folder_is_refused(tmp_path):
    write_labels(tmp_path / "source" / "s01.csv", 2)
    with pytest.raises(OutputError, match="not empty"):
        write_published(read_published(tmp_path / "source"), tmp_path)
