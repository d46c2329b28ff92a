"""A picture of what `match` has found."""

import cv2
import numpy as np
from numpy.typing import NDArray

LONGEST_PX = 1920
"""Longest side of a picture in the drawing; larger ones are reduced, both by one factor."""

GAP_PX = 8
CAPTION_PX = 32

# Of the colours that all people tell apart (Okabe & Ito 2008), blue, green, red.
INLIER_BGR = (233, 180, 86)
BORDER_BGR = (0, 159, 230)
_OUTLIER_BGR = (150, 150, 150)
_TEXT_BGR = (235, 235, 235)

MOST_LINES = 80
"""Most inliers that are connected by lines, so that the pictures are seen; all others have dots."""

_BACKGROUND_GAIN = 0.65
_OUTLIER_OPACITY = 0.35
_SUBPIXEL_BITS = 4
_DOT = int(2.5 * 2**_SUBPIXEL_BITS)
# A drawn point has to fit into 32 bits, those of the subpixels among them.
_FARTHEST_PX = 1e6


def draw_match(
    luma_a: NDArray[np.uint8],
    luma_b: NDArray[np.uint8],
    *,
    a_px: NDArray[np.float64],
    b_px: NDArray[np.float64],
    inlier: NDArray[np.bool_],
    border_px: NDArray[np.float64] | None,
    caption: str,
) -> NDArray[np.uint8]:
    """Draw two pictures side by side and what connects them.

    Inliers are sky blue dots, `MOST_LINES` of them joined by lines, spread over the picture as far as
    can be; outliers are faint grey lines, the border of A in B is orange.

    Parameters
    ----------
    luma_a, luma_b
        Brightness, shape (height, width).
    a_px, b_px
        Matched points, shape (n, 2), px.
    inlier
        Which of them are inliers, shape (n,).
    border_px
        A closed line in B, shape (m, 2), px; NaN where there is none. None to leave it out.
    caption
        One line of ASCII under the pictures.

    Returns
    -------
    NDArray[np.uint8]
        Blue, green and red, shape (height, width, 3): as wide as both pictures and `GAP_PX`, as high
        as the higher one and `CAPTION_PX`, after their reduction.
    """
    factor = min(1.0, LONGEST_PX / max(*luma_a.shape, *luma_b.shape))
    left, right = _reduced(luma_a, factor), _reduced(luma_b, factor)
    start = left.shape[1] + GAP_PX
    height = max(len(left), len(right))
    canvas = np.zeros((height + CAPTION_PX, start + right.shape[1], 3), dtype=np.uint8)
    canvas[: len(left), : left.shape[1]] = left[:, :, None]
    canvas[: len(right), start:] = right[:, :, None]
    if border_px is not None:
        view = np.ascontiguousarray(canvas[: len(right), start:])
        _draw_border(view, _placed(border_px, luma_b, right))
        canvas[: len(right), start:] = view
    beside = np.array([start, 0.0])
    ends = np.stack([_placed(a_px, luma_a, left), _placed(b_px, luma_b, right) + beside], axis=1)
    faint = canvas.copy()
    for line in ends[~inlier]:
        _draw_line(faint, line, _OUTLIER_BGR)
    cv2.addWeighted(faint, _OUTLIER_OPACITY, canvas, 1 - _OUTLIER_OPACITY, 0.0, dst=canvas)
    good = ends[inlier]
    for point in good.reshape(-1, 2):
        place = np.rint(point * 2**_SUBPIXEL_BITS).astype(int).tolist()
        cv2.circle(canvas, place, _DOT, INLIER_BGR, cv2.FILLED, cv2.LINE_AA, _SUBPIXEL_BITS)
    for line in good[_spread(good[:, 0], MOST_LINES)]:
        _draw_line(canvas, line, INLIER_BGR)
    corner = (8, height + CAPTION_PX - 11)
    cv2.putText(
        canvas, caption, corner, cv2.FONT_HERSHEY_SIMPLEX, 0.5, _TEXT_BGR, 1, cv2.LINE_AA
    )  # fmt: skip
    return canvas


def _reduced(luma: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Reduce a picture, and darken it for the lines to stand out."""
    if factor < 1.0:
        height, width = luma.shape
        size = max(1, round(width * factor)), max(1, round(height * factor))
        luma = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return (luma * np.float32(_BACKGROUND_GAIN)).astype(np.uint8)


def _placed(
    points: NDArray[np.float64], picture: NDArray[np.uint8], reduced: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Take points of a picture to where they are in the reduced one."""
    factor = np.array(reduced.shape[::-1]) / np.array(picture.shape[::-1])
    placed: NDArray[np.float64] = (points + 0.5) * factor - 0.5
    return placed


def _spread(points: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Choose points that lie far from each other: each next one is the farthest from all chosen."""
    if len(points) <= count:
        return np.arange(len(points))
    chosen = [0]
    apart = np.full(len(points), np.inf)
    while len(chosen) < count:
        apart = np.minimum(apart, np.hypot(*(points - points[chosen[-1]]).T))
        chosen.append(int(apart.argmax()))
    return np.array(chosen, dtype=np.intp)


def _draw_border(picture: NDArray[np.uint8], border: NDArray[np.float64]) -> None:
    # False where it is NaN, too
    near = np.abs(border).max(axis=1) < _FARTHEST_PX
    following = np.roll(border, -1, axis=0)
    for ends in np.stack([border, following], axis=1)[near & np.roll(near, -1)]:
        _draw_line(picture, ends, BORDER_BGR, thickness=2)


def _draw_line(
    picture: NDArray[np.uint8],
    ends: NDArray[np.float64],
    colour: tuple[int, int, int],
    *,
    thickness: int = 1,
) -> None:
    first, second = np.rint(ends * 2**_SUBPIXEL_BITS).astype(int).tolist()
    cv2.line(picture, first, second, colour, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
