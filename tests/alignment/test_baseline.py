"""The direction from phone to head, from the matches of a drive."""

import numpy as np
import pytest

from dashgaze.alignment.baseline import Baseline, find_baseline
from dashgaze.alignment.match_samples import MatchRays
from dashgaze.alignment.rotation import rotation_matrix

from .made_street import EGO, FOCAL_PX, HEAD_M, NOISE_PX, ROAD_CAMERA, Street, street


def rays(made: Street) -> MatchRays:
    return MatchRays.of_rows(
        np.arange(len(made.seen)), made.seen.matched_row, made.seen.matched,
        np.linalg.inv(EGO), ROAD_CAMERA.centre_px,
    )  # fmt: skip


def rough(made: Street, error_rad: float = 0.01) -> np.ndarray:
    rng = np.random.default_rng(5)
    return np.array([turn @ rotation_matrix(rng.normal(0, error_rad, 3)) for turn in made.turns])


def off_deg(found: Baseline, head_m: np.ndarray) -> float:
    cosine = found.direction @ head_m / np.linalg.norm(head_m)
    return float(np.degrees(np.arccos(min(cosine, 1.0))))


@pytest.mark.parametrize("side", [1, -1])
def test_direction_and_focal_length_of_a_street(side: int) -> None:
    head_m = HEAD_M * (side, 1, 1)
    made = street(head_m=head_m)
    found = find_baseline(rays(made), rough(made), focal_px=960, focal_is_known=False)
    assert found is not None
    assert off_deg(found, head_m) < 6
    assert found.focal_px == pytest.approx(FOCAL_PX, rel=0.01)
    # noise of both views, the ego view's at the road view's scale
    noise_px = NOISE_PX * np.hypot(1, FOCAL_PX / EGO[0, 0])
    assert found.sigma_px == pytest.approx(noise_px, rel=0.25)
    assert found.near_share > 0.3


def test_a_calibrated_focal_length_is_kept() -> None:
    made = street()
    found = find_baseline(rays(made), rough(made), focal_px=FOCAL_PX, focal_is_known=True)
    assert found is not None
    assert found.focal_px == FOCAL_PX
    assert off_deg(found, HEAD_M) < 6


def test_nothing_is_found_at_infinity() -> None:
    for made in (street(far=True), street(head_m=np.zeros(3))):
        assert find_baseline(rays(made), rough(made), focal_px=980, focal_is_known=False) is None


def test_wrong_matches_and_few_frames_have_none() -> None:
    made = street(wrong=1.0)
    assert find_baseline(rays(made), rough(made), focal_px=1000, focal_is_known=True) is None
    made = street(8)
    assert find_baseline(rays(made), rough(made), focal_px=1000, focal_is_known=True) is None


def test_near_things_move_away_from_the_head() -> None:
    baseline = Baseline(
        direction=np.array([0.6, 0.0, -0.8]), focal_px=1000, sigma_px=1, near_share=1
    )
    far = np.array([[0.0, 0.0], [0.3, 0.1]])
    points, slope = baseline.moved(far, np.array([0.0, 0.05]))
    assert points[0].tolist() == [0, 0]
    assert slope[0] == pytest.approx([0.6, 0])
    assert points[1] == pytest.approx(np.array([0.33, 0.1]) / 0.96)
    further, _ = baseline.moved(far, np.array([1e-6, 0.05 + 1e-6]))
    assert (further - points) / 1e-6 == pytest.approx(slope, rel=1e-4)
