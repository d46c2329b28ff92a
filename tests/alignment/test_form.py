import numpy as np
import pytest

from dashgaze.alignment.form import FEWEST_MAPS, draw_to_form, usual_form
from dashgaze.alignment.mapping import MapFrame, Mapping
from dashgaze.alignment.observations import from_triangles, to_triangles
from dashgaze.alignment.road_camera import RoadCamera
from dashgaze.alignment.rotation import rotation_matrix

EGO = np.array([[766.3, 0, 543.6], [0, 766.4, 566.1], [0, 0, 1]])
FRAME = MapFrame(ego_matrix=EGO, road_size_px=(1920, 1080))
ROAD = RoadCamera(
    focal_px=1663, spread_px=np.nan, count=0, size_px=(1920, 1080), centre_px=(959.5, 539.5)
)
USUAL = np.array([0.01, -0.02, 0.006, 0.004, -0.008])  # xx, yy, xy, xz, yz


def stretch_matrix(s: np.ndarray) -> np.ndarray:
    xx, yy, xy, xz, yz = s
    symmetric = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, -xx - yy]])
    values, vectors = np.linalg.eigh(symmetric)
    return vectors * np.exp(values) @ vectors.T


def true_map(s: np.ndarray, turn: np.ndarray) -> np.ndarray:
    focal = ROAD.focal_px / ROAD.size_px[0]
    matrix = np.diag([focal, focal, 1]) @ stretch_matrix(s) @ rotation_matrix(turn)
    return matrix / matrix[2, 2]


def noise_of_matches(
    truth: np.ndarray, rays_from: tuple, rays_to: tuple, rng: np.random.Generator
) -> np.ndarray:
    """Covariance of a map that 100 matches within a part of the ego view were fitted to."""
    rays = np.column_stack([rng.uniform(rays_from, rays_to, (100, 2)), np.ones(100)])
    image = rays @ truth.T
    p, q = (image[:, :2] / image[:, 2:]).T
    slope = np.zeros((100, 2, 8))
    slope[:, 0, :3] = slope[:, 1, 3:6] = rays
    slope[:, 0, 6:] = -p[:, None] * rays[:, :2]
    slope[:, 1, 6:] = -q[:, None] * rays[:, :2]
    slope = (slope / image[:, 2, None, None]).reshape(-1, 8)
    return np.linalg.inv(slope.T @ slope) * (1.0 / 1920) ** 2


