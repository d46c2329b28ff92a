"""Small pictures cut out of a view, pixel by pixel."""

import math

import cv2
import numpy as np
import pytest

from dashgaze.dataset.pictures.crops import (
    EYE_WIDTH_PER_DISTANCE,
    FACE_SIDE_PER_BOX,
    LEAST_DISTANCE_PER_BOX,
    eye_patch,
    face_square,
    patch_at,
    squeezed,
    thumbnail,
)
from dashgaze.dataset.pictures.jpeg import jpeg_of
from dashgaze.media.colour import ColourPicture

UNKNOWN = (math.nan, math.nan)


def view(y: np.ndarray, u: int | np.ndarray = 128, v: int | np.ndarray = 128) -> ColourPicture:
    half = ((y.shape[0] + 1) // 2, (y.shape[1] + 1) // 2)
    u, v = (np.broadcast_to(np.uint8(plane), half).copy() for plane in (u, v))
    return ColourPicture(index=0, y=y.astype(np.uint8), u=u, v=v)


def full_range(y: float) -> float:
    return (y - 16) * 255 / 219


def slope(width: int, height: int, *, per_px: float = 0.5) -> ColourPicture:
    """Brightness that grows with the column: it tells where a pixel was taken from."""
    return view(np.tile(np.round(20 + per_px * np.arange(width)), (height, 1)))


def column_of(value: float, *, per_px: float = 0.5) -> float:
    return (value * 219 / 255 + 16 - 20) / per_px


def assert_taken_from(row: np.ndarray, columns: np.ndarray) -> None:
    """Each pixel to the rounding of brightness, all of them on average to a fraction of a pixel."""
    apart = column_of(row.mean(axis=1)) - columns
    assert np.abs(apart).max() < 3
    assert abs(apart.mean()) < 0.15


@pytest.fixture(scope="module")
def noise() -> ColourPicture:
    rng = np.random.default_rng(3)
    return view(rng.integers(16, 236, (360, 640)))


@pytest.mark.parametrize("point", [(300.4, 200.6), (300.0, 201.0), (301.0, 200.0), (299.6, 200.5)])
def test_the_pixel_that_holds_gaze_is_at_112_112_and_copied(noise, point):
    patch = patch_at(noise, *point)
    column, row = math.floor(point[0] + 0.5), math.floor(point[1] + 0.5)
    assert patch.shape == (224, 224, 3)
    rows, columns = np.mgrid[row - 112 : row + 112, column - 112 : column + 112]
    expected = full_range(noise.y[rows, columns].astype(float))
    assert np.abs(patch - expected[..., None]).max() <= 1


def test_the_road_around_gaze_is_black_beyond_the_view(noise):
    patch = patch_at(noise, 3.0, 355.0)
    assert (patch[:, : 112 - 3] == 0).all()
    assert (patch[112 + 5 :] == 0).all()
    assert patch[: 112 + 5, 112 - 3 :].mean() > 50


@pytest.mark.parametrize(
    "point", [(-0.6, 10.0), (639.6, 10.0), (10.0, -0.6), (10.0, 359.6), UNKNOWN]
)
def test_there_is_no_road_around_a_point_outside_of_the_view(noise, point):
    assert patch_at(noise, *point) is None


@pytest.mark.parametrize("left", [100, 101])
def test_colours_stay_on_their_pixels(left):
    # A red field from an even column on: where an odd cut begins, colour must not move against brightness.
    y, u, v = np.full((300, 400), 60), np.full((150, 200), 128), np.full((150, 200), 128)
    v[:, 75:] = 200
    patch = patch_at(view(y, u, v), left + 112.0, 150.0)
    red = patch[100, :, 2].astype(int)
    assert np.flatnonzero(np.diff(red) > 40).tolist() == [150 - left - 1]


@pytest.mark.parametrize(
    ("bgr", "yuv"),  # BT.709: Kr 0.2126, Kb 0.0722
    [
        ((255, 255, 255), (235, 128, 128)),
        ((0, 0, 0), (16, 128, 128)),
        ((0, 0, 255), (63, 102, 240)),
        ((0, 255, 0), (173, 42, 26)),
        ((255, 0, 0), (32, 240, 118)),
    ],
)
def test_colours_are_those_of_hd_video(bgr, yuv):
    picture = view(np.full((360, 640), yuv[0]), yuv[1], yuv[2])
    for made in (squeezed(picture), thumbnail(picture), patch_at(picture, 320.0, 180.0)):
        assert np.abs(made[112, 112].astype(int) - bgr).max() <= 3


def test_a_face_is_the_middle_of_its_square():
    picture = slope(400, 300)
    face = face_square(picture, x_px=150.25, y_px=100, width_px=60, height_px=80)
    assert face.shape == (224, 224, 3)
    side = FACE_SIDE_PER_BOX * 80
    assert_taken_from(face[112], 180.25 - side / 2 + (np.arange(224) + 0.5) * side / 224)


def test_a_large_face_is_averaged_not_picked():
    # One column in two is bright: picked pixels would be black or white, averaged ones grey.
    y = np.tile(np.where(np.arange(800) % 2, 235, 16), (800, 1))
    face = face_square(view(y), x_px=150, y_px=150, width_px=480, height_px=480)
    assert 90 < face[112].min() <= face[112].max() < 165


def test_a_face_at_the_edge_is_black_beyond_the_view():
    picture = view(np.full((300, 400), 120))
    face = face_square(picture, x_px=-30, y_px=100, width_px=60, height_px=60)
    assert (face[:, :100] == 0).all()
    assert (face[:, 120:] > 100).all()


@pytest.mark.parametrize(
    "box",
    [
        (math.nan, 0, 10, 10),
        (10, 10, 0, 10),
        (10, 10, 10, -1),
        (400, 10, 20, 20),
        (-30, 10, 30, 20),
        (10, 300, 20, 20),
    ],
)
def test_there_is_no_face_without_a_box_in_the_view(box):
    x_px, y_px, width_px, height_px = box
    picture = slope(400, 300)
    assert (
        face_square(picture, x_px=x_px, y_px=y_px, width_px=width_px, height_px=height_px) is None
    )


def test_an_eye_is_the_middle_of_its_picture_and_scales_with_the_distance_of_the_eyes():
    picture = slope(400, 300)
    eye = eye_patch(picture, (120.3, 100.0), (170.3, 100.0), box_height_px=100.0)
    assert eye.shape == (50, 100, 3)
    width = EYE_WIDTH_PER_DISTANCE * 50
    assert_taken_from(eye[25], 120.3 - width / 2 + (np.arange(100) + 0.5) * width / 100)


def test_an_eye_is_not_turned_with_the_head():
    picture = slope(400, 300)
    eye = eye_patch(picture, (120.0, 100.0), (150.0, 140.0), box_height_px=100.0)
    assert np.ptp(eye, axis=0).max() <= 1  # brightness still grows along the rows alone


def test_an_eye_of_a_head_in_profile_is_as_large_as_the_face_says():
    picture = slope(400, 300)
    near = eye_patch(picture, (120.0, 100.0), (122.0, 100.0), box_height_px=100.0)
    alone = eye_patch(picture, (120.0, 100.0), UNKNOWN, box_height_px=100.0)
    width = EYE_WIDTH_PER_DISTANCE * LEAST_DISTANCE_PER_BOX * 100
    span = column_of(near[25, 99].mean()) - column_of(near[25, 0].mean())
    assert span == pytest.approx(width * 0.99, abs=1.5)
    assert np.array_equal(near, alone)


@pytest.mark.parametrize("eye", [UNKNOWN, (-1.0, 10.0), (400.0, 10.0), (10.0, 300.0)])
def test_there_is_no_picture_of_an_eye_outside_of_the_view(eye):
    assert eye_patch(slope(400, 300), eye, (50.0, 50.0), box_height_px=80.0) is None


def test_there_is_no_picture_of_an_eye_of_unknown_size():
    assert eye_patch(slope(400, 300), (50.0, 50.0), UNKNOWN, box_height_px=math.nan) is None


def test_the_driver_view_is_squeezed_into_a_square():
    small = squeezed(slope(400, 300))
    assert small.shape == (224, 224, 3)
    assert column_of(small[112, 223].mean()) == pytest.approx(399, abs=3)


def test_the_thumbnail_of_a_wide_road_fills_it():
    small = thumbnail(view(np.full((540, 960), 120)))
    assert small.shape == (252, 448, 3)
    assert (small > 100).all()


@pytest.mark.parametrize("size_px", [(360, 640), (640, 480), (801, 301)])
def test_the_thumbnail_of_another_road_keeps_its_shape_between_black(size_px):
    width, height = size_px
    small = thumbnail(view(np.full((height, width), 120)))
    assert small.shape == (252, 448, 3)
    rows, columns = np.nonzero(small[..., 0] > 100)
    inner = (int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
    assert inner[0] == 448 or inner[1] == 252
    assert inner[0] / inner[1] == pytest.approx(width / height, rel=0.01)
    assert abs(int(columns.min()) - int(447 - columns.max())) <= 1
    assert set(np.unique(small[small[..., 0] <= 100])) == {0}


def test_a_jpeg_has_no_metadata_and_the_same_bytes_each_time(noise):
    picture = thumbnail(noise)
    data = jpeg_of(picture)
    assert data == jpeg_of(picture.copy())
    assert b"Exif" not in data
    assert b"\xff\xfe" not in data[:600]  # no comment
    again = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(again.astype(int) - picture).mean() < 12
