"""The anonymized videos of a session, and whether they are still true."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from dashgaze.dataset.video.view_source import View
from dashgaze.errors import InputError
from dashgaze.files import write_text
from dashgaze.fingerprint import fingerprints
from dashgaze.session import Session
from dashgaze.stages.record import StageRecord

from .account import ViewAccount

FOLDER_NAME = "anonymized"
RECORD_NAME = "anonymized.json"
STAGE = "anonymize"
VERSION = 1
"""Version of the method; counted up when the same input gives another result."""


@dataclass(frozen=True, kw_only=True)
class AnonymizedView:
    """One anonymized video.

    Attributes
    ----------
    record
        What was asked for, with what, and the file that came of it.
    account
        What was covered in it, and what was not.
    """

    record: StageRecord
    account: ViewAccount


@dataclass(frozen=True, kw_only=True)
class AnonymizedRecord:
    """Content of ``derived/anonymized.json``: the views that were made, each at its own time."""

    schema: Literal["dashgaze/anonymized/1"] = "dashgaze/anonymized/1"
    views: dict[View, AnonymizedView] = field(default_factory=dict)

    def to_plain(self) -> dict[str, Any]:
        """Give the record as JSON has it."""
        return {
            "schema": self.schema,
            "views": {
                view: {
                    "account": dataclasses.asdict(each.account),
                    "record": dataclasses.asdict(each.record),
                }
                for view, each in sorted(self.views.items())
            },
        }

    def to_json(self) -> str:
        """Write the record as JSON text."""
        return json.dumps(self.to_plain(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


_ADAPTER = TypeAdapter(AnonymizedRecord)


def view_path(session: Session, view: View) -> Path:
    """Give where the anonymized video of a view belongs."""
    return session.derived / FOLDER_NAME / f"{view}.mp4"


def record_path(session: Session) -> Path:
    """Give where the record of the anonymized videos belongs."""
    return session.derived / RECORD_NAME


def recorded_inputs(session: Session, view: View) -> list[Path]:
    """Give the parts of the recording that a view is made of."""
    if view == "ego":
        return [session.eye_tracker_path]
    path = session.road_path if view == "road" else session.driver_path
    return [] if path is None else [path]


def read_anonymized_record(session: Session) -> AnonymizedRecord:
    """Read what was anonymized and how; empty if nothing was.

    Raises
    ------
    InputError
        If there is a record that can't be read.
    """
    path = record_path(session)
    try:
        return _ADAPTER.validate_json(path.read_bytes(), strict=True)
    except FileNotFoundError:
        return AnonymizedRecord()
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path} can't be read, so nobody knows what is covered in the videos beside it.",
            fix=f"Delete it and type: dashgaze anonymize {session.root}",
            path=path,
        ) from error


def write_anonymized_record(session: Session, record: AnonymizedRecord) -> Path:
    """Write the record, in one step.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    return write_text(record_path(session), record.to_json())


def anonymized_view(session: Session, view: View) -> Path | None:
    """Give the anonymized video of a view, if it is one of the recording as it is now.

    Parameters
    ----------
    session
        The session.
    view
        Which view.

    Returns
    -------
    Path or None
        None if it was never made.

    Raises
    ------
    InputError
        If it is stale: the recording, the file of boxes in the session, the video itself, or the method
        changed since; or the record can't be read.
    """
    made = read_anonymized_record(session).views.get(view)
    if made is None:
        return None
    path = view_path(session, view)
    outputs = [path] if path.is_file() else []
    inputs = recorded_inputs(session, view)
    # What lies elsewhere, such as weights, is known by its digest only; what lies in the session counts.
    inputs += [session.root / name for name in made.record.inputs]
    changed = ""
    if made.record.versions.get(STAGE) != str(VERSION):
        changed = "it was made by another version of the method"
    elif _fingerprints(session, outputs) != made.record.outputs:
        changed = "it is not the file that was written"
    elif _fingerprints(session, inputs) != made.record.inputs:
        changed = "what it was made of changed since"
    if changed:
        raise InputError(
            f"{path} is stale: {changed}.",
            fix=f"Make it again, with the detectors or boxes: dashgaze anonymize {session.root} "
            f"--view {view}",
            path=path,
        )
    return path


def _fingerprints(session: Session, paths: list[Path]) -> dict[str, Any] | None:
    """Give the fingerprints of files; None if one is gone."""
    try:
        return fingerprints(paths, root=session.root)
    except (InputError, ValueError):
        return None
