"""The errors an estimate states are those it has."""

import numpy as np
import pytest

from dashgaze.alignment.homography import (
    HomographyEstimate,
    MlesacOptions,
    estimate_homography,
    refine_homography,
)

SIZE_PX = np.array([960.0, 540.0])
TRUTH = np.array([[1.1, 0.02, -30], [-0.03, 1.08, 20], [1e-4, -6e-5, 1]])
PLACES_PX = np.array([[480.0, 270], [0, 0], [959, 539], [-240, 270], [480, 780]])


def mapped(points: np.ndarray, matrix: np.ndarray = TRUTH) -> np.ndarray:
    image = points @ matrix[:, :2].T + matrix[:, 2]
    return image[:, :2] / image[:, 2:]


def noisy(
    rng: np.random.Generator, source: np.ndarray, share: float, noise_px: float | np.ndarray = 0.7
) -> tuple[np.ndarray, np.ndarray]:
    target = mapped(source)
    wrong = slice(round(share * len(source)), None)
    target[wrong] = rng.uniform(0, SIZE_PX, target[wrong].shape)
    noise_px = np.broadcast_to(noise_px, len(source))[:, None]
    return (
        source + rng.normal(size=source.shape) * noise_px,
        target + rng.normal(size=target.shape) * noise_px,
    )


def nees(estimate: object, places: np.ndarray) -> np.ndarray:
    assert isinstance(estimate, HomographyEstimate), estimate
    miss = (estimate.map_points(places) - mapped(places))[:, :, None]
    return (miss.transpose(0, 2, 1) @ np.linalg.inv(estimate.covariance_px2(places)) @ miss).ravel()


@pytest.mark.parametrize(("count", "share"), [(300, 0.5), (100, 0.5), (300, 0.2), (1000, 0.3)])
def test_squared_errors_are_what_the_covariance_says(count: int, share: float) -> None:
    values = []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        source, target = noisy(rng, rng.uniform(0, SIZE_PX, (count, 2)), share)
        values.append(nees(estimate_homography(source, target), PLACES_PX))
    by_place = np.mean(values, axis=0)
    assert ((by_place > 1.4) & (by_place < 2.7)).all()
    assert 1.6 < by_place.mean() < 2.4  # 2 dimensions


def test_covariance_is_that_of_repeated_estimates() -> None:
    rng = np.random.default_rng(1)
    points = rng.uniform(0, SIZE_PX, (150, 2))
    scale = 1.5 ** rng.integers(0, 4, 150)
    images, stated = [], []
    for _ in range(300):
        source, target = noisy(rng, points, 0.7, 0.5 * scale)
        estimate = refine_homography(source, target, TRUTH, noise_scale=scale)
        images.append(estimate.map_points(PLACES_PX))
        stated.append(estimate.covariance_px2(PLACES_PX))
    mean = np.mean(stated, axis=0)
    for place in range(len(PLACES_PX)):
        seen = np.cov(np.array(images)[:, place].T)
        whitener = np.linalg.inv(np.linalg.cholesky(mean[place]))
        # the identity, but for 300 draws: 8 % on the diagonal
        assert whitener @ seen @ whitener.T == pytest.approx(np.eye(2), abs=0.3)


def test_uncertain_points_add_their_own_covariance() -> None:
    rng = np.random.default_rng(2)
    source, target = noisy(rng, rng.uniform(0, SIZE_PX, (300, 2)), 0.6)
    estimate = estimate_homography(source, target)
    own = np.array([[25.0, 6.0], [6.0, 9.0]])
    draws = rng.multivariate_normal([300, 200], own, 20_000)
    place = np.array([[300.0, 200.0]])
    added = estimate.covariance_px2(place, own) - estimate.covariance_px2(place)
    assert added[0] == pytest.approx(np.cov(estimate.map_points(draws).T), rel=0.05)
    each = estimate.covariance_px2(np.repeat(place, 2, axis=0), np.stack([own, 4 * own]))
    assert each[1] - estimate.covariance_px2(place)[0] == pytest.approx(4 * added[0])


