"""Cutting small pictures out of a view, and shrinking it as a whole.

Points are in pixels as `dashgaze/conventions.md` has them: centres at integers. What lies beyond the view
is black.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.media.colour import ColourPicture
from dashgaze.schemas.image_table import (
    EYE_HEIGHT_PX,
    EYE_WIDTH_PX,
    FACE_PX,
    THUMBNAIL_HEIGHT_PX,
    THUMBNAIL_WIDTH_PX,
)

Picture = NDArray[np.uint8]
"""Blue, green and red, shape (height, width, 3), full range."""

FACE_SIDE_PER_BOX = 1.4
"""Side of the square around a face / longer side of its box: a fifth of the box on each side, so that the
whole head is in it whatever the detector takes for the edge of a face."""
EYE_WIDTH_PER_DISTANCE = 0.8
"""Width of an eye's picture / distance between the eyes: some 50 mm, the eye and its surroundings."""
LEAST_DISTANCE_PER_BOX = 0.2
"""Least distance between the eyes / height of the face's box: of a head that is turned away one sees them
close together, yet each is as high as ever."""

_BLACK = (16, 128, 128)
# From levels of video (16 … 235) by the matrix of BT.709, which `ColourReader` gives, to full range.
_Y, _RED, _GREEN_U, _GREEN_V, _BLUE = 255 / 219, 1.792741, -0.213249, -0.532909, 2.112402
_BGR_FROM_YUV = np.array(
    [
        [_Y, _BLUE, 0.0, -16 * _Y - 128 * _BLUE],
        [_Y, _GREEN_U, _GREEN_V, -16 * _Y - 128 * (_GREEN_U + _GREEN_V)],
        [_Y, 0.0, _RED, -16 * _Y - 128 * _RED],
    ]
)


def face_square(
    picture: ColourPicture, *, x_px: float, y_px: float, width_px: float, height_px: float
) -> Picture | None:
    """Cut out the square around a face; None if its box lies outside of the view.

    Parameters
    ----------
    picture
        The driver view.
    x_px, y_px, width_px, height_px
        Left and top edge and size of the box around the face.

    Returns
    -------
    Picture or None
        Shape (224, 224, 3). The box's centre is its centre.
    """
    height, width = picture.y.shape
    known = all(map(math.isfinite, (x_px, y_px, width_px, height_px)))
    if not known or width_px <= 0 or height_px <= 0:
        return None
    if x_px >= width or y_px >= height or x_px + width_px <= 0 or y_px + height_px <= 0:
        return None
    side_px = FACE_SIDE_PER_BOX * max(width_px, height_px)
    centre = (x_px + width_px / 2, y_px + height_px / 2)
    return _region(picture, centre, (side_px, side_px), (FACE_PX, FACE_PX))


def eye_patch(
    picture: ColourPicture,
    eye_px: tuple[float, float],
    other_eye_px: tuple[float, float],
    *,
    box_height_px: float,
) -> Picture | None:
    """Cut out one eye, parallel to the edges of the view; None if it is unknown or outside of the view.

    It is not turned by the line between the eyes: of a head in profile that line is nearly a point, and
    its direction is noise. Users who want that have the landmarks.

    Parameters
    ----------
    picture
        The driver view.
    eye_px, other_eye_px
        The eye, and the other one; NaN where unknown.
    box_height_px
        Height of the box around the face; NaN if unknown.

    Returns
    -------
    Picture or None
        Shape (50, 100, 3); the eye is its centre.
    """
    height, width = picture.y.shape
    x_px, y_px = eye_px
    if not (-0.5 <= x_px < width - 0.5 and -0.5 <= y_px < height - 0.5):
        return None
    distance_px = math.hypot(x_px - other_eye_px[0], y_px - other_eye_px[1])
    sizes = (distance_px, LEAST_DISTANCE_PER_BOX * box_height_px)
    width_px = EYE_WIDTH_PER_DISTANCE * max((size for size in sizes if size > 0), default=0.0)
    if width_px <= 0:
        return None
    size_px = (width_px, width_px * EYE_HEIGHT_PX / EYE_WIDTH_PX)
    return _region(picture, eye_px, size_px, (EYE_WIDTH_PX, EYE_HEIGHT_PX))


