"""Pupil Cloud exports and look-alikes, in every spelling that is in the wild."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashgaze.collection.eye_tracker import open_recording, recognise
from dashgaze.errors import RecordingError

START_NS = 1_685_088_812_484_000_000
SECTION, RECORDING = "f04c7b44-5076", "b2345e8e-d5d9"
IDS = {"section id": SECTION, "recording id": RECORDING}

Change = Callable[[list[str]], list[str]]


def table(path: Path, columns: dict[str, Any], *, ids: bool = True, end: str = "\n") -> None:
    count = max(len(values) for values in columns.values() if not isinstance(values, str))
    columns = (IDS if ids else {}) | columns
    rows = [
        ",".join(value if isinstance(value, str) else f"{value[i]}" for value in columns.values())
        for i in range(count)
    ]
    path.write_text(end.join([",".join(columns), *rows, ""]), encoding="utf-8", newline="")


def gaze_columns(count: int = 50) -> dict[str, Any]:
    return {
        "timestamp [ns]": [START_NS + 1_400_000_000 + 5_000_000 * i for i in range(count)],
        "gaze x [px]": [f"{i / 8:.3f}" for i in range(count)],
        "gaze y [px]": [f"{-i / 4:.3f}" for i in range(count)],
        "worn": ["1.0" if i % 5 else "0.0" for i in range(count)],
        "fixation id": ["1" if i < 9 else "" for i in range(count)],
        "blink id": [""] * count,
        "azimuth [deg]": ["1.5"] * count,
        "elevation [deg]": ["-1.5"] * count,
    }


def imu_columns(acceleration: str = "G", orientation: str = "rotation vector") -> dict[str, Any]:
    return {
        "timestamp [ns]": [START_NS + 1_700_000_000 + 4_940_000 * i for i in range(20)],
        **{f"gyro {axis} [deg/s]": [f"{i / 16}" for i in range(20)] for axis in "xyz"},
        **{f"acceleration {axis} [{acceleration}]": ["0.5"] * 20 for axis in "xyz"},
        **{name: [""] * 20 for name in ("roll", "pitch", "yaw")},
        **{f"{orientation} {axis}": [""] * 20 for axis in "wxyz"},
    }


def world_stamps(real: int = 30, padding: int = 27) -> list[int]:
    grey = [START_NS + 50_000_000 * i for i in range(padding)]
    first = START_NS + 50_000_000 * padding
    return grey + [first + 33_366_700 * i for i in range(real)]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A faultless Pupil Invisible export, without video."""
    folder = tmp_path / "2023-05-26_10-13-32-b2345e8e"
    folder.mkdir()
    write_info(folder)
    (folder / "scene_camera.json").write_text(json.dumps(camera_json()), encoding="utf-8")
    table(folder / "world_timestamps.csv", {"timestamp [ns]": world_stamps()})
    table(folder / "gaze.csv", gaze_columns())
    table(folder / "imu.csv", imu_columns())
    table(
        folder / "fixations.csv",
        {
            "fixation id": ["1", "2"],
            "start timestamp [ns]": [START_NS + 1_400_000_000, START_NS + 1_500_000_000],
            "end timestamp [ns]": [START_NS + 1_445_000_000, START_NS + 1_600_000_000],
            "duration [ms]": ["45", "100"],
        },
    )
    table(
        folder / "blinks.csv",
        {
            "blink id": ["4"],
            "start timestamp [ns]": [START_NS + 2_000_000_000],
            "end timestamp [ns]": [START_NS + 2_200_000_000],
            "duration [ms]": ["200"],
        },
    )
    table(
        folder / "events.csv",
        {
            "recording id": RECORDING,
            "timestamp [ns]": [START_NS + 3_000_000_000, START_NS],
            "name": ["recording.end", "recording.begin"],
            "type": "recording",
        },
        ids=False,
    )
    return folder


def write_info(folder: Path, **changes: Any) -> None:
    info = {
        "data_format_version": "1.4",
        "duration": 3_000_000_000,
        "recording_id": RECORDING,
        "scene_camera_serial_number": "rx7vp",
        "start_time": START_NS,
        "wearer_id": "653362fb",
        "wearer_name": "Ada Lovelace",
    }
    (folder / "info.json").write_text(json.dumps(info | changes), encoding="utf-8")


