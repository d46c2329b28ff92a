"""Bends that the camera can't see, and gaze that follows them."""

from dataclasses import replace

import numpy as np
import pytest

from dashgaze.analysis.contract.study import Study
from dashgaze.analysis.gaze.car_heading import CarHeading, car_heading
from dashgaze.analysis.gaze.following import following_findings
from dashgaze.analysis.gaze.lag_curve import lag_curve
from dashgaze.analysis.gaze.options import GazeOptions
from dashgaze.analysis.gaze.session_following import session_following
from dashgaze.analysis.gaze.shifted_slopes import shifted_slopes
from dashgaze.analysis.gaze.vanishing_point_bias import vanishing_point_bias
from dashgaze.analysis.study.directions import directions, study_directions
from dashgaze.analysis.study.session_arrays import CAR_YAW_RATE_FACT, YAW_RATE_FACT

_FOCAL_PX = 1000.0
_FPS = 30


def _bends(rng, count):
    """Yaw rate of straight stretches and bends of 6 to 14 s in turn, deg/s."""
    rate, at = np.zeros(count), 0
    while at < count:
        at += int(rng.uniform(3, 10) * _FPS)
        length = int(rng.uniform(6, 14) * _FPS)
        bend = rng.choice([-1, 1]) * rng.uniform(4, 12) * np.sin(np.linspace(0, np.pi, length)) ** 2
        rate[at : at + length] = bend[: max(count - at, 0)]
        at += length
    return rate


