"""Sun, lamps and air are as light and weather say."""

import numpy as np
import pytest

from dashgaze.collection.simulation.scene.daylight import LAMP_EVERY_M, Daylight
from dashgaze.schemas.manifest import LIGHTING, WEATHER


def daylight(lighting="day", weather="clear", sun_deg=0.0):
    return Daylight(lighting=lighting, weather=weather, sun_azimuth_rad=np.radians(sun_deg))


@pytest.mark.parametrize("weather", WEATHER)
def test_day_is_brighter_than_twilight_and_that_than_night(weather):
    names = ("day", "twilight", "night")
    kinds = [daylight(name, weather) for name in names]
    for values in (
        [kind.ambient for kind in kinds],
        [kind.haze for kind in kinds],
        [kind.inside.ambient for kind in kinds],
        [-kind.outside.headlamp for kind in kinds],
    ):
        assert values[0] > values[1] > values[2]
    assert kinds[0].outside.headlamp == 0
    assert [kind.is_dark for kind in kinds] == [False, True, True]


@pytest.mark.parametrize("lighting", LIGHTING)
def test_one_sees_farthest_in_clear_air_and_least_far_in_fog(lighting):
    density = [
        daylight(lighting, weather).outside.haze_per_m
        for weather in ("clear", "cloudy", "rain", "fog")
    ]
    assert (np.diff(density) > 0).all()
    assert [daylight(lighting, weather).is_wet for weather in WEATHER].count(True) == 1


def test_the_sun_lights_faces_that_look_at_it():
    faces = np.array([[np.sin(a), np.cos(a)] for a in np.radians([40, 100, 130, 220])])
    light = daylight(sun_deg=40.0).on_faces(faces)
    assert light[0] == light.max()
    assert light[0] > light[1] > light[2] == light[3]
    for dull in (daylight("night"), daylight(weather="cloudy")):
        assert np.ptp(dull.on_faces(faces)) == 0


def test_lamps_light_the_ground_in_town_when_it_is_dark():
    along = np.arange(0.0, 4 * LAMP_EVERY_M, 1.0)
    town, country = np.full(along.shape, "urban"), np.full(along.shape, "open")
    for right_m, first in ((-4.5, 0), (4.5, 1)):  # in turn on both sides
        light = daylight("night").on_ground(along, np.array(right_m), town)
        under = (along / LAMP_EVERY_M) % 2 == first
        assert light[under].min() == pytest.approx(light.max(), rel=0.02)
        assert light.max() > 3 * light.min()
    assert (daylight("night").on_ground(along, np.array(4.5), country) == 1).all()
    assert (daylight("day").on_ground(along, np.array(4.5), town) == 1).all()
