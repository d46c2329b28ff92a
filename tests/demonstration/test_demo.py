"""The demonstration: what it runs, in which order, and what a second run does."""

import os
import sys

import pytest

from dashgaze.comparison import compare_clocks, compare_road_gaze
from dashgaze.demonstration import demo, shortcomings
from dashgaze.errors import OutputError
from dashgaze.session import open_session

demo_module = sys.modules["dashgaze.demonstration.demo"]

PARTS = ["simulate", "check", "sync", "frames", "align", "report", "overlay"]


def times_of(folder):
    return {
        path.relative_to(folder): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_every_stage_is_run(shown):
    made, root = shown.demo, shown.demo.session
    assert (root.parent.name, root.name) == ("new", "session_001")
    assert made.report == root / "derived" / "report.html"
    assert made.overlay == root / "derived" / "overlay.mp4"
    for name in ("time_map.json", "frames.parquet", "homographies.parquet", "report.html"):
        assert (root / "derived" / name).is_file()
    assert made.overlay.read_bytes() == b"video"


def test_what_was_found_stands_beside_the_truth(shown):
    made, session = shown.demo, open_session(shown.demo.session)
    assert made.clocks == compare_clocks(session)
    assert made.road_gaze == compare_road_gaze(session)
    assert made.clocks.offset_error_ms == pytest.approx((0, 0, 0), abs=1e-6)
    assert made.road_gaze.frame_count > 20
    assert made.road_gaze.median_px < 2
    # By hand, so doubtful; all else is well.
    assert shortcomings(made) == ("the clocks' verdict is doubtful, not ok",)


def test_parts_are_timed_in_their_order(shown):
    seconds = shown.demo.seconds
    assert list(seconds) == PARTS
    assert all(each >= 0 for each in seconds.values())
    assert seconds["align"] > seconds["sync"]


def test_progress_only_rises_from_0_to_1_and_names_the_part(shown):
    told = shown.told
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    assert (fractions[0], told[-1]) == (0.0, ("done", 1.0))
    assert max(fractions) <= 1
    named = [phase.split(":")[0] for phase, _ in told[:-1]]
    assert list(dict.fromkeys(named)) == PARTS
    (overlay,) = [fraction for phase, fraction in told if phase == "overlay: drawing"]
    assert 0.8 < overlay < 1


def test_shares_of_the_parts_are_the_whole():
    assert list(demo_module._PARTS) == PARTS
    assert sum(demo_module._PARTS.values()) == pytest.approx(1)


def test_a_second_run_keeps_what_is_there(quick, shown, folder):
    before = times_of(folder)
    again = demo(folder)
    assert times_of(folder) == before
    assert quick == []
    assert (again.clocks, again.road_gaze) == (shown.demo.clocks, shown.demo.road_gaze)
    assert sum(again.seconds.values()) < sum(shown.demo.seconds.values())


def test_a_stopped_run_goes_on(quick, monkeypatch, tmp_path):
    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(demo_module, "align", stop)
        with pytest.raises(KeyboardInterrupt):
            demo(tmp_path)
    demo(tmp_path)
    assert quick == ["drive", "clocks", "overlay"]


def test_an_overlay_older_than_the_tables_is_made_anew(quick, folder):
    overlay = folder / "session_001" / "derived" / "overlay.mp4"
    old = overlay.stat().st_mtime - 3600
    os.utime(overlay, (old, old))
    demo(folder)
    assert quick == ["overlay"]


def test_workers_are_for_align(quick, monkeypatch, tmp_path):
    given = []

    def align(session, *, workers, progress):
        given.append(workers)
        raise KeyboardInterrupt

    monkeypatch.setattr(demo_module, "align", align)
    with pytest.raises(KeyboardInterrupt):
        demo(tmp_path, workers=3)
    assert given == [3]


def test_a_folder_with_another_session_is_refused(quick, short_drive, made_drive, tmp_path):
    short_drive.copy_of(made_drive, tmp_path / "session_001")
    before = times_of(tmp_path)
    with pytest.raises(OutputError, match="holds another session"):
        demo(tmp_path)
    assert times_of(tmp_path) == before
    assert quick == []
