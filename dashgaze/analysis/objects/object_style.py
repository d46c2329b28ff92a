"""The look of the figures of gaze on objects."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMN_MM = 85.0
BLUE, ORANGE, INK, MUTED = "#0072b2", "#c9480b", "#2b3742", "#6b7884"
"""After Okabe & Ito: told apart with any colour vision."""


@contextmanager
def object_figure(height_mm: float, width_mm: float = COLUMN_MM) -> Iterator["Figure"]:
    """Give a figure to draw on, a column of a paper wide, whatever a user has set for other figures."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "font.family": "DejaVu Sans",
                "font.size": 7.5,
                "axes.labelsize": 7.5,
                "xtick.labelsize": 7,
                "ytick.labelsize": 7,
                "legend.fontsize": 7,
                "legend.frameon": False,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "axes.linewidth": 0.6,
                "hatch.linewidth": 0.4,
                "svg.fonttype": "path",
                "svg.hashsalt": "dashgaze",
            }
        )
        yield Figure(figsize=(width_mm / 25.4, height_mm / 25.4), layout="constrained")
