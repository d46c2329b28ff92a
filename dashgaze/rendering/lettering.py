"""Letters with smooth edges, from the font that matplotlib brings along."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

from .canvas import Canvas, Rect
from .palette import PALE, Colour

Anchor = Literal["left", "middle", "right"]

SMALLEST_PX = 10
"""Letters are never smaller, however small the picture."""


@lru_cache(maxsize=16)
def _font(size_px: int, bold: bool) -> ImageFont.FreeTypeFont:
    from matplotlib import get_data_path

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(Path(get_data_path()) / "fonts" / "ttf" / name, size_px)


@lru_cache(maxsize=4096)
def _mask(text: str, size_px: int, bold: bool) -> NDArray[np.uint8]:
    """How much of each pixel the letters cover, shape (line height, width), both even."""
    font = _font(size_px, bold)
    ascent, descent = font.getmetrics()
    right = font.getbbox(text)[2]
    line_px, width_px = ascent + descent + 1 & ~1, max(2, int(np.ceil(right)) + 1 & ~1)
    covered = np.zeros((line_px, width_px), dtype=np.uint8)
    image, offset = font.getmask2(text, mode="L")
    width, height = image.size
    if width and height:
        drawn = np.array(image, dtype=np.uint8).reshape(height, width)
        x, y = max(0, int(offset[0])), max(0, int(offset[1]))
        seen = drawn[: covered.shape[0] - y, : covered.shape[1] - x]
        covered[y : y + seen.shape[0], x : x + seen.shape[1]] = seen
    return covered


def width_of(text: str, size_px: int, *, bold: bool = False) -> int:
    """Width of a text, px."""
    return int(_mask(text, size_px, bold).shape[1])


def height_of(size_px: int) -> int:
    """Height of a line, px."""
    return int(_mask("X", size_px, False).shape[0])


def write(
    canvas: Canvas,
    text: str,
    corner_px: tuple[int, int],
    *,
    size_px: int,
    colour: Colour = PALE,
    bold: bool = False,
    anchor: Anchor = "left",
) -> int:
    """Write a line.

    Parameters
    ----------
    canvas
        Where to.
    text
        The words, one line.
    corner_px
        The upper left corner, or, after `anchor`, the upper middle or upper right one.
    size_px
        Size of the letters.
    colour, bold
        How they look.
    anchor
        Which corner is meant.

    Returns
    -------
    int
        Width of the text, px.
    """
    mask = _mask(text, size_px, bold)
    width = mask.shape[1]
    x = corner_px[0] - {"left": 0, "middle": width // 2, "right": width}[anchor]
    canvas.blend(mask, (x & ~1, corner_px[1] & ~1), colour)  # colour has half the size
    return int(width)


def write_on_plate(
    canvas: Canvas, text: str, corner_px: tuple[int, int], *, size_px: int, colour: Colour = PALE
) -> None:
    """Write a line on a darkened plate; both are moved inside of the canvas if need be."""
    pad = size_px // 3
    width = width_of(text, size_px) + 2 * pad + 1 & ~1
    height = height_of(size_px) + pad + 1 & ~1
    full_width, full_height = canvas.size_px
    width, height = min(width, full_width), min(height, full_height)
    x = min(max(0, corner_px[0]), full_width - width) & ~1
    y = min(max(0, corner_px[1]), full_height - height) & ~1
    canvas.dim(Rect(x, y, width, height))
    write(canvas, text, (x + pad, y + pad // 2), size_px=size_px, colour=colour)


def wrapped(text: str, size_px: int, width_px: int) -> list[str]:
    """Break a text into lines that fit a width; words that don't fit are broken as well."""
    lines = [""]
    for word in text.split():
        rest = word
        joined = f"{lines[-1]} {rest}".strip()
        if width_of(joined, size_px) <= width_px:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        while width_of(rest, size_px) > width_px and len(rest) > 1:
            count = next(
                n for n in range(len(rest) - 1, 0, -1)
                if n == 1 or width_of(rest[:n], size_px) <= width_px
            )  # fmt: skip
            lines[-1] = rest[:count]
            lines.append("")
            rest = rest[count:]
        lines[-1] = rest
    return lines
