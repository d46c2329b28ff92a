from dataclasses import replace

import numpy as np
import pytest

from dashgaze.errors import InputError
from dashgaze.models.baselines.geometric_median import geometric_median
from dashgaze.models.baselines.registry import baseline_names, fit_baseline
from dashgaze.models.baselines.session_rows import calibration_rows
from dashgaze.models.contract.predictions import Predictor
from dashgaze.models.contract.samples import Samples

from .conftest import make_samples, without_labels

ORACLES = ("session_mean", "session_median", "persistence")


def errors(predictor: Predictor, samples: Samples) -> np.ndarray:
    answers = predictor.predict(samples, None)
    return np.linalg.norm(answers.xy_px - samples.gaze_road_px, axis=1)


def test_geometric_median_of_a_triangle_sees_all_sides_under_120_degrees() -> None:
    corners = np.array([[0.0, 0.0], [4.0, 0.0], [1.0, 3.0]])
    away = corners - geometric_median(corners)
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    assert away.sum(axis=0) == pytest.approx([0, 0], abs=1e-6)


def test_geometric_median_may_be_one_of_the_points() -> None:
    """At a corner of more than 120° the corner itself is best; so is a majority of equal points."""
    assert geometric_median(np.array([[0.0, 0.0], [10.0, 0.5], [-10.0, 0.5]])) == pytest.approx(
        [0, 0], abs=1e-6
    )
    assert geometric_median(np.array([[1.0, 2.0]] * 3 + [[9.0, 9.0]] * 2)).tolist() == [1.0, 2.0]
    assert geometric_median(np.array([[1.0, 2.0]])).tolist() == [1.0, 2.0]
    assert geometric_median(np.array([[0.0, 0.0], [2.0, 0.0]])) == pytest.approx([1, 0])


def test_geometric_median_is_better_than_points_around_it() -> None:
    points = np.random.default_rng(0).lognormal(0, 1, (500, 2))
    found = geometric_median(points)
    best = np.linalg.norm(points - found, axis=1).mean()
    for shift in ((0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01)):
        assert np.linalg.norm(points - found - shift, axis=1).mean() > best


def test_names_are_unique_and_each_fits_a_predictor(fitted: dict[str, Predictor]) -> None:
    assert len(set(baseline_names())) == len(baseline_names())
    assert all(each.name == name for name, each in fitted.items())
    assert all(isinstance(each, Predictor) for each in fitted.values())
    assert {name for name, each in fitted.items() if each.oracle} == set(ORACLES)


@pytest.mark.parametrize("name", baseline_names())
def test_answers_do_not_change_when_tested_labels_are_taken_away(
    name: str, fitted: dict[str, Predictor], tested: Samples
) -> None:
    """Oracles must change; calibrated ones must within what they say, after the first minute only."""
    seen = fitted[name].predict(tested, None)
    blind = fitted[name].predict(without_labels(tested), None)
    same = np.array_equal(seen.xy_px, blind.xy_px, equal_nan=True)
    if seen.angle_deg is not None:
        assert blind.angle_deg is not None
        same &= np.array_equal(seen.angle_deg, blind.angle_deg, equal_nan=True)
    assert seen.notes is not None
    reads = seen.notes["uses_labels"]
    assert same == (reads == "none")
    if fitted[name].oracle:
        assert not same


@pytest.mark.parametrize(
    "name",
    [
        "first_minute_mean",
        "first_minute_median",
        *(name for name in baseline_names() if name.endswith("_calibrated")),
    ],
)
def test_calibration_reads_the_first_minute_and_answers_it_without(
    name: str, fitted: dict[str, Predictor], tested: Samples
) -> None:
    early = calibration_rows(tested)
    seen = fitted[name].predict(tested, None)
    later_gone = fitted[name].predict(without_labels(tested, ~early), None)
    assert np.array_equal(seen.xy_px, later_gone.xy_px)
    blind = fitted[name].predict(without_labels(tested), None)
    assert np.array_equal(seen.xy_px[early], blind.xy_px[early])
    assert not np.array_equal(seen.xy_px[~early], blind.xy_px[~early])
    assert "60 s" in str((seen.notes or {})["uses_labels"])


def test_the_first_minute_counts_from_the_first_label() -> None:
    samples = make_samples(2, 240)
    late = (samples.session_id == "s00") & (samples.time_s < 20)
    early = calibration_rows(without_labels(samples, late))
    assert samples.time_s[early & (samples.session_id == "s00")].max() == 79.5
    assert samples.time_s[early & (samples.session_id == "s01")].max() == 59.5
    assert calibration_rows(without_labels(samples)).all()


def test_constants_answer_what_they_are_named(fitted: dict[str, Predictor], train: Samples) -> None:
    known = train.gaze_road_px[train.has_location]
    assert fitted["centre"].predict(train, None).xy_px[0].tolist() == [959.5, 539.5]
    assert fitted["train_mean"].predict(train, None).xy_px[0] == pytest.approx(known.mean(axis=0))
    median = fitted["train_median"].predict(train, None).xy_px[0]
    assert median == pytest.approx(geometric_median(known), abs=0.05)