def drive(
    count: int, *, seed: int = 0, varying: float = 0.0, part: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True maps, measured ones, and triangles of their covariances.

    Matches lie in a part of the view, somewhere; outside of it the measured maps are noisy.
    """
    rng = np.random.default_rng(seed)
    truth, seen, spread = [], [], []
    for _ in range(count):
        turn = rng.normal(0, 0.1, 3)
        matrix = true_map(USUAL + rng.normal(0, varying, 5), turn)
        middle = rotation_matrix(turn).T @ [0, 0, 1]
        middle = middle[:2] / middle[2] + rng.uniform(-1, 1, 2) * (1 - part) * 0.4
        half = np.array([0.5, 0.3]) * part
        covariance = noise_of_matches(matrix, tuple(middle - half), tuple(middle + half), rng)
        truth.append(matrix.ravel())
        seen.append(
            np.append(rng.multivariate_normal(matrix.ravel()[:8], covariance, method="cholesky"), 1)
        )
        spread.append(covariance)
    return np.array(truth), np.array(seen), to_triangles(np.array(spread))


def corner_errors_px(maps: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Errors at the four corners of the road picture, shape (n, 4)."""
    errors = []
    for one, right in zip(maps.reshape(-1, 3, 3), truth.reshape(-1, 3, 3), strict=True):
        corners = np.array([[-0.5, -0.28, 1], [0.5, -0.28, 1], [0.5, 0.28, 1], [-0.5, 0.28, 1]])
        image = corners @ np.linalg.inv(right).T @ one.T
        apart = image[:, :2] / image[:, 2:] - corners[:, :2]
        errors.append(np.hypot(*apart.T) * 1920)
    return np.array(errors)


def test_the_usual_stretch_is_found() -> None:
    _, seen, spread = drive(300)
    usual = usual_form(seen, spread, ROAD)
    assert usual is not None
    # single maps know it to 1e-3 or so
    assert usual.mean == pytest.approx(USUAL, abs=5e-4)
    # nothing varies: what is left is the least that is assumed
    assert np.sqrt(usual.variance).max() < 1.5e-3
    assert (usual.variance > 0).all()


@pytest.mark.parametrize(("varying", "part"), [(0.01, 1.0), (0.003, 0.4)])
def test_how_much_it_varies_is_found_beneath_the_noise(varying: float, part: float) -> None:
    # in the second case the noise is as large as the variation
    _, seen, spread = drive(600, varying=varying, part=part)
    usual = usual_form(seen, spread, ROAD)
    assert usual is not None
    assert np.sqrt(usual.variance) == pytest.approx(varying, rel=0.25)


def test_a_few_wrong_maps_don_t_change_it() -> None:
    _, seen, spread = drive(200)
    usual = usual_form(seen, spread, ROAD)
    rng = np.random.default_rng(1)
    seen[:20] = [true_map(rng.normal(0, 0.2, 5), rng.normal(0, 0.1, 3)).ravel() for _ in range(20)]
    again = usual_form(seen, spread, ROAD)
    assert usual is not None
    assert again is not None
    assert again.mean == pytest.approx(usual.mean, abs=5e-4)


@pytest.mark.parametrize("count", [0, FEWEST_MAPS - 1])
def test_too_few_maps(count: int) -> None:
    _, seen, spread = drive(count) if count else (None, np.zeros((0, 9)), np.zeros((0, 36)))
    assert usual_form(seen, spread, ROAD) is None
    assert usual_form(*drive(FEWEST_MAPS)[1:], ROAD) is not None


def test_noisy_corners_are_drawn_to_the_usual_form() -> None:
    _, good, good_spread = drive(200)
    usual = usual_form(good, good_spread, ROAD)
    assert usual is not None
    # maps of matches in a quarter of the view
    truth, seen, spread = drive(100, seed=1, part=0.25)
    drawn, less = draw_to_form(seen, spread, usual, ROAD)
    before, after = corner_errors_px(seen, truth), corner_errors_px(drawn, truth)
    assert np.median(before) > 5
    assert np.median(after) < np.median(before) / 3
    assert np.quantile(after, 0.95) < np.quantile(before, 0.95) / 3
    assert (drawn[:, 8] == 1).all()
    # the errors stated are those made: mean of the squared distance over its expectation
    nees = []
    for one, triangle, right in zip(drawn, less, truth, strict=True):
        mapping = Mapping(one.reshape(3, 3), from_triangles(triangle[None])[0], FRAME)
        corner = np.linalg.inv(right.reshape(3, 3)) @ [0.4, -0.2, 1]
        point = (EGO @ (corner / corner[2]))[None, :2]
        miss = mapping.map_points(point)[0] - [0.4 * 1920 + 959.5, -0.2 * 1920 + 539.5]
        nees.append(miss @ np.linalg.inv(mapping.covariance_px2(point)[0]) @ miss)
    assert 1.2 < np.mean(nees) < 3.0


def test_covariances_shrink_and_stay_covariances() -> None:
    _, seen, spread = drive(100, part=0.3)
    usual = usual_form(*drive(100, seed=3)[1:], ROAD)
    assert usual is not None
    less = from_triangles(draw_to_form(seen, spread, usual, ROAD)[1])
    for before, after in zip(from_triangles(spread), less, strict=True):
        scale = np.linalg.inv(np.linalg.cholesky(before))
        values = np.linalg.eigvalsh(scale @ after @ scale.T)
        # the turn's three numbers stay as they were; five become more certain, two of them much
        assert values.min() > -1e-9
        assert values.max() < 1 + 1e-6
        assert (values > 0.999).sum() == 3
        assert (values < 0.2).sum() >= 2


def test_a_form_that_truly_varies_is_not_drawn() -> None:
    truth, seen, spread = drive(200, varying=0.02)
    usual = usual_form(seen, spread, ROAD)
    assert usual is not None
    drawn, _ = draw_to_form(seen, spread, usual, ROAD)
    # the stretch of 0.02 would be 20 px in the corners
    before, after = corner_errors_px(seen, truth), corner_errors_px(drawn, truth)
    assert np.median(after) <= np.median(before) * 1.02
    assert np.median(corner_errors_px(drawn, seen)) < np.median(before) / 3


def test_missing_maps_stay_missing_and_alone() -> None:
    _, seen, spread = drive(40)
    usual = usual_form(seen, spread, ROAD)
    assert usual is not None
    whole, whole_spread = draw_to_form(seen, spread, usual, ROAD)
    seen[[3, 7]], spread[[3, 7]] = np.nan, np.nan
    drawn, less = draw_to_form(seen, spread, usual, ROAD)
    known = ~np.isin(np.arange(40), [3, 7])
    assert np.isnan(drawn[~known]).all()
    assert np.isnan(less[~known]).all()
    assert drawn[known] == pytest.approx(whole[known], rel=1e-12)
    assert less[known] == pytest.approx(whole_spread[known], rel=1e-9, abs=1e-16)
    nothing, none = draw_to_form(seen[[3]], spread[[3]], usual, ROAD)
    assert np.isnan(nothing).all()
    assert np.isnan(none).all()
