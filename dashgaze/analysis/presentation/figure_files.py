"""Figures of a report as files, and as pictures that stand in its page."""

import base64
import re
from dataclasses import dataclass
from pathlib import Path

from dashgaze.errors import DashgazeError

from ..contract.finding import Plot

FIGURES_FOLDER = "figures"
_PNG_DPI = 300
_MM = 25.4


@dataclass(frozen=True, kw_only=True)
class FigureFile:
    """A figure that was drawn, or why it was not.

    Attributes
    ----------
    name
        Of its files, without an ending.
    caption
        What is seen.
    width_mm, height_mm
        On paper.
    data_uri
        The SVG for an ``img`` of the page; "" if it was not drawn.
    problem
        Why not; "" if it was.
    """

    name: str
    caption: str
    width_mm: float = 0.0
    height_mm: float = 0.0
    data_uri: str = ""
    problem: str = ""


def write_figure(plot: Plot, name: str, folder: Path) -> FigureFile:
    """Draw a figure into ``<name>.svg`` and ``<name>.png``, 300 dpi.

    Parameters
    ----------
    plot
        The figure.
    name
        Of the files.
    folder
        Where to; it is there.
    """
    import matplotlib as mpl

    try:
        drawn = plot.draw()
    except DashgazeError as error:
        return FigureFile(name=name, caption=plot.caption, problem=str(error))
    svg = folder / f"{name}.svg"
    # Whatever a user has set would change the files; the salt makes names in them the same each time.
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({"svg.fonttype": "path", "svg.hashsalt": name})
        drawn.savefig(
            svg, format="svg", dpi=200, facecolor="white", metadata={"Date": None, "Creator": None}
        )
        drawn.savefig(
            folder / f"{name}.png",
            format="png",
            dpi=_PNG_DPI,
            facecolor="white",
            metadata={"Software": None},
        )
    width, height = (float(each) * _MM for each in drawn.get_size_inches())
    text = _lean(svg.read_text(encoding="utf-8"))
    return FigureFile(
        name=name,
        caption=plot.caption,
        width_mm=width,
        height_mm=height,
        data_uri="data:image/svg+xml;base64," + base64.b64encode(text.encode()).decode(),
    )


def _lean(svg: str) -> str:
    """Leave out what a page does not need."""
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    return re.sub(r"\s*\n\s*", "\n", svg)
