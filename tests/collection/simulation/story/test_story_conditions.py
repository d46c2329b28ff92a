"""Conditions, drivers, populations and what is planted."""

import json
from collections import Counter

import numpy as np
import pytest

from dashgaze.collection.simulation.story import Conditions, Effects, draw_conditions, draw_driver
from dashgaze.collection.simulation.story.population import draw_population


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lighting", "dusk"),
        ("weather", "snow"),
        ("traffic", "none"),
        ("camera_position", "roof"),
        ("eyewear", "sunglasses"),
        ("passengers", 7),
    ],
)
def test_unknown_conditions_are_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"{name} is .*expected"):
        Conditions(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("object_share_light", 0.0), ("object_share_heavy", 0.7), ("driver_log_spread_sd", -1.0)],
)
def test_impossible_effects_are_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name):
        Effects(**{name: value})


def test_a_spread_of_nothing_is_refused():
    with pytest.raises(ValueError, match="spread_h_deg"):
        Effects(spread_h_deg=0.0)


def test_effects_are_written_whole():
    assert Effects(**json.loads(Effects().to_json())) == Effects()


def test_no_effects_means_none():
    none, chance = Effects.none(), Effects.none(keep_random=True)
    assert none.lighting_log("night") == none.speed_log == none.shift_azimuth_deg == 0
    assert {none.object_share(t) for t in ("light", "medium", "heavy")} == {0.10}
    assert none.driver_offset_sd_deg == none.session_log_spread_sd == 0
    assert chance.driver_offset_sd_deg == Effects().driver_offset_sd_deg
    assert chance.speed_log == 0


def test_twilight_is_half_way_to_night():
    assert Effects().lighting_log("twilight") == pytest.approx(Effects().lighting_log("night") / 2)
    assert Effects().lighting_log("day") == 0


def test_a_population_of_33_is_dashgazes():
    planned = draw_population(33, 28, seed=1)
    sessions = Counter(each.conditions.driver.driver_id for each in planned)
    assert sorted(sessions.values()) == [1] * 27 + [6]
    first = [each for each in planned if each.conditions.driver.driver_id == "D001"]
    assert sum(each.conditions.lighting == "night" for each in first) >= 2
    assert len({each.session_id for each in planned}) == 33
    assert len({each.seed for each in planned}) == 33
    assert {each.conditions.camera_position for each in planned} == {
        "under_mirror",
        "windscreen_centre",
        "windscreen_corner",
    }


def test_a_driver_is_the_same_person_in_all_sessions():
    planned = draw_population(300, 100, seed=2)
    people = {each.conditions.driver for each in planned}
    assert len(people) == 100
    scores = np.array([person.log_spread for person in people])
    assert abs(scores.mean()) < 0.3
    assert scores.std() == pytest.approx(1, abs=0.2)


def test_populations_are_the_same_for_the_same_seed():
    assert draw_population(12, 6, seed=3) == draw_population(12, 6, seed=3)
    assert draw_population(12, 6, seed=3) != draw_population(12, 6, seed=4)


@pytest.mark.parametrize("drivers", [0, 4])
def test_there_are_not_more_drivers_than_sessions(drivers):
    with pytest.raises(ValueError, match=f"{drivers} drivers for 3 sessions"):
        draw_population(3, drivers, seed=1)


def test_conditions_come_in_their_shares():
    rng = np.random.default_rng(5)
    driver = draw_driver(rng, "D001")
    drawn = [draw_conditions(rng, driver) for _ in range(2000)]
    lighting = Counter(each.lighting for each in drawn)
    assert lighting["night"] / 2000 == pytest.approx(0.2, abs=0.03)
    assert {each.weather for each in drawn} == {"clear", "cloudy", "rain", "fog"}
    assert draw_conditions(rng, driver, lighting="night").lighting == "night"
