import numpy as np

from dashgaze.rendering.canvas import Canvas
from dashgaze.rendering.lettering import height_of, width_of, wrapped, write, write_on_plate
from dashgaze.rendering.palette import BLACK, WHITE


def blank(width=200, height=60):
    canvas = Canvas.on(np.zeros((height * 3 // 2, width), dtype=np.uint8))
    canvas.fill(BLACK)
    return canvas


def inked(canvas):
    rows, columns = np.nonzero(canvas.y > 60)
    return columns.min(), rows.min(), columns.max(), rows.max()


def test_a_text_lies_at_its_anchor():
    for anchor in ("left", "middle", "right"):
        canvas = blank()
        width = write(canvas, "12.34 s", (100, 10), size_px=20, colour=WHITE, anchor=anchor)
        left, top, right, bottom = inked(canvas)
        start = {"left": 100, "middle": 100 - width // 2, "right": 100 - width}[anchor]
        assert start - 2 <= left
        assert right <= start + width
        assert 10 <= top < bottom <= 10 + height_of(20)


def test_digits_are_of_one_width():
    assert len({width_of(f"{digit * 4}.00 s", 19) for digit in "0123456789"}) == 1


def test_signs_of_measurement_have_letters():
    for sign in "σ±−·°²…–":
        assert width_of(sign, 20) > 2


def test_lines_fit():
    text = "Run: dashgaze align /a/very/long/path/to/a/session_with_a_long_name/of_a_drive now"
    lines = wrapped(text, 16, 150)
    assert all(width_of(line, 16) <= 150 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_plate_is_moved_inside():
    canvas = blank(width=120)
    canvas.fill(WHITE)
    write_on_plate(canvas, "no picture", (500, 500), size_px=14)
    assert (canvas.y[:30] == WHITE.y).all()
    assert (canvas.y[-4, -8:] < 120).all()


def test_a_text_that_is_too_long_is_cut():
    canvas = blank(width=60)
    write(canvas, "a text that is too long for its place", (2, 2), size_px=20)
    write_on_plate(canvas, "a text that is too long for its place", (2, 2), size_px=20)
    assert canvas.size_px == (60, 60)
