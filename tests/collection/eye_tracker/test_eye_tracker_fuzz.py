"""Damaged recordings: a clear error or a valid recording, and nothing else."""

import json
import shutil
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashgaze.collection.eye_tracker import (
    EyeTrackerRecording,
    Intervals,
    open_recording,
    recognise,
)
from dashgaze.errors import DashgazeError

FUZZ = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
DAY_NS = 24 * 3600 * 10**9


def check_valid(recording: EyeTrackerRecording) -> None:
    """Check everything that the dataclasses promise."""
    world, gaze, imu = recording.world, recording.gaze, recording.imu
    count = len(world.timestamp_ns)
    assert count > 0
    assert world.valid.shape == world.part.shape == world.pts.shape == (count,)
    covered = [
        row
        for part in recording.world_parts
        for row in range(part.first_frame, part.first_frame + part.frame_count)
    ]
    assert covered == list(range(count))
    for place, part in enumerate(recording.world_parts):
        assert (world.part[part.first_frame : part.first_frame + part.frame_count] == place).all()
        assert part.path is None or part.path.is_file()
    ascending = [world.timestamp_ns, gaze.timestamp_ns]
    assert len(gaze.timestamp_ns) > 0
    assert gaze.x_px.shape == gaze.y_px.shape == gaze.worn.shape == gaze.timestamp_ns.shape
    assert gaze.x_px.dtype == np.float64
    assert not (np.isinf(gaze.x_px) | np.isinf(gaze.y_px)).any()
    assert (np.isnan(gaze.x_px) == np.isnan(gaze.y_px)).all()
    if imu is not None:
        assert imu.gyro_deg_s.shape == imu.accel_g.shape == (len(imu.timestamp_ns), 3)
        assert np.isfinite(imu.gyro_deg_s).all()
        assert np.isfinite(imu.accel_g).all()
        ascending.append(imu.timestamp_ns)
    for stamps in ascending:
        assert stamps.dtype == np.int64
        assert (np.diff(stamps) > 0).all()
        assert not len(stamps) or 0 <= int(stamps[-1]) - int(stamps[0]) <= 2 * DAY_NS
    for intervals in (recording.blinks, recording.fixations, recording.saccades):
        check_intervals(intervals)
    moments = [event.timestamp_ns for event in recording.events]
    assert moments == sorted(moments)
    camera = recording.scene_camera
    assert camera.matrix.shape == (3, 3)
    assert camera.distortion.shape == (8,)
    assert np.isfinite(camera.matrix).all()
    assert np.isfinite(camera.distortion).all()
    assert camera.matrix[0, 0] > 0
    assert camera.matrix[1, 1] > 0
    assert recording.start_time_ns is None or 0 <= recording.start_time_ns < 2**62


def check_intervals(intervals: Intervals | None) -> None:
    if intervals is not None:
        assert intervals.id.shape == intervals.start_ns.shape == intervals.end_ns.shape
        assert (np.diff(intervals.start_ns) > 0).all()
        assert (intervals.end_ns > intervals.start_ns).all()


