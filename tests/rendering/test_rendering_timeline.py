from pathlib import Path

import numpy as np
import pytest

from dashgaze.alignment.time_map import ClockLine, TimeMap
from dashgaze.errors import InputError
from dashgaze.media import FrameTimes
from dashgaze.rendering.clip import Clip, ClipFile, Missing
from dashgaze.rendering.material import EgoClip, Material
from dashgaze.rendering.options import RenderOptions
from dashgaze.rendering.timeline import plan_timeline

GONE = Missing("It is not here.")


def clip(times_s):
    times = FrameTimes(
        path=Path("x.mp4"), time_s=np.asarray(times_s), keyframe=np.ones(len(times_s), bool),
        pts=np.rint(np.asarray(times_s) * 1e5).astype(np.int64), time_base=(1, 100_000),
        duplicate_count=0, missing_pts_count=0, truncated=False,
    )  # fmt: skip
    return Clip(files=(ClipFile(path=Path("x.mp4"), times=times),), size_px=(64, 48))


class Recording:
    """As much of a recording as has times."""

    def __init__(self, times_s):
        self.world = self
        self.timestamp_ns = np.rint(np.asarray(times_s) * 1e9).astype(np.int64) + 10**18
        self.first_frame_ns = int(self.timestamp_ns[0])


def material(*, road=GONE, driver=GONE, ego_s=None, offset_s=None):
    ego, recording = GONE, None
    if ego_s is not None:
        count = len(ego_s)
        recording = Recording(ego_s)
        valid = np.ones(count, bool)
        valid[3] = False
        ego = EgoClip(
            clip=clip(ego_s), file=np.zeros(count, np.int64), index=np.arange(count), valid=valid
        )
    line = ClockLine(phone_start_s=0, phone_end_s=10, offset_s=offset_s or 0, drift_ppm=0)
    return Material(
        road=road, driver=driver, ego=ego, recording=recording, camera=None,
        time_map=GONE if offset_s is None else TimeMap([line]), gaze=GONE, road_gaze=GONE,
        samples=None,
    )  # fmt: skip


ROAD_S = np.arange(30) / 30 + np.array([0.004, -0.004] * 15)


def test_the_steps_are_the_frames_of_the_road_video():
    line = plan_timeline(
        material(road=clip(ROAD_S), ego_s=np.arange(12) * 0.04, offset_s=-0.2), RenderOptions()
    )
    assert (line.time_s == ROAD_S).all()
    assert line.clock == "phone"
    assert (line.road.index == np.arange(30)).all()
    # ego frame k is taken at phone time 0.2 + 0.04 k
    expected = np.rint((ROAD_S - 0.2) / 0.04).astype(int)
    near = (expected >= 0) & (expected <= 11)
    assert (line.ego_row[near] == expected[near]).all()
    assert (line.ego_row[ROAD_S < 0.15] == -1).all()
    assert (line.ego_row[ROAD_S > 0.7] == -1).all()
    assert line.apart_ms[near] == pytest.approx(
        (ROAD_S[near] - 0.2 - 0.04 * expected[near]) * 1e3, abs=1e-6
    )
    assert (line.ego.index[line.ego_row == 3] == -1).all()  # padding
    assert (line.ego.index[line.ego_row == 4] == 4).all()


def test_a_part_at_a_lower_rate():
    options = RenderOptions(start_s=0.2, end_s=0.8, fps=10)
    line = plan_timeline(material(road=clip(ROAD_S)), options)
    assert line.time_s[0] >= 0.2
    assert line.time_s[-1] < 0.8
    assert len(line) == 6
    assert set(line.time_s) <= set(ROAD_S)


def test_a_rate_above_that_of_the_video_takes_all():
    line = plan_timeline(material(road=clip(ROAD_S)), RenderOptions(fps=200))
    assert (line.time_s == ROAD_S).all()


def test_a_part_without_frames_is_told():
    with pytest.raises(InputError, match=r"from 0\.00 s to 0\.96 s"):
        plan_timeline(material(road=clip(ROAD_S)), RenderOptions(start_s=50))


def test_without_road_video_the_steps_are_ego_frames():
    ego_s = np.arange(12) * 0.04
    line = plan_timeline(material(ego_s=ego_s, offset_s=-0.2), RenderOptions())
    assert line.time_s == pytest.approx(ego_s + 0.2)
    assert line.clock == "phone"
    assert line.road is GONE
    assert (line.ego_row == np.arange(12)).all()
    assert np.isnan(line.apart_ms).all()


def test_without_road_and_clocks_time_is_the_tracker_s():
    ego_s = np.arange(12) * 0.04
    line = plan_timeline(material(ego_s=ego_s, driver=clip(ROAD_S)), RenderOptions())
    assert line.time_s == pytest.approx(ego_s)
    assert line.clock == "tracker"
    assert "no place" in line.driver.what


def test_without_clocks_ego_frames_have_no_place_beside_the_road():
    line = plan_timeline(material(road=clip(ROAD_S), ego_s=np.arange(12) * 0.04), RenderOptions())
    assert line.ego is GONE
    assert (line.ego_row == -1).all()


def test_the_driver_video_is_placed_by_its_offset():
    line = plan_timeline(
        material(road=clip(ROAD_S), driver=clip(np.arange(5) / 10)),
        RenderOptions(),
        driver_offset_s=0.3,
    )
    known = line.driver.index >= 0
    assert (np.abs(0.3 + line.driver.index[known] / 10 - ROAD_S[known]) <= 0.1001).all()
    assert not known[ROAD_S < 0.195].any()


def test_nothing_at_all_is_an_error():
    with pytest.raises(InputError, match="There is nothing to show"):
        plan_timeline(material(), RenderOptions())
