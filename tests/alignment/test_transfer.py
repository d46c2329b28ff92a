"""Gaze carried to the road view: by its frame's map, or between two frames as its time lies."""

import numpy as np
import pytest

from dashgaze.alignment.frame_grid import Membership
from dashgaze.alignment.frame_maps import FrameMaps
from dashgaze.alignment.mapping import MapFrame
from dashgaze.alignment.observations import to_triangles
from dashgaze.alignment.transfer import (
    BEND,
    HEAD_SPEED_DEG_S,
    OUTSIDE_GROWTH,
    RoadGaze,
    carry_gaze,
    carry_samples,
)

EGO = np.array([[800.0, 0, 540], [0, 800, 539.5], [0, 0, 1]])
FRAME = MapFrame(ego_matrix=EGO, road_size_px=(640, 360))
STEP_NS = 33_000_000
PX_PER_RAD = 554.0
MODEL = np.array([[4.0, 1.0], [1.0, 9.0]])


def maps(shifts_x, *, noise=0.0, model=MODEL) -> FrameMaps:
    """Frame i moves ego points by (shifts_x[i], -100) px; NaN for a frame without a map."""
    shifts = np.asarray(shifts_x, dtype=float)
    road_from_ego = np.tile(np.eye(3).ravel(), (len(shifts), 1))
    road_from_ego[:, 2], road_from_ego[:, 5] = shifts, -100.0
    road_from_ego[np.isnan(shifts)] = np.nan
    covariance = np.repeat(to_triangles(noise**2 * np.eye(8)[None]), len(shifts), axis=0)
    covariance[np.isnan(shifts)] = np.nan
    return FrameMaps.from_road_from_ego(
        road_from_ego, covariance, np.tile(model, (len(shifts), 1, 1)), FRAME
    )


def samples(found: FrameMaps, times_ns, *, point=(200.0, 250.0), nearest=None, known=None):
    times = np.asarray(times_ns, dtype=np.int64)
    frame_ns = STEP_NS * np.arange(len(found.answered), dtype=np.int64)
    if nearest is None:
        nearest = np.abs(times[:, None] - frame_ns).argmin(axis=1)
    member = Membership(
        index=np.asarray(nearest, dtype=np.int64),
        found=np.ones(len(times), dtype=bool) if known is None else np.asarray(known),
    )
    points = np.tile(np.asarray(point, dtype=float), (len(times), 1))
    return carry_samples(found, points, member, times, frame_ns, road_px_per_rad=PX_PER_RAD)


def test_each_point_goes_by_its_frame_s_map() -> None:
    points = np.array([[200.0, 250.0], [300.0, 260.0], [310.0, 260.0]])
    road = carry_gaze(maps([10.0, 30.0, np.nan]), points, np.array([1, 0, 2]))
    np.testing.assert_allclose(road.point_px[:2], [[230, 150], [310, 160]], atol=1e-9)
    assert road.known.tolist() == [True, True, False]
    assert np.isnan(road.point_px[2]).all()
    assert np.isnan(road.covariance_px2[2]).all()
    assert np.isnan(road.error_px[2])
    assert road.in_view.tolist() == [True, True, False]


def test_errors_of_map_and_model_add_up() -> None:
    points = np.array([[200.0, 250.0], [540.0, 539.5]])
    found = maps([0.0], noise=1e-3)
    mapping = found.mapping(0)
    assert mapping is not None
    road = carry_gaze(found, points, np.zeros(2, dtype=np.int64))
    # the second lies 80.5 px below the picture, an eighth of its width
    wider = np.array([1.0, (1 + OUTSIDE_GROWTH * 80.5 / 640) ** 2])[:, None, None]
    both = mapping.covariance_px2(points) + MODEL
    np.testing.assert_allclose(road.covariance_px2, wider * both)
    np.testing.assert_allclose(
        road.error_px**2, np.trace(road.covariance_px2, axis1=1, axis2=2) / 2
    )
    # at the principal point the ray is (0, 0, 1): only the last element of each row counts
    np.testing.assert_allclose(
        mapping.covariance_px2(points[1:])[0], (1e-3 * 640) ** 2 * np.eye(2), rtol=1e-9
    )


