"""The 17.6 s of the one real Pupil Invisible export at hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashgaze.collection.eye_tracker import open_recording


@pytest.fixture
def folder(shared_data: Path) -> Path:
    return shared_data / "eye_tracker" / "pupil_invisible_cloud"


def test_counts_rates_and_times(folder: Path, kit: Any) -> None:
    recording = open_recording(folder)
    assert (recording.kind, recording.source) == ("pupil_invisible", "cloud")
    assert recording.recording_id == "b2345e8e-d5d9-49fe-a6bc-2a04432a24e5"
    assert recording.start_time_ns == 1685088812484000000
    assert recording.duration_ns == 17_637_000_000
    assert len(recording.gaze.timestamp_ns) == 3385
    assert recording.gaze.worn.all()
    gaze_hz = 3384e9 / np.ptp(recording.gaze.timestamp_ns)
    assert gaze_hz == pytest.approx(199.7, abs=0.05)
    assert recording.gaze.x_px[0] == 629.146
    assert recording.gaze.y_px[0] == 647.936
    assert recording.imu is not None
    assert len(recording.imu.timestamp_ns) == 3201
    steps = np.diff(recording.imu.timestamp_ns)
    assert 1e9 / np.median(steps) == pytest.approx(202.4, abs=0.05)
    assert recording.imu.quaternion is None
    np.testing.assert_array_equal(recording.imu.gyro_deg_s[0], [0.182927, -15.914635, 8.719512])
    np.testing.assert_array_equal(recording.imu.accel_g[0], [-0.01825, -1.171753, 0.170227])
    assert recording.fixations is not None
    assert recording.blinks is not None
    assert len(recording.fixations.id) == 17
    assert recording.blinks.id.tolist() == [1, 2]
    assert recording.blinks.start_ns[0] == 1685088815215022015
    assert recording.blinks.method == "pupil_cloud"
    assert recording.saccades is None
    assert [event.name for event in recording.events] == ["recording.begin", "recording.end"]
    assert recording.events[1].timestamp_ns == 1685088830121000000
    assert recording.scene_camera.matrix[0, 2] == 527.8879057509266
    assert recording.scene_camera.distortion[7] == 0.062261038589581784
    assert recording.scene_camera.origin == "scene_camera.json"
    assert "wearer_name" not in recording.info


def test_the_first_real_frame_comes_after_1350_ms_of_padding(folder: Path, kit: Any) -> None:
    recording = open_recording(folder)
    world = recording.world
    assert len(world.timestamp_ns) == 516
    assert recording.first_frame_ns == recording.start_time_ns
    first_real = int(np.flatnonzero(world.valid)[0])
    assert world.timestamp_ns[first_real] - world.timestamp_ns[0] == 1_350_000_000
    assert (~world.valid).sum() == 27
    assert "27 frames" in kit.message(recording, "GREY-PADDING-BY-TIME")
    assert (world.pts == -1).all()
    (part,) = recording.world_parts
    assert (part.path, part.number, part.frame_count) == (None, 1, 516)


@pytest.mark.parametrize(("stream", "column"), [("fixations", 6), ("blinks", 7)])
def test_intervals_are_half_open_and_agree_with_the_ids_of_gaze(
    folder: Path, stream: str, column: int
) -> None:
    recording = open_recording(folder)
    intervals = getattr(recording, stream)
    lines = (folder / "gaze.csv").read_text().splitlines()[1:]
    given = [int(line.split(",")[column] or 0) for line in lines]
    at = recording.gaze.timestamp_ns
    place = np.searchsorted(intervals.start_ns, at, side="right") - 1
    inside = (place >= 0) & (at < intervals.end_ns[np.maximum(place, 0)])
    np.testing.assert_array_equal(np.where(inside, intervals.id[place], 0), given)
