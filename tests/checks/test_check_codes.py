"""The table of codes, the report, and a session without a fault."""

import itertools
import json
import random
import re
from pathlib import Path
from typing import get_args

import pytest

import dashgaze.checks
from dashgaze.checks import CODES, check
from dashgaze.checks.codes import HARMLESS_NOTES, NOTE_CODES
from dashgaze.checks.report import Findings
from dashgaze.collection.eye_tracker.notes import NoteCode

SOURCES = sorted(Path(dashgaze.checks.__file__).parent.glob("*.py"))


def test_every_code_of_the_checks_is_used_and_in_the_table():
    code = re.compile(r'"([A-Z0-9]+(?:-[A-Z0-9]+)+)"')
    used = {
        found
        for path in SOURCES
        if path.name != "codes.py"
        for found in code.findall(path.read_text(encoding="utf-8"))
    }
    assert used - {"UTF-8"} == set(CODES) - set(NOTE_CODES)


def test_every_note_of_the_reader_is_in_the_table():
    assert set(NOTE_CODES) == set(get_args(NoteCode))
    assert set(NOTE_CODES) >= HARMLESS_NOTES


def test_every_code_has_a_meaning():
    assert all(meaning.endswith(".") for meaning in CODES.values())


def test_a_code_outside_of_the_table_is_a_fault_of_the_programmer(tmp_path):
    with pytest.raises(ValueError, match="NO-SUCH-CODE"):
        Findings(root=tmp_path).add("info", "NO-SUCH-CODE", "Something.")


def test_a_session_without_a_fault_has_no_error(session):
    report = check(session)
    assert report.ok
    # The made-up scene camera is small to save time.
    assert [finding.code for finding in report.findings] == ["WORLD-SIZE", "STABILISATION-UNKNOWN"]
    assert report.session_id == "tiny"
    assert not report.listened


def test_its_streams_are_described(session):
    road, driver, world = check(session).streams
    assert (road.name, road.path, road.frame_count) == ("road", "phone/road.mp4", 800)
    assert road.duration_s == pytest.approx(799 / 25, abs=1e-4)
    assert road.frame_rate_hz == pytest.approx(25, abs=1e-3)
    assert (road.width_px, road.height_px, road.has_sound) == (96, 64, True)
    assert (driver.name, driver.frame_count, driver.has_sound) == ("driver", 640, False)
    assert (world.name, world.frame_count, world.has_sound) == ("world", 930, True)
    assert world.duration_s == pytest.approx(929 / 30, abs=1e-6)


def test_nothing_is_written(session):
    before = sorted((path, path.stat().st_mtime_ns) for path in session.rglob("*"))
    check(session, deep=True)
    assert sorted((path, path.stat().st_mtime_ns) for path in session.rglob("*")) == before


def test_the_report_goes_to_json_and_back(session, change_manifest):
    change_manifest(session, "kind: pupil_invisible", "kind: neon")
    report = check(session)
    content = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert content["ok"] is False
    assert content["counts"] == {"error": 1, "warning": 1, "info": 1}
    first = content["findings"][0]  # errors come first
    assert (first["code"], first["severity"]) == ("KIND-DIFFERS", "error")
    assert first["path"] == "eye_tracker"


def test_progress_ends_at_one_and_never_falls(session):
    seen = []
    check(session, deep=True, progress=lambda phase, fraction: seen.append(fraction))
    assert seen[-1] == 1.0
    assert all(0 <= a <= b for a, b in itertools.pairwise(seen))


FILES = (
    "phone/road.mp4",
    "phone/driver.mp4",
    "phone/location.csv",
    "eye_tracker/info.json",
    "eye_tracker/PI world v1 ps1.mp4",
    "eye_tracker/PI world v1 ps1.time",
    "eye_tracker/gaze ps1.raw",
    "eye_tracker/calibration.bin",
)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", FILES)
def test_damage_of_any_file_is_a_finding_not_a_crash(session, name, seed):
    path = session / name
    content = bytearray(path.read_bytes())
    rng = random.Random(f"{name}{seed}")
    for _ in range(20):
        content[rng.randrange(len(content))] = rng.randrange(256)
    path.write_bytes(content[: rng.randrange(len(content))])
    report = check(session, deep=True)
    codes = {finding.code for finding in report.findings}
    assert codes - {"WORLD-SIZE", "STABILISATION-UNKNOWN", "FRAMES-DROPPED"}
    json.dumps(report.to_json(), allow_nan=False)
