"""What made a folder, and what is said of folders that are no recording."""

import json
from pathlib import Path
from typing import Any

import pytest

from dashgaze.collection import eye_tracker
from dashgaze.collection.eye_tracker import open_recording, recognise
from dashgaze.errors import RecordingError


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"data_format_version": "1.0"}, ("pupil_invisible", "native")),
        ({"data_format_version": "1.4"}, ("pupil_invisible", "native")),
        ({"data_format_version": 1.2}, ("pupil_invisible", "native")),
        ({"data_format_version": "2.0"}, ("neon", "native")),
        ({"data_format_version": "2.5"}, ("neon", "native")),
        ({"data_format_version": "10.1"}, ("neon", "native")),
        ({"module_serial_number": "578846"}, ("neon", "native")),
        ({"glasses_serial_number": "mwbzd"}, ("pupil_invisible", "native")),
        ({"data_format_version": "unknown"}, None),
        ({}, None),
    ],
)
def test_the_format_version_tells_the_device(
    tmp_path: Path, info: dict[str, Any], expected: tuple[str, str] | None
) -> None:
    (tmp_path / "info.json").write_text(json.dumps(info))
    assert recognise(tmp_path) == expected


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", '"text"', "[" * 100_000, "\xff\xfe{}"])
def test_a_broken_info_is_an_error(native: Path, content: str) -> None:
    (native / "info.json").write_bytes(content.encode("latin-1"))
    assert recognise(native) is None
    with pytest.raises(RecordingError, match=r"info\.json"):
        open_recording(native)


def test_a_missing_info_is_an_error(native: Path) -> None:
    (native / "info.json").unlink()
    assert recognise(native) is None
    with pytest.raises(RecordingError, match=r"info\.json"):
        open_recording(native)


def test_an_info_that_does_not_tell_the_device_is_an_error(native: Path) -> None:
    (native / "info.json").write_text('{"recording_id": "x"}')
    with pytest.raises(RecordingError, match="no data_format_version"):
        open_recording(native)


def test_legacy_keys_and_missing_ones(native: Path, kit: Any) -> None:
    (native / "info.json").write_text(
        '{"data_format_version": "1.0", "recording_uuid": "abc", "start_time_synced": 5}'
    )
    recording = open_recording(native)
    assert recording.recording_id == "abc"
    assert (recording.start_time_ns, recording.duration_ns) == (None, None)
    assert "INFO-KEY" not in kit.codes(recording)


@pytest.mark.parametrize("value", ["soon", True, -1, 1e400, 0.5, [1], 2**70])
def test_values_of_the_wrong_type_are_unknown_and_noted(native: Path, kit: Any, value: Any) -> None:
    info = json.loads((native / "info.json").read_text()) | {"start_time": value}
    (native / "info.json").write_text(json.dumps(info))
    recording = open_recording(native)
    assert recording.start_time_ns is None
    assert "start_time" in kit.message(recording, "INFO-KEY")


def test_the_wearers_name_is_not_handed_on(native: Path) -> None:
    info = json.loads((native / "info.json").read_text()) | {"wearer_name": "Ada Lovelace"}
    (native / "info.json").write_text(json.dumps(info))
    recording = open_recording(native)
    assert "wearer_name" not in recording.info
    assert recording.info["wearer_id"] == info["wearer_id"]


def test_a_folder_of_pupil_player_is_refused(native: Path) -> None:
    (native / "info.player.json").write_text("{}")
    assert recognise(native) is None
    with pytest.raises(RecordingError, match="opened in Pupil Player"):
        open_recording(native)


@pytest.mark.parametrize("place", ["empty", "file", "nowhere"])
def test_what_is_no_recording_is_said_to_be_none(tmp_path: Path, place: str) -> None:
    path = tmp_path / place
    match place:
        case "empty":
            path.mkdir()
        case "file":
            path.write_text("x")
    assert recognise(path) is None
    with pytest.raises(RecordingError, match=r"is no eye tracker recording|is not a folder"):
        open_recording(path)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"3d_eye_states.csv": ""}, "neon"),
        ({"scene_camera.json": '{"camera_matrix": [[890, 0, 810.5]]}'}, "neon"),
        ({"scene_camera.json": '{"camera_matrix": [[758, 0, 527.9]]}'}, "pupil_invisible"),
        ({"scene_camera.json": '{"camera_matrix": []}'}, None),
        ({"scene_camera.json": "broken"}, None),
        ({}, None),
    ],
)
def test_tables_without_info_are_told_by_what_only_one_device_has(
    tmp_path: Path, files: dict[str, str], expected: str | None
) -> None:
    (tmp_path / "gaze.csv").write_text("")
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    assert recognise(tmp_path) == (None if expected is None else (expected, "cloud"))
    if expected is None:
        with pytest.raises(RecordingError, match=r"Copy info\.json"):
            open_recording(tmp_path)


def test_the_public_names_are_sorted_and_there() -> None:
    assert eye_tracker.__all__ == sorted(eye_tracker.__all__)
    for name in eye_tracker.__all__:
        assert hasattr(eye_tracker, name)
