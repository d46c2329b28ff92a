"""Light, haze, headlamps and what shines by itself are as `Lighting` says."""

from dataclasses import replace

import numpy as np
import pytest

from dashgaze.collection.simulation.picture_planes import Planes
from dashgaze.collection.simulation.scene.atlas import AtlasBuilder, paint
from dashgaze.collection.simulation.scene.canvas import Canvas, Lighting
from dashgaze.collection.simulation.scene.mesh import joined, quads
from dashgaze.collection.simulation.swing import turns

SIZE_PX = (320, 240)
MATRIX = np.array([[300.0, 0, 159.5], [0, 300.0, 119.5], [0, 0, 1]])
LEVEL = np.eye(3, 4)
NIGHT = Lighting(ambient=0.0, headlamp=0.75)
UP_M = 0.65
"""Height of the headlamps; they are 1.9 m ahead of the car's middle."""


def texture(grey=200.0, *, glow=0, bgr=None):
    picture = np.full((2, 2, 3), grey if bgr is None else bgr, dtype=np.float32)
    builder = AtlasBuilder()
    builder.add("plain", paint(picture, glow=np.full((2, 2), glow, dtype=np.uint8)))
    return builder.build()


def wall(z_m, half_m=40.0, parts=1):
    """Give a wall across the view, in small parts, as light fades between corners only."""
    x, y = np.meshgrid(
        np.linspace(-half_m, half_m, parts + 1), np.linspace(-half_m, half_m, parts + 1)
    )
    grid = np.stack([x, y, np.full_like(x, z_m)], axis=-1)
    corners = np.stack([grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:], grid[:-1, :-1]], axis=2)
    return quads(corners.reshape(-1, 4, 3), 0)


def picture(mesh, lighting, atlas=None, **more) -> Planes:
    canvas = Canvas(SIZE_PX, MATRIX)
    canvas.clear()
    canvas.draw(mesh, atlas or texture(), LEVEL, lighting, **more)
    return canvas.planes()


