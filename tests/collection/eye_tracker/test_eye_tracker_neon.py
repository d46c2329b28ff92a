"""Native Neon folders: the real sample, and synthetic ones for what it lacks."""

import json
import shutil
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashgaze.collection.eye_tracker import open_recording, recognise
from dashgaze.collection.eye_tracker.imu_packets import parse_imu_packets
from dashgaze.collection.eye_tracker.native_gaze import read_gaze
from dashgaze.collection.eye_tracker.notes import NoteBook
from dashgaze.collection.eye_tracker.parts import PartFiles

START_NS = 1_760_676_788_219_000_000


@pytest.fixture
def real(shared_data: Path) -> Path:
    return shared_data / "eye_tracker" / "neon_native"


@pytest.fixture
def copy(real: Path, tmp_path: Path) -> Path:
    """A copy of the real sample that may be changed."""
    folder = tmp_path / "neon"
    folder.mkdir()
    for path in real.iterdir():
        shutil.copyfile(path, folder / path.name)
    return folder


@pytest.fixture
def made(tmp_path: Path, kit: Any) -> Path:
    """A small Neon folder made here."""
    folder = tmp_path / "neon"
    folder.mkdir()
    (folder / "info.json").write_text(
        json.dumps(
            {
                "data_format_version": "2.5",
                "recording_id": kit.RECORDING_ID,
                "start_time": kit.START_NS,
                "module_serial_number": "578846",
            }
        )
    )
    kit.stamps(10).tofile(folder / "Neon Scene Camera v1 ps1.time")
    kit.stamps(10, first_s=4.0).tofile(folder / "Neon Scene Camera v1 ps2.time")
    part = kit.gaze_part(20)
    part.timestamp_ns.tofile(folder / "gaze ps1.time")
    part.points_px.astype("<f4").tofile(folder / "gaze ps1.raw")
    return folder


class TestRealSample:
    """12 s of pl-neon-recording's sample, complete but for the videos."""

    def test_the_files_are_the_ones_the_device_wrote(self, real: Path) -> None:
        for entry in json.loads((real / "manifest.json").read_text()):
            path = real / entry["name"]
            if path.exists():
                content = path.read_bytes()
                assert len(content) == entry["size"]
                assert f"{zlib.crc32(content):x}" == entry["crc"]

    def test_counts_and_times(self, real: Path, kit: Any) -> None:
        recording = open_recording(real)
        assert recognise(real) == ("neon", "native")
        assert recording.recording_id == "d69bb34f-a63c-4a5c-8c52-5129b3082654"
        assert recording.start_time_ns == START_NS
        assert recording.duration_ns == 12_443_000_000
        assert len(recording.world.timestamp_ns) == 292
        assert recording.first_frame_ns == 1760676789685918534
        steps = np.diff(recording.world.timestamp_ns)
        assert np.median(steps) / 1e6 == pytest.approx(33.342, abs=1e-3)
        assert recording.gaze.rate == "gaze_200hz"
        assert len(recording.gaze.timestamp_ns) == 1788
        assert recording.gaze.worn.all()
        assert recording.imu is not None
        assert len(recording.imu.timestamp_ns) == 969
        assert recording.imu.axes == "x right, y forward, z up"
        assert recording.blinks is not None
        assert recording.blinks.start_ns.tolist() == [1760676793458747534, 1760676795926037534]
        assert recording.blinks.end_ns[0] == 1760676793693876534
        assert recording.fixations is not None
        assert recording.saccades is not None
        assert (len(recording.fixations.id), len(recording.saccades.id)) == (23, 22)
        assert recording.fixations.method == "neon_device"
        # each saccade fills the time between two fixations
        np.testing.assert_array_equal(recording.saccades.start_ns, recording.fixations.end_ns[:-1])
        np.testing.assert_array_equal(recording.saccades.end_ns, recording.fixations.start_ns[1:])
        assert recording.events[1].timestamp_ns - recording.events[0].timestamp_ns == 11_219 * 10**6
        assert kit.codes(recording) == ["WORLD-VIDEO-MISSING"]
        assert "dom" not in repr(recording.info)

    def test_the_unit_has_its_own_calibration(self, real: Path) -> None:
        camera = open_recording(real).scene_camera
        assert camera.origin == "calibration.bin"
        assert camera.serial == "578846"
        assert camera.matrix[0, 0] == pytest.approx(888.4111, abs=1e-4)
        assert camera.matrix[1, 2] == pytest.approx(618.6383, abs=1e-4)
        assert camera.distortion[0] == pytest.approx(-0.130192, abs=1e-6)
        assert (camera.width_px, camera.height_px) == (1600, 1200)

    def test_gravity_and_orientation(self, real: Path) -> None:
        imu = open_recording(real).imu
        assert imu is not None
        assert np.median(np.linalg.norm(imu.accel_g, axis=1)) == pytest.approx(1.0, abs=0.05)
        assert imu.quaternion is not None
        np.testing.assert_allclose(np.linalg.norm(imu.quaternion, axis=1), 1, atol=1e-3)

    def test_packets_hold_the_same_as_the_plain_file(self, copy: Path) -> None:
        plain = open_recording(copy).imu
        (copy / "imu ps1.raw").unlink()
        packed = open_recording(copy).imu
        assert plain is not None
        assert packed is not None
        np.testing.assert_array_equal(packed.timestamp_ns, plain.timestamp_ns)
        np.testing.assert_allclose(packed.gyro_deg_s, plain.gyro_deg_s, atol=1e-3)
        np.testing.assert_allclose(packed.accel_g, plain.accel_g, atol=1e-6)
        assert packed.quaternion is not None
        assert plain.quaternion is not None
        np.testing.assert_allclose(packed.quaternion, plain.quaternion, atol=1e-6)

    def test_packets_that_were_cut_are_noted(self, copy: Path, kit: Any) -> None:
        (copy / "imu ps1.raw").unlink()
        path = copy / "extimu ps1.raw"
        path.write_bytes(path.read_bytes()[:-5])
        recording = open_recording(copy)
        assert recording.imu is not None
        assert len(recording.imu.timestamp_ns) == 968
        assert "1 packet " in kit.message(recording, "IMU-PACKETS")

    def test_a_changed_calibration_is_noted_and_used(self, copy: Path, kit: Any) -> None:
        content = bytearray((copy / "calibration.bin").read_bytes())
        struct.pack_into("<d", content, 7, 900.0)
        (copy / "calibration.bin").write_bytes(content)
        recording = open_recording(copy)
        assert recording.scene_camera.matrix[0, 0] == 900.0
        assert "CALIBRATION-CRC" in kit.codes(recording)

    def test_without_dtype_files_the_usual_layout_holds(self, copy: Path) -> None:
        before = open_recording(copy)
        for path in copy.glob("*.dtype"):
            path.unlink()
        after = open_recording(copy)
        assert before.imu is not None
        assert after.imu is not None
        np.testing.assert_array_equal(after.imu.accel_g, before.imu.accel_g)
        assert after.fixations is not None
        assert len(after.fixations.id) == 23


