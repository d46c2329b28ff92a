"""Under which conditions was driven: weather and light, where the phone was, cars, eyewear."""

from collections.abc import Mapping
from pathlib import Path

from dashgaze.schemas.manifest import LIGHTING, WEATHER

from .colours import EMPTY, PAGE, TEXT
from .figure import FIGURES_FOLDER, FigureFile
from .figure_sheet import bars, sheet
from .session_tally import UNKNOWN, Amount, SessionTally
from .wording import condition, counted, hours, listed

_MOST_BARS = 8
_TITLES = {"camera_position": "Phone", "car": "Car", "eyewear": "Eyewear"}
_LONGEST_NAME = 24
# From here on white is read better than black; nowhere are both below a contrast of 4.5.
_DARK_FROM = 0.67
_BLACK = "#000000"


def draw_weather_and_lighting(folder: Path, tally: SessionTally) -> FigureFile:
    """Draw hours and sessions for each weather and light."""
    cells = tally.by_weather_and_lighting
    columns = [name for name in (*LIGHTING, UNKNOWN) if name in tally.by_condition["lighting"]]
    rows = [name for name in (*WEATHER, UNKNOWN) if name in tally.by_condition["weather"]]
    most = max((amount.hours for amount in cells.values()), default=0) or 1
    name = "weather_lighting.png"
    with sheet(folder / FIGURES_FOLDER / name, 0.6 + 0.42 * len(rows)) as figure:
        from matplotlib.patches import Rectangle

        axes = figure.add_subplot()
        for y, weather in enumerate(rows):
            for x, lighting in enumerate(columns):
                amount = cells.get((weather, lighting), Amount())
                ground, text = cell_colours(amount.hours / most)
                words = f"{hours(amount.hours)}\n{counted(amount.sessions, 'session')}"
                if amount.sessions == 0:
                    ground, text, words = EMPTY, TEXT, "–"
                axes.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, color=ground))
                axes.text(x, y, words, ha="center", va="center", linespacing=1.1, color=text)
        axes.set_xlim(-0.5, len(columns) - 0.5)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xticks(range(len(columns)), columns)
        axes.set_yticks(range(len(rows)), rows)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
    parts = [
        f"{weather} and {lighting} {hours(cells[weather, lighting].hours)} "
        f"({counted(cells[weather, lighting].sessions, 'session')})"
        for weather in rows
        for lighting in columns
        if (weather, lighting) in cells
    ]
    return FigureFile(
        name=name,
        title="Hours and sessions by weather and lighting",
        alt=f"Table of hours and sessions by weather and lighting: {listed(parts)}.",
    )


def cell_colours(share: float) -> tuple[str, str]:
    """Give the ground of a cell, from pale to dark blue as its share of the most rises, and its text."""
    pale, dark = (228, 239, 248), (0, 62, 120)
    parts = [round(a + (b - a) * share) for a, b in zip(pale, dark, strict=True)]
    ground = "#{:02x}{:02x}{:02x}".format(*parts)
    return ground, PAGE if share > _DARK_FROM else _BLACK


def draw_devices(folder: Path, tally: SessionTally) -> FigureFile:
    """Draw hours and sessions by where the phone was, car, and eyewear."""
    parts = {key: _largest(tally.by_condition[key]) for key in _TITLES}
    name = "phone_car_eyewear.png"
    counts = [len(rows) for rows in parts.values()]
    with sheet(folder / FIGURES_FOLDER / name, 0.75 + 0.2 * sum(counts)) as figure:
        panels = figure.subplots(
            len(parts), 1, gridspec_kw={"height_ratios": [count + 0.4 for count in counts]}
        )
        longest = max((amount.hours for rows in parts.values() for _, amount in rows), default=1)
        for axes, (key, rows) in zip(panels, parts.items(), strict=True):
            bars(
                axes,
                [
                    (_short(text), amount.hours, f"{hours(amount.hours)}, {amount.sessions}")
                    for text, amount in rows
                ],
            )
            axes.set_xlim(0, longest or 1)
            axes.set_title(f"{_TITLES[key]}: hours, sessions")
    words = "; ".join(
        f"{_TITLES[key].lower()}: "
        + listed(
            [f"{text} {hours(a.hours)} ({counted(a.sessions, 'session')})" for text, a in rows]
        )
        for key, rows in parts.items()
    )
    return FigureFile(
        name=name,
        title="Hours and sessions by position of the phone, car and eyewear",
        alt=f"Bars of hours, with sessions. {words[:1].upper()}{words[1:]}.",
    )


def _largest(amounts: Mapping[str, Amount]) -> list[tuple[str, Amount]]:
    """Give the values with most hours; the rest in one, what is not stated last."""
    known = sorted(
        ((name, amount) for name, amount in amounts.items() if name != UNKNOWN),
        key=lambda item: (-item[1].seconds, item[0]),
    )
    rows = [(condition(name), amount) for name, amount in known[:_MOST_BARS]]
    if len(known) > _MOST_BARS:
        rest = [amount for _, amount in known[_MOST_BARS:]]
        total = Amount(
            sessions=sum(amount.sessions for amount in rest),
            seconds=sum(amount.seconds for amount in rest),
        )
        rows.append((f"{len(rest)} others", total))
    if UNKNOWN in amounts:
        rows.append((UNKNOWN, amounts[UNKNOWN]))
    return rows


def _short(text: str) -> str:
    # A dollar sign would begin a formula.
    text = text.replace("$", r"\$")
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"
