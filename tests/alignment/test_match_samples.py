"""Matches that are kept of each frame."""

import numpy as np

from dashgaze.alignment.direct import DirectMatch
from dashgaze.alignment.mapping import Mapping
from dashgaze.alignment.match_samples import MOST_KEPT, WIDTH, MatchRays, kept_matches

from .made_street import EGO, FRAME


def match(count: int) -> DirectMatch:
    ego = np.random.default_rng(3).uniform(0, 1000, (count, 2))
    return DirectMatch(
        mapping=Mapping(np.eye(3), np.zeros((8, 8)), FRAME), inlier_probability=np.ones(count),
        sigma_px=1.0, ego_px=ego, road_px=ego + 5, ego_shown_px=ego, road_shown_px=ego,
        noise_scale=np.full(count, 1.5), velocity_px_s=np.zeros((count, 2)), deviation_px=0.0,
    )  # fmt: skip


def test_few_matches_are_all_kept() -> None:
    kept = kept_matches(match(20), np.full(2, np.nan))
    assert kept.shape == (20, WIDTH)
    assert kept.dtype == np.float32
    assert np.allclose(kept[:, 2:4] - kept[:, :2], 5, atol=1e-3)
    assert np.allclose(kept[:, 4], 1.5)


def test_of_many_half_are_the_nearest_to_the_gaze() -> None:
    seen, gaze = match(300), np.array([700.0, 300])
    kept = kept_matches(seen, gaze)
    assert len(kept) == len(np.unique(kept, axis=0)) == MOST_KEPT
    away = np.sort(np.hypot(*(seen.ego_px - gaze).T))
    of_kept = np.sort(np.hypot(*(kept[:, :2] - gaze).T))
    assert np.allclose(of_kept[: MOST_KEPT // 2], away[: MOST_KEPT // 2], atol=1e-3)
    assert of_kept[-1] > away[-100]
    # without a gaze point they come from all over
    assert kept_matches(seen, np.full(2, np.nan))[:, 0].std() > 200


def test_rays_of_some_rows() -> None:
    row = np.array([2, 2, 5, 7, 7, 7])
    numbers = np.arange(30, dtype=np.float32).reshape(6, WIDTH)
    rays = MatchRays.of_rows(np.array([2, 4, 7]), row, numbers, np.linalg.inv(EGO), (639.5, 359.5))
    assert rays.first.tolist() == [0, 2, 2, 5]
    assert rays.frame_of.tolist() == [0, 0, 2, 2, 2]
    chosen = numbers[[0, 1, 3, 4, 5]].astype(float)
    assert np.allclose(rays.road_offset_px, chosen[:, 2:4] - (639.5, 359.5))
    back = np.column_stack([rays.ego_rays, np.ones(5)]) @ EGO.T
    assert np.allclose(back[:, :2], chosen[:, :2])
    assert rays.noise_scale.tolist() == chosen[:, 4].tolist()
