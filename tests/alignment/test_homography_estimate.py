from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashgaze.alignment.homography import (
    HomographyEstimate,
    MlesacOptions,
    estimate_homography,
    refine_homography,
)
from dashgaze.alignment.homography.polishing import polish
from dashgaze.alignment.homography.search import search

SIZE_PX = np.array([960.0, 540.0])
CORNERS_PX = np.array([[0, 0], [959, 0], [959, 539], [0, 539]], dtype=float)
TRUTH = np.array([[1.1, 0.02, -30], [-0.03, 1.08, 20], [5e-5, -3e-5, 1]])
OTHER = np.array([[0.8, -0.05, 130], [0.04, 0.85, 60], [-4e-5, 6e-5, 1]])


def mapped(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    image = points @ matrix[:, :2].T + matrix[:, 2]
    return image[:, :2] / image[:, 2:]


def make_matches(
    rng: np.random.Generator,
    count: int,
    share: float,
    noise_px: float | np.ndarray = 0.7,
    truth: np.ndarray = TRUTH,
) -> tuple[np.ndarray, np.ndarray]:
    """The first round(share · count) matches follow the truth, the others nothing."""
    source = rng.uniform(0, SIZE_PX, (count, 2))
    target = mapped(truth, source)
    wrong = slice(round(share * count), None)
    target[wrong] = rng.uniform(0, SIZE_PX, target[wrong].shape)
    noise_px = np.broadcast_to(noise_px, count)[:, None]
    source += rng.normal(size=source.shape) * noise_px
    target += rng.normal(size=target.shape) * noise_px
    return source, target


def corner_error(estimate: object, truth: np.ndarray = TRUTH) -> float:
    """Mean over the image's corners, px."""
    assert isinstance(estimate, HomographyEstimate), estimate
    gap = mapped(estimate.target_from_source, CORNERS_PX) - mapped(truth, CORNERS_PX)
    return float(np.hypot(*gap.T).mean())


@pytest.mark.parametrize(
    ("count", "share", "limit_px"),
    [(300, 0.2, 3.0), (300, 0.5, 1.6), (100, 0.3, 5.0), (1000, 0.5, 0.8), (60, 0.9, 2.5)],
)
def test_planted_truth_is_found(count: int, share: float, limit_px: float) -> None:
    for seed in range(20):
        source, target = make_matches(np.random.default_rng(seed), count, share)
        estimate = estimate_homography(source, target, seed=seed)
        assert corner_error(estimate) < limit_px  # some four standard deviations
        inliers = np.arange(count) < round(share * count)
        right = (estimate.inlier_probability > 0.5) == inliers
        assert right.mean() > 0.97
        assert estimate.inlier_count == np.count_nonzero(estimate.inlier_probability > 0.5)
        assert estimate.inlier_share == pytest.approx(share, abs=0.05)
        assert estimate.target_from_source[2, 2] == 1
        assert estimate.log_evidence < estimate.log_likelihood


def test_median_errors_are_those_of_the_right_matches_alone() -> None:
    for share, limit_px in ((0.5, 0.45), (0.2, 0.7)):
        errors, floor = [], []
        for seed in range(60):
            source, target = make_matches(np.random.default_rng(seed), 300, share)
            errors.append(corner_error(estimate_homography(source, target)))
            right = slice(round(share * 300))
            alone = refine_homography(source[right], target[right], TRUTH)
            floor.append(corner_error(alone))
        assert np.median(errors) < limit_px
        assert np.median(errors) < 1.1 * np.median(floor)


def test_noise_is_measured() -> None:
    sigmas = []
    for seed in range(30):
        source, target = make_matches(np.random.default_rng(seed), 300, 0.5, noise_px=0.5)
        sigmas.append(estimate_homography(source, target).sigma_px)
    assert np.mean(sigmas) == pytest.approx(0.5, rel=0.04)
    kept = estimate_homography(source, target, options=MlesacOptions(estimate_sigma=False))
    assert kept.sigma_px == pytest.approx(1.0, rel=1e-12)


def test_noise_of_each_view_has_its_share() -> None:
    # the target is twice the size and twice as coarse
    double = np.diag([2.0, 2.0, 1.0]) @ TRUTH
    sigmas = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        source, target = make_matches(rng, 300, 0.6, noise_px=0.0, truth=double)
        source += rng.normal(0, 0.5, source.shape)
        target += rng.normal(0, 1.0, target.shape)
        sigmas.append(
            estimate_homography(
                source, target, options=MlesacOptions(source_noise_ratio=0.5)
            ).sigma_px
        )
    assert np.mean(sigmas) == pytest.approx(1.0, rel=0.05)


def test_exact_matches_give_the_exact_map() -> None:
    source, target = make_matches(np.random.default_rng(3), 40, 1.0, noise_px=0.0)
    estimate = estimate_homography(source, target)
    assert corner_error(estimate) < 1e-6
    assert np.abs(estimate.residuals_px(source, target)).max() < 1e-6
    assert estimate.sigma_px == pytest.approx(0.2)  # the least that is believed


def test_the_seed_decides_and_nothing_else() -> None:
    source, target = make_matches(np.random.default_rng(4), 200, 0.4)
    np.random.seed(1)  # noqa: NPY002
    first = estimate_homography(source, target, seed=7)
    np.random.seed(2)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    again = estimate_homography(source, target, seed=7)
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002
    assert (first.target_from_source == again.target_from_source).all()
    assert (first.inlier_probability == again.inlier_probability).all()
    assert first.iterations == again.iterations
    other = estimate_homography(source, target, seed=2**64 - 1)
    assert corner_error(other, first.target_from_source) < 0.05


def test_threads_do_not_disturb_each_other() -> None:
    source, target = make_matches(np.random.default_rng(4), 200, 0.3)

    def run(seed: int) -> np.ndarray:
        return estimate_homography(source, target, seed=seed).target_from_source

    alone = [run(seed) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(run, range(8)))
    assert all((a == b).all() for a, b in zip(alone, together, strict=True))


def test_order_of_matches_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    source, target = make_matches(rng, 300, 0.4)
    order = rng.permutation(300)
    straight = estimate_homography(source, target)
    mixed = estimate_homography(source[order], target[order])
    assert corner_error(mixed, straight.target_from_source) < 0.05
    assert np.abs(mixed.inlier_probability - straight.inlier_probability[order]).max() < 0.05


def test_both_directions_agree() -> None:
    source, target = make_matches(np.random.default_rng(6), 300, 0.5)
    there = estimate_homography(source, target)
    back = estimate_homography(target, source)
    assert corner_error(there, np.linalg.inv(back.target_from_source)) < 0.1


@settings(max_examples=30, deadline=None)
@given(
    scale=st.floats(0.2, 5),
    shift=st.tuples(st.floats(-3000, 3000), st.floats(-3000, 3000)),
    seed=st.integers(0, 2**64 - 1),
)
def test_units_and_origin_do_not_matter(
    scale: float, shift: tuple[float, float], seed: int
) -> None:
    source, target = make_matches(np.random.default_rng(8), 150, 0.6)
    plain = estimate_homography(source, target)
    move = np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1]])
    moved = estimate_homography(
        mapped(move, source),
        target,
        options=MlesacOptions(source_noise_ratio=scale),
        seed=seed,
    )
    assert corner_error(plain, moved.target_from_source @ move) < 0.1
    assert moved.sigma_px == pytest.approx(plain.sigma_px, rel=0.02)


