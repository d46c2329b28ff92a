"""Events, logged here first and then sent to the tracker."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from dashgaze.errors import DashgazeError, OutputError

from ..field.device import FieldDevice
from .asking import MARK_TIMEOUT_S, ask
from .events import DriveEvent, EventLog


class Marks:
    """Logs events and sends them; a tracker that does not take one delays nothing.

    Parameters
    ----------
    log
        Where they are logged.
    tracker
        Who they are sent to; None for nobody.
    tell
        Shows a sentence to the observer.
    """

    def __init__(
        self, log: EventLog, tracker: FieldDevice | None, tell: Callable[[str], None]
    ) -> None:
        self.log = log
        self._tracker = tracker
        self._tell = tell
        self._under_way: set[asyncio.Task[None]] = set()

    def add(
        self,
        name: str,
        *,
        host_ns: int | None = None,
        source: str = "key",
        text: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> DriveEvent | None:
        """Log an event and send it off; None, told, if it can't be logged."""
        try:
            event = self.log.add(name, host_ns=host_ns, source=source, text=text, details=details)
        except DashgazeError as error:
            self._tell(str(error))
            return None
        self._send(event.id, event.name, event.host_ns)
        return event

    def undo(self, *, inbox: int | None = None) -> DriveEvent | None:
        """Take the last one back; the tracker can only be told so."""
        try:
            event = self.log.undo(inbox=inbox)
        except OutputError as error:
            self._tell(str(error))
            return None
        if event is not None:
            self._send(None, f"undo.{event.id}", event.host_ns)
        return event

    async def sent(self) -> None:
        """Wait until all that was sent has arrived or failed."""
        while self._under_way:
            await asyncio.wait(set(self._under_way))

    def _send(self, event_id: int | None, name: str, host_ns: int) -> None:
        if self._tracker is None:
            return
        task = asyncio.create_task(self._sending(self._tracker, event_id, name, host_ns))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _sending(
        self, tracker: FieldDevice, event_id: int | None, name: str, host_ns: int
    ) -> None:
        try:
            await ask("The event was sent", tracker.mark(name, host_ns), MARK_TIMEOUT_S)
            took_it = True
        except DashgazeError as error:
            took_it = False
            self._tell(f"The tracker did not take '{name}'; it is logged here. {error.what}")
        if event_id is not None:
            try:
                self.log.note_sent(event_id, ok=took_it)
            except OutputError as error:
                self._tell(str(error))
