"""Other road users: nobody drives through the own car, nor through each other."""

import itertools

import numpy as np
import pytest

from dashgaze.collection.simulation.story import ACTOR_KINDS, Conditions, Story, plan_story
from dashgaze.collection.simulation.story.actor import SIZES_M
from dashgaze.collection.simulation.story.car_layout import CAR_SIZE_M
from dashgaze.collection.simulation.story.motions import Ahead, Behind, Crossing, Oncoming, Walking


def extent_m(size_m: tuple[float, float, float], turn_rad: np.ndarray) -> tuple:
    """Half widths along and across the road."""
    width, _, length = size_m
    along = np.abs(np.cos(turn_rad)) * length + np.abs(np.sin(turn_rad)) * width
    across = np.abs(np.sin(turn_rad)) * length + np.abs(np.cos(turn_rad)) * width
    return along / 2, across / 2


def own_gap_m(story: Story, actor, times: np.ndarray) -> np.ndarray:
    place = actor.along(times)
    along_m, across_m = extent_m(actor.size_m, place.turn_rad)
    ahead = np.abs(place.distance_m - story.ride.distance_m(times)) - along_m - CAR_SIZE_M[2] / 2
    beside = np.abs(place.lateral_m - story.ride.lateral_m(times)) - across_m - CAR_SIZE_M[0] / 2
    return np.maximum(ahead, beside)


@pytest.mark.parametrize("traffic", ["light", "medium", "heavy"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nobody_touches_the_own_car(seed, traffic):
    story = plan_story(seed, Conditions(traffic=traffic), 300.0)
    times = np.arange(0, 300, 0.1)
    for actor in story.actors:
        here = times[actor.present(times)]
        if len(here):
            assert own_gap_m(story, actor, here).min() > 0.3, actor.motion


@pytest.mark.parametrize("seed", [4, 5])
def test_vehicles_do_not_drive_through_each_other(seed):
    story = plan_story(seed, Conditions(traffic="heavy"), 300.0)
    times = np.arange(0, 300, 0.25)
    flowing = [a for a in story.actors if isinstance(a.motion, (Ahead, Behind, Oncoming, Crossing))]
    for first, second in itertools.combinations(flowing, 2):
        here = times[first.present(times) & second.present(times)]
        if not len(here):
            continue
        one, two = first.along(here), second.along(here)
        halves = [extent_m(a.size_m, p.turn_rad) for a, p in ((first, one), (second, two))]
        ahead = np.abs(one.distance_m - two.distance_m) - halves[0][0] - halves[1][0]
        beside = np.abs(one.lateral_m - two.lateral_m) - halves[0][1] - halves[1][1]
        assert np.maximum(ahead, beside).min() > 0, (first.motion, second.motion)


def test_who_is_ahead_stands_when_the_own_car_does(story):
    leads = [actor for actor in story.actors if isinstance(actor.motion, Ahead)]
    assert leads
    times = np.arange(0, story.seconds, 0.5)
    for actor in leads:
        motion = actor.motion
        followed = actor.present(times) & (motion.platoon.extra_s(times) < 0.05)
        standing = followed & (story.ride.speed_m_s(times) < 0.05)
        gap = actor.along(times).distance_m - story.ride.distance_m(times)
        assert gap[followed].min(initial=99) >= motion.gap_m - 0.01
        assert gap[standing].max(initial=0) < motion.gap_m + 12
        assert actor.braking(times)[standing].mean() > 0.3 or standing.sum() < 10


def test_traffic_says_how_many_there_are():
    counts = {}
    for traffic in ("light", "medium", "heavy"):
        stories = [plan_story(seed, Conditions(traffic=traffic), 240.0) for seed in range(3)]
        moving = [
            actor
            for each in stories
            for actor in each.actors
            if isinstance(actor.motion, Oncoming | Ahead)
        ]
        counts[traffic] = len(moving)
    assert counts["light"] < counts["medium"] < counts["heavy"]


def test_actors_are_numbered_sized_and_of_known_kinds(story):
    assert [actor.track_id for actor in story.actors] == list(range(len(story.actors)))
    assert {actor.kind for actor in story.actors} == set(ACTOR_KINDS)
    for actor in story.actors:
        assert np.array(actor.size_m) / SIZES_M[actor.kind] == pytest.approx(1, abs=0.1)
        assert len(actor.corners_m()) == 8
    assert len({actor.look_seed for actor in story.actors}) > 0.99 * len(story.actors)


def test_they_stand_on_the_ground_and_face_their_way(story):
    for actor in story.actors[:: max(len(story.actors) // 60, 1)]:
        middle = np.array([(actor.start_s + actor.end_s) / 2])
        pose = actor.world_from_actor(middle)
        assert pose.origin_m[0, 1] == 0
        step = actor.world_from_actor(middle + 0.01).origin_m - pose.origin_m
        if np.linalg.norm(step) > 1e-3:
            assert (pose.turn([0, 0, 1])[0] @ step[0]) / np.linalg.norm(step) > 0.99


def test_they_come_in_sight_far_ahead_and_leave_behind(story):
    for actor in story.actors:
        if isinstance(actor.motion, (Oncoming, Walking)) and actor.start_s > 1:
            away = actor.along([actor.start_s]).distance_m - story.ride.distance_m([actor.start_s])
            assert 280 < away[0] < 360 or -85 < away[0] < -70
    assert not story.actors[0].present([-1e3, 1e6]).any()


def test_actors_near_are_sorted_from_far_to_near(story):
    for time_s in (10.0, 100.0, 200.0):
        near = story.actors_near(time_s, ahead_m=120.0, behind_m=10.0)
        away = [a.along([time_s]).distance_m[0] - story.ride.distance_m([time_s])[0] for a in near]
        assert away == sorted(away, reverse=True)
        assert all(-10 <= each <= 120 for each in away)
        assert near


def test_people_cross_from_kerb_to_kerb():
    story = plan_story(5, Conditions(traffic="medium"), 600.0)
    crossing = [a for a in story.actors if isinstance(a.motion, Crossing)]
    assert len(crossing) >= 2
    for actor in crossing:
        motion = actor.motion
        ends = actor.along([motion.start_s - 1, motion.start_s + motion.duration_s + 1]).lateral_m
        assert ends == pytest.approx([motion.from_m, motion.to_m])
        assert abs(ends[0]) > story.route.kerb_m
        walked = np.abs(np.diff(actor.along(np.arange(0, 600, 0.05)).lateral_m)) / 0.05
        assert walked.max() < 2.8


def test_paths_have_no_jumps(story):
    for actor in story.actors[:: max(len(story.actors) // 80, 1)]:
        times = np.arange(max(actor.start_s, 0), min(actor.end_s, story.seconds), 0.02)[:3000]
        if len(times) > 2:
            step = np.diff(actor.world_from_actor(times).origin_m, axis=0)
            assert np.linalg.norm(step, axis=1).max() < 0.02 * 45
            assert np.abs(np.diff(step, axis=0)).max() < 0.02 * 0.5
