from functools import cache
from types import ModuleType

import numpy as np
import pytest

from dashgaze.alignment.direct import (
    MIN_INLIERS_BLIND,
    DirectMatch,
    DirectMatcher,
    Prediction,
    Rejected,
)
from dashgaze.alignment.mapping import Mapping
from dashgaze.alignment.road_view import RoadView
from dashgaze.alignment.rotation import rotation_matrix
from dashgaze.alignment.view_geometry import ViewGeometry

SMALL_TURN = np.array([0.01, 0.015, 0.01])  # 12 px in the road view


@pytest.fixture(scope="module")
def road(made_scene: ModuleType) -> RoadView:
    return made_scene.road_view(made_scene.road_picture())


@pytest.fixture(scope="module")
def head(made_scene: ModuleType) -> np.ndarray:
    return made_scene.first_head()


@pytest.fixture(scope="module")
def ego(made_scene: ModuleType, head: np.ndarray) -> np.ndarray:
    return made_scene.ego_picture(head)


@pytest.fixture(scope="module")
def truth(made_scene: ModuleType, head: np.ndarray) -> np.ndarray:
    return made_scene.road_from_ego(head)


@pytest.fixture(scope="module")
def matcher(made_scene: ModuleType) -> DirectMatcher:
    return matcher_of(made_scene)


@cache
def matcher_of(
    made_scene: ModuleType, *, calibrated: bool = True, count: int = 1000
) -> DirectMatcher:
    return DirectMatcher(
        made_scene.camera(),
        made_scene.frame(),
        feature_count=count,
        road_camera=made_scene.ROAD if calibrated else None,
    )


def matched(found: DirectMatch | Rejected) -> DirectMatch:
    assert isinstance(found, DirectMatch), found
    return found


def reason(found: DirectMatch | Rejected) -> str | None:
    return found.reason if isinstance(found, Rejected) else None


def near(made_scene: ModuleType, head: np.ndarray, turn: object, radius_px: float) -> Prediction:
    turned = head @ rotation_matrix(np.array(turn, dtype=float))
    return Prediction(road_from_ego=made_scene.road_from_ego(turned), radius_px=radius_px)


@pytest.mark.parametrize("calibrated", [True, False])
def test_the_planted_map_is_found_blind(
    made_scene: ModuleType, road: RoadView, truth: np.ndarray, head: np.ndarray, calibrated: bool
) -> None:
    matcher = matcher_of(made_scene, calibrated=calibrated)
    for seed in range(3):
        ego = made_scene.ego_picture(head, noise_seed=10 + seed)
        found = matched(matcher.match(ego, road, None, 0.0, prediction=None, seed=seed))
        assert made_scene.map_error_px(found.mapping.road_from_ego, truth) < 1
        assert found.inlier_count > 2 * MIN_INLIERS_BLIND
        assert found.inlier_count == np.count_nonzero(found.inlier_probability > 0.5)
        if calibrated:
            assert found.deviation_px < 4
        else:
            assert np.isnan(found.deviation_px)


@pytest.mark.parametrize("seed", range(3))
def test_the_planted_map_is_found_near_a_prediction(
    made_scene: ModuleType, matcher: DirectMatcher, road: RoadView, truth: np.ndarray,
    head: np.ndarray, seed: int,
) -> None:  # fmt: skip
    prediction = near(made_scene, head, SMALL_TURN, 25)
    assert made_scene.map_error_px(prediction.road_from_ego, truth) > 10
    ego = made_scene.ego_picture(head, noise_seed=20 + seed)
    found = matched(matcher.match(ego, road, None, 0.0, prediction=prediction, seed=seed))
    assert made_scene.map_error_px(found.mapping.road_from_ego, truth) < 0.6
    assert found.inlier_count > 0.9 * len(found.ego_px)
    # no match is further away from its predicted place than the radius
    away = Mapping.from_matrix(prediction.road_from_ego, np.zeros((8, 8)), made_scene.frame())
    assert np.abs(found.road_px - away.map_points(found.ego_px)).max() <= 25


