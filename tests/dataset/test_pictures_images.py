"""The shard of pictures: the right frame in each row, and nothing that may not leave."""

import hashlib
import importlib.util
import io
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.dataset.consent import Release, release_under
from dashgaze.dataset.pictures import image_shard, released_view
from dashgaze.dataset.pictures.images import write_images
from dashgaze.dataset.tables.shard import check_shard
from dashgaze.errors import InputError, MediaError, OutputError
from dashgaze.schemas.face_table import FACE_FIELDS
from dashgaze.schemas.image_table import IMAGE_TABLE, PICTURES
from dashgaze.session import Session, open_session

RAW = release_under("raw", as_recorded=True)
ANONYMIZED = release_under("raw")
BLURRED = release_under("blurred")
GAZE_ONLY = release_under("gaze_only")
SIZES = {
    "driver": (224, 224),
    "face": (224, 224),
    "left_eye": (50, 100),
    "right_eye": (50, 100),
    "road_at_gaze": (224, 224),
    "road": (252, 448),
}


@pytest.fixture(scope="module")
def made() -> ModuleType:
    path = Path(__file__).with_name("pictures_session.py")
    spec = importlib.util.spec_from_file_location("pictures_session_for_images", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def session(made, tmp_path_factory) -> Session:
    return made.make_session(tmp_path_factory.mktemp("images") / "tiny")


@pytest.fixture(scope="module")
def frames(made, session) -> pa.Table:
    return made.frame_table(session)


@pytest.fixture(scope="module")
def blurred_files(made, session, tmp_path_factory) -> dict[str, Path]:
    return made.write_blurred(session, tmp_path_factory.mktemp("blurred"))


@pytest.fixture
def blurred(monkeypatch, blurred_files) -> dict[str, Path]:
    """Let the views count as anonymized."""
    monkeypatch.setattr(
        released_view, "anonymized_view", lambda session, view: blurred_files.get(view)
    )
    return blurred_files


@pytest.fixture
def packed(session, frames, tmp_path):
    """Write a shard and read it back, row by row, pictures decoded."""

    def pack(
        release: Release = RAW, table: pa.Table = frames, *, of: Session = session, every: int = 1
    ) -> list[dict]:
        path = tmp_path / "shard.parquet"
        count = write_images(of, table, release, path, every=every)
        if not count:
            assert not path.exists()
            return []
        check_shard(path, IMAGE_TABLE)
        rows = pq.read_table(path).to_pylist()
        assert len(rows) == count
        for row in rows:
            for name in PICTURES:
                if row[name] is not None:
                    row[f"{name}_path"] = row[name]["path"]
                    row[name] = cv2.imdecode(np.frombuffer(row[name]["bytes"], np.uint8), 1)
                    assert row[name].shape == (*SIZES[name], 3)
        return rows

    return pack


def columns_with_pictures(rows: list[dict]) -> set[str]:
    return {name for row in rows for name in PICTURES if row[name] is not None}


def test_every_picture_is_that_of_the_frame_its_row_names(packed, made):
    rows = packed()
    assert [row["frame_index"] for row in rows] == list(range(4, made.EGO_COUNT))
    for row in rows:
        assert made.index_of(row["road"]) == row["road_frame_index"]
        assert made.index_of(row["road_at_gaze"]) == row["road_frame_index"]
        if row["driver_frame_index"] is None:
            assert row["driver"] is None
            continue
        for name in ("driver", "face", "left_eye", "right_eye"):
            assert made.index_of(row[name]) == row["driver_frame_index"]


def test_pictures_of_a_turned_phone_are_upright(packed):
    for row in packed(every=10):
        pictures = [row["road"]] if row["driver"] is None else [row["road"], row["driver"]]
        for picture in pictures:
            assert picture[4, 4].mean() > 240
            others = (picture[4, -5], picture[-5, 4], picture[-5, -5])
            assert max(corner.mean() for corner in others) < 230


def test_one_valid_frame_in_so_many_has_its_pictures(packed, frames):
    assert [row["frame_index"] for row in packed(every=7)] == [7, 14, 21, 28, 35, 42, 49, 56]
    place = frames.column_names.index("ego_frame_valid")
    valid = [index != 21 for index in range(frames.num_rows)]
    padded = frames.set_column(place, frames.schema.field(place), pa.array(valid))
    assert [row["frame_index"] for row in packed(RAW, padded, every=21)] == [42]


def test_labels_are_those_of_the_frame_table(packed, frames):
    labels = [name for name in IMAGE_TABLE.column_names if name not in PICTURES]
    table = {row["frame_index"]: row for row in frames.to_pylist()}
    for row in packed(every=10):
        assert {name: row[name] for name in labels} == {
            name: table[row["frame_index"]][name] for name in labels
        }


def test_pictures_carry_a_name_that_says_what_they_are(packed):
    row = packed(every=20)[0]
    assert row["face_path"] == "tiny_000020_face.jpg"
    assert row["road_at_gaze_path"] == "tiny_000020_road_at_gaze.jpg"


def test_the_datasets_library_gives_pictures_and_arrays(session, frames, tmp_path):
    datasets = pytest.importorskip("datasets")
    from PIL import Image

    path = tmp_path / "shard.parquet"
    write_images(session, frames, RAW, path, every=15)
    loaded = datasets.load_dataset(
        "parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert all(isinstance(loaded.features[name], datasets.Image) for name in PICTURES)
    row = loaded[0]
    assert isinstance(row["face"], Image.Image)
    assert row["face"].size == (224, 224)
    assert row["left_eye"].size == (100, 50)
    assert row["road"].size == (448, 252)
    assert row["face"].getexif() == {}
    stored = pq.read_table(path)["face"][0].as_py()["bytes"]
    assert np.array_equal(np.asarray(row["face"]), np.asarray(Image.open(io.BytesIO(stored))))
    array = loaded.with_format("numpy")[0]["face"]
    assert array.shape == (224, 224, 3)
    assert array.dtype == np.uint8


def test_torch_gets_channels_first(session, frames, tmp_path):
    pytest.importorskip("torch")
    datasets = pytest.importorskip("datasets")
    path = tmp_path / "shard.parquet"
    write_images(session, frames, RAW, path, every=15)
    loaded = datasets.load_dataset(
        "parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert tuple(loaded.with_format("torch")[0]["face"].shape) == (3, 224, 224)


def test_a_driver_who_agreed_to_gaze_only_is_not_seen_and_nothing_else_is(packed):
    assert packed(GAZE_ONLY) == []


def test_a_driver_who_agreed_to_blurring_is_seen_blurred_without_face_and_eyes(
    packed, made, blurred
):
    rows = packed(BLURRED)
    assert columns_with_pictures(rows) == {"driver", "road", "road_at_gaze"}
    for row in rows:
        assert made.index_of(row["road"], made.blurred_level) == row["road_frame_index"]
        if row["driver"] is not None:
            assert made.index_of(row["driver"], made.blurred_level) == row["driver_frame_index"]


def test_road_pictures_are_the_anonymized_ones_unless_somebody_decided_otherwise(
    packed, made, blurred
):
    rows = packed(ANONYMIZED)
    assert columns_with_pictures(rows) == set(PICTURES)
    for row in rows:
        assert made.index_of(row["road"], made.blurred_level) == row["road_frame_index"]
        assert made.index_of(row["road_at_gaze"], made.blurred_level) == row["road_frame_index"]
        if row["driver"] is not None:
            assert made.index_of(row["face"]) == row["driver_frame_index"]


def test_pictures_that_are_not_anonymized_yet_are_refused_with_what_to_type(
    session, frames, tmp_path, monkeypatch
):
    monkeypatch.setattr(released_view, "anonymized_view", lambda session, view: None)
    with pytest.raises(InputError, match="have to be blurred") as refused:
        write_images(session, frames, ANONYMIZED, tmp_path / "shard.parquet")
    assert f"dashgaze anonymize {session.root}" in refused.value.fix
    assert list(tmp_path.iterdir()) == []


def test_numbers_of_the_face_are_dropped_where_they_may_not_leave(packed, blurred):
    release = Release(scope="blurred", outward="as_recorded", driver="none", face_numbers=False)
    rows = packed(release)
    assert columns_with_pictures(rows) == {"road", "road_at_gaze"}
    assert all(row[field.name] is None for row in rows for field in FACE_FIELDS)


def test_without_outward_pictures_only_the_driver_is_there(packed):
    release = Release(scope="raw", outward="none", driver="raw", face_numbers=True)
    rows = packed(release)
    assert columns_with_pictures(rows) == {"driver", "face", "left_eye", "right_eye"}
    assert rows[0]["frame_index"] == 12  # frames before have nothing to show


def test_a_session_without_a_driver_video_has_the_road(packed, made, session, tmp_path):
    root = made.tiny_session().copy_of(session.root, tmp_path / "alone")
    (root / "phone" / "driver.mp4").unlink()
    text = (root / "session.yaml").read_text(encoding="utf-8")
    (root / "session.yaml").write_text(
        text.replace("  driver: phone/driver.mp4\n", ""), encoding="utf-8"
    )
    alone = open_session(root)
    rows = packed(RAW, made.frame_table(alone), of=alone)
    assert columns_with_pictures(rows) == {"road", "road_at_gaze"}


def test_a_session_that_came_as_tables_only_has_no_pictures(
    packed, made, session, frames, tmp_path
):
    root = made.tiny_session().copy_of(session.root, tmp_path / "tables")
    for name in ("road.mp4", "driver.mp4"):
        (root / "phone" / name).unlink()
    assert packed(RAW, frames, of=open_session(root)) == []


def test_frames_without_a_face_have_the_driver_alone(packed, made, session):
    table = made.frame_table(session, face=lambda index: made.FACE if index >= 30 else None)
    for row in packed(RAW, table):
        if row["driver"] is not None:
            found = row["frame_index"] >= 30
            assert all(
                (row[name] is not None) == found for name in ("face", "left_eye", "right_eye")
            )


def test_an_eye_that_was_not_found_is_null(packed, made, session):
    one_eye = {**made.FACE, "left_eye_x_px": None, "left_eye_y_px": None}
    rows = packed(RAW, made.frame_table(session, face=lambda index: one_eye), every=20)
    assert [row["left_eye"] for row in rows] == [None] * len(rows)
    assert all(row["right_eye"] is not None and row["face"] is not None for row in rows)


@pytest.mark.parametrize(
    "gaze", [None, (500.0, 90.0, False), (-4.0, 90.0, False), (160.0, 90.0, False)]
)
def test_where_gaze_is_not_in_view_there_is_the_road_alone(packed, made, session, gaze):
    rows = packed(RAW, made.frame_table(session, gaze=lambda index: gaze))
    assert rows
    assert columns_with_pictures(rows) == set(PICTURES) - {"road_at_gaze"}


def test_the_road_around_gaze_lies_around_gaze(packed, made, session):
    # The mark at the top left of the view is as far from the middle as gaze is from it.
    table = made.frame_table(session, gaze=lambda index: (40.0 + index, 30.0, True))
    for row in packed(RAW, table, every=6):
        left, top = 112 - (40 + row["frame_index"]), 112 - 30
        patch = row["road_at_gaze"].astype(int).mean(axis=2)
        inside = patch[top + 4 : top + made.MARK_PX - 4, left + 4 : left + made.MARK_PX - 4]
        assert inside.min() > 235
        assert patch[: top - 8].max() < 20


def test_a_damaged_stretch_of_the_road_video_has_no_road_pictures(
    made, session, frames, packed, short_drive, tmp_path
):
    root = made.tiny_session().copy_of(session.root, tmp_path / "damaged")
    short_drive.spoil_packets(root / "phone" / "road.mp4", [30])
    rows = packed(RAW, frames, of=open_session(root))
    without = {row["road_frame_index"] for row in rows if row["road"] is None}
    assert 30 in without  # and what refers to it, up to the next keyframe
    assert without <= set(range(30, 36))
    for row in rows:
        if row["road"] is not None:
            assert made.index_of(row["road"]) == row["road_frame_index"]


def test_a_frame_table_of_another_video_is_refused(made, session, frames, tmp_path):
    root = made.tiny_session().copy_of(session.root, tmp_path / "other")
    made.write_phone_video(root / "phone" / "road.mp4", made.ROAD_S * 1.01, made.ROAD_PX)
    other = open_session(root)
    with pytest.raises(InputError, match="it is of another video"):
        write_images(other, frames, RAW, tmp_path / "shard.parquet")
    made.write_phone_video(root / "phone" / "road.mp4", made.ROAD_S[:20], made.ROAD_PX)
    with pytest.raises(InputError, match="it is of another video"):
        write_images(other, frames, RAW, tmp_path / "shard.parquet")


def test_a_video_that_is_none_is_an_error_and_leaves_no_file(made, session, frames, tmp_path):
    root = made.tiny_session().copy_of(session.root, tmp_path / "broken")
    (root / "phone" / "driver.mp4").write_bytes(b"no video at all")
    with pytest.raises(MediaError, match=r"driver\.mp4"):
        write_images(open_session(root), frames, RAW, tmp_path / "shard.parquet")
    assert not (tmp_path / "shard.parquet").exists()


def test_row_groups_are_bounded_and_change_nothing(session, frames, tmp_path, monkeypatch):
    whole, parts = tmp_path / "whole.parquet", tmp_path / "parts.parquet"
    write_images(session, frames, RAW, whole, every=2)
    monkeypatch.setattr(image_shard, "ROW_GROUP_BYTES", 20_000)
    write_images(session, frames, RAW, parts, every=2)
    assert pq.ParquetFile(whole).num_row_groups == 1
    groups = pq.ParquetFile(parts)
    assert groups.num_row_groups > 4
    assert pq.read_table(whole).equals(pq.read_table(parts))


def test_the_same_session_gives_the_same_bytes(session, frames, tmp_path):
    digests = set()
    for name in ("a", "b"):
        path = tmp_path / f"{name}.parquet"
        write_images(session, frames, RAW, path, every=3)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_a_place_that_can_not_be_written_is_said(session, frames, tmp_path):
    with pytest.raises(OutputError, match="can't be written"):
        write_images(session, frames, RAW, tmp_path / "missing" / "shard.parquet", every=20)


def test_progress_rises_to_one(session, frames, tmp_path):
    told: list[float] = []
    write_images(
        session,
        frames,
        RAW,
        tmp_path / "shard.parquet",
        every=10,
        progress=lambda phase, fraction: told.append(fraction),
    )
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_one_frame_in_none_is_a_mistake(session, frames, tmp_path):
    with pytest.raises(ValueError, match="one frame in 0"):
        write_images(session, frames, RAW, tmp_path / "shard.parquet", every=0)
