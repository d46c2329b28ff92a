"""Clocks beside their truth: what is planted is found."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from dashgaze.comparison import compare_clocks
from dashgaze.errors import InputError
from dashgaze.session import open_session
from dashgaze.stages.frames import frames

PLANTED_MS, PLANTED_PPM = 7.5, 40.0


def edit_map(session, **changes):
    path = session.derived / "time_map.json"
    document = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps(document), encoding="utf-8")
    return document


def with_segment(session, **changes):
    (segment,) = edit_map(session)["segments"]
    edit_map(session, segments=[segment | changes])


def test_true_clocks_have_no_error(planted, short_drive):
    found = compare_clocks(planted.session)
    assert found.verdict == "doubtful"  # as they were set by hand
    assert (found.offset_s, found.drift_ppm) == (
        short_drive.DRIVE.offset_s,
        short_drive.DRIVE.drift_ppm,
    )
    assert found.offset_error_ms == pytest.approx((0, 0, 0), abs=1e-6)
    assert found.drift_error_ppm == pytest.approx(0, abs=1e-6)
    assert found.road_time_error_ms < 0.001
    assert found.same_road_frame_share == 1.0


def test_errors_that_nobody_stated_are_none(planted):
    found = compare_clocks(planted.session)
    assert (found.offset_se_ms, found.drift_se_ppm) == (None, None)


def test_stated_errors_are_told(planted):
    with_segment(planted.session, offset_se_ms=0.25, drift_se_ppm=0.0)
    found = compare_clocks(planted.session)
    assert (found.offset_se_ms, found.drift_se_ppm) == (pytest.approx(0.25), 0.0)


def test_a_planted_offset_is_the_error(planted, short_drive):
    with_segment(planted.session, offset_s=short_drive.DRIVE.offset_s + PLANTED_MS / 1e3)
    found = compare_clocks(planted.session)
    assert found.offset_error_ms == pytest.approx(3 * [PLANTED_MS], abs=1e-6)
    assert found.drift_error_ppm == pytest.approx(0, abs=1e-6)
    assert found.road_time_error_ms < 0.001  # of the table, which was made before


def test_a_planted_drift_grows_from_start_to_end(planted, short_drive):
    with_segment(planted.session, drift_ppm=short_drive.DRIVE.drift_ppm + PLANTED_PPM)
    found = compare_clocks(planted.session)
    start, middle, end = found.offset_error_ms
    assert found.drift_error_ppm == pytest.approx(PLANTED_PPM)
    # Both recorded from 1 s to 5 s on the phone's clock.
    assert start == pytest.approx(1.0 * PLANTED_PPM / 1e3, abs=0.002)
    assert end == pytest.approx(5.0 * PLANTED_PPM / 1e3, abs=0.003)
    assert middle == pytest.approx((start + end) / 2)


def test_frames_on_wrong_clocks_show_it(short_drive, made_drive, tmp_path):
    root = short_drive.copy_of(made_drive, tmp_path / "s")
    session = short_drive.set_clocks(root, later_s=1 / 30)
    frames(session)
    found = compare_clocks(session)
    assert found.offset_error_ms == pytest.approx(3 * [1e3 / 30], abs=1e-6)
    assert found.road_time_error_ms == pytest.approx(1e3 / 30, abs=0.01)
    assert found.same_road_frame_share < 0.05


def test_a_wrong_road_frame_is_found(planted):
    def next_frame(table):
        table.loc[50, "road_frame_index"] += 1

    planted.change(next_frame)
    found = compare_clocks(planted.session)
    count = pd.read_parquet(planted.table_path)["road_frame_index"].notna().sum()
    assert found.same_road_frame_share == pytest.approx(1 - 1 / count, rel=1e-3)
    assert found.same_road_frame_share < 1
    assert found.road_time_error_ms == pytest.approx(33.3, abs=13)


@pytest.mark.parametrize("rows", [slice(10, None), slice(None, -10), slice(1, None, 3)])
def test_rows_that_are_missing_don_t_shift_the_others(planted, rows):
    planted.change(lambda table: table.iloc[rows].reset_index(drop=True))
    found = compare_clocks(planted.session)
    assert found.offset_error_ms == pytest.approx((0, 0, 0), abs=1e-6)
    assert found.same_road_frame_share == 1.0


def test_without_road_frames_the_map_is_still_compared(planted):
    def drop(table):
        table["road_frame_index"] = np.nan

    planted.change(drop)
    found = compare_clocks(planted.session)
    assert (found.road_time_error_ms, found.same_road_frame_share) == (None, None)
    assert found.offset_error_ms == pytest.approx((0, 0, 0), abs=1e-6)


def nothing_found(found):
    return (
        found.offset_error_ms,
        found.offset_se_ms,
        found.drift_error_ppm,
        found.drift_se_ppm,
        found.road_time_error_ms,
        found.same_road_frame_share,
    ) == 6 * (None,)


def test_without_a_map_there_are_no_errors(planted, short_drive):
    edit_map(planted.session, verdict="failed", segments=[])
    found = compare_clocks(planted.session)
    assert (found.verdict, found.offset_s) == ("failed", short_drive.DRIVE.offset_s)
    assert nothing_found(found)


def test_frames_of_another_time_have_no_errors(planted):
    planted.change(lambda table: table.assign(timestamp_ns=table["timestamp_ns"] + 3600 * 10**9))
    found = compare_clocks(planted.session)
    assert found.verdict == "doubtful"
    assert nothing_found(found)


def test_several_stretches_state_no_common_drift_error(planted):
    (segment,) = edit_map(planted.session)["segments"]
    segment |= {"offset_se_ms": 0.1, "drift_se_ppm": 0.5}
    edit_map(planted.session, segments=[segment])
    assert compare_clocks(planted.session).drift_se_ppm == 0.5
    half_s = (segment["phone_start_s"] + segment["phone_end_s"]) / 2
    halves = [segment | {"phone_end_s": half_s}, segment | {"phone_start_s": half_s}]
    edit_map(planted.session, segments=halves)
    found = compare_clocks(planted.session)
    assert found.drift_se_ppm is None
    assert found.drift_error_ppm == pytest.approx(0, abs=1e-6)


class TestErrors:
    def test_no_truth(self, planted):
        shutil.rmtree(planted.session.truth)
        with pytest.raises(InputError, match=r"has no truth/ folder\. .*dashgaze simulate"):
            compare_clocks(planted.session)

    @pytest.mark.parametrize("name", ["time_map.json", "frames.parquet"])
    def test_no_result(self, planted, name):
        (planted.session.derived / name).unlink()
        with pytest.raises(InputError, match=r"no clocks or frames yet.*dashgaze sync .*frames"):
            compare_clocks(planted.session)

    def test_no_derived_folder(self, made_drive):
        with pytest.raises(InputError, match="no clocks or frames yet"):
            compare_clocks(open_session(made_drive))
