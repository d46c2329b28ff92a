"""Shapes of charts, as SVG paths in a box that is stretched to any width.

The box is `BOX` units wide and high, whatever the axes. Lines keep their width when it is stretched (CSS), dots
are lines of no length with round ends, and text stands outside: so nothing is ever distorted.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BOX = 1000.0


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A path and how it looks: the name of a CSS class."""

    d: str
    look: str


@dataclass(frozen=True, kw_only=True)
class Axis:
    """A range of values that fills the box.

    Attributes
    ----------
    low, high
        Its ends; `high` is the larger one.
    """

    low: float
    high: float

    def place(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the place of values from the lower end on, 0 … `BOX`, unclipped."""
        return np.asarray((value - self.low) / (self.high - self.low) * BOX, dtype=np.float64)


def line(x: NDArray[np.float64], y: NDArray[np.float64], look: str) -> Shape:
    """Draw a line through points in the box, y up; it breaks where a value is NaN.

    A point without neighbours is drawn as a dot.
    """
    parts: list[str] = []
    known = np.isfinite(x) & np.isfinite(y)
    for first, end in _runs(known):
        points = " ".join(_point(x[i], y[i]) for i in range(first, end))
        parts.append(f"M{points}" if end - first > 1 else f"M{points}h0")
    return Shape(d="".join(parts), look=look)


def dots(x: NDArray[np.float64], y: NDArray[np.float64], look: str) -> Shape:
    """Draw dots in the box, y up."""
    known = np.isfinite(x) & np.isfinite(y)
    points = zip(x[known], y[known], strict=True)
    return Shape(d="".join(f"M{_point(a, b)}h0" for a, b in points), look=look)


def bars(
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    look: str,
) -> Shape:
    """Draw upright rectangles in the box, y up; those without height are left out.

    Neighbours of one height become one rectangle, so that no seams are seen.
    """
    parts: list[str] = []
    wanted = np.flatnonzero(np.isfinite(low) & np.isfinite(high) & (high > low))
    start = 0
    while start < len(wanted):
        end = start
        first = wanted[start]
        while (
            end + 1 < len(wanted)
            and wanted[end + 1] == wanted[end] + 1
            and right[wanted[end]] == left[wanted[end + 1]]
            and low[wanted[end + 1]] == low[first]
            and high[wanted[end + 1]] == high[first]
        ):
            end += 1
        a, b = left[first], right[wanted[end]]
        parts.append(
            f"M{_point(a, high[first])}H{_short(b)}V{_short(BOX - low[first])}H{_short(a)}z"
        )
        start = end + 1
    return Shape(d="".join(parts), look=look)


def spans(
    ranges: Iterable[tuple[float, float]],
    axis: Axis,
    low: float,
    high: float,
    look: str,
    *,
    least: float = 0.0,
) -> Shape:
    """Draw stretches of time as rectangles between two heights; none is narrower than `least`."""
    parts = []
    for start, end in ranges:
        places = axis.place(np.array([start, end])).clip(0, BOX)
        if places[1] - places[0] < least:
            middle = float(places.mean())
            places = np.array([middle - least / 2, middle + least / 2]).clip(0, BOX)
        parts.append(
            f"M{_point(places[0], high)}H{_short(places[1])}V{_short(BOX - low)}H{_short(places[0])}z"
        )
    return Shape(d="".join(parts), look=look)


def _runs(known: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _point(x: float, y: float) -> str:
    return f"{_short(x)} {_short(BOX - y)}"


def _short(value: float) -> str:
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"
