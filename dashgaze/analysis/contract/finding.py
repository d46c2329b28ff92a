"""What an analysis says: numbers with their intervals, or why nothing can be said."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEWEST_SESSIONS = 5
"""Sessions in an arm below which a comparison is descriptive only."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number over sessions.

    Attributes
    ----------
    value
        The number; None if it can't be given.
    low, high
        Ends of its interval; None where no interval can be given.
    level
        Nominal coverage of the interval.
    unit
        Such as ``deg``, ``ratio``, ``share``, ``%``.
    method
        How the interval is made, in a few words.
    sessions, drivers
        How many are behind it.
    descriptive_only
        Whether there are too few of them for a comparison.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    unit: str = ""
    method: str = ""
    sessions: int = 0
    drivers: int = 0
    descriptive_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Test:
    """A test against a null.

    Attributes
    ----------
    p
        Two-sided p value; None if it can't be given.
    null
        What is shuffled, shifted or assumed, in a few words.
    repeats
        Permutations, where there were any.
    """

    p: float | None
    null: str
    repeats: int = 0

    # pytest takes classes of this name for its own.
    __test__ = False


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One question and its answer.

    Attributes
    ----------
    key
        Stable name for scripts, such as ``spread.speed.slope``.
    question
        As a reader would ask it.
    estimate
        The headline number.
    tests
        Against what it was tested.
    naive_p
        What a test that takes frames for independent would have said: printed beside, as a warning.
    details
        Numbers by name: cells, sensitivity checks (propagated frames in and out), corrected and raw.
    caveats
        What a reader has to know.
    neutral
        The number that means no effect; None for the usual one, which is 1 for ratios and 0 for others.
    unproven
        Why its interval and test can't be relied on, although they are given; "" if they can.
    cannot_say
        Why there is no answer; "" if there is one.
    """

    key: str
    question: str
    estimate: Estimate | None = None
    tests: tuple[Test, ...] = ()
    naive_p: float | None = None
    details: tuple[tuple[str, Estimate], ...] = ()
    caveats: tuple[str, ...] = ()
    neutral: float | None = None
    unproven: str = ""
    cannot_say: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Plot:
    """One figure: drawn when it is wanted.

    Attributes
    ----------
    name
        File name without an ending.
    caption
        What is seen, with n of sessions, drivers and minutes.
    draw
        Gives the matplotlib figure.
    """

    name: str
    caption: str
    draw: "Callable[[], Figure]"


@dataclass(frozen=True, kw_only=True, eq=False)
class TableOfRows:
    """A table of the report: one row for each session, driver or condition.

    Attributes
    ----------
    name, caption
        As of a plot.
    columns
        Headings, with units.
    rows
        Cells; None is shown as "–".
    """

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | int | None, ...], ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Section:
    """What one analysis gives to the report.

    Attributes
    ----------
    key, title
        Of the section.
    findings, plots, tables
        Its content.
    text
        Paragraphs that explain the method in plain words.
    """

    key: str
    title: str
    findings: tuple[Finding, ...] = ()
    plots: tuple[Plot, ...] = ()
    tables: tuple[TableOfRows, ...] = ()
    text: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give every number as plain values; what is not finite is None."""
        return {
            "key": self.key,
            "title": self.title,
            "text": list(self.text),
            "findings": [_plain(asdict(finding)) for finding in self.findings],
            "tables": [
                {
                    "name": table.name,
                    "caption": table.caption,
                    "columns": list(table.columns),
                    "rows": [_plain(list(row)) for row in table.rows],
                }
                for table in self.tables
            ],
            "plots": [{"name": plot.name, "caption": plot.caption} for plot in self.plots],
        }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
