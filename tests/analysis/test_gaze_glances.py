"""Glances off the road, by hand."""

import numpy as np
import pytest

from dashgaze.analysis.contract.study import Study
from dashgaze.analysis.gaze.fixation_list import FixationList, fixation_list
from dashgaze.analysis.gaze.glances import glances, off_road_glances, on_road
from dashgaze.analysis.study.directions import study_directions


def _fixations(rows):
    start, duration, azimuth = np.array(rows, dtype=float).T
    return FixationList(
        direction_deg=np.column_stack([azimuth, np.zeros(len(azimuth))]),
        middle=np.arange(len(azimuth)),
        start_s=start,
        duration_s=duration,
        frame_count=np.ones(len(azimuth), dtype=np.int64),
    )


def test_a_glance_is_its_dwell_and_the_transition_to_it():
    found = off_road_glances(
        _fixations(
            [(0, 1.0, 0), (1.1, 0.5, 40), (1.7, 0.4, 50), (2.2, 1, 0), (3.3, 0.5, 45), (3.9, 1, 0)]
        )
    )
    assert found.start_s == pytest.approx([1.0, 3.2])
    assert found.dwell_s == pytest.approx([1.0, 0.5])
    assert found.glance_s == pytest.approx([1.1, 0.6])
    assert not found.cut.any()


def test_a_gap_ends_a_glance_and_marks_it():
    found = off_road_glances(_fixations([(0, 1, 0), (1.1, 0.5, 40), (3.0, 0.5, 40), (3.6, 1, 0)]))
    assert found.dwell_s == pytest.approx([0.5, 0.5])
    assert found.cut.tolist() == [True, True]


def test_the_road_ahead_is_twenty_degrees_wide_to_each_side():
    points = np.array([[20, 0], [21, 0], [0, -11], [0, 12], [0, 13]])
    assert on_road(points).tolist() == [True, False, False, True, False]


def test_fixations_are_gathered_from_frames(made_study):
    session = made_study.plain_session(
        9, fixation_id=np.array([0, 0, 0, -1, 1, 1, 1, 2, 2]), time_s=np.arange(9) / 10
    )
    gaze = np.column_stack([np.arange(9.0), np.zeros(9)])
    usable = np.arange(9) != 5
    found = fixation_list(session, gaze, usable)
    assert found.direction_deg[:, 0].tolist() == [1.0, 5.0, 7.5]
    assert found.duration_s == pytest.approx([0.3, 0.3, 0.2])
    assert found.frame_count.tolist() == [3, 2, 2]


def test_a_study_whose_glances_are_known(made_study):
    count = 30 * 120
    azimuth = np.zeros(count)
    # Every 10 s one of 2.5 s to the right.
    away = np.arange(count) % 300 >= 225
    azimuth[away] = 40
    x = 639.5 + 1000 * np.tan(np.radians(azimuth))
    session = made_study.plain_session(
        count,
        gaze_road_px=np.column_stack([x, np.full(count, 359.5)]),
        fixation_id=np.cumsum(np.diff(away, prepend=False)),
    )
    study = Study(title="t", version="1", digest="0", simulated=True, sessions=(session,))
    section = glances(study, study_directions(study).by_session)
    values = {each.key: each.estimate.value for each in section.findings}
    assert values["glances.rate"] == pytest.approx(6.0)
    assert values["glances.duration"] == pytest.approx(2.5, abs=0.05)
    assert values["glances.total_time"] == pytest.approx(0.25, abs=0.001)
    assert values["glances.long"] == 1.0
    assert all(each.estimate.descriptive_only for each in section.findings)


def test_without_fixations_nothing_is_said_of_glances(made_study):
    session = made_study.plain_session(9000, known=frozenset({"speed_m_s"}))
    study = Study(title="t", version="1", digest="0", simulated=True, sessions=(session,))
    section = glances(study, study_directions(study).by_session)
    assert all(each.cannot_say for each in section.findings)
