"""Tables of a session are held against their contract before anything is made of them."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from dashgaze.dataset.consent import release_under
from dashgaze.dataset.tables.derived_tables import read_derived
from dashgaze.dataset.tables.drive_tables import drive_tables
from dashgaze.dataset.tables.migrations import MIGRATIONS, Migration, migrate
from dashgaze.errors import InputError
from dashgaze.schemas.frame_table import FRAME_TABLE

made = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tables_made.py"))))
RAW = release_under("raw")


@pytest.fixture
def read(tmp_path):
    def read(content):
        path = made.write_table(tmp_path / "derived" / "frames.parquet", content)
        return read_derived(path, FRAME_TABLE, session_id="s1", fix="Make it again.")

    return read


def replaced(table, name, array, *, nullable=True):
    """The table with a column of whatever type in place of the one of that name."""
    field = pa.field(name, array.type, nullable=nullable)
    return table.set_column(table.column_names.index(name), field, array)


def test_a_table_of_the_schema_is_given_as_it_is(read):
    content = made.frame_table(speed_m_s=[1.0, None, 3.0, 4.0, 5.0, 6.0])
    assert read(content).equals(content, check_metadata=True)


def test_columns_in_another_order_are_put_in_order(read):
    content = made.frame_table()
    assert read(content.select(content.column_names[::-1])).column_names == content.column_names


def test_numbers_and_words_of_another_width_are_cast(read):
    content = made.frame_table(
        speed_m_s=[1.5] * 6, road_frame_index=list(range(6)), homography_source="none"
    )
    wide = replaced(content, "speed_m_s", content["speed_m_s"].cast(pa.float64()))
    wide = replaced(wide, "road_frame_index", content["road_frame_index"].cast(pa.int64()))
    wide = replaced(wide, "homography_source", content["homography_source"].dictionary_encode())
    wide = replaced(wide, "session_id", content["session_id"].cast(pa.large_string()))
    assert read(wide).equals(content, check_metadata=True)


def test_lists_of_any_length_are_cast_if_they_have_nine_numbers(read):
    content = made.frame_table(road_from_ego=[[float(i)] * 9 for i in range(6)])
    lists = pa.array(content["road_from_ego"].to_pylist(), type=pa.list_(pa.float64()))
    assert read(replaced(content, "road_from_ego", lists)).equals(content)
    short = pa.array([[1.0] * 8] * 6, type=pa.list_(pa.float64()))
    with pytest.raises(InputError, match="column road_from_ego"):
        read(replaced(content, "road_from_ego", short))


def test_nan_is_null(read):
    content = made.frame_table(
        gaze_ego_x_px=[1.0, np.nan, 3.0, 4.0, 5.0, 6.0],
        road_from_ego=[[1.0] * 9, [1.0] * 8 + [np.nan], None, *[[2.0] * 9] * 3],
    )
    found = read(content)
    assert found["gaze_ego_x_px"].to_pylist() == [1.0, None, 3.0, 4.0, 5.0, 6.0]
    assert found["road_from_ego"].to_pylist()[:3] == [[1.0] * 9, None, None]


def test_a_column_of_nothing_but_nulls_has_the_type_of_its_schema(read):
    content = made.frame_table()
    found = read(replaced(content, "blink_id", pa.nulls(6)))
    assert found.schema.field("blink_id").type == pa.int32()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop_columns(["blink_id"]), "has no column blink_id"),
        (lambda t: t.append_column("mood", pa.nulls(6, pa.string())), "has a column mood"),
        (lambda t: t.append_column("worn", pa.nulls(6, pa.bool_())), "has twice the column worn"),
        (
            lambda t: replaced(t, "worn", pa.array(["yes"] * 6)),
            "column worn is string, expected was bool",
        ),
        (
            lambda t: replaced(t, "frame_index", pa.array([2**40 + i for i in range(6)])),
            "column frame_index is int64, expected was int32",
        ),
        (
            lambda t: replaced(t, "speed_m_s", pa.array([1] * 6)),
            "column speed_m_s is int64, expected was float32",
        ),
        (
            lambda t: replaced(t, "ego_frame_valid", pa.array([True, None] * 3)),
            "column ego_frame_valid has no value in row 1",
        ),
        (
            lambda t: replaced(t, "homography_source", pa.array(["guessed"] * 6)),
            "column homography_source says 'guessed'; expected was one of direct",
        ),
        (
            lambda t: replaced(t, "session_id", pa.array(["s1"] * 5 + ["s2"])),
            r"is of session s2; session\.yaml says s1",
        ),
        (
            lambda t: t.replace_schema_metadata({"schema": "dashgaze/frames/7"}),
            "has the schema dashgaze/frames/7; expected was dashgaze/frames/2",
        ),
    ],
    ids=[
        "a missing column",
        "one too many",
        "one twice",
        "another kind",
        "too large for its type",
        "whole numbers for others",
        "a null where none may be",
        "an unknown word",
        "another session",
        "a schema of the future",
    ],
)
def test_what_is_not_of_the_schema_is_refused(read, change, message):
    with pytest.raises(InputError, match=message) as caught:
        read(change(made.frame_table()))
    assert caught.value.path.name == "frames.parquet"
    assert caught.value.fix == "Make it again."


def test_a_file_that_is_no_table_is_refused(tmp_path):
    path = tmp_path / "frames.parquet"
    path.write_bytes(b"not parquet at all")
    with pytest.raises(InputError, match="can't be read"):
        read_derived(path, FRAME_TABLE, session_id="s1", fix="")
    with pytest.raises(InputError, match="can't be read"):
        read_derived(tmp_path / "none.parquet", FRAME_TABLE, session_id="s1", fix="")


def test_a_table_that_lost_its_mark_is_taken_if_it_has_all_columns(read):
    content = made.frame_table()
    assert read(content.replace_schema_metadata(None)).equals(content, check_metadata=True)
    with pytest.raises(InputError, match="has no column speed_m_s"):
        read(content.replace_schema_metadata(None).drop_columns(["speed_m_s"]))


def test_migrations_are_taken_step_by_step(tmp_path):
    table = made.frame_table().replace_schema_metadata({"schema": "dashgaze/frames/-1"})
    steps = {
        ("frames", "dashgaze/frames/-1"): Migration(
            result="dashgaze/frames/0", change=lambda t: t.rename_columns({"worn": "on_head"})
        ),
        ("frames", "dashgaze/frames/0"): Migration(
            result="dashgaze/frames/2", change=lambda t: t.rename_columns({"on_head": "put_on"})
        ),
    }
    found = migrate(table, FRAME_TABLE, path=tmp_path, fix="", migrations=steps)
    assert "put_on" in found.column_names
    with pytest.raises(InputError, match="nothing leads"):
        migrate(table, FRAME_TABLE, path=tmp_path, fix="", migrations=MIGRATIONS)


def test_frame_table_of_before_the_yaw_rate_is_read_with_nulls(tmp_path):
    table = made.frame_table()
    old = table.drop_columns(["car_yaw_rate_deg_s"]).replace_schema_metadata(
        {"schema": "dashgaze/frames/1"}
    )
    found = migrate(old, FRAME_TABLE, path=tmp_path, fix="")
    assert found.column("car_yaw_rate_deg_s").null_count == table.num_rows
    assert found.column("speed_m_s").equals(table.column("speed_m_s"))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"frame_index": [0, 1, 2, 4, 5, 6]}, "frame_index is 4 in row 3"),
        ({"frame_index": [1, 2, 3, 4, 5, 6]}, "frame_index is 1 in row 0"),
        (
            {"timestamp_ns": made.START_NS + np.array([0, 4, 3, 8, 9, 10]) * 10**7},
            "timestamp_ns does not ascend from frame 1",
        ),
        (
            {"timestamp_ns": made.START_NS + np.array([0, 4000, 4001, 9000, 9999, 20000]) * 1000},
            "frame 1 and the next one lie less than 1/90000 s apart",
        ),
        ({"road_frame_index": [0, 1, -1, 3, 4, 5]}, "road_frame_index is -1 somewhere"),
    ],
)
def test_frames_out_of_order_are_refused(tmp_path, columns, message):
    session = made.write_session(tmp_path, frames=made.frame_table(**columns))
    with pytest.raises(InputError, match=message):
        drive_tables(session, RAW)


def test_a_session_without_frames_is_refused(tmp_path):
    session = made.write_session(tmp_path, frames=made.frame_table(0))
    with pytest.raises(InputError, match="holds no frame"):
        drive_tables(session, RAW)
    (session.derived / "frames.parquet").unlink()
    with pytest.raises(InputError, match=r"has no frame table.*Run `dashgaze sync"):
        drive_tables(session, RAW)


@pytest.mark.parametrize(
    ("gaze", "message"),
    [
        (
            {"timestamp_ns": made.START_NS + np.array([0, 2, 1]) * 10**6},
            "timestamp_ns does not ascend",
        ),
        ({"frame_index": [0, 1, 6]}, "does not have"),
        ({"frame_index": [-1, 1, 2]}, "does not have"),
    ],
)
def test_gaze_that_does_not_belong_to_the_frames_is_refused(tmp_path, gaze, message):
    session = made.write_session(tmp_path, gaze=made.gaze_table(3, **gaze))
    with pytest.raises(InputError, match=message):
        drive_tables(session, RAW)
