"""One thing that was looked at before a drive."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["green", "amber", "red"]
Subject = Literal["form", "host", "tracker", "phone"]

_ORDER: tuple[Level, ...] = ("green", "amber", "red")


@dataclass(frozen=True, kw_only=True)
class Check:
    """What was found, and what to do about it.

    Attributes
    ----------
    code
        Stable name for programs, such as ``tracker.battery``.
    subject
        What was looked at.
    level
        Green: good. Amber: the drive can be made, and may be worth less. Red: it must not start.
    what
        What is, in a sentence.
    fix
        What to do, in a sentence; empty if green.
    """

    code: str
    subject: Subject
    level: Level
    what: str
    fix: str = ""

    def __post_init__(self) -> None:
        if self.level != "green" and not self.fix:
            raise ValueError(f"{self.code}: what is not green needs a fix")


def worst(checks: Iterable[Check]) -> Level:
    """Give the worst level of some checks; green if there are none."""
    return max((check.level for check in checks), key=_ORDER.index, default="green")
