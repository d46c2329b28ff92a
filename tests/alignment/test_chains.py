from functools import cache
from types import ModuleType
from typing import NamedTuple

import numpy as np

from dashgaze.alignment.chains import ChainCarrier
from dashgaze.alignment.direct import DirectMatch, DirectMatcher
from dashgaze.alignment.rotation import rotation_matrix
from dashgaze.alignment.tracks import Step

FRAMES = 6
HEAD_TURN = np.array([0.002, 0.007, 0.001])
PHONE_TURN = np.array([0.0005, 0.004, 0])


class Drive(NamedTuple):
    steps: list[Step]
    truth: list[np.ndarray]
    match: DirectMatch


@cache
def drive(made_scene: ModuleType) -> Drive:
    steps, truth = [], []
    for k in range(FRAMES):
        head = made_scene.first_head() @ rotation_matrix(k * HEAD_TURN)
        phone = rotation_matrix(k * PHONE_TURN)
        road = made_scene.road_picture(phone, noise_seed=300 + k)
        steps.append(
            Step(
                luma=made_scene.ego_picture(head, noise_seed=100 + k),
                view=made_scene.road_view(road, index=k, time_s=7 + k / 30),
                time_s=7 + k / 30,
                turn_rad=np.full(3, np.nan),
            )
        )
        truth.append(made_scene.road_from_ego(head, phone))
    matcher = DirectMatcher(made_scene.camera(), made_scene.frame(), feature_count=1000)
    match = matcher.match(steps[0].luma, steps[0].view, None, 7.0, prediction=None, seed=0)
    assert isinstance(match, DirectMatch)
    return Drive(steps, truth, match)


def with_pictures(step: Step, *, luma: np.ndarray | None = None, view: object = None) -> Step:
    return Step(
        luma=step.luma if luma is None else luma,
        view=step.view if view is None else view,
        time_s=step.time_s,
        turn_rad=step.turn_rad,
    )


def test_consecutive_frames_are_followed(made_scene: ModuleType) -> None:
    steps, truth, match = drive(made_scene)
    carrier = ChainCarrier(made_scene.camera(), match, steps[0])
    for k in range(1, FRAMES):
        fit = carrier.step(steps[k])
        assert fit is not None
        # head and phone turn by 7 px and 2 px a frame; the chain drifts
        assert made_scene.map_error_px(fit.mapping.road_from_ego, truth[k]) < 0.7 + 0.4 * k
        assert fit.inlier_count > 100
        assert np.isfinite(fit.mapping.covariance).all()


def test_each_link_is_taken_in_its_direction(made_scene: ModuleType) -> None:
    steps, truth, match = drive(made_scene)
    # only the head turns
    carrier = ChainCarrier(made_scene.camera(), match, steps[0])
    fit = carrier.step(with_pictures(steps[1], view=steps[0].view))
    assert fit is not None
    expected = made_scene.road_from_ego(made_scene.first_head() @ rotation_matrix(HEAD_TURN))
    assert made_scene.map_error_px(fit.mapping.road_from_ego, expected) < 1
    # only the phone turns
    carrier = ChainCarrier(made_scene.camera(), match, steps[0])
    fit = carrier.step(with_pictures(steps[1], luma=steps[0].luma))
    assert fit is not None
    expected = made_scene.road_from_ego(made_scene.first_head(), rotation_matrix(PHONE_TURN))
    assert made_scene.map_error_px(fit.mapping.road_from_ego, expected) < 1
    # backwards as well
    back = ChainCarrier(made_scene.camera(), match, steps[0])
    assert back.step(steps[1]) is not None
    fit = back.step(steps[0])
    assert fit is not None
    assert made_scene.map_error_px(fit.mapping.road_from_ego, truth[0]) < 1


def test_lost_once_a_link_is_missing(made_scene: ModuleType) -> None:
    steps, _, match = drive(made_scene)
    grey = np.full_like(steps[1].luma, 128)
    blank = made_scene.road_view(np.full((360, 640), 128, dtype=np.uint8), index=1)
    for broken in (with_pictures(steps[1], luma=grey), with_pictures(steps[1], view=blank)):
        carrier = ChainCarrier(made_scene.camera(), match, steps[0])
        assert carrier.step(broken) is None
        # from then on, whatever comes
        assert carrier.step(steps[1]) is None
        assert carrier.step(steps[0]) is None


def test_another_scene_is_not_followed(made_scene: ModuleType) -> None:
    steps, _, match = drive(made_scene)
    head = made_scene.first_head() @ rotation_matrix(HEAD_TURN)
    other = with_pictures(steps[1], luma=made_scene.ego_picture(head, seed=7))
    assert ChainCarrier(made_scene.camera(), match, steps[0]).step(other) is None
