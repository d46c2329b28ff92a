"""No homography where there is none, and the reason by its name."""

import numpy as np
import pytest

from dashgaze.alignment.homography import (
    HomographyEstimate,
    MlesacOptions,
    Refused,
    estimate_homography,
    refine_homography,
)

SIZE_PX = np.array([960.0, 540.0])
TRUTH = np.array([[1.1, 0.02, -30], [-0.03, 1.08, 20], [5e-5, -3e-5, 1]])


def mapped(points: np.ndarray) -> np.ndarray:
    image = points @ TRUTH[:, :2].T + TRUTH[:, 2]
    return image[:, :2] / image[:, 2:]


def points(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, SIZE_PX, (count, 2))


def reason(found: HomographyEstimate | Refused) -> str:
    assert isinstance(found, Refused), found
    assert not hasattr(found, "target_from_source")
    assert found.detail
    return found.reason


@pytest.mark.parametrize("count", [0, 3, 4, 11])
def test_too_few_matches(count: int) -> None:
    source = points(1, count)
    assert reason(estimate_homography(source, mapped(source))) == "too_few_matches"
    assert reason(refine_homography(source, mapped(source), TRUTH)) == "too_few_matches"


def test_four_matches_prove_nothing() -> None:
    # any four fit, so that even a map through five exact ones needs the fifth as its witness
    options = MlesacOptions(min_inliers=4.5)
    source = points(2, 5)
    target = mapped(source)
    assert reason(estimate_homography(source[:4], target[:4], options=options)) == "too_few_matches"
    target[4] = 10, 500
    assert reason(estimate_homography(source, target, options=options)) in (
        "no_consensus",
        "degenerate",
    )


@pytest.mark.parametrize("column", [0, 1])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_not_finite(column: int, bad: float) -> None:
    source = points(3, 50)
    target = mapped(source)
    target[7, column] = bad
    assert reason(estimate_homography(source, target)) == "not_finite"
    assert reason(estimate_homography(target, source)) == "not_finite"
    assert reason(refine_homography(source, target, TRUTH)) == "not_finite"
    target[7] = 0
    scale = np.ones(50)
    scale[3] = bad
    assert reason(estimate_homography(source, target, noise_scale=scale)) == "not_finite"
    assert reason(estimate_homography(source, target, quality=scale)) == "not_finite"


@pytest.mark.parametrize("count", [30, 100, 300])
def test_random_matches_have_no_consensus(count: int) -> None:
    for seed in range(60):
        found = estimate_homography(points(seed, count), points(seed + 1000, count), seed=seed)
        assert reason(found) == "no_consensus"


def test_false_alarms_keep_to_their_bound() -> None:
    # with as few inliers as can be asked for, so that only the evidence decides
    options = MlesacOptions(max_false_alarm=0.05, min_inliers=4.5, max_iterations=5000)
    accepted = sum(
        isinstance(
            estimate_homography(points(seed, 60), points(seed + 1000, 60), options=options),
            HomographyEstimate,
        )
        for seed in range(200)
    )
    assert accepted <= 10


def test_matches_of_clustered_keypoints_have_no_consensus() -> None:
    rng = np.random.default_rng(5)
    for seed in range(40):
        source, target = (
            rng.uniform(0, SIZE_PX, (4, 2))[rng.integers(0, 4, 300)] + rng.normal(0, 15, (300, 2))
            for _ in range(2)
        )
        assert reason(estimate_homography(source, target, seed=seed)) in (
            "no_consensus",
            "degenerate",
        )


def test_far_start_has_no_consensus() -> None:
    source = points(6, 100)
    far = TRUTH.copy()
    far[0, 2] += 300
    assert reason(refine_homography(source, mapped(source), far)) == "no_consensus"


def test_collinear_points_are_degenerate() -> None:
    rng = np.random.default_rng(7)
    source = np.column_stack([np.linspace(0, 900, 80), np.linspace(50, 500, 80)])
    target = mapped(source)
    assert reason(estimate_homography(source, target)) == "degenerate"
    source += rng.normal(0, 0.2, source.shape)
    assert reason(estimate_homography(source, target)) == "degenerate"
    assert reason(refine_homography(source, target, TRUTH)) == "degenerate"


