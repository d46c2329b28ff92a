"""Which pairs of frames a survey looks at."""

from pathlib import Path

import numpy as np

from dashgaze.alignment.frame_pairs import PairPlan
from dashgaze.alignment.survey import _rows, _since_keyframe
from dashgaze.media import FrameTimes


def times(count: int, keyframes: list[int]) -> FrameTimes:
    keyframe = np.zeros(count, dtype=bool)
    keyframe[keyframes] = True
    return FrameTimes(
        path=Path("made.mp4"), time_s=np.arange(count) / 30, keyframe=keyframe,
        pts=np.arange(count), time_base=(1, 30), duplicate_count=0, missing_pts_count=0,
        truncated=False,
    )  # fmt: skip


def plan(count: int, ego_keys: list[int], road_keys: list[int]) -> PairPlan:
    index = np.arange(count)
    return PairPlan(
        ego_path=Path("ego.mp4"), road_path=Path("road.mp4"), ego_times=times(count, ego_keys),
        road_times=times(count, road_keys), ego_index=index, road_index=index.copy(),
        time_s=index / 30, turn_rad=np.zeros((count, 3)), gaze_px=np.full((count, 2), np.nan),
    )  # fmt: skip


def test_frames_since_the_last_keyframe_are_counted() -> None:
    keyframe = np.array([False, False, True, False, False, True, False])
    index = np.array([-1, 0, 1, 2, 4, 5, 6])
    assert _since_keyframe(keyframe, index).tolist() == [0, 0, 1, 0, 2, 0, 1]


def test_looks_are_all_over_the_drive_where_little_has_to_be_decoded() -> None:
    count = 48 * 30
    rows = _rows(plan(count, list(range(0, count, 30)), list(range(4, count, 30))))
    assert len(rows) == 10
    assert [row * 10 // count for row in rows] == list(range(10))
    # a road frame after its keyframe costs three there, and the ego frame six; at an ego keyframe it is 29
    assert {row % 30 for row in rows[1:]} == {5}
    assert rows[0] == 0


def test_of_equally_cheap_frames_those_in_the_middle_are_looked_at() -> None:
    every = list(range(300))
    rows = _rows(plan(300, every, every))
    assert [row % 30 for row in rows] == [14] * 10


def test_frames_without_a_partner_are_not_looked_at() -> None:
    made = plan(300, [0], [0])
    made.road_index[:290] = -1
    assert _rows(made) == list(range(290, 300))
    made.road_index[:] = -1
    assert _rows(made) == []