def test_covariance_of_points_has_to_fit_them() -> None:
    rng = np.random.default_rng(2)
    estimate = estimate_homography(*noisy(rng, rng.uniform(0, SIZE_PX, (100, 2)), 0.9))
    with pytest.raises(ValueError, match=r"point_covariance_px2 has to have the shape \(2, 2\)"):
        estimate.covariance_px2(PLACES_PX, np.ones((3, 2, 2)))
    with pytest.raises(ValueError, match=r"shape \(n, 2\)"):
        estimate.map_points(np.zeros(2))


def test_there_is_nothing_beyond_the_horizon() -> None:
    # the horizon is x = 1250, to the right of the image
    rng = np.random.default_rng(3)
    steep = np.array([[0.5, 0, 100], [-0.1, 0.6, 50], [-0.0008, 0, 1]])
    source = rng.uniform(0, SIZE_PX, (200, 2))
    target = mapped(source, steep)
    source += rng.normal(0, 0.3, source.shape)
    target += rng.normal(0, 0.3, target.shape)
    estimate = estimate_homography(source, target)
    assert isinstance(estimate, HomographyEstimate)
    places = np.array([[500.0, 200], [1100, 200], [1400, 200], [5000, -100]])
    seen = [True, True, False, False]
    assert np.isfinite(estimate.map_points(places)).all(axis=1).tolist() == seen
    assert np.isfinite(estimate.covariance_px2(places)).all(axis=(1, 2)).tolist() == seen
    assert np.isnan(estimate.residuals_px(places, places)[2:]).all()
    assert estimate.map_points(places[:1]) == pytest.approx(mapped(places[:1], steep), abs=0.5)


def test_the_origin_of_the_pixels_may_lie_beyond_the_horizon() -> None:
    rng = np.random.default_rng(4)
    steep = np.array([[0.5, 0, 100], [-0.1, 0.6, 50], [-0.0008, 0, 1]])
    shift = np.array([[1.0, 0, 2000], [0, 1, 0], [0, 0, 1]])
    source = rng.uniform(0, SIZE_PX, (200, 2))
    target = mapped(source, steep) + rng.normal(0, 0.3, source.shape)
    estimate = estimate_homography(source - np.array([2000, 0]), target)
    assert isinstance(estimate, HomographyEstimate)
    places = np.array([[-1500.0, 200], [-600, 200]])
    assert estimate.target_from_source[2, 2] == 1
    assert (places @ estimate.target_from_source[2, :2] + 1 < 0).tolist() == [True, False]
    images = estimate.map_points(places)
    assert images[0] == pytest.approx(mapped(places[:1], steep @ shift)[0], abs=0.5)
    assert np.isnan(images[1]).all()


def test_normalised_map_is_the_same_map() -> None:
    rng = np.random.default_rng(5)
    estimate = estimate_homography(*noisy(rng, rng.uniform(0, SIZE_PX, (200, 2)), 0.7))
    through = np.linalg.inv(estimate.normalised_from_target) @ (
        estimate.normalised_target_from_source @ estimate.normalised_from_source
    )
    assert through / through[2, 2] == pytest.approx(estimate.target_from_source, rel=1e-9)
    assert estimate.normalised_target_from_source[2, 2] == 1
    assert (np.linalg.eigvalsh(estimate.parameter_covariance) > 0).all()


def test_twice_the_noise_is_twice_the_error() -> None:
    sizes = []
    for noise_px in (0.5, 1.0):
        rng = np.random.default_rng(6)
        source, target = noisy(rng, rng.uniform(0, SIZE_PX, (300, 2)), 0.6, noise_px)
        options = MlesacOptions(sigma_px=noise_px)
        estimate = estimate_homography(source, target, options=options)
        sizes.append(np.sqrt(estimate.covariance_px2(PLACES_PX)[:, [0, 1], [0, 1]]))
    assert sizes[1] / sizes[0] == pytest.approx(2, rel=0.05)
