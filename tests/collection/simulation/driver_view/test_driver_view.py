"""The front camera's pictures carry the gaze, and differ by driver, light and place of the phone."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from dashgaze.collection.simulation.driver_view.cabin_light import LightingName
from dashgaze.collection.simulation.driver_view.driver_camera import (
    EYES_AT_REST_CAR_M,
    NECK_AT_REST_CAR_M,
    CameraPosition,
    front_camera,
)
from dashgaze.collection.simulation.driver_view.driver_look import DriverLook, draw_look
from dashgaze.collection.simulation.driver_view.driver_view import DriverView
from dashgaze.collection.simulation.driver_view.face_truth import face_truth
from dashgaze.collection.simulation.swing import turns

SIZE_PX = (640, 480)
PLAIN = DriverLook(
    skin_bgr=(150.0, 176.0, 222.0),
    hair_bgr=(26.0, 27.0, 30.0),
    iris_bgr=(24.0, 42.0, 70.0),
    clothes_bgr=(120.0, 90.0, 60.0),
)


@cache
def view(
    look: DriverLook, position: CameraPosition = "under_mirror", lighting: LightingName = "day"
):
    return DriverView(look, front_camera(position), SIZE_PX, seed=5, lighting=lighting)


def head(yaw_deg=0.0, pitch_deg=0.0):
    return turns(np.array([yaw_deg]), np.array([pitch_deg]), np.zeros(1))[0]


def point(azimuth_deg, elevation_deg):
    """Give a point that is far away in a direction from the resting eyes, car axes."""
    azimuth, elevation = np.radians([azimuth_deg, elevation_deg])
    flat = np.cos(elevation)
    direction = np.array([flat * np.sin(azimuth), -np.sin(elevation), flat * np.cos(azimuth)])
    return np.array(EYES_AT_REST_CAR_M) + 50 * direction


def draw(look=PLAIN, azimuth_deg=0.0, elevation_deg=0.0, *, index=0, yaw_deg=0.0, **options):
    kinds = {key: options.pop(key) for key in ("position", "lighting") if key in options}
    return view(look, **kinds).picture(
        index,
        car_from_head_rotation=head(yaw_deg),
        gaze_point_car_m=point(azimuth_deg, elevation_deg),
        **options,
    )


def truth(look=PLAIN, position="under_mirror", yaw_deg=0.0):
    found = face_truth(
        look,
        front_camera(position),
        head(yaw_deg)[None],
        np.array([NECK_AT_REST_CAR_M]),
        point(0, 0)[None],
        np.ones(1),
    )
    return {key: value[0] for key, value in found.items()}


def part(plane, centre, half_x, half_y):
    x, y = np.rint(centre).astype(int)
    return plane[y - half_y : y + half_y + 1, x - half_x : x + half_x + 1].astype(float)


def iris(eye, **options):
    """Show where the right (0) or left (1) iris is seen: what changes with its colour."""
    plain, other = (
        draw(look, position="windscreen_corner", travelled_m=0.0, **options)
        for look in (PLAIN, replace(PLAIN, iris_bgr=(215.0, 205.0, 190.0)))
    )
    change = np.abs(other.y.astype(float) - plain.y)
    return part(change, truth(position="windscreen_corner")["landmarks_px"][eye], 14, 8)


def iris_centre(eye, **options):
    """Give the middle of an iris, px from the middle of the opening."""
    seen = iris(eye, **options)
    y, x = np.mgrid[-8:9, -14:15]
    return np.array([(seen * x).sum(), (seen * y).sum()]) / seen.sum()


@pytest.mark.parametrize("eye", [0, 1])
def test_the_iris_moves_with_the_gaze(eye):
    across = [iris_centre(eye, azimuth_deg=azimuth)[0] for azimuth in (-24, -16, -8, 0, 8, 16, 24)]
    # To the wearer's right is to the left of the picture.
    assert (np.diff(across) < -0.7).all()
    down = [iris_centre(eye, elevation_deg=elevation)[1] for elevation in (-15, -7, 0, 7, 14)]
    assert (np.diff(down) < -0.3).all()


def test_closed_lids_hide_the_eyes():
    assert iris(0).max() > 40
    assert iris(0, eyelid_openness=0.0).max() == 0
    assert 0 < iris(0, eyelid_openness=0.4).sum() < 0.7 * iris(0).sum()
    closed = [draw(azimuth_deg=azimuth, eyelid_openness=0.0) for azimuth in (-20, 20)]
    np.testing.assert_array_equal(closed[0].y, closed[1].y)


def test_the_same_seed_gives_the_same_picture_and_another_frame_other_noise():
    again = DriverView(
        PLAIN, front_camera("under_mirror"), SIZE_PX, seed=5, lighting="day"
    ).picture(3, car_from_head_rotation=head(), gaze_point_car_m=point(0, 0), travelled_m=9.0)
    here = draw(index=3, travelled_m=9.0)
    for plane, expected in zip(again, here, strict=True):
        np.testing.assert_array_equal(plane, expected)
    other = draw(index=4, travelled_m=9.0)
    assert 0.5 < np.abs(other.y.astype(float) - here.y).mean() < 4


def test_people_differ():
    assert draw_look(1) == draw_look(1)
    assert draw_look(1) != draw_look(2)
    assert draw_look(1, "glasses") == replace(draw_look(1), glasses=True)
    box = truth()["face_box_px"]
    centre, half = (box[:2] + box[2:]) / 2, int((box[2] - box[0]) / 2)
    faces = [part(draw(look).y, centre, half, half) for look in (draw_look(1), draw_look(2))]
    assert np.abs(faces[0] - faces[1]).mean() > 3


@pytest.mark.parametrize("yaw_deg", [-25.0, 0.0, 25.0])
def test_the_face_fills_its_box(yaw_deg):
    """What changes with eyebrows and irises lies in the box; with the skin, most of the box changes."""
    left, top, right, bottom = truth(yaw_deg=yaw_deg)["face_box_px"]
    here = draw(yaw_deg=yaw_deg).y.astype(float)
    marked = replace(PLAIN, brow_thickness_mm=1.0, iris_bgr=(200.0, 180.0, 160.0))
    y, x = np.nonzero(np.abs(draw(marked, yaw_deg=yaw_deg).y - here) > 8)
    assert len(x) > 60
    assert ((x > left - 1) & (x < right + 1) & (y > top - 1) & (y < bottom + 1)).all()
    painted = draw(replace(PLAIN, skin_bgr=(72.0, 101.0, 152.0)), yaw_deg=yaw_deg)
    changed = np.abs(painted.y - here) > 8
    inside = changed[round(top) : round(bottom), round(left) : round(right)]
    assert inside.mean() > 0.7


def test_glasses_are_seen():
    glasses = replace(PLAIN, glasses=True)
    change = draw(glasses).y.astype(float) - draw().y
    for eye in truth()["landmarks_px"][:2]:
        assert (part(change, eye, 22, 16) < -25).sum() > 40


def test_night_is_darker_and_noisier_than_day():
    box = truth()["face_box_px"]
    centre, half = (box[:2] + box[2:]) / 2, int((box[2] - box[0]) / 3)
    faces = {
        name: part(draw(lighting=name).y, centre, half, half)
        for name in ("day", "twilight", "night")
    }
    assert faces["night"].mean() < faces["twilight"].mean() < faces["day"].mean()
    noise = {
        name: np.abs(
            draw(lighting=name, index=1, travelled_m=0.0).y.astype(float)
            - draw(lighting=name, index=2, travelled_m=0.0).y
        ).mean()
        for name in ("day", "night")
    }
    assert noise["night"] > 2 * noise["day"]


def test_the_sun_stays_where_it_is_while_the_car_turns():
    left, top, right, bottom = np.rint(truth()["face_box_px"]).astype(int)
    middle = (left + right) // 2
    contrasts = []
    for heading_rad in np.linspace(-np.pi, np.pi, 12, endpoint=False):
        y = draw(world_from_car_heading_rad=heading_rad).y.astype(float)
        contrasts.append(y[top:bottom, left:middle].mean() - y[top:bottom, middle:right].mean())
    assert np.ptp(contrasts) > 8


def test_another_size_works_and_a_wrong_one_is_refused():
    big = front_camera("windscreen_corner", (1280, 720))
    picture = DriverView(PLAIN, big, (1280, 720), seed=5, lighting="day").picture(
        0, car_from_head_rotation=head(), gaze_point_car_m=point(0, 0)
    )
    assert picture.y.shape == (720, 1280)
    assert picture.u.shape == picture.v.shape == (360, 640)
    with pytest.raises(ValueError, match="640"):
        DriverView(PLAIN, big, (640, 480), seed=5, lighting="day")
