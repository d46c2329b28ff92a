"""A simulated drive is a session folder as devices and a field team make it, and the same again."""

from dataclasses import replace

import numpy as np
import pytest

from dashgaze.checks import check
from dashgaze.collection.simulation.session.drive import TRACKER_STOPS_BEFORE_S, Drive, draw_clocks
from dashgaze.collection.simulation.session.simulate_drive import simulate_drive
from dashgaze.errors import OutputError
from dashgaze.media import probe, read_frame_times
from dashgaze.schemas.manifest import MANIFEST_NAME, parse_manifest

TRUTH = {"truth.json", "frames.parquet", "gaze.parquet", "objects.parquet", "driver.parquet"}


def test_the_check_finds_no_error(root):
    """But for its length, no more than what real drives have: frames lost here and there."""
    findings = check(root).findings
    assert [finding for finding in findings if finding.severity == "error"] == []
    warned = {finding.code for finding in findings if finding.severity == "warning"}
    assert warned <= {"RECORDING-SHORT", "FRAMES-DROPPED"}


def test_the_folder_has_the_files_of_a_session(root):
    assert {path.name for path in root.iterdir()} == {
        MANIFEST_NAME,
        "eye_tracker",
        "phone",
        "truth",
    }
    assert {path.name for path in (root / "phone").iterdir()} == {
        "road.mp4",
        "driver.mp4",
        "location.csv",
    }
    assert {path.name for path in (root / "truth").iterdir()} == TRUTH
    assert {
        "PI world v1 ps1.mp4",
        "PI world v1 ps1.time",
        "gaze ps1.raw",
        "gaze ps1.time",
        "worn ps1.raw",
        "extimu ps1.raw",
        "extimu ps1.time",
        "event.txt",
        "event.time",
        "info.json",
        "calibration.bin",
    } <= {path.name for path in (root / "eye_tracker").iterdir()}
    assert not list(root.parent.glob("*.part"))


def test_the_manifest_says_what_the_drive_is(root, session, drive):
    manifest = parse_manifest(
        (root / MANIFEST_NAME).read_text(encoding="utf-8"), path=root / MANIFEST_NAME
    )
    assert manifest == session.manifest
    conditions = drive.conditions
    assert manifest.driver_id == conditions.driver.driver_id
    assert (manifest.weather, manifest.lighting) == (conditions.weather, conditions.lighting)
    assert manifest.camera_position == conditions.camera_position
    assert manifest.eyewear == conditions.eyewear
    assert manifest.passengers == conditions.passengers
    assert manifest.eye_tracker.kind == "pupil_invisible"
    assert manifest.consent.scope == "raw"


def test_each_video_has_its_frames_at_their_times(session, recording, facts, drive, truth):
    world = recording.world_parts[0].path
    for path, name, size_px, seconds, has_sound in (
        (session.road_path, "road_frames", (640, 360), drive.seconds, True),
        (session.driver_path, "driver_frames", (320, 240), drive.seconds, False),
        (world, "world_frames", (1088, 1080), recording_seconds(drive), True),
    ):
        info = probe(path)
        assert (info.video.width_px, info.video.height_px) == size_px
        assert (info.audio is not None) == has_sound
        time_s = read_frame_times(path).time_s
        assert len(time_s) == facts["counts"][name]
        assert time_s[-1] == pytest.approx(seconds, abs=0.1)
        steps = np.diff(time_s)
        assert np.median(steps) == pytest.approx(1 / 30, abs=3e-4)
        assert steps.min() > 0.01
        assert 1e-3 < steps[steps < 0.05].std() < 5e-3  # as devices are, not as clocks are
    assert len(recording.gaze.timestamp_ns) == facts["counts"]["gaze_samples"]
    # The tracker's stamps of frames are their times in the container.
    stamps_s = (recording.world.timestamp_ns - recording.world.timestamp_ns[0]) / 1e9
    world_s = read_frame_times(world).time_s
    np.testing.assert_allclose(stamps_s, world_s - world_s[0], atol=1e-6)
    np.testing.assert_allclose(truth["t_tracker_s"], stamps_s, atol=1e-6)


def recording_seconds(drive):
    clocks = draw_clocks(drive)
    return clocks.offset_s + clocks.rate * (drive.seconds - TRACKER_STOPS_BEFORE_S)


@pytest.mark.slow
def test_the_same_drive_gives_the_same_bytes(root, drive, tmp_path):
    again = simulate_drive(tmp_path / root.name, drive)
    names = {path.relative_to(root) for path in root.rglob("*") if path.is_file()}
    assert names == {path.relative_to(again) for path in again.rglob("*") if path.is_file()}
    assert len(names) > 15
    for name in sorted(names):
        assert (root / name).read_bytes() == (again / name).read_bytes(), name


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path):
    folder = tmp_path / "s01"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="is not empty"):
        simulate_drive(folder, Drive(seconds=20))
    assert [path.name for path in tmp_path.rglob("*")] == ["s01", "notes.txt"]


def test_what_is_interrupted_leaves_nothing(tmp_path):
    def interrupted(_phase, fraction):
        if fraction > 0.005:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_drive(tmp_path / "s01", Drive(seconds=20), progress=interrupted)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("offset_s", [-11.0, -40.0])
def test_an_offset_that_leaves_the_tracker_no_time_is_refused(tmp_path, offset_s):
    with pytest.raises(OutputError, match="the tracker would record"):
        simulate_drive(tmp_path / "s01", replace(Drive(seconds=20), offset_s=offset_s))
    assert list(tmp_path.iterdir()) == []
