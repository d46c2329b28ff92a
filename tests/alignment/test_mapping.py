import numpy as np
import pytest

from dashgaze.alignment.homography import HomographyEstimate, refine_homography
from dashgaze.alignment.mapping import MapFrame, Mapping, map_all
from dashgaze.alignment.rotation import rotation_matrix, turned

EGO = np.array([[766.3, 0, 543.6], [0, 766.4, 566.1], [0, 0, 1]])
ROAD_SIZE = (1920, 1080)
ROAD = np.array([[1663.0, 0, 959.5], [0, 1663, 539.5], [0, 0, 1]])
FRAME = MapFrame(ego_matrix=EGO, road_size_px=ROAD_SIZE)
PLACES_PX = np.array([[540.0, 560], [300, 480], [800, 700], [420, 650], [700, 420]])


def far(vector: object) -> np.ndarray:
    matrix = ROAD @ rotation_matrix(np.array(vector, dtype=float)) @ np.linalg.inv(EGO)
    return matrix / matrix[2, 2]


TRUTH = far([0.04, -0.1, 0.02])


def mapped(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    image = points @ matrix[:, :2].T + matrix[:, 2]
    return image[:, :2] / image[:, 2:]


def estimate(seed: int = 0, count: int = 200) -> HomographyEstimate:
    rng = np.random.default_rng(seed)
    ego = rng.uniform((250, 350), (850, 750), (count, 2))
    road = mapped(ego, TRUTH) + rng.normal(0, 1.5, (count, 2))
    found = refine_homography(ego + rng.normal(0, 0.6, ego.shape), road, TRUTH)
    assert isinstance(found, HomographyEstimate)
    return found


def test_an_estimate_keeps_its_map_and_its_covariance() -> None:
    found = estimate()
    mapping = Mapping.from_estimate(found, FRAME)
    assert mapping.road_from_ego == pytest.approx(found.target_from_source, rel=1e-9)
    assert mapping.map_points(PLACES_PX) == pytest.approx(found.map_points(PLACES_PX), abs=1e-7)
    assert mapping.covariance_px2(PLACES_PX) == pytest.approx(
        found.covariance_px2(PLACES_PX), rel=1e-6
    )
    assert mapping.normal_map[2, 2] == pytest.approx(1, rel=1e-15)
    assert (np.linalg.eigvalsh(mapping.covariance) > 0).all()


def test_elements_are_rays_to_widths() -> None:
    mapping = Mapping.from_matrix(TRUTH, np.zeros((8, 8)), FRAME)
    expected = ROAD[0, 0] / 1920 * rotation_matrix(np.array([0.04, -0.1, 0.02]))[:2]
    assert mapping.normal_map[:2] == pytest.approx(
        expected / rotation_matrix(np.array([0.04, -0.1, 0.02]))[2, 2]
    )
    assert mapping.map_points(PLACES_PX) == pytest.approx(mapped(PLACES_PX, TRUTH))
    assert mapping.covariance_px2(PLACES_PX).tolist() == np.zeros((5, 2, 2)).tolist()


def test_scale_doesn_t_matter() -> None:
    one = Mapping.from_matrix(TRUTH, np.zeros((8, 8)), FRAME)
    other = Mapping(3.7 * one.normal_map, np.zeros((8, 8)), FRAME)
    assert other.normal_map == pytest.approx(one.normal_map)
    assert other.road_from_ego[2, 2] == 1


def test_a_turn_is_the_composition() -> None:
    covariance = Mapping.from_estimate(estimate(), FRAME).covariance
    mapping = Mapping.from_matrix(TRUTH, covariance, FRAME)
    turn = np.array([0.03, -0.25, 0.08])
    later = mapping.turned(turn)
    composed = TRUTH @ EGO @ rotation_matrix(turn) @ np.linalg.inv(EGO)
    assert later.road_from_ego == pytest.approx(composed / composed[2, 2], rel=1e-9)
    assert later.road_from_ego == pytest.approx(turned(TRUTH, turn, EGO), rel=1e-9)
    assert later.turned(-turn).covariance == pytest.approx(covariance, rel=1e-6, abs=1e-15)


def test_a_turn_moves_the_covariance_with_the_points() -> None:
    mapping = Mapping.from_estimate(estimate(), FRAME)
    turn = np.array([0.02, 0.2, -0.05])
    # what is seen at `places` after the turn was seen there before
    before = mapped(PLACES_PX, EGO @ rotation_matrix(turn) @ np.linalg.inv(EGO))
    later = mapping.turned(turn)
    assert later.map_points(PLACES_PX) == pytest.approx(mapping.map_points(before))
    assert later.covariance_px2(PLACES_PX) == pytest.approx(
        mapping.covariance_px2(before), rel=1e-6
    )


def test_covariance_of_a_turn_is_that_of_drawn_ones() -> None:
    rng = np.random.default_rng(1)
    mapping = Mapping.from_estimate(estimate(), FRAME)
    turn = np.array([0.02, 0.2, -0.05])
    spread = np.array([[4.0, 1, 0], [1, 9, 2], [0, 2, 25]]) * 1e-8
    later = mapping.turned(turn, spread)
    elements = rng.multivariate_normal(mapping.normal_map.ravel()[:8], mapping.covariance, 4000)
    images = []
    for drawn, small in zip(
        elements, rng.multivariate_normal(np.zeros(3), spread, 4000), strict=True
    ):
        matrix = np.append(drawn, 1).reshape(3, 3) @ rotation_matrix(turn) @ rotation_matrix(small)
        images.append(Mapping(matrix, later.covariance, FRAME).map_points(PLACES_PX))
    for place, stated in enumerate(later.covariance_px2(PLACES_PX)):
        whitener = np.linalg.inv(np.linalg.cholesky(stated))
        seen = whitener @ np.cov(np.array(images)[:, place].T) @ whitener.T
        assert seen == pytest.approx(np.eye(2), abs=0.12)
    # and the turn is a part of it that counts: 3 mrad are 0.5 px
    bare = mapping.turned(turn).covariance_px2(PLACES_PX)
    assert (np.trace(later.covariance_px2(PLACES_PX) - bare, axis1=1, axis2=2) > 0.2).all()


def test_an_uncertain_direction_alone() -> None:
    # a road camera of 1663 px: 1 mrad across is 1.66 px in the middle of its picture
    exact = Mapping.from_matrix(far([0, 0, 0]), np.zeros((8, 8)), FRAME)
    middle = EGO[:2, 2][None]
    spread = exact.turned(np.zeros(3), np.diag([1e-6, 4e-6, 0])).covariance_px2(middle)[0]
    # about y the picture moves across, about x up and down
    assert spread == pytest.approx(np.diag([(2 * 1.663) ** 2, 1.663**2]), abs=1e-6)
    rolled = exact.turned(np.zeros(3), np.diag([0, 0, 1e-6])).covariance_px2(middle)[0]
    assert rolled == pytest.approx(np.zeros((2, 2)), abs=1e-9)


def test_there_is_nothing_behind_the_road_camera() -> None:
    covariance = Mapping.from_estimate(estimate(), FRAME).covariance
    # the head looks 70° to the left of the road
    mapping = Mapping.from_matrix(far([0, np.radians(-70), 0]), covariance, FRAME)
    degrees = np.array([-40.0, -21, -19, 0, 30, 69])
    points = np.column_stack(
        [EGO[0, 0] * np.tan(np.radians(degrees)) + EGO[0, 2], 0 * degrees + 566.1]
    )
    in_front = [False, False, True, True, True, True]
    assert np.isfinite(mapping.map_points(points)).all(axis=1).tolist() == in_front
    assert np.isfinite(mapping.covariance_px2(points)).all(axis=(1, 2)).tolist() == in_front
    assert mapping.map_points(points[-1:])[0, 0] == pytest.approx(
        959.5 - 1663 * np.tan(np.radians(1)), abs=1e-3
    )


def test_missing_points_stay_missing_and_alone() -> None:
    mapping = Mapping.from_estimate(estimate(), FRAME)
    points = np.array([[540.0, 560], [np.nan, 5], [700, 420]])
    assert np.isnan(mapping.map_points(points)[:, 0]).tolist() == [False, True, False]
    spread = mapping.covariance_px2(points)
    assert np.isnan(spread[:, 0, 0]).tolist() == [False, True, False]
    assert mapping.map_points(np.zeros((0, 2))).shape == (0, 2)
    assert mapping.covariance_px2(np.zeros((0, 2))).shape == (0, 2, 2)


def test_each_point_by_its_own_map() -> None:
    first = Mapping.from_estimate(estimate(), FRAME)
    maps = [first.turned(np.array([0, 0.05 * k, 0])) for k in range(5)]
    normal, spread = (
        np.stack([each.normal_map for each in maps]),
        np.stack([each.covariance for each in maps]),
    )
    points, covariances = map_all(normal, spread, PLACES_PX, FRAME)
    for k, each in enumerate(maps):
        assert points[k] == pytest.approx(each.map_points(PLACES_PX[[k]])[0], rel=1e-12)
        assert covariances[k] == pytest.approx(each.covariance_px2(PLACES_PX[[k]])[0], rel=1e-9)
    homographies = FRAME.road_from_ego(normal)
    assert homographies[3] == pytest.approx(maps[3].road_from_ego, rel=1e-12)
    # rows without a map stay without a point
    normal[1] = np.nan
    points, covariances = map_all(normal, spread, PLACES_PX, FRAME)
    assert np.isnan(points[:, 0]).tolist() == [False, True, False, False, False]
    assert np.isnan(covariances[:, 0, 0]).tolist() == [False, True, False, False, False]


@pytest.mark.parametrize(
    ("point", "inside"),
    [
        ((0, 0), True),
        ((-0.5, 10), True),
        ((-0.501, 10), False),
        ((10, -0.5), True),
        ((10, -0.501), False),
        ((1919.499, 10), True),
        ((1919.5, 10), False),
        ((10, 1079.499), True),
        ((10, 1079.5), False),
        ((np.nan, 10), False),
    ],
)
def test_the_picture_ends_at_the_edges_of_its_pixels(point: tuple, inside: bool) -> None:
    assert FRAME.contains(np.array([point], dtype=float)).tolist() == [inside]


def test_corners_of_the_road_picture() -> None:
    corners = np.array([[959.5, 539.5, 1], [-0.5, 539.5, 1], [959.5, 539.5 + 960, 1]])
    assert corners @ FRAME.normal_from_road.T == pytest.approx(
        np.array([[0, 0, 1], [-0.5, 0, 1], [0, 0.5, 1]])
    )


def test_followed_by_another_map() -> None:
    rng = np.random.default_rng(3)
    root = rng.normal(0, 1e-4, (8, 8))
    mapping = Mapping(np.eye(3) + rng.normal(0, 0.03, (3, 3)), root @ root.T, FRAME)
    further = np.eye(3) + rng.normal(0, 0.03, (3, 3))
    later = mapping.followed_by(further)
    assert later.normal_map * later.normal_map[2, 2] == pytest.approx(
        (further @ mapping.normal_map) / (further @ mapping.normal_map)[2, 2]
    )
    # the covariance is that of maps drawn at random
    draws = rng.multivariate_normal(mapping.normal_map.ravel()[:8], mapping.covariance, 20_000)
    maps = further @ np.column_stack([draws, np.ones(len(draws))]).reshape(-1, 3, 3)
    elements = (maps / maps[:, 2:, 2:]).reshape(-1, 9)[:, :8]
    assert np.cov(elements.T) == pytest.approx(later.covariance, rel=0.1, abs=2e-9)
