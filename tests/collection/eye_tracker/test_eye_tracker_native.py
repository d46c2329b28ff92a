"""Native Pupil Invisible folders: what is read, and each consistency rule as a named case."""

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashgaze.collection.eye_tracker import Event, GazePart, open_recording, recognise
from dashgaze.errors import RecordingError

STAMP = "<u8"
READS_ALL = not hasattr(os, "geteuid") or os.geteuid() == 0


def rewrite(path: Path, change: Any, dtype: str = STAMP) -> None:
    change(np.fromfile(path, dtype)).astype(dtype).tofile(path)


def test_everything_written_is_read_back_exactly(native: Path, kit: Any) -> None:
    recording = open_recording(native)
    assert recognise(native) == ("pupil_invisible", "native")
    assert (recording.kind, recording.source) == ("pupil_invisible", "native")
    assert recording.path == native
    assert recording.recording_id == kit.RECORDING_ID
    assert recording.start_time_ns == kit.START_NS
    assert recording.duration_ns == 3_000_000_000
    np.testing.assert_array_equal(recording.world.timestamp_ns, kit.stamps(30))
    assert recording.world.timestamp_ns.dtype == np.int64
    assert recording.first_frame_ns == kit.START_NS + 1_350_000_000
    given = kit.gaze_part()
    np.testing.assert_array_equal(recording.gaze.timestamp_ns, given.timestamp_ns)
    np.testing.assert_array_equal(recording.gaze.x_px, given.points_px[:, 0])
    np.testing.assert_array_equal(recording.gaze.y_px, given.points_px[:, 1])
    np.testing.assert_array_equal(recording.gaze.worn, given.worn)
    assert recording.gaze.rate == "realtime"
    imu = kit.imu_part()
    assert recording.imu is not None
    np.testing.assert_array_equal(recording.imu.timestamp_ns, imu.timestamp_ns)
    np.testing.assert_array_equal(recording.imu.gyro_deg_s, imu.gyro_deg_s)
    np.testing.assert_array_equal(recording.imu.accel_g, imu.accel_g)
    assert recording.imu.quaternion is None
    assert recording.imu.axes == "x right, y down, z forward"
    camera, given_camera = recording.scene_camera, kit.scene_camera()
    np.testing.assert_array_equal(camera.matrix, given_camera.matrix)
    np.testing.assert_array_equal(camera.distortion, given_camera.distortion)
    assert (camera.serial, camera.origin) == ("rx7vp", "calibration.bin")
    assert recording.events == (
        Event(name="recording.begin", timestamp_ns=kit.START_NS),
        Event(name="recording.end", timestamp_ns=kit.START_NS + 3_000_000_000),
    )
    assert (recording.blinks, recording.fixations, recording.saccades) == (None, None, None)
    # without a video its absence is the only thing to say
    assert kit.codes(recording) == ["WORLD-VIDEO-MISSING"]
    assert recording.world.valid.all()
    assert (recording.world.pts == -1).all()


def test_parts_are_joined_in_numeric_order(tmp_path: Path, kit: Any) -> None:
    firsts = [1.0 + 0.5 * i for i in range(11)]
    parts = [kit.gaze_part(10, first_s=first_s) for first_s in firsts]
    folder = kit.build_invisible(tmp_path / "r", gaze=parts)
    recording = open_recording(folder)
    joined = np.concatenate([part.timestamp_ns for part in parts])
    np.testing.assert_array_equal(recording.gaze.timestamp_ns, joined)
    assert "STAMPS-DISORDER" not in kit.codes(recording)


def test_parts_of_different_sensors_do_not_correspond(tmp_path: Path, kit: Any) -> None:
    world = [kit.stamps(10), kit.stamps(20, first_s=4.0)]
    gaze = [kit.gaze_part(5, first_s=first_s) for first_s in (0.7, 2.0, 5.0)]
    folder = kit.build_invisible(tmp_path / "r", world_times_ns=world, gaze=gaze)
    recording = open_recording(folder)
    assert len(recording.gaze.timestamp_ns) == 15
    assert [
        (part.number, part.first_frame, part.frame_count) for part in recording.world_parts
    ] == [
        (1, 0, 10),
        (2, 10, 20),
    ]
    np.testing.assert_array_equal(recording.world.part, [0] * 10 + [1] * 20)
    np.testing.assert_array_equal(recording.world.timestamp_ns, np.concatenate(world))


