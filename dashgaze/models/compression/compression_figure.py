"""The curve of error against cost."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dashgaze.files import replacing
from dashgaze.models.evaluation.drawing import COLOURS, sheet

_DPI = 150
_AXES = (
    ("parameters", 1e-3, "parameters, thousands"),
    ("ms_batch_1", 1.0, "ms a frame, one by one"),
)


def draw_compression(
    path: Path, before: dict[str, Any], curve: Sequence[dict[str, Any]], gamma: float
) -> Path:
    """Draw error against parameters and time, for each γ; the network before it as a square.

    Parameters
    ----------
    path
        Where the PNG goes.
    before
        ``cost`` and ``errors`` of the network that was compressed.
    curve
        ``gamma``, ``cost``, ``pruned`` and ``finetuned`` (errors) of each.
    gamma
        The one that was chosen.
    """
    with sheet("compression", 2.8) as drawn:
        axes = drawn.figure.subplots(1, 2, sharey=True)
        for place, (key, scale, label) in zip(axes, _AXES, strict=True):
            x = [each["cost"][key] * scale for each in curve]
            y = [each["finetuned"]["location_px"]["mean"] for each in curve]
            raw = [each["pruned"]["location_px"]["mean"] for each in curve]
            place.plot(x, y, color=COLOURS["blue"], marker="o", ms=4, label="finetuned")
            place.plot(
                x,
                raw,
                color=COLOURS["muted"],
                marker="^",
                ms=3,
                ls=(0, (1, 1)),
                label="pruned only",
            )
            # Neighbours lie close: only the ends and the chosen one are named.
            named = {0, len(curve) - 1, [each["gamma"] for each in curve].index(gamma)}
            for number in sorted(named):
                place.annotate(
                    f"γ {curve[number]['gamma']:g}",
                    (x[number], y[number]),
                    xytext=(3, 5 if number else -11),
                    textcoords="offset points",
                    weight="bold" if curve[number]["gamma"] == gamma else "normal",
                )
            place.plot(
                [before["cost"][key] * scale],
                [before["errors"]["location_px"]["mean"]],
                color=COLOURS["red"],
                marker="s",
                ms=5,
                ls="",
                label="before",
            )
            place.set_xlabel(label)
            place.set_xlim(0, 1.3 * max(*x, before["cost"][key] * scale))
            place.margins(y=0.15)
        axes[0].set_ylabel("location error, px")
        axes[0].set_ylim(bottom=0)
        axes[0].legend()
        with replacing(path) as temporary:
            drawn.figure.savefig(temporary, format="png", dpi=_DPI, facecolor=COLOURS["page"])
    return path
