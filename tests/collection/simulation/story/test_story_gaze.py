"""Where the driver looks: fixations, saccades, blinks, and the head that follows."""

import numpy as np
import pytest

from dashgaze.collection.simulation.story import Conditions, Story, plan_story
from dashgaze.collection.simulation.story.car_layout import CAR_TARGETS_M, EYES_M
from dashgaze.collection.simulation.story.feeling import specific_force_g, turning_deg_s
from dashgaze.collection.simulation.story.fixation_plan import angles_deg, direction
from dashgaze.collection.simulation.story.gaze_track import SACCADE_S, SACCADE_S_PER_DEG
from dashgaze.collection.simulation.story.glances import IN_CAR, TARGET_KINDS
from dashgaze.collection.simulation.story.head_track import FASTEST_DEG_S

STEP_S = 1e-3
PEAK = 1.875
"""Of a minimum-jerk movement: its fastest moment over its mean speed."""


def rays(story: Story, times: np.ndarray) -> np.ndarray:
    found = story.gaze_point_world_m(times) - story.world_from_car(times).apply(EYES_M)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def speed_deg_s(story: Story, times: np.ndarray) -> np.ndarray:
    seen = rays(story, times)
    across = np.linalg.norm(np.cross(seen[1:], seen[:-1]), axis=1)
    return np.degrees(np.arcsin(across)) / np.diff(times)


@pytest.fixture(scope="module")
def fixation_s(story) -> np.ndarray:
    return np.diff(story.gaze.plan.start_s) - story.gaze.saccade_s


def test_fixations_last_as_long_as_peoples(fixation_s):
    assert 0.2 < np.median(fixation_s) < 0.4
    assert fixation_s.min() > 0.02
    assert fixation_s.max() < 1.7
    assert np.log(fixation_s).std() == pytest.approx(0.5, abs=0.15)


def test_saccades_follow_the_main_sequence(story):
    gaze = story.gaze
    wanted = SACCADE_S + SACCADE_S_PER_DEG * gaze.amplitude_deg
    assert (gaze.saccade_s <= wanted + 1e-12).all()
    assert (gaze.saccade_s < wanted - 1e-9).mean() < 0.01  # cut short by a short span
    assert 2 < np.median(gaze.amplitude_deg) < 12


def test_gaze_never_jumps(story):
    times = np.arange(20, 80, STEP_S)
    speed = speed_deg_s(story, times)
    number = story.gaze.span(times[:-1])
    moving = story.gaze.in_saccade(times[:-1]) | story.gaze.in_saccade(times[1:])
    fastest = PEAK * story.gaze.amplitude_deg[number] / story.gaze.saccade_s[number]
    # targets themselves move, and a fixation may end within the millisecond
    after = np.minimum(number + 1, len(story.gaze.saccade_s) - 1)
    next_fastest = PEAK * story.gaze.amplitude_deg[after] / story.gaze.saccade_s[after]
    allowed = np.where(moving, np.maximum(fastest, next_fastest) * 1.1, 0.0) + 60.0
    assert (speed <= allowed).all()
    assert np.quantile(speed[~moving], 0.99) < 25


def test_a_fixated_point_stands_still_in_the_world(story):
    plan = story.gaze.plan
    for number in np.flatnonzero(plan.kind == 0)[50:60]:
        inner = np.linspace(
            plan.start_s[number] + story.gaze.saccade_s[number] + 1e-6,
            plan.start_s[number + 1] - 1e-6,
            5,
        )
        points = story.gaze_point_world_m(inner)
        np.testing.assert_allclose(points, np.broadcast_to(points[0], points.shape), atol=1e-9)
        assert points[0, 1] <= 1e-9  # never under the ground
        assert (story.fixation_id(inner) == number).all()


def test_a_looked_at_road_user_is_pursued(story):
    plan = story.gaze.plan
    found = np.flatnonzero(plan.track_id >= 0)
    assert len(found) > 20
    for number in found[::5]:
        actor = story.actors[plan.track_id[number]]
        assert (actor.kind == "pedestrian") == (TARGET_KINDS[plan.kind[number]] == "pedestrian")
        inner = np.linspace(
            plan.start_s[number] + story.gaze.saccade_s[number], plan.start_s[number + 1] - 1e-6, 4
        )
        assert actor.present(inner).all()
        own = actor.world_from_actor(inner).inverse().apply(story.gaze_point_world_m(inner))
        np.testing.assert_allclose(own, np.broadcast_to(own[0], own.shape), atol=1e-6)
        width, height, length = actor.size_m
        assert (np.abs(own[0]) <= [width / 2, height, length / 2 + 1e-6]).all()
        kind, track = story.target(inner)
        assert set(track.tolist()) == {actor.track_id}
        assert set(kind.tolist()) == {plan.kind[number]}


def test_mirrors_and_instruments_are_where_they_are(story):
    plan = story.gaze.plan
    for kind in IN_CAR:
        for number in np.flatnonzero(plan.kind == kind):
            inner = np.array([plan.start_s[number + 1] - 1e-3])
            seen = story.world_from_car(inner).inverse().apply(story.gaze_point_world_m(inner))[0]
            assert np.linalg.norm(seen - CAR_TARGETS_M[TARGET_KINDS[kind]]) < 0.15


