import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dashgaze.errors import InputError, MissingExtraError, OutputError
from dashgaze.models.baselines.boosting import Boosting, fit_boosting
from dashgaze.models.baselines.calibrated import calibrated, fit_correction
from dashgaze.models.baselines.face_features import FEATURES, face_features
from dashgaze.models.baselines.folds import driver_folds, thinned
from dashgaze.models.baselines.geometric_median import geometric_median
from dashgaze.models.baselines.registry import baseline_names, fit_baseline
from dashgaze.models.baselines.ridge import Ridge, fit_ridge
from dashgaze.models.baselines.session_rows import calibration_rows
from dashgaze.models.baselines.storing import load_baseline, save_baseline
from dashgaze.models.contract.predictions import Predictions, Predictor
from dashgaze.models.contract.samples import Samples

from .conftest import make_samples, without_labels


def mean_error(answers: Predictions, samples: Samples, rows: np.ndarray | None = None) -> float:
    error = np.linalg.norm(answers.xy_px - samples.gaze_road_px, axis=1)
    return float(np.nanmean(error if rows is None else error[rows]))


@pytest.mark.parametrize("name", ["ridge", "ridge_robust", "boosting"])
def test_faces_tell_more_than_a_constant(
    name: str, fitted: dict[str, Predictor], tested: Samples
) -> None:
    constant = fitted["train_median"].predict(tested, None)
    answers = fitted[name].predict(tested, None)
    assert mean_error(answers, tested) < 0.75 * mean_error(constant, tested)
    assert answers.angle_deg is not None
    assert constant.angle_deg is not None
    away = np.nanmean(np.abs(answers.angle_deg - tested.gaze_angle_deg))
    assert away < 0.75 * np.nanmean(np.abs(constant.angle_deg - tested.gaze_angle_deg))


@pytest.mark.parametrize("name", ["ridge", "ridge_robust", "boosting"])
def test_stated_covariance_is_about_true_on_new_drivers(
    name: str, fitted: dict[str, Predictor], tested: Samples
) -> None:
    answers = fitted[name].predict(tested, None)
    away = (answers.xy_px - tested.gaze_road_px)[tested.has_face & tested.has_location]
    assert answers.xy_cov_px2 is not None
    stated = answers.xy_cov_px2[0, [0, 2]]
    assert 0.5 < np.sqrt((away**2).mean() / stated.mean()) < 1.6


@pytest.mark.parametrize("name", ["ridge", "ridge_robust", "boosting"])
def test_frames_without_a_face_are_answered_by_the_median_or_not_at_all(
    name: str, tested: Samples, fitted: dict[str, Predictor]
) -> None:
    median = fitted["train_median"].predict(tested, None)
    faceless = ~tested.has_face
    answers = fitted[name].predict(tested, None)
    assert np.array_equal(answers.xy_px[faceless], median.xy_px[faceless])
    assert answers.notes is not None
    assert answers.notes["share_without_face"] == pytest.approx(faceless.mean())
    assert answers.notes["answer_without_face"] == "train_median"
    face_baseline = fitted[name]
    assert isinstance(face_baseline, Ridge | Boosting)
    silent = replace(face_baseline, without_face="nothing").predict(tested, None)
    assert np.array_equal(np.isnan(silent.xy_px).any(axis=1), faceless)
    assert silent.xy_cov_px2 is not None
    assert np.isnan(silent.xy_cov_px2[faceless]).all()
    assert np.array_equal(silent.xy_px[~faceless], answers.xy_px[~faceless])


def test_the_choice_for_frames_without_a_face_reaches_the_baseline(train: Samples) -> None:
    chosen = fit_baseline("ridge", train, without_face="nothing")
    assert isinstance(chosen, Ridge)
    assert chosen.without_face == "nothing"


def test_features_are_where_the_conventions_say(tested: Samples) -> None:
    found = face_features(tested)
    assert found.shape == (len(tested), FEATURES)
    left = (tested.landmarks_px[0, 0] + 0.5) / [640, 360] - 1
    assert found[0, :2] == pytest.approx(left)
    box = tested.face_box_px[0]
    # Edges of the box, half a pixel outside of its first and last pixel's centre.
    edge = (box[0] - 0.5 + 0.5) / 640 - 1
    assert found[0, 10] - found[0, 12] / 2 == pytest.approx(edge)
    assert found[0, 12:14] == pytest.approx(box[2:] / [640, 360])
    assert found[:, -1].tolist() == np.isfinite(tested.head_pose_deg[:, 0]).astype(float).tolist()


def test_a_missing_pose_does_not_silence_ridge(
    fitted: dict[str, Predictor], tested: Samples
) -> None:
    blind = replace(tested, head_pose_deg=np.full((len(tested), 3), np.nan))
    answers = fitted["ridge"].predict(blind, None)
    assert np.isfinite(answers.xy_px).all()


