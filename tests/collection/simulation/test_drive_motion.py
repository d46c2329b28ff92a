"""When things happen in a simulated drive, and how far heads turn."""

import itertools

import numpy as np
import pytest

from dashgaze.collection.simulation.car_motion import CarMotion
from dashgaze.collection.simulation.drive_plan import plan_drive
from dashgaze.collection.simulation.head_motion import HeadMotion


def yaw_deg(matrices: np.ndarray) -> np.ndarray:
    return np.degrees(np.arctan2(matrices[:, 0, 2], matrices[:, 2, 2]))


@pytest.mark.parametrize("seed", range(5))
def test_nothing_happens_at_the_same_time(seed):
    plan = plan_drive(seed, start_s=4.0, end_s=64.0, blurs=3)
    spans = sorted((each.start_s, each.end_s) for each in (*plan.glances, *plan.blurs))
    assert (len(plan.glances), len(plan.blurs)) == (2, 3)
    assert spans[0][0] > 4.0
    assert spans[-1][1] < 64.0
    assert all(before[1] < after[0] for before, after in itertools.pairwise(spans))


@pytest.mark.parametrize("seed", range(5))
def test_the_head_turns_smoothly_and_glances(seed):
    plan = plan_drive(seed, start_s=0.0, end_s=60.0, blurs=1)
    time_s = np.arange(0, 60, 0.01)
    yaw = yaw_deg(HeadMotion(seed, plan.glances).car_from_head(time_s))
    glancing = np.zeros(len(time_s), dtype=bool)
    for glance in plan.glances:
        inside = (time_s >= glance.start_s) & (time_s <= glance.end_s)
        furthest = np.abs(yaw[inside]).max()
        assert 15 < furthest < 45
        assert 25 <= abs(glance.yaw_deg) <= 35
        glancing |= inside
    assert 2 < np.abs(yaw[~glancing]).max() < 8.1
    assert np.abs(np.diff(yaw)).max() / 0.01 < 250  # degrees per second


def test_yaw_is_to_the_right_and_pitch_is_up():
    plan = plan_drive(0, start_s=0.0, end_s=60.0, blurs=0)
    glance = plan.glances[0]
    middle_s = np.array([(glance.start_s + glance.end_s) / 2])
    forward = HeadMotion(0, plan.glances).car_from_head(middle_s)[0] @ [0, 0, 1]
    rest = HeadMotion(0, ()).car_from_head(middle_s)[0] @ [0, 0, 1]
    turned_deg = np.degrees(np.arctan2(forward[0], forward[2]) - np.arctan2(rest[0], rest[2]))
    raised_deg = np.degrees(np.arcsin(rest[1]) - np.arcsin(forward[1]))
    assert turned_deg == pytest.approx(glance.yaw_deg, abs=0.5)
    assert raised_deg == pytest.approx(glance.pitch_deg, abs=0.5)


def test_the_car_stays_within_the_landscape():
    heading = yaw_deg(CarMotion(7).world_from_car(np.arange(0, 600, 0.1)))
    # half the road camera's field of view, its mount, and what the landscape shows
    assert np.abs(heading).max() + 30 + 2 < 64
    assert np.ptp(heading) > 15
