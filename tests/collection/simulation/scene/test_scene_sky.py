"""The sky lies where directions say, all around."""

import cv2
import numpy as np
import pytest

from dashgaze.collection.simulation.scene.canvas import Canvas
from dashgaze.collection.simulation.scene.sky import Sky
from dashgaze.collection.simulation.swing import turns

SIZE_PX = (640, 360)
MATRIX = np.array([[532.5, 0, 319.5], [0, 532.5, 179.5], [0, 0, 1]])


@pytest.fixture(scope="module")
def sky():
    return Sky(np.random.default_rng(4), lighting="day", weather="clear", haze=190.0)


def looking(yaw_deg, pitch_deg=0.0, roll_deg=0.0):
    return turns(*(np.array([float(each)]) for each in (yaw_deg, pitch_deg, roll_deg)))[0]


def seen(sky, world_from_camera, *, size_px=SIZE_PX, matrix=MATRIX):
    canvas = Canvas(size_px, matrix)
    canvas.clear()
    sky.draw(canvas, world_from_camera)
    return canvas


@pytest.fixture
def marked(sky, monkeypatch):
    """Paint the sky black but for soft white spots, at azimuths and elevations."""

    def mark(*places_deg):
        texels = np.full(sky._texels.shape, 16 | 128 << 8 | 128 << 16, dtype=np.uint32)
        height, width = texels.shape
        per_deg = width / 360
        for azimuth, elevation in places_deg:
            column, row = azimuth * per_deg, height - 1 - (elevation + 4.0) * per_deg
            x, y = (np.arange(round(at) - 12, round(at) + 13) for at in (column, row))
            spot = np.exp(-(((x - column)[None] ** 2 + (y - row)[:, None] ** 2) / (2 * 4.0**2)))
            grey = np.rint(16 + 200 * spot).astype(np.uint32)
            texels[np.ix_(y, x % width)] = grey | 128 << 8 | 128 << 16
        monkeypatch.setattr(sky, "_texels", texels)

    return mark


def direction(azimuth_deg, elevation_deg):
    azimuth, elevation = np.radians([azimuth_deg, elevation_deg])
    flat = np.cos(elevation)
    return np.array([flat * np.sin(azimuth), -np.sin(elevation), flat * np.cos(azimuth)])


def centroid(plane, around, half=12):
    x, y = (np.arange(round(at) - half, round(at) + half + 1) for at in around)
    weight = plane[np.ix_(y, x)].astype(float) - 16
    return np.array([(weight * x).sum(), (weight * y[:, None]).sum()]) / weight.sum()


@pytest.mark.parametrize(
    ("azimuth_deg", "elevation_deg"),
    [
        (0, 0),
        (8.3, 2.0),
        (-21.0, 9.7),
        (22.0, 0.4),
        (-3.1, 14.9),
        (179.9, 3.0),
        (-179.7, 5.0),
        (90.0, 1.0),
    ],
)
def test_a_direction_is_seen_where_the_camera_matrix_puts_it(
    sky, marked, azimuth_deg, elevation_deg
):
    marked((azimuth_deg, elevation_deg))
    for yaw, pitch, roll in ((0, 0, 0), (5.0, 2.0, -3.0), (-7.0, 4.0, 8.0)):
        camera = looking(azimuth_deg / 1000 + yaw, pitch, roll)
        if abs(azimuth_deg) > 45:
            camera = looking(azimuth_deg + yaw, pitch, roll)
        x, y, z = MATRIX @ camera.T @ direction(azimuth_deg, elevation_deg)
        expected = np.array([x, y]) / z
        found = centroid(seen(sky, camera).y, expected)
        assert np.abs(found - expected).max() < 0.1


@pytest.mark.parametrize("azimuth_deg", [0.0, 180.0])
def test_where_the_picture_of_all_directions_ends_there_is_no_seam(sky, azimuth_deg):
    y = seen(sky, looking(azimuth_deg, 9.0)).y.astype(float)
    steps = np.abs(np.diff(y, axis=1)).mean(axis=0)
    seam = steps[318:321]  # the middle of the picture
    assert seam.max() <= steps[280:360].max()
    assert seam.max() <= 2 * np.median(steps[280:360])


def test_a_turn_of_the_camera_moves_the_sky_and_changes_nothing_else(sky):
    """Seen from another heading and taken back, it is the same picture."""
    here, there = looking(170.0, 6.0), looking(178.0, 4.0, 3.0)
    homography = MATRIX @ here.T @ there @ np.linalg.inv(MATRIX)
    first, second = (seen(sky, camera).y for camera in (here, there))
    back = cv2.warpPerspective(second, homography, SIZE_PX, flags=cv2.INTER_LINEAR, borderValue=0)
    both = back > 0
    both[[0, -1]] = both[:, [0, -1]] = False
    assert both.mean() > 0.5
    assert np.abs(first[both].astype(float) - back[both]).mean() < 1.5


def test_only_what_is_empty_is_filled(sky):
    canvas = Canvas(SIZE_PX, MATRIX)
    canvas.clear(99)
    canvas.nearness[100:200, 37:411] = 0.1
    sky.draw(canvas, looking(0.0, 10.0))
    assert (canvas.y[100:200, 37:411] == 99).all()
    assert (canvas.y[:100] != 99).mean() > 0.95
    assert (canvas.nearness[:100] == 0).all()


def test_the_sky_is_brighter_by_day_than_at_night(sky):
    day = seen(sky, looking(0.0, 10.0)).y.mean()
    night = Sky(np.random.default_rng(4), lighting="night", weather="clear", haze=26.0)
    assert seen(night, looking(0.0, 10.0)).y.mean() < 0.3 * day


@pytest.mark.parametrize(
    ("lighting", "weather"), [("twilight", "cloudy"), ("night", "rain"), ("day", "fog")]
)
def test_each_light_and_weather_has_its_sky(sky, lighting, weather):
    other = Sky(np.random.default_rng(4), lighting=lighting, weather=weather, haze=100.0)
    here, there = (seen(each, looking(0.0, 20.0)) for each in (sky, other))
    assert (here.y != there.y).mean() > 0.9
    # A clear sky by day is blue, an overcast one grey.
    assert np.abs(here.u.astype(int) - 128).mean() > np.abs(there.u.astype(int) - 128).mean() + 3