def test_folds_never_share_a_driver(train: Samples) -> None:
    folds = driver_folds(train, 3)
    assert folds is not None
    assert set(folds.tolist()) == {0, 1, 2}
    for driver in set(train.driver_id.tolist()):
        assert len(set(folds[train.driver_id == driver].tolist())) == 1
    one = replace(train, driver_id=np.full(len(train), "x"))
    by_session = driver_folds(one)
    assert by_session is not None
    assert len(set(by_session[one.session_id == "s00"].tolist())) == 1
    assert driver_folds(train.take(train.session_id == "s00")) is None


@pytest.mark.parametrize("fit", [fit_ridge, fit_boosting])
@pytest.mark.usefixtures("_few_trees")
def test_a_single_session_fits_without_folds(fit, train: Samples) -> None:  # type: ignore[no-untyped-def]
    alone = train.take(train.session_id == "s00")
    assert mean_error(fit(alone).predict(alone, None), alone) < 80


@pytest.mark.parametrize("fit", [fit_ridge, fit_boosting])
def test_too_few_faces_are_refused(fit, train: Samples) -> None:  # type: ignore[no-untyped-def]
    few = train.take(np.arange(40))
    with pytest.raises(InputError, match="at least 50"):
        fit(few)


def test_ridge_is_shrunk_least_squares_on_standardised_features(train: Samples) -> None:
    """Against the augmented system that ridge is defined by."""
    location = fit_ridge(train).location
    known = train.has_face & train.has_location
    x = face_features(train)[known]
    y = (train.gaze_road_px[known] + 0.5) / [960, 540] - 1
    z = np.where(np.isfinite(x), (x - np.nanmean(x, axis=0)) / location.scale, 0.0)
    penalty = np.sqrt(location.strength * len(z)) * np.eye(z.shape[1])
    stacked = np.vstack([z - z.mean(axis=0), penalty])
    target = np.vstack([y - y.mean(axis=0), np.zeros((z.shape[1], 2))])
    assert location.weights == pytest.approx(np.linalg.lstsq(stacked, target)[0], abs=1e-8)


def test_calibration_undoes_an_affine_fault(tested: Samples) -> None:
    class Skewed:
        name, oracle = "skewed", False

        def predict(
            self, samples: Samples, pictures: object, progress: object = None
        ) -> Predictions:
            matrix = np.array([[0.6, 0.1], [-0.1, 0.7]])
            points = truth[: len(samples)] @ matrix.T + [150.0, 60.0]
            cov = np.tile([100.0, 0.0, 100.0], (len(samples), 1))
            return Predictions(xy_px=points, xy_cov_px2=cov)

    truth = make_samples(4, 240, seed=9, name="t").gaze_road_px
    later = ~calibration_rows(tested)
    raw = mean_error(Skewed().predict(tested, None), tested, later)
    shifted = calibrated(Skewed(), kind="offset").predict(tested, None)
    turned = calibrated(Skewed()).predict(tested, None)
    assert mean_error(turned, tested, later) < mean_error(shifted, tested, later) < raw
    assert turned.xy_cov_px2 is not None
    assert (turned.xy_cov_px2[later, 0] > 100).all()
    assert (turned.xy_cov_px2[~later, 0] == 100).all()
    assert calibrated(Skewed(), 30).name == "skewed+affine30s"


def test_a_correction_is_found_in_spite_of_glances_far_away() -> None:
    """The expected matrix is that of the least squares drawn to the identity, without the glances."""
    random = np.random.default_rng(0)
    answers = random.normal(size=(400, 2)) * [90, 60]
    truth = answers @ np.array([[1.5, 0.2], [0.0, 0.7]]).T + [30, -20]
    noisy = truth + random.normal(0, 5, truth.shape)
    noisy[::10] += [-1500, 200]
    found = fit_correction(answers, noisy, "affine")
    assert found is not None
    p, t = answers - answers.mean(axis=0), truth - truth.mean(axis=0)
    pull = 0.3 * (p**2).sum() / 2 * np.eye(2)
    wanted = (t.T @ p + pull) @ np.linalg.inv(p.T @ p + pull)
    assert found.matrix == pytest.approx(wanted, abs=0.08)
    here = found.apply(answers.mean(axis=0)[None])[0]
    assert here == pytest.approx(truth.mean(axis=0), abs=8)