def test_missing_part_numbers_are_normal_and_noted(tmp_path: Path, kit: Any) -> None:
    gaze = [kit.gaze_part(5, first_s=first_s) for first_s in (0.7, 2.0, 5.0)]
    folder = kit.build_invisible(tmp_path / "r", gaze=gaze)
    for name in ("gaze ps2.raw", "gaze ps2.time", "worn ps2.raw"):
        (folder / name).unlink()
    recording = open_recording(folder)
    assert len(recording.gaze.timestamp_ns) == 10
    assert "1 part number up to 3 do not exist (there are 1, 3)" in kit.message(
        recording, "PARTS-MISSING"
    )


@pytest.mark.parametrize(("suffix", "record"), [("raw", 8), ("time", 8)])
def test_gaze_and_stamps_are_cut_to_the_shorter(
    native: Path, kit: Any, suffix: str, record: int
) -> None:
    path = native / f"gaze ps1.{suffix}"
    path.write_bytes(path.read_bytes()[: -3 * record])
    recording = open_recording(native)
    np.testing.assert_array_equal(recording.gaze.timestamp_ns, kit.gaze_part().timestamp_ns[:97])
    np.testing.assert_array_equal(recording.gaze.x_px, np.arange(97) / 8)
    assert "the first 97 of both" in kit.message(recording, "GAZE-LENGTH")


def test_worn_goes_with_the_stamps_when_gaze_is_shorter(native: Path, kit: Any) -> None:
    path = native / "gaze ps1.raw"
    path.write_bytes(path.read_bytes()[:-24])
    recording = open_recording(native)
    np.testing.assert_array_equal(recording.gaze.worn, np.arange(97) % 7 != 0)


def test_worn_of_another_length_is_ignored(native: Path, kit: Any) -> None:
    path = native / "worn ps1.raw"
    path.write_bytes(path.read_bytes()[:-1])
    recording = open_recording(native)
    assert recording.gaze.worn.all()
    assert kit.codes(recording).count("WORN-ASSUMED") == 2  # ignored; taken as worn


def test_worn_is_assumed_where_there_is_no_file(native: Path, kit: Any) -> None:
    (native / "worn ps1.raw").unlink()
    recording = open_recording(native)
    assert recording.gaze.worn.all()
    assert "gaze ps1" in kit.message(recording, "WORN-ASSUMED")


def test_other_worn_values_are_noted(native: Path, kit: Any) -> None:
    rewrite(native / "worn ps1.raw", lambda worn: np.where(np.arange(100) == 3, 1, worn), "u1")
    recording = open_recording(native)
    assert "1 value other than 0 and 255" in kit.message(recording, "WORN-VALUES")
    assert recording.gaze.worn[3]


def test_recomputed_gaze_replaces_the_realtime_gaze(tmp_path: Path, kit: Any) -> None:
    fine = GazePart(
        timestamp_ns=kit.stamps(50, first_s=0.7, step_ns=4_000_000),
        points_px=np.full((50, 2), 7.0),
        worn=np.arange(50) < 20,
    )
    recording = open_recording(kit.build_invisible(tmp_path / "r", gaze_200hz=fine))
    assert recording.gaze.rate == "gaze_200hz"
    np.testing.assert_array_equal(recording.gaze.timestamp_ns, fine.timestamp_ns)
    assert (recording.gaze.x_px == 7).all()
    np.testing.assert_array_equal(recording.gaze.worn, np.arange(50) < 20)


