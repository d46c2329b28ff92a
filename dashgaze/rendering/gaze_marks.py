"""The marks of gaze: shape and colour say where a point comes from, size what the eyes do.

==============  ============================================================
circle          direct match of the two views (blue), or measured (yellow)
diamond         filled in from frames before and after (orange)
ring that grows a fixation, the larger the longer it has lasted
small, filled   a saccade
thin ring       neither is known
closed eye      a blink: there is no gaze
ellipse         where the true point of the road is, with 95 %
==============  ============================================================
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from .canvas import Canvas
from .palette import BLACK, GREY, PALE, Colour

CHI2_95 = 5.991
"""95 % quantile of χ² with two degrees of freedom."""

TRAIL_S = 0.5
"""How far back the trail reaches, s."""

_LONGEST_S = 2.0
"""After which a fixation's ring grows no more."""
_SMALLEST_ELLIPSE_PX = 1.5


def fixation_radius_px(lasted_s: float, letter_px: int) -> float:
    """Radius of the ring of a fixation."""
    grown = math.sqrt(min(max(lasted_s, 0.0), _LONGEST_S) / _LONGEST_S)
    return letter_px * (0.65 + 0.85 * grown)


def draw_gaze(
    canvas: Canvas,
    at_px: NDArray[np.float64],
    colour: Colour,
    *,
    letter_px: int,
    diamond: bool = False,
    fixation_s: float = math.nan,
    saccade: bool = False,
) -> None:
    """Draw the mark of a gaze point.

    Parameters
    ----------
    canvas
        Where to.
    at_px
        The point, shape (2,).
    colour
        Its colour.
    letter_px
        Size of letters; marks go with it.
    diamond
        Whether it is a diamond instead of a circle.
    fixation_s
        How long the fixation has lasted, s; NaN outside of fixations.
    saccade
        Whether the eyes jump.
    """
    if saccade:
        _disc(canvas, at_px, 0.42 * letter_px + 1.5, BLACK, diamond)
        _disc(canvas, at_px, 0.42 * letter_px, colour, diamond)
        return
    lasting = math.isfinite(fixation_s)
    radius = fixation_radius_px(fixation_s, letter_px) if lasting else 0.6 * letter_px
    wide = max(2, round(letter_px / 6)) if lasting else 1
    _outline(canvas, at_px, radius, BLACK, wide + 2, diamond)
    _outline(canvas, at_px, radius, colour, wide, diamond)
    dot = max(1.5, letter_px / 8)
    canvas.ring(at_px, dot + 1.2, BLACK)
    canvas.ring(at_px, dot, colour)


def ellipse_of(covariance_px2: NDArray[np.float64]) -> tuple[float, float, float] | None:
    """Give half axes and turn of the 95 % ellipse.

    Parameters
    ----------
    covariance_px2
        Shape (2, 2).

    Returns
    -------
    tuple or None
        Longer and shorter half axis, px, and the direction of the longer one, degrees from x towards y;
        None where the covariance is not known.
    """
    if not np.isfinite(covariance_px2).all():
        return None
    variance, axes = np.linalg.eigh(covariance_px2)
    short, long = np.sqrt(CHI2_95 * np.maximum(variance, 0.0)).tolist()
    return long, short, math.degrees(math.atan2(axes[1, 1], axes[0, 1]))


