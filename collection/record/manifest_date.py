"""When a drive began, in its ``session.yaml``."""

from datetime import datetime
from typing import Any

from dashgaze.errors import DashgazeError
from dashgaze.files import write_text
from dashgaze.schemas.manifest import dump_manifest, parse_manifest

from ..field.device import ClockOffset, FieldDevice, Started
from .drive_folder import DriveFolder


def date_manifest(
    folder: DriveFolder,
    started: Started,
    offset: ClockOffset | None,
    tracker: FieldDevice | None,
) -> str:
    """Say when the phone began, by its own clock where that is known, and what the tracker is.

    Parameters
    ----------
    folder
        The session folder.
    started
        What the phone said as it was started.
    offset
        How its clock stands; None if that is not known.
    tracker
        The tracker, if there is one; its ``kind`` is taken where it has one.

    Returns
    -------
    str
        What went wrong, in a sentence; empty if nothing did. A drive does not end for it.
    """
    at_ns = started.device_ns
    if at_ns is None:
        at_ns = started.host_ns + (0 if offset is None else round(offset.offset_ms * 1e6))
    moment = datetime.fromtimestamp(at_ns / 1e9).astimezone()
    try:
        text = folder.manifest.read_text(encoding="utf-8-sig")
        manifest = parse_manifest(text, path=folder.manifest)
        changes: dict[str, Any] = {"recorded_at": moment.isoformat(timespec="seconds")}
        kind = _kind_of(tracker)
        if kind is not None:
            changes["eye_tracker"] = manifest.eye_tracker.model_copy(update={"kind": kind})
        write_text(folder.manifest, dump_manifest(manifest.model_copy(update=changes)))
    except (OSError, DashgazeError) as error:
        return f"session.yaml could not be dated: {error}"
    return ""


def _kind_of(tracker: FieldDevice | None) -> str | None:
    """Give what the tracker says that it is, in the manifest's words; None if it does not."""
    kind = str(getattr(tracker, "kind", None)).lower().replace(" ", "_")
    return kind if kind in ("pupil_invisible", "neon") else None
