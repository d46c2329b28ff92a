"""One look for all figures of the analyses of gaze."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMN_MM, PAGE_MM = 85.0, 180.0
"""Widths of a paper's column and page."""

BLUE, ORANGE, GREEN, PURPLE, INK, MUTED = (
    "#0072b2",
    "#c9480b",
    "#00845f",
    "#a04a7d",
    "#2b3742",
    "#6b7884",
)
"""After Okabe & Ito: told apart with any colour vision."""

SERIES = (BLUE, ORANGE, GREEN, PURPLE, INK)
MARKERS = ("o", "s", "^", "D", "v")
DENSITY_COLOURS = "cividis"
_FONT_PT = 7.5


@contextmanager
def figure(width_mm: float, height_mm: float) -> Iterator["Figure"]:
    """Give a figure to draw on, whatever a user has set for other figures.

    Parameters
    ----------
    width_mm, height_mm
        Its size on paper.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "font.family": "DejaVu Sans",
                "font.size": _FONT_PT,
                "axes.titlesize": _FONT_PT,
                "axes.titlelocation": "left",
                "axes.labelsize": _FONT_PT,
                "xtick.labelsize": 7,
                "ytick.labelsize": 7,
                "legend.fontsize": 7,
                "legend.frameon": False,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "axes.linewidth": 0.6,
                "lines.linewidth": 1.2,
                "xtick.major.width": 0.6,
                "ytick.major.width": 0.6,
                "svg.fonttype": "path",
                "svg.hashsalt": "dashgaze",
            }
        )
        yield Figure(figsize=(width_mm / 25.4, height_mm / 25.4), layout="constrained")


def degree_axes(axes: "Axes", *, x_label: bool = True, y_label: bool = True) -> None:
    """Set up axes in degrees from the reference, whose cross is at 0."""
    axes.axhline(0, color=MUTED, linewidth=0.5, zorder=0)
    axes.axvline(0, color=MUTED, linewidth=0.5, zorder=0)
    axes.set_aspect("equal")
    if x_label:
        axes.set_xlabel("azimuth from reference (deg, right +)")
    if y_label:
        axes.set_ylabel("elevation (deg, up +)")
