"""The align stage on a short drive whose truth is known: right places, honest errors, safe files."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import jsonschema
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.alignment.observations import Observations
from dashgaze.schemas.frame_table import FRAME_TABLE
from dashgaze.schemas.gaze_table import GAZE_TABLE
from dashgaze.schemas.homography_table import HOMOGRAPHY_TABLE
from dashgaze.session import open_session
from dashgaze.stages import align as align_stage
from dashgaze.stages import align_work
from dashgaze.stages.align import AlignOptions, align
from dashgaze.stages.frames import frames

BLURRED = slice(41, 56)
SHARED = (
    "road_from_ego",
    "homography_source",
    "homography_inlier_count",
    "homography_hops",
    "homography_error_px",
)
FILLED = (
    *SHARED,
    "gaze_road_x_px",
    "gaze_road_y_px",
    "gaze_road_in_view",
    *(f"gaze_road_cov_{axes}_px2" for axes in ("xx", "xy", "yy")),
)
RESULTS = {"homographies.parquet", "frames.parquet", "gaze.parquet", "align.json", "frames.json"}


class Stopped(Exception):
    """What a test stops a run with."""


def stop(*_, **__):
    raise Stopped


def input_bytes(root):
    return {
        path.relative_to(root): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "derived" not in path.parts
    }


def results(root):
    return {path.name: path.read_bytes() for path in (root / "derived").iterdir()}


def unfinished(root):
    return sorted(
        each.name
        for each in (root / "derived").iterdir()
        if each.name not in RESULTS | {"time_map.json"}
    )


@pytest.fixture
def sweeps(monkeypatch):
    """First rows of the stretches that are swept; `sweeps.stop_after` of them the run is stopped."""

    class Sweeps(list):
        stop_after = None

    done, sweep = Sweeps(), align_work.sweep_chunk

    def counting(chunk, report):
        if done.stop_after is not None and len(done) >= done.stop_after:
            raise Stopped
        done.append(chunk.first_row)
        return sweep(chunk, report)

    monkeypatch.setattr(align_work, "sweep_chunk", counting)
    return done


class TestTruth:
    def test_gaze_lies_where_it_lies(self, whole):
        shown = whole.in_view
        assert shown.sum() > 100
        clear = shown & ~whole.truth["blackout"].to_numpy()
        assert np.isfinite(whole.off_px[shown]).mean() >= 0.95
        assert np.nanmedian(whole.off_px[clear]) < 1.0
        assert np.nanquantile(whole.off_px[clear], 0.95) < 3.0
        assert (whole.source[clear] == "direct").mean() > 0.95

    def test_the_place_is_that_of_the_truth_tables(self, whole):
        """Not only by this test's own use of the true homography."""
        inner = slice(1, -1)  # the truth gives the first and the last frame all samples beyond
        found = whole.frames[["gaze_road_x_px", "gaze_road_y_px"]].to_numpy(float)[inner]
        truth = whole.truth[["gaze_road_x", "gaze_road_y"]].to_numpy(float)[inner]
        off_px = np.hypot(*(found - truth).T)[whole.in_view[inner]]
        assert np.nanmedian(off_px) < 1.0
        assert np.nanquantile(off_px, 0.95) < 3.0

    def test_out_of_focus_frames_are_filled_in(self, whole):
        blurred = whole.truth["blackout"].to_numpy()
        assert np.flatnonzero(blurred).tolist() == list(range(BLURRED.start, BLURRED.stop))
        assert set(whole.source[blurred]) == {"propagated"}
        off_px = whole.off_px[blurred & whole.in_view]
        assert len(off_px) >= 8
        assert off_px.max() < 5.0
        # They are said to be less sure than those beside them.
        assert np.median(whole.error_px[blurred]) > np.median(whole.error_px[20:40])

    def test_stated_errors_are_true(self, whole):
        assert 0.85 <= whole.covered.mean() <= 1.0
        # and of use: in the median not more than some pixels, and never zero
        stated = whole.error_px[whole.source == "direct"]
        assert np.median(stated) < 2.0
        assert stated.min() > 0.02
        known = np.isfinite(whole.apart_px[:, 0])
        eigen = np.linalg.eigvalsh(whole.covariance_px2[known])
        assert eigen.min() > 0

    def test_samples_lie_where_they_lie(self, whole):
        truth = whole.root / "truth" / "gaze.parquet"
        columns = ["timestamp_ns", "gaze_road_x", "gaze_road_y"]
        true = pd.read_parquet(truth)[columns]
        both = whole.gaze.merge(true, on="timestamp_ns", how="left", validate="one_to_one")
        off_px = np.hypot(
            both["gaze_road_x_px"] - both["gaze_road_x"],
            both["gaze_road_y_px"] - both["gaze_road_y"],
        ).to_numpy()
        answered = np.isfinite(off_px)
        frame = both["frame_index"].to_numpy(dtype=float)
        mapped = np.isin(frame, np.flatnonzero(whole.source != "none"))
        assert answered.tolist() == mapped.tolist()
        assert answered.sum() > 700
        assert np.median(off_px[answered]) < 1.0
        assert np.quantile(off_px[answered], 0.95) < 3.0
        error_px = both["gaze_road_error_px"].to_numpy(dtype=float)
        assert np.isfinite(error_px).tolist() == answered.tolist()
        # 95 % of two normal coordinates lie within 2.45 standard deviations
        assert (off_px < 2.45 * error_px)[answered].mean() > 0.85

    def test_samples_are_carried_at_their_own_time(self, whole):
        """Where the head turns, not by the nearest frame's map alone: that is off by half a frame."""
        true = pd.read_parquet(whole.root / "truth" / "gaze.parquet")
        both = whole.gaze.merge(true, on="timestamp_ns", validate="one_to_one")
        both = both[both["gaze_road_x_px"].notna() & both["frame_index"].notna()]
        frame = both["frame_index"].to_numpy(dtype=int)
        stamps = whole.frames["timestamp_ns"].to_numpy()
        away_s = (both["timestamp_ns"].to_numpy() - stamps[frame]) / 1e9
        off = (both["gaze_road_x_px"] - both["gaze_road_x"]).to_numpy()
        clear = (whole.source[frame] == "direct") & (np.abs(away_s) > 0.008)
        # how the same ego point moves on the road view from one frame to the next
        middle = np.array([[320.0, 180.0, 1.0]])
        truth = np.stack(whole.truth["H"].to_numpy()).reshape(-1, 3, 3)
        back = np.linalg.solve(truth, middle[..., None].repeat(len(truth), 0))[..., 0]
        step = np.array([truth[i + 1] @ back[i] for i in range(len(truth) - 1)])
        speed = np.append((step[:, 0] / step[:, 2] - 320.0) * 30, 0.0)[frame]
        fast = clear & (np.abs(speed) > 30)
        assert fast.sum() > 30
        late = np.abs(off + speed * away_s)[fast].mean()
        assert np.abs(off[fast]).mean() < 0.7 * late

    def test_how_sure_the_drive_is(self, whole):
        summary = whole.summary
        assert summary["verdict"] == "doubtful"  # as its clocks, set by hand, are
        assert any("clocks is doubtful" in reason for reason in summary["reasons"])
        assert summary["frame_count"] == len(whole.frames)
        paired = whole.frames["road_frame_index"].notna().to_numpy()
        assert summary["pair_count"] == paired.sum()
        for name in ("direct", "propagated", "none"):
            share = (whole.source[paired] == name).mean()
            assert summary[f"{name}_share"] == pytest.approx(share)
        assert summary["none_reasons"] == {"no_road_frame": int((~paired).sum())}
        assert summary["road_size_px"] == [640, 360]
        assert summary["road_focal_px"] == pytest.approx(554.26, rel=0.01)
        known = whole.error_px[np.isfinite(whole.error_px)]
        assert summary["median_error_px"] == pytest.approx(np.median(known), rel=1e-6)
        assert summary["p95_error_px"] == pytest.approx(np.quantile(known, 0.95), rel=1e-6)
        assert summary["median_error_deg"] == pytest.approx(
            np.degrees(np.median(known) / summary["road_focal_px"]), rel=1e-6
        )
        # the bonnet takes some eighth of the picture
        assert any("never changes" in reason for reason in summary["reasons"])


