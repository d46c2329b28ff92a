"""What of a driver is found in a place, and what is done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Found:
    """What of a driver is in one place.

    Attributes
    ----------
    place
        A packed data set, or a folder of drives.
    kind
        Which of both.
    sessions
        The driver's sessions in it, sorted.
    rows
        Rows of each table; of a data set only.
    files
        Files that are removed, by their path from the place, sorted.
    size_bytes
        Their size.
    entries
        Files that stay and lose what they say of the driver.
    recordings
        Folders of recordings, which are never removed: whoever may, does it by hand.
    known
        Whether it stood in the place's list of withdrawals already.
    """

    place: Path
    kind: Literal["data set", "drives"]
    sessions: tuple[str, ...]
    rows: Mapping[str, int]
    files: tuple[str, ...]
    size_bytes: int
    entries: tuple[str, ...]
    recordings: tuple[Path, ...] = ()
    known: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be removed."""
        return not (self.sessions or self.files or self.entries)


@dataclass(frozen=True, kw_only=True)
class Withdrawal:
    """What of a driver is found, over all places.

    Attributes
    ----------
    driver_digest
        What the driver is known by from now on.
    found
        One for each place, in the order given.
    done
        Whether it was removed; if not, nothing was changed.
    """

    driver_digest: str
    found: tuple[Found, ...]
    done: bool
