"""One thing that was looked at on a computer."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["good", "note", "doubtful"]
Group = Literal["dashgaze", "extras", "computer", "media", "collection", "graphics"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found, and what to do about it.

    Attributes
    ----------
    code
        Stable name for programs, such as ``computer.disk``.
    group
        What it belongs to.
    level
        Good; a note, which is nothing to worry about (an extra that is not installed); or doubtful: something
        that will fail or mislead.
    what
        What is, in a sentence.
    fix
        What to type or do; never empty if doubtful.
    """

    code: str
    group: Group
    level: Level
    what: str
    fix: str = ""

    def __post_init__(self) -> None:
        if self.level == "doubtful" and not self.fix:
            raise ValueError(f"{self.code}: what is doubtful needs a fix")