def test_recomputed_gaze_takes_worn_from_the_nearest_realtime_sample(
    tmp_path: Path, kit: Any
) -> None:
    at = kit.START_NS + 10**9
    coarse = GazePart(
        timestamp_ns=at + np.array([0, 20, 40]) * 10**6,
        points_px=np.zeros((3, 2)),
        worn=np.array([True, False, True]),
    )
    # 10 ms lies between the first two; ties go to the earlier
    fine = GazePart(
        timestamp_ns=at + np.array([-5, 9, 10, 11, 29, 31, 90]) * 10**6,
        points_px=np.zeros((7, 2)),
    )
    recording = open_recording(kit.build_invisible(tmp_path / "r", gaze=[coarse], gaze_200hz=fine))
    assert recording.gaze.worn.tolist() == [True, True, True, False, False, True, True]
    assert "WORN-ASSUMED" not in kit.codes(recording)


@pytest.mark.parametrize("fault", ["no raw", "no time", "empty"])
def test_incomplete_recomputed_gaze_is_ignored(tmp_path: Path, kit: Any, fault: str) -> None:
    folder = kit.build_invisible(tmp_path / "r", gaze_200hz=kit.gaze_part(5))
    match fault:
        case "no raw":
            (folder / "gaze_200hz.raw").unlink()
        case "no time":
            (folder / "gaze_200hz.time").unlink()
        case "empty":
            (folder / "gaze_200hz.raw").write_bytes(b"")
    recording = open_recording(folder)
    assert recording.gaze.rate == "realtime"
    assert len(recording.gaze.timestamp_ns) == 100
    assert "GAZE-200HZ-IGNORED" in kit.codes(recording)


def test_imu_with_more_stamps_drops_the_first(native: Path, kit: Any) -> None:
    path = native / "extimu ps1.raw"
    path.write_bytes(path.read_bytes()[: 57 * 24])
    recording = open_recording(native)
    imu = kit.imu_part()
    assert recording.imu is not None
    np.testing.assert_array_equal(recording.imu.timestamp_ns, imu.timestamp_ns[3:])
    np.testing.assert_array_equal(recording.imu.gyro_deg_s, imu.gyro_deg_s[:57])
    assert "the first 3 stamps" in kit.message(recording, "IMU-LENGTH")


def test_imu_with_more_samples_drops_the_last(native: Path, kit: Any) -> None:
    rewrite(native / "extimu ps1.time", lambda stamps: stamps[:58])
    recording = open_recording(native)
    imu = kit.imu_part()
    assert recording.imu is not None
    np.testing.assert_array_equal(recording.imu.timestamp_ns, imu.timestamp_ns[:58])
    np.testing.assert_array_equal(recording.imu.accel_g, imu.accel_g[:58])
    assert "the last 2 samples" in kit.message(recording, "IMU-LENGTH")


def test_imu_samples_that_are_not_finite_are_left_out(native: Path, kit: Any) -> None:
    def spoil(values: np.ndarray) -> np.ndarray:
        values[6 * 10 + 4] = np.nan
        return values

    rewrite(native / "extimu ps1.raw", spoil, "<f4")
    recording = open_recording(native)
    assert recording.imu is not None
    assert len(recording.imu.timestamp_ns) == 59
    assert "1 sample of 60" in kit.message(recording, "VALUES-NOT-FINITE")


def test_a_recording_without_imu_has_none(tmp_path: Path, kit: Any) -> None:
    assert open_recording(kit.build_invisible(tmp_path / "r", imu=[])).imu is None


def test_duplicate_and_backward_stamps_are_left_out(native: Path, kit: Any) -> None:
    given = kit.gaze_part().timestamp_ns.copy()
    given[10] = given[9]
    given[50] = given[48]
    given.astype(STAMP).tofile(native / "gaze ps1.time")
    recording = open_recording(native)
    rows = np.delete(np.arange(100), [10, 50])
    np.testing.assert_array_equal(recording.gaze.timestamp_ns, given[rows])
    np.testing.assert_array_equal(recording.gaze.x_px, rows / 8)
    assert "Gaze: 2 samples of 100" in kit.message(recording, "STAMPS-DISORDER")


