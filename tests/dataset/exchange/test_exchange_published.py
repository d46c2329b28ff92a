"""The published layout: labels of any spelling are read, and what is not is told."""

from pathlib import Path

import numpy as np
import pytest

from dashgaze.dataset.exchange.published import read_published
from dashgaze.dataset.exchange.published_columns import PUBLISHED_FRAME_TABLE, read_header
from dashgaze.errors import InputError
from dashgaze.schemas.dataset_tables import DATASET_FRAME_TABLE

MARKS = [
    f"{part} {axis} mark" for part in ("leye", "reye", "nose", "lmouth", "rmouth") for axis in "xy"
]
BOXES = [f"{part} {axis}" for part in ("face", "leye", "reye") for axis in "xy"]
TURNS = ["yaw_new", "pitch_new", "roll_new"]
HEADERS = [
    *("dash gaze x [px]", "dash gaze y [px]", "azimuth [deg]", "elevation [deg]"),
    *(*BOXES, *MARKS, *TURNS),
]


def cells(rows: int, seed: int = 0) -> np.ndarray:
    """Give measured-looking values: gaze in 1920 × 1080, angles that follow it."""
    generator = np.random.default_rng(seed)
    x, y = generator.uniform(100, 1800, rows), generator.uniform(100, 1000, rows)
    angles = np.column_stack([(x - 960) / 24, (540 - y) / 24])
    rest = generator.uniform(200, 600, (rows, len(BOXES) + len(MARKS)))
    turns = generator.uniform(-30, 30, (rows, 3))
    return np.column_stack([x, y, angles, rest, turns]).round(4)


def write_csv(path: Path, values, headers=HEADERS, *, separator=",", encoding="utf-8", extra=()):
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = [name for name, _ in extra]
    lines = [separator.join([*columns, *headers])]
    for number, row in enumerate(values):
        first = [str(each[number]) for _, each in extra]
        lines.append(
            separator.join(
                [*first, *(cell if isinstance(cell, str) else f"{cell}" for cell in row)]
            )
        )
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def only(folder: Path):
    (session,) = read_published(folder).sessions
    return session


def test_every_column_of_the_layout_has_its_place(tmp_path):
    values = cells(40)
    write_csv(tmp_path / "s01.csv", values)
    session = only(tmp_path)
    assert session.session_id == "s01"
    assert session.table.column_names == list(DATASET_FRAME_TABLE.column_names)
    assert session.table.schema.equals(PUBLISHED_FRAME_TABLE.to_arrow())
    places = {
        "gaze_road_x_px": 0,
        "gaze_road_y_px": 1,
        "gaze_azimuth_deg": 2,
        "gaze_elevation_deg": 3,
        "left_eye_x_px": 10,
        "left_eye_y_px": 11,
        "right_eye_x_px": 12,
        "nose_y_px": 15,
        "left_mouth_x_px": 16,
        "right_mouth_y_px": 19,
        "head_yaw_deg": 20,
        "head_pitch_deg": 21,
        "head_roll_deg": 22,
    }
    for name, place in places.items():
        assert session.table[name].to_numpy() == pytest.approx(values[:, place], rel=1e-6)
    assert session.missing == ()
    assert session.nulled == {}
    # It is not known whether these are corners or middles of boxes.
    assert session.other.column_names == BOXES
    assert session.other["face x"].to_numpy() == pytest.approx(values[:, 4])
    assert session.table["face_x_px"].null_count == 40


def test_what_was_not_published_is_null_not_made_up(tmp_path):
    write_csv(tmp_path / "s01.csv", cells(5))
    table = only(tmp_path).table
    for name in ("time_ns", "gaze_sample_count", "ego_frame_valid", "speed_m_s", "blink"):
        assert table[name].null_count == 5
    assert table["frame_index"].to_pylist() == [0, 1, 2, 3, 4]
    assert any("no frame index" in note for note in only(tmp_path).notes)


@pytest.mark.parametrize(
    "spell",
    [
        str.upper,
        lambda text: text.replace(" ", "_"),
        lambda text: text.replace(" ", "").replace("[", "_").replace("]", ""),
        lambda text: f"  {text.title()} ",
        lambda text: text.replace("[", "(").replace("]", ")"),
        lambda text: text.replace(" ", "-"),
        lambda text: text.replace("_new", ""),
    ],
)
def test_case_and_spacing_do_not_matter(tmp_path, spell):
    values = cells(6)
    write_csv(tmp_path / "s01.csv", values, [spell(header) for header in HEADERS])
    session = only(tmp_path)
    assert session.missing == ()
    assert session.table["gaze_road_x_px"].to_numpy() == pytest.approx(values[:, 0])
    assert session.table["head_roll_deg"].to_numpy() == pytest.approx(values[:, 22])
    assert len(session.other.column_names) == len(BOXES)


