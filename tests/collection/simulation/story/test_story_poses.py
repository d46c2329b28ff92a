"""Poses, and what sensors on moving bodies feel."""

import numpy as np
import pytest

from dashgaze.collection.simulation import swing
from dashgaze.collection.simulation.story.feeling import specific_force_g, turning_deg_s
from dashgaze.collection.simulation.story.poses import Poses, level_turns, turns


def some_poses(seed: int, count: int) -> Poses:
    rng = np.random.default_rng(seed)
    angles = rng.uniform(-60, 60, (3, count))
    return Poses(turns(*angles), rng.normal(size=(count, 3)))


def test_turns_are_those_of_swing():
    angles = np.random.default_rng(0).uniform(-180, 180, (3, 50))
    np.testing.assert_allclose(turns(*angles), swing.turns(*angles), atol=1e-14)


def test_level_turns_are_turns_without_pitch_and_roll():
    heading = np.linspace(-3, 3, 9)
    flat = np.zeros(9)
    np.testing.assert_allclose(
        level_turns(heading), turns(np.degrees(heading), flat, flat), atol=1e-15
    )


def test_yaw_is_to_the_right_pitch_up_and_roll_clockwise():
    one, none = np.array([10.0]), np.zeros(1)
    assert (turns(one, none, none)[0] @ [0, 0, 1])[0] > 0.1  # to +x
    assert (turns(none, one, none)[0] @ [0, 0, 1])[1] < -0.1  # to -y, which is up
    assert (turns(none, none, one)[0] @ [1, 0, 0])[1] > 0.1  # the right side goes down


def test_composing_is_applying_one_after_the_other():
    first, second = some_poses(1, 6), some_poses(2, 6)
    points = np.random.default_rng(3).normal(size=(6, 3))
    np.testing.assert_allclose(
        (first @ second).apply(points), first.apply(second.apply(points)), atol=1e-12
    )


def test_an_inverse_undoes():
    poses = some_poses(4, 5)
    points = np.random.default_rng(5).normal(size=(5, 3))
    np.testing.assert_allclose(poses.inverse().apply(poses.apply(points)), points, atol=1e-12)


def test_points_of_three_shapes_are_taken():
    poses = some_poses(6, 4)
    cloud = np.random.default_rng(7).normal(size=(4, 5, 3))
    every = poses.apply(cloud)
    assert every.shape == (4, 5, 3)
    for place in range(5):
        np.testing.assert_allclose(poses.apply(cloud[:, place]), every[:, place], atol=1e-12)
    np.testing.assert_allclose(poses.apply(cloud[0, 0])[0], every[0, 0], atol=1e-12)


def test_a_single_pose_goes_with_many():
    mount = Poses.single(np.eye(3), [0.0, -1.2, 0.5])
    many = some_poses(8, 3)
    np.testing.assert_allclose((many @ mount).origin_m, many.apply([0.0, -1.2, 0.5]), atol=1e-12)
    assert len(mount @ many) == 3
    assert len(many[1:]) == 2


def circling(time_s: np.ndarray) -> Poses:
    """20 m/s to the right on a circle of 100 m about the origin."""
    angle = time_s * 0.2
    heading = angle
    origin = np.stack([-100 * np.cos(angle), 0 * angle, 100 * np.sin(angle)], axis=1)
    return Poses(level_turns(heading), origin)


def test_a_gyroscope_feels_a_circle():
    felt = turning_deg_s(circling, np.linspace(0, 5, 7))
    # y is down, so that turning to the right is positive about it
    np.testing.assert_allclose(felt, np.tile([0, np.degrees(0.2), 0], (7, 1)), atol=1e-6)


def test_an_accelerometer_feels_a_circle_and_gravity():
    felt = specific_force_g(circling, np.linspace(0, 5, 7))
    sideways = 20**2 / 100 / 9.80665
    np.testing.assert_allclose(felt, np.tile([sideways, -1.0, 0.0], (7, 1)), atol=1e-5)


def test_at_rest_it_shows_one_g_up():
    def still(time_s: np.ndarray) -> Poses:
        return Poses(level_turns(np.full(len(time_s), 0.3)), np.zeros((len(time_s), 3)))

    assert specific_force_g(still, np.zeros(1))[0] == pytest.approx([0, -1, 0], abs=1e-9)