def camera_json(**changes: Any) -> dict[str, Any]:
    return {
        "camera_matrix": [[758.4, 0.0, 527.9], [0.0, 757.8, 533.5], [0.0, 0.0, 1.0]],
        "dist_coefs": [[-0.12, 0.1, 0.0004, 0.0009, 0.017, 0.2, 0.01, 0.06]],
        "serial_number": "rx7vp",
        "version": "v1",
    } | changes


def edit(path: Path, change: Change) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*change(lines), ""]), encoding="utf-8", newline="")


def rename_columns(path: Path, names: dict[str, str]) -> None:
    def change(lines: list[str]) -> list[str]:
        header = lines[0].split(",")
        return [",".join(names.get(name, name) for name in header), *lines[1:]]

    edit(path, change)


def test_everything_in_an_export_is_read(export: Path, kit: Any) -> None:
    recording = open_recording(export)
    assert recognise(export) == ("pupil_invisible", "cloud")
    np.testing.assert_array_equal(recording.world.timestamp_ns, world_stamps())
    np.testing.assert_array_equal(recording.gaze.x_px, np.arange(50) / 8)
    np.testing.assert_array_equal(recording.gaze.worn, np.arange(50) % 5 != 0)
    assert recording.gaze.rate == "cloud"
    assert recording.blinks is not None
    assert recording.blinks.id.tolist() == [4]
    assert [event.name for event in recording.events] == ["recording.begin", "recording.end"]
    assert kit.codes(recording) == ["WORLD-VIDEO-MISSING", "GREY-PADDING-BY-TIME"]
    assert "Ada" not in repr(recording)


def test_an_export_without_info_is_told_by_its_camera(export: Path, kit: Any) -> None:
    (export / "info.json").unlink()
    recording = open_recording(export)
    assert recording.kind == "pupil_invisible"
    assert recording.recording_id == RECORDING
    assert recording.start_time_ns == START_NS  # from recording.begin
    assert recording.duration_ns is None
    assert "INFO-MISSING" in kit.codes(recording)


def test_optional_tables_are_optional(export: Path) -> None:
    for name in ("imu", "fixations", "blinks", "events"):
        (export / f"{name}.csv").unlink()
    recording = open_recording(export)
    assert (recording.imu, recording.fixations, recording.blinks) == (None, None, None)
    assert recording.events == ()


def test_tables_without_rows_are_empty_streams(export: Path) -> None:
    for name in ("imu", "fixations", "blinks", "events"):
        edit(export / f"{name}.csv", lambda lines: lines[:1])
    recording = open_recording(export)
    assert recording.imu is not None
    assert recording.imu.accel_g.shape == (0, 3)
    assert recording.fixations is not None
    assert recording.fixations.start_ns.shape == (0,)
    assert recording.events == ()


def test_saccades_are_read(export: Path) -> None:
    table(
        export / "saccades.csv",
        {
            "saccade id": ["1"],
            "start timestamp [ns]": [START_NS + 1_445_000_000],
            "end timestamp [ns]": [START_NS + 1_500_000_000],
            "duration [ms]": ["55"],
            "amplitude [px]": ["30.5"],
            "amplitude [deg]": ["2.5"],
        },
    )
    saccades = open_recording(export).saccades
    assert saccades is not None
    assert (saccades.end_ns - saccades.start_ns).tolist() == [55_000_000]


@pytest.mark.parametrize(
    ("acceleration", "orientation"),
    [("G", "rotation vector"), ("g", "quaternion"), ("G", "something else")],
)
def test_imu_headers_of_all_versions(export: Path, acceleration: str, orientation: str) -> None:
    table(export / "imu.csv", imu_columns(acceleration, orientation))
    imu = open_recording(export).imu
    assert imu is not None
    np.testing.assert_array_equal(imu.gyro_deg_s[:, 2], np.arange(20) / 16)
    assert (imu.accel_g == 0.5).all()
    assert imu.quaternion is None


@pytest.mark.parametrize("orientation", ["rotation vector", "quaternion"])
def test_an_orientation_that_is_there_is_read(export: Path, orientation: str) -> None:
    write_info(export, data_format_version="2.3")
    columns = imu_columns("g", orientation)
    columns |= {f"{orientation} {axis}": ["0.5"] * 20 for axis in "wxyz"}
    table(export / "imu.csv", columns)
    recording = open_recording(export)
    assert recording.kind == "neon"
    assert recording.imu is not None
    assert recording.imu.quaternion is not None
    np.testing.assert_array_equal(recording.imu.quaternion, np.full((20, 4), 0.5))
    assert recording.imu.axes == "x right, y forward, z up"