@pytest.mark.parametrize(
    ("separator", "encoding", "comma"),
    [
        (",", "utf-8-sig", False),
        (";", "utf-8", False),
        (";", "utf-8", True),
        ("\t", "utf-16", False),
        (",", "latin-1", False),
    ],
)
def test_separator_and_encoding_do_not_matter(tmp_path, separator, encoding, comma):
    values = cells(7)
    rows = [[str(cell).replace(".", ",") if comma else str(cell) for cell in row] for row in values]
    remark = [("Straße" if encoding != "utf-16" else "x", ["ü"] * 7)]
    write_csv(tmp_path / "s01.csv", rows, separator=separator, encoding=encoding, extra=remark)
    table = only(tmp_path).table
    assert table["gaze_road_y_px"].to_numpy() == pytest.approx(values[:, 1])
    assert table["gaze_elevation_deg"].to_numpy() == pytest.approx(values[:, 3])


def test_missing_columns_are_told(tmp_path):
    write_csv(tmp_path / "s01.csv", cells(4)[:, :3], HEADERS[:3])
    session = only(tmp_path)
    assert list(session.found) == ["gaze_road_x_px", "gaze_road_y_px", "gaze_azimuth_deg"]
    assert "gaze_elevation_deg" in session.missing
    assert "head_yaw_deg" in session.missing
    assert session.table["gaze_elevation_deg"].null_count == 4


def test_sentinel_numbers_are_null_and_counted(tmp_path):
    values = cells(12).tolist()
    values[0][:2] = [-1, -1]
    values[1][:2] = [0, 0.0]
    values[2][:2] = ["nan", "NaN"]
    values[3][:2] = ["", ""]
    values[4][:2] = [-999, 500]
    values[5][:2] = [-1, 300.5]  # a point just outside of the picture
    values[6][:2] = [0, 17.5]  # at its edge
    values[7][:2] = ["inf", 3]
    values[8][2:4] = [0, 0]
    values[9][20:23] = [0, 0, 0]
    values[10][10:12] = [-1, -1]
    write_csv(tmp_path / "s01.csv", values)
    session = only(tmp_path)
    x = session.table["gaze_road_x_px"].to_pylist()
    y = session.table["gaze_road_y_px"].to_pylist()
    gone = [0, 1, 2, 3, 4, 7]
    assert [row for row in range(12) if x[row] is None] == gone
    assert [row for row in range(12) if y[row] is None] == gone
    assert (x[5], y[5], x[6], y[6]) == (-1.0, 300.5, 0.0, 17.5)
    assert session.table["gaze_azimuth_deg"][8].as_py() is None
    assert session.table["head_pitch_deg"][9].as_py() is None
    assert session.table["left_eye_y_px"][10].as_py() is None
    assert session.nulled == {
        "gaze_road NaN": 3,
        "gaze_road -999": 1,
        "gaze_road -1, -1": 1,
        "gaze_road 0, 0": 1,
        "gaze_angle 0, 0": 1,
        "left_eye -1, -1": 1,
        "head 0, 0, 0": 1,
    }


def test_broken_cells_and_rows_are_left_out_and_told(tmp_path):
    path = write_csv(tmp_path / "s01.csv", [["oops", *row[1:]] for row in cells(2)] + [*cells(3)])
    with path.open("a", encoding="utf-8") as file:
        file.write("1,2,3\n\n")
    session = only(tmp_path)
    assert session.table.num_rows == 5
    assert session.table["gaze_road_x_px"].null_count == 2
    assert any("2 cells are no numbers" in note for note in session.notes)
    assert any("1 rows have another number of cells" in note for note in session.notes)


def test_a_column_that_is_there_twice_counts_once(tmp_path):
    values = cells(3)
    write_csv(
        tmp_path / "s.csv", np.column_stack([values, values[:, 0] + 9]), [*HEADERS, "Dash Gaze X"]
    )
    session = only(tmp_path)
    assert session.table["gaze_road_x_px"].to_numpy() == pytest.approx(values[:, 0])
    assert any("twice count once: Dash Gaze X" in note for note in session.notes)


def test_radians_become_degrees_where_the_header_says_so(tmp_path):
    headers = [header.replace("[deg]", "[rad]") for header in HEADERS]
    values = cells(5)
    values[:, 2:4] = np.deg2rad(values[:, 2:4])
    write_csv(tmp_path / "s.csv", values, headers)
    table = only(tmp_path).table
    assert table["gaze_azimuth_deg"].to_numpy() == pytest.approx(np.rad2deg(values[:, 2]))


def test_head_angles_that_may_be_radians_are_not_called_degrees(tmp_path):
    values = cells(150)
    values[:, 20:23] = np.deg2rad(values[:, 20:23])
    write_csv(tmp_path / "s.csv", values)
    session = only(tmp_path)
    assert session.table["head_yaw_deg"].null_count == 150
    assert session.other["yaw_new"].to_numpy() == pytest.approx(values[:, 20])
    assert "head_yaw_deg" not in session.found
    assert any("may be radians" in note for note in session.notes)