def test_collinear_inliers_are_degenerate_among_others() -> None:
    rng = np.random.default_rng(7)
    source = np.vstack(
        [
            np.column_stack([np.linspace(0, 900, 80), np.linspace(50, 500, 80)]),
            points(8, 40),
        ]
    )
    target = mapped(source)
    target[80:] = points(9, 40)
    source += rng.normal(0, 0.5, source.shape)
    target += rng.normal(0, 0.5, target.shape)
    reasons = [reason(estimate_homography(source, target, seed=seed)) for seed in range(20)]
    assert set(reasons) <= {"degenerate", "no_consensus"}
    assert "degenerate" in reasons
    assert reason(refine_homography(source, target, TRUTH)) == "degenerate"


def test_a_far_match_beside_a_cluster_is_no_reason() -> None:
    rng = np.random.default_rng(13)
    source = np.vstack([rng.uniform(300, 400, (60, 2)), [[900, 500]]])
    target = mapped(source) + rng.normal(0, 0.3, source.shape)
    found = estimate_homography(source, target)
    assert isinstance(found, HomographyEstimate)
    assert found.inlier_count == 61


def test_identical_points_are_degenerate() -> None:
    same = np.full((50, 2), 300.0)
    assert reason(estimate_homography(same, same)) == "degenerate"
    assert reason(estimate_homography(points(8, 50), same)) == "degenerate"
    assert reason(estimate_homography(same, points(8, 50))) == "degenerate"
    assert reason(refine_homography(same, same, np.eye(3))) == "degenerate"


def test_a_line_and_two_points_are_degenerate() -> None:
    # a homography fits any line and any two points off it, and these two are wrong
    source = np.column_stack([np.linspace(0, 900, 60), np.linspace(50, 500, 60)])
    target = mapped(source)
    pair = np.array([[200.0, 450.0], [700.0, 100.0]])
    source = np.vstack([source, pair])
    target = np.vstack([target, mapped(pair) + np.array([[40.0, -30.0], [-25.0, 35.0]])])
    for seed in range(5):
        found = estimate_homography(source, target, seed=seed)
        assert reason(found) == "degenerate"


def test_mirror_image_is_called_so() -> None:
    rng = np.random.default_rng(9)
    for share in (1.0, 0.5):
        source = points(10, 200)
        target = mapped(source) + rng.normal(0, 0.7, source.shape)
        wrong = round(share * 200)
        target[wrong:] = rng.uniform(0, SIZE_PX, (200 - wrong, 2))
        target[:, 0] *= -1
        assert reason(estimate_homography(source, target)) == "mirrored"
    mirror = np.diag([-1.0, 1.0, 1.0]) @ TRUTH
    assert reason(refine_homography(source, target, mirror)) == "mirrored"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source_px": np.zeros((20, 3))}, r"source_px has to have the shape \(n, 2\)"),
        ({"target_px": np.zeros(20)}, r"target_px has to have the shape \(n, 2\)"),
        ({"target_px": np.zeros((19, 2))}, "20 source points cannot match 19 target points"),
        ({"noise_scale": np.ones(19)}, r"noise_scale has to have the shape \(20,\)"),
        ({"noise_scale": np.zeros(20)}, "noise_scale has to be positive"),
        ({"quality": np.ones((20, 1))}, r"quality has to have the shape \(20,\)"),
        ({"outlier_area_px2": 0.0}, "outlier_area_px2 has to be positive"),
        ({"start": np.zeros((3, 3))}, "start has to be invertible"),
        ({"start": np.eye(2)}, "start has to be 3 × 3 finite numbers"),
        ({"seed": -1}, "seed has to lie between 0"),
    ],
)
def test_wrong_arguments_are_errors(change: dict, message: str) -> None:
    arguments = {"source_px": points(11, 20), "target_px": points(12, 20)} | change
    with pytest.raises(ValueError, match=message):
        estimate_homography(**arguments)


@pytest.mark.parametrize(
    "change",
    [
        {"sigma_px": 0.0},
        {"sigma_px": np.nan},
        {"source_noise_ratio": -1.0},
        {"min_iterations": 10, "max_iterations": 9},
        {"min_iterations": -1},
        {"confidence": 1.0},
        {"min_inliers": 4.0},
        {"max_false_alarm": 0.0},
    ],
)
def test_options_are_checked(change: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        MlesacOptions(**change)
