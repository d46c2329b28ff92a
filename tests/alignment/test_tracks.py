from functools import cache
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest

from dashgaze.alignment.direct import DirectMatch, DirectMatcher
from dashgaze.alignment.rotation import rotation_matrix
from dashgaze.alignment.tracks import MAX_POINTS, Step, TrackCarrier

FRAMES = 17
HEAD_TURN = np.array([0.002, 0.007, 0.001])  # 0.4° a frame, 13 °/s
PHONE_TURN = np.array([0.0005, 0.004, 0])  # the car in a bend: 2 px a frame in the road view
LATER = 0.4  # ego frames are taken so many frames after the road frames beside them
UNKNOWN = np.full(3, np.nan)


class Drive(NamedTuple):
    steps: list[Step]
    truth: list[np.ndarray]
    match: DirectMatch
    last_match: DirectMatch


@cache
def drive(made_scene: ModuleType) -> Drive:
    steps, truth = [], []
    for k in range(FRAMES):
        head = made_scene.first_head() @ rotation_matrix((k + LATER) * HEAD_TURN)
        road = made_scene.road_picture(rotation_matrix(k * PHONE_TURN), noise_seed=300 + k)
        steps.append(
            Step(
                luma=made_scene.ego_picture(head, noise_seed=100 + k),
                view=made_scene.road_view(road, index=k, time_s=7 + k / 30),
                time_s=7 + (k + LATER) / 30,
                turn_rad=HEAD_TURN,
            )
        )
        truth.append(made_scene.road_from_ego(head, rotation_matrix((k + LATER) * PHONE_TURN)))
    matches = []
    matcher = DirectMatcher(made_scene.camera(), made_scene.frame(), feature_count=1000)
    # for the last frame's time the only neighbour is the one before: it is matched at its own time
    for k, neighbour in ((0, steps[1].view), (FRAMES - 1, None)):
        found = matcher.match(
            steps[k].luma, steps[k].view, neighbour, steps[k].time_s, prediction=None, seed=0
        )
        assert isinstance(found, DirectMatch)
        matches.append(found)
    return Drive(steps, truth, *matches)


def turned(step: Step, turn_rad: np.ndarray) -> Step:
    return Step(luma=step.luma, view=step.view, time_s=step.time_s, turn_rad=turn_rad)


@pytest.mark.parametrize("gyro", [True, False])
def test_a_match_is_carried_over_fifteen_frames(made_scene: ModuleType, gyro: bool) -> None:
    steps, truth, match, _ = drive(made_scene)
    carrier = TrackCarrier(made_scene.camera(), match, steps[0])
    for k in range(1, 16):
        fit = carrier.step(turned(steps[k], HEAD_TURN if gyro else UNKNOWN))
        assert fit is not None
        # a road that is not taken at the ego frame's time would be 1 px off by itself
        assert made_scene.map_error_px(fit.mapping.road_from_ego, truth[k]) < 0.8
        # few are lost on the way
        start = min(MAX_POINTS, match.inlier_count)
        assert 0.8 * start < fit.inlier_count <= start


def test_backwards_in_time(made_scene: ModuleType) -> None:
    steps, truth, _, match = drive(made_scene)
    carrier = TrackCarrier(made_scene.camera(), match, steps[-1])
    for k in range(FRAMES - 2, 0, -1):
        fit = carrier.step(turned(steps[k], -HEAD_TURN))
        assert fit is not None
        assert made_scene.map_error_px(fit.mapping.road_from_ego, truth[k]) < 1.2


def test_the_same_road_frame_again(made_scene: ModuleType) -> None:
    # two ego frames beside one road frame: the road points stay where they are
    steps, _, match, _ = drive(made_scene)
    carrier = TrackCarrier(made_scene.camera(), match, steps[0])
    head = made_scene.first_head() @ rotation_matrix((1 + LATER) * HEAD_TURN)
    fit = carrier.step(
        Step(
            luma=steps[1].luma,
            view=steps[0].view,
            time_s=steps[0].view.time_s,
            turn_rad=HEAD_TURN,
        )
    )
    assert fit is not None
    truth = made_scene.road_from_ego(head, rotation_matrix(0 * PHONE_TURN))
    assert made_scene.map_error_px(fit.mapping.road_from_ego, truth) < 0.8


def test_lost_when_the_picture_turns_grey_and_from_then_on(made_scene: ModuleType) -> None:
    steps, _, match, _ = drive(made_scene)
    carrier = TrackCarrier(made_scene.camera(), match, steps[0])
    assert carrier.step(steps[1]) is not None
    grey = Step(
        luma=np.full_like(steps[2].luma, 128),
        view=steps[2].view,
        time_s=steps[2].time_s,
        turn_rad=HEAD_TURN,
    )
    assert carrier.step(grey) is None
    assert carrier.step(steps[3]) is None
    assert carrier.step(steps[1]) is None


@pytest.mark.parametrize("view", ["ego", "road"])
def test_what_something_else_covers_is_dropped(made_scene: ModuleType, view: str) -> None:
    # a wiper, or a lorry: the left part of one picture shows something else
    steps, truth, match, _ = drive(made_scene)
    head = made_scene.first_head() @ rotation_matrix((1 + LATER) * HEAD_TURN)
    luma, picture = steps[1].luma.copy(), steps[1].view.picture.copy()
    if view == "ego":
        luma[:, :200] = made_scene.ego_picture(head, seed=7)[:, :200]
    else:
        picture[:, :250] = made_scene.road_picture(seed=7)[:, :250]
    covered = Step(
        luma=luma,
        view=made_scene.road_view(picture, index=1, time_s=steps[1].view.time_s),
        time_s=steps[1].time_s,
        turn_rad=HEAD_TURN,
    )
    carrier = TrackCarrier(made_scene.camera(), match, steps[0])
    whole = TrackCarrier(made_scene.camera(), match, steps[0]).step(steps[1])
    fit = carrier.step(covered)
    assert fit is not None
    assert whole is not None
    assert made_scene.map_error_px(fit.mapping.road_from_ego, truth[1]) < 1
    # points under the cover don't come back to where they started
    assert len(fit.inlier_probability) < 0.85 * len(whole.inlier_probability)
    assert fit.inlier_count > 0.9 * len(fit.inlier_probability)


def test_lost_when_the_road_turns_grey(made_scene: ModuleType) -> None:
    steps, _, match, _ = drive(made_scene)
    carrier = TrackCarrier(made_scene.camera(), match, steps[0])
    blank = made_scene.road_view(np.full((360, 640), 128, np.uint8), index=1, time_s=7 + 1 / 30)
    grey = Step(luma=steps[1].luma, view=blank, time_s=steps[1].time_s, turn_rad=HEAD_TURN)
    assert carrier.step(grey) is None


def test_another_scene_is_not_followed(made_scene: ModuleType) -> None:
    steps, _, match, _ = drive(made_scene)
    carrier = TrackCarrier(made_scene.camera(), match, steps[0])
    head = made_scene.first_head() @ rotation_matrix((1 + LATER) * HEAD_TURN)
    other = Step(
        luma=made_scene.ego_picture(head, seed=7),
        view=steps[1].view,
        time_s=steps[1].time_s,
        turn_rad=HEAD_TURN,
    )
    assert carrier.step(other) is None