def test_parts_are_joined(made: Path, kit: Any) -> None:
    recording = open_recording(made)
    assert [part.frame_count for part in recording.world_parts] == [10, 10]
    assert (recording.imu, recording.blinks, recording.fixations) == (None, None, None)
    assert recording.gaze.worn.all()
    assert "WORN-ASSUMED" in kit.codes(recording)
    assert recording.scene_camera.serial == "578846"


def test_empty_blinks_are_no_blinks(made: Path) -> None:
    (made / "blinks ps1.raw").write_bytes(b"")
    blinks = open_recording(made).blinks
    assert blinks is not None
    assert blinks.id.shape == (0,)


@pytest.mark.parametrize(("extension", "noted"), [("time_hw", True), ("time", False)])
def test_the_oldest_devices_clock_file(made: Path, kit: Any, extension: str, noted: bool) -> None:
    (made / "Neon Scene Camera v1 ps1.time").unlink()
    kit.stamps(10).tofile(made / f"Neon Scene Camera v1 ps1.{extension}")
    (kit.stamps(10) + 20_000_000).tofile(made / "Neon Scene Camera v1 ps1.time_aux")
    recording = open_recording(made)
    np.testing.assert_array_equal(recording.world.timestamp_ns[:10], kit.stamps(10))
    assert ("WORLD-STAMPS-SUBSTITUTE" in kit.codes(recording)) == noted


