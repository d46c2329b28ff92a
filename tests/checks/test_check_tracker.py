"""What the check says of the eye tracker, of results, and of the folder as a whole."""

import json
import os
import shutil
import sys
from collections import namedtuple

import pytest

from dashgaze.checks import check
from dashgaze.session import open_session
from dashgaze.stages.record import plan_stage, write_record


def spoil(session, tiny, **changes):
    shutil.rmtree(session / "eye_tracker")
    tiny.write_tracker(session / "eye_tracker", **changes)


def test_a_missing_recording(session, only):
    shutil.rmtree(session / "eye_tracker")
    finding = only(check(session), "FILE-MISSING")
    assert (finding.severity, finding.path) == ("error", "eye_tracker")


def test_a_recording_without_gaze(session, only):
    for path in (session / "eye_tracker").glob("gaze*"):
        path.unlink()
    finding = only(check(session), "TRACKER-UNREADABLE")
    assert finding.severity == "error"


def test_the_wrong_kind(session, change_manifest, only):
    change_manifest(session, "kind: pupil_invisible", "kind: neon")
    finding = only(check(session), "KIND-DIFFERS")
    assert finding.severity == "error"
    assert finding.fix == "Write under eye_tracker: the line: kind: pupil_invisible"


def test_exchanged_folders(session, only):
    (session / "eye_tracker").rename(session / "spare")
    (session / "phone").rename(session / "eye_tracker")
    (session / "spare").rename(session / "phone")
    finding = only(check(session), "TRACKER-SWAPPED")
    assert (finding.severity, finding.fix) == ("error", "Exchange the two folders.")


def test_a_world_video_without_sound(session, tiny, only):
    spoil(session, tiny, with_sound=False)
    finding = only(check(session), "WORLD-NO-SOUND")
    assert finding.severity == "error"
    assert "audio capture" in finding.fix


def test_a_recording_without_video(session, only):
    next((session / "eye_tracker").glob("*.mp4")).unlink()
    report = check(session)
    assert "has no video" in only(report, "WORLD-NO-SOUND").message
    assert only(report, "WORLD-VIDEO-MISSING").severity == "warning"


def test_a_note_of_the_reader_is_a_finding(session, only):
    (session / "eye_tracker" / "calibration.bin").unlink()
    assert only(check(session), "CALIBRATION-DEFAULT").severity == "warning"


def test_glasses_that_were_not_worn(session, tiny, only):
    spoil(session, tiny, worn=False)
    assert "100%" in only(check(session), "NOT-WORN").message


def test_gaze_that_is_lost(session, only):
    for name, record in (("gaze ps1.time", 8), ("gaze ps1.raw", 8), ("worn ps1.raw", 1)):
        path = session / "eye_tracker" / name
        content = path.read_bytes()
        half = len(content) // record // 2 * record
        path.write_bytes(content[:half])
    finding = only(check(session), "GAZE-LOST")
    # Gaze for half of 31.5 s; the world video lasts 31 s and starts 0.1 s later.
    assert finding.message == "49% of the world frames have no gaze sample."


def test_clocks_that_never_met(session, tiny, only):
    spoil(session, tiny, start_ns=tiny.TRACKER_START_NS + 3600 * 10**9)
    finding = only(check(session), "WALL-CLOCKS-APART")
    assert finding.severity == "warning"
    assert "A wrong offset from UTC (+1 h) would explain it." in finding.message


def test_clocks_of_different_days_have_no_such_excuse(session, tiny, only):
    spoil(session, tiny, start_ns=tiny.TRACKER_START_NS + 3 * 86_400 * 10**9)
    message = only(check(session), "WALL-CLOCKS-APART").message
    assert "3 days apart" in message
    assert "offset from UTC" not in message


def test_results_of_other_files_are_stale(session, tiny, only):
    opened = open_session(session)
    output = session / "derived" / "frames.parquet"
    output.parent.mkdir()
    output.write_bytes(b"PAR1")
    plan = plan_stage(
        "frames",
        version=1,
        options={},
        inputs=[opened.road_path, opened.eye_tracker_path],
        root=session,
    )
    write_record(session / "derived" / "frames.json", plan.finished([output], root=session))
    assert "DERIVED-STALE" not in {finding.code for finding in check(session).findings}
    tiny.write_road(session / "phone" / "road.mp4", size_px=(80, 64))
    finding = only(check(session), "DERIVED-STALE")
    assert finding.path == "derived/frames.json"
    assert "phone/road.mp4" in finding.message
    assert "eye_tracker" not in finding.message


@pytest.mark.parametrize("text", ["", "[]", "{", '{"inputs": 3}', '{"inputs": {"../x": {}}}'])
def test_strange_records_don_t_disturb(session, text):
    (session / "derived").mkdir()
    (session / "derived" / "frames.json").write_text(text, encoding="utf-8")
    assert check(session).ok


def test_a_full_disk(session, only, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(10**9, 10**9 - 10**6, 10**6))
    finding = only(check(session), "DISK-FULL")
    assert finding.severity == "error"
    assert "1 MB free" in finding.message


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="nothing is read-only for root"
)
def test_a_folder_that_can_t_be_written(session, only):
    session.chmod(0o500)
    try:
        assert only(check(session), "SESSION-READ-ONLY").severity == "warning"
    finally:
        session.chmod(0o700)


def test_a_real_recording_can_be_checked(session, shared_data, change_manifest, only):
    shutil.rmtree(session / "eye_tracker")
    shutil.copytree(shared_data / "eye_tracker" / "pupil_invisible_cloud", session / "eye_tracker")
    report = check(session)
    assert only(report, "WORLD-NO-SOUND").severity == "error"
    assert "WALL-CLOCKS-APART" in {finding.code for finding in report.findings}
    json.dumps(report.to_json(), allow_nan=False)
