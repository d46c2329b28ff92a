"""What the findings of ``dashgaze check`` mean for a drive."""

from collections.abc import Iterator
from pathlib import Path

from dashgaze.checks import Finding

from .drive import Drive
from .verdict import Reason, Severity
from .wording import without_root

_MENDABLE = frozenset(
    {
        "DISK-FULL",
        "FILE-EMPTY",
        "FILE-MISSING",
        "KIND-DIFFERS",
        "MANIFEST-FAULT",
        "ROAD-IS-DRIVER",
        "ROAD-IS-WORLD",
        "SAME-FILE-TWICE",
        "SESSION-READ-ONLY",
        "TRACKER-SWAPPED",
        "VIDEO-WITHOUT-PICTURES",
    }
)
"""Errors of `check` in the folder rather than in the drive: it can't be judged before they are mended."""

_SOUND = frozenset({"ROAD-NO-SOUND", "WORLD-NO-SOUND", "SOUND-SILENT", "SOUND-UNREADABLE"})
"""Errors that keep the sync from working, unless its map was given by hand."""

_JUDGED_HERE = frozenset({"DERIVED-STALE", "FRAMES-DROPPED", "SOUND-CLIPPED", "SOUND-GAPS"})
"""Findings that a rule of its own takes up, with limits for a whole drive."""

_TO_FILL_IN = frozenset(
    {
        "MISSING-CAMERA-POSITION",
        "MISSING-CAR",
        "MISSING-EYEWEAR",
        "MISSING-LIGHTING",
        "MISSING-PASSENGERS",
        "MISSING-PHONE-MODEL",
        "MISSING-WEATHER",
        "MISSING-DRIVER-ID",
    }
)
"""What the manifest can still be told; no fault of the drive."""


def check_reasons(drive: Drive) -> Iterator[Reason]:
    """Give the findings as reasons, but for those that rules of the report take up."""
    root = drive.session.root
    for finding in drive.check.findings:
        if finding.code in _JUDGED_HERE:
            continue
        yield Reason(
            severity=_severity(finding, drive),
            code=finding.code,
            message=without_root(finding.message, root),
            fix=without_root(finding.fix, root),
        )


def _severity(finding: Finding, drive: Drive) -> Severity:
    """Say what a finding of `check` means for the drive."""
    if finding.severity == "info" or finding.code in _TO_FILL_IN:
        return "note"
    if finding.severity == "warning":
        return "flag"
    side = (drive.session.manifest.phone.driver, drive.session.manifest.phone.location)
    if finding.path is not None and finding.path in side:
        return "flag"  # road and gaze can do without
    if finding.code in _MENDABLE or (
        finding.code == "TRACKER-UNREADABLE" and _is_empty(drive.session.eye_tracker_path)
    ):
        return "unknown"
    if finding.code in _SOUND and drive.time_map is not None:
        return "flag" if drive.clocks_known else "redo"
    return "redo"


def _is_empty(folder: Path) -> bool:
    """Whether a folder holds nothing: its files have not been copied yet."""
    return not folder.is_dir() or not any(folder.iterdir())
