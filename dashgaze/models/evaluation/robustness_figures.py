"""Figures of what spoiled pictures do to networks."""

from typing import Any

from dashgaze.reports.texts import number

from .corruptions import KINDS, SEVERITIES
from .corruptions import TITLES as KIND_TITLES
from .drawing import COLOURS, DASHES, MARKERS, SERIES, Drawing, Sheet, sheet
from .figures import short

DOUBTS: dict[str, tuple[str, Any]] = {
    "feature_distance": ("distance", "-"),
    "feature_unusualness": ("unusual", (0, (1, 1))),
    "stated_uncertainty": ("stated", (0, (3, 1.5))),
}
"""What tells how doubtful a frame is: words and dashes."""


def draw_robustness(robustness: dict[str, Any]) -> list[Drawing]:
    """Draw errors, alarms and doubt of all networks over the strength of the damage."""
    drawings = [_curves(robustness, "errors")]
    if any(each["auroc"] for each in robustness["networks"]):
        drawings.append(_curves(robustness, "alarms"))
    if any(each["kept"] for each in robustness["networks"]):
        drawings.append(_kept(robustness))
    return drawings


def _curves(robustness: dict[str, Any], what: str) -> Drawing:
    networks = robustness["networks"]
    with sheet(f"robust-{what}", 5.2) as drawn:
        lines: dict[str, Any] = {}
        for place, kind in enumerate(KINDS):
            axes = drawn.figure.add_subplot(3, 2, place + 1)
            axes.set_title(KIND_TITLES[kind])
            for model, colour, marker, dash in zip(networks, SERIES, MARKERS, DASHES, strict=False):
                for name, values, style in _series(model, kind, what, dash):
                    lines[name], *_ = axes.plot(
                        (0, *SEVERITIES) if what == "errors" else SEVERITIES,
                        [float("nan") if each is None else each for each in values],
                        color=COLOURS[colour],
                        linestyle=style,
                        marker=marker,
                        markersize=3,
                    )
            axes.set_xticks((0, *SEVERITIES) if what == "errors" else SEVERITIES)
            if what == "errors":
                axes.axhline(
                    robustness["train_median_px"],
                    color=COLOURS["muted"],
                    linestyle=(0, (2, 3)),
                    linewidth=1,
                )
                axes.set_ylim(0, _top(robustness))
            else:
                axes.axhline(0.5, color=COLOURS["muted"], linestyle=(0, (2, 3)), linewidth=1)
                axes.set_ylim(0, 1.03)
        _legend(drawn, lines)
        drawn.figure.supxlabel(
            "strength (0: as it was)" if what == "errors" else "strength",
            fontsize=9,
            color=COLOURS["muted"],
        )
        drawn.figure.supylabel(
            "mean error, px" if what == "errors" else "AUROC, spoiled against clean",
            fontsize=9,
            color=COLOURS["muted"],
        )
    frames = number(robustness["frames"])
    if what == "errors":
        return Drawing(
            title="Errors on spoiled pictures",
            summary=f"On {frames} frames of the test. Dotted: the train median, which needs no picture: a network "
            "above it is worse than none. Faces are found as on clean pictures.",
            svg=drawn.svg,
        )
    return Drawing(
        title="Does a network notice?",
        summary="How often a spoiled frame looks stranger than a clean one: by the distance of its features from "
        "those of training (solid), by how unusual that distance is, be it too near or too far (dotted), and by the "
        "stated uncertainty (dashed). 1: always, 0.5: by chance, below: it looks more usual than a clean one.",
        svg=drawn.svg,
    )


def _series(
    model: dict[str, Any], kind: str, what: str, dash: Any
) -> list[tuple[str, list[float | None], Any]]:
    name = short(model["name"])
    if what == "errors":
        return [(name, [model["clean_px"], *model["errors_px"][kind]], dash)]
    found = []
    for measure, (words, style) in DOUBTS.items():
        by_kind = model["auroc"].get(measure)
        if by_kind:
            found.append((f"{name}: {words}", by_kind[kind], style))
    return found


def _kept(robustness: dict[str, Any]) -> Drawing:
    lines: dict[str, Any] = {}
    with sheet("robust-kept", 3.2) as drawn:
        axes = drawn.figure.add_subplot()
        for model, colour, marker in zip(robustness["networks"], SERIES, MARKERS, strict=False):
            for measure, (words, style) in DOUBTS.items():
                values = model["kept"].get(measure)
                if values:
                    name = f"{short(model['name'])}: {words}"
                    lines[name], *_ = axes.plot(
                        robustness["kept_shares"],
                        values,
                        color=COLOURS[colour],
                        linestyle=style,
                        marker=marker,
                        markersize=3.5,
                    )
        axes.set_xlim(1.02, 0)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("share of frames kept, the least doubted")
        axes.set_ylabel("mean error of these, px")
        _legend(drawn, lines)
    return Drawing(
        title="Error when doubtful frames are left out",
        summary="Clean and spoiled frames together. A line that falls to the right: what is doubted is worse. "
        "Solid: doubt by the distance of features; dotted: by how unusual that is; dashed: by stated uncertainty.",
        svg=drawn.svg,
    )


def _top(robustness: dict[str, Any]) -> float:
    values: list[float] = [robustness["train_median_px"]]
    for model in robustness["networks"]:
        values.append(model["clean_px"])
        for errors in model["errors_px"].values():
            values += [each for each in errors if each is not None]
    return 1.08 * max(values)


def _legend(drawn: Sheet, lines: dict[str, Any]) -> None:
    drawn.figure.legend(
        list(lines.values()),
        list(lines),
        loc="outside upper left",
        ncols=1 if len(lines) > 4 else 2,
    )