@pytest.mark.parametrize("sign", [1, -1])
def test_another_sign_of_elevation_is_told_and_not_mended(tmp_path, sign):
    values = cells(300)
    values[:, 3] *= sign
    write_csv(tmp_path / "s.csv", values)
    session = only(tmp_path)
    assert session.table["gaze_elevation_deg"].to_numpy() == pytest.approx(values[:, 3])
    told = [note for note in session.notes if "the other sign" in note]
    assert len(told) == (0 if sign > 0 else 1)
    assert all("gaze_elevation_deg" in note for note in told)


def test_frame_index_and_time_are_taken_where_they_are(tmp_path):
    first = 1_700_000_000_123_456_789
    extra = [("Frame", [3, 5, 9]), ("timestamp [ns]", [first, first + 33_333_333, first + 7])]
    write_csv(tmp_path / "s.csv", cells(3), extra=extra)
    table = only(tmp_path).table
    assert table["frame_index"].to_pylist() == [3, 5, 9]
    assert table["time_ns"].to_pylist() == [0, 33_333_333, 7]


def test_frame_numbers_that_repeat_do_not_tell_rows_apart(tmp_path):
    write_csv(tmp_path / "s.csv", cells(3), extra=[("Frame", [3, 3, 9])])
    assert only(tmp_path).table["frame_index"].to_pylist() == [0, 1, 2]


def test_several_sessions_in_any_folders(tmp_path):
    write_csv(tmp_path / "release" / "train" / "drive_a" / "labels.csv", cells(2, 1))
    write_csv(tmp_path / "release" / "train" / "drive_b" / "labels.csv", cells(3, 2))
    write_csv(tmp_path / "release" / "test" / "drive_c.csv", cells(4, 3))
    published = read_published(tmp_path)
    assert [(each.session_id, each.table.num_rows) for each in published.sessions] == [
        ("drive_a", 2),
        ("drive_b", 3),
        ("drive_c", 4),
    ]
    assert published.not_read == ()
    assert published.sessions[0].files == ("release/train/drive_a/labels.csv",)
    assert published.sessions[0].table["session_id"].unique().to_pylist() == ["drive_a"]


def test_several_sessions_in_one_file(tmp_path):
    names = ["s2", "s10", "s2", "s10", "s10"]
    values = cells(5)
    write_csv(tmp_path / "all.csv", values, extra=[("Session_ID", names)])
    first, second = read_published(tmp_path).sessions
    assert (first.session_id, second.session_id) == ("s10", "s2")
    assert second.table["gaze_road_x_px"].to_numpy() == pytest.approx(values[[0, 2], 0])


def test_sessions_of_the_same_name_are_told_apart(tmp_path):
    for folder in ("monday", "tuesday"):
        write_csv(tmp_path / folder / "run 1.csv", cells(2))
    names = [each.session_id for each in read_published(tmp_path).sessions]
    assert names == ["monday_run_1", "tuesday_run_1"]


def test_files_of_other_kinds_are_listed(tmp_path):
    write_csv(tmp_path / "s01.csv", cells(2))
    (tmp_path / "readme.txt").write_text("hello", encoding="utf-8")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "empty.csv").write_text("\n", encoding="utf-8")
    (tmp_path / "road").mkdir()
    for number in range(7):
        (tmp_path / "road" / f"{number}.jpg").write_bytes(b"x")
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "x.bin").write_bytes(b"x")
    published = read_published(tmp_path)
    assert [(each.path, each.reason) for each in published.not_read] == [
        ("empty.csv", "is empty"),
        ("other.csv", "has none of the columns of the published layout"),
        ("readme.txt", "is of a kind that is not known here"),
        ("road/*.jpg (7 files)", "is of a kind that is not known here"),
    ]


def test_a_sheet_of_headers_only_is_a_session_without_rows(tmp_path):
    write_csv(tmp_path / "s01.csv", [])
    assert only(tmp_path).table.num_rows == 0


def test_one_file_can_be_given(tmp_path):
    write_csv(tmp_path / "s01.csv", cells(2))
    write_csv(tmp_path / "s02.csv", cells(2))
    assert only(tmp_path / "s02.csv").session_id == "s02"


@pytest.mark.parametrize("content", [None, "readme.txt", "data.csv"])
def test_nothing_of_the_layout_is_one_error(tmp_path, content):
    if content:
        (tmp_path / content).write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(
        InputError, match="holds nothing of the published DashGaze layout"
    ) as caught:
        read_published(tmp_path)
    assert "dash gaze x [px]" in caught.value.fix
    if content:
        assert content in caught.value.what


def test_a_folder_that_is_not_there_is_one_error(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_published(tmp_path / "nowhere")


def test_units_of_headers():
    assert read_header("azimuth [°]").name == "azimuth"
    assert read_header("dash gaze x").unit == ""
    assert read_header("timestamp_ms").ns_per_unit == 1e6
    assert read_header("leye x mark").name == "leyexmark"
    assert read_header("leye x").name == "leyex"