class TestTables:
    @pytest.mark.parametrize(
        ("name", "contract"),
        [("homographies", HOMOGRAPHY_TABLE), ("frames", FRAME_TABLE), ("gaze", GAZE_TABLE)],
    )
    def test_they_obey_their_contracts(self, short_drive, whole, name, contract):
        table = short_drive.tables(whole.root)[name]
        assert table.schema.equals(contract.to_arrow(), check_metadata=True)
        for field in table.schema:
            assert field.nullable or table.column(field.name).null_count == 0
        checker = jsonschema.Draft202012Validator(contract.to_json_schema())
        step = max(1, table.num_rows // 40)
        for row in table.take(list(range(0, table.num_rows, step))).to_pylist():
            checker.validate(row)
        # JSON knows no NaN, and neither do they
        for column in table.columns:
            if pa.types.is_floating(column.type):
                assert np.isfinite(column.drop_null().to_numpy()).all()

    def test_every_frame_has_its_row(self, whole):
        for name in ("session_id", "frame_index", "timestamp_ns"):
            assert whole.homographies[name].tolist() == whole.frames[name].tolist()
        assert whole.homographies["frame_index"].tolist() == list(range(len(whole.frames)))
        pairs = whole.homographies["road_frame_index"], whole.frames["road_frame_index"]
        assert pairs[0].isna().tolist() == pairs[1].isna().tolist()
        assert pairs[0].dropna().tolist() == pairs[1].dropna().tolist()

    def test_what_is_shared_is_the_same(self, short_drive, whole):
        tables = short_drive.tables(whole.root)
        for name in SHARED:
            assert tables["frames"][name].equals(tables["homographies"][name]), name

    def test_a_row_does_not_contradict_itself(self, short_drive, brief, whole):
        for each in (whole, brief):
            table = each.homographies
            source = each.source
            direct, none = source == "direct", source == "none"
            hops = table["homography_hops"].to_numpy(dtype=float)
            inliers = table["homography_inlier_count"].to_numpy(dtype=float)
            matches = table["homography_match_count"].to_numpy(dtype=float)
            assert (hops[direct] == 0).all()
            assert (inliers[direct] >= 16).all()
            assert (matches[direct] >= inliers[direct]).all()
            assert table["match_refusal"][direct].isna().all()
            assert table["keypoint_sigma_px"][direct].between(0.05, 5).all()
            assert table["none_reason"].notna().tolist() == none.tolist()
            for name in ("road_from_ego", "road_from_ego_covariance", "homography_hops",
                         "homography_inlier_count", "homography_error_px",
                         "model_cov_xx_px2", "model_cov_xy_px2", "model_cov_yy_px2"):  # fmt: skip
                assert table[name].isna().tolist() == none.tolist(), name
            for row in np.flatnonzero(source == "propagated"):
                assert hops[row] == np.abs(np.flatnonzero(direct) - row).min()
                assert table["match_refusal"][row] is not None
            homography = np.stack(table["road_from_ego"][~none].to_numpy())
            assert (homography[:, 8] == 1).all()

    def test_places_follow_from_the_homographies(self, short_drive, whole):
        """Whoever carries the ego gaze with the table's homography gets the table's road gaze."""
        known = whole.frames["gaze_road_x_px"].notna().to_numpy()
        maps = np.stack(whole.frames["road_from_ego"][known].to_numpy())
        ego = whole.frames[["gaze_ego_x_px", "gaze_ego_y_px"]].to_numpy(float)[known]
        carried = short_drive.true_places(whole.root, pd.DataFrame({"H": list(maps)}), ego)
        found = whole.frames[["gaze_road_x_px", "gaze_road_y_px"]].to_numpy(float)[known]
        assert (
            np.abs(found - carried).max() < 1e-2
        )  # calibration.bin holds float64; undistortion ends
        width, height = short_drive.ROAD_SIZE
        inside = ((found >= -0.5) & (found < (width - 0.5, height - 0.5))).all(axis=1)
        flags = whole.frames["gaze_road_in_view"][known].to_numpy(dtype=bool)
        assert flags.tolist() == inside.tolist()

    def test_gaze_is_null_just_where_it_has_to_be(self, whole):
        gaze = whole.frames["gaze_ego_x_px"].notna().to_numpy()
        expected = gaze & (whole.source != "none")
        for name in FILLED[len(SHARED) :]:
            assert whole.frames[name].notna().tolist() == expected.tolist(), name
        samples = whole.gaze
        known = samples["gaze_road_x_px"].notna()
        for name in ("gaze_road_y_px", "gaze_road_in_view", "gaze_road_error_px"):
            assert samples[name].notna().tolist() == known.tolist()

    def test_the_stated_error_is_that_of_the_covariance(self, whole):
        known = whole.frames["gaze_road_x_px"].notna().to_numpy()
        spread = np.trace(whole.covariance_px2[known], axis1=1, axis2=2) / 2
        assert whole.error_px[known] == pytest.approx(np.sqrt(spread), rel=1e-4)
        # without gaze it is that of the middle of the picture
        rest = ~known & (whole.source != "none")
        assert rest.any()
        assert (whole.error_px[rest] > 0).all()

    def test_nothing_else_of_the_tables_changes(self, short_drive, copied, whole):
        root = copied()
        frames(open_session(root))
        before = {
            name: pq.read_table(root / "derived" / f"{name}.parquet") for name in ("frames", "gaze")
        }
        after = short_drive.tables(whole.root)
        for name, table in before.items():
            for column in table.column_names:
                if column in FILLED or column.startswith("gaze_road_"):
                    assert table[column].null_count == table.num_rows
                elif column != "session_id":
                    assert table[column].equals(after[name][column]), column


class TestOnce:
    def test_the_second_call_does_nothing(self, short_drive, brief, tmp_path, monkeypatch):
        root = tmp_path / "s"
        shutil.copytree(brief.root, root)
        before = {each: each.stat().st_mtime_ns for each in (root / "derived").iterdir()}
        monkeypatch.setattr(align_stage, "plan_alignment", stop)
        align(open_session(root))
        assert {each: each.stat().st_mtime_ns for each in (root / "derived").iterdir()} == before

    def test_force_and_other_options_do_it_again(self, brief, tmp_path, monkeypatch):
        root = tmp_path / "s"
        shutil.copytree(brief.root, root)
        before = results(root)
        monkeypatch.setattr(align_stage, "sweep_all", stop)
        for options in (
            AlignOptions(method="chain"),
            AlignOptions(feature_count=900),
            AlignOptions(max_hops=74),
            AlignOptions(max_error_deg=0.7),
        ):
            with pytest.raises(Stopped):
                align(open_session(root), options)
        with pytest.raises(Stopped):
            align(open_session(root), force=True)
        # the old results are there until new ones are
        now = results_without_work(root)
        assert now == before

    @pytest.mark.parametrize("changed", ["road", "ego", "clocks", "intrinsics"])
    def test_it_is_done_again_for_other_inputs(
        self, short_drive, brief, tmp_path, monkeypatch, changed
    ):
        root = tmp_path / "s"
        shutil.copytree(brief.root, root)
        if changed == "road":
            path = root / "phone" / "road.mp4"
            path.write_bytes(path.read_bytes() + b"\0" * 8)
            # the clocks' own record is of no concern here
        elif changed == "ego":
            (root / "eye_tracker" / "calibration.bin").unlink()
        elif changed == "clocks":
            short_drive.set_clocks(root, later_s=0.01)
        else:
            matrix = "[[554, 0, 319.5], [0, 554, 179.5], [0, 0, 1]]"
            short_drive.edit(
                root,
                "phone:\n",
                f"phone:\n  intrinsics: {{width_px: 640, height_px: 360, matrix: {matrix}}}\n",
            )
        monkeypatch.setattr(align_stage, "sweep_all", stop)
        with pytest.raises(Stopped):
            align(open_session(root))

    def test_what_has_no_bearing_does_not_matter(self, short_drive, brief, tmp_path, monkeypatch):
        root = tmp_path / "s"
        shutil.copytree(brief.root, root)
        short_drive.edit(root, "weather: clear", "weather: rain")
        monkeypatch.setattr(align_stage, "sweep_all", stop)
        align(open_session(root))
        new, old = (
            short_drive.tables(each)["frames"]["gaze_road_x_px"] for each in (root, brief.root)
        )
        assert _nearly(new, old)

    def test_tables_made_anew_are_filled_without_matching(
        self, short_drive, brief, tmp_path, monkeypatch
    ):
        root = tmp_path / "s"
        shutil.copytree(brief.root, root)
        old = short_drive.tables(root)
        frames(open_session(root), force=True)
        erased = short_drive.tables(root)["frames"]
        assert all(erased[name].null_count == erased.num_rows for name in FILLED)
        monkeypatch.setattr(align_stage, "sweep_all", stop)
        align(open_session(root))
        new = short_drive.tables(root)
        assert new["homographies"].equals(old["homographies"], check_metadata=True)
        for name in ("frames", "gaze"):
            assert new[name].schema.equals(old[name].schema, check_metadata=True)
            for column in old[name].column_names:
                assert _nearly(new[name][column], old[name][column]), column
        # and again nothing to be done
        monkeypatch.setattr(align_stage, "fill_road_columns", stop)
        align(open_session(root))

    def test_deleted_tables_come_back(self, short_drive, brief, tmp_path, monkeypatch):
        root = tmp_path / "s"
        shutil.copytree(brief.root, root)
        for name in ("frames.parquet", "gaze.parquet", "frames.json"):
            (root / "derived" / name).unlink()
        monkeypatch.setattr(align_stage, "sweep_all", stop)
        align(open_session(root))
        gaze = short_drive.tables(root)["gaze"]["gaze_road_x_px"]
        assert _nearly(gaze, short_drive.tables(brief.root)["gaze"]["gaze_road_x_px"])

    def test_the_frames_stage_does_not_erase_what_align_filled(self, short_drive, brief, tmp_path):
        root = tmp_path / "s"
        shutil.copytree(brief.root, root)
        before = results(root)
        frames(open_session(root))
        assert results(root) == before

    def test_the_input_is_left_as_it_was(self, short_drive, made_drive, whole):
        assert input_bytes(whole.root) == input_bytes(made_drive)
        assert unfinished(whole.root) == []
        assert set(results(whole.root)) == RESULTS | {"time_map.json"}

    def test_the_record_tells_what_was_done(self, brief):
        record = json.loads((brief.root / "derived" / "align.json").read_text(encoding="utf-8"))
        assert record["stage"] == "align"
        assert record["options"]["method"] == "tracks"
        assert record["options"]["max_hops"] == 75
        assert set(record["outputs"]) == {
            f"derived/{name}.parquet" for name in ("homographies", "frames", "gaze")
        }
        assert set(record["inputs"]) == {"eye_tracker", "phone/road.mp4", "derived/time_map.json"}
        assert record["notes"] == record["summary"]["reasons"]
        assert {"dashgaze", "numpy", "opencv-python-headless"} <= set(record["versions"])


def results_without_work(root):
    return {path.name: path.read_bytes() for path in (root / "derived").iterdir() if path.is_file()}


def _nearly(first, second):
    """Whether two columns are the same but for rounding."""
    if first.is_valid().to_pylist() != second.is_valid().to_pylist():
        return False
    if not (pa.types.is_floating(first.type) or pa.types.is_fixed_size_list(first.type)):
        return first.equals(second)
    one, two = (
        np.array([np.ravel(each) for each in column.drop_null().to_pylist()], dtype=float)
        for column in (first, second)
    )
    return np.allclose(one, two, rtol=1e-4, atol=1e-4)


class TestLimits:
    def test_frames_too_far_from_a_match_are_not_answered(self, short_drive, brief, tmp_path):
        root = tmp_path / "s"
        shutil.copytree(brief.root, root)
        found = short_drive.align_drive(root, AlignOptions(max_hops=3))
        inner = np.arange(44, 53)  # 41 … 55 are blurred; 40 and 56 are matched
        assert set(found.source[inner]) == {"none"}
        assert set(found.reason[inner]) == {"no_match_near"}
        assert set(found.source[[41, 42, 43, 53, 54, 55]]) == {"propagated"}
        assert found.frames["gaze_road_x_px"][inner].isna().all()
        assert found.summary["none_reasons"] == {"no_match_near": 9}
        # samples of frames without a map have no place
        samples = found.gaze[found.gaze["frame_index"].isin(inner)]
        assert len(samples)
        assert samples["gaze_road_x_px"].isna().all()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"feature_count": 49},
            {"feature_count": 20_001},
            {"max_hops": -1},
            {"max_error_deg": 0.0},
            {"max_error_deg": float("nan")},
            {"max_error_deg": float("inf")},
        ],
    )
    def test_impossible_options(self, wrong):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            AlignOptions(**wrong)