@pytest.mark.parametrize("spelling", [str.upper, lambda name: name.split(" [")[0], str.title])
def test_headers_are_matched_in_any_case_and_without_units(
    export: Path, spelling: Callable[[str], str]
) -> None:
    for path in export.glob("*.csv"):
        edit(path, lambda lines: [",".join(map(spelling, lines[0].split(","))), *lines[1:]])
    recording = open_recording(export)
    assert len(recording.gaze.timestamp_ns) == 50
    assert recording.imu is not None
    assert recording.fixations is not None
    assert len(recording.events) == 2


@pytest.mark.parametrize(
    ("table_name", "column", "other"),
    [
        ("imu.csv", "acceleration x [G]", "acceleration x [m/s²]"),
        ("imu.csv", "gyro y [deg/s]", "gyro y [rad/s]"),
        ("gaze.csv", "timestamp [ns]", "timestamp [ms]"),
        ("gaze.csv", "gaze x [px]", "gaze x [normalized]"),
    ],
)
def test_other_units_are_refused(export: Path, table_name: str, column: str, other: str) -> None:
    rename_columns(export / table_name, {column: other})
    with pytest.raises(RecordingError) as caught:
        open_recording(export)
    assert other in str(caught.value)
    assert table_name in str(caught.value)


def test_byte_order_mark_windows_lines_and_more_columns(export: Path) -> None:
    for path in export.glob("*.csv"):
        lines = path.read_text(encoding="utf-8").splitlines()
        longer = [f"extra,{lines[0]},notes", *(f"7,{line},äöü" for line in lines[1:])]
        text = "\ufeff" + "\r\n".join([*longer, ""])
        path.write_text(text, encoding="utf-8", newline="")
    for path in export.glob("*.json"):
        path.write_text("\ufeff" + path.read_text(encoding="utf-8"), encoding="utf-8")
    recording = open_recording(export)
    np.testing.assert_array_equal(recording.gaze.y_px, -np.arange(50) / 4)
    assert recording.scene_camera.origin == "scene_camera.json"


def test_a_last_line_without_line_end_is_read(export: Path) -> None:
    path = export / "gaze.csv"
    path.write_text(path.read_text().removesuffix("\n"), newline="")
    assert len(open_recording(export).gaze.timestamp_ns) == 50


@pytest.mark.parametrize(
    ("yes", "no"), [("1.0", "0.0"), ("1", "0"), ("True", "False"), ("true", "false")]
)
def test_worn_in_all_spellings(export: Path, kit: Any, yes: str, no: str) -> None:
    columns = gaze_columns() | {"worn": [yes if i % 3 else no for i in range(50)]}
    table(export / "gaze.csv", columns)
    recording = open_recording(export)
    np.testing.assert_array_equal(recording.gaze.worn, np.arange(50) % 3 != 0)
    assert "WORN-ASSUMED" not in kit.codes(recording)


def test_worn_is_assumed_where_it_is_not_said(export: Path, kit: Any) -> None:
    columns = gaze_columns() | {"worn": ["0" if i > 2 else "" for i in range(50)]}
    table(export / "gaze.csv", columns)
    recording = open_recording(export)
    assert np.flatnonzero(recording.gaze.worn).tolist() == [0, 1, 2]
    assert "3 samples" in kit.message(recording, "WORN-ASSUMED")
    rename_columns(export / "gaze.csv", {"worn": "eyelids"})
    recording = open_recording(export)
    assert recording.gaze.worn.all()
    assert "no column 'worn'" in kit.message(recording, "WORN-ASSUMED")


def test_worn_that_is_neither_is_named_with_its_row(export: Path) -> None:
    columns = gaze_columns() | {"worn": ["perhaps" if i == 7 else "1" for i in range(50)]}
    table(export / "gaze.csv", columns)
    with pytest.raises(RecordingError, match=r"row 9 has 'perhaps' in column 'worn'"):
        open_recording(export)


