"""Whole sessions assembled out of real footage, with exact truth (../shared/tools)."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashgaze.checks import check
from dashgaze.media import read_frame_times
from dashgaze.session import open_session
from dashgaze.stages.align import align
from dashgaze.stages.frames import frames
from dashgaze.stages.sync import sync

OFFSET_S, DRIFT_PPM = -3.4, 60.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("eye_format", "clip"),
    [("native", "motorway_bend"), pytest.param("cloud", "junction", marks=pytest.mark.stress)],
)
def test_a_session_out_of_real_footage_agrees_with_its_truth(
    shared_data: Path, tmp_path: Path, eye_format: str, clip: str
) -> None:
    tool = shared_data.parent / "tools" / "make_session.py"
    if not tool.exists():
        pytest.skip("the tool that assembles sessions (../shared/tools) is not here")
    root = tmp_path / "session_07"
    export = shared_data / "eye_tracker" / "pupil_invisible_cloud"
    subprocess.run(
        [
            *(sys.executable, str(tool), str(root)),
            *("--road", str(shared_data / "driving" / f"{clip}.mp4")),
            *("--gyro", str(export / "imu.csv"), "--gaze", str(export / "gaze.csv")),
            *("--speech", str(shared_data / "audio" / "interview_speech.mp3")),
            *("--seconds", "24", "--seed", "3", "--eye-format", eye_format),
            *(f"--offset={OFFSET_S}", f"--drift-ppm={DRIFT_PPM}"),
        ],
        check=True,
        capture_output=True,
    )
    truth = json.loads((root / "truth" / "truth.json").read_text())
    session = open_session(root)
    assert not [finding for finding in check(root).findings if finding.severity == "error"]

    document = json.loads(sync(session).read_text())
    assert document["verdict"] == "ok", document["reasons"]
    (segment,) = document["segments"]
    at_s = sum(truth["overlap_t_phone_s"]) / 2
    error_s = segment["offset_s"] - OFFSET_S + (segment["drift_ppm"] - DRIFT_PPM) * 1e-6 * at_s
    assert abs(error_s) < 1e-3

    table, expected = pd.read_parquet(frames(session)), _truth_table(root)
    assert len(table) == truth["counts"]["world_frames"]
    assert int((~table["ego_frame_valid"]).sum()) == truth["counts"]["world_padding_frames"]
    # Truth gives samples to the nearest frame at any distance, and knows of native blinks.
    inner = ~expected["near_blink"].to_numpy()
    inner[[0, -1]] = False
    same = table["gaze_sample_count"] == expected["gaze_samples"]
    assert same[inner].mean() > 0.995
    apart_px = np.hypot(
        table["gaze_ego_x_px"] - expected["gaze_ego_x"],
        table["gaze_ego_y_px"] - expected["gaze_ego_y"],
    )
    assert apart_px[inner & same].max() < 0.01
    road_s = read_frame_times(session.road_path).time_s
    known = table["road_frame_index"].notna() & (expected["road_frame_index"] >= 0)
    index = table["road_frame_index"][known].astype(int)
    assert (index == expected["road_frame_index"][known]).mean() > 0.995
    truly_ms = (road_s[index] - expected["road_time_s"][known]) * 1e3
    assert np.abs(table["road_time_error_ms"][known] - truly_ms).max() < 1.0

    align(session)
    _check_road_gaze(pd.read_parquet(session.derived / "frames.parquet"), expected, inner & same)


def _check_road_gaze(table: pd.DataFrame, expected: pd.DataFrame, inner: np.ndarray) -> None:
    """Gaze in the road view, within the bounds that hold for whole drives of this footage."""
    looked = inner & expected["gaze_in_road_view"] & table["road_frame_index"].notna()
    looked &= table["ego_frame_valid"]  # grey padding shows nothing
    dx = table["gaze_road_x_px"] - expected["gaze_road_x"]
    dy = table["gaze_road_y_px"] - expected["gaze_road_y"]
    error_px, known = np.hypot(dx, dy), table["gaze_road_x_px"].notna()
    clear = looked & ~expected["blackout"]
    assert known[clear].mean() >= 0.99
    assert known[looked].mean() >= 0.95
    assert error_px[clear].median() <= 1.2
    assert error_px[clear].quantile(0.95) <= 5
    assert error_px[looked & expected["blackout"]].quantile(0.95) <= 15
    xx, xy, yy = (table[f"gaze_road_cov_{axes}_px2"] for axes in ("xx", "xy", "yy"))
    square = (yy * dx * dx - 2 * xy * dx * dy + xx * dy * dy) / (xx * yy - xy * xy)
    assert (square[looked & known] < 5.991).mean() >= 0.9
    stated_px = np.sqrt((xx + yy) / 2)
    assert not ((stated_px < 5) & (error_px > 30))[looked].any()


def _truth_table(root: Path) -> pd.DataFrame:
    table = pd.read_parquet(root / "truth" / "frames.parquet")
    near = table["blink"].rolling(7, center=True, min_periods=1).max()
    table["near_blink"] = near.astype(bool)
    return table
