"""The map of a face's skin: colour, eyebrows, lips, lashes and beard."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from ..scene.atlas import Paint, paint
from ..texture import texture
from .eyelids import AROUND
from .hair import hairline_mm
from .head_shape import EYE_X_MM, HeadShape, bump
from .head_surface import HeadSurface

F32 = NDArray[np.float32]
FloatArray = NDArray[np.float64]
_Tint = Callable[[FloatArray, tuple[float, float, float]], None]

SKIN_PX = (1024, 512)


def paint_skin(
    shape: HeadShape,
    x: FloatArray,
    y: FloatArray,
    around: FloatArray,
    head: HeadSurface,
    *,
    seed: int,
) -> Paint:
    """Paint the map.

    Parameters
    ----------
    shape
        The head.
    x, y, around
        Across (mm), height (mm) and direction (rad) of each pixel of the map, shape (h, w).
    head
        Where the lids are.
    seed
        Of blemishes and hairs.
    """
    look = shape.look
    rng = np.random.default_rng([seed, 41])
    size_px = (x.shape[1], x.shape[0])
    side, ahead = np.abs(x), np.cos(around) > 0
    skin = np.array(look.skin_bgr, dtype=np.float32)
    picture = np.broadcast_to(skin, (*x.shape, 3)).copy()
    picture *= (1 + 0.022 * texture(rng, size_px, (2, 5, 24)))[..., None]

    def tint(mask: FloatArray, factors: tuple[float, float, float]) -> None:
        strength = (np.clip(mask, 0, 1) * ahead).astype(np.float32)[..., None]
        picture[...] *= 1 - strength * (1 - np.array(factors, dtype=np.float32))

    def cover(mask: FloatArray, bgr: FloatArray) -> None:
        strength = (np.clip(mask, 0, 1) * ahead).astype(np.float32)[..., None]
        picture[...] = picture * (1 - strength) + strength * bgr.astype(np.float32)

    tint(0.8 * bump(side, y, (40, 30), (14, 11)), (0.90, 0.90, 1.0))  # blood under the skin
    tint(0.7 * bump(x, y, (0, 36), (10, 9)), (0.90, 0.90, 1.0))
    tint(bump(side, y, (EYE_X_MM, -8), (14, 5)), (0.82, 0.82, 0.87))
    tint(bump(side, y, (17, -2), (4, 6)), (0.78, 0.78, 0.84))
    tint((0.5 + 0.5 * look.age) * bump(side, y, (28, 12), (11, 3.5)), (0.86, 0.84, 0.88))
    fold = bump(side - 0.42 * (y - 50), y, (20.5, 53), (1.6, 10))
    tint((0.35 + 0.5 * look.age) * fold, (0.7, 0.7, 0.76))
    for line_y in (-38, -47, -56):
        bent = y - line_y + 3 * np.cos(x / 25)
        tint(0.5 * look.age * bump(x, bent, (0, 0), (26, 0.7)), (0.82, 0.82, 0.86))
    _lips(look.lips, x, y, tint)
    longer, wider = look.nose_length, look.nose_width
    tint(bump(side, y, (17.5 * wider, 42 * longer), (1.6, 5)), (0.66, 0.64, 0.70))
    tint(1.3 * bump(side, y, (6.6 * wider, 47.0 * longer), (2.6, 1.5)), (0.30, 0.26, 0.32))
    hair = np.array(look.hair_bgr) * (0.9 if sum(look.hair_bgr) < 250 else 0.62)
    strands = 1 + 0.28 * texture(rng, size_px, (2, 4, 7))
    grown = _beard(look.beard, x, y, around)
    cover(grown * np.clip(strands, 0, 1.3), hair * 1.05)
    cover(_brow(side, y, look.brow_drop_mm, look.brow_thickness_mm) * strands, hair)
    if look.hair_style in ("short", "full"):
        above = np.clip((hairline_mm(around, look.hair_style) - y) / 6, 0, 1)
        picture[...] += (above * 0.85)[..., None] * (hair - picture)
    _lashes(picture, head, hair * 0.35)
    return paint(picture)


def _lips(full: float, x: FloatArray, y: FloatArray, tint: _Tint) -> None:
    reach = np.sqrt(np.clip(1 - (x / 25.5) ** 2, 0, 1))
    bow = 1.2 * np.exp(-((x / 3.0) ** 2))
    middle = 65.2 + 0.6 * np.cos(x / 8)
    upper = (middle - (7.2 * full * reach - bow), middle)
    lower = (middle, middle + 9.0 * full * reach)
    for (top, bottom), factors in ((upper, (0.66, 0.58, 0.80)), (lower, (0.74, 0.66, 0.90))):
        inside = np.clip((y - top) / 1.6, 0, 1) * np.clip((bottom - y) / 1.6 + 0.5, 0, 1)
        tint(inside * (np.abs(x) < 25.5), factors)
    line = np.exp(-(((y - middle) / 1.0) ** 2)) * np.clip((26.5 - np.abs(x)) / 3, 0, 1)
    tint(line, (0.34, 0.30, 0.38))
    tint(bump(np.abs(x), y, (26, 66), (2.2, 2.2)), (0.6, 0.58, 0.64))


def _brow(side: FloatArray, y: FloatArray, drop_mm: float, thickness_mm: float) -> FloatArray:
    along = np.clip((side - 11) / 41, 0, 1)
    middle = -19.5 + drop_mm - 6.5 * np.sin(np.pi * np.minimum(along / 1.25, 1)) + 2.5 * along
    half = thickness_mm / 2 * (1 - 0.72 * along**1.5)
    edge = np.clip((half - np.abs(y - middle)) / 1.4 + 0.5, 0, 1)
    ends = np.clip((side - 10) / 5, 0, 1) * np.clip((52 - side) / 5, 0, 1)
    return np.asarray(0.9 * edge * ends, dtype=np.float64)


def _beard(kind: str, x: FloatArray, y: FloatArray, around: FloatArray) -> FloatArray:
    if kind == "none":
        return np.zeros_like(x)
    side = np.abs(x)
    jaw = np.clip((y - (74 - 0.019 * np.clip(side - 16, 0, None) ** 2 - 0.2 * side)) / 9, 0, 1)
    moustache = bump(x, y, (0, 55.5), (16, 3.6)) * 1.3
    mouth = bump(x, y, (0, 66), (15, 5.5)) * 1.4
    grown = np.clip(np.maximum(jaw, moustache), 0, 1) * np.clip(1 - mouth, 0, 1)
    grown = grown * np.clip((np.radians(100) - np.abs(around)) / 0.2, 0, 1)
    return np.asarray(grown * (0.38 if kind == "stubble" else 0.88), dtype=np.float64)


def _lashes(picture: F32, head: HeadSurface, colour: FloatArray) -> None:
    """Draw the edges of the lids: dark above, less so below; and the fold of the upper lid."""
    scale = 16
    ring = head.skin.uv[head.lid_points] * (picture.shape[1], picture.shape[0]) - 0.5
    half = AROUND // 2
    for eye in ring:
        for points, width, strength in (
            (eye[1, 1:half], 2, 0.85),
            (eye[0, : half + 1], 3, 0.92),
            (eye[0, half:], 2, 0.55),
            (eye[3, 2 : half - 1], 2, 0.28),
        ):
            mask = np.zeros(picture.shape[:2], dtype=np.float32)
            line = np.rint(points * scale).astype(np.int32)
            cv2.polylines(mask, [line], False, strength, width, cv2.LINE_8, 4)
            soft = np.asarray(cv2.GaussianBlur(mask, (3, 3), 0.6))[..., None]
            picture[...] = picture * (1 - soft) + soft * colour.astype(np.float32)