def test_a_stamp_far_ahead_costs_one_sample(native: Path, kit: Any) -> None:
    given = kit.gaze_part().timestamp_ns.copy()
    given[3] += 3600 * 10**9
    given.astype(STAMP).tofile(native / "gaze ps1.time")
    recording = open_recording(native)
    np.testing.assert_array_equal(recording.gaze.timestamp_ns, np.delete(given, 3))


@pytest.mark.parametrize("stamp", [0, 2**62, 2**64 - 1, 1_600_000_000_000_000_000])
def test_a_stamp_that_is_no_date_of_this_recording_costs_one_sample(
    native: Path, kit: Any, stamp: int
) -> None:
    given = kit.gaze_part().timestamp_ns.astype(np.uint64)
    given[0] = stamp
    given.tofile(native / "gaze ps1.time")
    recording = open_recording(native)
    np.testing.assert_array_equal(recording.gaze.timestamp_ns, given[1:].astype(np.int64))
    assert "1 sample of 100" in kit.message(recording, "STAMPS-IMPLAUSIBLE")


def test_world_frames_lose_their_row_with_their_stamp(native: Path, kit: Any) -> None:
    rewrite(native / "PI world v1 ps1.time", lambda t: np.concatenate([t[:5], t[4:5], t[5:]]))
    recording = open_recording(native)
    np.testing.assert_array_equal(recording.world.timestamp_ns, kit.stamps(30))
    assert recording.world_parts[0].frame_count == 30
    assert "World video: 1 sample of 31" in kit.message(recording, "STAMPS-DISORDER")


def test_empty_files_are_normal(tmp_path: Path, kit: Any) -> None:
    gaze = [kit.gaze_part(0), kit.gaze_part(5, first_s=1.4)]
    world = [kit.stamps(0), kit.stamps(10)]
    folder = kit.build_invisible(
        tmp_path / "r", gaze=gaze, world_times_ns=world, imu=[kit.imu_part(0)]
    )
    recording = open_recording(folder)
    assert len(recording.gaze.timestamp_ns) == 5
    assert [part.number for part in recording.world_parts] == [2]
    assert recording.imu is not None
    assert recording.imu.gyro_deg_s.shape == (0, 3)
    assert kit.codes(recording) == ["WORLD-VIDEO-MISSING"]


def test_a_file_that_ends_inside_a_record_is_cut(native: Path, kit: Any) -> None:
    for name in ("gaze ps1.raw", "gaze ps1.time"):
        with (native / name).open("ab") as file:
            file.write(b"\1\2\3")
    recording = open_recording(native)
    assert len(recording.gaze.timestamp_ns) == 100
    assert kit.codes(recording).count("FILE-CUT") == 2
    assert "GAZE-LENGTH" not in kit.codes(recording)


def test_time_aux_stands_in_only_where_time_is_absent(native: Path, kit: Any) -> None:
    time, aux = native / "PI world v1 ps1.time", native / "PI world v1 ps1.time_aux"
    (kit.stamps(30) + 20_000_000).astype(STAMP).tofile(aux)
    recording = open_recording(native)
    np.testing.assert_array_equal(recording.world.timestamp_ns, kit.stamps(30))
    assert "WORLD-STAMPS-SUBSTITUTE" not in kit.codes(recording)
    time.unlink()
    recording = open_recording(native)
    np.testing.assert_array_equal(recording.world.timestamp_ns, kit.stamps(30) + 20_000_000)
    assert "WORLD-STAMPS-SUBSTITUTE" in kit.codes(recording)


def test_a_part_with_one_of_its_two_files_is_left_out(tmp_path: Path, kit: Any) -> None:
    gaze = [kit.gaze_part(5), kit.gaze_part(7, first_s=2.0)]
    folder = kit.build_invisible(tmp_path / "r", gaze=gaze)
    (folder / "gaze ps1.time").unlink()
    recording = open_recording(folder)
    assert len(recording.gaze.timestamp_ns) == 7
    assert kit.message(recording, "PART-INCOMPLETE").startswith("gaze ps1.raw has no .time file")


