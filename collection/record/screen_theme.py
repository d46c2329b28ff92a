"""Colours of the observer's screen."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Styles, as rich names them.

    Attributes
    ----------
    base
        Text and background.
    dim, strong
        Less and more important text.
    title
        The line at the top.
    good, amber, bad
        Green, amber and red, or what stands for them.
    """

    base: str
    dim: str
    strong: str
    title: str
    good: str
    amber: str
    bad: str


DAY = Theme(
    base="#ffffff on #000000",
    dim="#b8b8b8 on #000000",
    strong="bold #ffffff on #000000",
    title="bold #000000 on #ffffff",
    good="bold #000000 on #30d050",
    amber="bold #000000 on #ffc020",
    bad="bold #ffffff on #d01010",
)
"""High contrast, for a screen in the sun."""

NIGHT = Theme(
    base="#b06000 on #000000",
    dim="#804000 on #000000",
    strong="bold #d07000 on #000000",
    title="#b06000 on #201000",
    good="bold #c06800 on #301800",
    amber="bold #000000 on #b06000",
    bad="bold #000000 on #c01000",
)
"""Dark red and amber on black: eyes stay used to the dark, and the driver sees no glow."""
