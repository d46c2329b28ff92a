"""Where the views stand in the picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .canvas import Rect

Panel = Literal["road", "ego", "projected", "driver"]
PANELS: tuple[Panel, ...] = ("road", "ego", "projected", "driver")

_GAP_PX = 4
# Pictures are no taller than this, in widths: they have to fit on a screen.
_TALLEST = 1.25
# Beside a view that is not much wider than tall there is room for the others.
_TALL_VIEW = 1.2


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where everything stands.

    Attributes
    ----------
    size_px
        Width and height of the picture, even.
    panels
        The views.
    header, footer
        The strips above and below them.
    letter_px
        Size of letters.
    """

    size_px: tuple[int, int]
    panels: Mapping[Panel, Rect]
    header: Rect
    footer: Rect
    letter_px: int


def lay_out(aspects: Mapping[Panel, float], width_px: int) -> Layout:
    """Place views so that they fill the width and none is cut or stretched.

    The first view is the large one. It stands above the others, which share a row; or, if it is not
    much wider than tall, to the left of them.

    Parameters
    ----------
    aspects
        Width / height of each view, the large one first.
    width_px
        Width of the picture, even.
    """
    letter_px = max(11, round(width_px / 68))
    header_px = _even(2.0 * letter_px)
    names = list(aspects)
    main, others = names[0], names[1:]
    beside = bool(others) and aspects[main] < _TALL_VIEW
    place = _beside if beside else _above
    inner_px = float(width_px)
    for _ in range(40):  # narrower, until it is not too tall
        rects, height = place(aspects, main, others, inner_px)
        if height <= _TALLEST * width_px:
            break
        inner_px *= max(0.5, min(0.99, _TALLEST * width_px / height))
    left = (width_px - inner_px) / 2
    panels = {
        name: Rect(
            _even(left + x), header_px + _even(y), max(16, _even(w)), max(16, _even(h))
        )
        for name, (x, y, w, h) in rects.items()
    }  # fmt: skip
    bottom = max(rect.y + rect.height for rect in panels.values())
    footer_px = _even(1.9 * letter_px)
    return Layout(
        size_px=(width_px, bottom + footer_px),
        panels=panels,
        header=Rect(0, 0, width_px, header_px),
        footer=Rect(0, bottom, width_px, footer_px),
        letter_px=letter_px,
    )


_Places = dict[Panel, tuple[float, float, float, float]]


def _above(
    aspects: Mapping[Panel, float], main: Panel, others: list[Panel], width: float
) -> tuple[_Places, float]:
    height = width / aspects[main]
    places: _Places = {main: (0.0, 0.0, width, height)}
    if not others:
        return places, height
    row = (width - _GAP_PX * (len(others) - 1)) / sum(aspects[name] for name in others)
    row = min(row, 0.6 * width)
    used = row * sum(aspects[name] for name in others) + _GAP_PX * (len(others) - 1)
    x = (width - used) / 2
    for name in others:
        places[name] = (x, height + _GAP_PX, row * aspects[name], row)
        x += row * aspects[name] + _GAP_PX
    return places, height + _GAP_PX + row


def _beside(
    aspects: Mapping[Panel, float], main: Panel, others: list[Panel], width: float
) -> tuple[_Places, float]:
    """Two columns of one height: main_w + column_w + gap = width, heights of the column add up."""
    gaps = _GAP_PX * (len(others) - 1)
    share = sum(1 / aspects[name] for name in others)
    height = ((width - _GAP_PX) * share + gaps) / (1 + aspects[main] * share)
    main_width = height * aspects[main]
    column = width - _GAP_PX - main_width
    places: _Places = {main: (0.0, 0.0, main_width, height)}
    y = 0.0
    for name in others:
        places[name] = (main_width + _GAP_PX, y, column, column / aspects[name])
        y += column / aspects[name] + _GAP_PX
    return places, height


def _even(value: float) -> int:
    return 2 * round(value / 2)
