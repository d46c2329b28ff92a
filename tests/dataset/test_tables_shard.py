"""Shards: exactly one schema, small, the same bytes each time."""

import errno
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from dashgaze.dataset.consent import release_under
from dashgaze.dataset.tables import shard as shard_module
from dashgaze.dataset.tables.drive_tables import drive_tables
from dashgaze.dataset.tables.shard import ShardWriter, check_shard, write_shard
from dashgaze.errors import InputError, OutputError
from dashgaze.schemas.dataset_tables import (
    DATASET_FRAME_TABLE,
    DATASET_GAZE_TABLE,
    DATASET_SESSION_TABLE,
    FIXATION_TABLE,
    LOCATION_TABLE,
)
from dashgaze.schemas.image_table import IMAGE_TABLE

made = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tables_made.py"))))
TABLES = (
    DATASET_FRAME_TABLE,
    DATASET_GAZE_TABLE,
    DATASET_SESSION_TABLE,
    FIXATION_TABLE,
    LOCATION_TABLE,
    IMAGE_TABLE,
)


def frames(rows=6, **columns):
    """Rows after the data set's frame table."""
    given = {
        "session_id": "s1",
        "frame_index": np.arange(rows),
        "ego_frame_valid": True,
        "time_ns": np.arange(rows) * 33_333_333,
        "gaze_sample_count": 0,
    }
    return made.table(DATASET_FRAME_TABLE, rows, given | columns)


def full_frames(rows, seed=0):
    """Rows in which every column has values that look like a drive's."""
    rng = np.random.default_rng(seed)
    columns = {}
    for field in DATASET_FRAME_TABLE.fields:
        if field.type.startswith("float") and not field.type.endswith("]"):
            columns[field.name] = np.cumsum(rng.normal(0, 1, rows)) + 300
        elif field.type == "float64[9]":
            columns[field.name] = rng.normal(0, 1, (rows, 9)).tolist()
        elif field.type == "bool":
            columns[field.name] = rng.random(rows) > 0.1
        elif field.values:
            columns[field.name] = rng.choice(field.values, rows).tolist()
    return frames(rows, **columns)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "s1.parquet"


def test_what_is_written_is_what_is_read(path):
    content = full_frames(100)
    assert write_shard(path, content, DATASET_FRAME_TABLE) == 100
    found = pq.read_table(path)
    assert found.equals(content)
    for field in DATASET_FRAME_TABLE.to_arrow():
        assert found.schema.field(field.name).equals(field, check_metadata=True)
    assert found.schema.metadata[b"schema"] == b"dashgaze/dataset_frames/2"
    check_shard(path, DATASET_FRAME_TABLE)


@pytest.mark.parametrize("schema", TABLES, ids=lambda schema: schema.name)
def test_a_shard_of_any_table_may_be_empty_and_then_has_no_row_group(path, schema):
    assert write_shard(path, schema.to_arrow().empty_table(), schema) == 0
    check_shard(path, schema)
    assert pq.ParquetFile(path).metadata.num_row_groups == 0


def test_the_same_rows_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_shard(tmp_path / name, full_frames(13_000), DATASET_FRAME_TABLE)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_how_the_rows_are_chunked_in_memory_makes_no_difference(tmp_path):
    content = full_frames(1000)
    pieces = pa.concat_tables([content.slice(0, 7), content.slice(7)])
    write_shard(tmp_path / "a", content, DATASET_FRAME_TABLE)
    write_shard(tmp_path / "b", pieces, DATASET_FRAME_TABLE)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("rows", "groups"), [(1, 1), (6000, 1), (6001, 2), (18_000, 3), (19_000, 4), (120_000, 4)]
)
def test_a_session_has_up_to_four_row_groups_with_statistics(path, rows, groups):
    content = made.table(
        LOCATION_TABLE,
        rows,
        {
            "session_id": "s1",
            "time_ns": np.arange(rows),
            "latitude_deg": 1.0,
            "longitude_deg": 2.0,
        },
    )
    write_shard(path, content, LOCATION_TABLE)
    metadata = pq.ParquetFile(path).metadata
    assert metadata.num_row_groups == groups
    seen = 0
    for number in range(groups):
        group = metadata.row_group(number)
        session, time = group.column(0), group.column(1)
        assert (session.statistics.min, session.statistics.max) == ("s1", "s1")
        assert time.statistics.min == seen
        seen += group.num_rows
        assert time.has_column_index
        assert time.has_offset_index
    assert seen == rows


