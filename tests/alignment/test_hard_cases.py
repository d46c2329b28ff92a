"""Cases that went wrong once: fast turns, chance, heads turned round, damaged files, drift."""

from dataclasses import fields
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from dashgaze.alignment.chains import ChainCarrier
from dashgaze.alignment.direct import (
    DirectMatch,
    DirectMatcher,
    Prediction,
    Rejected,
)
from dashgaze.alignment.mapping import MapFrame, Mapping
from dashgaze.alignment.observations import Observations
from dashgaze.alignment.rotation import rotation_matrix
from dashgaze.alignment.solution import NOISE_FACTOR
from dashgaze.alignment.sweep import RowResult
from dashgaze.alignment.tracks import Step, TrackCarrier
from dashgaze.alignment.turn_fit import fit_turn
from dashgaze.alignment.view_geometry import transfer

EGO = np.array([[766.3, 0, 543.6], [0, 766.4, 566.1], [0, 0, 1]])
ROAD = np.array([[1663.0, 0, 959.5], [0, 1663, 539.5], [0, 0, 1]])
FRAME = MapFrame(ego_matrix=EGO, road_size_px=(1920, 1080))
UNKNOWN = np.full(3, np.nan)


def far(vector: object) -> Mapping:
    matrix = ROAD @ rotation_matrix(np.array(vector, dtype=float)) @ np.linalg.inv(EGO)
    return Mapping.from_matrix(matrix, 1e-10 * np.eye(8), FRAME)


@pytest.mark.parametrize("degrees", [3, 6, 10])
@pytest.mark.parametrize("gyro", [True, False])
def test_fast_turns_are_followed(made_scene: ModuleType, degrees: float, gyro: bool) -> None:
    # all 200 points are tracked, and thrown away: 3° are 29 px here, and 1° is that at 1080p
    head = made_scene.first_head()
    turn = np.radians(degrees) * np.array([0, 0.96, 0.28])
    later = head @ rotation_matrix(turn)
    view = made_scene.road_view(made_scene.road_picture())
    luma = made_scene.ego_picture(head)
    matcher = DirectMatcher(made_scene.camera(), made_scene.frame(), feature_count=1000)
    match = matcher.match(luma, view, None, 0.0, prediction=None, seed=0)
    assert isinstance(match, DirectMatch)
    first = Step(luma=luma, view=view, time_s=0.0, turn_rad=UNKNOWN)
    second = Step(
        luma=made_scene.ego_picture(later, noise_seed=55),
        view=view,
        time_s=0.0,
        turn_rad=turn if gyro else UNKNOWN,
    )
    fit = TrackCarrier(made_scene.camera(), match, first).step(second)
    assert fit is not None
    assert fit.inlier_count > 80
    assert made_scene.map_error_px(fit.mapping.road_from_ego, made_scene.road_from_ego(later)) < 1


@pytest.mark.parametrize("radius_px", [15, 25])
def test_chance_within_a_gate_is_no_agreement(radius_px: float) -> None:
    # matches are looked for within a radius of the prediction: wrong ones lie anywhere in it
    start = far([0.04, -0.1, 0.02])
    rng = np.random.default_rng(0)
    for _ in range(20):
        ego = rng.uniform((300, 400), (800, 720), (60, 2))
        road = start.map_points(ego) + rng.uniform(-radius_px, radius_px, (60, 2))
        found = fit_turn(start, ego, road, outlier_area_px2=(2 * radius_px) ** 2, max_sigma_px=3.0)
        assert found is None


def test_a_window_is_matched_as_exactly_as_it_is_seen(made_scene: ModuleType) -> None:
    # The eight numbers of a map of a small window are implausible, and a turn is fitted: to all
    # matches, wrong ones too, with σ = 5 px
    head = made_scene.first_head()
    truth = made_scene.road_from_ego(head)
    view = made_scene.road_view(made_scene.road_picture())
    matcher = DirectMatcher(
        made_scene.camera(), made_scene.frame(), feature_count=1000, road_camera=made_scene.ROAD
    )
    middle = np.linalg.solve(truth, [319.5, 179.5, 1])
    shown = made_scene.camera().distort((middle[:2] / middle[2])[None])[0]
    x, y = np.rint(shown).astype(int)
    off_px, stated_px = [], []
    for half in (40, 48, 56):
        for seed in range(6):
            luma = made_scene.ego_picture(head, noise_seed=200 + seed, seed=5)
            window = slice(y - half, y + half), slice(x - half, x + half)
            luma[window] = made_scene.ego_picture(head, noise_seed=200 + seed)[window]
            prediction = Prediction(road_from_ego=truth, radius_px=20)
            found = matcher.match(luma, view, None, 0.0, prediction=prediction, seed=seed)
            if isinstance(found, Rejected):
                continue
            assert found.sigma_px < 2
            # the window is small: what it can't tell, the map's own error has to say
            corners = np.array(
                [[255.5, 143.5, 1], [383.5, 143.5, 1], [255.5, 215.5, 1], [383.5, 215.5, 1]]
            )
            ego = np.linalg.solve(truth, corners.T).T
            spread = NOISE_FACTOR * found.mapping.covariance_px2(ego[:, :2] / ego[:, 2:])
            stated_px.append(np.sqrt(np.trace(spread, axis1=1, axis2=2) / 2).max())
            off_px.append(made_scene.map_error_px(found.mapping.road_from_ego, truth, 0.2))
    assert len(off_px) >= 5
    # Of 1200 such maps, with features in six orders, 1 % were more than 3 px off, and of each order 5 to 11 % more
    # than 1.5 px and three times what they state.
    assert max(off_px) < 4
    assert np.median(off_px) < 1.2
    assert np.mean(np.array(off_px) < np.maximum(1.5, 3 * np.array(stated_px))) >= 0.75