def test_knowing_the_noise_of_each_match_helps() -> None:
    told, untold = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        octave = rng.integers(0, 6, 200)
        scale = 1.5**octave
        source, target = make_matches(rng, 200, 0.6, noise_px=0.5 * scale)
        told.append(corner_error(estimate_homography(source, target, noise_scale=scale)))
        untold.append(corner_error(estimate_homography(source, target)))
    assert np.median(told) < 0.8 * np.median(untold)


def test_trusted_matches_are_drawn_first() -> None:
    # one right match in ten, their descriptors nearer: blind draws mostly miss them in the time given
    options = MlesacOptions(max_iterations=2000)
    told, untold = 0, 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        source, target = make_matches(rng, 300, 0.1)
        distance = rng.normal(60, 10, 300)
        distance[:30] -= 25
        for quality in (distance, None):
            found = estimate_homography(source, target, options=options, quality=quality, seed=seed)
            good = isinstance(found, HomographyEstimate) and corner_error(found) < 5
            told += good and quality is not None
            untold += good and quality is None
    assert told >= 19
    assert untold <= 10


def test_misleading_quality_does_no_harm() -> None:
    source, target = make_matches(np.random.default_rng(9), 300, 0.5)
    estimate = estimate_homography(source, target, quality=-np.arange(300.0))
    assert corner_error(estimate) < 1.6


