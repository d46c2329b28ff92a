"""The phone's location track."""

import numpy as np
import pytest

from dashgaze.collection.location import EARTH_RADIUS_M, read_location
from dashgaze.collection.simulation.story.gnss import (
    LAG_S,
    START_DEG,
    location_rows,
    write_location,
)

START_NS = 1_778_571_000_000_000_000


@pytest.fixture(scope="module")
def rows(story):
    return location_rows(story.seed, story.ride, story.seconds, outage=False)


def test_the_projects_reader_reads_it(tmp_path, rows):
    track = read_location(write_location(tmp_path / "location.csv", rows, start_ns=START_NS))
    assert track.format == "csv"
    assert track.notes == ()
    np.testing.assert_allclose((track.timestamp_ns - START_NS) / 1e9, rows.time_s, atol=1e-8)
    np.testing.assert_allclose(track.speed_m_s, rows.speed_m_s, atol=0.006)
    np.testing.assert_allclose(track.latitude_deg, rows.latitude_deg, atol=1e-7)
    np.testing.assert_allclose(track.longitude_deg, rows.longitude_deg, atol=1e-7)


def test_speed_lags_and_is_noisy(story, rows):
    late = story.ride.speed_m_s(rows.time_s - LAG_S)
    assert np.abs(rows.speed_m_s - late).std() < 0.2
    assert (rows.speed_m_s[late < 0.05] == 0).all()
    in_time = story.ride.speed_m_s(rows.time_s)
    assert (rows.speed_m_s - late).std() < (rows.speed_m_s - in_time).std()


def test_places_are_those_of_the_road(story, rows):
    north_m = np.radians(rows.latitude_deg - START_DEG[0]) * EARTH_RADIUS_M
    shrink = np.cos(np.radians(START_DEG[0]))
    east_m = np.radians(rows.longitude_deg - START_DEG[1]) * EARTH_RADIUS_M * shrink
    true_m = story.ride.ground_from(rows.time_s - LAG_S).origin_m
    off_m = np.hypot(north_m - true_m[:, 2], east_m - true_m[:, 0])
    assert 0.3 < np.median(off_m) < 8
    fast = rows.speed_m_s > 3
    turned = np.degrees(story.ride.travel_heading_rad(rows.time_s - LAG_S)) - rows.bearing_deg
    assert np.abs((turned[fast] + 180) % 360 - 180).max() < 8
    assert np.isnan(rows.bearing_deg[rows.speed_m_s < 1]).all()


def test_an_outage_is_a_gap(story):
    rows = location_rows(story.seed, story.ride, story.seconds, outage=True)
    gap = np.diff(rows.time_s).max()
    assert 8 < gap < 43
    assert (np.diff(rows.time_s) > 1.5).sum() == 1


def test_some_drives_have_one(story):
    has = [len(location_rows(seed, story.ride, story.seconds).time_s) < 238 for seed in range(60)]
    assert 0.2 < np.mean(has) < 0.5