@pytest.mark.parametrize("roll", [0.3, 0.35])
def test_a_prediction_that_is_wrong_is_not_confirmed_by_chance(
    made_scene: ModuleType, roll: float
) -> None:
    head = made_scene.first_head()
    truth = made_scene.road_from_ego(head)
    view = made_scene.road_view(made_scene.road_picture())
    matcher = DirectMatcher(
        made_scene.camera(), made_scene.frame(), feature_count=1000, road_camera=made_scene.ROAD
    )
    tilted = made_scene.road_from_ego(rotation_matrix(np.array([0, 0, roll])) @ head)
    for radius_px in (15, 20):
        for seed in range(3):
            ego = made_scene.ego_picture(head, noise_seed=50 + seed)
            prediction = Prediction(road_from_ego=tilted, radius_px=radius_px)
            found = matcher.match(ego, view, None, 0.0, prediction=prediction, seed=0)
            if isinstance(found, DirectMatch):
                assert made_scene.map_error_px(found.mapping.road_from_ego, truth) < 5


def test_a_head_turned_far_still_sees_the_road_at_its_side(made_scene: ModuleType) -> None:
    # the corner (0, 0) of the pinhole ego view lies behind the road camera: the whole map has the
    # other sign once its last element is made 1
    for sign in (1, -1):
        head = rotation_matrix(np.array([0.0, sign * np.radians(58), 0.0]))
        truth = made_scene.road_from_ego(head)
        # the part of the road view nearest to where the head looks
        road = np.array([[sign * 200 + 319.5, 179.5, 1.0]])
        ray = np.linalg.inv(made_scene.camera().matrix) @ np.linalg.inv(truth) @ road[0]
        mapping = Mapping.from_matrix(truth, np.zeros((8, 8)), made_scene.frame())
        point = (made_scene.camera().matrix @ (ray / ray[2]))[None, :2]
        assert mapping.map_points(point)[0] == pytest.approx(road[0, :2], abs=1e-6)
        assert transfer(truth, point)[0] == pytest.approx(road[0, :2], abs=1e-6)


@pytest.mark.parametrize("degrees", [95, 120, 180])
def test_a_head_turned_round_does_not_see_the_road(degrees: float) -> None:
    # what lies straight ahead then is behind the road camera, whatever number the last element is
    mapping = far([0, 0, 0]).turned(np.radians([0.0, degrees, 0.0]))
    ahead = EGO[:2, 2][None]
    assert np.isnan(mapping.map_points(ahead)).all()
    assert np.isnan(mapping.covariance_px2(ahead)).all()


def some() -> Observations:
    return Observations.collect(
        [RowResult(row=4, direct=far([0, 0, 0]), inlier_count=9), RowResult(row=5)]
    )


@pytest.mark.parametrize("left", [10, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_none(tmp_path: Path, left: float) -> None:
    path = tmp_path / "part.npz"
    some().save(path)
    content = path.read_bytes()
    path.write_bytes(content[: round(left if left >= 1 else left * len(content))])
    assert Observations.load(path) is None


@pytest.mark.parametrize("start", range(10, 70, 7))
def test_a_damaged_file_is_none_or_as_it_was(tmp_path: Path, start: int) -> None:
    path = tmp_path / "part.npz"
    some().save(path)
    content = bytearray(path.read_bytes())
    for at in range(start, len(content), 97):
        content[at] ^= 0xFF
    path.write_bytes(content)
    again = Observations.load(path)
    if again is not None:
        for each in fields(Observations):
            np.testing.assert_array_equal(getattr(again, each.name), getattr(some(), each.name))


def test_a_chain_does_not_drift_where_all_is_far(made_scene: ModuleType) -> None:
    # the matches with the nearest descriptors are those that moved by whole pixels
    head_turn, phone_turn = np.array([0.002, 0.007, 0.001]), np.array([0.0005, 0.004, 0])
    steps = []
    for k in range(13):
        head = made_scene.first_head() @ rotation_matrix(k * head_turn)
        road = made_scene.road_picture(rotation_matrix(k * phone_turn), noise_seed=300 + k)
        steps.append(
            Step(
                luma=made_scene.ego_picture(head, noise_seed=100 + k),
                view=made_scene.road_view(road, index=k, time_s=k / 30),
                time_s=k / 30,
                turn_rad=UNKNOWN,
            )
        )
    matcher = DirectMatcher(made_scene.camera(), made_scene.frame(), feature_count=1000)
    match = matcher.match(steps[0].luma, steps[0].view, None, 0.0, prediction=None, seed=0)
    assert isinstance(match, DirectMatch)
    carrier = ChainCarrier(made_scene.camera(), match, steps[0])
    for step in steps[1:]:
        fit = carrier.step(step)
    assert fit is not None
    truth = made_scene.road_from_ego(head, rotation_matrix(12 * phone_turn))
    assert made_scene.map_error_px(fit.mapping.road_from_ego, truth) < 1.5
