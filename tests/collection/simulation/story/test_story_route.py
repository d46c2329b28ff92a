"""The road: smooth, with bends that can be driven, and never back to itself."""

import numpy as np
import pytest

from dashgaze.collection.simulation.story import ZONES, Route
from dashgaze.collection.simulation.story.streams import Stream, stream

LENGTH_M = 9000.0


@pytest.fixture(params=range(4))
def route(request) -> Route:
    return Route(stream(request.param, Stream.ROUTE), LENGTH_M)


def test_it_starts_straight_to_the_north(route):
    way = np.linspace(-200, 80, 50)
    np.testing.assert_allclose(route.heading_rad(way), 0, atol=1e-9)
    np.testing.assert_allclose(route.position_m(way), np.stack([0 * way, way], axis=1), atol=1e-6)


def test_heading_is_the_direction_of_the_way(route):
    way = np.linspace(0, LENGTH_M - 1, 5000)
    step = (route.position_m(way + 1e-3) - route.position_m(way - 1e-3)) / 2e-3
    np.testing.assert_allclose(
        np.arctan2(step[:, 0], step[:, 1]), route.heading_rad(way), atol=1e-5
    )
    np.testing.assert_allclose(np.linalg.norm(step, axis=1), 1, atol=1e-6)


def test_curvature_is_the_change_of_heading_and_is_smooth(route):
    way = np.arange(0, LENGTH_M, 0.5)
    change = np.gradient(route.heading_rad(way), 0.5)
    curvature = route.curvature_per_m(way)
    np.testing.assert_allclose(curvature, change, atol=2e-5)
    assert np.abs(np.diff(curvature)).max() < 1e-3


def test_bends_suit_their_zone(route):
    way = np.arange(0, LENGTH_M, 1.0)
    radius = 1 / np.abs(route.curvature_per_m(way)).clip(1e-9)
    assert radius.min() > 55
    # a bend belongs to the zone it begins in, and may reach into the next one
    for zone in (zone for zone in route.zones if zone.kind == "open" and zone.start_m > 0):
        inner = (way > zone.start_m + 450) & (way < zone.end_m)
        assert radius[inner].min(initial=1e9) > 190
    assert (np.abs(route.curvature_per_m(way)) > 1e-4).mean() > 0.15


def test_it_never_comes_near_itself_again(route):
    way = np.arange(-200, LENGTH_M, 10.0)
    assert (np.diff(route.position_m(way)[:, 1]) > 4).all()  # always to the north
    apart = route.position_m(way)
    for skip in (15, 30, 60):  # 150 m of road are at least 60 m apart
        assert np.linalg.norm(apart[skip:] - apart[:-skip], axis=1).min() > 4 * skip


def test_zones_follow_each_other(route):
    assert route.zones[0].start_m == -200
    assert {zone.kind for zone in route.zones} == set(ZONES)
    for before, after in zip(route.zones, route.zones[1:], strict=False):
        assert before.end_m == after.start_m
        assert route.zone(before.end_m - 1) == ZONES.index(before.kind)
        assert route.zone(before.end_m + 1) == ZONES.index(after.kind)


def test_what_is_beside_it_is_to_the_right(route):
    way = np.linspace(0, LENGTH_M, 100)
    pose = route.poses(way, 3.0, 0.1)
    right = pose.origin_m - route.beside_m(way, 0.0)
    np.testing.assert_allclose(np.linalg.norm(right, axis=1), 3)
    heading = route.heading_rad(way)
    np.testing.assert_allclose(right[:, 0], 3 * np.cos(heading), atol=1e-9)
    forward = pose.turn([0, 0, 1])
    np.testing.assert_allclose(np.arctan2(forward[:, 0], forward[:, 2]), heading + 0.1, atol=1e-9)


def test_the_bearing_ahead_is_half_the_turn_on_a_circle(route):
    way = np.arange(100, LENGTH_M - 50, 1.0)
    curvature = route.curvature_per_m(way)
    even = np.abs(np.array([curvature - route.curvature_per_m(way + d) for d in (5, 10, 20)])).max(
        0
    )
    rows = (even < 1e-6) & (np.abs(curvature) > 1e-3)
    if rows.any():
        found = route.bearing_ahead_rad(way[rows], np.full(rows.sum(), 20.0))
        np.testing.assert_allclose(found, curvature[rows] * 10, atol=1e-4)


def test_it_is_the_same_for_the_same_seed():
    first, again, other = (Route(stream(seed, Stream.ROUTE), 2000.0) for seed in (1, 1, 2))
    way = np.linspace(0, 2000, 50)
    np.testing.assert_array_equal(first.position_m(way), again.position_m(way))
    assert np.abs(first.position_m(way) - other.position_m(way)).max() > 1
