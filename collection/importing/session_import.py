"""Making a session folder of files of any origin."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from dashgaze.errors import InputError, ManifestError, RecordingError
from dashgaze.files import filling, refuse_taken_folder, write_text
from dashgaze.progress import Progress, silent
from dashgaze.schemas.manifest import (
    MANIFEST_NAME,
    SESSION_SCHEMA,
    SessionManifest,
    dump_manifest,
    parse_manifest,
)

from ..eye_tracker.recognition import find_recording
from .conditions import Conditions, refused
from .roles import Roles, assign_roles
from .sources import find_sources
from .start_time import StartTime, estimate_start, phone_model
from .verified_copy import CHECKSUMS_NAME, Copied, check_space, checksums_text, copy_all, tasks_for

_TRACKER_FOLDER = PurePosixPath("eye_tracker")
_PHONE_FOLDER = PurePosixPath("phone")


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A session folder that was made.

    Attributes
    ----------
    path
        The folder.
    manifest
        What its ``session.yaml`` says.
    copied
        The files, with their checksums.
    left_out
        Files among the sources that were not taken.
    notes
        What was assumed, in sentences.
    """

    path: Path
    manifest: SessionManifest
    copied: tuple[Copied, ...]
    left_out: tuple[Path, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Give it as one object, ready for JSON."""
        return {
            "path": str(self.path),
            "session_id": self.manifest.session_id,
            "copied": [
                {
                    "source": str(each.source),
                    "target": str(each.target),
                    "size_bytes": each.size_bytes,
                    "sha256": each.sha256,
                }
                for each in self.copied
            ],
            "left_out": [str(path) for path in self.left_out],
            "notes": list(self.notes),
        }


def import_session(
    sources: Sequence[Path],
    session: Path,
    *,
    road: Path | None = None,
    driver: Path | None = None,
    eye_tracker: Path | None = None,
    location: Path | None = None,
    conditions: Conditions | None = None,
    progress: Progress = silent,
) -> Imported:
    """Copy recordings into a new session folder and write its ``session.yaml``.

    The sources stay as they are. Each copy is read back and compared. The folder is filled under
    the name ``<session>.part`` and renamed at the end, so that it is there whole or not at all.

    Parameters
    ----------
    sources
        Files and folders in which to find the videos, the track and the eye tracker recording
        (its folder, or Pupil Cloud's zip archive).
    session
        The session folder: a new one, or an empty one.
    road, driver, eye_tracker, location
        Files that are named because they can't be told apart by their content and name.
    conditions
        What is known of the drive.
    progress
        Called as bytes are copied.

    Raises
    ------
    InputError
        If a source is missing, unreadable, ambiguous, a part of a split recording, or there twice.
    OutputError
        If the folder exists and is not empty, the disk is full, or a copy differs.
    """
    conditions = conditions or Conditions()
    target = Path(session)
    refuse_taken_folder(target)
    roles = assign_roles(
        find_sources([Path(path) for path in sources]),
        road=_path(road),
        driver=_path(driver),
        eye_tracker=_path(eye_tracker),
        location=_path(location),
    )
    places = _places(roles)
    notes: list[str] = []
    content, start = _manifest_content(roles, places, target, conditions, notes)
    tasks = [task for source, place in places.values() for task in tasks_for(source, place)]
    check_space(target, tasks)
    with filling(target) as folder:
        copied = copy_all(tasks, folder, progress)
        content["eye_tracker"]["kind"] = _kind_of(folder / _TRACKER_FOLDER, roles.tracker)
        manifest = _parsed(content, folder / MANIFEST_NAME)
        write_text(folder / CHECKSUMS_NAME, checksums_text(copied))
        write_text(folder / MANIFEST_NAME, _manifest_text(manifest, start))
    return Imported(
        path=target,
        manifest=manifest,
        copied=tuple(copied),
        left_out=roles.left_out,
        notes=tuple(notes),
    )


def _path(path: Path | None) -> Path | None:
    return None if path is None else Path(path)


def _places(roles: Roles) -> dict[str, tuple[Path, PurePosixPath]]:
    """Give the source and the place in the session of each role."""
    named = {
        "road": roles.road.path,
        "driver": None if roles.driver is None else roles.driver.path,
        "location": roles.location,
    }
    places = {
        role: (path, _PHONE_FOLDER / f"{role}{path.suffix.lower()}")
        for role, path in named.items()
        if path is not None
    }
    return places | {"eye_tracker": (roles.tracker, _TRACKER_FOLDER)}


def _manifest_content(
    roles: Roles,
    places: dict[str, tuple[Path, PurePosixPath]],
    target: Path,
    conditions: Conditions,
    notes: list[str],
) -> tuple[dict[str, Any], StartTime | None]:
    """Give the keys of the manifest, and how its time was estimated if it was.

    Raises
    ------
    InputError
        If a condition has a value that it must not have.
    """
    start = None if conditions.recorded_at is not None else estimate_start(roles.road.info)
    content: dict[str, Any] = {
        "schema": SESSION_SCHEMA,
        "session_id": conditions.session_id or _id_from(target, notes),
        **conditions.manifest_keys(),
    }
    if start is not None:
        content["recorded_at"] = start.text
        notes.append(f"recorded_at is estimated from {start.origin}: {start.text}.")
    phone = {role: str(place) for role, (_, place) in places.items() if role != "eye_tracker"}
    model = conditions.phone_model or phone_model(roles.road.path)
    content["phone"] = ({} if model is None else {"model": model}) | phone
    # The kind of a zip archive is known only when it is unpacked.
    content["eye_tracker"] = {"kind": "neon", "path": str(_TRACKER_FOLDER)}
    _parsed(content, target / MANIFEST_NAME)
    return content, start


def _id_from(target: Path, notes: list[str]) -> str:
    name = target.absolute().name
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", plain).strip("._-")
    if not plain:
        raise InputError(
            f"The folder's name {name!r} can't be a session_id, which has letters and digits.",
            fix="Give one with --session-id.",
            path=target,
        )
    if plain != name:
        notes.append(f"session_id is '{plain}': it may not have all signs of the folder's name.")
    return plain


def _parsed(content: dict[str, Any], path: Path) -> SessionManifest:
    try:
        return parse_manifest(yaml.safe_dump(content, sort_keys=False), path=path)
    except ManifestError as error:
        raise refused(error) from error


def _manifest_text(manifest: SessionManifest, start: StartTime | None) -> str:
    lines = dump_manifest(manifest).splitlines()
    if start is not None:
        lines = [
            f"{line}   # estimated from {start.origin}" if line.startswith("recorded_at:") else line
            for line in lines
        ]
    return "\n".join(lines) + "\n"


def _kind_of(folder: Path, source: Path) -> str:
    try:
        kind = find_recording(folder).kind
    except RecordingError as error:  # an archive, of which only the names were known
        raise InputError(
            f"{source} holds no eye tracker recording that can be read: {error.what}",
            fix=error.fix,
            path=source,
        ) from error
    if kind is None:
        raise InputError(
            f"{source} does not say whether a Pupil Invisible or a Neon made it.",
            fix="Copy info.json of the download into it.",
            path=source,
        )
    return kind
