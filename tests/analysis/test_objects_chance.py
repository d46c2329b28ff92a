"""Chance at the same speed and in the same bend, and the ratio to it over sessions."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from dashgaze.analysis.contract.study import Study
from dashgaze.analysis.objects.boxes import ObjectBoxes
from dashgaze.analysis.objects.gaze_on_objects import gaze_on_objects, object_results
from dashgaze.analysis.objects.options import ObjectOptions
from dashgaze.analysis.objects.other_moments import BEND_DEG, other_moments
from dashgaze.analysis.objects.placing import place_boxes
from dashgaze.analysis.objects.ratio_to_chance import heavy_against_light, ratio_to_chance
from dashgaze.analysis.objects.surroundings import surroundings_of
from dashgaze.analysis.statistics.ratio import ObservedExpected, ratio_of_ratios, ratio_of_sums
from dashgaze.analysis.study.directions import directions
from dashgaze.analysis.study.session_arrays import CAR_YAW_RATE_FACT, YAW_RATE_FACT

FPS = 5
MINUTES = 6
COUNT = FPS * 60 * MINUTES
TIME_S = np.arange(COUNT) / FPS


def table(observed, expected, drivers=None):
    names = np.array([f"s{number:02d}" for number in range(len(observed))])
    people = names if drivers is None else np.array(drivers)
    return ObservedExpected(
        session_id=names,
        driver_id=people,
        observed=np.asarray(observed, dtype=np.float64),
        expected=np.asarray(expected, dtype=np.float64),
    )


def waves(seconds):
    """Give a track of 0 and 1 that changes every so many seconds."""
    return (np.floor(TIME_S / seconds).astype(np.int64) % 2).astype(np.float64)


def driven(made_study, number=0, **changes):
    """Give a drive that stands every other 20 s, with gaze that does not know of boxes, and bends every 35 s."""
    rng = np.random.default_rng(number)
    standing = waves(20) == 1
    yaw = 12.0 * (waves(35) - 0.5)
    fixation = np.arange(COUNT) // 2
    looks = int(fixation[-1]) + 1
    gaze = rng.normal(0, 1, (looks, 2))[fixation] * (110, 45) + (640, 380)
    # Standing drivers look aside; moving ones look into the bend.
    gaze[:, 0] += np.where(standing, 300, 8 * yaw)
    return made_study.plain_session(
        COUNT,
        fps=FPS,
        **{
            "session_id": f"session_{number:03d}",
            "driver_id": f"D{number:03d}",
            "gaze_road_px": gaze,
            "gaze_in_view": ((gaze >= 0) & (gaze < (1280, 720))).all(axis=1),
            "fixation_id": fixation,
            "speed_m_s": np.where(standing, 0.0, 10.0),
            "facts": {CAR_YAW_RATE_FACT: np.where(standing, 0.0, yaw).astype(np.float32)},
        }
        | changes,
    )


def boxes_of(session, seed):
    """Give a car ahead: large while the own car stands, and small and aside in bends while it moves."""
    rng = np.random.default_rng(1000 + seed)
    standing = session.speed_m_s < 1
    yaw = 12.0 * (waves(35) - 0.5)
    # Comes and goes in spells of some seconds, whatever the own car does.
    there = np.repeat(rng.random(COUNT // 20 + 1) < 0.6, 20)[:COUNT]
    half = np.where(standing, 150.0, 40.0)
    middle = (
        640
        + np.where(standing, 0.0, 8 * yaw)
        + np.repeat(rng.normal(0, 60, COUNT // 20 + 1), 20)[:COUNT]
    )
    corners = np.column_stack([middle - half, 380 - half, middle + half, 380 + half])[there]
    return ObjectBoxes(
        session_id=session.session_id,
        clock="frame_index",
        moment=np.arange(COUNT, dtype=np.float64),
        picture=np.flatnonzero(there),
        corners_px=np.clip(corners, 0, (1280, 720, 1280, 720)),
        kind=np.full(int(there.sum()), "car"),
        score=np.ones(int(there.sum())),
        track_id=np.zeros(int(there.sum()), dtype=np.int64),
        size_px=(1280, 720),
    )


def hits_of(sessions, **options):
    study = Study(title="made", version="1", digest="0", simulated=True, sessions=tuple(sessions))
    gaze = {each.session_id: directions(each) for each in sessions}
    boxes = {
        each.session_id: place_boxes(boxes_of(each, number), each)
        for number, each in enumerate(sessions)
    }
    chosen = ObjectOptions(boxes=boxes, looks_per_s=5.0, moments=12, **options)
    return study, gaze, chosen


def test_the_ratio_of_sums_and_its_test_never_disagree():
    rng = np.random.default_rng(1)
    for _ in range(60):
        expected = rng.uniform(0.05, 0.3, 12)
        found = ratio_of_sums(table(expected * rng.normal(1.1, 0.2, 12), expected))
        estimate = found.estimate
        assert estimate.low < estimate.value < estimate.high
        assert (found.p < 0.05) == (not estimate.low <= 1 <= estimate.high)


def test_the_test_of_the_ratio_is_a_t_test_of_drivers():
    observed, expected = np.array([0.2, 0.3, 0.25, 0.1, 0.2, 0.4]), np.full(6, 0.2)
    drivers = ["a", "a", "b", "c", "d", "e"]
    found = ratio_of_sums(table(observed, expected, drivers))
    units = np.array([0.05, 0.05, -0.1, 0.0, 0.2])
    assert found.p == pytest.approx(ttest_1samp(units, 0).pvalue)
    assert found.estimate.value == pytest.approx(1 + units.mean() / 0.2)
    assert (found.estimate.sessions, found.estimate.drivers) == (6, 5)


def test_the_ratio_of_sums_covers_a_planted_ratio():
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(400):
        expected = rng.gamma(4, 0.05, 12)
        observed = np.maximum(1.4 * expected + rng.normal(0, 0.03, 12), 0)
        estimate = ratio_of_sums(table(observed, expected)).estimate
        held += estimate.low <= 1.4 <= estimate.high
    assert 0.92 <= held / 400 <= 0.98


def test_few_sessions_are_described_and_nothing_expected_is_refused():
    few = ratio_of_sums(table([0.3, 0.4], [0.2, 0.2]))
    assert few.estimate.value == pytest.approx(1.75)
    assert few.estimate.low is None
    assert few.estimate.descriptive_only
    assert not few.tests
    assert ratio_of_sums(table([0.3] * 6, [0.0] * 6)).cannot_say
    assert ratio_of_sums(table([], [])).cannot_say
    # One session alone has any chance: no ratio is ruled out.
    assert ratio_of_sums(table([0.1] * 6, [0.5, 0, 0, 0, 0, 0])).cannot_say


def test_the_ratio_of_ratios_holds_its_level_and_finds_what_is_planted():
    rng = np.random.default_rng(3)
    called = []
    for factor in (1.0, 1.5):
        p = []
        for _ in range(300):
            light, heavy = rng.gamma(9, 0.01, 12), rng.gamma(9, 0.03, 12)
            first = table(light * rng.normal(1.2, 0.2, 12), light)
            second = table(factor * heavy * rng.normal(1.2, 0.2, 12), heavy)
            p.append(ratio_of_ratios(first, second).p)
        called.append(float(np.mean(np.array(p) < 0.05)))
    assert 0.02 <= called[0] <= 0.085
    assert called[1] > 0.9


def test_sessions_that_have_only_one_of_both_do_not_count():
    first = table([0.2, 0.3, 0.2, 0.3, 0.2, 0.1], [0.2] * 6)
    second = replace(first, session_id=np.array([f"s{number:02d}" for number in range(3, 9)]))
    found = ratio_of_ratios(first, second)
    assert found.estimate.sessions == 3
    assert found.estimate.low is None
    other = replace(first, session_id=np.array(list("abcdef")))
    assert "both" in ratio_of_ratios(first, other).cannot_say


def test_other_moments_are_far_away_and_alike(made_study):
    session = driven(made_study)
    around = surroundings_of(session)
    assert around.unknown == ()
    row = np.arange(0, COUNT, 3)
    found = other_moments(
        row,
        np.full(len(row), -1),
        np.ones(COUNT, dtype=bool),
        session.time_s,
        around,
        draws=16,
        least_apart_s=30.0,
        seed=1,
    )
    assert found.row.shape == found.weight.shape == (16, len(row))
    there = found.row >= 0
    assert there.mean() > 0.9
    own = np.broadcast_to(row, there.shape)[there]
    other = found.row[there]
    assert np.abs(session.time_s[own] - session.time_s[other]).min() >= 30
    assert (around.stopped[own] == around.stopped[other]).all()
    assert np.abs(around.speed_km_h[own] - around.speed_km_h[other]).max() < 8
    assert np.abs(around.bend_deg[own] - around.bend_deg[other]).max() < BEND_DEG


def test_each_moment_has_the_same_say_in_what_is_seen_as_in_chance(made_study):
    # Two spells at one speed, of 60 and of 20 s: looks of the long one have no others but those of the short one.
    speed = np.full(COUNT, np.nan)
    speed[200:500], speed[900:1000] = 10.0, 10.0
    session = driven(made_study, speed_m_s=np.where(np.isnan(speed), 30.0, speed), facts={})
    row = np.arange(COUNT)
    slow = np.flatnonzero(np.isfinite(speed))
    found = other_moments(
        row,
        np.full(COUNT, -1),
        np.ones(COUNT, dtype=bool),
        session.time_s,
        surroundings_of(session),
        draws=200,
        least_apart_s=70.0,
        seed=1,
    )
    of_looks = found.weight.sum(axis=0)
    there = found.row >= 0
    of_pictures = np.bincount(found.row[there], weights=found.weight[there], minlength=COUNT)
    long, short = slow[slow < 500], slow[slow > 500]
    assert of_looks[long].sum() == pytest.approx(of_pictures[long].sum(), rel=0.03)
    assert of_looks[short].sum() == pytest.approx(of_pictures[short].sum(), rel=0.03)
    assert of_looks[long].sum() == pytest.approx(of_looks[short].sum(), rel=0.03)


def test_looks_of_a_fixation_are_moved_together(made_study):
    session = driven(made_study)
    row, fixation = np.arange(COUNT), np.arange(COUNT) // 4
    found = other_moments(
        row,
        fixation,
        np.ones(COUNT, dtype=bool),
        session.time_s,
        surroundings_of(session),
        draws=10,
        least_apart_s=30.0,
        seed=1,
    )
    moved = np.where(found.row >= 0, found.row - row, COUNT).reshape(10, -1, 4)
    whole = (moved < COUNT).all(axis=2)
    assert whole.mean() > 0.8
    assert (moved[whole].std(axis=1) == 0).all()


def test_a_look_without_other_moments_like_its_own_has_no_chance(made_study):
    speed = np.full(COUNT, 10.0)
    speed[600:700] = 40.0
    session = driven(made_study, speed_m_s=speed)
    row = np.arange(COUNT)
    found = other_moments(
        row,
        np.full(COUNT, -1),
        np.ones(COUNT, dtype=bool),
        session.time_s,
        surroundings_of(session),
        draws=10,
        least_apart_s=30.0,
        seed=1,
    )
    # Twenty seconds at this speed, and never again.
    assert (found.row[:, 600:700] < 0).all()
    assert (found.row[:, :500] >= 0).mean() > 0.9


def test_bends_come_from_the_road_video_if_it_tells_them_and_from_the_gyroscope_else(made_study):
    yaw = np.full(COUNT, 6.0, dtype=np.float32)
    moving = {"speed_m_s": np.full(COUNT, 10.0)}
    seen = surroundings_of(driven(made_study, facts={CAR_YAW_RATE_FACT: yaw}, **moving))
    felt = surroundings_of(driven(made_study, facts={YAW_RATE_FACT: yaw}, **moving))
    none = surroundings_of(driven(made_study, facts={}, **moving))
    # A steady turn of 6 deg/s leads 4.5° aside in 1.5 s.
    assert seen.bend_deg[100:-100] == pytest.approx(4.5, rel=0.08)
    assert felt.bend_deg[100:-100] == pytest.approx(4.5, rel=0.01)
    assert [each.bend_source for each in (seen, felt, none)] == ["road video", "gyroscope", "none"]
    assert [each.unknown for each in (seen, felt, none)] == [(), ("bends",), ("bends",)]
    slow = surroundings_of(driven(made_study, facts={}, speed_m_s=np.full(COUNT, np.nan)))
    assert slow.unknown == ("speed", "bends")


def test_drivers_who_look_aside_while_standing_are_at_chance_only_if_speed_is_kept_alike(
    made_study,
):
    sessions = [driven(made_study, number) for number in range(20, 34)]
    alike = ratio_to_chance(object_results(*hits_of(sessions)).sessions)
    assert alike.unknown == ()
    assert alike.comparison.estimate.low < 1 < alike.comparison.estimate.high
    blind = [
        replace(each, speed_m_s=np.full(COUNT, np.nan), facts={}, known=each.known - {"speed_m_s"})
        for each in sessions
    ]
    study, gaze, options = hits_of(sessions)
    study = replace(study, sessions=tuple(blind))
    found = ratio_to_chance(object_results(study, gaze, options).sessions)
    # Large cars stand before those who look aside: fewer hits than by chance, from speed alone.
    assert found.comparison.estimate.high < 1
    assert found.unknown == ("speed", "bends")


def test_findings_are_unproven_only_where_speed_or_bends_are_not_known(made_study):
    sessions = [driven(made_study, number) for number in range(6)]
    study, gaze, options = hits_of(sessions)
    section = gaze_on_objects(study, gaze, options)
    ratios = [each for each in section.findings if ".ratio." in each.key and each.tests]
    assert ratios
    assert all(each.unproven == "" for each in ratios)
    unknown = replace(study, sessions=tuple(replace(each, facts={}) for each in sessions))
    section = gaze_on_objects(unknown, gaze, options)
    ratios = [each for each in section.findings if ".ratio." in each.key and each.tests]
    assert all("road video" in each.unproven for each in ratios)


def test_sessions_of_unknown_bends_are_left_out_where_enough_others_are_known(made_study):
    sessions = [driven(made_study, number) for number in range(7)]
    sessions[6] = replace(sessions[6], facts={})
    found = ratio_to_chance(object_results(*hits_of(sessions)).sessions)
    assert found.unknown == ()
    assert found.comparison.estimate.sessions == 6
    assert any("left out" in each for each in found.comparison.caveats)


def test_looks_weigh_the_same_in_what_is_seen_and_in_chance(made_study):
    each = object_results(*hits_of([driven(made_study)])).sessions[0]
    assert each.chance.of_looks == pytest.approx(each.matched.of_looks)
    assert each.matched.of_looks[0] <= each.counts.of_looks[0] + 1e-6
    assert (each.chance.look_share[:, 0] <= 1).all()
    assert each.log_ratio_error > 0
    assert heavy_against_light((each,)).comparison.cannot_say
