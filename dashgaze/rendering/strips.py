"""The strips above and below the views: where one is, and what the marks mean."""

import math

import numpy as np

from .canvas import Canvas
from .gaze_marks import draw_gaze
from .lettering import height_of, width_of, write
from .moment import Moment
from .palette import BACKGROUND, DIRECT, GREY, PALE, PROPAGATED, SOURCE_COLOURS, WHITE, Colour

_SOURCE_WORDS = {"direct": "direct", "propagated": "filled in", "none": "no map"}


def draw_header(
    canvas: Canvas, session_id: str, clock: str, moment: Moment, *, letter_px: int
) -> None:
    """Write session, time, speed, source and errors; what has no room is left out, from the right.

    Parameters
    ----------
    canvas
        The strip.
    session_id
        The session.
    clock
        Whose time it is.
    moment
        What is known.
    letter_px
        Size of letters.
    """
    canvas.fill(BACKGROUND)
    width, height = canvas.size_px
    y = (height - height_of(letter_px)) // 2
    x = letter_px // 2
    x += write(canvas, session_id, (x, y), size_px=letter_px, colour=WHITE, bold=True) + letter_px
    # Widest texts first, so that what follows doesn't move from frame to frame.
    fields: list[tuple[str, str, Colour]] = [
        (f"{moment.time_s:.2f} s", "0000.00 s", PALE),
        (_number(moment.speed_m_s * 3.6, "km/h").strip("–"), "000 km/h", PALE),
    ]
    if clock != "phone":
        fields.append((f"{clock} clock", f"{clock} clock", GREY))
    for text, widest, colour in fields:
        room = width_of(widest, letter_px)
        if x + room > width:
            return
        write(canvas, text, (x + room, y), size_px=letter_px, colour=colour, anchor="right")
        x += room + letter_px
    x += letter_px
    source = moment.source or ""
    word = _SOURCE_WORDS.get(source, "")
    room = width_of("filled in", letter_px) + 2 * letter_px
    if word and x + room <= width:
        colour = SOURCE_COLOURS[source]
        middle = np.array([x + 0.6 * letter_px, height / 2])
        _icon(canvas, middle, source, colour, letter_px)
        write(canvas, word, (x + round(1.5 * letter_px), y), size_px=letter_px, colour=colour)
    x += room
    for label, value, widest in (
        ("map error (1σ)", _number(moment.error_px, "px", 2), "000.00 px"),
        ("road − ego", _number(moment.apart_ms, "ms", sign=True), "−00 ms"),
    ):
        room = width_of(label, letter_px) + letter_px // 2 + width_of(widest, letter_px)
        if x + room > width:
            return
        write(canvas, label, (x, y), size_px=letter_px, colour=GREY)
        write(canvas, value, (x + room, y), size_px=letter_px, anchor="right")
        x += room + round(1.6 * letter_px)


def draw_footer(canvas: Canvas, *, letter_px: int) -> None:
    """Explain the marks; what has no room is left out, from the right."""
    canvas.fill(BACKGROUND)
    width, height = canvas.size_px
    small = max(10, round(0.72 * letter_px))
    y = (height - height_of(small)) // 2
    x = small
    for kind, text in (
        ("direct", "direct match"),
        ("propagated", "filled in"),
        ("fixation", "fixation, grows as it lasts"),
        ("saccade", "saccade"),
        ("ellipse", "95 % ellipse of the map, without the eye tracker's own error"),
        ("trail", "last 0.5 s"),
    ):
        icon = round(2.7 * small)
        room = icon + width_of(text, small)
        if x + room > width - small:
            continue
        _sample(canvas, kind, (x + 1.0 * small, height / 2), small)
        write(canvas, text, (x + icon, y), size_px=small, colour=GREY)
        x += room + round(1.6 * small)


def _sample(canvas: Canvas, kind: str, middle: tuple[float, float], size_px: int) -> None:
    at = np.array(middle)
    if kind == "direct":
        draw_gaze(canvas, at, DIRECT, letter_px=size_px)
    elif kind == "propagated":
        draw_gaze(canvas, at, PROPAGATED, letter_px=size_px, diamond=True)
    elif kind == "fixation":
        draw_gaze(canvas, at, DIRECT, letter_px=round(0.62 * size_px), fixation_s=2.0)
    elif kind == "saccade":
        draw_gaze(canvas, at, DIRECT, letter_px=size_px, saccade=True)
    elif kind == "ellipse":
        angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        outline = np.column_stack([1.1 * size_px * np.cos(angle), 0.5 * size_px * np.sin(angle)])
        canvas.line(at + outline, PALE, closed=True)
    else:
        line = at + size_px * np.array([[-1.0, 0.3], [-0.3, -0.3], [0.3, 0.2], [1.1, -0.2]])
        canvas.line(line[:3], GREY)
        canvas.line(line[2:], DIRECT, width_px=2)


def _icon(canvas: Canvas, middle: np.ndarray, source: str, colour: Colour, letter_px: int) -> None:
    if source == "none":
        reach = 0.4 * letter_px
        for slope in (-1.0, 1.0):
            ends = middle + reach * np.array([[-1.0, -slope], [1.0, slope]])
            canvas.line(ends, colour, width_px=3)
    else:
        draw_gaze(
            canvas, middle, colour, letter_px=round(0.8 * letter_px), diamond=source == "propagated"
        )


def _number(value: float, unit: str, digits: int = 0, *, sign: bool = False) -> str:
    if not math.isfinite(value):
        return "–"
    form = f"{'+' if sign else ''}.{digits}f"
    return f"{value:{form}} {unit}".replace("-", "−")
