"""What an offload brought home."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .copy_record import SecondCopy


@dataclass(kw_only=True)
class OffloadResult:
    """What came home.

    Attributes
    ----------
    session
        The session folder.
    copied, there_already, made_here
        Paths in the session of files that were copied now, were there and are equal, and were recorded
        into it.
    failed
        Files that did not come home, and why.
    lacking
        What the drive recorded by its journal and is not here at all, in sentences: it was not asked
        for, or never came.
    second_copy
        The second copy, if one was made.
    may_be_deleted
        By device: files of which there are two verified copies on different disks. Deleting them is
        left to a person.
    notes
        What a user should know, in sentences.
    """

    session: Path
    copied: list[str] = field(default_factory=list)
    there_already: list[str] = field(default_factory=list)
    made_here: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    lacking: list[str] = field(default_factory=list)
    second_copy: SecondCopy | None = None
    may_be_deleted: dict[str, list[str]] = field(default_factory=dict)
    copied_bytes: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether all that was listed is home."""
        return not self.failed

    def to_json(self) -> dict[str, Any]:
        """Give it as one object, ready for JSON."""
        return asdict(self) | {"session": str(self.session), "complete": self.complete}
