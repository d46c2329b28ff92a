"""Gaze carried in a street, where head and phone see near things in different directions."""

from dataclasses import replace

import numpy as np
import pytest

from dashgaze.alignment.ego_camera import EgoCamera
from dashgaze.alignment.mapping import Mapping
from dashgaze.alignment.observations import DIRECTIONS, Observations, pack
from dashgaze.alignment.parallax import Parallax, see_parallax
from dashgaze.alignment.rotation import rotation_matrix
from dashgaze.alignment.solution import Solution, SolveOptions, solve
from dashgaze.alignment.transfer import carry_gaze

from .made_street import EGO, FOCAL_PX, FRAME, HEAD_M, ROAD, ROAD_CAMERA, Street, apart_px, street

CAMERA = EgoCamera(EGO, np.zeros(8), size_px=(1088, 1080))
INSIDE = 5.991


def parallax(made: Street) -> Parallax | None:
    return see_parallax(made.seen, FRAME, ROAD_CAMERA, focal_is_known=True)


def solved(made: Street, **given) -> Solution:
    count = len(made.seen)
    return solve(
        made.seen, camera=CAMERA, frame=FRAME, time_s=np.arange(count) / 30,
        turn_rad=np.full((count, 3), np.nan),
        **{"road_camera": ROAD_CAMERA, "gaze_px": made.ego_px, **given},
    )  # fmt: skip


def carried(made: Street, solution: Solution) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give errors, stated errors and squared errors in stated ones, of what was looked at."""
    gaze = carry_gaze(solution, made.ego_px, np.arange(len(made.ego_px)))
    off = gaze.point_px - made.road_px
    square = np.einsum("ni,nij,nj->n", off, np.linalg.inv(gaze.covariance_px2), off)
    return np.hypot(*off.T), gaze.error_px, square


@pytest.mark.parametrize("seed", [1, 2])
def test_gaze_is_carried_better_and_its_error_is_honest(seed: int) -> None:
    made = street(150, seed=seed)
    with_it = solved(made)
    assert with_it.parallax is not None
    # the same maps without knowing of parallax, as chains are: those of things far away
    far = carried(made, solved(made, options=SolveOptions(method="chain")))
    error, stated, square = carried(made, with_it)
    assert np.median(error) < 0.6 * np.median(far[0])
    assert np.quantile(error, 0.9) < np.quantile(far[0], 0.9)
    assert (square < INSIDE).mean() > 0.93
    assert not ((stated < 5) & (error > 30)).any()


def test_it_needs_no_calibrated_phone() -> None:
    made = street(100)
    found = solved(made, road_camera=None)
    assert found.parallax is not None
    assert found.road_px_per_rad == pytest.approx(FOCAL_PX, rel=0.01)
    assert np.median(carried(made, found)[0]) < 6


def test_nothing_is_added_at_infinity() -> None:
    made = street(100, far=True)
    assert parallax(made) is None
    found, without = solved(made), solved(replace_matches(made))
    assert found.parallax is None
    assert np.array_equal(found.normal_map, without.normal_map)
    assert np.array_equal(found.model_px2, without.model_px2)


def replace_matches(made: Street) -> Street:
    nothing = made.seen.matched[:0]
    return replace(
        made, seen=replace(made.seen, matched=nothing, matched_row=made.seen.matched_row[:0])
    )


def test_maps_become_those_of_things_far_away() -> None:
    made = street()
    found = parallax(made)
    assert found is not None
    far = found.far(made.seen)
    matrix = np.linalg.inv(FRAME.normal_from_road @ ROAD)
    turns = matrix @ far.normal_map.reshape(-1, 3, 3)
    turns /= np.cbrt(np.linalg.det(turns))[:, None, None]
    assert np.median(apart_px(turns, made.turns)) < 6
    assert far.is_direct.all()


def test_carried_maps_turn_on_from_the_far_map() -> None:
    made = street()
    turn = np.array([0.01, -0.02, 0.005])
    anchor = made.seen.direct_map(20, FRAME)
    assert anchor is not None
    elements, triangle = pack(anchor.turned(turn))
    # row 21 wasn't matched, but carried to from before, and from after by a row that isn't known
    lost = np.arange(len(made.seen)) == 21
    gap = made.seen.without(lost, np.zeros(0, dtype=bool))
    ways = [DIRECTIONS.index("forward")]
    seen: Observations = replace(
        gap, carried_row=np.array([21]), carried_direction=np.array(ways, dtype=np.int8),
        carried_map=elements[None], carried_covariance=triangle[None],
        carried_inlier_count=np.array([30]), carried_sigma_px=np.array([0.5]),
    )  # fmt: skip
    found = see_parallax(seen, FRAME, ROAD_CAMERA, focal_is_known=True)
    assert found is not None
    far = found.far(seen)
    assert not far.is_direct[21]
    first = far.direct_map(20, FRAME)
    assert first is not None
    assert far.carried_map[0] == pytest.approx(pack(first.turned(turn))[0], abs=1e-9)


def test_a_map_brought_near_is_right_at_that_depth() -> None:
    made = street()
    found = parallax(made)
    assert found is not None
    turn = rotation_matrix(np.array([0.02, 0.05, 0.01]))
    exact = Mapping(FRAME.normal_from_road @ ROAD @ turn, 1e-10 * np.eye(8), FRAME)
    elements, triangle = pack(exact)
    gaze = np.array([[500.0, 620.0]])
    maps, spreads, model = found.brought_near(elements[None], triangle[None], gaze)
    # what is as near as that, seen along other directions as well
    ray = np.linalg.inv(EGO) @ [*gaze[0], 1.0]
    far = turn @ ray / (turn @ ray)[2]
    from_map = Mapping(maps[0].reshape(3, 3), np.zeros((8, 8)), FRAME).map_points(gaze)[0]
    from_map = (from_map - (639.5, 359.5)) / FOCAL_PX
    direction = found.baseline.direction
    # p = (q + ρ t) / (1 + ρ t₃), solved for ρ
    nearness = (
        (from_map - far[:2])
        @ (direction[:2] - from_map * direction[2])
        / (np.sum((direction[:2] - from_map * direction[2]) ** 2))
    )
    assert 0 < nearness < 0.3
    depth_m = np.linalg.norm(HEAD_M) / nearness
    here = far * depth_m + np.linalg.norm(HEAD_M) * direction
    assert from_map == pytest.approx(here[:2] / here[2], abs=1e-9)
    # uncertain along the line to the epipole only
    values, vectors = np.linalg.eigh(model[0])
    assert values[0] == pytest.approx(0, abs=1e-9 * values[1])
    along = direction[:2] - from_map * direction[2]
    assert abs(vectors[:, 1] @ along) == pytest.approx(np.linalg.norm(along))
    assert np.isfinite(spreads).all()


def test_rows_without_gaze_or_map() -> None:
    made = street()
    found = parallax(made)
    assert found is not None
    maps, spreads = made.seen.normal_map.copy(), made.seen.covariance.copy()
    maps[3], spreads[3] = np.nan, np.nan
    gaze = made.ego_px.copy()
    gaze[5] = np.nan
    near, _, model = found.brought_near(maps, spreads, gaze)
    assert np.isnan(near[3]).all()
    assert np.isfinite(near[5]).all()
    assert np.isfinite(model).all()
