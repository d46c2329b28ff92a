"""What a second terminal asks of the recorder: ``field/inbox.jsonl``.

A file, not a socket: what is asked for while no recorder is at work waits there for the next one, and
nothing listens on any port. Only the user who records may write to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError

from ..field.json_lines import LineFile, read_lines
from .drive_folder import DriveFolder
from .events import LONGEST_TEXT, check_event_name
from .host_clock import HostClock


@dataclass(frozen=True, kw_only=True)
class Request:
    """Something asked for.

    Attributes
    ----------
    kind
        ``event``, ``undo`` or ``stop``.
    host_ns
        When, Unix time, ns.
    name, text
        Of the event.
    number
        Its place in the inbox, from 1; 0 before it is there.
    """

    kind: str
    host_ns: int
    name: str = ""
    text: str = ""
    number: int = 0


def send_event(
    session: Path, name: str, *, text: str = "", clock: HostClock | None = None
) -> Request:
    """Ask the recorder to log an event that happens now.

    Raises
    ------
    InputError
        If no drive was begun there, or the event can't be called so.
    OutputError
        If it can't be written.
    """
    return _send(session, "event", clock, name=check_event_name(name), text=text[:LONGEST_TEXT])


def send_undo(session: Path, *, clock: HostClock | None = None) -> Request:
    """Ask the recorder to take back the last event that somebody logged.

    Raises
    ------
    InputError
        If no drive was begun there.
    OutputError
        If it can't be written.
    """
    return _send(session, "undo", clock)


def send_stop(session: Path, *, clock: HostClock | None = None) -> Request:
    """Ask the recorder to end the drive.

    Raises
    ------
    InputError
        If no drive was begun there.
    OutputError
        If it can't be written.
    """
    return _send(session, "stop", clock)


def _send(
    session: Path, kind: str, clock: HostClock | None, *, name: str = "", text: str = ""
) -> Request:
    folder = DriveFolder(session)
    folder.require_begun()
    request = Request(kind=kind, host_ns=(clock or HostClock()).now_ns(), name=name, text=text)
    line: dict[str, Any] = {"request": kind, "host_ns": request.host_ns}
    if name:
        line |= {"name": name, "text": text}
    LineFile(folder.inbox, private=True).append(line)
    return request


class Inbox:
    """Reads what is asked for, each once.

    Parameters
    ----------
    folder
        The session folder.
    """

    def __init__(self, folder: DriveFolder) -> None:
        self._path = folder.inbox
        self._size = 0
        self._taken = 0

    def take(self) -> list[Request]:
        """Give what came since the last time; at first, all there is.

        Raises
        ------
        InputError
            If the file can't be read.
        """
        try:
            size = self._path.stat().st_size
        except OSError:
            return []
        if size == self._size:
            return []
        self._size = size
        lines = read_lines(self._path).entries
        new = enumerate(lines[self._taken :], start=self._taken + 1)
        self._taken = len(lines)
        return [found for number, line in new if (found := _request(line, number)) is not None]


def _request(line: Mapping[str, Any], number: int) -> Request | None:
    kind, host_ns = line.get("request"), line.get("host_ns")
    if kind not in ("event", "undo", "stop") or not isinstance(host_ns, int):
        return None
    try:
        name = check_event_name(str(line.get("name", ""))) if kind == "event" else ""
    except InputError:
        return None
    text = str(line.get("text", ""))[:LONGEST_TEXT]
    return Request(kind=kind, host_ns=host_ns, name=name, text=text, number=number)
