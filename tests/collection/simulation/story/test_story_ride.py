"""The own car: limits, stops, bends, springs, and smoothness."""

import numpy as np
import pytest

from dashgaze.collection.simulation.story import ZONES, Conditions, Ride, Route
from dashgaze.collection.simulation.story.feeling import specific_force_g, turning_deg_s
from dashgaze.collection.simulation.story.ride import AFTER_S, BEFORE_S, route_length_m
from dashgaze.collection.simulation.story.speed_profile import LIMIT_M_S
from dashgaze.collection.simulation.story.streams import Stream, stream

SECONDS = 600.0
TIMES = np.arange(0, SECONDS, 0.05)


def make_ride(seed: int, **conditions: str) -> Ride:
    route = Route(stream(seed, Stream.ROUTE), route_length_m(SECONDS))
    return Ride(seed, route, Conditions(**conditions), SECONDS)


@pytest.fixture(scope="module", params=(1, 2, 3))
def ride(request) -> Ride:
    return make_ride(request.param)


def test_it_begins_at_zero_and_never_goes_back(ride):
    assert ride.distance_m([0.0])[0] == pytest.approx(0, abs=1e-9)
    wide = np.arange(-BEFORE_S, SECONDS + AFTER_S, 0.05)
    way = ride.distance_m(wide)
    assert np.diff(way).min() > -1e-5
    assert way[0] > -200
    assert way[-1] < ride.route.length_m - 600


def test_speed_is_the_change_of_distance(ride):
    change = (ride.distance_m(TIMES + 1e-3) - ride.distance_m(TIMES - 1e-3)) / 2e-3
    np.testing.assert_allclose(ride.speed_m_s(TIMES), change, atol=1e-4)
    gain = (ride.speed_m_s(TIMES + 1e-3) - ride.speed_m_s(TIMES - 1e-3)) / 2e-3
    moving = ride.speed_m_s(TIMES) > 0.01
    np.testing.assert_allclose(ride.gain_m_s2(TIMES)[moving], gain[moving], atol=1e-3)


def test_limits_of_zones_and_bends_are_kept(ride):
    way, speed = ride.distance_m(TIMES), ride.speed_m_s(TIMES)
    limit = np.array([LIMIT_M_S[kind] for kind in ZONES])[ride.route.zone(way)]
    # smoothing and the way from a fast zone to a slow one are worth a little
    assert (speed / limit).max() < 1.25
    assert np.quantile(speed / limit, 0.99) < 1.12
    sideways = np.abs(ride.route.curvature_per_m(way)) * speed**2
    assert sideways.max() < 3.0
    assert np.abs(ride.gain_m_s2(TIMES)).max() < 1.75


def test_it_stands_at_stops(ride):
    assert len(ride.stops) >= 2
    for stop in ride.stops:
        inner = np.arange(stop.start_s + 2.5, stop.end_s - 2.5, 0.1)
        assert 5 <= stop.end_s - stop.start_s <= 25
        if len(inner):
            assert ride.speed_m_s(inner).max() < 0.02
            assert ride.distance_m(inner) == pytest.approx(stop.distance_m, abs=1.0)


def test_time_at_is_the_inverse_of_distance(ride):
    way = np.linspace(5, ride.distance_m([SECONDS])[0], 200)
    np.testing.assert_allclose(ride.distance_m(ride.time_at_s(way)), way, atol=0.06)


def test_the_car_keeps_its_lane_and_heads_where_it_goes(ride):
    assert np.abs(ride.lateral_m(TIMES) + 1.75).max() < 0.4
    assert ride.lateral_m(TIMES).std() > 0.05
    step = ride.ground_from(TIMES + 1e-2).origin_m - ride.ground_from(TIMES - 1e-2).origin_m
    fast = np.hypot(step[:, 0], step[:, 2]) > 0.02
    direction = np.arctan2(step[:, 0], step[:, 2])
    np.testing.assert_allclose(
        direction[fast], ride.travel_heading_rad(TIMES)[fast], atol=np.radians(0.3)
    )
    forward = ride.world_from_car(TIMES).turn([0, 0, 1])
    np.testing.assert_allclose(
        np.arctan2(forward[:, 0], forward[:, 2]), ride.travel_heading_rad(TIMES), atol=1e-9
    )


def test_braking_dives_and_bends_lean_out(ride):
    forward = ride.world_from_car(TIMES).turn([0, 0, 1])
    pitch_deg = np.degrees(np.arcsin(-forward[:, 1]))
    assert np.corrcoef(pitch_deg, ride.gain_m_s2(TIMES))[0, 1] > 0.8
    right = ride.world_from_car(TIMES).turn([1, 0, 0])
    roll_deg = np.degrees(np.arcsin(right[:, 1]))  # right side down
    sideways = ride.route.curvature_per_m(ride.distance_m(TIMES)) * ride.speed_m_s(TIMES) ** 2
    assert np.corrcoef(roll_deg, sideways)[0, 1] < -0.8
    assert np.abs(pitch_deg).max() < 3
    assert np.abs(roll_deg).max() < 3


def test_motion_is_smooth_enough_for_sensors(ride):
    fine = np.arange(100, 130, 1e-3)
    gyro = turning_deg_s(ride.world_from_car, fine)
    accel = specific_force_g(ride.world_from_car, fine)
    assert np.abs(gyro).max() < 25
    assert np.abs(np.diff(gyro, axis=0)).max() < 1.0
    assert np.abs(np.diff(accel, axis=0)).max() < 0.05
    assert accel.mean(axis=0) == pytest.approx([0, -1, 0], abs=0.15)


def test_the_engine_shakes_the_standing_car_a_little(ride):
    stop = max(ride.stops, key=lambda each: each.end_s - each.start_s)
    middle_s = (stop.start_s + stop.end_s) / 2
    gyro = turning_deg_s(ride.world_from_car, middle_s + np.arange(0, 1, 0.003))
    assert 0.01 < np.abs(gyro).max() < 0.8


def test_heavy_traffic_is_slower_and_stops_more():
    means, stops = {}, {}
    for traffic in ("light", "heavy"):
        rides = [make_ride(seed, traffic=traffic) for seed in range(8)]
        means[traffic] = np.mean([ride.distance_m([SECONDS])[0] for ride in rides]) / SECONDS
        stops[traffic] = sum(len(ride.stops) for ride in rides)
    assert means["light"] > means["heavy"] + 1
    assert stops["heavy"] > stops["light"]
    assert 4 < means["heavy"] < means["light"] < 16
