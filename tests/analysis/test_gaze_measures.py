"""Measures of the spread of gaze, against what is known by hand."""

import numpy as np
import pytest

from dashgaze.analysis.gaze.angular_distance import angular_distance_deg
from dashgaze.analysis.gaze.gaze_density import (
    gaze_density,
    highest_density_area_deg2,
    highest_level,
)
from dashgaze.analysis.gaze.gaze_entropy import BIN_COUNT, gaze_entropy, grid_bins, rarefied_entropy
from dashgaze.analysis.gaze.road_centre import share_within, windows_road_centre
from dashgaze.analysis.gaze.spread_measures import bcea_deg2, spread_measures, without_noise


def _gaussian(count=40_000, sd=(6.0, 2.5), rho=0.0, seed=1):
    mixed = [[sd[0] ** 2, rho * sd[0] * sd[1]], [rho * sd[0] * sd[1], sd[1] ** 2]]
    return np.random.default_rng(seed).multivariate_normal([1.0, -2.0], mixed, count)


def test_a_gaussian_has_the_spread_that_it_was_drawn_with():
    found = spread_measures(_gaussian(rho=0.5))
    assert found.sd_h_deg == pytest.approx(6.0, rel=0.02)
    assert found.robust_h_deg == pytest.approx(6.0, rel=0.02)
    assert found.robust_v_deg == pytest.approx(2.5, rel=0.02)
    assert found.iqr_h_deg == pytest.approx(6.0 * 1.349, rel=0.02)
    assert found.correlation == pytest.approx(0.5, abs=0.02)
    # 2 · 1.146 · π · 6 · 2.5 · √(1 - 0.25)
    assert found.bcea_68_deg2 == pytest.approx(93.54, rel=0.03)


def test_the_ellipse_is_two_k_pi_and_holds_its_share_of_gaze():
    assert bcea_deg2(2.0, 3.0, 0.0, k=1.0) == pytest.approx(12 * np.pi)
    assert bcea_deg2(2.0, 3.0, 0.6, k=3.0) == pytest.approx(36 * np.pi * 0.8)
    gaze = _gaussian(sd=(1.0, 1.0)) - [1.0, -2.0]
    radius = np.sqrt(bcea_deg2(1.0, 1.0, 0.0, k=1.146) / np.pi)
    assert np.mean(np.hypot(*gaze.T) < radius) == pytest.approx(0.682, abs=0.01)


def test_spread_of_five_directions_by_hand():
    found = spread_measures(np.array([[0, 0], [1, 0], [2, 0], [3, 0], [9, 0.0], [np.nan, 1]]))
    assert found.count == 5
    assert found.robust_h_deg == pytest.approx(1.4826)
    assert found.iqr_h_deg == pytest.approx(2.0)
    assert found.sd_h_deg == pytest.approx(np.sqrt(12.5))
    assert found.bcea_68_deg2 == 0


def test_two_directions_have_no_spread():
    assert np.isnan(spread_measures(np.zeros((2, 2))).sd_h_deg)


def test_noise_is_taken_off_as_squares_and_never_below_nothing():
    assert without_noise(5.0, 3.0) == pytest.approx(4.0)
    assert np.isnan(without_noise(1.0, 2.0))
    assert np.isnan(without_noise(1.0, np.nan))


def test_densest_areas_of_a_gaussian_are_its_ellipses():
    density = gaze_density(_gaussian(sd=(6.0, 4.0)), bandwidth_deg=1.0)
    cell_deg2 = 0.25
    assert density.per_deg2.sum() * cell_deg2 == pytest.approx(1.0)
    # The kernel widens it: 2 k π √(36 + 1) √(16 + 1), k = -log(1 - share).
    for share in (0.5, 0.95):
        expected = 2 * -np.log(1 - share) * np.pi * np.sqrt(37 * 17)
        assert highest_density_area_deg2(density, share) == pytest.approx(expected, rel=0.05)
        level = highest_level(density.per_deg2, share)
        inside = density.per_deg2 >= level
        assert density.per_deg2[inside].sum() * cell_deg2 == pytest.approx(share, abs=0.01)


