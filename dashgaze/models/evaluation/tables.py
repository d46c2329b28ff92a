"""The tables of the report, in words: what all have in common."""

from dataclasses import dataclass, field
from typing import Any

from dashgaze.reports.texts import MISSING, number


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: its name, what stands beside that, and its cells."""

    name: str
    mark: str = ""
    cells: tuple[str, ...]
    strong: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table; `head` names the cells, the first column is `first`."""

    caption: str
    first: str
    head: tuple[str, ...]
    rows: tuple[Row, ...] = field(default=())


def interval(low: float | None, high: float | None, digits: int = 0) -> str:
    """Write an interval; a dash if there is none."""
    if low is None or high is None:
        return MISSING
    return f"{number(low, digits)} to {number(high, digits)}"


def p_words(value: float | None) -> str:
    """Write a p-value."""
    if value is None:
        return MISSING
    return "< 0.001" if value < 0.001 else number(value, 3)


def skill_words(model: dict[str, Any], name: str) -> str:
    """Write the skill against a reference."""
    found = model["skill"].get(name)
    return MISSING if not found else number(found["skill"], 3)


def model_row(content: dict[str, Any], model: dict[str, Any], cells: tuple[str, ...]) -> Row:
    """Give the row of a model, strong if it is the best."""
    return Row(
        name=model["name"],
        mark=model["mark"],
        cells=cells,
        strong=model["name"] == content["best"],
    )
