"""How near the thing is that was looked at."""

import numpy as np
import pytest

from dashgaze.alignment.far_turns import FarTurns
from dashgaze.alignment.gaze_nearness import (
    FURTHEST,
    GAZE_ERROR_DEG,
    PROFILE_WEIGHT,
    nearness_at,
)
from dashgaze.alignment.match_samples import MatchRays
from dashgaze.alignment.nearness_profile import NearnessProfile

FAR = 0.01


def profile(variance: float = 1e-6) -> NearnessProfile:
    return NearnessProfile(
        origin=np.array([-0.6, -0.35]), cell=0.0175, mean=np.full((41, 70), FAR),
        variance=np.full((41, 70), variance),
    )  # fmt: skip


def seen(places: list[np.ndarray], nearness: list[np.ndarray], known: list[bool]) -> FarTurns:
    count = [len(each) for each in places]
    n, m = sum(count), len(places)
    matches = MatchRays(
        rows=np.arange(m), first=np.concatenate([[0], np.cumsum(count)]), noise_scale=np.ones(n),
        ego_rays=np.zeros((n, 2)), road_offset_px=np.zeros((n, 2)),
    )  # fmt: skip
    return FarTurns(
        matches=matches, turns=np.tile(np.eye(3), (m, 1, 1)), known=np.array(known),
        covariance_rad2=np.zeros((m, 3, 3)), far_rays=np.concatenate(places),
        nearness=np.concatenate(nearness), variance=np.full(n, 1e-7),
        consistent=np.ones(n, dtype=bool),
    )  # fmt: skip


def cloud(x: float, count: int = 80) -> np.ndarray:
    return np.array([x, 0.0]) + np.random.default_rng(0).uniform(-0.02, 0.02, (count, 2))


def test_a_near_thing_is_seen_where_it_is() -> None:
    # a pedestrian on the left, in front of a street that is all at one distance
    places = np.concatenate([cloud(-0.3), cloud(0.3)])
    nearness = np.concatenate([np.full(80, 0.08), np.full(80, FAR)])
    turns = seen([places] * 5, [nearness] * 5, [True] * 5)
    points = np.array([[-0.3, 0.0], [0.3, 0.0], [0.0, 0.3], [np.nan, 0], [-0.3, 0]])
    found = nearness_at(points, turns, profile())
    assert found.nearness[:2] == pytest.approx([0.06, FAR], abs=0.006)
    # nothing is matched there: what is usual
    assert found.nearness[2] == pytest.approx(FAR, rel=0.02)
    assert np.sqrt(found.variance[2]) == pytest.approx(1e-3, rel=0.1)
    assert np.isnan(found.nearness[3])
    assert np.isnan(found.variance[3])


def test_near_and_far_things_side_by_side_make_it_uncertain() -> None:
    both = np.concatenate([cloud(0.0), cloud(0.0)])
    nearness = np.concatenate([np.full(80, 0.08), np.full(80, FAR)])
    turns = seen([both], [nearness], [True])
    found = nearness_at(np.zeros((1, 2)), turns, profile())
    assert FAR < found.nearness[0] < 0.045
    assert 0.02 < np.sqrt(found.variance[0]) < 0.036
    # and either is possible
    assert found.nearness[0] - 2 * np.sqrt(found.variance[0]) < FAR
    assert found.nearness[0] + 2.45 * np.sqrt(found.variance[0]) > 0.08


def test_frames_of_unknown_turn_have_no_say() -> None:
    turns = seen([cloud(0.0)] * 2, [np.full(80, 0.08)] * 2, [False, False])
    found = nearness_at(np.zeros((2, 2)), turns, profile())
    assert found.nearness == pytest.approx(FAR, rel=0.02)


def test_matches_of_frames_around_count_less_the_further_they_are() -> None:
    near, none = np.full(80, 0.08), np.zeros(0)
    at = nearness_at(
        np.zeros((9, 2)),
        seen([cloud(0.0)] + [np.zeros((0, 2))] * 8, [near] + [none] * 8, [True] * 9),
        profile(),
    ).nearness
    assert (np.diff(at[:7]) < 0).all()
    assert at[7:] == pytest.approx(FAR, rel=0.02)
    share = (at[0] - FAR) / 0.07
    assert share < 80 / (80 + PROFILE_WEIGHT)


def test_where_nearness_changes_the_eye_tracker_s_error_counts() -> None:
    sloping = profile()
    rows = sloping.origin[1] + sloping.cell * np.arange(41)
    object.__setattr__(sloping, "mean", np.tile(0.2 + 0.5 * rows[:, None], (1, 70)))
    turns = seen([np.zeros((0, 2))], [np.zeros(0)], [True])
    found = nearness_at(np.zeros((1, 2)), turns, sloping)
    assert found.nearness[0] == pytest.approx(0.2, rel=0.02)
    assert np.sqrt(found.variance[0]) == pytest.approx(0.5 * np.radians(GAZE_ERROR_DEG), rel=0.05)


def test_where_little_is_known_things_are_rather_far_away() -> None:
    nothing = seen([np.zeros((0, 2))], [np.zeros(0)], [True])
    sure, unsure = (
        nearness_at(np.zeros((1, 2)), nothing, profile(deviation**2)) for deviation in (1e-4, 0.02)
    )
    assert sure.nearness[0] == pytest.approx(FAR, rel=0.01)
    assert FURTHEST < unsure.nearness[0] < 1.2 * FAR
    # a far point of a drive in which everything is at infinity stays there
    sky = profile()
    object.__setattr__(sky, "mean", np.zeros((41, 70)))
    assert nearness_at(np.zeros((1, 2)), nothing, sky).nearness[0] < 1.2 * FURTHEST