def test_events_are_sorted_by_time(tmp_path: Path, kit: Any) -> None:
    arrived = [
        Event(name="recording.begin", timestamp_ns=kit.START_NS),
        Event(name="späte Ampel, links", timestamp_ns=kit.START_NS + 900),
        Event(name="frühe Ampel", timestamp_ns=kit.START_NS + 300),
        Event(name="", timestamp_ns=kit.START_NS + 500),
    ]
    recording = open_recording(kit.build_invisible(tmp_path / "r", events=arrived))
    assert [event.name for event in recording.events] == [
        "recording.begin",
        "frühe Ampel",
        "",
        "späte Ampel, links",
    ]


def test_events_are_cut_to_the_shorter_of_names_and_times(native: Path, kit: Any) -> None:
    with (native / "event.txt").open("a", encoding="utf-8", newline="") as file:
        file.write("one more\r\n")
    recording = open_recording(native)
    assert len(recording.events) == 2
    assert "3 lines" in kit.message(recording, "EVENTS-LENGTH")


def test_events_that_are_not_utf8_are_noted(native: Path, kit: Any) -> None:
    (native / "event.txt").write_bytes(b"recording.begin\nAmpel gr\xfcn\n")
    recording = open_recording(native)
    assert recording.events[1].name == "Ampel gr\N{REPLACEMENT CHARACTER}n"
    assert "TEXT-ENCODING" in kit.codes(recording)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("missing", None),
        ("size", "has 212 bytes; 213 are expected"),
        ("nan", "not finite"),
        ("zero focal", "a focal length of 0 px"),
        ("centre", "lies outside of the image"),
    ],
)
def test_a_calibration_of_no_use_is_replaced_by_the_typical_camera(
    native: Path, kit: Any, fault: str, says: str | None
) -> None:
    path = native / "calibration.bin"
    content = bytearray(path.read_bytes())
    match fault:
        case "missing":
            path.unlink()
        case "size":
            path.write_bytes(content[:-1])
        case "nan":
            struct.pack_into("<d", content, 5 + 9 * 8 + 16, float("nan"))
            path.write_bytes(content)
        case "zero focal":
            struct.pack_into("<d", content, 5 + 4 * 8, 0.0)
            path.write_bytes(content)
        case "centre":
            struct.pack_into("<d", content, 5 + 2 * 8, 1088.0)
            path.write_bytes(content)
    recording = open_recording(native)
    camera = recording.scene_camera
    assert camera.origin == "default"
    assert camera.matrix[0, 0] == 766.2927454396544
    assert camera.matrix[1, 2] == 566.0580149497666
    assert camera.distortion[7] == 0.06631870205961587
    assert (camera.width_px, camera.height_px) == (1088, 1080)
    assert camera.serial == "rx7vp"  # info.json knows it
    assert "CALIBRATION-DEFAULT" in kit.codes(recording)
    if says is None:
        assert "CALIBRATION-BROKEN" not in kit.codes(recording)
    else:
        assert says in kit.message(recording, "CALIBRATION-BROKEN")


def test_the_calibration_of_an_unknown_camera_is_flagged(native: Path, kit: Any) -> None:
    path = native / "calibration.bin"
    path.write_bytes(b"00000" + path.read_bytes()[5:])
    recording = open_recording(native)
    assert recording.scene_camera.origin == "default"
    np.testing.assert_array_equal(recording.scene_camera.matrix, kit.scene_camera().matrix)
    assert "CALIBRATION-DEFAULT" in kit.codes(recording)


def test_two_videos_of_one_part_refuse_the_part(tmp_path: Path, kit: Any) -> None:
    folder = kit.build_invisible(
        tmp_path / "r", world_times_ns=[kit.stamps(10), kit.stamps(10, first_s=5.0)]
    )
    for suffix in ("mp4", "mjpeg"):
        (folder / f"PI world v1 ps1.{suffix}").write_bytes(b"x")
    recording = open_recording(folder)
    assert [part.number for part in recording.world_parts] == [2]
    assert "ps1" in kit.message(recording, "WORLD-PART-REFUSED")


