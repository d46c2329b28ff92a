"""What ``info.json`` says of a recording."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashgaze.errors import RecordingError

from .notes import NoteBook
from .recording import Kind
from .stamps import LATEST_NS
from .untrusted import is_file, read_json_object

INFO_NAME = "info.json"

# Names of people stay where they are.
_PRIVATE_KEYS = frozenset({"wearer_name"})
_FIRST_NEON_FORMAT = 2


@dataclass(frozen=True, kw_only=True)
class Info:
    """The parts of ``info.json`` that dashgaze uses.

    Attributes
    ----------
    content
        The whole object, without the wearer's name.
    recording_id
        None if unknown.
    start_time_ns, duration_ns
        Device time at the start, and length; None if unknown.
    camera_serial
        Serial number of the scene camera (Pupil Invisible) or module (Neon); None if unknown.
    """

    content: dict[str, Any]
    recording_id: str | None
    start_time_ns: int | None
    duration_ns: int | None
    camera_serial: str | None


def read_info(folder: Path, notes: NoteBook) -> Info:
    """Read ``info.json`` of a recording.

    Raises
    ------
    RecordingError
        If it is missing, not JSON, or not an object.
    """
    path = folder / INFO_NAME
    if not is_file(path):
        raise RecordingError(
            f"{folder} has no {INFO_NAME}.",
            fix="Give the folder of one recording, as the device or Pupil Cloud made it.",
            path=folder,
        )
    return parse_info(read_json_object(path), notes)


def parse_info(content: dict[str, Any], notes: NoteBook) -> Info:
    """Take what is used from the content of ``info.json``; old apps lack many of its keys."""
    serial = _text(content, ("scene_camera_serial_number", "module_serial_number"), notes)
    return Info(
        content={key: value for key, value in content.items() if key not in _PRIVATE_KEYS},
        recording_id=_text(content, ("recording_id", "recording_uuid"), notes),
        start_time_ns=_nanoseconds(content, "start_time", notes),
        duration_ns=_nanoseconds(content, "duration", notes),
        camera_serial=None if serial in ("default", "-1") else serial,
    )


def kind_of(content: dict[str, Any]) -> Kind | None:
    """Tell the device type from the content of ``info.json``; None if it does not say."""
    version = content.get("data_format_version")
    match = re.match(r"\s*v?([0-9]{1,9})", str(version)) if version is not None else None
    if match:
        return "neon" if int(match[1]) >= _FIRST_NEON_FORMAT else "pupil_invisible"
    if "module_serial_number" in content:
        return "neon"
    if "glasses_serial_number" in content or "scene_camera_serial_number" in content:
        return "pupil_invisible"
    return None


def _text(content: dict[str, Any], keys: tuple[str, ...], notes: NoteBook) -> str | None:
    for key in keys:
        value = content.get(key)
        if isinstance(value, str) and value:
            return value
        if value not in (None, ""):
            _note_type(key, value, "text", notes)
    return None


def _nanoseconds(content: dict[str, Any], key: str, notes: NoteBook) -> int | None:
    value = content.get(key)
    if value is None:
        return None
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole or not 0 <= value < LATEST_NS:
        _note_type(key, value, "a number of nanoseconds", notes)
        return None
    return int(value)


def _note_type(key: str, value: Any, expected: str, notes: NoteBook) -> None:
    shown = repr(value) if isinstance(value, (bool, float, str)) else type(value).__name__
    notes.add("INFO-KEY", f"{INFO_NAME}: {key} is {shown[:60]}, not {expected}; taken as unknown.")
