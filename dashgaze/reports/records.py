"""What the stages say of themselves: options, versions, and whether their results still hold."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from dashgaze.errors import InputError
from dashgaze.fingerprint import fingerprint
from dashgaze.schemas.manifest import MANIFEST_NAME
from dashgaze.session import Session
from dashgaze.stages.align import ALIGN_RECORD_NAME
from dashgaze.stages.frames import RECORD_NAME
from dashgaze.stages.record import StageRecord, read_record, read_time_map_record
from dashgaze.stages.session_clock import TIME_MAP_NAME

STAGES = ("sync", "frames", "align", "faces")
"""In the order in which they run."""

_FILES = {
    "sync": TIME_MAP_NAME,
    "frames": RECORD_NAME,
    "align": ALIGN_RECORD_NAME,
    "faces": "faces.json",
}


@dataclass(frozen=True, kw_only=True)
class StageState:
    """Where one stage of a session stands.

    Attributes
    ----------
    stage
        Its name.
    record
        What it says of itself; None if it has not run, or that can't be read.
    changed
        Inputs that are not what they were when it ran, by path from the session folder.
    """

    stage: str
    record: StageRecord | None
    changed: tuple[str, ...] = ()

    @property
    def stale(self) -> bool:
        """Whether its result may be wrong now. A line added to the manifest makes no result wrong."""
        return any(name != MANIFEST_NAME for name in self.changed)

    def to_json(self) -> dict[str, Any]:
        """Give the state ready for JSON."""
        record = self.record
        return {
            "stage": self.stage,
            "has_run": record is not None,
            "changed_inputs": list(self.changed),
            "options": None if record is None else record.options,
            "versions": None if record is None else record.versions,
            "notes": [] if record is None else list(record.notes),
        }


def read_stage_states(session: Session) -> tuple[StageState, ...]:
    """Read where all stages stand; each input is looked at once."""
    known: dict[str, Any] = {}
    states = []
    for stage in STAGES:
        path = session.derived / _FILES[stage]
        if stage == "sync":
            record = read_time_map_record(path, root=session.root)
        else:
            record = read_record(path)
        changed = () if record is None else _changed(session.root, record, known)
        states.append(StageState(stage=stage, record=record, changed=changed))
    return tuple(states)


def _changed(root: Path, record: StageRecord, known: dict[str, Any]) -> tuple[str, ...]:
    changed = []
    for name, content in sorted(record.inputs.items()):
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts:
            continue  # not ours to judge
        if name not in known:
            try:
                known[name] = fingerprint(root / relative)
            except InputError:
                known[name] = None
        if known[name] != content:
            changed.append(name)
    return tuple(changed)
