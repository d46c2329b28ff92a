"""The verdict on a drive, and the reasons that it follows from."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["redo", "unknown", "flag", "note"]
SEVERITIES: tuple[Severity, ...] = ("redo", "unknown", "flag", "note")
"""The worst first. ``unknown``: something that decides has not been looked at yet."""

Verdict = Literal["usable", "usable_with_flags", "redo"]

TITLES: dict[Verdict | None, str] = {
    "usable": "Usable",
    "usable_with_flags": "Usable with flags",
    "redo": "Redo the drive",
    None: "Not yet known",
}


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One thing that speaks against a drive, or that nobody knows yet.

    Attributes
    ----------
    severity
        redo: the drive is of no use as it is. unknown: it can't be judged before something is done.
        flag: usable, but whoever uses it has to know. note: good to know, and no part of the verdict.
    code
        Stable name.
    message
        What is the matter, with the figures.
    fix
        What to do next; empty if nothing can be done.
    """

    severity: Severity
    code: str
    message: str
    fix: str = ""


def verdict_of(reasons: Iterable[Reason]) -> Verdict | None:
    """Give the verdict that follows from reasons; None if it is not known yet.

    One reason to redo decides, whatever is unknown. Else what is unknown leaves the verdict open: it
    may hide such a reason.
    """
    severities = {reason.severity for reason in reasons}
    if "redo" in severities:
        return "redo"
    if "unknown" in severities:
        return None
    return "usable_with_flags" if "flag" in severities else "usable"


def sorted_reasons(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Sort reasons, the worst first, else in the order in which they were found; each one once."""
    unique = list(dict.fromkeys(reasons))
    return tuple(sorted(unique, key=lambda reason: SEVERITIES.index(reason.severity)))
