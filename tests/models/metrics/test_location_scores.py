import json
import math

import numpy as np
import pytest

from dashgaze.models.metrics.location import (
    assumed_focal_px,
    error_by_distance,
    euclidean_error_px,
    ray_error_deg,
    score_location,
)
from dashgaze.models.metrics.skill import skill

NAN = math.nan
SIZE = np.tile([1000.0, 500.0], (4, 1))
TRUTH = np.array([[100.0, 100.0], [200.0, 200.0], [300.0, 100.0], [NAN, NAN]])
ANSWERS = np.array([[103.0, 104.0], [200.0, 188.0], [NAN, NAN], [1.0, 1.0]])


def test_errors_are_those_computed_by_hand() -> None:
    scores = score_location(TRUTH, ANSWERS, SIZE, thresholds_px=(5.0, 10.0))
    assert scores.mean_euclid_px == pytest.approx((5 + 12) / 2)
    assert scores.rms_euclid_px == pytest.approx(math.sqrt((25 + 144) / 2))
    assert scores.median_euclid_px == pytest.approx(8.5)
    assert scores.mae_x_px == pytest.approx(1.5)
    assert scores.mae_y_px == pytest.approx(8.0)
    assert scores.rmse_x_px == pytest.approx(math.sqrt(4.5))
    assert scores.rmse_y_px == pytest.approx(math.sqrt((16 + 144) / 2))
    assert (scores.bias_x_px, scores.bias_y_px) == pytest.approx((1.5, -4.0))
    assert scores.mean_percent_of_width == pytest.approx(0.85)


def test_a_frame_without_an_answer_lowers_coverage_and_is_a_miss() -> None:
    scores = score_location(TRUTH, ANSWERS, SIZE, thresholds_px=(5.0, 10.0, 20.0))
    assert (scores.frames, scores.answered, scores.without_truth) == (3, 2, 1)
    assert scores.coverage == pytest.approx(2 / 3)
    assert scores.share_within == pytest.approx({"5": 1 / 3, "10": 1 / 3, "20": 2 / 3})


def test_no_answers_at_all_give_missing_errors_and_no_warning() -> None:
    scores = score_location(TRUTH, np.full((4, 2), NAN), SIZE)
    assert scores.coverage == 0.0
    assert math.isnan(scores.mean_euclid_px)
    assert json.loads(json.dumps(scores.to_json()))["mean_euclid_px"] is None
    nothing = score_location(np.empty((0, 2)), np.empty((0, 2)), np.empty((0, 2)))
    assert nothing.frames == 0
    assert math.isnan(nothing.coverage)


def test_degrees_use_the_focal_length_given_and_say_when_it_is_assumed() -> None:
    centre = np.array([[499.5, 249.5]])
    beside = centre + np.array([[500.0, 0.0]])
    error = ray_error_deg(centre, beside, SIZE[:1], np.array([500.0]))
    assert error == pytest.approx([45.0])
    given = score_location(centre, beside, SIZE[:1], focal_px=np.array([500.0]))
    assert given.mean_deg == pytest.approx(45.0)
    assert not given.focal_assumed
    assumed = score_location(centre, beside, SIZE[:1])
    assert assumed.focal_assumed
    assert assumed.mean_deg == pytest.approx(69.4 / 2)


def test_an_upright_picture_has_the_same_assumed_lens() -> None:
    focal = assumed_focal_px(np.array([[1920.0, 1080.0], [1080.0, 1920.0]]))
    assert focal[0] == focal[1] == pytest.approx(1386.6, abs=1)


def test_errors_by_distance_count_each_frame_once() -> None:
    origin = np.tile([100.0, 100.0], (4, 1))
    bins = error_by_distance(TRUTH, ANSWERS, origin, edges_px=(0, 100, 200))
    assert [each.frames for each in bins] == [1, 1, 1]
    assert [each.answered for each in bins] == [1, 1, 0]
    assert bins[0].mean_euclid_px == pytest.approx(5)
    assert bins[1].mean_euclid_px == pytest.approx(12)
    assert bins[2].to_json()["high_px"] is None


def test_errors_of_frames_are_missing_where_either_is() -> None:
    assert np.isnan(euclidean_error_px(TRUTH, ANSWERS)).tolist() == [False, False, True, True]


def test_skill_is_one_for_perfect_and_zero_for_the_reference() -> None:
    assert skill(0.0, 200.0) == 1.0
    assert skill(200.0, 200.0) == 0.0
    assert skill(300.0, 200.0) == pytest.approx(-0.5)
    assert math.isnan(skill(1.0, 0.0))
    assert math.isnan(skill(NAN, 1.0))
