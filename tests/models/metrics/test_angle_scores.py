import math

import numpy as np
import pytest

from dashgaze.models.metrics.angle import angular_error_deg, score_angle

NAN = math.nan


def test_angles_between_axes_are_exact() -> None:
    truth = np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 90.0]])
    answers = np.array([[90.0, 0.0], [0.0, -30.0], [180.0, 0.0], [77.0, 90.0]])
    assert angular_error_deg(truth, answers) == pytest.approx([90.0, 30.0, 180.0, 0.0])


def test_a_tiny_angle_keeps_its_digits() -> None:
    error = angular_error_deg(np.zeros((1, 2)), np.array([[1e-7, 0.0]]))
    assert error == pytest.approx([1e-7], rel=1e-9)


def test_azimuth_counts_less_where_one_looks_up() -> None:
    """cos of the angle = sin² 60° + cos² 60° · cos 10°, by hand."""
    error = angular_error_deg(np.array([[0.0, 60.0]]), np.array([[10.0, 60.0]]))
    by_hand = math.degrees(math.acos(0.75 + 0.25 * math.cos(math.radians(10))))
    assert error == pytest.approx([by_hand])


def test_scores_are_those_computed_by_hand() -> None:
    truth = np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [NAN, 1.0]])
    answers = np.array([[3.0, 0.0], [0.0, -8.0], [NAN, NAN], [0.0, 0.0]])
    scores = score_angle(truth, answers)
    assert (scores.frames, scores.answered, scores.without_truth) == (3, 2, 1)
    assert scores.mean_angle_deg == pytest.approx(5.5)
    assert scores.rms_angle_deg == pytest.approx(math.sqrt((9 + 64) / 2))
    assert scores.mae_azimuth_deg == pytest.approx(1.5)
    assert scores.rmse_elevation_deg == pytest.approx(math.sqrt(32))
    assert scores.share_within == pytest.approx({"5": 1 / 3, "10": 2 / 3})


def test_azimuth_differences_go_the_short_way_round() -> None:
    scores = score_angle(np.array([[179.0, 0.0]]), np.array([[-179.0, 0.0]]))
    assert scores.mae_azimuth_deg == pytest.approx(2.0)
    assert scores.mean_angle_deg == pytest.approx(2.0)
