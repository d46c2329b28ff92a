"""Figures as SVG that stands in the page: one look, colours of the page, nothing loaded from outside."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashgaze.reports.palette import LIGHT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH_IN = 4.0
_FONT_PT = 9
# Names of colours that the style sheet of the page defines, for light and for dark grounds.
_NAMES = ("page", "card", "line", "text", "muted", "blue", "green", "red", "purple", "ink")
COLOURS = {name: LIGHT[name] for name in _NAMES}
SERIES = ("blue", "red", "green", "purple", "ink", "muted")
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (5, 1.5, 1, 1.5)), (0, (2, 2)), "-")


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A figure of the page.

    Attributes
    ----------
    title
        What it shows.
    summary
        The same in words, for those who don't see it, and how to read it.
    svg
        The drawing; ours from first to last.
    """

    title: str
    summary: str
    svg: str


class Sheet:
    """What is being drawn; its SVG is there after the `sheet` it came from is closed."""

    def __init__(self, figure: "Figure") -> None:
        self.figure = figure
        self.svg = ""


@contextmanager
def sheet(name: str, height_in: float) -> Iterator[Sheet]:
    """Give a figure four inches wide to draw on.

    Parameters
    ----------
    name
        Unique on the page: what is referred to inside of the SVG is named after it.
    height_in
        Height, inches.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context():
        # Whatever a user has set for their own plots would change the page.
        mpl.rcdefaults()
        mpl.rcParams.update(_look() | {"svg.hashsalt": name})
        figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
        FigureCanvasSVG(figure)
        drawn = Sheet(figure)
        yield drawn
        text = io.StringIO()
        figure.savefig(
            text, format="svg", metadata={"Date": None, "Creator": None}, transparent=True
        )
        drawn.svg = _for_page(text.getvalue(), name)


def _for_page(svg: str, name: str) -> str:
    """Make a file into an element: without its head, in the page's colours, with names of its own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = svg.replace("<svg", '<svg class="chart" aria-hidden="true"', 1)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'href="#', f'href="#{name}-', svg)
    svg = re.sub(r"url\(#", f"url(#{name}-", svg)
    for colour, code in COLOURS.items():
        svg = svg.replace(code, f"var(--{colour})")
    # What stands in an attribute of its own takes no variable; in a style it does.
    svg = re.sub(r'\b(fill|stroke)="(var\(--[a-z]+\))"', r'style="\1: \2"', svg)
    return re.sub(r"\s*\n\s*", "\n", svg).strip()


def _look() -> Any:
    text, muted = COLOURS["text"], COLOURS["muted"]
    return {
        "svg.fonttype": "path",
        "font.family": "DejaVu Sans",
        "font.size": _FONT_PT,
        "axes.titlesize": _FONT_PT,
        "axes.titlelocation": "left",
        "axes.labelsize": _FONT_PT,
        "axes.labelcolor": muted,
        "axes.edgecolor": muted,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": True,
        "text.color": text,
        "xtick.labelsize": _FONT_PT,
        "ytick.labelsize": _FONT_PT,
        "xtick.color": muted,
        "ytick.color": muted,
        "xtick.labelcolor": muted,
        "ytick.labelcolor": text,
        "legend.frameon": False,
        "legend.fontsize": _FONT_PT,
        "lines.linewidth": 1.6,
    }
