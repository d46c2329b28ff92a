"""A lane of the timeline."""

from dataclasses import dataclass

from .shapes import Shape


@dataclass(frozen=True, kw_only=True)
class LegendItem:
    """What a look stands for."""

    look: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A lane of the timeline.

    Attributes
    ----------
    title
        What it shows.
    summary
        The same in figures: what somebody who does not see the lane needs to know.
    shapes
        What is drawn; none where `summary` says why.
    legend
        What the looks stand for.
    tall
        Whether it needs more height.
    """

    title: str
    summary: str
    shapes: tuple[Shape, ...] = ()
    legend: tuple[LegendItem, ...] = ()
    tall: bool = False