def test_the_layout_is_taken_from_the_dtype_file(made: Path, kit: Any) -> None:
    (made / "gaze.dtype").write_text(
        '[("confidence", "float64"), ("y", "float64"), ("x", "int16")]'
    )
    records = np.zeros(20, dtype=[("confidence", "<f8"), ("y", "<f8"), ("x", "<i2")])
    records["x"], records["y"] = np.arange(20), -np.arange(20) / 3
    records.tofile(made / "gaze ps1.raw")
    gaze = open_recording(made).gaze
    np.testing.assert_array_equal(gaze.x_px, np.arange(20))
    np.testing.assert_array_equal(gaze.y_px, -np.arange(20) / 3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "__import__('os').system('true')",
        "[('x', 'float32')]",
        "[('x', 'object'), ('y', 'O')]",
        "[('x', 'float32'), ('x', 'float32'), ('y', 'float32')]",
        "[('x', 'float32', (2**40,)), ('y', 'float32')]",
        "[" * 10_000,
        "{'x': 'float32', 'y': 'float32'}",
        "'\\d'",
        str([(f"f{i}", "float64") for i in range(100_000)] + [("x", "int8"), ("y", "int8")]),
    ],
)
def test_a_layout_of_no_use_is_replaced_by_the_usual_one(made: Path, kit: Any, text: str) -> None:
    (made / "gaze.dtype").write_text(text)
    recording = open_recording(made)
    np.testing.assert_array_equal(recording.gaze.x_px, np.arange(20) / 8)
    assert "8 bytes is assumed" in kit.message(recording, "DTYPE-BROKEN")


def test_whole_numbers_have_to_be_whole(made: Path, kit: Any) -> None:
    (made / "blinks.dtype").write_text(
        '[("event_type", "float32"), ("start_timestamp_ns", "float64"), '
        '("end_timestamp_ns", "float64")]'
    )
    start, end = kit.START_NS + 5, kit.START_NS + 9
    (made / "blinks ps1.raw").write_bytes(struct.pack("<iqqiqq", 4, start, end, 2, start, end))
    recording = open_recording(made)
    assert "DTYPE-BROKEN" in kit.codes(recording)
    assert recording.blinks is not None
    assert recording.blinks.start_ns.tolist() == [start]  # the other is no blink


class TestPackets:
    def vector(self, field: int, *values: float) -> bytes:
        inner = b"".join(
            bytes([(i << 3) | 5]) + struct.pack("<f", value)
            for i, value in enumerate(values, start=1)
            if value  # protobuf leaves out zeros
        )
        return bytes([(field << 3) | 2, len(inner)]) + inner

    def packet(self, stamp: int, *fields: bytes) -> bytes:
        varint = bytearray()
        while stamp > 0x7F:
            varint.append(stamp & 0x7F | 0x80)
            stamp >>= 7
        body = b"\x08" + bytes(varint) + bytes([stamp]) + b"".join(fields)
        return struct.pack("<H", len(body)) + body

    def test_values_go_to_their_places(self) -> None:
        content = self.packet(
            START_NS, self.vector(2, 0.5, 0, -1), self.vector(3, 7, 8, 9)
        ) + self.packet(START_NS + 1, self.vector(4, 1, 0, 0, 0.25))
        packets = parse_imu_packets(content)
        assert packets.timestamp_ns.tolist() == [START_NS, START_NS + 1]
        assert packets.values.tolist() == [
            [7, 8, 9, 0.5, 0, -1, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 1, 0, 0, 0.25],
        ]
        assert packets.has_quaternion
        assert packets.broken_count == 0

    def test_unknown_fields_are_skipped(self) -> None:
        unknown = b"\x38\x96\x01" + b"\x42\x02ab" + b"\x49" + b"8" * 8 + b"\x55" + b"4" * 4
        packets = parse_imu_packets(self.packet(5, unknown, self.vector(3, 1, 2, 3)))
        assert packets.values[0, :3].tolist() == [1, 2, 3]

    def test_broken_packets_are_counted(self) -> None:
        good = self.packet(5, self.vector(3, 1, 2, 3))
        bad = struct.pack("<H", 4) + b"\x1a\x60\x00\x00"  # a field longer than its packet
        packets = parse_imu_packets(good + bad + good + good[:-1])
        assert packets.timestamp_ns.tolist() == [5, 5]
        assert packets.broken_count == 2
        assert parse_imu_packets(good + b"\x01").broken_count == 1

    def test_a_number_without_end_is_broken(self) -> None:
        assert parse_imu_packets(struct.pack("<H", 20) + b"\x08" + b"\xff" * 19).broken_count == 1


def test_gaze_of_one_eye_is_not_gaze(made: Path) -> None:
    for name in ("gaze_left ps1", "gaze_right ps1"):
        for suffix in ("raw", "time"):
            shutil.copyfile(made / f"gaze ps1.{suffix}", made / f"{name}.{suffix}")
    assert len(read_gaze(PartFiles(made), NoteBook()).timestamp_ns) == 20
