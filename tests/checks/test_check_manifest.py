"""What the check says of the manifest, and that following its advice helps."""

import pytest
import yaml

from dashgaze.checks import check
from dashgaze.checks.conditions import CONDITIONS
from dashgaze.errors import InputError

BARE = """\
schema: dashgaze/session/1
session_id: tiny
phone:
  road: phone/road.mp4
eye_tracker:
  kind: pupil_invisible
  path: eye_tracker
"""


def codes(report, severity):
    return {finding.code for finding in report.findings if finding.severity == severity}


def test_every_missing_condition_is_asked_for(session):
    (session / "session.yaml").write_text(BARE, encoding="utf-8")
    (session / "phone" / "driver.mp4").unlink()
    (session / "phone" / "location.csv").unlink()
    report = check(session)
    assert report.ok
    assert codes(report, "warning") == {
        "MISSING-DRIVER-ID",
        "MISSING-RECORDED-AT",
        "MISSING-CAR",
        "MISSING-CAMERA-POSITION",
        "MISSING-WEATHER",
        "MISSING-LIGHTING",
        "MISSING-EYEWEAR",
        "MISSING-PASSENGERS",
        "MISSING-CONSENT",
        "WALL-CLOCK-UNKNOWN",
        "WORLD-SIZE",
    }
    assert codes(report, "info") == {
        "MISSING-PHONE-MODEL",
        "MISSING-DRIVER-VIDEO",
        "MISSING-LOCATION",
        "STABILISATION-UNKNOWN",
    }


def test_the_lines_to_add_mend_the_manifest(session):
    (session / "session.yaml").write_text(BARE, encoding="utf-8")
    lines = [
        finding.fix.removeprefix("Add the line: ")
        for finding in check(session).findings
        if finding.fix.startswith("Add the line: ")
    ]
    assert len(lines) == len(CONDITIONS) + 1
    (session / "session.yaml").write_text(BARE + "\n".join(lines) + "\n", encoding="utf-8")
    after = check(session)
    assert after.ok
    assert not {code for code in codes(after, "warning") if code.startswith("MISSING-")}


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.key)
def test_each_line_is_yaml_for_its_key(condition):
    assert list(yaml.safe_load(condition.line)) == [condition.key]


def test_recorded_at_is_suggested_from_the_file_where_it_tells(session, tiny, only):
    from datetime import timedelta

    from dashgaze.collection.simulation.media_writer import FileOptions

    # 32 s of sound, stamped at the end
    tiny.write_road(
        session / "phone" / "road.mp4",
        options=FileOptions(created_at=tiny.START + timedelta(seconds=32)),
    )
    (session / "session.yaml").write_text(BARE, encoding="utf-8")
    fix = only(check(session), "MISSING-RECORDED-AT").fix
    line = yaml.safe_load(fix.removeprefix("Add the line: "))
    assert abs((line["recorded_at"] - tiny.START).total_seconds()) < 1


def test_all_faults_of_the_manifest_are_findings(session, change_manifest):
    change_manifest(session, "weather: clear", "wether: clear")
    change_manifest(session, "lighting: day", "lighting: noon")
    report = check(session)
    assert not report.ok
    assert report.session_id is None
    assert [finding.code for finding in report.findings] == ["MANIFEST-FAULT"] * 2
    lighting, weather = sorted(finding.message for finding in report.findings)
    assert lighting == "'lighting' is 'noon', expected 'day', 'twilight' or 'night'."
    assert weather == "Unknown key 'wether', did you mean 'weather'?."


def test_broken_yaml_is_a_finding(session):
    (session / "session.yaml").write_text("session_id: [", encoding="utf-8")
    report = check(session)
    assert [finding.code for finding in report.findings] == ["MANIFEST-FAULT"]
    assert report.findings[0].path == "session.yaml"


def test_what_is_no_session_is_an_error_at_once(tmp_path):
    with pytest.raises(InputError, match=r"session\.yaml does not exist"):
        check(tmp_path)
