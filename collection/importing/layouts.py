"""How two pictures share one in the file of a dual-camera app."""

import re
from dataclasses import dataclass
from typing import Literal

from dashgaze.errors import InputError

Kind = Literal["lr", "tb", "pip"]
Side = Literal["left", "right", "top", "bottom", "main"]
Box = tuple[int, int, int, int]
"""x, y, width, height, px."""

_SIDES: dict[Kind, tuple[Side, ...]] = {
    "lr": ("left", "right"),
    "tb": ("top", "bottom"),
    "pip": ("main",),
}
_SMALLEST_PX = 16


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How road and driver share a picture.

    Attributes
    ----------
    kind
        ``lr`` side by side, ``tb`` one above the other, ``pip`` one in a window of the other.
    road_side
        Which of them is the road.
    inset
        The window of ``pip`` in the picture as it is shown; None otherwise.
    """

    kind: Kind
    road_side: Side
    inset: Box | None = None

    def boxes(self, size_px: tuple[int, int]) -> tuple[Box, Box]:
        """Give the places of road and driver in a picture of a size; even, as H.264 wants them.

        Halves of odd width lose the column between them, a window with odd edges those columns.

        Raises
        ------
        InputError
            If the window does not lie in the picture, or a half is too small to show anything.
        """
        width, height = size_px
        if self.inset is not None:
            x, y, inset_width, inset_height = self.inset
            if x + inset_width > width or y + inset_height > height:
                raise InputError(
                    f"The window {x},{y},{inset_width},{inset_height} does not lie in the picture, "
                    f"which has {width} × {height} px.",
                    fix="Give x,y,width,height in pixels of the picture as it is shown.",
                )
            boxes = (0, 0, width, height), _even(self.inset)
        elif self.kind == "lr":
            half = width // 4 * 2
            boxes = (0, 0, half, height // 2 * 2), (width - half, 0, half, height // 2 * 2)
        else:
            half = height // 4 * 2
            boxes = (0, 0, width // 2 * 2, half), (0, height - half, width // 2 * 2, half)
        if min(min(box[2:]) for box in boxes) < _SMALLEST_PX:
            raise InputError(
                f"A picture of {width} × {height} px can't be parted like that.",
                fix="Check --layout: the parts would have a few pixels only.",
            )
        return boxes if self.road_side in ("left", "top", "main") else (boxes[1], boxes[0])


def parse_layout(text: str, road_side: str | None) -> Layout:
    """Read a layout as a user types it.

    Parameters
    ----------
    text
        ``lr``, ``tb`` or ``pip:x,y,w,h``.
    road_side
        ``left``, ``right``, ``top``, ``bottom`` or ``main``; None where it goes without saying.

    Raises
    ------
    InputError
        If it is none, or the side does not fit to it.
    """
    word, _, numbers = text.strip().casefold().partition(":")
    if word not in _SIDES or (word == "pip") != bool(numbers):
        raise InputError(
            f"The layout '{text}' is not known.",
            fix="Give lr (side by side), tb (one above the other) or pip:x,y,w,h (a window).",
        )
    kind: Kind = "lr" if word == "lr" else "tb" if word == "tb" else "pip"
    inset = None
    if kind == "pip":
        match = re.fullmatch(r"(\d+),(\d+),(\d+),(\d+)", numbers.replace(" ", ""))
        if match is None or 0 in (int(match[3]), int(match[4])):
            raise InputError(
                f"The window '{numbers}' is no place in a picture.",
                fix="Give its left edge, top edge, width and height: pip:1400,60,480,270.",
            )
        inset = (int(match[1]), int(match[2]), int(match[3]), int(match[4]))
    sides = _SIDES[kind]
    if road_side is None and len(sides) > 1:
        raise InputError(
            f"The layout {kind} does not tell which half shows the road.",
            fix=f"Say it with --road-side {sides[0]} or --road-side {sides[1]}.",
        )
    side = sides[0] if road_side is None else road_side.strip().casefold()
    for known in sides:
        if side == known:
            return Layout(kind=kind, road_side=known, inset=inset)
    raise InputError(
        f"The layout {kind} has no side '{road_side}'.", fix=f"It has: {', '.join(sides)}."
    )


def as_coded(box: Box, shown_px: tuple[int, int], rotation_deg: int, *, mirrored: bool) -> Box:
    """Give the place in the coded picture of a place in the picture as it is shown.

    Parameters
    ----------
    box
        In the picture as it is shown.
    shown_px
        Width and height of that.
    rotation_deg, mirrored
        The turn from coded to shown, counter-clockwise, and whether it is mirrored after it.
    """
    x, y, width, height = box
    if mirrored:
        x = shown_px[0] - x - width
    if rotation_deg == 90:  # shown (x, y) is coded (coded width - 1 - y, x)
        return shown_px[1] - y - height, x, height, width
    if rotation_deg == 180:
        return shown_px[0] - x - width, shown_px[1] - y - height, width, height
    if rotation_deg == 270:
        return y, shown_px[0] - x - width, height, width
    return x, y, width, height


def _even(box: Box) -> Box:
    """Shrink a place until its edges are even: colour has half the size."""
    x, y, width, height = box
    left, top = x + x % 2, y + y % 2
    return left, top, (x + width - left) // 2 * 2, (y + height - top) // 2 * 2
