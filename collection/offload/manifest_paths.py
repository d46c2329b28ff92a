"""Filling in ``session.yaml`` what only the files tell."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from dashgaze.errors import DashgazeError, ManifestError
from dashgaze.files import write_text
from dashgaze.media import probe
from dashgaze.schemas.manifest import (
    MANIFEST_NAME,
    SESSION_SCHEMA,
    StrictLoader,
    dump_manifest,
    parse_manifest,
)

from ..eye_tracker import recognise
from ..importing.start_time import estimate_start
from ..phone.recorded_files import VIDEO_SUFFIXES

_PAGE_KEYS = ("started_at_ns", "driver_offset_s")


def fill_manifest(session: Path) -> tuple[str, ...]:
    """Name the files that are there, where the manifest names none or one that is not there.

    What it says else stays. Nothing is written where nothing has to be.

    Parameters
    ----------
    session
        The session folder.

    Returns
    -------
    tuple of str
        What was filled in, in sentences.

    Raises
    ------
    ManifestError
        If the manifest can't be read, or is not valid with what was filled in.
    OutputError
        If it can't be written.
    """
    path = session / MANIFEST_NAME
    content = _read(path)
    notes: list[str] = []
    if content is None:
        content = {"schema": SESSION_SCHEMA, "session_id": session.absolute().name}
        notes.append(f"{MANIFEST_NAME} was made; `dashgaze check` asks for what it lacks.")
    phone = content.setdefault("phone", {})
    tracker = content.setdefault("eye_tracker", {})
    if not isinstance(phone, dict) or not isinstance(tracker, dict):
        return ()
    before = json.dumps([phone, tracker, content.get("recorded_at")], default=str)
    for role in ("road", "driver", "location"):
        _fill_path(session, phone, role, notes)
    _fill_tracker(session, tracker, notes)
    _fill_times(session, content, phone, notes)
    if json.dumps([phone, tracker, content.get("recorded_at")], default=str) == before:
        return ()
    if "road" not in phone or not {"kind", "path"} <= set(tracker):
        return ()  # not all is home yet; half a manifest is none
    manifest = parse_manifest(yaml.safe_dump(content, sort_keys=False), path=path)
    write_text(path, dump_manifest(manifest))
    return tuple(notes)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=StrictLoader)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ManifestError(
            f"{path} can't be read: {' '.join(str(error).split())}.",
            fix="Mend it; the files are safe.",
            path=path,
        ) from error
    if not isinstance(content, dict):
        raise ManifestError(f"{path} holds no keys.", fix="Mend it; the files are safe.", path=path)
    return content


def _fill_path(session: Path, phone: dict[str, Any], role: str, notes: list[str]) -> None:
    named = phone.get(role)
    if isinstance(named, str) and _is_there(session / named, Path.is_file):
        return
    folder = session / "phone"
    suffixes = {".csv", ".gpx", ".nmea"} if role == "location" else VIDEO_SUFFIXES
    there = sorted(
        each
        for each in (folder.iterdir() if folder.is_dir() else ())
        if each.stem == role and each.suffix.lower() in suffixes
    )
    if len(there) == 1:
        phone[role] = f"phone/{there[0].name}"
        notes.append(f"phone: {role} is {phone[role]}.")


def _is_there(path: Path, is_kind: Callable[[Path], bool]) -> bool:
    """Tell whether there is such a file; one that can have no such name is not there."""
    try:
        return is_kind(path)
    except (OSError, ValueError):
        return False


def _fill_tracker(session: Path, tracker: dict[str, Any], notes: list[str]) -> None:
    named = tracker.get("path")
    folder = "eye_tracker"
    if isinstance(named, str) and _is_there(session / named, Path.is_dir):
        folder = named
    found = recognise(session / folder) if (session / folder).is_dir() else None
    if found is None:
        return
    told = {"kind": found[0], "path": folder}
    if tracker != told:
        if tracker.get("kind") not in (None, found[0]):
            notes.append(f"The eye tracker was a {found[0]}, not a {tracker['kind']}.")
        tracker |= told
        notes.append(f"eye_tracker: path is {folder}.")


def _fill_times(
    session: Path, content: dict[str, Any], phone: dict[str, Any], notes: list[str]
) -> None:
    """Take the times of the browser page, or the road video's own."""
    try:
        page = json.loads((session / "field" / "page" / "result.json").read_text(encoding="utf-8"))
        if page["road"] == phone.get("road"):
            for key in _PAGE_KEYS:
                if page.get(key) is not None and key not in phone:
                    phone[key] = page[key]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    road = phone.get("road")
    if content.get("recorded_at") is not None or "started_at_ns" in phone:
        return
    try:
        start = estimate_start(probe(session / road)) if isinstance(road, str) else None
    except (DashgazeError, OSError, ValueError):
        return
    if start is not None:
        content["recorded_at"] = start.text
        notes.append(f"recorded_at is estimated from {start.origin}: {start.text}.")