def middle(plane):
    height, width = plane.shape
    return float(plane[height // 2 - 2 : height // 2 + 2, width // 2 - 2 : width // 2 + 2].mean())


def test_an_empty_picture_is_black_and_grey():
    canvas = Canvas(SIZE_PX, MATRIX)
    canvas.draw(wall(5.0), texture(), LEVEL, Lighting())
    canvas.clear()
    assert (canvas.y == 16).all()
    assert (canvas.u == 128).all()
    assert (canvas.v == 128).all()
    assert (canvas.nearness == 0).all()
    canvas.clear(40)
    assert (canvas.y == 40).all()


@pytest.mark.parametrize("ambient", [0.25, 0.7, 1.0])
def test_ambient_light_is_a_factor_of_brightness(ambient):
    assert middle(picture(wall(5.0), Lighting(ambient=ambient)).y) == pytest.approx(
        200 * ambient, abs=1
    )


def test_brightness_stays_within_what_video_allows():
    assert middle(picture(wall(5.0), Lighting(ambient=3.0)).y) == 235
    assert middle(picture(wall(5.0), Lighting(ambient=0.01)).y) == 16


@pytest.mark.parametrize("distance_m", [10.0, 60.0, 150.0, 600.0])
def test_haze_takes_over_exponentially_with_distance(distance_m):
    lighting = Lighting(haze_per_m=0.01, haze=90.0)
    clear = np.exp(-0.01 * distance_m)
    seen = picture(wall(distance_m, parts=40), lighting)
    assert middle(seen.y) == pytest.approx(
        200 * clear + 90 * (1 - clear), abs=2
    )  # two fractions are cut off


def test_in_haze_and_dark_colours_fade_as_brightness_does():
    atlas = texture(bgr=(30, 30, 220))
    full = picture(wall(60.0, parts=40), Lighting(), atlas)
    assert middle(full.v) - 128 > 80
    for lighting, share in (
        (Lighting(haze_per_m=0.01), np.exp(-0.6)),
        (Lighting(ambient=0.3), 0.3),
    ):
        seen = picture(wall(60.0, parts=40), lighting, atlas)
        assert middle(seen.v) - 128 == pytest.approx(share * (middle(full.v) - 128), abs=1.5)


def test_what_shines_needs_no_light_and_pierces_haze():
    atlas = texture(60.0, glow=180)
    dark = Lighting(ambient=0.0, haze_per_m=0.05, haze=20.0)
    assert middle(picture(wall(50.0), dark, atlas).y) == 180
    assert middle(picture(wall(50.0), replace(dark, glow=0.5), atlas).y) == 90
    assert middle(picture(wall(50.0), Lighting(), texture(220.0, glow=180)).y) == 220  # by day


def beam(distance_m, lighting=NIGHT, **more):
    """Give the brightness of a wall before the car, as seen from between its lamps."""
    to_car = np.column_stack([np.eye(3), (0.0, -UP_M, 1.9)])
    seen = picture(
        wall(distance_m, 1.2 * distance_m, 160), lighting, car_from_camera=to_car, **more
    )
    return seen.y.astype(float)


def test_headlamps_shine_as_brightly_as_they_say_in_the_middle_of_their_beam():
    rows = 119.5 + 300 * np.tan(np.radians([2.0, 4.0]))
    for distance_m in (3.0, 8.0, 14.0):
        lit = beam(distance_m)[round(rows[0]) : round(rows[1]), 158:162]
        np.testing.assert_allclose(lit, 200 * 0.75, atol=3)
    half = beam(8.0, replace(NIGHT, headlamp=0.375))[round(rows[0]) : round(rows[1]), 158:162]
    np.testing.assert_allclose(half, 200 * 0.375, atol=3)


def test_headlamps_fade_with_distance_above_their_edge_and_to_the_sides():
    near = beam(12.0)
    row = round(119.5 + 300 * np.tan(np.radians(3.0)))
    far = [beam(distance_m)[row, 160] for distance_m in (12.0, 30.0, 60.0)]
    assert far[0] > 1.7 * far[1] > 3 * far[2]
    below, above = near[row, 160], near[round(119.5 - 300 * np.tan(np.radians(6.0))), 160]
    assert above < 0.25 * below
    across = near[row, [20, 90, 160, 229, 299]]
    np.testing.assert_allclose(across, across[::-1], atol=2)
    assert across[0] < 0.75 * across[1] < 0.75 * across[2] * 1.2


def test_headlamps_belong_to_the_car_not_to_the_camera():
    """The camera is turned by 20° to the right: the beam moves to the left of its picture."""
    turned = turns(np.array([20.0]), np.zeros(1), np.zeros(1))[0]
    to_car = np.column_stack([turned, (0.0, -UP_M, 1.9)])
    straight = wall(10.0, 25.0, 160).moved(turned.T, np.zeros(3))
    y = picture(straight, NIGHT, car_from_camera=to_car).y.astype(float)
    row = round(119.5 + 300 * np.tan(np.radians(3.0)))
    brightest = np.average(np.arange(320), weights=np.maximum(y[row] - 0.9 * y[row].max(), 0))
    assert brightest == pytest.approx(159.5 - 300 * np.tan(np.radians(20.0)), abs=8)


def test_by_day_there_are_no_headlamps():
    np.testing.assert_array_equal(
        picture(wall(8.0), Lighting(ambient=0.5)).y,
        picture(joined([wall(8.0)]), Lighting(ambient=0.5, headlamp=0.0)).y,
    )


def test_the_picture_is_the_canvas_own_memory():
    canvas = Canvas(SIZE_PX, MATRIX)
    planes = canvas.planes()
    canvas.clear(77)
    assert (planes.y == 77).all()
    assert planes.u.shape == planes.v.shape == (120, 160)
