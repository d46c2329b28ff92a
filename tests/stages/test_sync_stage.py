"""The sync stage on session folders: right clocks, or one clear answer why not."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from dashgaze.collection.eye_tracker import GazePart, write_native_invisible
from dashgaze.collection.simulation.media_writer import cut_file, write_video
from dashgaze.collection.simulation.small_drive import SmallDrive, simulate_small_drive
from dashgaze.collection.simulation.sound import CarSound, Device, simulate_pair
from dashgaze.errors import InputError, NoSoundError, OutputError
from dashgaze.media import Sound, read_sound
from dashgaze.schemas.export import json_schemas
from dashgaze.session import Session, open_session
from dashgaze.stages.sync import sync

DRIVE = SmallDrive(
    seconds=45,
    offset_s=-3.217,
    drift_ppm=31.0,
    ego_size_px=(64, 64),
    phone_size_px=(64, 48),
    driver_sound=True,
    pictures="patterns",
    seed=5,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_small_drive(tmp_path_factory.mktemp("drives") / "session_07", DRIVE)


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "sëssion 07"))


def run(root: Path, **options: Any) -> dict[str, Any]:
    path = sync(open_session(root), **options)
    assert path == root / "derived" / "time_map.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def edit(root: Path, old: str, new: str) -> None:
    path = root / "session.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_clocks_of_a_session_are_found(root: Path) -> None:
    document = run(root)
    assert document["verdict"] == "ok", document["reasons"]
    (segment,) = document["segments"]
    at_s = 24.0
    found_s = segment["offset_s"] + (1 + segment["drift_ppm"] * 1e-6) * at_s
    truth_s = DRIVE.offset_s + (1 + DRIVE.drift_ppm * 1e-6) * at_s
    assert abs(found_s - truth_s) * 1e3 < 2.5
    assert abs(found_s - truth_s) * 1e3 < 3 * segment["offset_se_ms"]
    assert abs(segment["drift_ppm"] - DRIVE.drift_ppm) < 3 * segment["drift_se_ppm"]
    evidence = document["evidence"]
    assert evidence["method"] == "sound"
    assert evidence["second_witness"]["agrees"] is True
    assert abs(evidence["driver_disagreement_ms"]) < 3
    assert abs(evidence["wall_clock_disagreement_s"]) < 1
    assert set(document["versions"]) >= {"dashgaze", "numpy", "scipy", "av"}
    jsonschema.validate(document, json_schemas()["time_map_v1.schema.json"])


def test_the_input_is_left_as_it_was(root: Path, made: Path) -> None:
    run(root)
    for path in made.rglob("*"):
        copy = root / path.relative_to(made)
        if path.is_file():
            assert copy.read_bytes() == path.read_bytes()
    written = {path.name for path in root.rglob("*")} - {path.name for path in made.rglob("*")}
    assert written == {"derived", "time_map.json"}


def test_it_is_done_once_and_again_when_something_changed(root: Path) -> None:
    path = sync(open_session(root))
    first = path.stat().st_mtime_ns
    assert sync(open_session(root)).stat().st_mtime_ns == first
    assert sync(open_session(root), force=True).stat().st_mtime_ns > first
    second = path.stat().st_mtime_ns
    edit(root, "passengers: 1", "passengers: 2")
    assert sync(open_session(root)).stat().st_mtime_ns == second
    edit(root, "2026-05-12T09:30:00", "2026-05-12T09:30:01")
    assert sync(open_session(root)).stat().st_mtime_ns > second


def test_the_same_input_gives_the_same_bytes(root: Path) -> None:
    first = sync(open_session(root)).read_bytes()
    assert sync(open_session(root), force=True).read_bytes() == first


def test_an_offset_by_hand_is_recorded_as_such(root: Path) -> None:
    document = run(root, manual_offset_s=-3.2, manual_drift_ppm=12.0)
    assert document["verdict"] == "doubtful"
    assert "by hand" in document["reasons"][0]
    (segment,) = document["segments"]
    assert segment["offset_s"] == -3.2
    assert segment["drift_ppm"] == 12.0
    assert segment["offset_se_ms"] is None
    assert document["evidence"]["method"] == "manual"
    assert document["options"]["manual_offset_s"] == -3.2
    # Without it the sound is asked again.
    assert run(root)["evidence"]["method"] == "sound"


def test_an_offset_by_hand_has_to_be_a_number(root: Path) -> None:
    with pytest.raises(InputError, match="finite"):
        run(root, manual_offset_s=float("nan"))
    with pytest.raises(InputError, match="No clock runs"):
        run(root, manual_offset_s=0.0, manual_drift_ppm=-1e6)


def test_a_road_video_without_sound_is_told_with_the_way_out(tmp_path: Path) -> None:
    drive = replace(DRIVE, sound=False, seconds=12)
    root = simulate_small_drive(tmp_path / "silent", drive)
    with pytest.raises(NoSoundError, match=r"road\.mp4.*--manual-offset"):
        sync(open_session(root))
    assert not (root / "derived").exists()
    assert run(root, manual_offset_s=1.0)["verdict"] == "doubtful"


def test_swapped_phone_videos_are_recognised(root: Path) -> None:
    phone = root / "phone"
    write_video(phone / "new.mp4", times_s=np.arange(0, 20, 1 / 30))
    (phone / "road.mp4").rename(phone / "driver.mp4")
    (phone / "new.mp4").rename(phone / "road.mp4")
    with pytest.raises(NoSoundError, match=r"driver\.mp4 has sound.*exchange"):
        sync(open_session(root))


def test_a_tracker_without_sound_is_told(root: Path) -> None:
    write_video(root / "eye_tracker" / "PI world v1 ps1.mp4", times_s=np.arange(0, 42, 1 / 30))
    with pytest.raises(NoSoundError, match="world video"):
        sync(open_session(root))


def test_one_file_in_both_places_is_refused(root: Path) -> None:
    shutil.copy(root / "eye_tracker" / "PI world v1 ps1.mp4", root / "phone" / "road.mp4")
    with pytest.raises(InputError, match="same recording"):
        sync(open_session(root))
    assert not (root / "derived").exists()


def test_a_missing_road_video_is_told(root: Path) -> None:
    (root / "phone" / "road.mp4").unlink()
    with pytest.raises(InputError, match=r"road\.mp4"):
        sync(open_session(root))


@pytest.mark.parametrize("damage", ["missing", "broken"])
def test_the_driver_video_is_not_needed(root: Path, damage: str) -> None:
    driver = root / "phone" / "driver.mp4"
    if damage == "missing":
        driver.unlink()
    else:
        driver.write_bytes(b"not a video")
    document = run(root)
    assert document["verdict"] == "ok"
    assert any("driver video was not looked at" in reason for reason in document["reasons"])


def test_a_silent_road_video_fails_without_a_number(root: Path) -> None:
    silence = Sound(samples=np.zeros(48000 * 45, np.float32), rate_hz=48000, start_s=0.1)
    write_video(root / "phone" / "road.mp4", times_s=np.arange(0, 45, 1 / 30), sound=silence)
    document = run(root)
    assert document["verdict"] == "failed"
    assert document["segments"] == []
    assert "silence" in document["reasons"][0]


def test_the_sound_of_another_drive_fails(root: Path, tmp_path: Path) -> None:
    other = simulate_small_drive(tmp_path / "other", replace(DRIVE, seed=6))
    shutil.copy(other / "phone" / "road.mp4", root / "phone" / "road.mp4")
    assert run(root)["verdict"] == "failed"


def test_a_road_video_cut_short_still_tells(root: Path) -> None:
    phone = root / "phone"
    sound = read_sound(phone / "road.mp4", rate_hz=48000)
    # Unlike MP4, Matroska can be read up to where it ends.
    write_video(phone / "whole.mkv", times_s=np.arange(0, 45, 1 / 30), sound=sound)
    cut_file(phone / "whole.mkv", phone / "road.mkv", share=0.7)
    edit(root, "phone/road.mp4", "phone/road.mkv")
    document = run(root)
    assert document["verdict"] in ("ok", "doubtful")
    assert any("cut short" in reason for reason in document["reasons"])


def test_wall_clocks_far_off_are_overruled_and_told(root: Path) -> None:
    edit(root, "2026-05-12T09:30:00", "2026-05-12T10:30:00")
    document = run(root)
    assert document["verdict"] == "ok"
    assert document["evidence"]["wall_clock_disagreement_s"] == pytest.approx(3600, abs=1)
    assert any("wall clocks" in reason for reason in document["reasons"])


def test_a_driver_video_that_starts_elsewhere_is_noticed_by_its_sound(root: Path) -> None:
    edit(root, "  driver: phone/driver.mp4", "  driver: phone/driver.mp4\n  driver_offset_s: 0.4")
    document = run(root)
    assert document["verdict"] == "doubtful"
    assert document["evidence"]["driver_disagreement_ms"] == pytest.approx(-400, abs=3)
    assert any(
        "driver_offset_s: 0.000" in r or "driver_offset_s: -0.000" in r for r in document["reasons"]
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_session_is_told(root: Path) -> None:
    root.chmod(0o555)
    try:
        with pytest.raises(OutputError, match="can't be written"):
            sync(open_session(root))
    finally:
        root.chmod(0o755)


def tracker_in_parts(
    root: Path, sound: Sound, spans_s: list[tuple[float, float]], *, stamp_rate: float = 1.0
) -> Session:
    """Write the tracker's recording as several parts, with gaps in between."""
    folder = root / "eye_tracker"
    shutil.rmtree(folder)
    zero_ns = 1_778_571_000_000_000_000
    stamps = [
        zero_ns + np.round(stamp_rate * np.arange(a, b, 1 / 30) * 1e9).astype(np.int64)
        for a, b in spans_s
    ]
    gaze_ns = zero_ns + np.arange(0, int(spans_s[-1][1] * 1e9), 5_000_000)
    write_native_invisible(
        folder,
        start_time_ns=zero_ns - 10**9,
        duration_ns=int((spans_s[-1][1] + 1) * 1e9),
        recording_id="d69bb34f-a63c-4a5c-8c52-5129b3082654",
        world_times_ns=stamps,
        gaze=[GazePart(timestamp_ns=gaze_ns, points_px=np.full((len(gaze_ns), 2), 500.0))],
    )
    for number, (start_s, end_s) in enumerate(spans_s, start=1):
        first, last = round(start_s * sound.rate_hz), round(end_s * sound.rate_hz)
        part = Sound(samples=sound.samples[first:last], rate_hz=sound.rate_hz, start_s=0.0)
        write_video(
            folder / f"PI world v1 ps{number}.mp4",
            times_s=np.arange(start_s, end_s, 1 / 30) - start_s,
            sound=part,
        )
    return open_session(root)