def patch_at(picture: ColourPicture, x_px: float, y_px: float) -> Picture | None:
    """Copy the pixels around a point; None if it lies outside of the view.

    Pixels are copied, not interpolated: the pixel that holds the point is at column and row 112.

    Parameters
    ----------
    picture
        The road view.
    x_px, y_px
        The point.

    Returns
    -------
    Picture or None
        Shape (224, 224, 3).
    """
    height, width = picture.y.shape
    if not (-0.5 <= x_px < width - 0.5 and -0.5 <= y_px < height - 0.5):
        return None
    left = math.floor(x_px + 0.5) - FACE_PX // 2
    top = math.floor(y_px + 0.5) - FACE_PX // 2
    # A pixel of colour goes with two by two of brightness: cut them out in twos, then off by one if odd.
    half = FACE_PX // 2 + 1
    y = _window(picture.y, left - left % 2, top - top % 2, 2 * half, _BLACK[0])
    u, v = (
        _window(plane, left // 2, top // 2, half, black).repeat(2, axis=0).repeat(2, axis=1)
        for plane, black in zip((picture.u, picture.v), _BLACK[1:], strict=True)
    )
    rows = slice(top % 2, top % 2 + FACE_PX)
    columns = slice(left % 2, left % 2 + FACE_PX)
    return _bgr(y[rows, columns], u[rows, columns], v[rows, columns])


def squeezed(picture: ColourPicture) -> Picture:
    """Shrink a view to 224 × 224 px, whatever its shape; shape (224, 224, 3)."""
    return _bgr(*(_resized(plane, (FACE_PX, FACE_PX)) for plane in picture.planes))


def thumbnail(picture: ColourPicture) -> Picture:
    """Shrink a view into 448 × 252 px, its shape kept, black beside it; shape (252, 448, 3)."""
    height, width = picture.y.shape
    scale = min(THUMBNAIL_WIDTH_PX / width, THUMBNAIL_HEIGHT_PX / height)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    shown = _bgr(*(_resized(plane, inner) for plane in picture.planes))
    if inner == (THUMBNAIL_WIDTH_PX, THUMBNAIL_HEIGHT_PX):
        return shown
    framed = np.zeros((THUMBNAIL_HEIGHT_PX, THUMBNAIL_WIDTH_PX, 3), dtype=np.uint8)
    left = (THUMBNAIL_WIDTH_PX - inner[0]) // 2
    top = (THUMBNAIL_HEIGHT_PX - inner[1]) // 2
    framed[top : top + inner[1], left : left + inner[0]] = shown
    return framed


def _region(
    picture: ColourPicture,
    centre_px: tuple[float, float],
    size_px: tuple[float, float],
    out_px: tuple[int, int],
) -> Picture:
    """Bring a rectangle of a view to a size, its centre kept to a fraction of a pixel."""
    step = size_px[0] / out_px[0]
    # Where several pixels fall on one, that many samples are taken and averaged, or edges would flicker.
    samples = max(1, math.ceil(step))
    out_size = (out_px[0] * samples, out_px[1] * samples)
    planes = []
    for plane, black, pixel_px in zip(picture.planes, _BLACK, (1, 2, 2), strict=True):
        # The first pixel of colour lies amid the first two of brightness.
        scale = step / samples / pixel_px
        start = [
            (centre - size / 2 + step / samples / 2 - (pixel_px - 1) / 2) / pixel_px
            for centre, size in zip(centre_px, size_px, strict=True)
        ]
        matrix = np.array([[scale, 0.0, start[0]], [0.0, scale, start[1]]])
        taken = cv2.warpAffine(
            plane,
            matrix,
            out_size,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(black,),
        )
        if samples > 1:
            taken = cv2.resize(taken, out_px, interpolation=cv2.INTER_AREA)
        planes.append(np.asarray(taken, dtype=np.uint8))
    return _bgr(*planes)


def _window(plane: Picture, left: int, top: int, side: int, black: int) -> Picture:
    """Copy a square of a plane; what lies beyond it is black."""
    height, width = plane.shape
    window = np.full((side, side), black, dtype=np.uint8)
    rows = slice(max(0, top), max(0, min(height, top + side)))
    columns = slice(max(0, left), max(0, min(width, left + side)))
    inside = plane[rows, columns]
    row, column = rows.start - top, columns.start - left
    window[row : row + inside.shape[0], column : column + inside.shape[1]] = inside
    return window


def _resized(plane: Picture, size_px: tuple[int, int]) -> Picture:
    height, width = plane.shape
    shrinks = width >= size_px[0] and height >= size_px[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, size_px, interpolation=way), dtype=np.uint8)


def _bgr(y: Picture, u: Picture, v: Picture) -> Picture:
    return np.asarray(cv2.transform(cv2.merge([y, u, v]), _BGR_FROM_YUV), dtype=np.uint8)
