"""The bytes of a native Pupil Invisible folder, checked without the reader."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashgaze.collection.eye_tracker import Event, GazePart, open_recording
from dashgaze.errors import InputError, OutputError


def test_the_files_have_the_vendors_names(tmp_path: Path, kit: Any) -> None:
    folder = kit.build_invisible(
        tmp_path / "r",
        gaze=[kit.gaze_part(3), kit.gaze_part(3, first_s=9, worn=False)],
        gaze_200hz=kit.gaze_part(4),
        world_times_ns=[kit.stamps(2), kit.stamps(2, first_s=9)],
    )
    assert sorted(path.name for path in folder.iterdir()) == [
        "PI world v1 ps1.time",
        "PI world v1 ps2.time",
        "calibration.bin",
        "event.time",
        "event.txt",
        "extimu ps1.raw",
        "extimu ps1.time",
        "gaze ps1.raw",
        "gaze ps1.time",
        "gaze ps2.raw",
        "gaze ps2.time",
        "gaze_200hz.raw",
        "gaze_200hz.time",
        "info.json",
        "template.json",
        "wearer.json",
        "worn ps1.raw",
        "worn_200hz.raw",
    ]


def test_binary_files_are_little_endian_and_headerless(tmp_path: Path, kit: Any) -> None:
    part = GazePart(
        timestamp_ns=np.array([kit.START_NS + 7, kit.START_NS + 8]),
        points_px=np.array([[-88.5, 1118.25], [0.0, 543.0]]),
        worn=np.array([True, False]),
    )
    folder = kit.build_invisible(tmp_path / "r", gaze=[part], imu=[kit.imu_part(2)])
    assert (folder / "gaze ps1.raw").read_bytes() == struct.pack("<4f", -88.5, 1118.25, 0, 543)
    assert (folder / "gaze ps1.time").read_bytes() == struct.pack(
        "<2Q", kit.START_NS + 7, kit.START_NS + 8
    )
    assert (folder / "worn ps1.raw").read_bytes() == b"\xff\x00"
    assert (folder / "extimu ps1.raw").read_bytes() == struct.pack(
        "<12f",
        *(0, 1 / 16, 2 / 16, 0, -1 / 1024, -2 / 1024),
        *(3 / 16, 4 / 16, 5 / 16, -3 / 1024, -4 / 1024, -5 / 1024),
    )
    assert (folder / "event.txt").read_bytes() == b"recording.begin\nrecording.end\n"
    assert (folder / "event.time").read_bytes() == struct.pack(
        "<2Q", kit.START_NS, kit.START_NS + 3_000_000_000
    )


def test_the_calibration_has_213_bytes(tmp_path: Path, kit: Any) -> None:
    folder = kit.build_invisible(tmp_path / "r", rotation=np.arange(9).reshape(3, 3))
    values = struct.unpack("<5s9d8d9d", (folder / "calibration.bin").read_bytes())
    camera = kit.scene_camera()
    assert values[0] == b"rx7vp"
    assert values[1:10] == tuple(camera.matrix.ravel())
    assert values[10:18] == tuple(camera.distortion)
    assert values[18:] == tuple(range(9))


def test_metadata_belongs_together(tmp_path: Path, kit: Any) -> None:
    folder = kit.build_invisible(
        tmp_path / "r", info={"gaze_offset": [-15.0, 44.0]}, wearer_name="Jörg"
    )
    info, wearer, template = (
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("info", "wearer", "template")
    )
    assert info["data_format_version"] == "1.4"
    assert info["start_time"] == kit.START_NS
    assert info["duration"] == 3_000_000_000
    assert info["scene_camera_serial_number"] == "rx7vp"
    assert info["gaze_offset"] == [-15.0, 44.0]
    assert info["template_data"]["recording_name"] == "2023-11-14_22:13:20"
    assert "wearer_name" not in info
    assert wearer == {"uuid": info["wearer_id"], "name": "Jörg"}
    assert template["id"] == info["template_data"]["id"]
    assert [item["id"] for item in template["items"]] == list(info["template_data"]["data"])


def test_the_same_call_writes_the_same_bytes(tmp_path: Path, kit: Any) -> None:
    first, second = (kit.build_invisible(tmp_path / name) for name in ("a", "b"))
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()


def test_videos_are_copied(tmp_path: Path, kit: Any) -> None:
    video = kit.write_video(tmp_path / "made.mp4", [0, 3003, 6006], size=(64, 64))
    folder = kit.build_invisible(
        tmp_path / "r",
        world_times_ns=[kit.stamps(3), kit.stamps(3, first_s=9)],
        world_videos=[None, video],
    )
    assert not (folder / "PI world v1 ps1.mp4").exists()
    assert (folder / "PI world v1 ps2.mp4").read_bytes() == video.read_bytes()


def test_an_empty_folder_is_filled_and_another_one_refused(tmp_path: Path, kit: Any) -> None:
    folder = tmp_path / "r"
    folder.mkdir()
    kit.build_invisible(folder)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(OutputError, match="not empty"):
        kit.build_invisible(folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_nothing_is_left_of_a_failure(tmp_path: Path, kit: Any) -> None:
    with pytest.raises(OutputError, match="can't be written"):
        kit.build_invisible(tmp_path / "r", world_videos=[tmp_path / "no such video.mp4"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"gaze": [GazePart(timestamp_ns=np.arange(3), points_px=np.zeros((2, 2)))]}, "gaze ps1"),
        (
            {
                "gaze": [
                    GazePart(
                        timestamp_ns=np.arange(2),
                        points_px=np.zeros((2, 2)),
                        worn=np.ones(3, dtype=bool),
                    )
                ]
            },
            "worn ps1",
        ),
        ({"world_times_ns": [np.array([1.5])]}, "whole nanoseconds"),
        ({"events": [Event(name="two\nlines", timestamp_ns=1)]}, "line end"),
        ({"world_videos": [None, None]}, "2 world videos for 1 parts"),
        ({"start_time_ns": 2**62}, "nanoseconds since 1970"),
        ({"rotation": np.eye(4)}, "rotation has shape"),
    ],
)
def test_what_can_not_be_stored_is_refused(
    tmp_path: Path, kit: Any, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        kit.build_invisible(tmp_path / "r", **changes)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_vendors_example_layout_reads_back(tmp_path: Path, kit: Any) -> None:
    """Parts of every stream, each with its own count, none aligned with another."""
    world = [kit.stamps(7, first_s=first_s) for first_s in (1.35, 4.0, 8.0)]
    gaze = [kit.gaze_part(40, first_s=first_s) for first_s in (0.7, 5.0)]
    imu = [kit.imu_part(30, first_s=first_s) for first_s in (1.7, 3.0, 6.0, 9.0)]
    recording = open_recording(
        kit.build_invisible(tmp_path / "r", world_times_ns=world, gaze=gaze, imu=imu)
    )
    np.testing.assert_array_equal(recording.world.timestamp_ns, np.concatenate(world))
    assert recording.imu is not None
    np.testing.assert_array_equal(
        recording.imu.gyro_deg_s, np.concatenate([part.gyro_deg_s for part in imu])
    )
    np.testing.assert_array_equal(
        recording.gaze.y_px, np.concatenate([part.points_px[:, 1] for part in gaze])
    )
