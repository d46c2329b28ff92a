"""The drive itself: keys, events, lamps, alerts, until its end is asked for."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from dashgaze.errors import DashgazeError

from ..field.device import Role
from .alerts import Alert, Alerts, alerts_of
from .desk import Desk
from .drive import ByHand, Drive
from .event_keys import COMMAND_KEYS, DEFAULT_EVENT_KEYS, EventKey
from .host_clock import HostClock
from .inbox import Inbox
from .loudspeaker import Loudspeaker
from .marks import Marks
from .state import ROLES
from .sync_sound import Place, make_sync_sound
from .validation import LOOK_S, POINTS, end_name, start_name
from .view import DeviceView, LiveView, View
from .watch import HealthWatch

REDRAW_S = 0.5
STANDING_M_S = 0.5
_MESSAGE_S = 6.0
_MOST_NOTE = 200
_STILL_LOOKS = 3
_UNREACHABLE_JOURNAL_S = 10.0


class LeaveError(Exception):
    """The observer leaves; recordings go on."""


@dataclass(frozen=True, kw_only=True)
class LiveOptions:
    """How the live screen works.

    Attributes
    ----------
    title
        Session and driver.
    event_keys
        Which key logs what.
    loudspeaker
        Who plays the chirp; None to clap.
    """

    title: str
    event_keys: tuple[EventKey, ...] = DEFAULT_EVENT_KEYS
    loudspeaker: Loudspeaker | None = None


class Live:
    """Runs the live screen.

    Parameters
    ----------
    drive
        The devices.
    marks
        Logs events.
    desk
        Keys and screen.
    clock
        The host's clocks.
    options
        See `LiveOptions`.
    show
        Shows a view.
    """

    def __init__(
        self,
        drive: Drive,
        marks: Marks,
        desk: Desk,
        clock: HostClock,
        options: LiveOptions,
        show: Callable[[View], None],
    ) -> None:
        self._drive, self._marks, self._desk = drive, marks, desk
        self._clock, self._options, self._show = clock, options, show
        by_hand = frozenset(r for r, d in drive.devices.items() if isinstance(d, ByHand))
        self.watch = HealthWatch(drive.health, drive.devices, clock, by_hand)
        self._alerts = Alerts()
        self._inbox = Inbox(drive.folder)
        self._keys = {each.key: each for each in options.event_keys}
        self._presses: dict[str, int] = {}
        self._message, self._message_s = "", -1e9
        self._prompt = ""
        self._modal: Callable[[str], None] | None = None
        self._note = ""
        self._busy: asyncio.Task[None] | None = None
        self._space: asyncio.Event = asyncio.Event()
        self._lost: set[Role] = {r for r in ROLES if drive.state(r).lost}
        self._end = False
        self._leave = False

    def say(self, text: str) -> None:
        """Show a sentence for some seconds."""
        self._message, self._message_s = text, self._clock.monotonic_s()

    async def run(self) -> None:
        """Go on until the end of the drive is asked for.

        Raises
        ------
        LeaveError
            If the observer leaves instead.
        """
        self.watch.start()
        key = asyncio.ensure_future(self._desk.key())
        try:
            while not self._end:
                self._look()
                await asyncio.wait({key}, timeout=REDRAW_S)
                if key.done():
                    self._press(key.result())
                    key = asyncio.ensure_future(self._desk.key())
                if self._leave:
                    raise LeaveError("the observer left")
        finally:
            key.cancel()
            if self._busy is not None:
                self._busy.cancel()
            await asyncio.gather(
                key, *([] if self._busy is None else [self._busy]), return_exceptions=True
            )
            await self.watch.stop()
        await self._marks.sent()

    def _look(self) -> None:
        """Take in what came, say what is wrong, and draw."""
        self._take_requests()
        self._journal_marks()
        recording = [role for role in self._drive.devices if self._should_record(role)]
        problems = {
            f"{role}.ended": f"{role.upper()} stopped recording by itself. Park, then end the drive: e."
            for role in self._drive.devices
            if self._drive.state(role).activity == "ended"
        }
        found: list[Alert] = alerts_of(self.watch, recording, problems)
        if self._alerts.update(self._clock.monotonic_s(), found):
            self._desk.bell()
        self._show(self.view())

    def _should_record(self, role: Role) -> bool:
        return self._drive.state(role).may_record

    def _take_requests(self) -> None:
        try:
            requests = self._inbox.take()
        except DashgazeError as error:
            self.say(str(error))
            return
        for request in requests:
            if request.kind == "stop":
                # What was asked for before anything was to start must not end what starts now.
                if request.host_ns >= self._drive.journal.last_ns("ready"):
                    self._ask_to_end()
            elif self._marks.log.took_in(request.number):
                continue
            elif request.kind == "undo":
                self._undo(inbox=request.number)
            else:
                self._event(
                    request.name,
                    host_ns=request.host_ns,
                    source="inbox",
                    text=request.text,
                    inbox=request.number,
                )

    def _journal_marks(self) -> None:
        """Note devices that are lost, back, or stopped by themselves."""
        for role in self._drive.devices:
            sight = self.watch.sights[role]
            if self.watch.unreachable_s(role) > _UNREACHABLE_JOURNAL_S:
                if role not in self._lost:
                    self._lost.add(role)
                    self._drive.note("lost", role)
            elif role in self._lost and sight.health is not None and sight.health.reachable:
                self._lost.discard(role)
                self._drive.note("back", role)
                self.say(f"The {role} is back.")
            activity = self._drive.state(role).activity
            if activity in ("started", "unknown", "ended") and self.watch.lamp(role) == "on":
                self._drive.note("growing", role)
            elif activity in ("started", "running", "unknown") and sight.still >= _STILL_LOOKS:
                self._drive.note("ended", role)

    def _press(self, key: str) -> None:
        if self._modal is not None:
            self._modal(key)
        elif key in self._keys:
            each = self._keys[key]
            count = self._presses.get(key, 0)
            self._presses[key] = count + 1
            self._event(each.names[count % len(each.names)])
        elif key == "u":
            self._undo()
        elif key == "n":
            self._note = ""
            self._ask("note (enter to keep): _", self._typing)
        elif key == "c":
            self._sync_sound()
        elif key == "v":
            self._begin_validation()
        elif key == "e":
            self._ask("End the drive?  y yes   n no", self._confirming_end)
        elif key == "d":
            self._ask("Leave this screen, recordings go on?  y yes   n no", self._confirming_leave)
        elif key not in ("enter", "escape", "backspace", " "):
            self.say(f"The key {key!r} has no meaning.")

    def _event(
        self,
        name: str,
        *,
        host_ns: int | None = None,
        source: str = "key",
        text: str = "",
        inbox: int | None = None,
    ) -> None:
        event = self._marks.add(
            name,
            host_ns=host_ns,
            source=source,
            text=text,
            details=None if inbox is None else {"inbox": inbox},
        )
        if event is not None:
            self.say(f"{event.name} logged")

    def _undo(self, *, inbox: int | None = None) -> None:
        event = self._marks.undo(inbox=inbox)
        if event is None:
            self.say("There is nothing to take back.")
            return
        for each in self._keys.values():
            if event.source == "key" and event.name in each.names and len(each.names) > 1:
                self._presses[each.key] = each.names.index(event.name)
        self.say(f"{event.name} taken back")

    def _ask(self, prompt: str, modal: Callable[[str], None]) -> None:
        self._prompt, self._modal = prompt, modal

    def _answered(self) -> None:
        self._prompt, self._modal = "", None

    def _typing(self, key: str) -> None:
        if key == "enter":
            self._answered()
            if self._note.strip():
                self._event("note", text=self._note.strip())
            return
        if key == "escape":
            self._answered()
            return
        if key == "backspace":
            self._note = self._note[:-1]
        elif len(key) == 1 and key.isprintable() and len(self._note) < _MOST_NOTE:
            self._note += key
        self._prompt = f"note (enter to keep): {self._note}_"

    def _confirming_end(self, key: str) -> None:
        self._answered()
        if key == "y":
            self._ask_to_end()
        else:
            self.say("The drive goes on.")

    def _confirming_leave(self, key: str) -> None:
        self._answered()
        self._leave = key == "y"

    def _ask_to_end(self) -> None:
        try:
            self._drive.journal.write("ending")
        except DashgazeError as error:
            self.say(str(error))
            return
        self._end = True

    def _sync_sound(self) -> None:
        speed = self._speed()
        if speed is not None and speed > STANDING_M_S:
            self._ask(
                "The car moves: sync sounds are for standing cars. y anyway   n no",
                self._confirming_sound,
            )
            return
        self._begin_sound()

    def _confirming_sound(self, key: str) -> None:
        self._answered()
        if key == "y":
            self._begin_sound()

    def _begin_sound(self) -> None:
        self._begin(
            make_sync_sound(
                self._place(),
                loudspeaker=self._options.loudspeaker,
                path=self._drive.folder.chirp,
                marks=self._marks,
                clock=self._clock,
                say=self.say,
            )
        )

    def _begin(self, job: Coroutine[Any, Any, None]) -> None:
        if self._busy is not None and not self._busy.done():
            self.say("One thing at a time: the last one is not over.")
            job.close()
            return
        self._busy = asyncio.create_task(job)

    def _place(self) -> Place:
        return "middle" if self._sounded("start") else "start"

    def _sounded(self, place: Place) -> bool:
        log = self._marks.log
        return log.stands(f"chirp.{place}") or log.stands(f"clap.{place}")

    def _begin_validation(self) -> None:
        self._begin(self._validation())

    async def _validation(self) -> None:
        try:
            for number, point in enumerate(POINTS, start=1):
                self._space.clear()
                words = f"{number}/{len(POINTS)} Say: look at {point.words.upper()}."
                self._ask(f"{words}  SPACE when they do, escape to end", self._validating)
                await self._space.wait()
                self._marks.add(start_name(point), source="recorder")
                self._prompt = f"{words}  HOLD …"
                await asyncio.sleep(LOOK_S)
                self._marks.add(end_name(point), source="recorder")
            self.say("Validation: done.")
        finally:
            self._answered()

    def _validating(self, key: str) -> None:
        if key in (" ", "enter"):
            self._space.set()
        elif key == "escape" and self._busy is not None:
            self._busy.cancel()
            self.say("Validation broken off.")

    def _speed(self) -> float | None:
        speeds = [s.health.speed_m_s for s in self.watch.sights.values() if s.health is not None]
        return next((speed for speed in speeds if speed is not None), None)

    def _elapsed_s(self) -> float:
        began_ns = self._drive.journal.state.began_ns
        return 0.0 if began_ns is None else (self._clock.now_ns() - began_ns) / 1e9

    def _next(self) -> str:
        """Say what is good to do now, when nothing else is to be said."""
        speed, elapsed_s = self._speed(), self._elapsed_s()
        planned_s = self._drive.plan.minutes * 60
        standing = speed is None or speed <= STANDING_M_S
        if elapsed_s > planned_s:
            return "The planned time is over."
        if not standing:
            return ""
        if not self._sounded("start"):
            return "Next, parked: c, the sync sound of the start."
        if not self._marks.log.stands(end_name(POINTS[-1])) and elapsed_s < planned_s / 4:
            return "Next, parked: v, the five-point validation."
        if elapsed_s > planned_s / 2 and not self._sounded("middle") and speed is not None:
            return "The car stands: c, the sync sound of the middle."
        return ""

    def view(self) -> LiveView:
        """Give what is to be seen now."""
        now_s = self._clock.monotonic_s()
        fresh = now_s - self._message_s <= _MESSAGE_S
        last = self._marks.log.last
        healths = [s.health for s in self.watch.sights.values() if s.health is not None]
        return LiveView(
            title=self._options.title,
            elapsed_s=self._elapsed_s(),
            planned_s=self._drive.plan.minutes * 60,
            devices=tuple(
                self._device(role) for role in ("phone", "tracker") if role in self.watch.sights
            ),
            gaze_valid_share=next(
                (h.gaze_valid_share for h in healths if h.gaze_valid_share is not None), None
            ),
            location_fix=next(
                (h.location_fix for h in healths if h.location_fix is not None), None
            ),
            speed_m_s=self._speed(),
            last_event="" if last is None else f"{last.name} {last.text}".strip(),
            last_event_s=None if last is None else (self._clock.now_ns() - last.host_ns) / 1e9,
            event_count=self._marks.log.count,
            alerts=tuple(alert.text for alert in self._alerts.active),
            message=self._message if fresh else self._next(),
            prompt=self._prompt,
            keys=tuple(
                [(each.key, each.label) for each in self._options.event_keys]
                + list(COMMAND_KEYS.items())
            ),
        )

    def _device(self, role: Role) -> DeviceView:
        health = self.watch.sights[role].health
        if health is None:
            return DeviceView(role=role, lamp=self.watch.lamp(role))
        return DeviceView(
            role=role,
            lamp=self.watch.lamp(role),
            battery_percent=health.battery_percent,
            temperature_c=health.temperature_c,
            storage_minutes=health.storage_minutes,
            rates_hz=dict(health.rates_hz),
            sound_dbfs=health.sound_dbfs,
            note=health.note,
        )
