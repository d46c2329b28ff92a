"""Travel and turn from planted flow: the point is found, within its stated error, or there is a refusal."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from planted_flow import Ride, flow_of

from dashgaze.alignment.vanishing_point.travel import estimate_travel


def many(ride, count=40, **kinds):
    return [estimate_travel(flow_of(ride, seed=seed, **kinds), seed=seed) for seed in range(count)]


def errors_deg(ride, travels):
    return np.degrees([each.focus - np.array(ride.focus) for each in travels])


RIDES = {
    "straight": Ride(),
    "a bend to the right": Ride(turn_rad=(0.004, 0.03, 0.002)),
    "a sharp bend to the left": Ride(turn_rad=(-0.004, -0.06, 0.002)),
    "a camera that looks past the road": Ride(focus=(-0.2, 0.1)),
    "a crawling car": Ride(way_m=0.4),
}


@pytest.mark.parametrize("name", RIDES)
def test_the_point_is_found(name):
    ride = RIDES[name]
    travels = many(ride, 10)
    assert all(each.refusal is None for each in travels)
    error = errors_deg(ride, travels)
    assert np.sqrt((error**2).mean()) < 0.2
    turn = np.degrees([each.turn_rad - ride.turn_rad for each in travels])
    assert np.sqrt((turn**2).mean()) < 0.02


def test_of_stated_95_percent_intervals_most_hold_the_truth():
    inside = []
    for ride in RIDES.values():
        travels = many(ride, 25)
        error = np.array([each.focus for each in travels]) - ride.focus
        inside.append(np.abs(error / [each.sd for each in travels]) < 1.96)
    assert 0.90 <= np.mean(inside) <= 0.98


def test_third_of_the_flows_may_be_wrong():
    ride = Ride(noise_px=0.3)
    error = errors_deg(ride, many(ride, 20, outliers=0.33))
    assert np.median(np.hypot(*error.T)) < 0.3


def test_cars_that_cross_do_not_win():
    ride = Ride()
    error = np.hypot(*errors_deg(ride, many(ride, 20, car=(0.25, (-1.5, 0.0, 0.0)))).T)
    assert np.median(error) < 0.15
    assert np.percentile(error, 90) < 0.6


def test_oncoming_cars_show_the_same_point():
    ride = Ride()
    along = -1.5 * np.array([*ride.focus, 1.0])
    error = np.hypot(*errors_deg(ride, many(ride, 20, car=(0.3, along))).T)
    assert error.max() < 0.2


def test_turning_on_the_spot_is_refused_and_the_turn_is_known():
    ride = Ride(way_m=0.0, turn_rad=(0.0, 0.02, 0.0))
    for travel in many(ride, 20):
        assert travel.refusal == "turn_only"
        assert np.isnan(travel.focus).all()
        assert np.abs(travel.turn_rad - ride.turn_rad).max() < 1e-3


def test_standstill_is_refused():
    travels = many(Ride(way_m=0.0, noise_px=0.05), 10, outliers=0.05)
    assert {each.refusal for each in travels} == {"still"}


def test_few_points_are_refused():
    assert estimate_travel(flow_of(Ride(), n=20)).refusal == "few_points"


def test_flow_without_order_is_refused():
    flow = flow_of(Ride(), outliers=1.0)
    assert estimate_travel(flow).refusal is not None


def test_flow_on_one_side_is_refused():
    flow = flow_of(Ride(), n=900, outliers=0.0)
    right = flow.from_points[:, 0] > 0.15
    one_sided = type(flow)(
        from_points=flow.from_points[right], to_points=flow.to_points[right], px=flow.px
    )
    assert estimate_travel(one_sided).refusal in {"one_sided", "uncertain"}


def test_the_same_flow_gives_the_same_answer():
    flow = flow_of(Ride())
    one, other = estimate_travel(flow, seed=3), estimate_travel(flow, seed=3)
    assert one.focus.tolist() == other.focus.tolist()