def test_mean_states_the_covariance_of_training(
    fitted: dict[str, Predictor], train: Samples
) -> None:
    known = train.gaze_road_px[train.has_location]
    cov = np.cov(known.T, bias=True)
    stated = fitted["train_mean"].predict(train, None).xy_cov_px2
    assert stated is not None
    assert stated[0] == pytest.approx([cov[0, 0], cov[0, 1], cov[1, 1]])
    angles = train.gaze_angle_deg[train.has_angle]
    sd = fitted["train_mean"].predict(train, None).angle_sd_deg
    assert sd is not None
    assert sd[0] == pytest.approx(angles.std(axis=0))


def test_answers_follow_the_size_of_the_road_picture(
    fitted: dict[str, Predictor], tested: Samples
) -> None:
    half = replace(tested, road_size_px=tested.road_size_px / 2)
    whole, small = (fitted["train_median"].predict(each, None) for each in (tested, half))
    assert small.xy_px + 0.5 == pytest.approx((whole.xy_px + 0.5) / 2)
    assert whole.xy_cov_px2 is not None
    assert small.xy_cov_px2 == pytest.approx(whole.xy_cov_px2 / 4)


def test_vanishing_point_falls_back_to_session_then_mount(
    fitted: dict[str, Predictor], tested: Samples
) -> None:
    gone = tested.session_id == "t01"
    points = np.where(gone[:, None], np.nan, tested.vanishing_point_px)
    answers = fitted["vanishing_point"].predict(replace(tested, vanishing_point_px=points), None)
    known = np.isfinite(points).all(axis=1)
    assert answers.xy_px[known] == pytest.approx(points[known])
    missing = ~known & (tested.session_id == "t00")
    middle = np.nanmedian(points[tested.session_id == "t00"], axis=0)
    assert answers.xy_px[missing] == pytest.approx(np.tile(middle, (missing.sum(), 1)))
    of_mount = fitted["camera_position_median"].predict(tested, None).xy_px
    assert np.array_equal(answers.xy_px[gone], of_mount[gone])
    assert answers.notes is not None
    assert answers.notes["frames_by_camera_position"] == gone.sum()


def test_learned_offset_brings_the_vanishing_point_to_gaze(
    fitted: dict[str, Predictor], train: Samples
) -> None:
    plain = np.nanmean(errors(fitted["vanishing_point"], train))
    assert np.nanmean(errors(fitted["vanishing_point_offset"], train)) < plain


def test_unknown_mounts_are_answered_by_the_training_median(
    fitted: dict[str, Predictor], tested: Samples
) -> None:
    other = replace(tested, camera_position=np.full(len(tested), "windscreen_corner"))
    answers = fitted["camera_position_median"].predict(other, None)
    assert np.array_equal(answers.xy_px, fitted["train_median"].predict(tested, None).xy_px)


def test_head_forward_answers_angles_only(fitted: dict[str, Predictor], tested: Samples) -> None:
    answers = fitted["head_forward"].predict(tested, None)
    assert np.isnan(answers.xy_px).all()
    assert answers.angle_deg is not None
    assert (answers.angle_deg == 0).all()
    assert answers.angle_sd_deg is not None
    assert (answers.angle_sd_deg > 0).all()


def test_persistence_answers_the_last_label_of_the_session() -> None:
    samples = make_samples(2, 4)
    hidden = np.zeros(8, dtype=np.bool_)
    hidden[1] = True
    found = fit_baseline("persistence", samples).predict(without_labels(samples, hidden), None)
    median = fit_baseline("train_median", samples).predict(samples, None).xy_px
    gaze = samples.gaze_road_px
    wanted = [median[0], gaze[0], gaze[0], gaze[2], median[4], gaze[4], gaze[5], gaze[6]]
    assert found.xy_px == pytest.approx(np.array(wanted))
    assert found.notes is not None
    assert found.notes["median_age_s"] == 0.5


def test_session_median_is_the_best_constant_of_each_session(
    fitted: dict[str, Predictor], tested: Samples
) -> None:
    median = np.nanmean(errors(fitted["session_median"], tested))
    assert median <= np.nanmean(errors(fitted["session_mean"], tested))
    assert median < np.nanmean(errors(fitted["train_median"], tested))


def test_a_session_with_few_labels_is_not_calibrated(
    fitted: dict[str, Predictor], tested: Samples
) -> None:
    gone = (tested.session_id == "t02") & (np.arange(len(tested)) % 240 > 5)
    answers = fitted["first_minute_mean"].predict(without_labels(tested, gone), None)
    median = fitted["train_median"].predict(tested, None).xy_px
    here = tested.session_id == "t02"
    assert np.array_equal(answers.xy_px[here], median[here])
    assert answers.notes is not None
    assert answers.notes["sessions_with_too_few_labels"] == 1


def test_what_cannot_be_fitted_is_refused_with_a_reason(train: Samples) -> None:
    with pytest.raises(InputError, match=r"no baseline 'middle'.*centre"):
        fit_baseline("middle", train)
    with pytest.raises(InputError, match="None of the 1600 training frames"):
        fit_baseline("train_mean", without_labels(train))


def test_data_without_angles_give_no_angles(train: Samples) -> None:
    none = replace(train, gaze_angle_deg=np.full((len(train), 2), np.nan))
    for name in ("train_mean", "ridge"):
        assert fit_baseline(name, none).predict(train, None).angle_deg is None
