"""Which results are vouched for by the record of a stage.

A record is a JSON file that names files under ``outputs``, each with its fingerprint, at any depth;
or one with ``inputs`` and ``versions`` and no outputs, which is a result and its record in one
(``time_map.json``).
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from dashgaze.errors import InputError
from dashgaze.fingerprint import fingerprint

Outputs = dict[str, dict[str, Any]]
"""Fingerprint of each file, by name from the session folder."""

# Records are some kilobytes; a report's is some hundred.
_MOST_BYTES = 16 << 20


@dataclass(frozen=True, kw_only=True)
class Vouching:
    """How the results of a session stand to their records.

    Attributes
    ----------
    records
        What each record vouches for, by name of its file.
    standing
        Records all of whose outputs are there as they say.
    """

    records: dict[str, Outputs]
    standing: frozenset[str]

    @property
    def claimed(self) -> frozenset[str]:
        """Files that some record names."""
        return frozenset(name for outputs in self.records.values() for name in outputs)

    @property
    def vouched(self) -> frozenset[str]:
        """Files that a record which stands names: they are whole."""
        return frozenset(name for record in self.standing for name in self.records[record])


def look_at_records(root: Path, names: Iterable[str]) -> Vouching:
    """Read the records among some files of a session, and see which of them stand."""
    records = {}
    for name in names:
        outputs = read_outputs(root / name)
        if outputs is not None:
            records[name] = outputs
    found: dict[str, dict[str, Any] | None] = {}
    for outputs in records.values():
        for name in outputs:
            if name not in found:
                found[name] = _fingerprint(root, name)
    standing = {
        record
        for record, outputs in records.items()
        if all(found[name] == content for name, content in outputs.items())
    }
    return Vouching(records=records, standing=frozenset(standing))


def read_outputs(path: Path) -> Outputs | None:
    """Give what a record vouches for; None if the file is no record."""
    if path.suffix != ".json":
        return None
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    outputs: Outputs = {}
    for each in _outputs_in(content):
        outputs |= each
    whole_in_one = {"inputs", "versions"} <= content.keys() and "outputs" not in content
    return outputs if outputs or whole_in_one else None


def _outputs_in(content: Any) -> Iterator[Outputs]:
    waiting = [content]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, dict):
            outputs = each.get("outputs")
            if isinstance(outputs, dict) and all(_is_print(value) for value in outputs.values()):
                yield outputs
            waiting.extend(each.values())


def _is_print(value: Any) -> bool:
    return isinstance(value, dict) and {"size_bytes", "blake2b"} <= value.keys()


def _fingerprint(root: Path, name: str) -> dict[str, Any] | None:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        return None
    try:
        return fingerprint(root / relative)
    except InputError:
        return None
