"""What happened on a drive: ``field/events.jsonl``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError

from ..field.device import ClockOffset, Role
from ..field.json_lines import LineFile, read_lines
from .drive_folder import DriveFolder
from .host_clock import HostClock

LONGEST_NAME = 60
LONGEST_TEXT = 500


@dataclass(frozen=True, kw_only=True)
class DriveEvent:
    """Something that happened.

    Attributes
    ----------
    id
        Counts from 1 in a drive.
    name
        What, such as ``overtake``, ``rain.on``, ``chirp.start``, ``validation.speedometer.end``.
    host_ns
        When, Unix time on this computer, ns.
    tracker_ns, phone_ns
        The same moment on the devices' clocks, ns; None where their offset is not known.
    source
        ``key``, ``inbox`` (from a second terminal) or ``recorder``.
    text
        What was typed.
    details
        What belongs to it, such as the seed of a chirp.
    undone
        Whether the observer took it back.
    sent
        Whether the tracker took it: None if that is not known.
    """

    id: int
    name: str
    host_ns: int
    tracker_ns: int | None = None
    phone_ns: int | None = None
    source: str = "key"
    text: str = ""
    details: Mapping[str, Any] | None = None
    undone: bool = False
    sent: bool | None = None


def read_events(session: Path) -> tuple[DriveEvent, ...]:
    """Read the events of a drive, those taken back among them (see ``undone``).

    Parameters
    ----------
    session
        The session folder.

    Returns
    -------
    tuple of DriveEvent
        In the order in which they were logged; empty if there are none.

    Raises
    ------
    InputError
        If the file can't be read.
    """
    return events_of(read_lines(DriveFolder(session).events).entries)


def events_of(lines: Iterable[Mapping[str, Any]]) -> tuple[DriveEvent, ...]:
    """Make events of the lines of their file; lines of another form are left out."""
    events: dict[int, DriveEvent] = {}
    for line in lines:
        event = _event(line)
        if event is not None:
            events[event.id] = event
        for key in ("undo", "sent"):
            number = line.get(key)
            if isinstance(number, int) and number in events:
                change = (
                    replace(events[number], undone=True)
                    if key == "undo"
                    else replace(events[number], sent=line.get("ok") is True)
                )
                events[number] = change
    return tuple(events.values())


def _event(line: Mapping[str, Any]) -> DriveEvent | None:
    number, name, host_ns = line.get("id"), line.get("name"), line.get("host_ns")
    if not (isinstance(number, int) and isinstance(name, str) and isinstance(host_ns, int)):
        return None
    details = line.get("details")
    return DriveEvent(
        id=number,
        name=name,
        host_ns=host_ns,
        tracker_ns=_whole(line.get("tracker_ns")),
        phone_ns=_whole(line.get("phone_ns")),
        source=str(line.get("source", "")),
        text=str(line.get("text", "")),
        details=details if isinstance(details, dict) else None,
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def check_event_name(name: str) -> str:
    """Give a name an event may have: what devices and files take without trouble.

    Raises
    ------
    InputError
        If it is empty, too long, or holds signs that can't be shown.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InputError(
            f"An event can't be called {name[:80]!r}.",
            fix=f"Give it a name of 1 to {LONGEST_NAME} letters, such as overtake; --text takes more.",
        )
    return name


class EventLog:
    """Writes events, each at once to the disk.

    Parameters
    ----------
    folder
        The session folder; events that are there already are counted on from.
    clock
        The host's clocks.

    Attributes
    ----------
    offsets
        The devices' clocks, as last measured: to say when an event was on each of them.
    """

    def __init__(self, folder: DriveFolder, clock: HostClock) -> None:
        self._file = LineFile(folder.events)
        self._clock = clock
        self.offsets: dict[Role, ClockOffset] = {}
        lines = read_lines(folder.events).entries
        self._events = list(events_of(lines))
        self._requests = {
            number
            for line in lines
            for number in (line.get("inbox"), (_mapping(line.get("details"))).get("inbox"))
            if isinstance(number, int)
        }

    @property
    def count(self) -> int:
        """How many events stand."""
        return sum(not event.undone for event in self._events)

    @property
    def last(self) -> DriveEvent | None:
        """The last event that stands; None if there is none."""
        return next((event for event in reversed(self._events) if not event.undone), None)

    @property
    def last_by_hand(self) -> DriveEvent | None:
        """The last event that stands and was not logged by the recorder itself."""
        return next(
            (e for e in reversed(self._events) if not e.undone and e.source != "recorder"), None
        )

    def stands(self, name: str) -> bool:
        """Tell whether an event of this name was logged and not taken back."""
        return any(event.name == name and not event.undone for event in self._events)

    def took_in(self, number: int) -> bool:
        """Tell whether a request of the inbox was logged already: before a crash, say."""
        return number in self._requests

    def add(
        self,
        name: str,
        *,
        host_ns: int | None = None,
        source: str = "key",
        text: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> DriveEvent:
        """Log an event.

        Parameters
        ----------
        name
            What happened.
        host_ns
            When, Unix time, ns; None for now.
        source, text, details
            See `DriveEvent`.

        Raises
        ------
        InputError
            If it can't be called so.
        OutputError
            If the disk is full or gone.
        """
        at_ns = self._clock.now_ns() if host_ns is None else host_ns
        event = DriveEvent(
            id=max((event.id for event in self._events), default=0) + 1,
            name=check_event_name(name),
            host_ns=at_ns,
            tracker_ns=self._on_device("tracker", at_ns),
            phone_ns=self._on_device("phone", at_ns),
            source=source,
            text=text[:LONGEST_TEXT],
            details=details,
        )
        line = {
            "id": event.id,
            "name": event.name,
            "host_ns": event.host_ns,
            "tracker_ns": event.tracker_ns,
            "phone_ns": event.phone_ns,
            "logged_monotonic_ns": self._clock.monotonic_ns(),
            "source": event.source,
        }
        if event.text:
            line["text"] = event.text
        if details:
            line["details"] = dict(details)
        self._file.append(line)
        self._events.append(event)
        if isinstance(number := _mapping(details).get("inbox"), int):
            self._requests.add(number)
        return event

    def undo(self, *, inbox: int | None = None) -> DriveEvent | None:
        """Take the last event by hand back, by a line of its own; None if there is none.

        Parameters
        ----------
        inbox
            Number of the request that asked for it: noted, also if there was nothing to take back, so
            that it takes nothing back when it is read again after a crash.
        """
        event = self.last_by_hand
        line: dict[str, Any] = {
            "undo": None if event is None else event.id,
            "host_ns": self._clock.now_ns(),
        }
        if inbox is not None:
            line["inbox"] = inbox
        elif event is None:
            return None
        self._file.append(line)
        if inbox is not None:
            self._requests.add(inbox)
        if event is None:
            return None
        self._events[self._events.index(event)] = replace(event, undone=True)
        return event

    def note_sent(self, event_id: int, *, ok: bool) -> None:
        """Say whether the tracker took an event."""
        self._file.append({"sent": event_id, "ok": ok, "host_ns": self._clock.now_ns()})

    def _on_device(self, role: Role, host_ns: int) -> int | None:
        offset = self.offsets.get(role)
        return None if offset is None else host_ns + round(offset.offset_ms * 1e6)