class TestWork:
    def test_processes_change_nothing(self, short_drive, brief, copied, small_chunks):
        root = copied(80)
        align(open_session(root), workers=2)
        assert same_but_name(short_drive, root, brief.root)
        assert unfinished(root) == []

    def test_a_stopped_run_goes_on_where_it_was(
        self, short_drive, brief, copied, small_chunks, sweeps
    ):
        root = copied(80)
        other = root / "derived" / ".align-0123456789abcdef.part"
        other.mkdir()
        (other / "rows_00000000.npz").write_bytes(b"of another job")
        sweeps.stop_after = 2
        with pytest.raises(Stopped):
            align(open_session(root), workers=1)
        assert sweeps == [0, 25]
        assert not other.exists()
        (work,) = unfinished(root)
        assert work.startswith(".align-")
        assert {each.name for each in (root / "derived" / work).iterdir()} == {
            "rows_00000000.npz",
            "rows_00000025.npz",
            "survey.npz",
        }
        assert not (root / "derived" / "homographies.parquet").exists()
        assert not (root / "derived" / "align.json").exists()
        table = pq.read_table(root / "derived" / "frames.parquet")
        assert table["homography_source"].null_count == table.num_rows
        # one of the two is damaged meanwhile
        part = root / "derived" / work / "rows_00000000.npz"
        part.write_bytes(part.read_bytes()[:-200])
        sweeps.stop_after = None
        sweeps.clear()
        align(open_session(root), workers=1)
        assert sweeps == [0, 50, 75]
        assert same_but_name(short_drive, root, brief.root)
        assert unfinished(root) == []

    def test_a_run_stopped_while_writing_is_completed(
        self, short_drive, brief, copied, small_chunks, sweeps, monkeypatch
    ):
        root = copied(80)
        with monkeypatch.context() as patch:
            patch.setattr(align_stage, "write_record_text", stop)
            with pytest.raises(Stopped):
                align(open_session(root), workers=1)
        assert not (root / "derived" / "align.json").exists()
        sweeps.clear()
        align(open_session(root), workers=1)
        assert sweeps == []
        assert same_but_name(short_drive, root, brief.root)
        assert unfinished(root) == []

    def test_old_results_stand_while_new_ones_are_made(
        self, short_drive, brief, tmp_path, small_chunks, sweeps
    ):
        root = tmp_path / "s"
        shutil.copytree(brief.root, root)
        before = results(root)
        sweeps.stop_after = 1
        with pytest.raises(Stopped):
            align(open_session(root), AlignOptions(feature_count=400), workers=1)
        assert results_without_work(root) == before
        # With the old options all is as it was, and the other job's leftovers don't matter.
        sweeps.stop_after = 0
        align(open_session(root), workers=1)

    @pytest.mark.slow
    def test_a_killed_process_leaves_a_session_that_can_be_finished(
        self, short_drive, brief, copied, small_chunks, sweeps
    ):
        root = copied(80)
        program = (
            "import sys, dashgaze.alignment.chunk as chunk; chunk.CHUNK_FRAMES = 25\n"
            "from dashgaze.cli import app\n"
            "app(['align', sys.argv[1], '--workers', '1'])"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(root)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 120
        while not list((root / "derived").glob(".align-*.part/rows_*.npz")):
            assert process.poll() is None, "it ended before its first stretch"
            assert time.monotonic() < end
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert not (root / "derived" / "align.json").exists()
        assert not (root / "derived" / "homographies.parquet").exists()
        align(open_session(root), workers=1)
        assert 0 not in sweeps
        assert 75 in sweeps
        assert same_but_name(short_drive, root, brief.root)
        assert unfinished(root) == []

    def test_a_stretch_that_can_t_be_kept_is_told(self, copied, small_chunks, monkeypatch):
        """No space left: an error of the output, and nothing half-written."""
        from dashgaze.errors import OutputError

        root = copied(30)

        def full(self, path):
            raise OutputError(f"{path} can't be written: No space left on device.")

        monkeypatch.setattr(Observations, "save", full)
        with pytest.raises(OutputError, match="No space"):
            align(open_session(root), workers=1)
        assert not (root / "derived" / "align.json").exists()


def same_but_name(short_drive, root, other):
    return short_drive.same_tables(short_drive.tables(root), short_drive.tables(other))


class TestMethods:
    @pytest.mark.parametrize("method", ["chain", "paper"])
    def test_the_others_can_be_compared_with(self, short_drive, brief, tmp_path, method):
        root = tmp_path / "s"
        shutil.copytree(brief.root, root)
        found = short_drive.align_drive(root, AlignOptions(method=method))
        hops = found.homographies["homography_hops"].to_numpy(dtype=float)
        if method == "paper":
            # one match, then a chain without checks, until it breaks; it drifts
            assert (found.source == "direct").sum() <= 2
            assert found.source[0] == "direct"
            answered = found.source == "propagated"
            assert answered[1:40].all()
            assert hops[answered].max() > 20
            # the one thing that all of its answers lack
            assert np.nanmax(found.off_px[answered]) > 2 * np.nanmax(brief.off_px)
        else:
            clear = np.r_[0:41, 56:80]
            assert (found.source[clear] == "direct").mean() > 0.95
            assert np.nanmedian(found.off_px[clear]) < 1.0
