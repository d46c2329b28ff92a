"""What a drive may be asked to be, and its clocks."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from dashgaze.collection.simulation.session.drive import (
    LONGEST_S,
    SHORTEST_S,
    Drive,
    draw_clocks,
    draw_sound,
)
from dashgaze.collection.simulation.sound import CarSound
from dashgaze.collection.simulation.story import Conditions
from dashgaze.collection.simulation.story.projection import RoadCamera
from dashgaze.errors import OutputError


@pytest.mark.parametrize(
    "seconds", [0.0, -5.0, SHORTEST_S - 0.1, LONGEST_S + 1, float("nan"), float("inf")]
)
def test_too_short_or_long_a_drive_is_refused(seconds):
    with pytest.raises(OutputError, match="can't be simulated") as refused:
        Drive(seconds=seconds)
    assert "minutes" in refused.value.fix


@pytest.mark.parametrize("seconds", [SHORTEST_S, 60.0, LONGEST_S])
def test_from_twenty_seconds_to_four_hours_it_can(seconds):
    assert Drive(seconds=seconds).seconds == seconds


@pytest.mark.parametrize("size_px", [(641, 360), (640, 361), (0, 0), (-640, 360)])
def test_pictures_of_sizes_that_no_video_has_are_refused(size_px):
    with pytest.raises(OutputError, match="can't be filmed"):
        Drive(road_camera=RoadCamera(size_px=size_px))
    with pytest.raises(OutputError, match="can't be filmed"):
        Drive(driver_size_px=size_px)


def test_clocks_are_drawn_by_the_seed():
    clocks = [draw_clocks(Drive(seed=seed)) for seed in range(60)]
    assert draw_clocks(Drive(seed=3)) == clocks[3]
    offsets = np.array([each.offset_s for each in clocks])
    drifts = np.array([each.drift_ppm for each in clocks])
    assert -9 <= offsets.min() < -8
    assert -4 < offsets.max() <= -3
    assert -60 <= drifts.min() < -45
    assert 45 < drifts.max() <= 60
    assert len({each.recorded_at for each in clocks}) > 50


def test_what_is_asked_for_is_kept():
    clocks = draw_clocks(Drive(offset_s=-2.5, drift_ppm=-300.0))
    assert (clocks.offset_s, clocks.drift_ppm) == (-2.5, -300.0)
    assert clocks.rate == 1 - 3e-4
    zero = draw_clocks(Drive(offset_s=0.0, drift_ppm=0.0))
    assert (zero.offset_s, zero.drift_ppm) == (0.0, 0.0)


def test_times_and_stamps_follow_the_map_of_clocks():
    clocks = draw_clocks(Drive(seconds=600.0, offset_s=-4.0, drift_ppm=50.0))
    tracker_s = np.array([0.0, 100.0, 500.0])
    phone_s = clocks.phone_s(tracker_s)
    np.testing.assert_allclose(
        clocks.offset_s + (1 + 50e-6) * phone_s, tracker_s, rtol=0, atol=1e-9
    )
    assert clocks.stamps_ns(tracker_s)[0] == clocks.first_frame_ns
    np.testing.assert_array_equal(np.diff(clocks.stamps_ns(tracker_s)), [100 * 10**9, 400 * 10**9])
    # The eye tracker is stopped a second and a half before the phone.
    assert clocks.phone_s(np.array([clocks.tracker_end_s]))[0] == pytest.approx(598.5, abs=1e-6)


def test_wall_clocks_of_two_devices_agree_to_a_second_and_lie_in_the_light_of_the_drive():
    for lighting, hours in (("day", (9, 11)), ("twilight", (18, 20)), ("night", (21, 23))):
        for seed in range(10):
            drive = Drive(seed=seed, conditions=Conditions(lighting=lighting))
            clocks = draw_clocks(drive)
            assert hours[0] <= clocks.recorded_at.hour <= hours[1]
            assert clocks.recorded_at.utcoffset() == timedelta(hours=5, minutes=30)
            assert clocks.phone_ns == round(clocks.recorded_at.timestamp() * 1e9)
            apart_s = (clocks.first_frame_ns - clocks.phone_ns) / 1e9 + clocks.offset_s
            assert abs(apart_s) <= 0.4


@pytest.mark.parametrize("offset_s", [-50.0, 13.0, 1000.0, float("nan")])
def test_an_impossible_offset_is_refused(offset_s):
    with pytest.raises(OutputError, match="offset"):
        draw_clocks(Drive(seconds=60.0, offset_s=offset_s))


def test_a_tracker_that_starts_first_is_possible():
    assert draw_clocks(Drive(offset_s=5.0)).tracker_end_s == pytest.approx(63.5, abs=0.01)


def test_people_talk_and_rain_drums():
    alone, two = (
        draw_sound(Drive(seed=4, conditions=Conditions(passengers=count))) for count in (0, 2)
    )
    assert alone.speech_share < 0.05 <= two.speech_share
    dry, wet = (
        draw_sound(Drive(seed=4, conditions=Conditions(weather=weather)))
        for weather in ("clear", "rain")
    )
    assert wet.noise_rms > dry.noise_rms
    assert wet.independent_share > dry.independent_share
    given = CarSound(noise_rms=0.01)
    assert draw_sound(replace(Drive(), sound=given)) is given
