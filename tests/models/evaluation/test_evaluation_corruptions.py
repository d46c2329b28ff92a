import cv2
import numpy as np
import pytest

from dashgaze.models.contract.pictures import PICTURE_SIZES_PX
from dashgaze.models.evaluation.corrupted_pictures import CorruptedPictures
from dashgaze.models.evaluation.corruptions import KINDS, SEVERITIES, Corruption, darkened
from dashgaze.models.evaluation.feature_distance import auroc, fit_feature_distance, kept_errors


@pytest.fixture
def spoiled(plain_pictures):
    def make(samples, kind, severity):
        return CorruptedPictures(
            source=plain_pictures(len(samples)),
            samples=samples,
            corruption=Corruption(kind=kind, severity=severity),
        )

    return make


ROWS = np.array([4, 10], dtype=np.int64)


@pytest.mark.parametrize("kind", KINDS)
def test_damage_grows_with_its_strength_and_keeps_form(samples, kind, spoiled, plain_pictures):
    clean, _ = plain_pictures(len(samples)).read(ROWS, "face")
    away = []
    for severity in SEVERITIES:
        pictures, present = spoiled(samples, kind, severity).read(ROWS, "face")
        assert pictures.dtype == np.uint8
        assert pictures.shape == clean.shape
        assert present.all()
        away.append(np.abs(pictures.astype(float) - clean).mean())
    assert away[0] > 0
    assert (np.diff(away) > 0).all() or kind == "blur"
    assert away[-1] > away[0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_frame_is_spoiled_alike_wherever_it_stands(samples, kind, spoiled):
    whole, _ = spoiled(samples, kind, 3).read(ROWS, "face")
    again, _ = spoiled(samples, kind, 3).read(ROWS, "face")
    taken, _ = spoiled(samples, kind, 3).take(ROWS).read(np.array([0, 1]), "face")
    assert (whole == again).all()
    assert (whole == taken).all()


def test_pictures_are_shrunk_after_they_were_spoiled(samples, spoiled):
    source = spoiled(samples, "jpeg", 2)
    stored, _ = source.read(ROWS, "face")
    small, _ = source.read(ROWS, "face", (112, 112))
    expected = cv2.resize(
        stored[0].transpose(1, 2, 0), (112, 112), interpolation=cv2.INTER_AREA
    ).transpose(2, 0, 1)
    assert (small[0] == expected).all()


def test_covering_the_eyes_hides_them_and_nothing_else(samples, spoiled, plain_pictures):
    for name, size in PICTURE_SIZES_PX.items():
        clean, _ = plain_pictures(len(samples)).read(ROWS, name)
        covered, _ = spoiled(samples, "cover_eyes", 5).read(ROWS, name)
        changed = (covered != clean).any(axis=1)
        if name.endswith("_eye"):
            assert changed.mean() > 0.95
            continue
        y, x = np.nonzero(changed[0])
        landmarks = samples.landmarks_px[ROWS[0]]
        if name == "driver":
            eyes = landmarks[:2] / [1280, 720] * size
            mouth = landmarks[3:] / [1280, 720] * size
        else:  # the face picture: 1.4 times the box's longer side, around its centre
            eyes = (landmarks[:2] - [600, 330]) * (224 / (1.4 * 260)) + 112
            mouth = (landmarks[3:] - [600, 330]) * (224 / (1.4 * 260)) + 112
        assert x.min() < eyes[:, 0].min() < eyes[:, 0].max() < x.max()
        assert y.min() < eyes[:, 1].min() <= eyes[:, 1].max() < y.max() < mouth[:, 1].min()


def test_covering_the_mouth_leaves_the_eyes(samples, spoiled, plain_pictures):
    for name in ("left_eye", "right_eye"):
        clean, _ = plain_pictures(len(samples)).read(ROWS, name)
        assert (spoiled(samples, "cover_mouth", 5).read(ROWS, name)[0] == clean).all()


def test_half_a_face_is_the_half_on_the_pictures_left(samples, spoiled, plain_pictures):
    clean, _ = plain_pictures(len(samples)).read(ROWS, "left_eye")
    # Seen from the front the driver's right eye is on the picture's left.
    left, _ = spoiled(samples, "cover_half_face", 5).read(ROWS, "left_eye")
    right, _ = spoiled(samples, "cover_half_face", 5).read(ROWS, "right_eye")
    assert (left == clean).mean() > 0.5
    assert (right != clean).any(axis=1).mean() > 0.95


def test_without_a_face_nothing_is_covered(samples, spoiled, plain_pictures):
    row = np.array([3], dtype=np.int64)
    clean, _ = plain_pictures(len(samples)).read(row, "driver")
    assert (spoiled(samples, "cover_eyes", 5).read(row, "driver")[0] == clean).all()


def test_half_of_the_light_is_half_of_the_light():
    picture = np.full((64, 64, 3), 200, np.uint8)
    dark = darkened(picture, 0.5, np.random.default_rng(0)).astype(float)
    assert dark.mean() == pytest.approx(200 * 0.5 ** (1 / 2.2), rel=0.01)
    assert dark.std() > 0.5


def test_distance_is_mahalanobis_of_the_training_features():
    random = np.random.default_rng(1)
    mix = random.normal(size=(3, 3))
    features = random.normal(size=(4000, 3)) @ mix + 5.0
    fitted = fit_feature_distance(features)
    some = random.normal(size=(50, 3)) * 3
    inverse = np.linalg.inv(np.cov(features.T))
    away = some - features.mean(axis=0)
    exact = np.sqrt(np.einsum("ni,ij,nj->n", away, inverse, away))
    assert fitted.measure(some) == pytest.approx(exact, rel=2e-3)


def test_distance_stands_more_features_than_frames():
    random = np.random.default_rng(2)
    features = np.concatenate([random.normal(size=(40, 100)), np.zeros((40, 2))], axis=1)
    fitted = fit_feature_distance(features)
    near, far = features.copy(), features + 4.0
    assert np.isfinite(fitted.measure(near)).all()
    assert auroc(fitted.measure(near), fitted.measure(far)) == 1.0
    with pytest.raises(ValueError, match="three are needed"):
        fit_feature_distance(features[:2])


def test_features_that_are_too_near_are_unusual_too():
    random = np.random.default_rng(3)
    features = random.normal(size=(2000, 8))
    fitted = fit_feature_distance(features)
    empty = random.normal(size=(200, 8)) * 0.05
    assert auroc(fitted.measure(features), fitted.measure(empty)) < 0.01
    assert auroc(fitted.unusualness(features), fitted.unusualness(empty)) > 0.95


def test_auroc_counts_pairs_and_halves_ties():
    lower, higher = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0])
    # Of six pairs 4.5 are in order: 2 > 1, 2 = 2, 4 > 1, 2, 3.
    assert auroc(lower, higher) == pytest.approx(4.5 / 6)
    assert auroc(lower, lower) == pytest.approx(0.5)
    assert auroc(lower, np.array([np.nan])) is None


def test_leaving_out_the_doubtful_lowers_the_error_where_doubt_is_true():
    error = np.arange(10.0)
    assert kept_errors(error, error, (1.0, 0.5, 0.1)) == [4.5, 2.0, 0.0]
    assert kept_errors(-error, error, (0.1,)) == [9.0]
    assert kept_errors(np.full(2, np.nan), np.ones(2), (1.0,)) == [None]