def test_columns_are_stored_as_suits_them(path):
    write_shard(path, full_frames(1000), DATASET_FRAME_TABLE)
    group = pq.ParquetFile(path).metadata.row_group(0)
    columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
    assert all(column.compression == "ZSTD" for column in columns.values())
    for name in ("gaze_ego_x_px", "face_x_px", "road_from_ego.list.element"):
        assert "BYTE_STREAM_SPLIT" in columns[name].encodings, name
    for name in ("frame_index", "time_ns", "road_pts"):
        assert "DELTA_BINARY_PACKED" in columns[name].encodings, name
    for name in ("session_id", "homography_source", "fixation_id"):
        assert "RLE_DICTIONARY" in columns[name].encodings, name


def test_a_session_of_ten_minutes_with_all_columns_is_small(path):
    write_shard(path, full_frames(18_000), DATASET_FRAME_TABLE)
    assert path.stat().st_size < 4_200_000, "0.9 million rows have to fit into 250 MB"


def test_pictures_are_stored_as_they_are(path):
    rows = [dict.fromkeys(IMAGE_TABLE.column_names) for _ in range(3)]
    for number, row in enumerate(rows):
        row |= {"session_id": "s1", "frame_index": number, "time_ns": number}
        rows[number] = row
    rows[1]["road"] = {"bytes": b"\xff\xd8 not really a picture", "path": "1_road.jpg"}
    content = pa.Table.from_pylist(rows, schema=IMAGE_TABLE.to_arrow())
    write_shard(path, content, IMAGE_TABLE)
    check_shard(path, IMAGE_TABLE)
    assert pq.read_table(path)["road"].to_pylist() == [None, rows[1]["road"], None]
    group = pq.ParquetFile(path).metadata.row_group(0)
    for i in range(group.num_columns):
        column = group.column(i)
        if column.path_in_schema.endswith(".bytes"):
            assert column.compression == "UNCOMPRESSED"
            assert not column.is_stats_set


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop_columns(["blink_id"]), "column blink_id of .* is missing"),
        (lambda t: t.append_column("mood", pa.nulls(6, pa.int8())), "column mood is none of"),
        (
            lambda t: t.append_column("worn", pa.nulls(6, pa.bool_())),
            "column worn of .* is there twice",
        ),
        (
            lambda t: t.select([*t.column_names[1:], "session_id"]),
            "column frame_index stands where session_id belongs",
        ),
        (
            lambda t: t.set_column(1, "frame_index", t["frame_index"].cast(pa.int64())),
            "column frame_index is int64, expected was int32",
        ),
        (
            lambda t: t.set_column(t.column_names.index("blink_id"), "blink_id", pa.nulls(6)),
            "column blink_id has no type, only nulls",
        ),
        (
            lambda t: t.set_column(
                1, "frame_index", pa.array([0, None, 2, 3, 4, 5], type=pa.int32())
            ),
            "column frame_index has 1 nulls, may have none",
        ),
    ],
    ids=["missing", "extra", "twice", "order", "type", "null-typed", "null"],
)
def test_rows_of_another_schema_are_not_written(path, change, message):
    with pytest.raises(InputError, match=message):
        write_shard(path, change(frames()), DATASET_FRAME_TABLE)
    assert not path.exists()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"homography_source": ["guessed"] * 6}, "homography_source says 'guessed'"),
        ({"speed_m_s": [1.0, float("nan"), 3.0, 4.0, 5.0, 6.0]}, "speed_m_s holds NaN"),
        ({"gaze_ego_x_px": [1.0, float("inf"), 3.0, 4.0, 5.0, 6.0]}, "gaze_ego_x_px holds NaN"),
        ({"road_from_ego": [[1.0] * 8 + [float("nan")]] * 6}, "road_from_ego holds NaN"),
        ({"road_from_ego": [[1.0] * 8 + [None]] * 6}, "road_from_ego has lists with gaps"),
    ],
)
def test_values_that_the_schema_does_not_allow_are_not_written(path, columns, message):
    with pytest.raises(InputError, match=message):
        write_shard(path, frames(**columns), DATASET_FRAME_TABLE)
    assert not path.exists()


