import numpy as np
import pytest

from dashgaze.rendering.canvas import Canvas
from dashgaze.rendering.gaze_marks import (
    draw_closed_eye,
    draw_ellipse,
    draw_gaze,
    draw_pointer,
    draw_trail,
    ellipse_of,
    fixation_radius_px,
)
from dashgaze.rendering.palette import DIRECT, GREY, PALE

AT = np.array([100.25, 80.5])


def blank(width=200, height=160):
    canvas = Canvas.on(np.zeros((height * 3 // 2, width), dtype=np.uint8))
    canvas.fill(GREY)
    return canvas


def changed(canvas):
    rows, columns = np.nonzero(np.abs(canvas.y.astype(int) - GREY.y) > 20)
    return rows, columns


def test_the_ellipse_of_a_covariance():
    long, short, turn = ellipse_of(np.diag([9.0, 4.0]))
    assert (long, short) == pytest.approx((3 * 2.4477, 2 * 2.4477), rel=1e-3)
    assert turn % 180 == pytest.approx(0, abs=1e-9)
    assert ellipse_of(np.full((2, 2), np.nan)) is None


def test_a_turned_ellipse():
    angle = np.radians(30)
    axes = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    long, short, turn = ellipse_of(axes @ np.diag([16.0, 1.0]) @ axes.T)
    assert (long, short) == pytest.approx((4 * 2.4477, 2.4477), rel=1e-3)
    assert turn % 180 == pytest.approx(30)


def test_the_ellipse_is_drawn_as_large_as_it_is():
    canvas = blank()
    draw_ellipse(canvas, AT, np.diag([15.0**2, 8.0**2]), DIRECT, letter_px=19)
    rows, columns = changed(canvas)
    assert (columns.min(), columns.max()) == pytest.approx(
        (AT[0] - 2.4477 * 15, AT[0] + 2.4477 * 15), abs=2.5
    )
    assert (rows.min(), rows.max()) == pytest.approx(
        (AT[1] - 2.4477 * 8, AT[1] + 2.4477 * 8), abs=2.5
    )


@pytest.mark.parametrize("variance", [0.01, 1e12, np.nan, 0.0])
def test_ellipses_that_can_t_be_seen_are_left_out(variance):
    canvas = blank()
    draw_ellipse(canvas, AT, np.diag([variance, variance]), DIRECT, letter_px=19)
    assert (canvas.y == GREY.y).all()


def test_a_fixation_grows_and_ends_growing():
    radius = [fixation_radius_px(lasted, 19) for lasted in (0.0, 0.2, 0.8, 2.0, 9.0)]
    assert radius[:4] == sorted(set(radius[:4]))
    assert radius[3] == radius[4]


@pytest.mark.parametrize("diamond", [False, True])
@pytest.mark.parametrize("what", [{"saccade": True}, {"fixation_s": 0.6}, {}])
def test_every_mark_is_centred_on_its_point(diamond, what):
    canvas = blank()
    draw_gaze(canvas, AT, DIRECT, letter_px=19, diamond=diamond, **what)
    weight = np.abs(canvas.y.astype(float) - GREY.y)
    y, x = np.indices(weight.shape)
    found = (x * weight).sum() / weight.sum(), (y * weight).sum() / weight.sum()
    assert found == pytest.approx(AT, abs=0.3)


def test_marks_differ_in_shape_not_in_colour_alone():
    def drawn(**what):
        canvas = blank()
        draw_gaze(canvas, AT, DIRECT, letter_px=19, **what)
        return np.count_nonzero(canvas.y != GREY.y), canvas.y.copy()

    circle, diamond = drawn(fixation_s=0.5)[1], drawn(fixation_s=0.5, diamond=True)[1]
    assert np.count_nonzero(circle != diamond) > 150
    assert drawn(saccade=True)[0] < drawn()[0] < drawn(fixation_s=2.0)[0]


def test_a_trail_breaks_where_gaze_is_lost():
    canvas = blank()
    points = np.array([[20, 80], [60, 80], [np.nan, np.nan], [120, 80], [160, 80.0]])
    draw_trail(canvas, points, np.array([0.25, 0.2, 0.2, 0.19, 0.15]), DIRECT)
    assert canvas.y[80, 40] == PALE.y
    assert canvas.y[80, 90] == GREY.y
    assert canvas.y[80, 140] == PALE.y


def test_a_point_outside_is_pointed_at_from_the_border():
    canvas = blank()
    tip = draw_pointer(canvas, np.array([900.0, 80.0]), DIRECT, letter_px=19)
    assert tip == pytest.approx((180, 79.5), abs=1.5)
    rows, columns = changed(canvas)
    assert columns.min() > 140
    assert abs(rows.mean() - 80) < 2


def test_a_closed_eye_is_drawn():
    canvas = blank()
    draw_closed_eye(canvas, (100, 80), 15)
    _, columns = changed(canvas)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(100, abs=1)
    assert np.ptp(columns) > 20
