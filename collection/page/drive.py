"""Where a drive stands, as the server sees it, and what its pages last said."""

import time
from dataclasses import dataclass, field
from typing import Any, Literal

from . import limits
from .messages import Beat
from .parts import Part, Parts

State = Literal["waiting", "recording", "stopping", "finished"]
Command = Literal["wait", "record", "stop", "done"]

_STATES: tuple[State, ...] = ("waiting", "recording", "stopping", "finished")
_COMMANDS: dict[State, Command] = {
    "waiting": "wait",
    "recording": "record",
    "stopping": "stop",
    "finished": "done",
}


@dataclass(kw_only=True)
class PageView:
    """A page and when it last reported, monotonic time."""

    beat: Beat
    seen_s: float
    told: Command = "wait"

    @property
    def here(self) -> bool:
        """Whether it reported within the last seconds."""
        return time.monotonic() - self.seen_s < limits.PAGE_GONE_S


@dataclass(kw_only=True)
class Drive:
    """State of a drive; it survives the server in the journal of its parts.

    Attributes
    ----------
    parts
        What has arrived.
    state
        ``waiting`` for a start, ``recording``, ``stopping`` while pages hand over the rest, or
        ``finished``: the files are made. A drive that is finished can be started again; its files
        are then made anew with all parts.
    pages
        The pages that reported, by their key.
    """

    parts: Parts
    state: State = "waiting"
    since_ns: int | None = None
    pages: dict[str, PageView] = field(default_factory=dict)

    def replay(self, lines: list[dict[str, Any]]) -> None:
        """Take up where the last server was."""
        for line in lines:
            if line.get("what") == "state" and line.get("state") in _STATES:
                self.state = line["state"]
                self.since_ns = line.get("host_ns")

    async def enter(self, state: State, why: str) -> None:
        """Go to another state; it is on disk before it holds."""
        if state == self.state:
            return
        await self.parts.note({"what": "state", "state": state, "why": why})
        self.state, self.since_ns = state, time.time_ns()

    def hear(self, beat: Beat) -> Command:
        """Take a page's report and give what it is to do."""
        known = self.pages.get(beat.page)
        if known is None and len(self.pages) >= limits.PAGES:
            del self.pages[min(self.pages, key=lambda key: self.pages[key].seen_s)]
        command = _COMMANDS[self.state]
        self.pages[beat.page] = PageView(beat=beat, seen_s=time.monotonic(), told=command)
        return command

    def here(self) -> list[PageView]:
        """Give the pages that are there now."""
        return [view for view in self.pages.values() if view.here]

    def taken_role(self, stream: str, device: str) -> bool:
        """Whether another device records this stream at the moment."""
        return any(
            view.beat.device != device and view.beat.role in ("both", stream)
            for view in self.here()
        )

    def unfinished(self) -> list[Part]:
        """Give the parts that a page which is here still owes something of.

        What a killed page left is sent by the next one in the same browser, at once.
        """
        pages = {view.beat.page for view in self.here()}
        devices = {view.beat.device for view in self.here()}
        now_s = time.monotonic()
        return [
            part
            for part in self.parts
            if not part.complete
            and (
                part.opening.page in pages
                or (part.opening.device in devices and now_s - part.last_s < limits.PAGE_GONE_S)
            )
        ]
