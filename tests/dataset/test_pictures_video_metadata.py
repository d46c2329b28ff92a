"""The list of videos, read by the `datasets` library itself."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.dataset.pictures.video_metadata import misread_names, write_video_metadata
from dashgaze.errors import InputError

VIEWS = ("ego", "road", "driver")


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three sessions: one with all views, one without a driver, one with nothing but the driver."""
    place = tmp_path / "dashgaze" / "videos"
    put(place, "S1", *VIEWS)
    put(place, "S2", "ego", "road")
    put(place, "S3", "driver")
    return place


def put(folder: Path, session_id: str, *views: str) -> None:
    (folder / session_id).mkdir(parents=True)
    for view in views:
        (folder / session_id / f"{view}.mp4").write_bytes(session_id.encode())


def row(session_id: str, **others) -> dict:
    return {"session_id": session_id, "driver_id": f"D{session_id[-1]}", "split": "train"} | others


ROWS = [row("S2", split="test"), row("S1"), row("S3")]


@pytest.fixture
def load(tmp_path):
    """What `load_dataset` gives, with a cache of its own, videos as paths."""
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()

    def load(folder: Path, **options) -> dict[str, list[dict]]:
        found = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"), **options)
        splits = {}
        for name, split in found.items():
            for view in VIEWS:
                if view in split.features:
                    assert isinstance(split.features[view], datasets.Video)
                    split = split.cast_column(view, datasets.Video(decode=False))
            if "video" in split.features:  # the list was not seen
                split = split.cast_column("video", datasets.Video(decode=False))
            splits[name] = [dict(each) for each in split]
        return splits

    return load


def test_load_dataset_gives_three_videos_with_full_paths_beside_the_rows(folder, load):
    write_video_metadata(folder, ROWS)
    loaded = load(folder)
    assert list(loaded) == ["train"]
    assert [each["session_id"] for each in loaded["train"]] == ["S1", "S2", "S3"]
    assert [each["split"] for each in loaded["train"]] == ["train", "test", "train"]
    for each in loaded["train"]:
        for view in VIEWS:
            path = folder / each["session_id"] / f"{view}.mp4"
            assert each[view] == ({"bytes": None, "path": str(path)} if path.exists() else None)


@pytest.mark.parametrize("views", [("ego",), ("road",), ("driver",), ("ego", "road")])
def test_a_view_that_no_session_has_is_null_and_still_a_video(tmp_path, load, views):
    place = tmp_path / "videos"
    put(place, "S1", *views)
    write_video_metadata(place, [row("S1")])
    (only,) = load(place)["train"]
    assert {view for view in VIEWS if only[view] is not None} == set(views)


def test_what_was_changed_or_moved_is_never_served_from_the_cache(folder, load, tmp_path):
    write_video_metadata(folder, ROWS)
    assert load(folder)["train"][0]["driver_id"] == "D1"
    write_video_metadata(folder, [row("S1", driver_id="D9"), *ROWS[:1]])
    assert [each["driver_id"] for each in load(folder)["train"]] == ["D9", "D2"]
    moved = tmp_path / "elsewhere" / "videos"
    moved.parent.mkdir()
    folder.rename(moved)
    assert load(moved)["train"][0]["ego"]["path"] == str(moved / "S1" / "ego.mp4")


def test_sessions_without_a_video_are_not_listed(folder):
    path = write_video_metadata(folder, [*ROWS, row("S4")])
    assert pq.read_table(path)["session_id"].to_pylist() == ["S1", "S2", "S3"]


def test_columns_have_types_whatever_is_missing(folder):
    rows = [{**each, "car": None, "passengers": None, "hour": 3} for each in ROWS]
    table = pq.read_table(write_video_metadata(folder, rows))
    assert table.column_names == [
        *(f"{view}_file_name" for view in VIEWS),
        *("session_id", "driver_id", "split", "car", "passengers", "hour"),
    ]
    assert not any(pa.types.is_null(field.type) for field in table.schema)


def test_a_data_set_without_any_video_has_an_empty_list(tmp_path):
    table = pq.read_table(write_video_metadata(tmp_path, []))
    assert table.num_rows == 0
    assert table.schema.field("ego_file_name").type == pa.string()


def test_the_same_rows_give_the_same_bytes_in_any_order(folder):
    first = write_video_metadata(folder, ROWS).read_bytes()
    assert write_video_metadata(folder, ROWS[::-1]).read_bytes() == first


def test_rows_that_do_not_fit_together_are_refused(folder):
    with pytest.raises(InputError, match="different keys"):
        write_video_metadata(folder, [row("S1"), {"session_id": "S2"}])
    with pytest.raises(InputError, match="twice"):
        write_video_metadata(folder, [row("S1"), row("S1")])


@pytest.mark.parametrize(
    ("name", "misread"),
    [
        ("test_03", True),
        ("2026-05-12_test", True),
        ("D1train", True),
        ("val", True),
        ("dev.2", True),
        ("session_001", False),
        ("latest_01", False),
        ("Test_03", False),
        ("evaluating_2", False),
        ("contrast-1", False),
    ],
)
def test_a_session_that_is_named_like_a_split_is_found_out(tmp_path, load, name, misread):
    place = tmp_path / "videos"
    put(place, name, "ego")
    write_video_metadata(place, [row(name)])
    assert misread_names([name]) == ([name] if misread else [])
    # The library agrees: with such a name it does not see the list. Naming all files helps.
    assert ("session_id" in next(iter(load(place).values()))[0]) == (not misread)
    (all_files,) = load(place, data_files="**")["train"]
    assert all_files["session_id"] == name
