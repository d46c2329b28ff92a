import numpy as np
import pytest

from dashgaze.alignment.road_camera import (
    RoadCamera,
    far_homography,
    recover_road_camera,
    usual_focal_px,
)
from dashgaze.alignment.rotation import rotation_matrix

EGO = np.array([[766.3, 0, 543.6], [0, 770.4, 566.1], [0, 0, 1]])
SIZE = (1920, 1080)


def road_matrix(focal_px: float) -> np.ndarray:
    return np.array([[focal_px, 0, 959.5], [0, focal_px, 539.5], [0, 0, 1]])


def far_homographies(
    focal_px: float, count: int, seed: int = 0, noise: float = 0.0
) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        inner = rotation_matrix(rng.normal(0, 0.2, 3)) + rng.normal(0, noise, (3, 3))
        matrix = road_matrix(focal_px) @ inner @ np.linalg.inv(EGO)
        found.append(matrix / matrix[2, 2])
    return found


@pytest.mark.parametrize("focal_px", [900.0, 1663, 2400])
def test_focal_length_is_recovered(focal_px: float) -> None:
    road = recover_road_camera(far_homographies(focal_px, 7), EGO, SIZE)
    assert road is not None
    assert road.focal_px == pytest.approx(focal_px, rel=1e-9)
    assert road.spread_px == pytest.approx(0, abs=1e-6)
    assert (road.count, road.size_px, road.centre_px) == (7, SIZE, (959.5, 539.5))
    assert road.matrix == pytest.approx(road_matrix(focal_px))
    assert road.degree_px == pytest.approx(focal_px * np.pi / 180)


@pytest.mark.parametrize("factor", [-1.0, 1e-3, 40.0])
def test_scale_and_sign_of_homographies_don_t_matter(factor: float) -> None:
    road = recover_road_camera([factor * h for h in far_homographies(1663, 5)], EGO, SIZE)
    assert road is not None
    assert road.focal_px == pytest.approx(1663)


def test_with_noise_it_is_the_median_and_its_spread() -> None:
    road = recover_road_camera(far_homographies(1663, 400, noise=0.01), EGO, SIZE)
    assert road is not None
    # single ones are off by 1 % · √1.5 or so, the median by a twentieth of that
    assert road.focal_px == pytest.approx(1663, rel=0.003)
    assert 0.007 < road.spread_px / 1663 < 0.02
    assert road.count > 380


def test_a_few_wrong_ones_don_t_matter() -> None:
    maps = far_homographies(1663, 30, noise=0.002)
    maps += far_homographies(1100, 8, seed=1)  # consistent, but wrong
    road = recover_road_camera(maps, EGO, SIZE)
    assert road is not None
    assert road.focal_px == pytest.approx(1663, rel=0.005)


def test_too_few() -> None:
    maps = far_homographies(1663, 5)
    assert recover_road_camera(maps[:4], EGO, SIZE) is None
    assert recover_road_camera([], EGO, SIZE) is None
    assert recover_road_camera(maps, EGO, SIZE) is not None


@pytest.mark.parametrize(
    "wrong",
    [
        np.array([[1, 0.12, 0], [0, 1, 0], [0, 0, 1]]),  # sheared
        np.diag([1.08, 1, 1]),  # stretched
        np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0.0]]),  # no depth
    ],
)
def test_homographies_that_no_turn_can_have_have_no_say(wrong: np.ndarray) -> None:
    centred = np.array([[1, 0, 959.5], [0, 1, 539.5], [0, 0, 1]])
    sheared = [centred @ wrong @ np.linalg.inv(centred) @ h for h in far_homographies(1500, 20)]
    assert recover_road_camera(sheared, EGO, SIZE) is None
    right = far_homographies(1663, 20)
    road = recover_road_camera([*sheared, *right], EGO, SIZE)
    assert road is not None
    assert road.count == 20
    assert road.focal_px == pytest.approx(1663)
    # where most are no turns, the rest is not believed either
    assert recover_road_camera([*sheared, *right[:19]], EGO, SIZE) is None


def test_pixels_that_are_not_quite_square() -> None:
    # 3 % wider than high, as some lenses make them: the mean of both
    wide = np.diag([1.03, 1, 1])
    centred = np.array([[1, 0, 959.5], [0, 1, 539.5], [0, 0, 1]])
    maps = [centred @ wide @ np.linalg.inv(centred) @ h for h in far_homographies(1663, 5)]
    road = recover_road_camera(maps, EGO, SIZE)
    assert road is not None
    assert road.focal_px == pytest.approx(1663 * np.sqrt(1.03), rel=1e-9)


def test_usual_focal_length_is_that_of_60_degrees() -> None:
    focal_px = usual_focal_px((1920, 1080))
    assert np.degrees(2 * np.arctan(960 / focal_px)) == pytest.approx(60)
    # of the longer side, however the phone is held
    assert usual_focal_px((1080, 1920)) == focal_px


def far_camera(focal_px: float = 1663) -> RoadCamera:
    return RoadCamera(
        focal_px=focal_px, spread_px=np.nan, count=0, size_px=SIZE, centre_px=(959.5, 539.5)
    )


def test_a_far_homography_is_its_own_nearest() -> None:
    for truth in far_homographies(1663, 5):
        assert far_homography(truth, EGO, far_camera()) == pytest.approx(truth, rel=1e-9)
        assert far_homography(-2 * truth, EGO, far_camera()) == pytest.approx(truth, rel=1e-9)


def test_the_nearest_far_homography_of_another_is_a_turn() -> None:
    rng = np.random.default_rng(2)
    other = far_homographies(1663, 1)[0] * (1 + rng.normal(0, 0.02, (3, 3)))
    found = far_homography(other, EGO, far_camera())
    inner = np.linalg.inv(road_matrix(1663)) @ found @ EGO
    inner /= np.cbrt(np.linalg.det(inner))
    assert inner @ inner.T == pytest.approx(np.eye(3), abs=1e-9)
    # and near it
    point = np.array([540.0, 560, 1])
    one, two = other @ point, found @ point
    assert np.hypot(*(one[:2] / one[2] - two[:2] / two[2])) < 60