def test_a_missing_gaze_point_is_nan(export: Path) -> None:
    columns = gaze_columns()
    columns["gaze x [px]"][5] = ""
    table(export / "gaze.csv", columns)
    recording = open_recording(export)
    assert np.flatnonzero(np.isnan(recording.gaze.x_px)).tolist() == [5]
    assert np.flatnonzero(np.isnan(recording.gaze.y_px)).tolist() == [5]


@pytest.mark.parametrize(
    ("table_name", "column"),
    [
        ("gaze.csv", "timestamp [ns]"),
        ("gaze.csv", "gaze y [px]"),
        ("world_timestamps.csv", "timestamp [ns]"),
        ("imu.csv", "gyro z [deg/s]"),
        ("fixations.csv", "end timestamp [ns]"),
        ("events.csv", "name"),
    ],
)
def test_a_missing_column_is_named_with_its_file(
    export: Path, table_name: str, column: str
) -> None:
    rename_columns(export / table_name, {column: "gone"})
    with pytest.raises(RecordingError) as caught:
        open_recording(export)
    assert f"no column '{column}'" in str(caught.value)
    assert caught.value.path == export / table_name


@pytest.mark.parametrize(
    ("column", "cell", "says"),
    [
        ("timestamp [ns]", "soon", "row 12 has 'soon' in column 'timestamp [ns]'"),
        ("timestamp [ns]", "1.685e18", "row 12 has '1.685e18' in column 'timestamp [ns]'"),
        ("timestamp [ns]", "", "row 12 has nothing in column 'timestamp [ns]'"),
        ("gaze x [px]", "left", "row 12 has 'left' in column 'gaze x [px]'"),
        ("gaze x [px]", "1,5", "row 12 has 11 cells; the header has 10"),
    ],
)
def test_a_cell_that_is_no_number_is_named_with_its_row(
    export: Path, column: str, cell: str, says: str
) -> None:
    columns = gaze_columns()
    columns[column][10] = cell
    table(export / "gaze.csv", columns)
    with pytest.raises(RecordingError) as caught:
        open_recording(export)
    assert says in str(caught.value)
    assert caught.value.stream == "gaze"


def test_rows_out_of_order_are_left_out(export: Path, kit: Any) -> None:
    edit(export / "gaze.csv", lambda lines: [*lines[:6], lines[5], *lines[6:]])
    recording = open_recording(export)
    assert len(recording.gaze.timestamp_ns) == 50
    assert "1 sample of 51" in kit.message(recording, "STAMPS-DISORDER")


def test_intervals_that_are_none_are_left_out(export: Path, kit: Any) -> None:
    at = START_NS + 1_000_000_000
    table(
        export / "blinks.csv",
        {
            "blink id": ["3", "1", "2"],
            "start timestamp [ns]": [at + 900, at, at + 500],
            "end timestamp [ns]": [at + 1000, at + 400, at + 500],
        },
    )
    recording = open_recording(export)
    assert recording.blinks is not None
    assert recording.blinks.id.tolist() == [1, 3]
    assert recording.blinks.start_ns.tolist() == [at, at + 900]
    assert "Blinks: 1 of 3" in kit.message(recording, "INTERVALS-DROPPED")


@pytest.mark.parametrize("name", ["gaze.csv", "world_timestamps.csv"])
def test_gaze_and_world_are_not_optional(export: Path, name: str) -> None:
    (export / name).unlink()
    with pytest.raises(RecordingError, match=name) as caught:
        open_recording(export)
    assert caught.value.stream == name.split("_")[0].removesuffix(".csv")


@pytest.mark.parametrize("content", ["", "\n", "section id", "\x00\x01", "\xff\xfe"])
@pytest.mark.parametrize("name", ["gaze.csv", "world_timestamps.csv", "blinks.csv"])
def test_a_table_of_nothing_is_an_error(export: Path, name: str, content: str) -> None:
    (export / name).write_bytes(content.encode("latin-1"))
    with pytest.raises(RecordingError, match=name):
        open_recording(export)


