"""Making a session folder of files of any origin."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from dashgaze.errors import InputError, ManifestError, RecordingError
from dashgaze.files import filling, refuse_taken_folder, write_text
from dashgaze.progress import Progress, part_of, silent
from dashgaze.schemas.manifest import (
    MANIFEST_NAME,
    SESSION_SCHEMA,
    SessionManifest,
    dump_manifest,
    parse_manifest,
)

from ..eye_tracker.recognition import find_recording
from .composite import shown_size
from .conditions import Conditions, refused
from .layouts import Layout
from .phone_files import Made, plan_phone
from .roles import Roles, assign_roles
from .sources import find_sources
from .start_time import StartTime, estimate_start, phone_model
from .verified_copy import CHECKSUMS_NAME, Copied, check_space, checksums_text, copy_all, tasks_for

_TRACKER_FOLDER = PurePosixPath("eye_tracker")
# Joining reads and writes what copying did once more; coding anew takes longer than both.
_COPYING_SHARE = 0.5


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
    made
        Files that were made of others: joined parts, the halves of a composite.
    left_out
        Files among the sources that were not taken.
    notes
        What was assumed and made, in sentences.
    """

    path: Path
    manifest: SessionManifest
    copied: tuple[Copied, ...]
    left_out: tuple[Path, ...]
    notes: tuple[str, ...]
    made: tuple[Made, ...] = ()

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
            "made": [
                {
                    "target": str(each.target),
                    "sources": [str(path) for path in each.sources],
                    "size_bytes": each.size_bytes,
                    "sha256": each.sha256,
                }
                for each in self.made
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
    layout: Layout | None = None,
    trust_names: bool = False,
    keep_originals: bool = True,
    progress: Progress = silent,
) -> Imported:
    """Copy recordings into a new session folder and write its ``session.yaml``.

    The sources stay as they are. Each copy is read back and compared. The folder is filled under
    the name ``<session>.part`` and renamed at the end, so that it is there whole or not at all.

    Parts of a split recording are joined without coding them anew, and a video with two pictures
    is parted into two (see `join_parts` and `part_composite`); what was done stands in
    ``phone/import.json``, and the originals in ``phone/original``.

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
    layout
        How road and driver share the pictures of one video; None if each has its own.
    trust_names
        Whether files with like names are parts of one recording even if no times say so.
    keep_originals
        Whether what others are made of is copied as well.
    progress
        Called as bytes are copied.

    Raises
    ------
    InputError
        If a source is missing, unreadable, ambiguous, or there twice, if parts don't fit to each
        other or may be missing, or a layout does not fit to its video.
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
        composite=layout is not None,
        trust_names=trust_names,
    )
    if layout is not None:
        layout.boxes(shown_size(roles.road.info))  # refuses what does not fit, before it is copied
    plan = plan_phone(roles, layout, keep_originals=keep_originals)
    notes: list[str] = []
    content, start = _manifest_content(roles, plan.names, target, conditions, notes)
    copies = [*plan.copies, (roles.tracker, _TRACKER_FOLDER)]
    tasks = [task for source, place in copies for task in tasks_for(source, place)]
    check_space(target, tasks, made_bytes=plan.made_bytes)
    share = _COPYING_SHARE if plan.steps else 1.0
    with filling(target) as folder:
        copied = copy_all(tasks, folder, part_of(progress, 0.0, share))
        made, done = plan.make(folder, part_of(progress, share, 1.0))
        notes += done
        content["eye_tracker"]["kind"] = _kind_of(folder / _TRACKER_FOLDER, roles.tracker)
        manifest = _parsed(content, folder / MANIFEST_NAME)
        sums = {each.target: each.sha256 for each in copied}
        sums |= {each.target: each.sha256 for each in made}
        write_text(folder / CHECKSUMS_NAME, checksums_text(sums))
        write_text(folder / MANIFEST_NAME, _manifest_text(manifest, start))
    return Imported(
        path=target,
        manifest=manifest,
        copied=tuple(copied),
        left_out=roles.left_out,
        notes=tuple(notes),
        made=tuple(made),
    )


def _path(path: Path | None) -> Path | None:
    return None if path is None else Path(path)


def _manifest_content(
    roles: Roles,
    names: Mapping[str, PurePosixPath],
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
    phone = {role: str(place) for role, place in names.items()}
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