def test_all_targets_are_before_the_driver(story):
    times = np.arange(0, story.seconds, 0.02)
    seen = story.world_from_car(times).inverse().apply(story.gaze_point_world_m(times))
    assert (seen[:, 2] > EYES_M[2] + 0.3).all()


def test_shares_of_targets():
    kinds = np.concatenate(
        [plan_story(seed, Conditions(traffic="medium"), 300.0).gaze.plan.kind for seed in range(4)]
    )
    share = {kind: (kinds == place).mean() for place, kind in enumerate(TARGET_KINDS)}
    assert 0.65 < share["road"] < 0.88
    assert share["vehicle"] + share["pedestrian"] == pytest.approx(0.10, abs=0.04)
    mirrors = sum(share[f"mirror_{side}"] for side in ("left", "inner", "right"))
    assert 0.03 < mirrors < 0.12
    assert 0.01 < share["instruments"] < 0.06
    assert 0.01 < share["side"] < 0.08


def test_the_head_turns_to_mirrors(story):
    plan = story.gaze.plan
    yaw = {}
    for kind in ("mirror_left", "mirror_right"):
        numbers = np.flatnonzero(plan.kind == TARGET_KINDS.index(kind))
        ends = plan.start_s[numbers + 1] + 0.15
        yaw[kind] = story.head.angles_deg(ends)[:, 0]
    assert np.median(yaw["mirror_left"]) < -20
    assert np.median(yaw["mirror_right"]) > 13
    assert min(each.min() for each in yaw.values()) > -50


def test_the_head_is_never_faster_than_said(story):
    times = np.arange(0, story.seconds, 0.01)
    turning = turning_deg_s(story.car_from_ego, times)
    assert np.linalg.norm(turning, axis=1).max() < FASTEST_DEG_S
    angles = story.head.angles_deg(times)
    assert np.abs(angles[:, 0]).max() < 50
    assert np.abs(angles[:, 1]).max() < 20
    assert np.abs(angles[:, 2]).max() < 8


def test_the_head_moves_smoothly(story):
    fine = np.arange(40, 70, 1e-3)
    gyro = turning_deg_s(story.world_from_ego, fine)
    accel = specific_force_g(story.world_from_ego, fine)
    assert np.abs(np.diff(gyro, axis=0)).max() < 1.5
    assert np.abs(np.diff(accel, axis=0)).max() < 0.12
    assert accel.mean(axis=0) == pytest.approx([0, -1, 0], abs=0.15)


def test_the_scene_camera_is_beside_the_eyes(story):
    times = np.arange(0, story.seconds, 0.5)
    place = story.car_from_ego(times).origin_m
    assert (np.linalg.norm(place - EYES_M, axis=1) < 0.17).all()
    assert np.linalg.norm(place.mean(axis=0) - EYES_M) < 0.08


def test_blinks_come_as_often_and_as_long_as_peoples():
    stories = [plan_story(seed, Conditions(), 120.0).blinks for seed in range(8)]
    rates = [((each.start_s > 0) & (each.start_s < 120)).sum() / 2 for each in stories]
    assert 13 < np.mean(rates) < 22
    durations = np.concatenate([each.end_s - each.start_s for each in stories])
    assert durations.min() >= 0.1 - 1e-9
    assert durations.max() <= 0.3 + 1e-9


def test_lids_close_and_open_smoothly(story):
    times = np.arange(0, story.seconds, 0.001)
    openness, blink = story.eyelid_openness(times), story.blink(times)
    assert openness.min() == pytest.approx(0, abs=1e-3)
    assert (openness[~blink] == 1).all()
    assert np.abs(np.diff(openness)).max() < 0.08
    assert 0.02 < blink.mean() < 0.1
    ids = story.blinks.blink_id(times)
    assert ((ids >= 0) == blink).all()


def test_angles_and_directions_are_inverse():
    azimuth, elevation = np.meshgrid(np.linspace(-170, 170, 9), np.linspace(-80, 80, 9))
    found = angles_deg(direction(azimuth.ravel(), elevation.ravel()) * 7)
    np.testing.assert_allclose(found, [azimuth.ravel(), elevation.ravel()], atol=1e-10)


def test_a_story_is_the_same_for_the_same_seed():
    first, again = (plan_story(3, Conditions(), 60.0) for _ in range(2))
    times = np.arange(0, 60, 0.01)
    np.testing.assert_array_equal(first.gaze_point_world_m(times), again.gaze_point_world_m(times))
    np.testing.assert_array_equal(
        first.world_from_ego(times).rotation, again.world_from_ego(times).rotation
    )
    other = plan_story(4, Conditions(), 60.0)
    assert np.abs(first.gaze_point_world_m(times) - other.gaze_point_world_m(times)).max() > 1


def test_asking_for_few_times_gives_the_same_as_for_many(story):
    times = np.arange(50, 60, 0.005)
    every = story.gaze_point_world_m(times)
    some = story.gaze_point_world_m(times[::7])
    np.testing.assert_allclose(some, every[::7], rtol=0, atol=1e-9)


@pytest.mark.parametrize("seconds", [0.5, 5.0])
def test_a_short_story_can_be_told(seconds):
    story = plan_story(1, Conditions(), seconds)
    times = np.linspace(-2, seconds + 2, 50)
    assert np.isfinite(story.gaze_point_world_m(times)).all()
    assert np.isfinite(story.world_from_ego(times).origin_m).all()
