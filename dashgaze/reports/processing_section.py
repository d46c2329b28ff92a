"""The section on how a report was made: the manifest, and the stages with options and versions."""

from dataclasses import dataclass
from typing import Any

from .drive import Drive
from .records import StageState
from .texts import MISSING

Row = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class StageRow:
    """One stage: its state, and what it was run with."""

    stage: str
    state: str
    options: str
    versions: str


def manifest_rows(drive: Drive) -> tuple[Row, ...]:
    """Give what the manifest says, a dash where it says nothing."""
    manifest = drive.session.manifest
    consent = manifest.consent
    return (
        ("Driver", manifest.driver_id or MISSING),
        ("Recorded", manifest.recorded_at or MISSING),
        ("Car", manifest.car or MISSING),
        ("Phone", manifest.phone.model or MISSING),
        ("Phone mounted", (manifest.camera_position or MISSING).replace("_", " ")),
        ("Eye tracker", manifest.eye_tracker.kind.replace("_", " ")),
        ("Weather", manifest.weather or MISSING),
        ("Light", manifest.lighting or MISSING),
        ("Eyewear", manifest.eyewear or MISSING),
        ("Passengers", MISSING if manifest.passengers is None else str(manifest.passengers)),
        ("Consent", MISSING if consent is None else f"{consent.scope}, form {consent.version}"),
    )


def stage_rows(drive: Drive) -> tuple[StageRow, ...]:
    """Give the stages in the order in which they run."""
    return tuple(
        StageRow(
            stage=state.stage,
            state=_state(state),
            options=MISSING if state.record is None else _words(state.record.options),
            versions=MISSING if state.record is None else _words(state.record.versions),
        )
        for state in drive.stages
    )


def _state(state: StageState) -> str:
    if state.record is None:
        return "has not run"
    if state.changed:
        return f"its inputs changed since: {', '.join(state.changed)}"
    return "up to date"


def _words(content: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_word(value)}" for name, value in content.items()) or "none"


def _word(value: Any) -> str:
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return f"({_words(value)})"
    return str(value)
