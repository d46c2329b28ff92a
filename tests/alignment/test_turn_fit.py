import numpy as np
import pytest

from dashgaze.alignment.mapping import MapFrame, Mapping
from dashgaze.alignment.rotation import rotation_matrix, rotation_vector
from dashgaze.alignment.turn_fit import MIN_POINTS, TurnFit, fit_turn

EGO = np.array([[766.3, 0, 543.6], [0, 766.4, 566.1], [0, 0, 1]])
ROAD = np.array([[1663.0, 0, 959.5], [0, 1663, 539.5], [0, 0, 1]])
FRAME = MapFrame(ego_matrix=EGO, road_size_px=(1920, 1080))
# what a drive's lenses and depths make of a mere turn
STRETCH = np.array([[1.02, 0.01, 0], [0.005, 0.99, 0], [1e-5, -8e-6, 1]])
START = Mapping.from_matrix(
    STRETCH @ ROAD @ rotation_matrix(np.array([0.04, -0.1, 0.02])) @ np.linalg.inv(EGO),
    np.zeros((8, 8)),
    FRAME,
)
TURN = np.array([0.004, -0.006, 0.01])


def matches(
    seed: int, count: int, wrong: float = 0.0, noise_px: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of a head that turned by TURN; the first ones, a share `wrong` of all, follow nothing."""
    rng = np.random.default_rng(seed)
    ego = rng.uniform((300, 400), (800, 720), (count, 2))
    road = START.turned(TURN).map_points(ego) + rng.normal(0, noise_px, (count, 2))
    bad = np.arange(count) < round(wrong * count)
    road[bad] += rng.uniform(-60, 60, (bad.sum(), 2))
    return ego, road, bad


def fitted(*arguments: object, start: Mapping = START) -> TurnFit:
    fit = fit_turn(start, *arguments)
    assert fit is not None
    return fit


def turn_of(fit: TurnFit) -> np.ndarray:
    return rotation_vector(relative(fit))


def relative(fit: TurnFit) -> np.ndarray:
    between = np.linalg.solve(START.normal_map, fit.mapping.normal_map)
    return between / np.cbrt(np.linalg.det(between))


def test_without_noise_the_turn_is_exact() -> None:
    ego, road, _ = matches(0, 60, noise_px=0)
    fit = fitted(ego, road)
    assert turn_of(fit) == pytest.approx(TURN, abs=1e-9)
    assert fit.mapping.normal_map == pytest.approx(START.turned(TURN).normal_map, abs=1e-9)
    assert fit.inlier_count == 60
    assert 0 < fit.sigma_px < 0.5


@pytest.mark.parametrize(("count", "wrong"), [(60, 0.0), (60, 0.4), (200, 0.4), (30, 0.4)])
def test_planted_turn_is_found_among_wrong_matches(count: int, wrong: float) -> None:
    for seed in range(25):
        ego, road, bad = matches(seed, count, wrong)
        fit = fitted(ego, road)
        # across: 1 px of noise is 0.6 mrad; the roll has a lever of 250 px
        limit = 0.6e-3 * 5 / np.sqrt(count * (1 - wrong))
        assert np.abs(turn_of(fit) - TURN)[:2].max() < limit
        assert abs(turn_of(fit) - TURN)[2] < 8 * limit
        far = np.hypot(*(road - START.turned(TURN).map_points(ego)).T) > 8
        assert not (fit.inlier_probability[far] > 0.5).any()
        assert (fit.inlier_probability[~bad] > 0.5).mean() > 0.85
        assert fit.inlier_count == np.count_nonzero(fit.inlier_probability > 0.5)
        assert fit.sigma_px == pytest.approx(1, rel=0.5)


def test_the_form_of_the_map_stays() -> None:
    ego, road, _ = matches(1, 80, 0.3)
    fit = fitted(ego, road)
    assert relative(fit) @ relative(fit).T == pytest.approx(np.eye(3), abs=1e-9)


def test_covariance_is_that_of_repeated_fits() -> None:
    ego, clean, _ = matches(2, 50, noise_px=0)
    places = np.array([[540.0, 560], [350, 450], [800, 650], [540, 300]])
    truth = START.turned(TURN).map_points(places)
    rng = np.random.default_rng(3)
    nees = []
    for _ in range(200):
        road = clean + rng.normal(0, 1.3, clean.shape)
        mapping = fitted(ego, road).mapping
        miss = (mapping.map_points(places) - truth)[:, :, None]
        # three numbers are fitted, so the covariance of two coordinates has full rank
        spread = mapping.covariance_px2(places)
        nees.append((miss.transpose(0, 2, 1) @ np.linalg.inv(spread) @ miss).ravel())
    by_place = np.mean(nees, axis=0)
    assert ((by_place > 1.6) & (by_place < 2.5)).all()  # 2 dimensions


def test_covariance_of_the_start_is_kept_and_turned() -> None:
    rng = np.random.default_rng(4)
    root = rng.normal(0, 1e-4, (8, 8))
    start = Mapping(START.normal_map, root @ root.T, FRAME)
    ego, road, _ = matches(5, 80)
    with_start, without = fitted(ego, road, start=start), fitted(ego, road)
    assert with_start.mapping.normal_map.tolist() == without.mapping.normal_map.tolist()
    moved = start.turned(turn_of(without)).covariance
    assert with_start.mapping.covariance - without.mapping.covariance == pytest.approx(
        moved, rel=1e-4, abs=1e-13
    )


def test_too_few_points() -> None:
    ego, road, _ = matches(6, MIN_POINTS, noise_px=0.3)
    assert fit_turn(START, ego[:-1], road[:-1]) is None
    assert fit_turn(START, ego[:0], road[:0]) is None
    # with a single wrong one among the fewest, seven are left
    assert fitted(*matches(6, 16, noise_px=0.3)[:2]).inlier_count == 16
    road[0] += 200
    assert fit_turn(START, ego, road) is None


def test_points_that_agree_on_nothing() -> None:
    rng = np.random.default_rng(7)
    for _ in range(20):
        ego = rng.uniform((300, 400), (800, 720), (60, 2))
        assert fit_turn(START, ego, rng.uniform(0, (1919, 1079), (60, 2))) is None


@pytest.mark.parametrize(("wrong", "found"), [(0.5, True), (0.8, False)])
def test_a_minority_has_no_say(wrong: float, found: bool) -> None:
    # twenty of a hundred may follow a car ahead, or chance
    for seed in range(10):
        ego, road, bad = matches(seed, 100, wrong, noise_px=0.5)
        road[bad] += 100 * np.sign(road[bad] - (960, 540))
        assert (fit_turn(START, ego, road) is not None) == found


def test_missing_points_count_as_wrong() -> None:
    ego, road, _ = matches(8, 60)
    road[::3] = np.nan
    ego[1::6] = np.nan
    fit = fitted(ego, road)
    assert (fit.inlier_probability[::3] == 0).all()
    assert (fit.inlier_probability[1::6] == 0).all()
    assert 25 <= fit.inlier_count <= 30
    known = np.isfinite(ego).all(axis=1) & np.isfinite(road).all(axis=1)
    alone = fitted(ego[known], road[known])
    assert turn_of(fit) == pytest.approx(turn_of(alone), abs=2e-5)


def test_points_behind_the_road_camera_count_as_wrong() -> None:
    ego, road, _ = matches(9, 60)
    beside = np.array([[30_000.0, 560], [-40_000, 560]])
    assert np.isnan(START.map_points(beside)).any(axis=1).any()
    fit = fitted(np.vstack([ego, beside]), np.vstack([road, [[900, 500], [900, 500]]]))
    assert turn_of(fit) == pytest.approx(turn_of(fitted(ego, road)), abs=2e-5)
    assert np.isfinite(fit.mapping.covariance).all()


@pytest.mark.parametrize("seed", range(3))
def test_never_nan(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(60):
        count = int(rng.integers(8, 40))
        ego, road, _ = matches(
            int(rng.integers(1e6)), count, rng.uniform(0, 0.9), rng.uniform(0, 9)
        )
        shape = rng.integers(4)
        if shape == 0:  # all on one place
            ego[:], road[:] = ego[0], road[0]
        elif shape == 1:  # on a line
            ego[:, 1] = 560
            road = START.turned(TURN).map_points(ego)
        elif shape == 2:
            road += rng.normal(0, 300, 2)
        fit = fit_turn(START, ego, road)
        if fit is not None:
            assert np.isfinite(fit.mapping.normal_map).all()
            assert np.isfinite(fit.mapping.covariance).all()
            assert np.isfinite(fit.inlier_probability).all()
            assert fit.inlier_count >= 0
            assert 0 < fit.sigma_px < np.inf
