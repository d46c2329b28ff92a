"""What a stage did, kept beside its output, so that it is skipped if nothing changed since.

A stage works like this::

    wanted = plan_stage("frames", version=1, options=options, inputs=[…], root=session.root)
    if not force and up_to_date(read_record(record_path), wanted, root=session.root):
        return output
    …
    write_record(record_path, wanted.finished([output], root=session.root))

The record of ``sync`` has no file of its own: it is part of ``time_map.json``, see
`read_time_map_record`.
"""

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import TypeAdapter

from dashgaze.errors import InputError
from dashgaze.files import write_text
from dashgaze.fingerprint import fingerprint, fingerprints
from dashgaze.schemas.time_map import TimeMapDocument

__all__ = [
    "StageRecord",
    "fingerprint",
    "plan_stage",
    "read_record",
    "read_time_map_record",
    "up_to_date",
    "why_stale",
    "write_record",
]


@dataclass(frozen=True, kw_only=True)
class StageRecord:
    """What a stage was asked to do, with what, and what came of it. Everything is ready for JSON.

    Attributes
    ----------
    stage
        Name of the stage.
    options
        Its options, by name.
    inputs
        Fingerprint of each file or folder that it reads, by path from the session folder.
    versions
        Version of dashgaze, of the packages that the result depends on, and, under the stage's own
        name, of the stage: the only one whose change asks for the work to be done again.
    outputs
        Fingerprint of each file that it wrote, as for `inputs`; empty until it is done.
    notes
        What a user should know of the result, in sentences.
    """

    stage: str
    options: dict[str, Any]
    inputs: dict[str, Any]
    versions: dict[str, str]
    outputs: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def finished(
        self, outputs: Iterable[Path], *, root: Path, notes: Iterable[str] = ()
    ) -> "StageRecord":
        """Give the same record with the files written and what is to be said of them."""
        return dataclasses.replace(
            self, outputs=fingerprints(outputs, root=root), notes=tuple(notes)
        )

    def to_json(self) -> str:
        """Write the record as JSON text."""
        content = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "StageRecord":
        """Read a record.

        Raises
        ------
        ValueError
            If the text is no record of this form.
        """
        return _ADAPTER.validate_json(text, strict=True)


_ADAPTER = TypeAdapter(StageRecord)


def plan_stage(
    stage: str,
    *,
    version: int,
    options: object,
    inputs: Iterable[Path],
    root: Path,
    packages: Iterable[str] = ("numpy",),
) -> StageRecord:
    """Describe what a stage is about to do.

    Parameters
    ----------
    stage
        Its name.
    version
        Version of its method; count it up when the same input gives another result.
    options
        A dataclass, or a mapping, of plain values.
    inputs
        Files and folders in the session folder that it reads.
    root
        The session folder.
    packages
        Packages whose versions are worth knowing, as pip calls them.

    Raises
    ------
    InputError
        If an input can't be read.
    """
    return StageRecord(
        stage=stage,
        options=_plain(options),
        inputs=fingerprints(inputs, root=root),
        versions={stage: str(version)}
        | {name: metadata.version(name) for name in ("dashgaze", *packages)},
    )


def up_to_date(previous: StageRecord | None, wanted: StageRecord, *, root: Path) -> bool:
    """Whether what a stage did before is what it would do now, and its output still stands.

    Parameters
    ----------
    previous
        What the record on disk says; None if there is none that can be read.
    wanted
        What would be done now.
    root
        The session folder.
    """
    return previous is not None and not why_stale(previous, wanted, root=root)


def why_stale(previous: StageRecord, wanted: StageRecord, *, root: Path) -> tuple[str, ...]:
    """Say what speaks for doing the work of a stage again, in a few words each; empty if nothing does.

    Parameters
    ----------
    previous
        What the record on disk says.
    wanted
        What would be done now.
    root
        The session folder.
    """
    if previous.stage != wanted.stage:
        return (f"the record is that of {previous.stage}",)
    reasons = []
    before, now = previous.versions.get(wanted.stage), wanted.versions[wanted.stage]
    if before != now:
        reasons.append(f"version {before or '?'} of the method, now {now}")
    reasons += _differences("option", previous.options, wanted.options)
    reasons += _differences("input", previous.inputs, wanted.inputs)
    if not previous.outputs:
        reasons.append("no output is vouched for")
    reasons += [
        f"output {name} is missing" if not (root / name).exists() else f"output {name} changed"
        for name, content in previous.outputs.items()
        if not _stands(root, name, content)
    ]
    return tuple(reasons)


def read_record(path: Path) -> StageRecord | None:
    """Read the record of a stage; None if there is none, or none that can be read."""
    try:
        if not path.is_file():  # to open a pipe is to wait without end
            return None
        return StageRecord.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def write_record(path: Path, record: StageRecord) -> Path:
    """Write the record of a stage, in one step.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    return write_text(path, record.to_json())


def read_time_map_record(path: Path, *, root: Path) -> StageRecord | None:
    """Read the record of ``sync``, which is part of its output; None if there is none to be read.

    Parameters
    ----------
    path
        ``time_map.json``.
    root
        The session folder.
    """
    try:
        if not path.is_file():
            return None
        document = TimeMapDocument.model_validate_json(path.read_bytes())
        outputs = fingerprints([path], root=root)
    except (OSError, ValueError, RecursionError, InputError):
        return None
    return StageRecord(
        stage="sync",
        options=document.options,
        inputs=document.inputs,
        versions=document.versions,
        outputs=outputs,
        notes=document.reasons,
    )


def _plain(options: object) -> dict[str, Any]:
    """Give options as JSON would bring them back, so that old and new ones can be compared."""
    if dataclasses.is_dataclass(options) and not isinstance(options, type):
        content: object = dataclasses.asdict(options)
    else:
        content = options
    plain = json.loads(json.dumps(content, allow_nan=False))
    if not isinstance(plain, dict):
        raise TypeError(f"options are a dataclass or a mapping, not {type(options).__name__}")
    return plain


def _differences(what: str, before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Name what of two mappings differs; values where they are short enough to be read."""
    words = []
    for name in sorted(before.keys() | now.keys()):
        if name not in now:
            words.append(f"{what} {name} is gone")
        elif name not in before:
            words.append(f"{what} {name} is new")
        elif before[name] != now[name]:
            plain = all(not isinstance(each, dict | list) for each in (before[name], now[name]))
            values = f": {before[name]}, now {now[name]}" if plain else ""
            words.append(f"{what} {name} changed{values}")
    return words


def _stands(root: Path, name: str, content: Any) -> bool:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        return False
    try:
        return bool(fingerprint(root / relative) == content)
    except InputError:
        return False
