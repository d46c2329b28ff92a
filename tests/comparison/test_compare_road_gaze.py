"""Gaze in the road view beside its truth: what is planted is found."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from dashgaze.collection.simulation.story.labels import simulate_labels
from dashgaze.comparison import RoadGazeErrors, compare_road_gaze
from dashgaze.comparison.road_gaze import squared_in_sigmas
from dashgaze.errors import InputError
from dashgaze.session import open_session

SCALE = 1280 / 640
SIGMA_PX = 0.5


def move(planted, x_px, y_px=0.0):
    def shift(table):
        table["gaze_road_x_px"] += x_px
        table["gaze_road_y_px"] += y_px

    planted.change(shift)


def test_the_truth_itself_has_no_error(planted):
    found = compare_road_gaze(planted.session)
    assert found.frame_count > 90
    assert found == RoadGazeErrors(
        frame_count=found.frame_count,
        answered_share=1.0,
        median_px=0.0,
        p95_px=0.0,
        p99_px=0.0,
        median_deg=0.0,
        stated_median_px=SCALE * SIGMA_PX,
        in_ellipse_share=1.0,
        sure_and_wrong_count=0,
    )


def test_frames_count_whose_gaze_is_truly_in_view_beside_a_road_frame(planted):
    truth = pd.read_parquet(planted.session.truth / "frames.parquet")
    table = pd.read_parquet(planted.table_path)
    counting = truth["gaze_in_road_view"] & table["road_frame_index"].notna()
    # The mean gaze of frames at the ends is not the truth's, whose samples reach further.
    same = (truth["gaze_samples"] == table["gaze_sample_count"]) & counting
    assert same.sum() <= compare_road_gaze(planted.session).frame_count <= counting.sum()
    assert counting.sum() < len(table)


def test_frames_between_fixations_do_not_count(planted):
    path = planted.session.truth / "frames.parquet"
    truth = pd.read_parquet(path)
    before = compare_road_gaze(planted.session).frame_count
    fixation = np.arange(len(truth), dtype=float) // 10
    fixation[::2] = np.nan
    truth.assign(fixation_id=fixation).to_parquet(path)
    assert compare_road_gaze(planted.session).frame_count == pytest.approx(before / 2, abs=2)


def test_a_planted_shift_is_the_error(planted):
    move(planted, 3.0, -4.0)
    found = compare_road_gaze(planted.session)
    assert [found.median_px, found.p95_px, found.p99_px] == pytest.approx(3 * [SCALE * 5.0])
    focal_px = json.loads((planted.session.truth / "truth.json").read_text(encoding="utf-8"))[
        "road_camera"
    ]["matrix"][0][0]
    assert found.median_deg == pytest.approx(np.degrees(np.arctan(5.0 / focal_px)))
    assert found.in_ellipse_share == 0.0
    assert found.sure_and_wrong_count == 0


@pytest.mark.parametrize(("factor", "share"), [(1.01, 0.0), (0.99, 1.0)])
def test_the_ellipse_ends_at_95_percent(planted, factor, share):
    move(planted, factor * np.sqrt(5.991) * SIGMA_PX)
    assert compare_road_gaze(planted.session).in_ellipse_share == share


def test_a_larger_covariance_holds_the_same_error(planted):
    move(planted, 3.0, -4.0)

    def enlarge(table):
        for axes in ("xx", "xy", "yy"):
            table[f"gaze_road_cov_{axes}_px2"] *= 100.0

    planted.change(enlarge)
    assert compare_road_gaze(planted.session).in_ellipse_share == 1.0


def test_an_ellipse_may_lie_aslant():
    row = {"dx": 3.0, "dy": 3.0, "xx": 5.0, "xy": 4.0, "yy": 5.0}
    across = row | {"dy": -3.0}
    # Along the diagonal the variance is xx + xy, across it xx - xy.
    squares = squared_in_sigmas(pd.DataFrame([row, across]))
    assert squares == pytest.approx([18 / 9, 18 / 1])


def test_the_stated_error_is_told(planted):
    planted.change(lambda table: table.assign(homography_error_px=7.0))
    assert compare_road_gaze(planted.session).stated_median_px == SCALE * 7.0


def test_percentiles_are_those_of_the_frames(planted):
    rng = np.random.default_rng(2)
    count = len(pd.read_parquet(planted.table_path))
    move(planted, rng.permutation(np.linspace(0, 10, count)))
    found = compare_road_gaze(planted.session)
    assert found.median_px == pytest.approx(SCALE * 5.0, rel=0.15)
    assert found.p95_px == pytest.approx(SCALE * 9.5, rel=0.05)
    assert found.p99_px == pytest.approx(SCALE * 9.9, rel=0.03)


def test_frames_that_are_sure_and_wrong_are_counted(planted):
    before = compare_road_gaze(planted.session).frame_count
    planted.change(lambda table: table.assign(homography_error_px=2.4))
    move(planted, 15.1)
    assert compare_road_gaze(planted.session).sure_and_wrong_count == before
    move(planted, -0.2)  # 29.8 px in a picture 1280 px wide
    assert compare_road_gaze(planted.session).sure_and_wrong_count == 0
    move(planted, 0.2)
    planted.change(lambda table: table.assign(homography_error_px=2.6))
    assert compare_road_gaze(planted.session).sure_and_wrong_count == 0


def without_answer(table, rows):
    for name in ("x_px", "y_px", "cov_xx_px2", "cov_xy_px2", "cov_yy_px2"):
        table.loc[rows, f"gaze_road_{name}"] = np.nan


def test_frames_without_an_answer_lower_the_share_only(planted):
    before = compare_road_gaze(planted.session)
    planted.change(lambda table: without_answer(table, table.index[::2]))
    found = compare_road_gaze(planted.session)
    assert found.frame_count == before.frame_count
    assert found.answered_share == pytest.approx(0.5, abs=0.05)
    assert found.median_px == 0.0


def test_without_any_answer_there_are_no_errors(planted):
    planted.change(lambda table: without_answer(table, table.index))
    found = compare_road_gaze(planted.session)
    assert (found.answered_share, found.median_px, found.in_ellipse_share) == (0.0, None, None)
    assert found.frame_count > 90


def test_without_road_frames_nothing_counts(planted):
    def drop(table):
        table["road_frame_index"] = None

    planted.change(drop)
    found = compare_road_gaze(planted.session)
    assert (found.frame_count, found.answered_share, found.median_px) == (0, None, None)


@pytest.mark.parametrize("rows", [slice(10, None), slice(None, 60), slice(1, None, 3)])
def test_rows_that_are_missing_don_t_shift_the_others(planted, rows):
    before = compare_road_gaze(planted.session)
    planted.change(lambda table: table.iloc[rows].reset_index(drop=True))
    found = compare_road_gaze(planted.session)
    assert found.frame_count < before.frame_count
    assert (found.answered_share, found.p99_px, found.in_ellipse_share) == (1.0, 0.0, 1.0)


def test_frames_that_nothing_is_known_of_are_left_out(planted):
    before = compare_road_gaze(planted.session)

    def repeat_later(table):
        later = table.assign(timestamp_ns=table["timestamp_ns"] + 3600 * 10**9)
        return pd.concat([table, later], ignore_index=True)

    planted.change(repeat_later)
    assert compare_road_gaze(planted.session) == before


def test_what_align_made_of_a_drive(short_drive, made_drive, tmp_path):
    root = short_drive.copy_of(made_drive, tmp_path / "s", ego_frames=40)
    short_drive.set_clocks(root)
    aligned = short_drive.align_drive(root)
    found = compare_road_gaze(open_session(root))
    off_px = SCALE * aligned.off_px[aligned.in_view]
    assert found.frame_count == pytest.approx(aligned.in_view.sum(), abs=2)
    assert found.answered_share == 1.0
    assert found.median_px == pytest.approx(np.nanmedian(off_px), rel=0.1)
    assert found.median_px < 2.0
    assert found.in_ellipse_share > 0.85
    assert found.sure_and_wrong_count == 0


class TestErrors:
    def test_no_truth(self, planted):
        shutil.rmtree(planted.session.truth)
        with pytest.raises(InputError, match=r"has no truth/ folder\. .*dashgaze simulate"):
            compare_road_gaze(planted.session)

    def test_no_result(self, planted):
        (planted.session.derived / "homographies.parquet").unlink()
        with pytest.raises(InputError, match=r"no gaze in the road view yet.*dashgaze align"):
            compare_road_gaze(planted.session)

    def test_labels_only(self, tmp_path):
        simulate_labels(tmp_path / "study", sessions=1, minutes=0.2)
        with pytest.raises(InputError, match=r"tells no clocks.*with pictures"):
            compare_road_gaze(open_session(tmp_path / "study" / "session_001"))

    def test_a_truth_without_cameras(self, planted):
        path = planted.session.truth / "truth.json"
        facts = json.loads(path.read_text(encoding="utf-8"))
        del facts["road_camera"]
        path.write_text(json.dumps(facts), encoding="utf-8")
        with pytest.raises(InputError, match="tells no road_camera"):
            compare_road_gaze(planted.session)

    @pytest.mark.parametrize("content", ["{", "7", '["a"]', "null"])
    def test_a_truth_that_is_none(self, planted, content):
        path = planted.session.truth / "truth.json"
        path.write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match=r"truth\.json can't be read") as caught:
            compare_road_gaze(planted.session)
        assert caught.value.path == path

    @pytest.mark.parametrize("damage", ["missing", "not parquet"])
    def test_a_table_of_truth_that_can_t_be_read(self, planted, damage):
        path = planted.session.truth / "frames.parquet"
        path.unlink()
        if damage != "missing":
            path.write_bytes(b"PAR?")
        with pytest.raises(InputError, match=r"frames\.parquet can't be read") as caught:
            compare_road_gaze(planted.session)
        assert caught.value.path == path