def test_a_video_without_stamps_is_left_out(tmp_path: Path, kit: Any) -> None:
    folder = kit.build_invisible(
        tmp_path / "r", world_times_ns=[kit.stamps(10), kit.stamps(10, first_s=5.0)]
    )
    (folder / "PI world v1 ps1.time").unlink()
    (folder / "PI world v1 ps1.mp4").write_bytes(b"x")
    recording = open_recording(folder)
    assert [part.number for part in recording.world_parts] == [2]
    assert "no time stamps" in kit.message(recording, "WORLD-PART-REFUSED")


@pytest.mark.parametrize("state", ["absent", "empty", "no usable stamp"])
@pytest.mark.parametrize(
    ("stream", "names"),
    [("gaze", ("gaze ps1.raw", "gaze ps1.time")), ("world", ("PI world v1 ps1.time",))],
)
def test_without_gaze_or_world_stamps_there_is_no_recording(
    native: Path, stream: str, names: tuple[str, ...], state: str
) -> None:
    for name in names:
        match state:
            case "absent":
                (native / name).unlink()
            case "empty":
                (native / name).write_bytes(b"")
            case "no usable stamp":
                rewrite(native / name, np.zeros_like)
    with pytest.raises(RecordingError, match=stream) as caught:
        open_recording(native)
    assert caught.value.stream == stream
    assert caught.value.path == native
    assert caught.value.fix


def test_gaze_that_lies_beside_the_world_video_is_noted(tmp_path: Path, kit: Any) -> None:
    folder = kit.build_invisible(tmp_path / "r", gaze=[kit.gaze_part(first_s=900.0)])
    said = kit.message(open_recording(folder), "STREAMS-APART")
    assert said == "Gaze starts 897.7 s after the world video ends."


def test_infinite_gaze_is_missing_gaze(native: Path, kit: Any) -> None:
    def spoil(values: np.ndarray) -> np.ndarray:
        values[2 * 4], values[2 * 6 + 1] = np.inf, np.nan
        return values

    rewrite(native / "gaze ps1.raw", spoil, "<f4")
    recording = open_recording(native)
    assert np.flatnonzero(np.isnan(recording.gaze.x_px)).tolist() == [4, 6]
    assert np.flatnonzero(np.isnan(recording.gaze.y_px)).tolist() == [4, 6]
    assert "1 point of 100 infinite" in kit.message(recording, "VALUES-NOT-FINITE")


def test_folders_with_any_name_are_read(tmp_path: Path, kit: Any) -> None:
    folder = kit.build_invisible(tmp_path / "Fahrt 07 – Kreuzung 交差点" / "2023-05-26 10 13")
    assert len(open_recording(folder).gaze.timestamp_ns) == 100


@pytest.mark.skipif(READS_ALL, reason="this user may read any file")
@pytest.mark.parametrize("name", ["info.json", "gaze ps1.raw", "calibration.bin", "event.txt"])
def test_a_file_that_may_not_be_read_is_named(native: Path, name: str) -> None:
    (native / name).chmod(0)
    with pytest.raises(RecordingError, match=name):
        open_recording(native)


@pytest.mark.skipif(READS_ALL, reason="this user may read any file")
@pytest.mark.parametrize("mode", [0o000, 0o400])
def test_a_folder_that_may_not_be_searched_is_named(native: Path, mode: int) -> None:
    native.chmod(mode)
    try:
        assert recognise(native) is None
        with pytest.raises(RecordingError, match="Permission denied"):
            open_recording(native)
    finally:
        native.chmod(0o700)


def test_an_hour_of_gaze_opens_within_a_second(tmp_path: Path, kit: Any) -> None:
    folder = kit.build_invisible(
        tmp_path / "r",
        gaze=[kit.gaze_part(720_000)],
        gaze_200hz=kit.gaze_part(720_000),
        imu=[kit.imu_part(728_000)],
        world_times_ns=[kit.stamps(108_000)],
    )
    assert kit.fastest_s(lambda: open_recording(folder)) < 1.0
    assert len(open_recording(folder).gaze.timestamp_ns) == 720_000