def rewritten(path, change, **options):
    """A shard that other software wrote again."""
    content = change(pq.read_table(path))
    pq.write_table(content, path, **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop_columns(["speed_m_s"]), "column speed_m_s of .* is missing"),
        (lambda t: t.append_column("mood", pa.nulls(6, pa.int8())), "column mood is none of"),
        (
            lambda t: t.set_column(t.column_names.index("blink_id"), "blink_id", pa.nulls(6)),
            "column blink_id has no type, only nulls",
        ),
        (
            lambda t: t.set_column(1, "frame_index", t["frame_index"].cast(pa.int64())),
            "column frame_index is int64, expected was int32",
        ),
        (
            lambda t: t.select([*t.column_names[1:], "session_id"]),
            "column frame_index stands where session_id belongs",
        ),
        (
            lambda t: t.set_column(0, "session_id", t["session_id"]),
            "column session_id may hold nulls, by its schema the opposite",
        ),
        (
            lambda t: t.replace_schema_metadata(
                t.schema.metadata | {b"schema": b"dashgaze/dataset_frames/3"}
            ),
            "marked as dashgaze/dataset_frames/3, expected was dashgaze/dataset_frames/2",
        ),
        (lambda t: t.replace_schema_metadata(None), "marked as nothing"),
        (
            lambda t: t.replace_schema_metadata({b"schema": DATASET_FRAME_TABLE.id}),
            "features that it states",
        ),
    ],
    ids=[
        "missing",
        "extra",
        "null-typed",
        "type",
        "order",
        "nullable",
        "version",
        "unmarked",
        "features",
    ],
)
def test_a_shard_of_another_schema_is_found(path, change, message):
    write_shard(path, frames(), DATASET_FRAME_TABLE)
    rewritten(path, change)
    with pytest.raises(InputError, match=message) as caught:
        check_shard(path, DATASET_FRAME_TABLE)
    assert str(path) in str(caught.value)


def test_a_shard_that_is_cut_off_is_found(path):
    write_shard(path, frames(), DATASET_FRAME_TABLE)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="can't be read as parquet"):
        check_shard(path, DATASET_FRAME_TABLE)
    with pytest.raises(InputError, match="can't be read as parquet"):
        check_shard(path.with_name("none.parquet"), DATASET_FRAME_TABLE)


def test_pieces_are_row_groups(path):
    with ShardWriter(path, DATASET_FRAME_TABLE) as writer:
        for start in (0, 2, 4):
            writer.write(frames().slice(start, 2))
        assert writer.rows == 6
    assert pq.ParquetFile(path).metadata.num_row_groups == 3
    assert pq.read_table(path).equals(frames())


def test_nothing_is_left_where_writing_fails(path, monkeypatch):
    def write_and_stop():
        with ShardWriter(path, DATASET_FRAME_TABLE) as writer:
            writer.write(frames())
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_and_stop()
    assert not path.exists()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shard_module.os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write_shard(path, frames(), DATASET_FRAME_TABLE)
    assert not path.exists()


def test_a_folder_that_is_not_there_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="can't be written"):
        write_shard(tmp_path / "none" / "s1.parquet", frames(), DATASET_FRAME_TABLE)


def test_a_shard_writer_outside_of_a_with_block_is_a_mistake(path):
    with pytest.raises(ValueError, match="context manager"):
        ShardWriter(path, DATASET_FRAME_TABLE).write(frames())


def test_the_tables_of_a_drive_are_shards_of_their_schemas(tmp_path):
    session = made.write_session(
        tmp_path / "drive",
        frames=made.frame_table(
            fixation_id=[1, 1, None, 2, 2, 2], driver_frame_index=list(range(6))
        ),
        gaze=made.gaze_table(4, fixation_id=[1, 1, 2, 2]),
        faces=made.face_table(range(6), face_x_px=[1.0] * 6),
    )
    tables = drive_tables(session, release_under("raw"))
    for content, schema in (
        (tables.frames, DATASET_FRAME_TABLE),
        (tables.fixations, FIXATION_TABLE),
        (tables.gaze, DATASET_GAZE_TABLE),
    ):
        write_shard(tmp_path / "x.parquet", content, schema)
        check_shard(tmp_path / "x.parquet", schema)
    later = {
        "split": "train",
        "outward_pictures": "none",
        "driver_pictures": "none",
        "ego_video": None,
        "road_video": None,
        "driver_video": {"bytes": None, "path": "videos/s1/driver.mp4"},
    }
    schema = DATASET_SESSION_TABLE.to_arrow()
    row = pa.Table.from_pylist([tables.session | later], schema=schema)
    assert set(tables.session | later) == set(schema.names)
    write_shard(tmp_path / "sessions.parquet", row, DATASET_SESSION_TABLE)
    check_shard(tmp_path / "sessions.parquet", DATASET_SESSION_TABLE)
    assert pc.sum(row["frame_count"]).as_py() == 6
