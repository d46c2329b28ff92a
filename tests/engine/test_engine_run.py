"""All stages of several sessions, one of them broken, by real processes."""

import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

from dashgaze.engine.job import Job, do_job
from dashgaze.engine.run import RunOptions, run, shard_of
from dashgaze.engine.session_state import look_at_session
from dashgaze.engine.settings import Settings
from dashgaze.session import open_session
from dashgaze.stages.align import align
from dashgaze.stages.frames import frames
from dashgaze.stages.vanishing_point import vanishing_point

UNTIL = "vanishing-point"  # faces need weights that are not everywhere


@pytest.fixture(scope="module")
def ran(short_drive, made_drive, tmp_path_factory):
    """Two good sessions and two broken ones, and what a run made of them."""
    drives = tmp_path_factory.mktemp("run") / "drives"
    drives.mkdir()
    for name in ("first", "second", "soundless", "torn"):
        root = short_drive.copy_of(made_drive, drives / name, ego_frames=80)
        short_drive.edit(root, "session_id: ", f"session_id: {name}_")
        if name in ("first", "second", "torn"):
            short_drive.set_clocks(root)
    road = drives / "soundless/phone/road.mp4"
    short_drive.rewrite_video(road, 40, lambda _, luma: luma)  # without its sound
    (drives / "torn/session.yaml").write_text("session_id: [")
    result = run(drives, RunOptions(until=UNTIL, workers=2))
    return drives, result


def outcomes(result, name):
    (session,) = [each for each in result.sessions if each.path.endswith(name)]
    return {each.stage: each for each in session.stages}, session


@pytest.mark.slow
class TestRun:
    def test_good_sessions_are_done(self, ran):
        _, result = ran
        for name in ("first", "second"):
            found, session = outcomes(result, name)
            assert {stage: each.outcome for stage, each in found.items()} == {
                "sync": "fresh",
                "frames": "done",
                "align": "done",
                "vanishing-point": "done",
            }
            assert not session.is_bad

    def test_tables_are_those_of_the_single_stages(self, ran, short_drive, made_drive, tmp_path):
        drives, _ = ran
        root = short_drive.copy_of(made_drive, tmp_path / "s", ego_frames=80)
        short_drive.edit(root, "session_id: ", "session_id: first_")
        short_drive.set_clocks(root)
        session = open_session(root)
        frames(session)
        align(session)
        vanishing_point(session)
        for name in ("frames", "gaze", "homographies", "vanishing_points"):
            path = f"derived/{name}.parquet"
            assert pq.read_table(root / path).equals(pq.read_table(drives / "first" / path)), name

    def test_an_error_is_told_and_ends_only_its_own_branch(self, ran):
        _, result = ran
        found, session = outcomes(result, "soundless")
        assert found["sync"].outcome == "failed"
        assert "no sound" in found["sync"].reasons[0]
        assert found["frames"].outcome == "done"
        assert found["align"].outcome == "skipped"
        assert found["align"].reasons[0].startswith("it needs sync: ")
        assert session.is_bad
        assert session.verdict == "failed"

    def test_a_session_that_cannot_be_read_is_told(self, ran):
        _, result = ran
        _, session = outcomes(result, "torn")
        assert "session.yaml is not valid YAML" in session.problem
        assert result.verdict == "failed"

    def test_the_log_says_what_was_done_and_why(self, ran):
        drives, _ = ran
        lines = [
            json.loads(each) for each in (drives / ".dashgaze/run.jsonl").read_text().splitlines()
        ]
        events = [each["event"] for each in lines]
        assert events[0] == "run began"
        assert events[-1] == "run over"
        assert events.count("session over") == 3
        (done,) = [
            each for each in lines
            if each["event"] == "job ended" and each["stage"] == "frames" and each["session"].endswith("first")
        ]  # fmt: skip
        assert done["reasons"] == ["not done yet"]
        assert done["cpu_s"] > 0
        assert done["peak_mb"] > 50

    def test_a_second_run_has_nothing_to_do_but_what_failed(self, ran):
        drives, _ = ran
        before = {path: path.stat().st_mtime_ns for path in (drives / "first/derived").iterdir()}
        result = run(drives, RunOptions(until=UNTIL, workers=2))
        for name in ("first", "second"):
            found, _ = outcomes(result, name)
            assert {each.outcome for each in found.values()} == {"fresh"}
        found, _ = outcomes(result, "soundless")
        assert found["sync"].outcome == "failed"
        assert before == {
            path: path.stat().st_mtime_ns for path in (drives / "first/derived").iterdir()
        }

    def test_status_remembers_the_failure(self, ran):
        drives, _ = ran
        found = {
            each.stage: each for each in look_at_session(drives / "soundless", Settings()).stages
        }
        assert found["sync"].state == "failed"
        assert "no sound" in found["sync"].reasons[0]

    def test_shards_share_all_sessions(self, ran):
        drives, whole = ran
        found = []
        for number in (1, 2, 3):
            part = run(drives, RunOptions(until="sync", shard=(number, 3)))
            found += [each.path for each in part.sessions]
        assert sorted(found) == [each.path for each in whole.sessions]

    def test_a_share_does_not_change_when_sessions_come_and_go(self, tmp_path):
        names = [f"day_{day}/drive_{number:03d}" for day in range(5) for number in range(200)]

        def shares(kept, drives=tmp_path):
            return {name: shard_of(str(drives / name), drives, 8) for name in kept}

        all_of_them = shares(names)
        assert shares(names[::3]) == {name: all_of_them[name] for name in names[::3]}
        assert shares(names, tmp_path / "mounted elsewhere") == all_of_them
        sizes = np.bincount(list(all_of_them.values()), minlength=9)
        assert sizes[0] == 0
        assert min(sizes[1:]) > 125 - 45
        assert max(sizes) < 125 + 45
        there = {
            name: shard_of(f"s3://bucket/drives/{name}", "s3://bucket/drives/", 8) for name in names
        }
        assert there == all_of_them


