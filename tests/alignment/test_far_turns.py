"""Turns of single frames between near and far things."""

import numpy as np

from dashgaze.alignment.baseline import Baseline
from dashgaze.alignment.far_turns import FarTurns, find_turns

from .made_street import FOCAL_PX, HEAD_M, NOISE_PX, Street, apart_px, street
from .test_baseline import rays, rough

BASELINE = Baseline(
    direction=HEAD_M / np.linalg.norm(HEAD_M), focal_px=FOCAL_PX, sigma_px=1.65 * NOISE_PX,
    near_share=0.5,
)  # fmt: skip


def found(made: Street) -> FarTurns:
    return find_turns(rays(made), rough(made), BASELINE)


def test_turns_are_those_of_things_far_away() -> None:
    made = street()
    seen = found(made)
    assert seen.known.all()
    off = apart_px(seen.turns, made.turns)
    assert np.median(off) < 3
    assert off.max() < 12


def test_matches_tell_how_near_they_are() -> None:
    made = street(wrong=0.0)
    seen = find_turns(rays(made), made.turns, BASELINE)
    at = np.flatnonzero(seen.consistent)
    assert len(at) > 0.97 * len(seen.nearness)
    # the road lies 1.27 m under the phone: its nearness grows with the distance from the horizon
    low = at[seen.far_rays[at, 1] > 0.1]
    ground = np.linalg.norm(HEAD_M) * seen.far_rays[low, 1] / (1.27 - HEAD_M[1])
    close = np.abs(seen.nearness[low] - ground) < 0.01
    assert close.mean() > 0.4  # the rest are walls


def test_a_prior_makes_turns_more_exact() -> None:
    made = street()
    first = found(made)
    exact = find_turns(rays(made), made.turns, BASELINE)
    prior = np.column_stack([exact.nearness, np.full(len(exact.nearness), 1e-4)])
    second = find_turns(first.matches, first.turns, BASELINE, prior=prior)
    size = [np.trace(each.covariance_rad2, axis1=1, axis2=2).mean() for each in (first, second)]
    assert size[1] < size[0]


def test_frames_of_wrong_matches_are_not_known() -> None:
    made = street(20)
    matched = made.seen.matched.copy()
    wrong = made.seen.matched_row == 7
    matched[wrong, 2:4] = np.random.default_rng(0).uniform(0, 700, (int(wrong.sum()), 2))
    object.__setattr__(made.seen, "matched", matched)
    assert np.flatnonzero(~found(made).known).tolist() == [7]
