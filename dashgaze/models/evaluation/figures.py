"""The figures of the report, drawn from its numbers."""

import hashlib
from typing import Any

import numpy as np

from dashgaze.reports.texts import counted, number, percent

from .drawing import COLOURS, DASHES, MARKERS, SERIES, Drawing, sheet
from .subgroups import TITLES as GROUP_TITLES

_ROW_IN = 0.24
_LONGEST_NAME = 26

_LOOKS = {
    "baseline": ("ink", "o", "constant or simple model"),
    "network": ("blue", "s", "network"),
    "adapted": ("green", "D", "network that learns at test time"),
    "told": ("purple", "x", "oracle or calibrated: no competitor"),
}


def _kind(model: dict[str, Any]) -> str:
    return model["kind"] if model["rankable"] else "told"


def short(name: str) -> str:
    """Cut a long name in its middle."""
    if len(name) <= _LONGEST_NAME:
        return name
    half = (_LONGEST_NAME - 1) // 2
    return f"{name[:half]}…{name[-half:]}"


def anchor(name: str) -> str:
    """Make a name into a part of an anchor, another one for another name."""
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def draw_models(models: list[dict[str, Any]], median: float | None) -> Drawing:
    """Draw the mean error of all models with its interval, the best on top."""
    lows = [m["location"]["all"]["px"] for m in models]
    with sheet("forest", 0.9 + _ROW_IN * len(models)) as drawn:
        axes = drawn.figure.add_subplot()
        used = []
        for place, (model, summary) in enumerate(zip(models, lows, strict=True)):
            kind = _kind(model)
            colour, marker, _ = _LOOKS[kind]
            if summary["low"] is not None:
                axes.plot([summary["low"], summary["high"]], [place, place], color=COLOURS[colour])
            axes.plot(
                [summary["mean"]], [place], marker, color=COLOURS[colour], markersize=5.5, mew=1.8
            )
            used.append(kind)
        if median is not None:
            axes.axvline(median, color=COLOURS["muted"], linestyle=(0, (2, 3)), linewidth=1)
        axes.set_yticks(range(len(models)), [short(m["name"]) for m in models])
        axes.set_ylim(len(models) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        _from_zero(axes, lows)
        axes.set_xlabel("mean error, px; mean of sessions")
    kinds = "; ".join(
        f"{word}: {text}"
        for kind, word, text in (
            ("baseline", "circle", _LOOKS["baseline"][2]),
            ("network", "square", _LOOKS["network"][2]),
            ("adapted", "diamond", _LOOKS["adapted"][2]),
            ("told", "cross", _LOOKS["told"][2]),
        )
        if kind in used
    )
    line = " Dotted: the train median." if median is not None else ""
    return Drawing(
        title="Mean error and its interval",
        summary=f"Lines are 95 % t-intervals over sessions. {kinds[0].upper()}{kinds[1:]}.{line}",
        svg=drawn.svg,
    )


def draw_sessions(models: list[dict[str, Any]]) -> Drawing:
    """Draw the mean error of each session, one row a model."""
    with sheet("sessions", 0.9 + _ROW_IN * len(models)) as drawn:
        axes = drawn.figure.add_subplot()
        for place, model in enumerate(models):
            colour, _, _ = _LOOKS[_kind(model)]
            values = [
                each["mean_error_px"]
                for each in model["sessions"]
                if each["mean_error_px"] is not None
            ]
            axes.plot(
                values,
                np.full(len(values), place),
                "o",
                color=COLOURS[colour],
                markersize=4,
                alpha=0.55,
                mew=0,
            )
            axes.plot([np.mean(values)] * 2, [place - 0.32, place + 0.32], color=COLOURS[colour])
        axes.set_yticks(range(len(models)), [short(m["name"]) for m in models])
        axes.set_ylim(len(models) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlim(left=0)
        axes.set_xlabel("mean error of a session, px")
    count = len(models[0]["sessions"])
    return Drawing(
        title="Sessions one by one",
        summary=f"Each dot is one of {counted(count, 'session')}; the bar is their mean.",
        svg=drawn.svg,
    )


def draw_calibration(models: list[dict[str, Any]]) -> Drawing | None:
    """Draw how often the truth is in the stated region, over the probability that was stated."""
    able = [m for m in models if m["uncertainty"] and m["rankable"]]
    stating = sorted(able, key=lambda m: m["kind"] == "baseline")[: len(SERIES)]
    if not stating:
        return None
    words = []
    with sheet("calibration", 3.8) as drawn:
        axes = drawn.figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=COLOURS["muted"], linewidth=1, linestyle=(0, (2, 3)))
        for model, colour, marker, dash in zip(stating, SERIES, MARKERS, DASHES, strict=False):
            coverage = model["uncertainty"]["stated"]["region_coverage"]
            levels = [float(each) for each in coverage]
            found = [coverage[each] for each in coverage]
            axes.plot(
                levels,
                found,
                color=COLOURS[colour],
                marker=marker,
                linestyle=dash,
                markersize=4,
                label=short(model["name"]),
            )
            words.append(f"{model['name']}: {percent(coverage['0.8'])} in the 80 % region")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_xlabel("probability stated for the region")
        axes.set_ylabel("share of frames in it")
        drawn.figure.legend(loc="outside upper left", ncols=2)
    return Drawing(
        title="Is the stated uncertainty true?",
        summary=f"On the dotted line it is; below it the model is too sure. {'; '.join(words)}.",
        svg=drawn.svg,
    )


def draw_subgroups(model: dict[str, Any]) -> Drawing | None:
    """Draw the error of one model within each group of frames."""
    cells = [cell for cell in model["subgroups"] if cell["standing"] != "suppressed"]
    if not cells:
        return None
    labels, places, heads, place = [], [], [], 0.0
    previous = None
    for cell in cells:
        if cell["group"] != previous:
            previous = cell["group"]
            heads.append((place, GROUP_TITLES[previous]))
            place += 1
        places.append(place)
        labels.append(f"{cell['level'].replace('_', ' ')} ({cell['sessions']})")
        place += 1
    mean = model["location"]["all"]["px"]["mean"]
    with sheet(f"subgroups-{anchor(model['name'])}", 0.8 + 0.19 * place) as drawn:
        axes = drawn.figure.add_subplot()
        axes.axvline(mean, color=COLOURS["muted"], linestyle=(0, (2, 3)), linewidth=1)
        for where, cell in zip(places, cells, strict=True):
            enough = cell["standing"] == "ok"
            colour = COLOURS["blue" if enough else "muted"]
            if enough and cell["low_px"] is not None:
                axes.plot([cell["low_px"], cell["high_px"]], [where, where], color=colour)
            axes.plot(
                [cell["mean_error_px"]],
                [where],
                "s",
                color=colour,
                markersize=4.5,
                fillstyle="full" if enough else "none",
            )
        ticks = sorted([*zip(places, labels, strict=True), *heads])
        axes.set_yticks([each[0] for each in ticks], [short(each[1]) for each in ticks])
        bold = {title for _, title in heads}
        for label in axes.get_yticklabels():
            if label.get_text() in bold:
                label.set_fontweight("bold")
        axes.set_ylim(place - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        _from_zero(
            axes,
            [
                {
                    "low": None,
                    "high": c["high_px"] if c["standing"] == "ok" else None,
                    "mean": c["mean_error_px"],
                }
                for c in cells
            ],
        )
        axes.set_xlabel("mean error, px")
    return Drawing(
        title=f"Groups of frames: {model['name']}",
        summary="In brackets: number of sessions. Filled with a 95 % interval: five sessions or more. "
        "Hollow and grey: fewer, an anecdote. Dotted: the mean of all. Groups differ in more than their name "
        "says: compare with the skill in the table.",
        svg=drawn.svg,
    )


def draw_error_map(
    grid: dict[str, Any], ground: np.ndarray | None, width_px: float, height_px: float
) -> Drawing | None:
    """Draw the mean error by where gaze is, over the road picture.

    Parameters
    ----------
    grid
        One entry of `scoring.error_map`.
    ground
        Grey picture of the road that lies below, shape (h, w), 0 … 255; None if there is none.
    width_px, height_px
        Size of the road picture that the axes are those of.
    """
    cells = np.array(
        [[np.nan if cell is None else cell for cell in row] for row in grid["cells"]], dtype=float
    )
    if not np.isfinite(cells).any():
        return None
    with sheet(f"errormap-{anchor(grid['model'])}", 2.75) as drawn:
        axes = drawn.figure.add_subplot()
        edges = (0, width_px, height_px, 0)
        if ground is not None:
            axes.imshow(ground, cmap="gray", extent=edges, vmin=0, vmax=255, aspect="equal")
        image = axes.imshow(
            np.ma.masked_invalid(cells),
            cmap="cividis",
            extent=edges,
            alpha=0.72 if ground is not None else 1.0,
            aspect="equal",
            interpolation="nearest",
            vmin=0,
        )
        bar = drawn.figure.colorbar(image, ax=axes, orientation="horizontal", shrink=0.8, pad=0.04)
        bar.set_label("mean error, px")
        axes.set_xticks([])
        axes.set_yticks([])
    found = cells[np.isfinite(cells)]
    return Drawing(
        title=f"Error by where gaze is: {grid['model']}",
        summary=f"Over the road picture, in {grid['columns']} by {grid['rows']} fields: from {number(found.min())} "
        f"to {number(found.max())} px. Fields with fewer than five frames, or of one session alone, are left out.",
        svg=drawn.svg,
    )


def _from_zero(axes: Any, summaries: list[dict[str, Any]]) -> None:
    """Let the axis begin at zero, and end where the intervals of most models do."""
    means = [each["mean"] for each in summaries if each["mean"] is not None]
    highs = [each["high"] for each in summaries if each["high"] is not None]
    right = max(means, default=1.0) * 1.1
    if highs:
        # One interval of two sessions may reach beyond the sky.
        right = max(right, min(max(highs), 2.5 * max(means)) * 1.04)
    axes.set_xlim(0, right)
