"""Drawing maps: on the plain face, never on a driver's."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.files import replacing
from dashgaze.models.evaluation.drawing import COLOURS, Drawing, sheet

from .displacement import UNITS, Head
from .face_regions import outlines_px
from .face_surface import PICTURE_SIZE_PX
from .faithfulness import Curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]

_COLOUR_MAP = "viridis"
_PNG_DPI = 150


def draw_maps(
    name: str,
    maps: Mapping[str, tuple[Head, FloatArray]],
    title: str,
    summary: str,
    *,
    png: Path | None = None,
    same_scale: bool = False,
) -> Drawing:
    """Draw canonical maps side by side.

    Parameters
    ----------
    name
        Unique on the page.
    maps
        By what stands above each: its head and the map, shape (height, width).
    title, summary
        Of the figure.
    png
        Where the same is written as a picture; nowhere if None.
    same_scale
        Whether colours mean the same in all of them.
    """
    tops = {key: float(np.nanmax(each)) for key, (_, each) in maps.items()}
    top = max(tops.values())
    with sheet(name, 3.1 if len(maps) < 3 else 2.6) as drawn:
        # Pictures of a fixed shape push titles over the edge.
        drawn.figure.set_layout_engine("constrained", rect=(0.0, 0.0, 1.0, 0.94))
        axes = drawn.figure.subplots(1, len(maps), squeeze=False)[0]
        for place, (key, (head, each)) in zip(axes, maps.items(), strict=True):
            high = top if same_scale else tops[key]
            shown = place.imshow(each, cmap=_COLOUR_MAP, vmin=0, vmax=high, interpolation="nearest")
            _draw_face(place)
            place.set_title(key)
            bar = drawn.figure.colorbar(
                shown, ax=place, orientation="horizontal", shrink=0.85, pad=0.02
            )
            bar.set_label(f"moves the answer, {UNITS[head]}")
            bar.ax.locator_params(nbins=4)
        if png is not None:
            with replacing(png) as temporary:
                drawn.figure.savefig(
                    temporary, format="png", dpi=_PNG_DPI, facecolor=COLOURS["page"]
                )
    return Drawing(title=title, summary=summary, svg=drawn.svg)


def draw_view_map(
    name: str,
    maps: Mapping[str, tuple[Head, FloatArray]],
    title: str,
    summary: str,
    box: Sequence[float] | None = None,
) -> Drawing:
    """Draw mean maps in the pixels of the driver view.

    Parameters
    ----------
    name, maps, title, summary
        As in `draw_maps`.
    box
        Left, top, right, bottom of where faces are, on average, px; drawn as a frame.
    """
    with sheet(name, 2.6) as drawn:
        # Pictures of a fixed shape push titles over the edge.
        drawn.figure.set_layout_engine("constrained", rect=(0.0, 0.0, 1.0, 0.94))
        axes = drawn.figure.subplots(1, len(maps), squeeze=False)[0]
        for place, (key, (head, each)) in zip(axes, maps.items(), strict=True):
            shown = place.imshow(each, cmap=_COLOUR_MAP, vmin=0, interpolation="nearest")
            if box is not None:
                x0, y0, x1, y1 = box
                place.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color="white", lw=1.2)
            place.set_title(key)
            place.set_xticks([])
            place.set_yticks([])
            bar = drawn.figure.colorbar(
                shown, ax=place, orientation="horizontal", shrink=0.85, pad=0.02
            )
            bar.set_label(f"moves the answer, {UNITS[head]}")
            bar.ax.locator_params(nbins=4)
    return Drawing(title=title, summary=summary, svg=drawn.svg)


def draw_curves(name: str, curves: Curves, head: Head, title: str, summary: str) -> Drawing:
    """Draw deletion and insertion."""
    x = [0.0, *(100 * share for share in curves.shares)]
    with sheet(name, 2.4) as drawn:
        left, right = drawn.figure.subplots(1, 2, sharey=True)
        for axes, label, own, blind in (
            (left, "blurred first", curves.deletion, curves.random_deletion),
            (right, "kept first", curves.insertion, curves.random_insertion),
        ):
            # Nothing deleted is the answer itself; nothing kept is the same as all deleted.
            start = 0.0 if own is curves.deletion else curves.deletion[-1]
            axes.plot(x, [start, *own], color=COLOURS["blue"], label="in the map's order")
            axes.plot(
                x, [start, *blind], color=COLOURS["red"], linestyle=(0, (4, 1.5)), label="at random"
            )
            axes.set_title(label)
            axes.set_xlabel("share of the face, %")
        left.set_ylabel(f"moves the answer, {UNITS[head]}")
        left.legend()
    return Drawing(title=title, summary=summary, svg=drawn.svg)


def draw_convergence(
    name: str, rows: Mapping[Head, Sequence[tuple[int, float]]], title: str, summary: str
) -> Drawing:
    """Draw how alike the maps of two halves are."""
    with sheet(name, 2.2) as drawn:
        axes = drawn.figure.subplots()
        looks: Sequence[Any] = ("-", (0, (4, 1.5)))
        for (head, points), look, colour in zip(rows.items(), looks, ("blue", "red"), strict=False):
            counts, values = zip(*points, strict=True)
            axes.plot(
                counts, values, marker="o", ms=3, linestyle=look, color=COLOURS[colour], label=head
            )
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_ylim(min(0.0, *axes.get_ylim()), 1.02)
        axes.set_xlabel("frames in each half")
        axes.set_ylabel("correlation")
        axes.legend()
    return Drawing(title=title, summary=summary, svg=drawn.svg)


def _draw_face(axes: "Axes") -> None:
    for line in outlines_px():
        axes.plot(line[:, 0], line[:, 1], color=COLOURS["page"], lw=1.8, alpha=0.55)
        axes.plot(line[:, 0], line[:, 1], color=COLOURS["text"], lw=0.8)
    axes.set_xlim(-3, PICTURE_SIZE_PX[0] + 2)
    axes.set_ylim(PICTURE_SIZE_PX[1] + 1, -17)
    axes.set_axis_off()
