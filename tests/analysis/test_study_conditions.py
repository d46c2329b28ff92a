"""Speed bins, stops, turns, sections and traffic, frame by frame."""

import numpy as np
import pytest

from dashgaze.analysis.study.condition_tracks import LIGHTINGS, condition_tracks
from dashgaze.analysis.study.lighting import Lighting
from dashgaze.analysis.study.motion import above, near_changes, smooth
from dashgaze.analysis.study.sections import sections
from dashgaze.analysis.study.session_arrays import YAW_RATE_FACT
from dashgaze.analysis.study.speed_bins import SPEED_BINS, motion_of, speed_bin
from dashgaze.analysis.study.traffic import (
    TRAFFIC,
    near_vehicles,
    traffic_from_boxes,
    traffic_from_marks,
    unknown_traffic,
)
from dashgaze.analysis.study.turns import TURNS, turns_of
from dashgaze.errors import InputError

FPS = 30


def steps(*parts):
    """A track from (value, seconds) pairs, at 30 frames a second."""
    return np.concatenate([np.full(round(seconds * FPS), value) for value, seconds in parts])


def at_speed(made_study, *parts, **changes):
    speed = steps(*parts).astype(np.float64)
    return made_study.plain_session(len(speed), speed_m_s=speed, **changes)


def test_hysteresis_holds_what_was():
    values = np.array([1.2, 0.8, 0.4, 1.2, 1.4, 1.6, 0.8, np.nan, 0.9, 1.1, 1.6])
    assert above(values, 0.5, 1.5, 1.0).tolist() == [1, 1, 0, 0, 0, 1, 1, -1, 0, 0, 1]
    assert above(np.zeros(0), 0.5, 1.5, 1.0).tolist() == []


def test_a_stop_begins_below_half_and_ends_above_one_and_a_half_metres_a_second(made_study):
    session = at_speed(made_study, (5, 5), (0.8, 5), (0.2, 5), (1.2, 5), (5, 5))
    stopped = motion_of(session).stopped
    assert stopped.tolist() == steps((0, 10), (1, 10), (0, 5)).tolist()
    assert motion_of(session).source == "speed"


def test_a_stop_of_less_than_two_seconds_is_none(made_study):
    session = at_speed(made_study, (5, 10), (0, 1.5), (5, 10), (0, 2.5), (5, 10))
    assert np.count_nonzero(motion_of(session).stopped) == round(2.5 * FPS)
    at_the_end = at_speed(made_study, (5, 10), (0, 1.0))
    assert np.count_nonzero(motion_of(at_the_end).stopped) == FPS


def test_around_the_ends_of_a_stop_a_frame_is_neither_standing_nor_driving(made_study):
    session = at_speed(made_study, (5, 10), (0, 10), (5, 10))
    tracks = condition_tracks(session)
    expected = steps((0, 8.5), (-1, 3), (1, 7), (-1, 3), (0, 8.5))
    assert np.abs(tracks.stopped - expected).astype(bool).sum() <= 4
    blind = condition_tracks(at_speed(made_study, (0, 10), (np.nan, 10), (0, 10)))
    assert np.count_nonzero(blind.stopped == 1) == 20 * FPS, "not knowing is no change"


def test_speeds_fall_into_their_bins(made_study):
    km_h = (0, 10, 30, 50, 80)
    session = at_speed(made_study, *[(each / 3.6, 20) for each in km_h])
    bins = speed_bin(session, drop_transitions=False)
    assert bins.tolist() == steps(*[(place, 20) for place in range(5)]).tolist()
    assert len(SPEED_BINS) == 5


def test_three_seconds_around_a_change_belong_to_no_bin(made_study):
    session = at_speed(made_study, (10 / 3.6, 20), (30 / 3.6, 20))
    bins = speed_bin(session)
    around = np.abs(session.time_s - 20) < 1.45
    assert (bins[around] == -1).all()
    assert np.count_nonzero(bins == -1) == pytest.approx(3 * FPS, abs=2)
    assert set(bins[~around & (bins >= 0)]) == {1, 2}


def test_a_speed_that_trembles_about_an_edge_stays_in_its_bin(made_study):
    rng = np.random.default_rng(0)
    speed = (40 + rng.uniform(-0.9, 0.9, 3000)) / 3.6
    speed[0] = 39 / 3.6
    bins = speed_bin(made_study.plain_session(speed_m_s=speed))
    assert set(bins) == {2}


def test_outages_are_missing_and_not_stops(made_study):
    session = at_speed(made_study, (15, 20), (np.nan, 20), (15, 20))
    bins, motion = speed_bin(session), motion_of(session)
    assert bins.tolist() == steps((3, 20), (-1, 20), (3, 20)).tolist()
    assert (motion.stopped == -1).sum() == 20 * FPS
    assert "33%" in motion.note


def test_speeds_that_no_car_has_are_unknown(made_study):
    assert set(speed_bin(at_speed(made_study, (120, 10), (-1, 10)))) == {-1}


def test_without_speed_only_what_moves_is_said(made_study):
    nothing = np.full(3000, np.nan)
    seen = np.full((3000, 2), np.nan)
    seen[:1000] = 500.0
    session = made_study.plain_session(speed_m_s=nothing, vanishing_point_px=seen)
    motion = motion_of(session)
    assert motion.source == "vanishing_point"
    assert set(motion.stopped[:1000]) == {0}
    assert set(motion.stopped[1000:]) == {-1}
    assert "No km/h" in motion.note
    assert set(speed_bin(session)) == {-1}
    blind = motion_of(made_study.plain_session(speed_m_s=nothing))
    assert blind.source == "none"
    assert set(blind.stopped) == {-1}