def test_a_point_without_gaze_has_no_place() -> None:
    road = carry_gaze(maps([0.0]), np.array([[np.nan, np.nan]]), np.zeros(1, dtype=np.int64))
    assert not road.known.any()
    assert not road.in_view.any()


def test_nothing_to_carry() -> None:
    road = carry_gaze(maps([0.0]), np.zeros((0, 2)), np.zeros(0, dtype=np.int64))
    assert road.point_px.shape == (0, 2)
    assert samples(maps([0.0]), []).covariance_px2.shape == (0, 2, 2)


def test_far_outside_is_not_moved_to_the_border() -> None:
    road = carry_gaze(maps([50_000.0, -9_000.0]), np.full((2, 2), 300.0), np.arange(2))
    np.testing.assert_allclose(road.point_px, [[50_300, 200], [-8_700, 200]], atol=1e-6)
    assert road.known.all()
    assert not road.in_view.any()


def test_beyond_the_horizon_there_is_no_place() -> None:
    """A map whose third row is negative at the point: it lies behind the road camera."""
    tilted = np.array([[1, 0, 0, 0, 1, 0, -1 / 400, 0, 1.0]])
    found = FrameMaps.from_road_from_ego(tilted, np.zeros((1, 36)), MODEL[None], FRAME)
    road = carry_gaze(found, np.array([[100.0, 50.0], [500.0, 50.0]]), np.zeros(2, dtype=np.int64))
    assert road.known.sum() == 1


@pytest.mark.parametrize(
    ("x", "y", "inside"),
    [
        (-0.5, 10, True),
        (-0.500001, 10, False),
        (639.499999, 10, True),
        (639.5, 10, False),
        (10, -0.5, True),
        (10, -0.500001, False),
        (10, 359.499999, True),
        (10, 359.5, False),
    ],
)
def test_edges_of_the_view_are_those_of_its_pixels(x: float, y: float, inside: bool) -> None:
    assert FRAME.contains(np.array([[x, y]])).tolist() == [inside]
    road = carry_gaze(maps([0.0]), np.array([[x, y + 100]]), np.zeros(1, dtype=np.int64))
    if (
        abs(x * 2 - round(x * 2)) > 1e-7 or abs(y * 2 - round(y * 2)) > 1e-7
    ):  # not on the edge itself
        assert road.in_view.tolist() == [inside]


def test_many_points_are_carried_as_few_are() -> None:
    rng = np.random.default_rng(0)
    count = (1 << 14) * 2 + 5
    points, index = rng.uniform(0, 1000, (count, 2)), rng.integers(0, 3, count)
    found = maps([0.0, 20.0, np.nan], noise=1e-4)
    road = carry_gaze(found, points, index)
    for start in (0, (1 << 14) - 1, 1 << 14, count - 2):
        part = slice(start, start + 2)
        few = carry_gaze(found, points[part], index[part])
        np.testing.assert_array_equal(road.point_px[part], few.point_px)
        np.testing.assert_array_equal(road.covariance_px2[part], few.covariance_px2)


@pytest.mark.parametrize("part", [0.0, 0.1, 0.25, 0.5, 0.6, 0.9, 1.0])
def test_between_two_frames_a_sample_lies_as_its_time_does(part: float) -> None:
    road = samples(maps([0.0, 12.0]), [round(part * STEP_NS)])
    np.testing.assert_allclose(road.point_px, [[200 + 12 * part, 150]], atol=1e-6)


