"""The four views of an overlay."""

import numpy as np
from numpy.typing import NDArray

from .canvas import Canvas, Plane, Rect
from .clip import Missing
from .gaze_marks import draw_closed_eye, draw_ellipse, draw_gaze, draw_pointer, draw_trail
from .lettering import height_of, width_of, wrapped, write, write_on_plate
from .moment import Moment
from .palette import EGO_GAZE, EMPTY, GREY, PALE, SOURCE_COLOURS, WHITE
from .picture_feed import Shown
from .projection import Projection


def say(canvas: Canvas, lines: Missing | str, title: str, *, letter_px: int) -> None:
    """Fill a panel with what to know instead of a picture."""
    canvas.fill(EMPTY)
    width, height = canvas.size_px
    room = width - 3 * letter_px
    if isinstance(lines, Missing):
        text = [(line, PALE) for line in wrapped(lines.what, letter_px, room)]
        text += [(line, WHITE) for line in wrapped(lines.fix, letter_px, room) if line]
    else:
        text = [(line, GREY) for line in wrapped(lines, letter_px, room)]
    step = round(1.1 * height_of(letter_px))
    y = max(2 * letter_px, (height - step * len(text)) // 2)
    for line, colour in text:
        write(canvas, line, (width // 2, y), size_px=letter_px, colour=colour, anchor="middle")
        y += step
    name(canvas, title, letter_px=letter_px)


def name(canvas: Canvas, title: str, *, letter_px: int) -> None:
    """Write a panel's name into its upper left corner."""
    write_on_plate(canvas, title, (0, 0), size_px=_small(letter_px))


def draw_road(
    canvas: Canvas,
    shown: Shown,
    moment: Moment,
    trail: tuple[NDArray[np.float64], NDArray[np.float64]],
    *,
    missing: Missing | None,
    letter_px: int,
) -> None:
    """Draw the road view with gaze.

    Parameters
    ----------
    canvas
        The panel.
    shown
        The picture.
    moment, trail
        Gaze, and where it has been.
    missing
        Why there is no gaze in the road view at all; None if there is.
    letter_px
        Size of letters.
    """
    canvas.paste(shown.planes)
    scale = _scale(canvas, shown)
    colour = SOURCE_COLOURS.get(moment.source or "", GREY)
    points, age_s = trail
    draw_trail(canvas, (points + 0.5) * scale - 0.5, age_s, colour)
    at = (moment.road_px + 0.5) * scale - 0.5
    diamond = moment.source == "propagated"
    if np.isfinite(at).all():
        covariance = moment.covariance_px2 * np.outer(scale, scale)
        inside = (at >= 0).all() and (at <= np.array(canvas.size_px) - 1).all()
        draw_ellipse(canvas, at, covariance, colour, letter_px=letter_px)
        if inside:
            draw_gaze(
                canvas, at, colour, letter_px=letter_px, diamond=diamond,
                fixation_s=moment.fixation_s, saccade=moment.saccade,
            )  # fmt: skip
        else:
            draw_pointer(canvas, at, colour, letter_px=letter_px)
    _draw_eyes(canvas, moment, letter_px)
    name(canvas, "road", letter_px=letter_px)
    note = ""
    if missing is not None:
        note = str(missing)
    elif moment.source == "none":
        note = f"no map from the ego view: {moment.none_reason}".rstrip(": ")
    elif moment.row < 0:
        note = "no ego frame at this time"
    if note:
        _remark(canvas, note, letter_px)


def draw_ego(canvas: Canvas, shown: Shown, moment: Moment, *, letter_px: int) -> None:
    """Draw the ego view with gaze."""
    canvas.paste(shown.planes)
    at = (moment.ego_px + 0.5) * _scale(canvas, shown) - 0.5
    if np.isfinite(at).all():
        draw_gaze(
            canvas, at, EGO_GAZE, letter_px=letter_px,
            fixation_s=moment.fixation_s, saccade=moment.saccade,
        )  # fmt: skip
    _draw_eyes(canvas, moment, letter_px)
    name(canvas, "ego", letter_px=letter_px)


def draw_projected(
    canvas: Canvas,
    ego: Shown,
    road: Plane | None,
    moment: Moment,
    projection: Projection,
    *,
    missing: Missing | str | None,
    letter_px: int,
) -> None:
    """Draw the part of the ego view that shows the road, and the road picture over it.

    Parameters
    ----------
    canvas
        The panel.
    ego
        The ego picture.
    road
        Brightness of the road picture; None if there is none.
    moment
        What is known at the time.
    projection
        What lays the one over the other.
    missing
        Why nothing can be laid over; None if it can.
    letter_px
        Size of letters.
    """
    small = _small(letter_px)
    if road is None or moment.road_from_ego is None:
        luma = projection.crop(ego.full.y, moment.row)
        half = np.full((luma.shape[0] // 2, luma.shape[1] // 2), 128, dtype=np.uint8)
        canvas.paste((luma, half, half))
        name(canvas, "road projected into ego", letter_px=letter_px)
        reason = str(missing) if missing else f"no map: {moment.none_reason}".rstrip(": ")
        _remark(canvas, reason, letter_px)
        return
    canvas.paste(projection.overlay(ego.full.y, road, moment.road_from_ego, moment.row))
    border = projection.outline(moment.road_from_ego, moment.row)
    known = border[np.isfinite(border).all(axis=1)]
    canvas.line(known, GREY, width_px=1, closed=True)
    name(canvas, "road projected into ego", letter_px=letter_px)
    texts = ("grey: they agree", "orange: road only", "blue: ego only")
    joined = "   ".join(texts)
    width, height = canvas.size_px
    line = joined if width_of(joined, small) + small < width else texts[0]
    write_on_plate(canvas, line, (0, height), size_px=small)


def draw_driver(canvas: Canvas, shown: Shown, *, letter_px: int) -> None:
    """Draw the driver view."""
    canvas.paste(shown.planes)
    name(canvas, "driver", letter_px=letter_px)


def _draw_eyes(canvas: Canvas, moment: Moment, letter_px: int) -> None:
    """Say in the upper right corner why there is no gaze."""
    if not moment.blink and not moment.unworn:
        return
    width, _ = canvas.size_px
    text = "blink" if moment.blink else "glasses not worn"
    eye_px = 2 * letter_px if moment.blink else 0
    room = width_of(text, letter_px) + eye_px + letter_px + 1 & ~1
    height = height_of(letter_px) + letter_px // 2 + 1 & ~1
    if room > width:
        return
    canvas.dim(Rect(width - room, 0, room, height))
    corner = (width - letter_px // 2, letter_px // 4)
    write(canvas, text, corner, size_px=letter_px, anchor="right")
    if moment.blink:
        middle = (width - room + 1.3 * letter_px, 0.5 * height)
        draw_closed_eye(canvas, middle, 0.7 * letter_px)


def _remark(canvas: Canvas, text: str, letter_px: int) -> None:
    """Write along the lower border."""
    width, height = canvas.size_px
    small = _small(letter_px)
    lines = wrapped(text, small, width - 2 * small)
    step = height_of(small) + small // 3 + 2
    for number, line in enumerate(lines):
        plate = width_of(line, small) + 2 * (small // 3)
        corner = ((width - plate) // 2, height - step * (len(lines) - number))
        write_on_plate(canvas, line, corner, size_px=small)


def _scale(canvas: Canvas, shown: Shown) -> NDArray[np.float64]:
    rows, columns = shown.full.y.shape
    return np.array(canvas.size_px, dtype=np.float64) / (columns, rows)


def _small(letter_px: int) -> int:
    return max(10, round(0.8 * letter_px))