def _bending(
    made_study,
    *,
    follow,
    seed,
    name="session_001",
    minutes=5,
    turning_picture=False,
    leak=0.0,
    slow_deg=0.0,
    seen=False,
):
    """A car on bends, a head that turns by itself, and gaze that follows the bends of the next 1.5 s.

    `leak` of gaze gets into the head's angle in the car; `slow_deg` is what of gaze moves over ten seconds and more.
    """
    rng = np.random.default_rng(seed)
    count = minutes * 60 * _FPS
    rate = _bends(rng, count)
    heading = np.cumsum(rate) / _FPS
    ahead = np.array([heading[i : i + 45].mean() for i in range(count)]) - heading
    looks = np.repeat(rng.normal(0, 4, count // 10 + 1), 10)[:count]
    slow = np.convolve(rng.normal(0, 1, count), np.hanning(20 * _FPS), mode="same")
    azimuth = follow * ahead + looks + slow_deg * slow / slow.std()
    head = 0.4 * np.convolve(azimuth, np.ones(15) / 15, mode="same")
    travel = ahead if turning_picture else np.zeros(count)
    x = 639.5 + _FOCAL_PX * np.tan(np.radians(azimuth))
    vanishing = 639.5 + _FOCAL_PX * np.tan(np.radians(travel))
    facts = {YAW_RATE_FACT: (rate + np.gradient(head) * _FPS).astype(np.float32)}
    if seen:
        facts[CAR_YAW_RATE_FACT] = (rate + rng.normal(0, 0.3, count)).astype(np.float32)
    return made_study.plain_session(
        count,
        session_id=name,
        driver_id=name.replace("session", "D"),
        gaze_road_px=np.column_stack([x, np.full(count, 359.5) + rng.normal(0, 30, count)]),
        gaze_angle_deg=np.column_stack([(1 + leak) * azimuth - head, np.zeros(count)]),
        vanishing_point_px=np.column_stack([vanishing, np.full(count, 359.5)]),
        facts=facts,
    ), rate


def _followings(made_study, sessions, options=None, **given):
    found = []
    for place in range(sessions):
        session, _ = _bending(made_study, seed=100 + place, name=f"session_{place}", **given)
        found.append(
            session_following(
                session, directions(session), options or GazeOptions(repeats=99), seed=place
            )
        )
    return found


def _mean_and_error(found):
    told = [each.slope.observed for each in found if not each.slope.cannot_say]
    assert len(told) >= 0.7 * len(found)
    return np.mean(told), np.std(told, ddof=1) / np.sqrt(len(told))


def test_the_car_is_told_from_the_head(made_study):
    session, rate = _bending(made_study, follow=0.8, seed=1)
    found = car_heading(session, directions(session))
    inner = slice(60, -60)
    error = found.yaw_rate_deg_s[inner] - rate[inner]
    assert found.source == "gyroscope"
    assert np.std(error) < 0.15 * np.std(rate)


def test_the_road_video_is_asked_first_and_has_no_gaze_in_it(made_study):
    session, rate = _bending(made_study, follow=0.8, seed=1, seen=True, leak=0.5)
    gaze = directions(session)
    found = car_heading(session, gaze)
    assert found.source == "road video"
    assert np.std(found.yaw_rate_deg_s[60:-60] - rate[60:-60]) < 0.1 * np.std(rate)
    elsewhere = replace(gaze, camera_deg=gaze.camera_deg[::-1])
    np.testing.assert_array_equal(
        car_heading(session, elsewhere).yaw_rate_deg_s, found.yaw_rate_deg_s
    )


def test_a_road_video_that_saw_next_to_nothing_leaves_it_to_the_gyroscope(made_study):
    session, _ = _bending(made_study, follow=0.8, seed=1, seen=True)
    seen = session.facts[CAR_YAW_RATE_FACT].copy()
    seen[20 * _FPS :] = np.nan
    blind = replace(session, facts=session.facts | {CAR_YAW_RATE_FACT: seen})
    assert car_heading(blind, directions(blind)).source == "gyroscope"


def test_without_a_gyroscope_there_is_no_heading(made_study):
    session, _ = _bending(made_study, follow=0.8, seed=1)
    assert car_heading(replace(session, facts={}), directions(session)) is None


def test_the_bearing_ahead_is_the_mean_turn_of_the_next_seconds():
    time_s = np.arange(2000) / 20
    found = CarHeading(yaw_rate_deg_s=5 * np.sin(time_s), source="road video")
    # Of the heading −5 cos t the mean from t to t + 1.5 s, less that of t.
    mean = -5 * (np.sin(time_s + 1.5) - np.sin(time_s)) / 1.5
    expected = mean + 5 * np.cos(time_s)
    bearing = found.bearing_ahead_deg(time_s, 1.5)
    np.testing.assert_allclose(bearing[:1960], expected[:1960], atol=0.01)
    assert np.isnan(bearing[-1])


def test_a_bearing_across_a_gap_is_unknown_and_not_bent():
    time_s = np.arange(600) / 10
    rate = np.full(600, 4.0)
    rate[300:330] = np.nan
    bearing = CarHeading(yaw_rate_deg_s=rate, source="road video").bearing_ahead_deg(time_s, 1.5)
    assert np.isnan(bearing[300:325]).all()
    np.testing.assert_allclose(bearing[np.isfinite(bearing)], 4 * 1.5 / 2, rtol=1e-9)


def test_turns_apart_are_not_those_of_the_moment():
    time_s = np.arange(900) / 30
    for at, heard in ((450, False), (450 + 55, False), (450 - 55, False), (450 + 100, True)):
        rate = np.zeros(900)
        rate[at] = 1.0
        apart = CarHeading(yaw_rate_deg_s=rate, source="gyroscope").turns_apart_deg_s(time_s)
        assert (apart[450] > 0) == heard
        np.testing.assert_allclose(np.nansum(apart), 1.0)


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


@pytest.mark.parametrize("seen", [False, True], ids=["gyroscope", "road_video"])
def test_following_is_found_again(made_study, seen):
    found = _followings(made_study, 8, follow=0.8, seen=seen)
    assert {each.source for each in found} == {"road video" if seen else "gyroscope"}
    mean, error = _mean_and_error(found)
    assert mean == pytest.approx(0.8, abs=0.12)
    assert abs(mean - 0.8) < 4 * error
    assert sum((each.slope.test.p or 1) <= 0.05 for each in found) >= 6


def test_the_lead_is_told_by_the_road_video_only(made_study):
    options = GazeOptions(repeats=99)
    found = _followings(made_study, 6, options, follow=0.8, seen=True)
    # The bearing of a point in 1.5 s leads the turns by a third of that.
    assert lag_curve(found, options).lead.value == pytest.approx(0.5, abs=0.2)
    assert lag_curve(_followings(made_study, 6, options, follow=0.8), options) is None


@pytest.mark.parametrize("leak", [-0.3, 0.3])
def test_gaze_that_leaks_into_the_gyroscopes_turns_is_no_following(made_study, leak):
    found = _followings(made_study, 16, follow=0.0, leak=leak, slow_deg=3.0)
    mean, error = _mean_and_error(found)
    assert abs(mean) < 3 * error
    assert error < 0.15
    # Held against the turns of the moment the same gaze seems to follow, or to flee, them.
    naive = []
    for place in range(16):
        session, _ = _bending(
            made_study, seed=100 + place, follow=0.0, leak=leak, slow_deg=3.0, name="s"
        )
        gaze = directions(session)
        bearing = car_heading(session, gaze).bearing_ahead_deg(session.time_s, 1.5)
        both = np.isfinite(bearing)
        naive.append(np.polyfit(bearing[both], gaze.from_reference_deg[both, 0], 1)[0])
    assert abs(np.mean(naive)) > 5 * np.std(naive, ddof=1) / 4


def test_a_leak_does_not_change_a_factor_that_is_there(made_study):
    mean, error = _mean_and_error(_followings(made_study, 16, follow=0.8, leak=0.2))
    assert abs(mean - 0.8) < 3 * error


def test_bends_of_a_second_cannot_be_told_by_the_gyroscope(made_study):
    session, rate = _bending(made_study, follow=0.0, seed=3)
    rng = np.random.default_rng(3)
    jerks = np.repeat(rng.normal(0, 8, len(rate) // 30 + 1), 30)[: len(rate)]
    felt = session.facts[YAW_RATE_FACT] - rate + jerks
    shaken = replace(session, facts={YAW_RATE_FACT: felt.astype(np.float32)})
    found = session_following(shaken, directions(shaken), GazeOptions(repeats=99))
    assert "too short" in found.slope.cannot_say


@pytest.mark.parametrize("seen", [False, True], ids=["gyroscope", "road_video"])
def test_a_straight_road_has_no_bends(made_study, seen):
    session, rate = _bending(made_study, follow=0.0, seed=3, seen=seen)
    facts = {name: value - rate.astype(np.float32) for name, value in session.facts.items()}
    straight = replace(session, facts=facts)
    found = session_following(straight, directions(straight), GazeOptions(repeats=99))
    assert found.slope.cannot_say in (
        "The road has no bends.",
        "The bends are too short, or too few, to be told from the head's turns.",
    )


def test_the_finding_says_what_told_the_turns(made_study):
    for seen, words in ((True, "road camera"), (False, "gyroscope")):
        made = [
            _bending(made_study, follow=0.8, seed=70 + i, name=f"session_{i}", seen=seen)[0]
            for i in range(6)
        ]
        study = Study(title="t", version="1", digest="0", simulated=True, sessions=tuple(made))
        (follow, lead), plots = following_findings(
            study, study_directions(study).by_session, GazeOptions(repeats=99)
        )
        assert words in follow.caveats[0]
        assert follow.estimate.low > 0.4
        assert follow.unproven == ""
        assert (follow.tests[0].repeats == 0) is seen
        assert bool(lead.cannot_say) is not seen
        assert len(plots) == int(seen)


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