def test_planted_turns_are_found_under_the_turns_of_the_head(made_study):
    rng = np.random.default_rng(1)
    car = steps((0, 40), (9, 15), (0, 40), (-9, 15), (0, 40)).astype(np.float64)
    looks = np.repeat(rng.normal(0, 10, len(car) // 30 + 1), 30)[: len(car)]  # a look a second
    head = car + np.gradient(smooth(looks, np.arange(len(car)) / FPS, 0.4)) * FPS
    session = made_study.plain_session(len(car), speed_m_s=np.full(len(car), 12.0))
    turns, source = turns_of(session, head)
    assert source == "gyroscope"
    inside = steps((False, 44), (True, 7), (False, 48), (True, 7), (False, 44)).astype(bool)
    planted = np.where(car > 0, TURNS.index("right"), TURNS.index("left"))
    assert np.mean(turns[inside] == planted[inside]) > 0.95
    away = near_changes((car != 0).astype(np.int64), session.time_s, 12) | (car != 0)
    assert np.mean(turns[~away] > 0) < 0.08


def test_turns_are_told_by_vanishing_points_or_not_at_all(made_study):
    offset_deg = steps((0, 40), (3, 10), (0, 40))
    points = np.column_stack([600 + 1000 * np.radians(offset_deg), np.full(len(offset_deg), 300.0)])
    session = made_study.plain_session(len(offset_deg), vanishing_point_px=points)
    turns, source = turns_of(session, None)
    assert source == "vanishing_point"
    assert np.median(turns[(session.time_s > 42) & (session.time_s < 48)]) == 2
    assert set(turns[session.time_s < 38]) == {0}
    assert turns_of(made_study.plain_session(), None)[1] == "none"


def test_a_car_that_stands_does_not_turn(made_study):
    session = at_speed(made_study, (0, 60))
    assert set(turns_of(session, np.full(len(session), 20.0))[0]) == {-1}


def test_sections_are_of_about_equal_length(made_study):
    session = made_study.plain_session(round(200 * FPS))
    assert np.bincount(sections(session)).tolist() == [1800, 1800, 2400]
    longer = made_study.plain_session(round(215 * FPS))
    assert np.bincount(sections(longer)).tolist() == [1800, 1800, 1800, 1050]
    assert set(sections(made_study.plain_session(100))) == {0}
    assert len(sections(made_study.plain_session(0))) == 0


def test_traffic_is_told_by_boxes_with_fixed_thresholds():
    time_s = np.arange(60 * FPS) / FPS
    count = steps((0, 20), (3, 20), (8, 20)).astype(np.float64)
    count[::50] = 30.0  # a detector's slip
    traffic = traffic_from_boxes(count, time_s)
    assert traffic.source == "boxes"
    for at_s, level in ((10, "light"), (30, "medium"), (50, "heavy")):
        assert TRAFFIC[traffic.level[at_s * FPS]] == level
    unseen = np.where(time_s < 30, np.nan, 3.0)
    assert traffic_from_boxes(unseen, time_s).level[0] == -1
    assert traffic_from_boxes(np.full(len(time_s), np.nan), time_s).source == "none"
    with pytest.raises(InputError, match="counts of 3 frames"):
        traffic_from_boxes(np.zeros(3), time_s)


def test_far_vehicles_and_those_in_the_sky_do_not_count():
    top, bottom = np.array([300.0, 395, 400, 10]), np.array([420.0, 400, 418, 60])
    assert near_vehicles(top, bottom, 720).tolist() == [True, False, True, False]


def test_key_presses_hold_until_the_next_one():
    time_s = np.arange(10.0)
    traffic = traffic_from_marks([(6.0, "heavy"), (2.0, "light")], time_s)
    assert traffic.level.tolist() == [-1, -1, 0, 0, 0, 0, 2, 2, 2, 2]
    assert traffic.source == "key presses"
    assert traffic_from_marks([], time_s).cannot_say
    with pytest.raises(InputError, match="no level"):
        traffic_from_marks([(0.0, "jam")], time_s)


def test_nothing_said_of_traffic_is_said():
    traffic = unknown_traffic(5)
    assert traffic.level.tolist() == [-1] * 5
    assert "key presses are not packed" in traffic.cannot_say


def test_tracks_of_a_simulated_session_are_complete(label_study):
    for session in label_study.sessions:
        tracks = condition_tracks(session)
        assert tracks.stopped_source == "speed"
        assert tracks.turning_source == "gyroscope"
        assert tracks.traffic_source == "none"
        assert set(tracks.lighting) == {LIGHTINGS.index(session.lighting)}
        assert np.isin(tracks.speed_bin, range(-1, 5)).all()
        assert np.mean(tracks.speed_bin >= 0) > 0.5
        assert any("traffic" in note for note in tracks.notes)
    assert YAW_RATE_FACT in label_study.sessions[0].facts


def test_tunnels_are_neither_day_nor_night(made_study):
    session = made_study.plain_session()
    light = Lighting(value="day", source="manifest", tunnels_s=((10.0, 20.0),))
    tracks = condition_tracks(session, lighting=light)
    assert set(tracks.lighting[(session.time_s > 11) & (session.time_s < 19)]) == {-1}
    assert set(tracks.lighting[session.time_s < 9]) == {0}
    assert "neither a gyroscope" in " ".join(tracks.notes)


def test_smoothing_keeps_what_is_constant_and_leaves_gaps_open():
    time_s = np.arange(600) / FPS
    values = np.full(600, 3.0)
    values[200:400] = np.nan
    smoothed = smooth(values, time_s, 2.0)
    assert np.allclose(smoothed[np.isfinite(smoothed)], 3.0)
    assert np.isnan(smoothed[230:370]).all()
