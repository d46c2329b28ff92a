import numpy as np
import pytest

from dashgaze.alignment.direct import DirectMatch
from dashgaze.alignment.mapping import MapFrame, Mapping
from dashgaze.alignment.residuals import (
    NOISE_ALLOWANCE,
    OVERALL_PART,
    local_velocity_px_s,
    model_spread_px,
)
from dashgaze.alignment.rotation import rotation_matrix

EGO = np.array([[766.3, 0, 543.6], [0, 766.4, 566.1], [0, 0, 1]])
ROAD = np.array([[1663.0, 0, 959.5], [0, 1663, 539.5], [0, 0, 1]])
FRAME = MapFrame(ego_matrix=EGO, road_size_px=(1920, 1080))
MAPPING = Mapping.from_matrix(
    ROAD @ rotation_matrix(np.array([0.04, -0.1, 0.02])) @ np.linalg.inv(EGO),
    np.zeros((8, 8)),
    FRAME,
)
GAZE = np.array([500.0, 560])
BESIDE = GAZE + np.array([500, 0])
# variance per coordinate that noise of both views may have: 1.5 times 1 px each
ALLOWED = 2 * NOISE_ALLOWANCE**2


def match(
    missed: np.ndarray,
    ego: np.ndarray,
    *,
    sigma_px: float = 1.0,
    scale: float = 1.0,
    velocity: np.ndarray | None = None,
    inliers: np.ndarray | None = None,
) -> DirectMatch:
    road = MAPPING.map_points(ego) + missed
    return DirectMatch(
        mapping=MAPPING,
        inlier_probability=np.ones(len(ego)) if inliers is None else inliers.astype(float),
        sigma_px=sigma_px,
        ego_px=ego,
        road_px=road,
        ego_shown_px=ego,
        road_shown_px=road,
        noise_scale=np.full(len(ego), scale),
        velocity_px_s=np.full((len(ego), 2), np.nan) if velocity is None else velocity,
        deviation_px=np.nan,
    )


def around(centre: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    return centre + np.random.default_rng(seed).uniform(-60, 60, (count, 2))


def noise(count: int, sigma_px: float) -> np.ndarray:
    return np.random.default_rng(9).normal(0, sigma_px, (count, 2))


def test_noise_alone_is_no_spread() -> None:
    ego = around(GAZE, 400)
    # the noise of both views together
    spread = model_spread_px(match(noise(400, 2**0.5), ego), GAZE)
    assert spread < 0.5
    coarse = match(noise(400, 3 * 2**0.5), ego, scale=3.0)
    assert model_spread_px(coarse, GAZE) < 1.5


@pytest.mark.parametrize("sigma_px", [4.0, 10.0])
def test_spread_is_what_exceeds_the_noise(sigma_px: float) -> None:
    ego = around(GAZE, 2000)
    spread = model_spread_px(match(noise(2000, np.hypot(sigma_px, 2**0.5)), ego), GAZE)
    # noise is allowed to be half as large again as it usually is
    assert spread == pytest.approx((sigma_px**2 + 2 - ALLOWED) ** 0.5, rel=0.06)


def test_an_object_off_the_map_is_seen_where_it_is() -> None:
    # a car ahead, 20 px off by parallax; everything 500 px further right is right
    near, far = around(GAZE, 60), around(BESIDE, 200, 1)
    missed = np.vstack([np.tile([12.0, 16], (60, 1)), np.zeros((200, 2))]) + noise(260, 1)
    seen = match(missed, np.vstack([near, far]))
    # what 85 % of the matches on the car are off: 20 px, or 3.79 variances
    on_it = (400 / 3.79 - ALLOWED) ** 0.5
    assert model_spread_px(seen, GAZE) == pytest.approx(on_it, rel=0.08)
    # elsewhere something else might be as near: a part of what 90 % are off, 4.61 variances
    elsewhere = OVERALL_PART * (400 / 4.61 - ALLOWED) ** 0.5
    assert model_spread_px(seen, BESIDE) == pytest.approx(elsewhere, rel=0.08)


def test_a_few_wrong_matches_don_t_matter() -> None:
    ego = around(GAZE, 100)
    missed = noise(100, 2**0.5)
    missed[:5] += 300
    missed[5:9] += 40
    assert model_spread_px(match(missed, ego), GAZE) < 1.5


def test_unknown_gaze_and_nothing_near_it() -> None:
    seen = match(np.zeros((100, 2)), around(GAZE, 100))
    assert model_spread_px(seen, GAZE) == 0
    # then all matches have a say
    off = match(np.full((100, 2), 10.0), around(GAZE, 100))
    usual = OVERALL_PART * (200 / 4.61 - ALLOWED) ** 0.5
    assert model_spread_px(off, np.array([np.nan, 560])) == pytest.approx(usual, rel=0.05)
    assert model_spread_px(off, BESIDE) == pytest.approx(usual, rel=0.05)
    assert model_spread_px(off, GAZE) == pytest.approx((200 / 3.79 - ALLOWED) ** 0.5, rel=0.05)


def moving() -> tuple[np.ndarray, np.ndarray]:
    """A road of which the part near the gaze moves otherwise than that beside it."""
    ego = np.vstack([around(GAZE, 60), around(BESIDE, 200, 1)])
    velocity = np.vstack([np.tile([-30.0, 80], (60, 1)), np.tile([200.0, 10], (200, 1))])
    return ego, velocity + np.random.default_rng(3).normal(0, 2, (260, 2))


def test_velocity_is_that_of_the_road_near_the_gaze() -> None:
    ego, velocity = moving()
    seen = match(np.zeros((260, 2)), ego, velocity=velocity)
    assert local_velocity_px_s(seen, GAZE) == pytest.approx([-30, 80], abs=2)
    assert local_velocity_px_s(seen, BESIDE) == pytest.approx([200, 10], abs=2)
    # without a point, or far from all matches, it is that of most of the picture
    for point in (np.full(2, np.nan), GAZE - np.array([900, 0])):
        assert local_velocity_px_s(seen, point) == pytest.approx([200, 10], abs=6)


def test_velocity_of_wrong_and_unmoved_matches_has_no_say() -> None:
    ego, velocity = moving()
    inliers = np.ones(260, dtype=bool)
    inliers[:25], velocity[:25] = False, 5000
    velocity[25:50] = np.nan
    seen = match(np.zeros((260, 2)), ego, velocity=velocity, inliers=inliers)
    assert local_velocity_px_s(seen, GAZE) == pytest.approx([-30, 80], abs=3)


def test_unknown_velocity() -> None:
    ego, velocity = moving()
    unmoved = match(np.zeros((260, 2)), ego)
    wrong = match(np.zeros((260, 2)), ego, velocity=velocity, inliers=np.zeros(260, dtype=bool))
    for seen in (unmoved, wrong):
        assert np.isnan(local_velocity_px_s(seen, GAZE)).tolist() == [True, True]
