"""Bends that the camera can't see, and gaze that follows them."""

from dataclasses import replace

import numpy as np
import pytest

from dashgaze.analysis.contract.study import Study
from dashgaze.analysis.gaze.car_heading import car_heading
from dashgaze.analysis.gaze.following import lag_curve, session_following
from dashgaze.analysis.gaze.options import GazeOptions
from dashgaze.analysis.gaze.shifted_slopes import shifted_slopes
from dashgaze.analysis.gaze.vanishing_point_bias import vanishing_point_bias
from dashgaze.analysis.study.directions import directions, study_directions
from dashgaze.analysis.study.session_arrays import YAW_RATE_FACT

_FOCAL_PX = 1000.0
_FPS = 30


def _bending(made_study, *, follow, seed, name="session_001", minutes=5, turning_picture=False):
    """A car on bends, a head that turns by itself, and gaze that follows the bends of the next 1.5 s."""
    rng = np.random.default_rng(seed)
    count = minutes * 60 * _FPS
    time_s = np.arange(count) / _FPS
    rate = sum(
        rng.normal(0, 3) * np.sin(2 * np.pi * time_s / period + rng.uniform(0, 6))
        for period in (7.0, 11.0, 17.0, 29.0)
    )
    heading = np.cumsum(rate) / _FPS
    ahead = np.array([heading[i : i + 45].mean() for i in range(count)]) - heading
    looks = np.repeat(rng.normal(0, 4, count // 10 + 1), 10)[:count]
    azimuth = follow * ahead + looks
    head = 0.4 * np.convolve(azimuth, np.ones(15) / 15, mode="same")
    travel = ahead if turning_picture else np.zeros(count)
    x = 639.5 + _FOCAL_PX * np.tan(np.radians(azimuth))
    vanishing = 639.5 + _FOCAL_PX * np.tan(np.radians(travel))
    return made_study.plain_session(
        count,
        session_id=name,
        driver_id=name.replace("session", "D"),
        gaze_road_px=np.column_stack([x, np.full(count, 359.5) + rng.normal(0, 30, count)]),
        gaze_angle_deg=np.column_stack([azimuth - head, np.zeros(count)]),
        vanishing_point_px=np.column_stack([vanishing, np.full(count, 359.5)]),
        facts={YAW_RATE_FACT: (rate + np.gradient(head) * _FPS).astype(np.float32)},
    ), rate


def test_the_car_is_told_from_the_head(made_study):
    session, rate = _bending(made_study, follow=0.8, seed=1)
    found = car_heading(session, directions(session))
    inner = slice(60, -60)
    error = found.yaw_rate_deg_s[inner] - rate[inner]
    assert np.std(error) < 0.15 * np.std(rate)


def test_without_a_gyroscope_there_is_no_heading(made_study):
    session, _ = _bending(made_study, follow=0.8, seed=1)
    assert car_heading(replace(session, facts={}), directions(session)) is None


def test_slopes_at_all_shifts_are_those_of_regressions_one_by_one():
    rng = np.random.default_rng(5)
    x = rng.normal(size=120)
    y = 2 * np.roll(x, -7) + 0.1 * rng.normal(size=120)
    x[10:15], y[40:50] = np.nan, np.nan
    found = shifted_slopes(y, x)
    assert int(np.nanargmax(found.correlation)) == 7
    for shift in (0, 7, 60):
        moved = np.roll(x, -shift)
        both = np.isfinite(moved) & np.isfinite(y)
        assert found.count[shift] == both.sum()
        assert found.slope[shift] == pytest.approx(np.polyfit(moved[both], y[both], 1)[0])
        assert found.correlation[shift] == pytest.approx(np.corrcoef(moved[both], y[both])[0, 1])


def test_following_and_its_lead_are_found_again(made_study):
    options = GazeOptions(repeats=99)
    found = []
    for place in range(6):
        session, _ = _bending(made_study, follow=0.8, seed=10 + place, name=f"session_{place}")
        found.append(session_following(session, directions(session), options, seed=place))
    factors = [each.slope.observed for each in found]
    assert np.mean(factors) == pytest.approx(0.8, abs=0.08)
    assert all(each.slope.test.p <= 0.02 for each in found)
    # The bearing of a point in 1.5 s leads the turns by a third of that.
    assert lag_curve(found, options).lead.value == pytest.approx(0.5, abs=0.2)


def test_gaze_that_does_not_follow_is_not_found_to(made_study):
    found = []
    for place in range(6):
        session, _ = _bending(made_study, follow=0.0, seed=30 + place, name=f"session_{place}")
        found.append(session_following(session, directions(session), GazeOptions(), seed=place))
    factors = np.array([each.slope.observed for each in found])
    assert abs(factors.mean()) < 3 * factors.std(ddof=1) / np.sqrt(6)


def test_a_vanishing_point_that_moves_is_held_against_other_moments(made_study):
    made = [
        _bending(made_study, follow=1.0, seed=50 + i, name=f"session_{i}", turning_picture=True)[0]
        for i in range(6)
    ]
    study = Study(title="t", version="1", digest="0", simulated=True, sessions=tuple(made))
    section = vanishing_point_bias(
        study, study_directions(study).by_session, GazeOptions(repeats=99)
    )
    found = {each.key: each for each in section.findings}["vanishing_point.goes_with_it"]
    assert found.cannot_say == ""
    assert found.estimate.high < 0
    assert found.tests[1].p <= 0.02


def test_what_cannot_be_said_is_said(made_study):
    session = made_study.plain_session(9000)
    study = Study(title="t", version="1", digest="0", simulated=True, sessions=(session,))
    section = vanishing_point_bias(study, study_directions(study).by_session)
    assert all(each.cannot_say for each in section.findings)
    assert section.plots == ()
    section.to_json()
