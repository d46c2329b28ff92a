"""What speaks against a drive: each rule on a drive that breaks it, and on one that does not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dashgaze.checks import Finding
from dashgaze.reports import limits
from dashgaze.reports.exposure import Exposure
from dashgaze.reports.faces import FaceFacts
from dashgaze.reports.records import StageState
from dashgaze.reports.rules import find_reasons
from dashgaze.reports.verdict import verdict_of
from dashgaze.reports.wording import without_root
from dashgaze.stages.session_clock import SessionClock


@pytest.fixture
def drive(seen_drive):
    """The short drive, as if `check` had found nothing, all frames had a road frame, and align was sure."""
    frames = replace(seen_drive.frames, road_index=np.zeros(len(seen_drive.frames), dtype=np.int64))
    return replace(
        seen_drive,
        check=replace(seen_drive.check, findings=()),
        frames=frames,
        align=seen_drive.align | {"verdict": "ok", "reasons": []},
    )


def severities(drive):
    return {reason.code: reason.severity for reason in find_reasons(drive)}


def with_findings(drive, *findings):
    return replace(drive, check=replace(drive.check, findings=findings))


def with_document(drive, **changes):
    document = drive.time_map.model_copy(update=changes)
    time_map = drive.clock.time_map if document.segments else None
    return replace(drive, clock=SessionClock(document=document, time_map=time_map, notes=()))


def with_gaze(drive, share):
    facts = drive.frames
    gaze = np.zeros_like(facts.gaze_ego_px)
    gaze[round(share * len(gaze)) :] = np.nan
    return replace(drive, frames=replace(facts, gaze_ego_px=gaze))


def test_a_drive_aligned_by_hand_is_usable_with_flags(drive):
    assert severities(drive) == {"SYNC-DOUBTFUL": "flag"}
    assert verdict_of(find_reasons(drive)) == "usable_with_flags"


def test_a_drive_that_nothing_speaks_against_is_usable(drive):
    assert severities(with_document(drive, verdict="ok", reasons=())) == {}


def test_failed_clocks_are_to_be_redone_whatever_has_not_run(drive):
    failed = with_document(drive, verdict="failed", segments=(), reasons=("Nothing was heard.",))
    reason = find_reasons(replace(failed, align=None, frames=None))[0]
    assert (reason.code, reason.severity) == ("SYNC-FAILED", "redo")
    assert "Nothing was heard." in reason.message
    assert "--manual-offset" in reason.fix
    assert severities(replace(failed, align=None, frames=None))["FRAMES-NOT-RUN"] == "note"


def test_inexact_clocks_are_flagged(drive):
    segment = drive.time_map.segments[0]
    for error_ms, expected in (
        (limits.CLOCK_ERROR_MS - 1, None),
        (limits.CLOCK_ERROR_MS + 1, "flag"),
    ):
        given = segment.model_copy(update={"offset_se_ms": error_ms})
        assert severities(with_document(drive, segments=(given,))).get("SYNC-INEXACT") == expected


@pytest.mark.parametrize(
    ("changes", "code", "command"),
    [
        ({"clock": SessionClock(document=None, time_map=None, notes=())}, "SYNC-NOT-RUN", "dashgaze sync short"),
        ({"frames": None}, "FRAMES-NOT-RUN", "dashgaze frames short"),
        ({"align": None}, "ALIGN-NOT-RUN", "dashgaze align short"),
    ],
)  # fmt: skip
def test_what_has_not_run_leaves_the_verdict_open(drive, changes, code, command):
    reasons = {each.code: each for each in find_reasons(replace(drive, **changes))}
    assert reasons[code].severity == "unknown"
    assert command in reasons[code].fix.replace(drive.session.root.name, "short")
    assert verdict_of(reasons.values()) is None


def test_results_of_other_files_are_not_judged(drive):
    stale = tuple(
        StageState(stage=state.stage, record=state.record, changed=("phone/road.mp4",))
        for state in drive.stages
    )
    found = find_reasons(replace(with_gaze(drive, 0.1), stages=stale))
    assert {reason.code for reason in found} == {"STALE"}
    assert verdict_of(found) is None
    manifest = tuple(replace(state, changed=("session.yaml",)) for state in drive.stages)
    assert "STALE" not in severities(replace(drive, stages=manifest))


@pytest.mark.parametrize(("share", "severity"), [(0.9, None), (0.7, "flag"), (0.4, "redo")])
def test_gaze_that_is_missing(drive, share, severity):
    assert severities(with_gaze(drive, share)).get("GAZE-MISSING") == severity
    samples = replace(drive.samples, valid_share=share)
    raw = replace(drive, frames=None, samples=samples)
    assert severities(raw).get("GAZE-MISSING") == severity


@pytest.mark.parametrize(("share", "severity"), [(0.95, None), (0.8, "flag"), (0.3, "redo")])
def test_little_overlap(drive, share, severity):
    index = drive.frames.road_index.copy()
    index[:] = 0
    index[round(share * len(index)) :] = -1
    given = replace(drive, frames=replace(drive.frames, road_index=index))
    assert severities(given).get("LITTLE-OVERLAP") == severity


@pytest.mark.parametrize(
    ("verdict", "code", "severity"),
    [("failed", "ALIGN-FAILED", "redo"), ("doubtful", "ALIGN-DOUBTFUL", "flag")],
)
def test_the_verdict_of_align_counts(drive, verdict, code, severity):
    given = replace(drive, align=drive.align | {"verdict": verdict, "reasons": ["Too dark."]})
    assert severities(given)[code] == severity


def test_a_phone_that_points_elsewhere_is_flagged(drive):
    given = replace(drive, frames=replace(drive.frames, in_view=np.zeros(len(drive.frames))))
    assert severities(given)["GAZE-OUT-OF-VIEW"] == "flag"


@pytest.mark.parametrize(
    ("name", "share", "severity"),
    [("road", 0.01, None), ("road", 0.1, "flag"), ("world", 0.3, "redo"), ("driver", 0.3, "flag")],
)
def test_lost_frames(drive, name, share, severity):
    streams = tuple(
        replace(each, lost_share=share, lost_count=9) if each.name == name else each
        for each in drive.streams
    )
    assert severities(replace(drive, streams=streams)).get("FRAMES-LOST") == severity


def test_a_long_gap(drive):
    streams = tuple(
        replace(each, longest_gap_s=2.5, longest_gap_at_s=1.0) for each in drive.streams
    )
    assert severities(replace(drive, streams=streams))["LONG-GAP"] == "flag"


def exposure(luma, black=0.0, white=0.0):
    count = 100
    rank = np.arange(count) / count
    return Exposure(time_s=rank, luma=np.full(count, luma), black=rank < black, white=rank < white)


@pytest.mark.parametrize(
    ("name", "black", "severity"),
    [("road", 0.05, None), ("road", 0.2, "flag"), ("road", 0.6, "redo"), ("driver", 0.9, "flag")],
)
def test_black_pictures(drive, name, black, severity):
    given = replace(drive, exposures={name: exposure(120.0, black=black)})
    assert severities(given).get("PICTURE-BLACK") == severity


def test_washed_out_pictures_and_light_that_contradicts(drive):
    given = replace(drive, exposures={"road": exposure(30.0, white=0.3)})
    found = severities(given)
    assert found["PICTURE-WHITE"] == "flag"
    assert found["LIGHTING-DIFFERS"] == "flag"  # session.yaml says day
    assert "LIGHTING-DIFFERS" not in severities(replace(drive, exposures={"road": exposure(60.0)}))


def test_bad_sound(drive):
    health = drive.sounds["road"]
    bad = replace(health, clipped_share=0.2, silent_share=0.5, lost_s=3.0, gap_count=2)
    found = severities(replace(drive, sounds={"road": bad}))
    assert {"SOUND-CLIPPED", "SOUND-SILENT", "SOUND-LOST"} <= set(found)


def test_a_face_that_is_rarely_seen(drive):
    seen = np.arange(100) < 20
    given = FaceFacts(note="", seen=seen, driver_index=np.arange(100))
    assert severities(replace(drive, faces=given))["FACE-RARELY-SEEN"] == "flag"


@pytest.mark.parametrize(
    ("code", "severity", "path", "expected"),
    [
        ("FILE-MISSING", "error", "phone/road.mp4", "unknown"),
        ("FILE-MISSING", "error", "phone/driver.mp4", "flag"),
        ("VIDEO-UNFINISHED", "error", "phone/road.mp4", "redo"),
        ("VIDEO-UNREADABLE", "error", "phone/driver.mp4", "flag"),
        ("KIND-DIFFERS", "error", "eye_tracker", "unknown"),
        ("ROAD-NO-SOUND", "error", "phone/road.mp4", "flag"),  # its clocks were set by hand
        ("NOT-WORN", "warning", "eye_tracker", "flag"),
        ("MISSING-CONSENT", "warning", "session.yaml", "flag"),
        ("MISSING-CAR", "warning", "session.yaml", "note"),
        ("GREY-PADDING", "info", "eye_tracker", "note"),
        ("FRAMES-DROPPED", "warning", "phone/road.mp4", None),
        ("DERIVED-STALE", "warning", "derived/report.json", None),
    ],
)
def test_findings_of_check_count(drive, code, severity, path, expected):
    finding = Finding(code=code, severity=severity, message="So it is.", path=path)
    assert severities(with_findings(drive, finding)).get(code) == expected


def test_no_sound_is_to_be_redone_before_the_clocks_are_set(drive):
    finding = Finding(code="ROAD-NO-SOUND", severity="error", message="No sound.")
    raw = replace(drive, clock=SessionClock(document=None, time_map=None, notes=()))
    assert severities(with_findings(raw, finding))["ROAD-NO-SOUND"] == "redo"


def test_messages_name_files_from_the_session_folder(tmp_path):
    text = f"{tmp_path}/phone/road.mp4 is cut; {tmp_path} is full."
    assert without_root(text, tmp_path) == "phone/road.mp4 is cut; the session folder is full."
    assert (
        without_root("a/phone/b.mp4 is in a data/a/c", Path("a")) == "phone/b.mp4 is in a data/a/c"
    )
    assert without_root("'drives/a/x' is cut", Path("drives/a")) == "'x' is cut"
    assert without_root("a/b", Path()) == "a/b"