def phone_and_tracker(root: Path, drift_ppm: float = 20.0) -> Sound:
    tracker, phone = simulate_pair(
        CarSound(speech_share=0.2),
        Device(duration_s=80),
        Device(duration_s=80),
        offset_s=4.0,
        drift_ppm=drift_ppm,
        rate_hz=48000,
        seed=3,
    )
    write_video(root / "phone" / "road.mp4", times_s=np.arange(0, 80, 1 / 30), sound=phone)
    edit(root, "  driver: phone/driver.mp4\n", "")
    return tracker


def test_a_recording_in_parts_is_one_time_line(root: Path) -> None:
    tracker = phone_and_tracker(root)
    # The second part begins 3.7 s after the first ended; a third holds no sound to speak of.
    session = tracker_in_parts(root, tracker, [(0.0, 30.0), (33.7, 70.0), (75.0, 76.0)])
    document = json.loads(sync(session).read_text())
    assert document["verdict"] == "ok", document["reasons"]
    for segment in document["segments"]:
        for at_s in (10.0, 50.0):
            found_s = segment["offset_s"] + (1 + segment["drift_ppm"] * 1e-6) * at_s
            assert found_s == pytest.approx(4.0 + (1 + 20e-6) * at_s, abs=2.5e-3)


def test_the_device_clock_rules_where_the_container_runs_at_another_rate(root: Path) -> None:
    tracker = phone_and_tracker(root)
    # The device's stamps say that its video, and so its sound, took 200 ppm longer.
    session = tracker_in_parts(root, tracker, [(0.0, 75.0)], stamp_rate=1 + 200e-6)
    document = json.loads(sync(session).read_text())
    (segment,) = document["segments"]
    assert segment["drift_ppm"] == pytest.approx(220, abs=3 * segment["drift_se_ppm"])
    assert segment["drift_ppm"] == pytest.approx(220, abs=20)
