"""What a study is made of: sessions and minutes by condition."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..contract.finding import Plot, TableOfRows
from ..contract.study import SessionData, Study
from .session_quality import SessionQuality

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOT_STATED = "not stated"

_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
_REST_COLOUR = "#c3c9cf"


@dataclass(frozen=True, kw_only=True)
class Part:
    """Sessions that have a condition in common.

    Attributes
    ----------
    factor, condition
        Such as ``weather`` and ``rain``.
    sessions, drivers, minutes
        How many.
    """

    factor: str
    condition: str
    sessions: int
    drivers: int
    minutes: float


def composition(study: Study, qualities: Sequence[SessionQuality]) -> tuple[Part, ...]:
    """Count sessions and minutes by weather, light, time of day, camera position and eyewear.

    Parameters
    ----------
    study
        The study.
    qualities
        Of its sessions, in the same order.
    """
    parts = []
    for factor, word in _FACTORS.items():
        groups: dict[str, list[int]] = {}
        for place, session in enumerate(study.sessions):
            groups.setdefault(word(session), []).append(place)
        # The longest first; what is not stated at the end.
        ordered = sorted(
            groups,
            key=lambda name: (name == NOT_STATED, -_minutes(groups[name], qualities), name),
        )
        parts += [
            Part(
                factor=factor,
                condition=name,
                sessions=len(groups[name]),
                drivers=len({study.sessions[place].driver_id for place in groups[name]}),
                minutes=_minutes(groups[name], qualities),
            )
            for name in ordered
        ]
    return tuple(parts)


def composition_table(parts: Sequence[Part]) -> TableOfRows:
    """Give the parts as a table."""
    return TableOfRows(
        name="composition",
        caption="What the study is made of. Minutes are of scene video.",
        columns=("factor", "condition", "sessions", "drivers", "minutes"),
        rows=tuple(
            (part.factor, part.condition, part.sessions, part.drivers, round(part.minutes, 1))
            for part in parts
        ),
    )


def composition_plot(study: Study, parts: Sequence[Part]) -> Plot:
    """Give the parts as bars, by sessions and by minutes."""
    minutes = sum(part.minutes for part in parts if part.factor == "light")
    caption = (
        f"Composition of the study by sessions and by minutes: {len(study.sessions)} sessions, "
        f"{len(study.drivers)} drivers, {minutes:.0f} minutes. Each pair of bars is one factor."
    )
    return Plot(name="composition", caption=caption, draw=lambda: _draw(parts))


def _draw(parts: Sequence[Part]) -> "Figure":
    import matplotlib as mpl
    from matplotlib.figure import Figure

    factors = list(dict.fromkeys(part.factor for part in parts))
    with mpl.rc_context({"font.size": 7.5, "svg.fonttype": "path", "svg.hashsalt": "dashgaze"}):
        sheet = Figure(figsize=(180 / 25.4, (12 + 16 * len(factors)) / 25.4), layout="constrained")
        axes = sheet.add_subplot()
        labels = []
        for row, factor in enumerate(factors):
            mine = [part for part in parts if part.factor == factor]
            for side, measure in enumerate(("sessions", "minutes")):
                height = -(row * 2.6 + side)
                labels.append((height, f"{factor}, {measure}"))
                total = sum(float(getattr(part, measure)) for part in mine) or 1.0
                left = 0.0
                for number, part in enumerate(mine):
                    value = float(getattr(part, measure))
                    width = 100 * value / total
                    rest = part.condition == NOT_STATED or number >= len(_COLOURS)
                    colour = _REST_COLOUR if rest else _COLOURS[number]
                    axes.barh(height, width, 0.86, left=left, color=colour, edgecolor="white")
                    _write(
                        axes,
                        left + width / 2,
                        height,
                        width,
                        part.condition,
                        value,
                        dark=colour == _COLOURS[0],
                    )
                    left += width
        axes.set_yticks([height for height, _ in labels], [name for _, name in labels])
        axes.set_xlim(0, 100)
        axes.set_xlabel("share (%)")
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(left=False)
        return sheet


def _write(
    axes: "Axes", x: float, y: float, width: float, name: str, value: float, *, dark: bool
) -> None:
    """Write into a bar what fits."""
    words = name.replace("_", " ")
    text = f"{words} {value:.0f}"
    for option in (text, f"{value:.0f}"):
        # A letter of 7 pt takes about 1 % of the axes.
        if len(option) * 1.05 < width:
            axes.text(
                x,
                y,
                option,
                ha="center",
                va="center",
                fontsize=7,
                color="white" if dark else "#1b2229",
            )
            return


def _minutes(places: Sequence[int], qualities: Sequence[SessionQuality]) -> float:
    return sum(qualities[place].minutes for place in places)


def _stated(value: object) -> str:
    return NOT_STATED if value in (None, "") else str(value)


def _time_of_day(session: SessionData) -> str:
    hour = session.facts.get("local_hour")
    if not isinstance(hour, int):
        return NOT_STATED
    for end, name in (
        (6, "0–6 h"),
        (10, "6–10 h"),
        (15, "10–15 h"),
        (19, "15–19 h"),
        (24, "19–24 h"),
    ):
        if hour < end:
            return name
    return NOT_STATED


_FACTORS: dict[str, Callable[[SessionData], str]] = {
    "weather": lambda session: _stated(session.weather),
    "light": lambda session: _stated(session.lighting),
    "time of day": _time_of_day,
    "camera position": lambda session: _stated(session.camera_position),
    "eyewear": lambda session: _stated(session.eyewear),
}