def test_exactly_between_two_frames_it_lies_in_the_middle() -> None:
    for nearest in (0, 1):
        road = samples(maps([0.0, 12.0]), [STEP_NS // 2], nearest=[nearest])
        np.testing.assert_allclose(road.point_px, [[206, 150]], atol=1e-9)


def test_before_its_nearest_frame_the_one_before_counts() -> None:
    road = samples(maps([0.0, 12.0, 112.0]), [STEP_NS - STEP_NS // 4])
    np.testing.assert_allclose(road.point_px, [[209, 150]], atol=1e-6)


def test_at_a_frame_s_own_time_its_map_and_error_are_the_sample_s() -> None:
    found = maps([0.0, 12.0, np.nan], noise=1e-4)
    road = samples(found, [STEP_NS])
    alone = carry_gaze(found, np.array([[200.0, 250.0]]), np.array([1]))
    np.testing.assert_array_equal(road.point_px, alone.point_px)
    np.testing.assert_allclose(road.covariance_px2, alone.covariance_px2, rtol=1e-12)


def test_between_frames_the_head_may_have_turned_unevenly() -> None:
    road = samples(maps([0.0, 12.0]), [STEP_NS // 2, STEP_NS // 10, 0])
    extra = road.covariance_px2 - MODEL
    np.testing.assert_allclose(extra[0], (BEND * 12) ** 2 * np.eye(2), rtol=1e-6)
    np.testing.assert_allclose(extra[1], (BEND * 4 * 0.1 * 0.9 * 12) ** 2 * np.eye(2), rtol=1e-6)
    np.testing.assert_allclose(extra[2], 0, atol=1e-12)


def test_beside_a_frame_without_a_map_the_nearest_one_counts_with_a_wider_error() -> None:
    found = maps([np.nan, 12.0, np.nan])
    away_ns = STEP_NS // 3
    road = samples(found, [STEP_NS - away_ns, STEP_NS + away_ns, STEP_NS])
    np.testing.assert_allclose(road.point_px, [[212, 150]] * 3, atol=1e-9)
    drift_px = np.radians(HEAD_SPEED_DEG_S) * away_ns / 1e9 * PX_PER_RAD
    assert drift_px > 3
    for row in (0, 1):
        np.testing.assert_allclose(road.covariance_px2[row] - MODEL, drift_px**2 * np.eye(2))
    np.testing.assert_allclose(road.covariance_px2[2], MODEL)


def test_where_the_nearest_frame_has_no_map_there_is_no_place() -> None:
    road = samples(maps([np.nan, 12.0]), [STEP_NS // 4])
    assert not road.known.any()
    assert np.isnan(road.covariance_px2).all()
    assert not road.in_view.any()


def test_without_a_frame_there_is_no_place() -> None:
    road = samples(maps([0.0, 12.0]), [5 * STEP_NS, STEP_NS], nearest=[0, 1], known=[False, True])
    assert road.known.tolist() == [False, True]
    assert np.isnan(road.covariance_px2[0]).all()
    assert road.in_view.tolist() == [False, True]


@pytest.mark.parametrize("end", ["before the first", "after the last"])
def test_beyond_the_ends_of_a_recording_nothing_holds_the_map(end: str) -> None:
    """No frame on the other side tells how the head turned: as beside a frame without a map."""
    away_ns = STEP_NS // 2
    time_ns = -away_ns if end == "before the first" else STEP_NS + away_ns
    road = samples(maps([0.0, 12.0]), [time_ns])
    drift_px = np.radians(HEAD_SPEED_DEG_S) * away_ns / 1e9 * PX_PER_RAD
    np.testing.assert_allclose(road.covariance_px2[0] - MODEL, drift_px**2 * np.eye(2), rtol=1e-6)


def test_over_a_gap_between_two_parts_nothing_is_interpolated() -> None:
    """The next frame comes seconds later: where the head is then tells nothing of now."""
    frame_ns = np.array([0, 4_000_000_000], dtype=np.int64)
    away_ns = 30_000_000
    road = carry_samples(
        maps([0.0, 3000.0]),
        np.array([[200.0, 250.0]]),
        Membership(index=np.zeros(1, dtype=np.int64), found=np.ones(1, dtype=bool)),
        np.array([away_ns], dtype=np.int64),
        frame_ns,
        road_px_per_rad=PX_PER_RAD,
    )
    drift_px = np.radians(HEAD_SPEED_DEG_S) * away_ns / 1e9 * PX_PER_RAD
    assert road.error_px[0] > 0.9 * drift_px
    np.testing.assert_allclose(road.point_px, [[200, 150]], atol=1e-6)


def test_error_of_one_coordinate() -> None:
    road = RoadGaze(
        point_px=np.zeros((1, 2)),
        covariance_px2=np.array([[[4.0, 1], [1, 12]]]),
        in_view=np.ones(1, dtype=bool),
    )
    assert road.error_px == pytest.approx([np.sqrt(8)])