def do(root, stage, **more):
    return do_job(Job(session=str(root), stage=stage, **more))


class TestJob:
    def test_parts_of_align_give_the_same_tables(self, drives, short_drive, monkeypatch):
        monkeypatch.setattr("dashgaze.alignment.chunk.CHUNK_FRAMES", 25)
        root = drives / "first"
        shutil.copytree(root, drives / "whole")
        divided = do(root, "align", may_divide=True)
        assert divided.outcome == "divided"
        assert [part.row_count for part in divided.parts] == [25, 25, 25, 5]
        for part in reversed(divided.parts):
            assert do(root, "align", part=part).outcome == "done"
        assert do(root, "align", may_divide=True).outcome == "done"
        assert do(root, "align").outcome == "fresh"
        align(open_session(drives / "whole"))
        for name in ("frames", "homographies", "gaze"):
            path = f"derived/{name}.parquet"
            assert pq.read_table(root / path).equals(pq.read_table(drives / "whole" / path))
        assert not list((root / "derived").glob(".align-*"))

    def test_parts_that_are_done_are_not_asked_for_again(self, drives, monkeypatch):
        monkeypatch.setattr("dashgaze.alignment.chunk.CHUNK_FRAMES", 25)
        root = drives / "first"
        first = do(root, "align", may_divide=True).parts
        first[1].do()
        again = do(root, "align", may_divide=True).parts
        assert [part.path.name for part in again] == [
            first[number].path.name for number in (0, 2, 3)
        ]

    def test_work_that_a_killed_run_left_is_removed(self, drives):
        root = drives / "first"
        do(root, "align")
        left = root / "derived/.align-0123456789abcdef.part"
        left.mkdir()
        state = {each.stage: each for each in look_at_session(root, Settings()).stages}["align"]
        assert state.reasons == ("what a killed run left is to be removed",)
        assert do(root, "align", may_divide=True).outcome == "done"
        assert not left.exists()
        assert do(root, "align").outcome == "fresh"

    def test_the_road_video_is_looked_at_once_where_both_stages_are_to_come(
        self, drives, monkeypatch
    ):
        monkeypatch.setattr("dashgaze.alignment.chunk.CHUNK_FRAMES", 25)
        root, path = drives / "first", "derived/vanishing_points.parquet"
        alone = do(root, "align", may_divide=True).parts
        assert all(part.chunk.road_flow is None for part in alone)
        coming = frozenset({"vanishing-point", "report"})
        divided = do(root, "align", may_divide=True, coming=coming)
        for part in divided.parts:
            do(root, "align", part=part)
        assert do(root, "align", coming=coming).outcome == "done"
        assert len(list((root / "derived").glob(".road-flow-*.part/looks_*.npz"))) == 4
        assert do(root, "vanishing-point").outcome == "done"
        assert not list((root / "derived").glob(".road-flow-*"))
        points = pq.read_table(root / path)
        assert do(root, "vanishing-point", force=True).outcome == "done"
        assert pq.read_table(root / path).equals(points)

    def test_looks_that_a_killed_run_left_are_removed(self, drives):
        root = drives / "first"
        for stage in ("align", "vanishing-point"):
            assert do(root, stage).outcome == "done"
        left = root / "derived/.road-flow-0123456789abcdef.part"
        left.mkdir()
        found = {each.stage: each for each in look_at_session(root, Settings()).stages}
        assert found["vanishing-point"].reasons == ("what a killed run left is to be removed",)
        assert found["align"].state == "fresh"
        assert do(root, "vanishing-point").outcome == "done"
        assert not left.exists()
        assert do(root, "vanishing-point").outcome == "fresh"

    def test_the_vanishing_point_does_not_make_align_stale(self, drives):
        root = drives / "first"
        for stage in ("align", "vanishing-point"):
            assert do(root, stage).outcome == "done"
        found = {each.stage: each.state for each in look_at_session(root, Settings()).stages}
        assert found["align"] == found["vanishing-point"] == found["frames"] == "fresh"

    def test_frames_made_anew_are_filled_again_by_both(self, drives):
        root = drives / "first"
        for stage in ("align", "vanishing-point"):
            do(root, stage)
        table = pq.read_table(root / "derived/frames.parquet")
        frames(open_session(root), force=True)
        found = {each.stage: each for each in look_at_session(root, Settings()).stages}
        assert found["align"].state == "stale"
        assert found["vanishing-point"].state == "stale"
        assert do(root, "align").outcome == "done"
        do(root, "vanishing-point")  # which has found no point in so short a drive
        assert pq.read_table(root / "derived/frames.parquet").equals(table)

    def test_force_does_it_again_with_the_options_it_had(self, drives):
        root = drives / "first"
        given = Settings(given={"align": {"max_hops": 10}, "vanishing-point": {"focal_px": 700.0}})
        for stage in ("frames", "align", "vanishing-point"):
            do(root, stage, settings=given)
        for stage in ("frames", "align", "vanishing-point"):
            assert do(root, stage, force=True).outcome == "done"
            assert do(root, stage).outcome == "fresh"
        record = json.loads((root / "derived/align.json").read_text())
        assert record["options"]["max_hops"] == 10
        assert (
            json.loads((root / "derived/vanishing_point.json").read_text())["options"]["focal_px"]
            == 700.0
        )
        assert do(root, "sync", force=True).outcome == "done"
        assert (
            json.loads((root / "derived/time_map.json").read_text())["evidence"]["method"]
            == "manual"
        )

    def test_faces_by_another_detector_are_not_replaced_unasked(self, drives):
        root = drives / "first"
        found = drives / "found.csv"
        places = ["left_eye", "right_eye", "nose", "left_mouth", "right_mouth"]
        columns = [f"{place}_{axis}_px" for place in places for axis in "xy"]
        header = (
            "driver_frame_index,face_x_px,face_y_px,face_width_px,face_height_px,face_confidence,"
        )
        rows = [f"{n},10,10,50,60,0.99,25,30,45,30,35,40,27,55,43,55" for n in range(100)]
        found.write_text("\n".join([header + ",".join(columns), *rows]) + "\n")
        do(root, "frames")
        given = Settings(given={"faces": {"detector": f"precomputed:{found}"}})
        first = do(root, "faces", settings=given)
        assert first.outcome == "done", first.reasons
        assert do(root, "faces").outcome == "fresh"
        path = root / "phone/driver.mp4"
        path.write_bytes(path.read_bytes() + b"\0\0\0\x08free")
        again = do(root, "faces")
        assert again.outcome == "failed"
        assert "precomputed" in again.reasons[0]

    def test_a_fault_is_kept_with_its_place_in_the_code(self, drives, monkeypatch):
        def broken(*_, **__):
            raise ZeroDivisionError("of the test")

        monkeypatch.setattr("dashgaze.stages.frames.frames", broken)
        result = do(drives / "first", "frames")
        assert result.outcome == "fault"
        assert result.reasons == ("ZeroDivisionError: of the test",)
        assert "in broken" in result.trace

    def test_what_is_not_installed_is_skipped(self, drives, monkeypatch):
        from dashgaze.errors import MissingExtraError

        def missing(*_, **__):
            raise MissingExtraError("MTCNN is not installed.", fix="pip install it")

        monkeypatch.setattr("dashgaze.stages.faces.faces_parts", missing)
        do(drives / "first", "frames")
        assert do(drives / "first", "faces", may_divide=True).outcome == "skipped"
