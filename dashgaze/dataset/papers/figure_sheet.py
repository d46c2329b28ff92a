"""The paper that figures are drawn on: one look, read on a telephone, the same bytes each time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashgaze.files import replacing

from .colours import BLUE, MUTED, PAGE, TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_IN = 3.6
_DPI = 200
# 8 points are 11 px high where the picture is shown 360 px wide.
_FONT_PT = 8

DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (5, 1.5, 1, 1.5)))


@contextmanager
def sheet(path: Path, height_in: float) -> Iterator["Figure"]:
    """Give a figure of the common width; write it as PNG when it is drawn.

    Parameters
    ----------
    path
        Where it is written.
    height_in
        Height in inches; the width is 3.6 inches.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context():
        # Whatever a user has set for their own plots would change the bytes.
        mpl.rcdefaults()
        mpl.rcParams.update(_look())
        figure = Figure(figsize=(_WIDTH_IN, height_in), dpi=_DPI, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        with replacing(path) as temporary:
            figure.savefig(temporary, format="png", metadata={"Software": None})


def _look() -> Any:
    return {
        "font.family": "DejaVu Sans",
        "font.size": _FONT_PT,
        "axes.titlesize": _FONT_PT,
        "axes.titlelocation": "left",
        "axes.titleweight": "bold",
        "axes.labelsize": _FONT_PT,
        "axes.labelcolor": TEXT,
        "axes.edgecolor": MUTED,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": True,
        "text.color": TEXT,
        "xtick.labelsize": _FONT_PT,
        "ytick.labelsize": _FONT_PT,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": TEXT,
        "ytick.labelcolor": TEXT,
        "figure.facecolor": PAGE,
        "savefig.facecolor": PAGE,
        "lines.linewidth": 1.4,
    }


def bars(
    axes: "Axes", rows: list[tuple[str, float, str]], colours: list[str] | None = None
) -> None:
    """Draw bars that lie, the first on top, each with its name on the left and its figure beside it.

    Parameters
    ----------
    axes
        Where to draw.
    rows
        Name, length and text of each bar.
    colours
        Colour of each bar; blue where not given.
    """
    places = list(range(len(rows)))
    lengths = [length for _, length, _ in rows]
    axes.barh(places, lengths, height=0.72, color=colours or BLUE)
    axes.set_yticks(places, [name for name, _, _ in rows])
    axes.invert_yaxis()
    longest = max(lengths, default=0) or 1
    axes.set_xlim(0, longest)
    for place, (_, length, text) in zip(places, rows, strict=True):
        # The figure stands in a long bar, beside a short one.
        inside = length > 0.6 * longest
        axes.text(
            length - 0.015 * longest if inside else length + 0.015 * longest,
            place,
            text,
            va="center",
            ha="right" if inside else "left",
            color=PAGE if inside else TEXT,
        )
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    for side in ("bottom", "left"):
        axes.spines[side].set_visible(False)
