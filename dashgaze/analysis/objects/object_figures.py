"""Figures of gaze on objects."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..contract.finding import Estimate, Plot
from .hits import RULES
from .object_style import BLUE, INK, MUTED, ORANGE, object_figure
from .session_hits import SessionHits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_SESSIONS = 40
_WORDS = {"box": "in the box", "margin": "box + margin", "probability": "probability"}


def object_plots(
    sessions: Sequence[SessionHits], pooled: Mapping[str, Estimate], *, kinds: Sequence[str]
) -> tuple[Plot, ...]:
    """Give the figures of the section; those that have nothing to show are left out.

    Parameters
    ----------
    sessions
        The sessions.
    pooled
        Estimates over sessions by name: ``looks …``, ``fixations …``, ``chance …`` of each rule; ``all``,
        ``traffic …`` and ``class …`` for ratios to chance.
    kinds
        Classes.
    """
    minutes = sum(float(each.seconds[0]) for each in sessions) / 60
    drivers = len({each.driver_id for each in sessions})
    n = f"n = {len(sessions)} sessions, {drivers} drivers, {minutes:.0f} min of gaze"
    plots = [
        Plot(
            name="objects_share_by_rule",
            caption=f"Share of gaze on objects by three hit rules, of looks, of fixations, and of looks by chance; "
            f"95 % intervals over sessions. {n}.",
            draw=lambda: share_figure(pooled),
        )
    ]
    ratios = [each for each in sessions if np.isfinite(each.log_ratio(2, 0))]
    if ratios:
        plots.append(
            Plot(
                name="objects_ratio_to_chance",
                caption="Ratio of gaze on objects to chance (boxes of other moments at the same speed and in the same bend), "
                "by session with the 95 % interval of its own blocks of 20 s, and over sessions in all, by traffic and by "
                "class with 95 % intervals over drivers and sessions; hollow with fewer than five sessions. The dashed "
                f"line is chance. {n}.",
                draw=lambda: ratio_figure(ratios, pooled, kinds),
            )
        )
    return tuple(plots)


def share_figure(pooled: Mapping[str, Estimate]) -> "Figure":
    """Draw the shares by rule, a column wide."""
    with object_figure(58.0) as sheet:
        axes = sheet.add_subplot()
        series = (
            ("looks", BLUE, "", 0),
            ("fixations", ORANGE, "//", 1),
            ("chance", MUTED, "..", 2),
        )
        for what, colour, hatch, place in series:
            for number, rule in enumerate(RULES):
                found = pooled.get(f"{what} {rule}")
                if found is None or found.value is None:
                    continue
                x = number + (place - 1) * 0.27
                axes.bar(
                    x,
                    100 * found.value,
                    0.25,
                    color=colour,
                    hatch=hatch,
                    edgecolor="white",
                    linewidth=0.4,
                    label={
                        "looks": "looks",
                        "fixations": "fixations",
                        "chance": "looks, by chance",
                    }[what]
                    if number == 0
                    else None,
                )
                if found.low is not None and found.high is not None:
                    axes.plot([x, x], [100 * found.low, 100 * found.high], color=INK, linewidth=1)
        axes.set_xticks(range(len(RULES)), [_WORDS[rule] for rule in RULES])
        axes.set_ylabel("share of gaze on objects (%)")
        axes.set_ylim(bottom=0, top=axes.get_ylim()[1] * 1.25)
        axes.legend(loc="upper left", ncols=3, columnspacing=0.9, handlelength=1.2)
        return sheet


def ratio_figure(
    sessions: Sequence[SessionHits], pooled: Mapping[str, Estimate], kinds: Sequence[str]
) -> "Figure":
    """Draw the ratios to chance as a forest plot, a column wide."""
    ordered = sorted(sessions, key=lambda each: each.log_ratio(2, 0))
    step = -(-len(ordered) // _MOST_SESSIONS)
    names = ["all", *(f"traffic {x}" for x in ("light", "medium", "heavy"))]
    names += [f"class {x}" for x in kinds]
    groups = [(name, pooled[name]) for name in names if name in pooled]
    pitch = 3.4 if step == 1 else 3.4 / step
    with object_figure(18 + pitch * len(ordered) + 4.6 * len(groups)) as sheet:
        axes = sheet.add_subplot()
        for number, each in enumerate(ordered):
            value = float(np.exp(each.log_ratio(2, 0)))
            if np.isfinite(each.log_ratio_error):
                reach = float(np.exp(1.96 * each.log_ratio_error))
                axes.plot([value / reach, value * reach], [-number, -number], color=MUTED, lw=0.9)
            axes.plot(value, -number, "o", color=BLUE, markersize=3)
        ticks = [-float(place) for place in range(0, len(ordered), step)]
        labels = [each.session_id for each in ordered[::step]]
        bottom = -float(len(ordered) - 1)
        axes.axhline(bottom - 0.7, color=MUTED, linewidth=0.5)
        for number, (name, found) in enumerate(groups, start=1):
            place = bottom - 1.4 * number
            if found.low is not None and found.high is not None:
                axes.plot([found.low, found.high], [place, place], color=ORANGE, linewidth=2)
            # Hollow where sessions are too few for an interval.
            face = "white" if found.low is None else ORANGE
            axes.plot(
                found.value or 1.0, place, "D", color=ORANGE, markerfacecolor=face, markersize=4
            )
            ticks.append(place)
            labels.append(f"{_group_words(name)} (n = {found.sessions})")
        axes.axvline(1.0, color=INK, linewidth=0.6, linestyle=(0, (3, 2)))
        axes.set_yticks(ticks, labels)
        axes.set_ylim(bottom - 1.4 * len(groups) - 0.9, 0.9)
        _log_axis(axes)
        axes.set_xlabel("ratio of gaze on objects to chance")
        return sheet


def _group_words(name: str) -> str:
    kind, _, rest = name.partition(" ")
    return {"all": "all sessions", "traffic": f"{rest} traffic", "class": f"class {rest}"}[kind]


def _log_axis(axes: "Axes") -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    low, high = axes.get_xlim()
    subs = (1.0, 1.2, 1.5, 2.0, 3.0, 5.0, 7.0) if high / low < 10 else (1.0, 2.0, 5.0)
    axes.xaxis.set_major_locator(LogLocator(subs=subs))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
