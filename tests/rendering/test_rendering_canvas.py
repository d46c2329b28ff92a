import numpy as np
import pytest

from dashgaze.rendering.canvas import Canvas, Rect
from dashgaze.rendering.palette import BLACK, DIRECT, PROPAGATED, WHITE, Colour


def blank(width=64, height=48):
    canvas = Canvas.on(np.zeros((height * 3 // 2, width), dtype=np.uint8))
    canvas.fill(BLACK)
    return canvas


def centroid(plane, ground):
    weight = np.abs(plane.astype(float) - ground)
    y, x = np.indices(plane.shape)
    return (x * weight).sum() / weight.sum(), (y * weight).sum() / weight.sum()


@pytest.mark.parametrize("rgb", [(255, 255, 255), (0, 0, 0), (86, 200, 255), (255, 165, 0)])
def test_colours_are_what_a_player_shows(rgb):
    import av

    colour = Colour.from_rgb(*rgb)
    canvas = Canvas.on(np.zeros((48, 32), dtype=np.uint8))
    canvas.fill(colour)
    buffer = np.concatenate([canvas.y.ravel(), canvas.u.ravel(), canvas.v.ravel()])
    frame = av.VideoFrame.from_ndarray(buffer.reshape(48, 32), format="yuv420p")
    shown = frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray()
    assert np.abs(shown[8, 8].astype(int) - rgb).max() <= 4


def test_the_planes_are_those_of_the_buffer():
    buffer = np.zeros((72, 64), dtype=np.uint8)
    canvas = Canvas.on(buffer)
    canvas.fill(DIRECT)
    assert canvas.size_px == (64, 48)
    assert (buffer[:48] == DIRECT.y).all()
    assert (buffer.ravel()[64 * 48 : 64 * 48 + 32 * 24] == DIRECT.u).all()
    assert (buffer.ravel()[64 * 48 + 32 * 24 :] == DIRECT.v).all()


@pytest.mark.parametrize("at", [(30.0, 20.0), (31.5, 20.25), (17.125, 30.75)])
def test_a_ring_is_where_it_belongs_in_brightness_and_colour(at):
    canvas = blank()
    canvas.ring(at, 9.0, PROPAGATED, width_px=3)
    assert centroid(canvas.y, BLACK.y) == pytest.approx(at, abs=0.2)
    x, y = centroid(canvas.v, BLACK.v)
    # colour lies at the left of two columns, and between two rows
    assert (2 * x, 2 * y + 0.5) == pytest.approx(at, abs=0.5)


def test_lines_and_polygons_are_drawn():
    canvas = blank()
    canvas.line([[10, 10], [40, 10]], WHITE, width_px=3)
    assert canvas.y[10, 25] == WHITE.y
    assert canvas.y[20, 25] == BLACK.y
    canvas.polygon([[10, 20], [30, 20], [20, 40]], DIRECT)
    assert canvas.y[26, 20] == DIRECT.y
    assert abs(int(canvas.u[13, 10]) - DIRECT.u) <= 1


def test_a_part_cuts_off_what_lies_outside():
    canvas = blank()
    part = canvas.part(Rect(16, 8, 20, 20))
    part.ring((0.0, 0.0), 12.0, WHITE)
    assert (canvas.y[:8] == BLACK.y).all()
    assert (canvas.y[:, :16] == BLACK.y).all()
    assert canvas.y[8, 16] == WHITE.y


@pytest.mark.parametrize("at", [(np.nan, 3.0), (1e9, 3.0), (np.inf, np.inf), (-1e6, 0.0)])
def test_what_is_nowhere_is_not_drawn(at):
    canvas = blank()
    canvas.ring(at, 5.0, WHITE)
    canvas.line([at, at], WHITE)
    canvas.polygon([at, at, at], WHITE)
    assert (canvas.y == BLACK.y).all()


@pytest.mark.parametrize("corner", [(5, 7), (4, 6), (-3, -3), (60, 44), (100, 100), (-50, 3)])
@pytest.mark.parametrize("shape", [(7, 9), (8, 8), (1, 1)])
def test_a_mask_is_laid_over_wherever_it_lies(corner, shape):
    canvas = blank()
    canvas.blend(np.full(shape, 255, dtype=np.uint8), corner, WHITE)
    expected = np.full((48, 64), BLACK.y, dtype=int)
    x, y = corner
    expected[max(0, y) : max(0, y + shape[0]), max(0, x) : max(0, x + shape[1])] = WHITE.y
    assert (canvas.y == expected).all()


def test_half_a_mask_is_half_a_colour():
    canvas = blank()
    canvas.blend(np.full((8, 8), 255, dtype=np.uint8), (8, 8), WHITE, opacity=0.5)
    assert canvas.y[10, 10] == round((WHITE.y + BLACK.y) / 2)


def test_dimming_darkens():
    canvas = blank()
    canvas.fill(WHITE)
    canvas.dim(Rect(8, 8, 8, 8), opacity=0.5)
    assert canvas.y[10, 10] == pytest.approx((WHITE.y + 16) / 2, abs=1)
    assert canvas.y[2, 2] == WHITE.y