def test_start_is_tried_before_any_sample() -> None:
    source, target = make_matches(np.random.default_rng(10), 300, 0.1)
    off = TRUTH.copy()
    off[:2, 2] += 1.5
    options = MlesacOptions(min_iterations=0, max_iterations=0)
    estimate = estimate_homography(source, target, start=-2 * off, options=options)
    assert corner_error(estimate) < 4
    assert estimate.iterations == 0


def test_a_bad_start_does_no_harm() -> None:
    source, target = make_matches(np.random.default_rng(11), 300, 0.4)
    plain = estimate_homography(source, target)
    for start in (OTHER, np.diag([-1.0, 1, 1]), np.diag([1e-9, 1e-9, 1])):
        estimate = estimate_homography(source, target, start=start)
        assert corner_error(estimate, plain.target_from_source) < 0.05


def test_refinement_stays_with_its_motion() -> None:
    rng = np.random.default_rng(12)
    source, target = make_matches(rng, 300, 1.0)
    target[:100] = mapped(OTHER, source[:100]) + rng.normal(0, 0.7, (100, 2))
    assert corner_error(estimate_homography(source, target)) < 1.5
    off = OTHER.copy()
    off[:2, 2] += [4, -3]
    near = refine_homography(source, target, off)
    assert corner_error(near, OTHER) < 2
    assert near.iterations == 0
    assert near.inlier_count == pytest.approx(100, abs=4)


def test_refinement_from_the_estimate_stays_there() -> None:
    source, target = make_matches(np.random.default_rng(13), 300, 0.4)
    estimate = estimate_homography(source, target)
    again = refine_homography(source, target, estimate.target_from_source)
    assert corner_error(again, estimate.target_from_source) < 0.05
    assert again.sigma_px == pytest.approx(estimate.sigma_px, rel=0.01)


@pytest.mark.parametrize("off_px", [(10.0, 0.0), (-6.0, 8.0)])
def test_refinement_reaches_ten_standard_deviations(off_px: tuple[float, float]) -> None:
    source, target = make_matches(np.random.default_rng(15), 300, 0.4)
    off = np.array([[1, 0, off_px[0]], [0, 1, off_px[1]], [0, 0, 1]]) @ TRUTH
    refined = refine_homography(source, target, off)
    estimate = estimate_homography(source, target)
    assert corner_error(refined, estimate.target_from_source) < 0.05


def test_a_weaker_start_does_not_hide_the_stronger_motion() -> None:
    options = MlesacOptions(min_iterations=1000)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        source, target = make_matches(rng, 300, 0.5)
        target[150:240] = mapped(OTHER, source[150:240]) + rng.normal(0, 0.7, (90, 2))
        estimate = estimate_homography(source, target, start=OTHER, options=options, seed=seed)
        assert corner_error(estimate) < 2


def test_types_and_layouts_of_arguments_are_not_compiled_for_anew() -> None:
    source, target = make_matches(np.random.default_rng(16), 100, 0.8)
    estimate_homography(source, target)
    refine_homography(source, target, TRUTH)
    before = [len(function.signatures) for function in (search, polish)]
    options = MlesacOptions(sigma_px=1, source_noise_ratio=1, min_inliers=12)
    arguments = {"options": options, "outlier_area_px2": 500_000, "seed": np.int32(3)}
    estimate_homography(
        np.asfortranarray(source.astype(np.float32)),
        target[::-1].tolist()[::-1],
        start=TRUTH.T.copy().T,
        quality=np.arange(100, dtype=np.uint8),
        noise_scale=[1] * 100,
        **arguments,
    )
    refine_homography(source, target, TRUTH.T.copy().T, options=options)
    assert [len(function.signatures) for function in (search, polish)] == before


def test_more_samples_are_drawn_where_fewer_matches_are_right() -> None:
    drawn = [
        estimate_homography(*make_matches(np.random.default_rng(14), 300, share)).iterations
        for share in (0.9, 0.5, 0.3)
    ]
    assert drawn[0] == MlesacOptions().min_iterations
    assert drawn == sorted(drawn)
    thorough = replace(MlesacOptions(), min_iterations=1000)
    source, target = make_matches(np.random.default_rng(14), 300, 0.9)
    assert estimate_homography(source, target, options=thorough).iterations == 1000


def test_the_stronger_of_two_motions_wins_if_given_time() -> None:
    options = MlesacOptions(min_iterations=1000)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        source, target = make_matches(rng, 300, 0.45)
        target[135:240] = mapped(OTHER, source[135:240]) + rng.normal(0, 0.7, (105, 2))
        estimate = estimate_homography(source, target, options=options, seed=seed)
        assert corner_error(estimate) < 2