@pytest.mark.parametrize("vector", [(0.0, 0.3, 0.0), (-0.15, -0.4, 0.1), (0.1, 0.0, 0.35)])
def test_heads_that_look_elsewhere(
    made_scene: ModuleType, matcher: DirectMatcher, road: RoadView, vector: tuple
) -> None:
    head = rotation_matrix(np.array(vector))
    truth = made_scene.road_from_ego(head)
    prediction = Prediction(road_from_ego=truth, radius_px=20)
    found = matcher.match(
        made_scene.ego_picture(head), road, None, 0.0, prediction=prediction, seed=0
    )
    assert made_scene.map_error_px(matched(found).mapping.road_from_ego, truth) < 1


def test_errors_stated_are_those_made(
    made_scene: ModuleType, matcher: DirectMatcher, road: RoadView, truth: np.ndarray,
    head: np.ndarray,
) -> None:  # fmt: skip
    # the covariance is that of independent noise; both views err together a little
    middle = np.linalg.solve(truth, [319.5, 179.5, 1])
    point = (middle[:2] / middle[2])[None]
    values = []
    for seed in range(12):
        turned = head @ rotation_matrix(np.random.default_rng(seed).normal(0, 0.03, 3))
        right = made_scene.road_from_ego(turned)
        image = right @ middle
        prediction = Prediction(road_from_ego=right, radius_px=20)
        ego = made_scene.ego_picture(turned, noise_seed=30 + seed)
        found = matched(matcher.match(ego, road, None, 0.0, prediction=prediction, seed=seed))
        miss = found.mapping.map_points(point)[0] - image[:2] / image[2]
        values.append(miss @ np.linalg.inv(found.mapping.covariance_px2(point)[0]) @ miss)
    assert 0.2 < np.mean(values) < 12


def test_matches_are_places_in_both_pictures(
    made_scene: ModuleType, matcher: DirectMatcher, road: RoadView, ego: np.ndarray,
    truth: np.ndarray,
) -> None:  # fmt: skip
    found = matched(matcher.match(ego, road, None, 0.0, prediction=None, seed=0))
    n = len(found.ego_px)
    for each in (found.ego_px, found.road_px, found.ego_shown_px, found.road_shown_px):
        assert each.shape == (n, 2)
    assert made_scene.camera().distort(found.ego_px) == pytest.approx(found.ego_shown_px, abs=0.01)
    # without a neighbour nothing moves
    assert found.road_px.tolist() == found.road_shown_px.tolist()
    shown = {tuple(each) for each in road.features.points_px}
    assert all(tuple(each) in shown for each in found.road_shown_px)
    missed = found.road_px - Mapping.from_matrix(
        truth, np.zeros((8, 8)), made_scene.frame()
    ).map_points(found.ego_px)
    inliers = found.inliers
    assert np.hypot(*missed[inliers].T).max() < 12
    assert np.median(np.hypot(*missed[~inliers].T)) > 12
    # noise grows with the level; sigma is that of the finest one
    assert found.noise_scale.min() >= 1
    normal = missed[inliers] / found.noise_scale[inliers, None]
    assert 0.5 < normal.std() / found.sigma_px < 3


def test_same_seed_same_match(matcher: DirectMatcher, road: RoadView, ego: np.ndarray) -> None:
    one, two = (
        matched(matcher.match(ego, road, None, 0.0, prediction=None, seed=4)) for _ in range(2)
    )
    assert one.mapping.normal_map.tolist() == two.mapping.normal_map.tolist()