@pytest.mark.parametrize("name", ["gaze.csv", "world_timestamps.csv"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n\n"])
def test_a_header_alone_is_a_stream_without_samples(export: Path, name: str, end: str) -> None:
    path = export / name
    path.write_text(path.read_text().splitlines()[0] + end, newline="")
    with pytest.raises(RecordingError, match=r"no gaze samples|no rows"):
        open_recording(export)


def test_tables_of_two_recordings_are_refused(export: Path) -> None:
    edit(export / "imu.csv", lambda lines: [line.replace(RECORDING, "other") for line in lines])
    with pytest.raises(RecordingError, match="2 recordings: b2345e8e-d5d9, other"):
        open_recording(export)


def test_another_recording_id_in_info_is_noted(export: Path, kit: Any) -> None:
    write_info(export, recording_id="c0ffee")
    recording = open_recording(export)
    assert recording.recording_id == "c0ffee"
    assert RECORDING in kit.message(recording, "RECORDING-ID")


def test_several_sections_are_noted(export: Path, kit: Any) -> None:
    edit(
        export / "gaze.csv",
        lambda lines: [*lines[:20], *(line.replace(SECTION, "later") for line in lines[20:])],
    )
    assert "2 sections" in kit.message(open_recording(export), "SECTIONS-SEVERAL")


class TestSceneCamera:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({}, [-0.12, 0.1, 0.0004, 0.0009, 0.017, 0.2, 0.01, 0.06]),
            (
                {"dist_coefs": None, "distortion_coefficients": [1, 2, 3, 4, 5, 6, 7, 8]},
                [1, 2, 3, 4, 5, 6, 7, 8],
            ),
            ({"dist_coefs": [0.1, 0.2, 0.3, 0.4, 0.5]}, [0.1, 0.2, 0.3, 0.4, 0.5, 0, 0, 0]),
        ],
    )
    def test_distortion_in_all_spellings(
        self, export: Path, given: dict[str, Any], expected: list[float]
    ) -> None:
        content = {key: value for key, value in camera_json(**given).items() if value is not None}
        (export / "scene_camera.json").write_text(json.dumps(content))
        camera = open_recording(export).scene_camera
        assert camera.distortion.tolist() == expected
        assert camera.matrix[1].tolist() == [0, 757.8, 533.5]

    @pytest.mark.parametrize(
        "content",
        [
            "{",
            "[]",
            json.dumps(camera_json(camera_matrix=[[1, 0], [0, 1]])),
            json.dumps(camera_json(camera_matrix=[[1, 0, "x"], [0, 1, 2], [0, 0, 1]])),
            json.dumps(camera_json(dist_coefs=[1, 2, 3])),
            json.dumps(camera_json(dist_coefs=[[1, 2], [3]])),
            json.dumps(camera_json(dist_coefs=[float("nan")] * 8)),
        ],
    )
    def test_one_of_no_use_is_replaced_and_flagged(
        self, export: Path, kit: Any, content: str
    ) -> None:
        (export / "scene_camera.json").write_text(content)
        recording = open_recording(export)
        assert recording.scene_camera.origin == "default"
        assert {"CALIBRATION-BROKEN", "CALIBRATION-DEFAULT"} <= set(kit.codes(recording))

    def test_a_missing_one_is_replaced_and_flagged(self, export: Path, kit: Any) -> None:
        (export / "scene_camera.json").unlink()
        write_info(export, data_format_version="2.5")
        recording = open_recording(export)
        assert recording.scene_camera.matrix[0, 0] == 892.1746128870618
        assert (recording.scene_camera.width_px, recording.scene_camera.height_px) == (1600, 1200)
        assert "Neon" in kit.message(recording, "CALIBRATION-DEFAULT")


def test_an_hour_of_gaze_csv_opens_within_three_seconds(export: Path, kit: Any) -> None:
    count = 720_000
    row = f"{SECTION}-4f28-a28d-7b7863f63221,{RECORDING}-49fe-a6bc-2a04432a24e5,%d,629.146,"
    row += "647.936,1.0,1,,7.700536268254241,-8.617572141588298\n"
    with (export / "gaze.csv").open("w") as file:
        file.write(",".join([*IDS, *gaze_columns(1)]) + "\n")
        file.writelines(row % (START_NS + 5_000_000 * i) for i in range(count))
    for name in ("imu", "fixations", "blinks", "events"):
        (export / f"{name}.csv").unlink()
    edit(
        export / "world_timestamps.csv",
        lambda lines: [
            line.replace(SECTION, f"{SECTION}-4f28-a28d-7b7863f63221").replace(
                RECORDING, f"{RECORDING}-49fe-a6bc-2a04432a24e5"
            )
            for line in lines
        ],
    )
    assert kit.fastest_s(lambda: open_recording(export)) < 3.0
    assert len(open_recording(export).gaze.timestamp_ns) == count