def test_an_even_density_has_half_of_it_in_half_of_the_area():
    x, y = np.meshgrid(np.arange(10) + 0.5, np.arange(4) + 0.5)
    density = gaze_density(
        np.column_stack([x.ravel(), y.ravel()]),
        bandwidth_deg=0,
        cell_deg=1.0,
        azimuth_limits_deg=(0, 10),
        elevation_limits_deg=(0, 4),
    )
    assert highest_density_area_deg2(density, 0.5) == pytest.approx(20.0)
    assert density.outside == 0


def test_an_empty_density_has_no_area():
    assert np.isnan(highest_density_area_deg2(gaze_density(np.zeros((0, 2))), 0.68))


def test_an_even_grid_has_all_the_entropy_and_one_place_has_none():
    even = gaze_entropy(np.tile(np.arange(8), 10), bin_count=8)
    assert even.stationary == pytest.approx(1.0)
    # Each place leads to one other place: there is no choice in the way.
    assert even.transition == pytest.approx(0.0, abs=1e-12)
    still = gaze_entropy(np.zeros(50, dtype=np.int64), bin_count=8)
    assert still.stationary == 0
    assert still.transition == 0


def test_entropy_of_three_quarters_and_a_quarter_by_hand():
    found = gaze_entropy(np.array([0, 0, 0, 1]), bin_count=4)
    assert found.stationary == pytest.approx(0.8112781 / 2)
    assert found.stationary_corrected == pytest.approx((0.8112781 + 1 / (8 * np.log(2))) / 2)


def test_fair_coins_have_a_bit_of_transition_entropy():
    found = gaze_entropy(np.random.default_rng(2).integers(0, 2, 20_000), bin_count=2)
    assert found.transition == pytest.approx(1.0, abs=0.001)


def test_the_correction_takes_most_of_the_bias_of_few_fixations_away():
    rng = np.random.default_rng(3)
    draws = [gaze_entropy(rng.integers(0, 16, 60), bin_count=16) for _ in range(200)]
    plain = 1 - np.mean([each.stationary for each in draws])
    corrected = 1 - np.mean([each.stationary_corrected for each in draws])
    assert abs(corrected) < 0.25 * plain


def test_gaps_break_the_sequence():
    found = gaze_entropy(np.array([0, -1, 1, -1, 0, -1, 1]), bin_count=2)
    assert found.stationary == pytest.approx(1.0)
    assert np.isnan(found.transition)


def test_at_equal_numbers_more_fixations_do_not_have_more_entropy():
    rng = np.random.default_rng(4)
    few, many = rng.integers(0, 64, 100), rng.integers(0, 64, 5000)
    assert (
        gaze_entropy(many, bin_count=64).stationary
        > 1.05 * gaze_entropy(few, bin_count=64).stationary
    )
    equal = [rarefied_entropy(each, 100, bin_count=64).stationary for each in (few, many)]
    assert equal[0] == pytest.approx(equal[1], rel=0.02)
    assert np.isnan(rarefied_entropy(few, 101, bin_count=64).stationary)


def test_bins_are_five_degrees_wide_and_end():
    assert BIN_COUNT == 128
    bins = grid_bins(np.array([[-40, -25], [-35.1, -20.1], [39.9, 14.9], [40, 0], [np.nan, 0]]))
    assert bins.tolist() == [0, 0, 127, -1, -1]


def test_road_centre_counts_what_is_within_eight_degrees():
    gaze = np.array([[0, 0], [8, 0], [0, -8], [6, 6], [np.nan, 0]])
    assert share_within(gaze, np.zeros(2)) == pytest.approx(0.75)
    assert np.isnan(share_within(gaze[4:], np.zeros(2)))


def test_road_centre_in_windows_finds_the_mode_by_itself():
    time_s = np.arange(3600) / 30
    gaze = np.tile([5.0, -1.0], (3600, 1))
    gaze[::4] = [40.0, 0.0]
    gaze[1800 : 1800 + 1000] = np.nan
    found = windows_road_centre(gaze, time_s)
    # The second minute has too little gaze.
    assert found == pytest.approx([0.75])


def test_angles_between_directions_are_those_of_the_sphere():
    assert angular_distance_deg(np.zeros(2), np.array([3.0, 0.0])) == pytest.approx(3.0)
    assert angular_distance_deg(np.array([0.0, 60.0]), np.array([90.0, 60.0])) == pytest.approx(
        np.degrees(np.arccos(0.75))
    )