def test_constant_answers_get_the_median_offset_only() -> None:
    truth = np.random.default_rng(0).lognormal(2, 1, (30, 2))
    found = fit_correction(np.zeros((30, 2)), truth, "affine")
    assert found is not None
    assert np.array_equal(found.matrix, np.eye(2))
    middle = geometric_median(truth)
    spread = np.linalg.norm(truth - middle, axis=1).mean()
    assert found.apply(np.zeros((1, 2)))[0] == pytest.approx(middle, abs=0.02 * spread)
    assert fit_correction(np.zeros((9, 2)), truth[:9], "affine") is None


def test_robust_ridge_is_not_drawn_towards_glances_far_away(
    train: Samples, tested: Samples
) -> None:
    def glancing(samples: Samples) -> Samples:
        away = (np.arange(len(samples)) % 9 == 0)[:, None] * np.array([-1500.0, 100.0])
        return replace(samples, gaze_road_px=samples.gaze_road_px + away)

    plain = fit_ridge(glancing(train)).predict(tested, None)
    robust = fit_ridge(glancing(train), robust=True).predict(tested, None)
    assert mean_error(robust, tested) < 0.8 * mean_error(plain, tested)
    clean = fit_ridge(train).predict(tested, None)
    assert mean_error(robust, tested) < 1.1 * mean_error(clean, tested)


def test_thinning_keeps_rows_evenly() -> None:
    known = np.ones(100, dtype=np.bool_)
    known[::2] = False
    assert thinned(known, 50).tolist() == list(range(1, 100, 2))
    assert thinned(known, 20).tolist() == list(range(1, 100, 6))
    assert len(thinned(np.zeros(5, dtype=np.bool_), 3)) == 0


@pytest.mark.parametrize("name", baseline_names())
def test_saved_baselines_answer_as_before(
    name: str, fitted: dict[str, Predictor], tested: Samples, tmp_path: Path
) -> None:
    again = load_baseline(save_baseline(fitted[name], tmp_path / name))
    assert (again.name, again.oracle) == (fitted[name].name, fitted[name].oracle)
    before, after = fitted[name].predict(tested, None), again.predict(tested, None)
    for part in ("xy_px", "xy_cov_px2", "angle_deg", "angle_sd_deg"):
        one, other = getattr(before, part), getattr(after, part)
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_allclose(other, one, rtol=1e-6)
    assert before.notes == after.notes


def test_damaged_and_foreign_folders_are_refused(train: Samples, tmp_path: Path) -> None:
    folder = save_baseline(fit_baseline("train_mean", train), tmp_path / "one")
    with pytest.raises(OutputError, match="not empty"):
        save_baseline(fit_baseline("train_mean", train), folder)
    with pytest.raises(InputError, match="no baseline that can be read"):
        load_baseline(tmp_path / "nowhere")
    values = json.loads((folder / "baseline.json").read_text())
    for change, message in (
        ({"schema_id": "dashgaze/baseline/9"}, "schema 'dashgaze/baseline/9'"),
        ({"state": {}}, "damaged"),
        ({"name": "middle"}, "damaged"),
    ):
        (folder / "baseline.json").write_text(json.dumps(values | change))
        with pytest.raises(InputError, match=message):
            load_baseline(folder)
    (folder / "baseline.json").write_text(json.dumps(values))
    (folder / "baseline.npz").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(InputError, match="no baseline that can be read"):
        load_baseline(folder)


def test_boosting_that_is_fitted_otherwise_is_noticed(
    fitted: dict[str, Predictor], tmp_path: Path
) -> None:
    folder = save_baseline(fitted["boosting"], tmp_path / "boosting")
    values = json.loads((folder / "baseline.json").read_text())
    values["state"]["depths"]["location"] = 1
    (folder / "baseline.json").write_text(json.dumps(values))
    with pytest.raises(InputError, match="answers otherwise"):
        load_baseline(folder)


def test_boosting_without_scikit_learn_says_what_to_type(
    train: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(MissingExtraError, match=r"dashgaze\[train\]"):
        fit_baseline("boosting", train)
    assert fit_baseline("ridge", train).name == "ridge"


def test_baselines_and_metrics_load_neither_scikit_learn_nor_torch() -> None:
    code = (
        "import sys, dashgaze.models.baselines.registry, dashgaze.models.baselines.storing;"
        "import dashgaze.models.metrics.paired, dashgaze.densities.density;"
        "print([name for name in ('sklearn', 'torch', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_session_without_labels_is_answered_uncalibrated(
    fitted: dict[str, Predictor], tested: Samples
) -> None:
    bare = without_labels(tested, tested.session_id == "t03")
    answers = calibrated(fitted["ridge"]).predict(bare, None)
    here = tested.session_id == "t03"
    assert np.array_equal(answers.xy_px[here], fitted["ridge"].predict(bare, None).xy_px[here])
    assert answers.notes is not None
    assert answers.notes["sessions_with_too_few_labels"] == 1
