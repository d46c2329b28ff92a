"""What an evaluation comes to: one verdict and the key figures."""

from dataclasses import dataclass
from typing import Any

from dashgaze.reports.texts import MISSING, counted, number, percent

from .tables import p_words


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A key figure."""

    label: str
    value: str
    detail: str


def find_model(content: dict[str, Any], name: str | None) -> dict[str, Any] | None:
    """Give a model of the report by its name; None if it is not there."""
    return next((each for each in content["models"] if each["name"] == name), None)


def verdict_of(content: dict[str, Any]) -> tuple[str, str, str]:
    """Say what can be concluded; a class of the style sheet, a title and a sentence."""
    best = find_model(content, content["best"])
    constant = content["best_constant"]
    if content["data"]["diagnosis"]:
        return (
            "flag",
            "A diagnosis, not a test",
            (
                "Models are tested on what they were made from. Nothing here says how they do on new drives."
            ),
        )
    if best is None:
        return (
            "unknown",
            "Nobody competes",
            "All models that were tested are oracles or calibrated.",
        )
    error = number(best["location"]["all"]["px"]["mean"], 1)
    if best["constant"]:
        return (
            "flag",
            f"No model beats the constant {best['name']}",
            (
                f"Its mean error is {error} px. A constant looks at nothing: no model has learned to tell where "
                "these drivers look, or the data do not show it."
            ),
        )
    against = next(
        (
            each
            for each in content["comparisons"]
            if each["model"] == best["name"] and each["against"] == constant
        ),
        None,
    )
    title = f"Least error: {best['name']}, {error} px"
    if against is None:
        return "unknown", title, "There is no constant to compare it with."
    gain = f"{number(-against['mean'], 1)} px less than {constant}, the best constant"
    interval = ""
    if against["low"] is not None:
        interval = f" (95 % interval {number(-against['high'], 1)} to {number(-against['low'], 1)})"
    better = f"; better in {against['sessions_better']} of {against['sessions']} sessions"
    if against["conclusion"] == "better":
        return "usable", title, f"{gain}{interval}{better}; {_p(against['p_holm'])}."
    if against["descriptive_only"]:
        return "unknown", title, f"{gain}{interval}{better}. Too few sessions to conclude anything."
    return (
        "flag",
        title,
        (f"{gain}{interval}{better}; {_p(against['p_holm'])}: it is not shown that it is better."),
    )


def tiles_of(content: dict[str, Any]) -> tuple[Tile, ...]:
    """Give the key figures."""
    best, constant = (
        find_model(content, content["best"]),
        find_model(content, content["best_constant"]),
    )
    tiles = []
    if best is not None:
        px = best["location"]["all"]["px"]
        interval = (
            "no interval can be given"
            if px["low"] is None
            else f"95 % interval {number(px['low'], 0)} to {number(px['high'], 0)} px"
        )
        frames = best["location"]["all"]["frames"]
        tiles += [
            Tile(label="Least mean error", value=f"{number(px['mean'], 1)} px", detail=interval),
            Tile(
                label="That is",
                value=f"{number(frames['mean_deg'], 1)}°",
                detail=f"{number(frames['mean_percent_of_width'], 1)} % of the road picture's width",
            ),
        ]
        skill = best["skill"].get("train_median", {}).get("skill")
        tiles.append(
            Tile(
                label="Skill",
                value=MISSING if skill is None else number(skill, 2),
                detail="1 is perfect, 0 as good as the train median",
            )
        )
    if constant is not None:
        tiles.append(
            Tile(
                label="Best constant",
                value=f"{number(constant['location']['all']['px']['mean'], 1)} px",
                detail=constant["name"],
            )
        )
    data = content["data"]
    tiles.append(
        Tile(
            label="Answered by all",
            value=percent(data["common_frames"] / data["judged_frames"]),
            detail=f"of {counted(data['judged_frames'], 'frame')}; elsewhere the train median stands in",
        )
    )
    return tuple(tiles)


def _p(value: float | None) -> str:
    """Write a p-value with its sign."""
    words = p_words(value)
    return f"p {words}" if words.startswith("<") else f"p = {words}"