@pytest.mark.parametrize("side", [1, -1])
def test_the_map_is_that_of_the_ego_frame_s_time(
    made_scene: ModuleType, matcher: DirectMatcher, head: np.ndarray, side: int
) -> None:
    # the phone turns by 0.6° between two road frames, 6 px
    turn = np.array([0, 0.0105, 0])
    view = made_scene.road_view(made_scene.road_picture(), index=5, time_s=10.0)
    beside = made_scene.road_view(
        made_scene.road_picture(rotation_matrix(side * turn), noise_seed=8),
        index=5 + side,
        time_s=10.0 + side / 30,
    )
    truth = made_scene.road_from_ego(head, rotation_matrix(side * 0.5 * turn))
    time_s = 10.0 + side / 60
    ego = made_scene.ego_picture(head)
    prediction = Prediction(road_from_ego=truth, radius_px=20)
    for given in (None, prediction):
        found = matched(matcher.match(ego, view, beside, time_s, prediction=given, seed=0))
        assert made_scene.map_error_px(found.mapping.road_from_ego, truth) < 1
        moved = found.road_px - found.road_shown_px
        assert np.median(moved[found.inliers, 0]) == pytest.approx(-side * 2.9, abs=0.6)
        # the picture moves to the left by 5.8 px in 33 ms, at its sides by a third more
        velocity = np.nanmedian(found.velocity_px_s[found.inliers], axis=0)
        assert velocity == pytest.approx([-5.8 * 30, 0], abs=45)
    alone = matched(matcher.match(ego, view, None, time_s, prediction=prediction, seed=0))
    assert made_scene.map_error_px(alone.mapping.road_from_ego, truth) > 2
    assert np.isnan(alone.velocity_px_s).all()


@pytest.mark.parametrize("seed", [5, 6])
@pytest.mark.parametrize("predicted", [True, False])
def test_unrelated_pictures_don_t_match(
    made_scene: ModuleType, matcher: DirectMatcher, road: RoadView, head: np.ndarray, seed: int,
    predicted: bool,
) -> None:  # fmt: skip
    other = made_scene.ego_picture(head, seed=seed)
    prediction = near(made_scene, head, (0, 0, 0), 30) if predicted else None
    found = matcher.match(other, road, None, 0.0, prediction=prediction, seed=0)
    assert reason(found) in ("no_consensus", "few_inliers")


def test_grey_pictures_have_too_few_features(
    made_scene: ModuleType, matcher: DirectMatcher, road: RoadView, ego: np.ndarray,
    head: np.ndarray,
) -> None:  # fmt: skip
    grey = np.full_like(ego, 128)
    prediction = near(made_scene, head, (0, 0, 0), 30)
    for given in (None, prediction):
        found = matcher.match(grey, road, None, 0.0, prediction=given, seed=0)
        assert reason(found) == "few_features"
    blank = made_scene.road_view(np.full((360, 640), 128, dtype=np.uint8))
    assert len(blank.features) == 0
    assert reason(matcher.match(ego, blank, None, 0.0, prediction=None, seed=0)) == "few_features"


def test_a_road_expected_out_of_sight_has_no_features(
    made_scene: ModuleType, matcher: DirectMatcher, road: RoadView, ego: np.ndarray,
    head: np.ndarray,
) -> None:  # fmt: skip
    for away in ((0, np.radians(85), 0), (0, np.radians(170), 0), (np.radians(-80), 0, 0)):
        prediction = near(made_scene, head, away, 30)
        found = matcher.match(ego, road, None, 0.0, prediction=prediction, seed=0)
        assert reason(found) == "few_features"


def test_fewer_inliers_than_a_match_needs(
    made_scene: ModuleType, matcher: DirectMatcher, road: RoadView, ego: np.ndarray,
    head: np.ndarray, truth: np.ndarray,
) -> None:  # fmt: skip
    # the road is seen through a window that grows, everything else is another scene
    other = made_scene.ego_picture(head, seed=5)
    middle = np.linalg.solve(truth, [319.5, 179.5, 1])
    shown = made_scene.camera().distort((middle[:2] / middle[2])[None])[0]
    x, y = np.rint(shown).astype(int)
    reasons = []
    for half in range(30, 72, 3):
        window = slice(y - half, y + half), slice(x - half, x + half)
        luma = other.copy()
        luma[window] = ego[window]
        reasons.append(reason(matcher.match(luma, road, None, 0.0, prediction=None, seed=0)))
    # first too little to tell a map, then a map on too few matches, then enough
    assert reasons[0] == "no_consensus"
    assert "few_inliers" in reasons
    assert reasons[-1] is None
    assert set(reasons) == {"no_consensus", "few_inliers", None}