def draw_ellipse(
    canvas: Canvas,
    at_px: NDArray[np.float64],
    covariance_px2: NDArray[np.float64],
    colour: Colour,
    *,
    letter_px: int,
) -> None:
    """Draw the 95 % ellipse of a point; one that would be hidden under a dot is left out.

    Parameters
    ----------
    canvas
        Where to.
    at_px
        Its centre, shape (2,).
    covariance_px2
        In pixels of the canvas, shape (2, 2).
    colour
        Its colour.
    letter_px
        Size of letters.
    """
    found = ellipse_of(covariance_px2)
    if found is None or not _SMALLEST_ELLIPSE_PX < found[0] < 4 * max(canvas.size_px):
        return
    long, short, turn_deg = found
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    turn = math.radians(turn_deg)
    x, y = long * np.cos(angle), max(short, 0.5) * np.sin(angle)
    outline = at_px + np.column_stack(
        [x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)]
    )
    low = np.floor(np.clip(outline.min(axis=0), 0, canvas.size_px)).astype(int)
    high = np.ceil(np.clip(outline.max(axis=0), 0, canvas.size_px)).astype(int)
    width, height = (high - low + 1).tolist()
    if width > 2 and height > 2:
        mask = np.zeros((height, width), dtype=np.uint8)
        corners = np.rint((outline - low) * 16).astype(np.int32)
        cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, 4)
        canvas.blend(mask, (int(low[0]), int(low[1])), colour, opacity=0.28)
    canvas.line(outline, BLACK, width_px=max(2, letter_px // 7), closed=True)
    canvas.line(outline, PALE, width_px=1, closed=True)


def draw_trail(
    canvas: Canvas, points_px: NDArray[np.float64], age_s: NDArray[np.float64], colour: Colour
) -> None:
    """Draw where gaze has been, fading with age.

    Parameters
    ----------
    canvas
        Where to.
    points_px
        Shape (n, 2), in order of time; NaN breaks the line.
    age_s
        How long ago each was, shape (n,), s.
    colour
        The colour of the youngest part.
    """
    for oldest, youngest, width, tone in (
        (TRAIL_S, 0.3, 1, GREY),
        (0.3, 0.12, 2, PALE),
        (0.12, -1.0, 2, colour),
    ):
        part = (age_s <= oldest + 0.006) & (age_s >= youngest - 0.006)
        piece = points_px[part]
        for run in _runs(piece):
            if width > 1:  # light lines need an edge before a light sky
                canvas.line(run, BLACK, width_px=width + 2)
            canvas.line(run, tone, width_px=width)


def draw_closed_eye(canvas: Canvas, centre_px: tuple[float, float], size_px: float) -> None:
    """Draw a closed eye: nothing is looked at."""
    angle = np.linspace(np.radians(20), np.radians(160), 15)
    lid = np.column_stack([np.cos(angle), 0.55 * np.sin(angle)])
    lashes = [
        np.array([lid[i], lid[i] * (1.3, 1.8)]) for i in (2, 7, 12)
    ]  # fmt: skip
    centre = np.array(centre_px) - (0.0, 0.35 * size_px)
    for stroke in (lid, *lashes):
        canvas.line(centre + stroke * size_px, PALE, width_px=2)


def draw_pointer(
    canvas: Canvas, at_px: NDArray[np.float64], colour: Colour, *, letter_px: int
) -> NDArray[np.float64]:
    """Point from the border to a gaze point outside of the picture; give where the pointer is."""
    size = np.array(canvas.size_px, dtype=np.float64)
    middle = (size - 1) / 2
    away = at_px - middle
    room = middle - letter_px
    tip = middle + away * np.min(room / np.maximum(np.abs(away), 1e-9))
    direction = away / np.hypot(*away)
    across = np.array([-direction[1], direction[0]])
    base = tip - direction * 1.3 * letter_px
    corners = np.array([tip, base + across * 0.6 * letter_px, base - across * 0.6 * letter_px])
    canvas.polygon(corners, colour)
    canvas.line(corners, BLACK, width_px=2, closed=True)
    return np.asarray(tip)


def _runs(points: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    known = np.isfinite(points).all(axis=1)
    edges = np.flatnonzero(np.diff(known, prepend=False, append=False))
    return [points[a:b] for a, b in edges.reshape(-1, 2).tolist() if b - a > 1]


def _corners(at_px: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    # as large an area as a circle has
    reach = radius * math.sqrt(math.pi / 2)
    return at_px + reach * np.array([[0, -1], [1, 0], [0, 1], [-1, 0]])


def _outline(
    canvas: Canvas,
    at_px: NDArray[np.float64],
    radius: float,
    colour: Colour,
    width_px: int,
    diamond: bool,
) -> None:
    if diamond:
        canvas.line(_corners(at_px, radius), colour, width_px=width_px, closed=True)
    else:
        canvas.ring(at_px, radius, colour, width_px=width_px)


def _disc(
    canvas: Canvas, at_px: NDArray[np.float64], radius: float, colour: Colour, diamond: bool
) -> None:
    if diamond:
        canvas.polygon(_corners(at_px, radius), colour)
    else:
        canvas.ring(at_px, radius, colour)