def open_damaged(source: dict[str, bytes], name: str, content: bytes) -> None:
    """Open a recording in which one file has another content."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "recording"
        folder.mkdir()
        for other, usual in source.items():
            (folder / other).write_bytes(content if other == name else usual)
        try:
            recording = open_recording(folder)
        except DashgazeError:
            recognise(folder)  # never raises
        else:
            check_valid(recording)
            assert recognise(folder) == (recording.kind, recording.source)


@st.composite
def damage(draw: st.DrawFn, usual: bytes) -> bytes:
    """Damage bytes as transfers, cards and people do."""
    match draw(st.sampled_from(["cut", "noise", "flip", "insert", "zeros", "repeat"])):
        case "cut":
            return usual[: draw(st.integers(0, len(usual)))]
        case "noise":
            return draw(st.binary(max_size=300))
        case "flip":
            content = bytearray(usual)
            places = st.tuples(st.integers(0, max(0, len(usual) - 1)), st.integers(0, 255))
            for place, value in draw(st.lists(places, min_size=1, max_size=20)):
                content[place : place + 1] = bytes([value])
            return bytes(content)
        case "insert":
            place = draw(st.integers(0, len(usual)))
            return usual[:place] + draw(st.binary(min_size=1, max_size=40)) + usual[place:]
        case "zeros":
            place = draw(st.integers(0, len(usual)))
            return usual[:place] + bytes(len(usual) - place)
    return usual * draw(st.integers(2, 3))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def invisible(tmp_path_factory: pytest.TempPathFactory, kit: Any) -> dict[str, bytes]:
    folder = kit.build_invisible(
        tmp_path_factory.mktemp("fuzz") / "r",
        gaze=[kit.gaze_part(20), kit.gaze_part(10, first_s=1.5)],
        gaze_200hz=kit.gaze_part(30, worn=False),
        world_times_ns=[kit.stamps(6), kit.stamps(6, first_s=3.0)],
        imu=[kit.imu_part(10)],
    )
    kit.write_video(folder / "PI world v1 ps1.mp4", [3003 * i for i in range(6)], size=(64, 48))
    return contents(folder)


@pytest.fixture(scope="module")
def neon(tmp_path_factory: pytest.TempPathFactory, kit: Any) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("fuzz")
    info = {"data_format_version": "2.5", "start_time": kit.START_NS, "duration": 10**9}
    (folder / "info.json").write_text(json.dumps(info))
    part = kit.gaze_part(20)
    part.timestamp_ns.tofile(folder / "gaze ps1.time")
    part.points_px.astype("<f4").tofile(folder / "gaze ps1.raw")
    (folder / "worn ps1.raw").write_bytes(b"\xff" * 20)
    (folder / "gaze.dtype").write_text("[('x', 'float32'), ('y', 'float32')]")
    kit.stamps(5).tofile(folder / "Neon Scene Camera v1 ps1.time")
    packet = b"\x08\x05" + b"\x12\x05\x0d" + struct.pack("<f", 0.5)
    (folder / "extimu ps1.raw").write_bytes((struct.pack("<H", len(packet)) + packet) * 3)
    event = struct.pack("<iqq", 4, kit.START_NS, kit.START_NS + 10**8)
    (folder / "blinks ps1.raw").write_bytes(event * 2)
    fixation = struct.pack("<iqq10f", 1, kit.START_NS, kit.START_NS + 10**8, *range(10))
    (folder / "fixations ps1.raw").write_bytes(fixation * 2)
    (folder / "calibration.bin").write_bytes(bytes(range(256)) * 3 + bytes(35))
    return contents(folder)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, kit: Any) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "info.json").write_text(
        json.dumps({"data_format_version": "1.4", "start_time": kit.START_NS})
    )
    (folder / "scene_camera.json").write_text(
        json.dumps(
            {
                "camera_matrix": [[758.4, 0.0, 527.9], [0.0, 757.8, 533.5], [0.0, 0.0, 1.0]],
                "dist_coefs": [[-0.12, 0.1, 0.0004, 0.0009, 0.017, 0.2, 0.01, 0.06]],
            }
        )
    )
    ids, at = "s,r", kit.stamps(8).tolist()
    rows: dict[str, tuple[str, Callable[[int], str]]] = {
        "world_timestamps.csv": ("timestamp [ns]", lambda i: f"{kit.START_NS + i * 50_000_000}"),
        "gaze.csv": (
            "timestamp [ns],gaze x [px],gaze y [px],worn,fixation id,blink id",
            lambda i: f"{at[i]},{i}.5,-{i}.25,1.0,1,",
        ),
        "imu.csv": (
            ",".join(
                [
                    "timestamp [ns]",
                    *(f"gyro {axis} [deg/s]" for axis in "xyz"),
                    *(f"acceleration {axis} [g]" for axis in "xyz"),
                    *(f"quaternion {axis}" for axis in "wxyz"),
                ]
            ),
            lambda i: f"{at[i]},1,2,3,0,-1,0,1,0,0,0",
        ),
        "blinks.csv": (
            "blink id,start timestamp [ns],end timestamp [ns],duration [ms]",
            lambda i: f"{i},{at[i]},{at[i] + 9_000_000},9",
        ),
    }
    for name, (header, row) in rows.items():
        lines = [f"section id,recording id,{header}", *(f"{ids},{row(i)}" for i in range(8))]
        (folder / name).write_text("\n".join([*lines, ""]))
    (folder / "events.csv").write_text(
        f"recording id,timestamp [ns],name,type\nr,{at[0]},recording.begin,recording\n"
    )
    pts = [4500 * i for i in range(8)]
    kit.write_video(folder / "v.mp4", pts, size=(64, 48), grey=frozenset(range(5)))
    return contents(folder)


@FUZZ
@given(data=st.data())
def test_a_damaged_file_of_an_invisible_folder(
    invisible: dict[str, bytes], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(invisible)))
    open_damaged(invisible, name, data.draw(damage(invisible[name])))


@FUZZ
@given(data=st.data())
def test_a_damaged_file_of_a_neon_folder(neon: dict[str, bytes], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(neon)))
    open_damaged(neon, name, data.draw(damage(neon[name])))


@FUZZ
@given(data=st.data())
def test_a_damaged_file_of_an_export(cloud: dict[str, bytes], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(cloud)))
    open_damaged(cloud, name, data.draw(damage(cloud[name])))


CELLS = st.one_of(
    st.sampled_from(
        ["", "nan", "inf", "-1", "0", "1e999", "9" * 25, "True", '"', "a,b", "\r", "#"]
    ),
    st.integers(-(2**64), 2**64).map(str),
    st.floats().map(str),
    st.text(max_size=8),
)


@FUZZ
@given(data=st.data())
def test_changed_cells_of_an_export(cloud: dict[str, bytes], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name in sorted(cloud) if name.endswith(".csv")]))
    lines = [line.split(",") for line in cloud[name].decode().splitlines()]
    for _ in range(data.draw(st.integers(1, 4))):
        row = data.draw(st.integers(0, len(lines) - 1))
        if data.draw(st.booleans()):
            lines[row][data.draw(st.integers(0, len(lines[row]) - 1))] = data.draw(CELLS)
        else:
            lines.insert(row, lines[data.draw(st.integers(0, len(lines) - 1))])
    content = "\n".join(",".join(line) for line in lines)
    open_damaged(cloud, name, content.encode("utf-8", errors="surrogatepass"))


@FUZZ
@given(
    content=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    [
                        *("data_format_version", "start_time", "duration", "recording_id"),
                        *("scene_camera_serial_number", "camera_matrix", "dist_coefs", "other"),
                    ]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
@pytest.mark.parametrize("name", ["info.json", "scene_camera.json"])
def test_any_json_in_place_of_info_and_camera(
    cloud: dict[str, bytes], name: str, content: Any
) -> None:
    open_damaged(cloud, name, json.dumps(content).encode())


def test_faultless_sources_open(
    invisible: dict[str, bytes],
    neon: dict[str, bytes],
    cloud: dict[str, bytes],
    tmp_path: Path,
) -> None:
    """Without this, the tests above could pass on folders that never open."""
    for source in (invisible, neon, cloud):
        folder = tmp_path / "r"
        folder.mkdir()
        for name, content in source.items():
            (folder / name).write_bytes(content)
        check_valid(open_recording(folder))
        shutil.rmtree(folder)