@pytest.mark.parametrize("roll", [0.15, 0.2])
def test_a_map_far_from_the_prediction_is_off_course(
    made_scene: ModuleType, matcher: DirectMatcher, road: RoadView, ego: np.ndarray,
    head: np.ndarray, truth: np.ndarray, roll: float,
) -> None:  # fmt: skip
    # The prediction has the head tilted: in the middle there are matches within its radius, and what
    # they agree on is right, but elsewhere it contradicts the prediction.
    tilted = rotation_matrix(np.array([0, 0, roll])) @ head
    prediction = Prediction(road_from_ego=made_scene.road_from_ego(tilted), radius_px=20)
    found = matcher.match(ego, road, None, 0.0, prediction=prediction, seed=0)
    assert reason(found) == "off_course"
    wide = Prediction(road_from_ego=prediction.road_from_ego, radius_px=60)
    found = matched(matcher.match(ego, road, None, 0.0, prediction=wide, seed=0))
    assert made_scene.map_error_px(found.mapping.road_from_ego, truth) < 1


@pytest.mark.parametrize("stretch", [(1.3, 1.0), (1.25, 1.0)])
def test_a_map_that_no_turn_can_have_is_implausible(
    made_scene: ModuleType, road: RoadView, head: np.ndarray, stretch: tuple
) -> None:
    # a poster of the road in the car, say: a plane seen from elsewhere
    plane = made_scene.ego_picture(head, stretch=np.diag([*stretch, 1.0]))
    uncalibrated = matcher_of(made_scene, calibrated=False, count=2000)
    assert matched(uncalibrated.match(plane, road, None, 0.0, prediction=None, seed=0))
    calibrated = matcher_of(made_scene, count=2000)
    found = calibrated.match(plane, road, None, 0.0, prediction=None, seed=0)
    assert reason(found) == "implausible"


def test_deviation_from_a_turn(
    made_scene: ModuleType, matcher: DirectMatcher, truth: np.ndarray
) -> None:
    assert matcher.deviation_px(truth) == pytest.approx(0, abs=1e-6)
    assert matcher.deviation_px(5 * truth) == pytest.approx(0, abs=1e-6)
    # stretched by 10 % about the middle: the nearest turn can't do that, 32 px at the side
    about = np.array([[1.0, 0, 319.5], [0, 1, 179.5], [0, 0, 1]])
    wide = about @ np.diag([1.1, 1, 1]) @ np.linalg.inv(about) @ truth
    assert matcher.deviation_px(wide) == pytest.approx(0.1 * 319.5, rel=0.02)
    assert np.isnan(matcher_of(made_scene, calibrated=False).deviation_px(truth))


def test_share_of_the_road_view_that_the_ego_view_contains(
    made_scene: ModuleType, matcher: DirectMatcher, truth: np.ndarray
) -> None:
    assert ViewGeometry(camera=matcher.camera, frame=matcher.frame).common_share(truth) == 1
    shares = []
    for degrees in (0, 20, 40, 60, 80, 120, 180):
        head = rotation_matrix(np.array([0, np.radians(degrees), 0]))
        matrix = made_scene.ROAD.matrix @ head @ np.linalg.inv(made_scene.camera().matrix)
        # any scale, but for its sign: in front of the camera is in front
        shares.append(
            ViewGeometry(camera=matcher.camera, frame=matcher.frame).common_share(3 * matrix)
        )
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 1
    assert 0.2 < shares[2] < 0.8
    assert shares[-3:] == [0, 0, 0]
