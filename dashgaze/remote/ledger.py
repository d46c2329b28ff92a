"""What is known of the files of a view: how they stood on the store, and here, when they were the same."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashgaze.files import write_text
from dashgaze.remote_file import RemoteState

from .vouching import Outputs


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file that is the same here and on the store.

    Attributes
    ----------
    state
        How it stands on the store.
    local_bytes, local_ns
        Size and time of change of the local file.
    stand_in
        Whether that only stands for the remote one.
    vouches
        Which outputs the file vouches for, if it is the record of a stage; else None.
    """

    state: RemoteState
    local_bytes: int
    local_ns: int
    stand_in: bool = False
    vouches: Outputs | None = None

    def is_untouched(self, path: Path) -> bool:
        """Whether the local file is still as it was."""
        try:
            status = path.stat()
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (self.local_bytes, self.local_ns)


@dataclass(kw_only=True)
class Ledger:
    """The entries of a view, by name from the session folder; kept in a file.

    Attributes
    ----------
    path
        The file.
    entries
        By name.
    """

    path: Path
    entries: dict[str, Entry] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Ledger":
        """Read a ledger; an empty one where there is none that can be read: all is fetched anew then."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            entries = {name: _entry(each) for name, each in content["files"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            entries = {}
        return cls(path=path, entries=entries)

    def save(self) -> None:
        """Write it, in one step."""
        content = {"files": {name: _plain(each) for name, each in sorted(self.entries.items())}}
        write_text(self.path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")

    def note(
        self, name: str, path: Path, state: RemoteState, *, stand_in: bool, vouches: Outputs | None
    ) -> None:
        """Take down that a file is now the same here and on the store."""
        status = path.stat()
        self.entries[name] = Entry(
            state=state,
            local_bytes=status.st_size,
            local_ns=status.st_mtime_ns,
            stand_in=stand_in,
            vouches=vouches,
        )


def _plain(entry: Entry) -> dict[str, Any]:
    return {
        "size_bytes": entry.state.size_bytes,
        "version": entry.state.version,
        "modified_s": entry.state.modified_s,
        "local_bytes": entry.local_bytes,
        "local_ns": entry.local_ns,
        "stand_in": entry.stand_in,
        "vouches": entry.vouches,
    }


def _entry(content: dict[str, Any]) -> Entry:
    return Entry(
        state=RemoteState(
            size_bytes=content["size_bytes"],
            version=content["version"],
            modified_s=content["modified_s"],
        ),
        local_bytes=content["local_bytes"],
        local_ns=content["local_ns"],
        stand_in=content["stand_in"],
        vouches=content["vouches"],
    )
