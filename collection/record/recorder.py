"""A drive from the list of checks to the last stop, in whatever state it is found."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Literal, TypeVar

from dashgaze.errors import DashgazeError, DeviceError, OutputError

from ..field.device import DrivePlan, FieldDevice, Role, Started
from .bringing_in import BringingIn, wait_at_desk
from .desk import Desk
from .drive import Drive
from .drive_folder import DriveFolder
from .events import EventLog
from .host_clock import HostClock
from .inbox import Inbox
from .journal import Journal
from .live import LeaveError, Live, LiveOptions
from .manifest_date import date_manifest
from .marks import Marks
from .next_action import next_action
from .observer import Observer
from .preflight import Preflight, preflight
from .recorder_options import Outcome, RecorderOptions
from .status_file import write_status
from .sync_sound import make_sync_sound
from .view import ChecksView, StepView, View

T = TypeVar("T")

_REDRAW_S = 0.5
_STATUS_EVERY_S = 1.0
_AGAIN_AFTER_S = 2.0
_LINES = 8
_LEAVE_KEY = ("d", "leave, recording goes on")


class Recorder:
    """Takes a drive from where its journal says it is to its end.

    Leaving it in any way (key, signal, error, crash) stops nothing.

    Parameters
    ----------
    folder
        The session folder; the form is filled in.
    devices
        Phone and, if there is one, tracker.
    desk
        Keys and screen.
    options
        See `RecorderOptions`.
    clock
        The host's clocks.
    resumed
        Whether the drive was begun by an earlier recorder.
    observer
        Who answers a device's questions; None if none asks any.
    """

    def __init__(
        self,
        folder: DriveFolder,
        devices: Mapping[Role, FieldDevice],
        desk: Desk,
        options: RecorderOptions,
        *,
        clock: HostClock | None = None,
        resumed: bool = False,
        observer: Observer | None = None,
    ) -> None:
        self.folder, self.devices, self.options = folder, devices, options
        self._desk, self._clock = desk, clock or HostClock()
        self.journal = Journal(folder, self._clock)
        self.plan = DrivePlan(
            session_id=folder.root.absolute().name, minutes=self.journal.state.minutes
        )
        self._resumed = resumed
        self._observer = observer or Observer(desk)
        self._said: list[str] = []
        self.drive = Drive(folder, devices, self.plan, self.journal, self._clock, self.say)
        self._log = EventLog(folder, self._clock)
        self._marks = Marks(self._log, devices.get("tracker"), self.say)
        self._live: Live | None = None
        # Batteries and cables may be others than before a crash.
        self._look_again = resumed and self.journal.state.phone.activity == "idle"
        self._status_s = -1e9
        self._task: asyncio.Task[Any] | None = None
        self._reason = ""

    def say(self, text: str) -> None:
        """Show a sentence."""
        self._said = [*self._said[-_LINES + 1 :], text]
        if self._live is not None:
            self._live.say(text)

    def leave(self, reason: str) -> None:
        """Leave as soon as possible; for signals. Recordings go on."""
        self._reason = reason
        if self._task is not None:
            self._task.cancel()

    async def run(self) -> Outcome:
        """Go on until the drive is closed, or is left.

        Raises
        ------
        DashgazeError
            If this computer fails (a full disk); recordings go on.
        """
        self._task = asyncio.current_task()
        end: Literal["closed", "left"] = "left"
        try:
            await self._through()
            end = "closed"
        except LeaveError as error:
            self._reason = str(error)
        except asyncio.CancelledError:
            if not self._reason or self._task is None:
                raise
            self._task.uncancel()
        except DashgazeError as error:
            raise self._still_running(error) from error
        finally:
            await self.drive.close()
        if end == "left":
            self.journal.write("left", reason=self._reason)
        recording = tuple(r for r in self.devices if self.drive.state(r).may_record)
        self._write_status(StepView(title=self.options.title, step=end), force=True)
        return Outcome(end=end, recording=recording, reason=self._reason, said=tuple(self._said))

    def _still_running(self, error: DashgazeError) -> DashgazeError:
        recording = [role for role in self.devices if self.drive.state(role).may_record]
        if not recording:
            return error
        goes_on = f"{' and '.join(recording)} go on recording: `dashgaze collect resume {self.folder.root}`."
        return OutputError(error.what, fix=f"{error.fix} {goes_on}".strip(), path=error.path)

    async def _through(self) -> None:
        if self._resumed:
            await self._take_up()
        while True:
            action = next_action(self.journal.state)
            if self.options.stop_only and action in _BEFORE_STOPPING:
                self.journal.write("ending")
                continue
            match action:
                case "done" | "form":
                    return
                case "preflight":
                    await self._preflight()
                case "start_phone" if self._look_again:
                    await self._preflight()
                case "start_phone":
                    await self._start_phone()
                case "see_phone":
                    await self._see_phone()
                case "start_tracker":
                    await self._start_tracker()
                case "live":
                    await self._run_live()
                case "stop_tracker":
                    await self._last_sound()
                    await self._stop("tracker")
                case "stop_phone":
                    if "tracker" not in self.devices:
                        await self._last_sound()
                    await self._stop("phone")
                case "close":
                    self.journal.write("closed")

    async def _take_up(self) -> None:
        """After a crash: find the devices and what became of their recordings."""
        self.journal.write("resumed")
        await self._connect()
        answers = await self._during("Asking whether they record", self.drive.recover())
        words = {True: "records on and is taken over", False: "does not record any more"}
        ending = self.options.stop_only or self.journal.state.ending
        for role, runs in answers.items():
            word = "can't be asked whether it records" if runs is None else words[runs]
            if runs and (ending or self.drive.state(role).activity == "stopping"):
                word = "still records; it is stopped next"
            self.say(f"The {role} {word}.")
        if self.journal.state.may_record:
            await self._during("Comparing clocks", self.drive.measure_clocks("resumed"))
            self._log.offsets = self.drive.offsets

    async def _preflight(self) -> None:
        """Look at everything until nothing is red and what is amber is accepted."""
        self._look_again = False
        await self._bring_in()
        while True:
            found = await self._during_checks()
            unreachable = {
                role for role in self.devices if f"{role}.reachable" in found.codes("red")
            }
            self.drive.unconnected = unreachable
            self.journal.write("checked", level=found.level, red=list(found.codes("red")))
            if found.level == "red":
                if self.options.go:
                    self._show(self._checks(found, busy=False))
                    raise LeaveError("a check is red")
                keys = (("space", "look again"), ("d", "leave"))
                if await self._choice(self._checks(found, busy=False, keys=keys)) == "d":
                    raise LeaveError("left before anything was started")
                continue
            if await self._accepted(found):
                return

    async def _bring_in(self) -> None:
        """Wait for what somebody has to open, or until they say that it is looked at as it is."""
        bringing = BringingIn(self.devices, self.options.wait_s, self._clock)
        if bringing.needed:
            asked = None if self.options.go else self._desk
            if await wait_at_desk(bringing, asked, self._show, self.options.title) == "d":
                raise LeaveError("left before anything was started")

    async def _accepted(self, found: Preflight) -> bool:
        amber = found.codes("amber")
        if self.options.go and (not amber or self.options.accept_amber):
            self._ready(amber)
            return True
        if self.options.go:
            raise LeaveError("amber checks were not accepted")
        go = ("a", "accept amber and start") if amber else ("enter", "start")
        keys = (go, ("space", "look again"), ("d", "leave"))
        choice = await self._choice(self._checks(found, busy=False, keys=keys))
        if choice == "d":
            raise LeaveError("left before anything was started")
        if choice == go[0]:
            self._ready(amber)
            return True
        return False

    def _ready(self, amber: tuple[str, ...]) -> None:
        self.journal.write(
            "ready",
            accepted=list(amber),
            accepted_by=self.journal.state.observer if amber else None,
        )

    async def _during_checks(self) -> Preflight:
        look = preflight(
            self.folder.root, self.devices, self.plan, adb=self.options.adb, clock=self._clock
        )
        return await self._watching(
            look, lambda: ChecksView(title=self.options.title, checks=(), busy=True)
        )

    def _checks(
        self, found: Preflight, *, busy: bool, keys: tuple[tuple[str, str], ...] = ()
    ) -> ChecksView:
        return ChecksView(
            title=self.options.title,
            checks=found.checks,
            busy=busy,
            message=self._said[-1] if self._said else "",
            keys=keys,
        )

    async def _start_phone(self) -> None:
        await self._connect()
        if self.drive.state("phone").activity == "ended":
            self.say("The phone's recording ended before the drive began.")
            await self._what_now("The phone does not record any more")
            if self.journal.state.ending:
                return
        # Again after a phone that failed to start: the one that counts is the last before the start.
        await self._during("Comparing clocks", self.drive.measure_clocks("before"))
        self._log.offsets = self.drive.offsets
        step = "Starting the phone (if its app is started by hand: do it now)"
        started = await self._device_step(step, lambda: self.drive.start("phone"))
        if started is not None:
            trouble = date_manifest(
                self.folder, started, self.drive.offsets.get("phone"), self.devices.get("tracker")
            )
            if trouble:
                self.say(trouble)

    async def _see_phone(self) -> None:
        grows = await self._during(
            "Waiting for the phone's recording to grow", self.drive.see_growing("phone")
        )
        if grows:
            return
        self.say("The phone's recording does not grow: the tracker is NOT started.")
        await self._what_now("The phone does not record")

    async def _start_tracker(self) -> None:
        await self._connect()
        started = await self._device_step(
            "Starting the tracker", lambda: self.drive.start("tracker")
        )
        if started is None:
            return
        if not await self._during(
            "Waiting for the tracker's data", self.drive.see_growing("tracker")
        ):
            self.say("The tracker says that it records, but sends no data: watch its lamp.")

    async def _run_live(self) -> None:
        await self._connect()
        options = LiveOptions(
            title=self.options.title,
            event_keys=self.options.event_keys,
            loudspeaker=self.options.loudspeaker,
        )
        self._live = Live(self.drive, self._marks, self._desk, self._clock, options, self._show)
        if self._said:
            self._live.say(self._said[-1])
        try:
            await self._live.run()
        finally:
            self._live = None

    async def _last_sound(self) -> None:
        """Offer the sync sound of the end, and compare the clocks while both still record."""
        await self._connect()
        sounded = self._log.stands("chirp.end") or self._log.stands("clap.end")
        if not (sounded or self.options.stop_only or self._stop_was_requested()):
            view = StepView(
                title=self.options.title,
                step="Parked? Last, the sync sound of the end",
                lines=tuple(self._said),
                keys=(("c", "sync sound"), ("enter", "stop without it"), _LEAVE_KEY),
            )
            choice = await self._choice(view)
            if choice == "d":
                raise LeaveError("left before the end")
            if choice == "c":
                sound = make_sync_sound(
                    "end",
                    loudspeaker=self.options.loudspeaker,
                    path=self.folder.chirp,
                    marks=self._marks,
                    clock=self._clock,
                    say=self.say,
                )
                await self._during("Sync sound", sound)
                await self._marks.sent()
        if not self.journal.clocked("after"):
            await self._during("Comparing clocks", self.drive.measure_clocks("after"))

    def _stop_was_requested(self) -> bool:
        """Whether somebody asked from a second terminal: then nobody may sit here."""
        try:
            asked = [each.host_ns for each in Inbox(self.folder).take() if each.kind == "stop"]
            return max(asked, default=0) >= max(1, self.journal.last_ns("ready"))
        except DashgazeError:
            return False

    async def _stop(self, role: Role) -> None:
        await self._connect()
        failed = False
        while True:
            step = f"Stopping the {role} (if it is stopped by hand: do it now)"
            try:
                await self._during(step, self.drive.stop(role))
                self.say(f"The {role} has stopped.")
                return
            except DeviceError as error:
                self.say(str(error))
            if not failed:
                # Once by itself: most failures of a stop are a network that was gone for a moment.
                failed = True
                await self._during("Trying again", asyncio.sleep(_AGAIN_AFTER_S))
                continue
            if self.options.stop_only and self.options.go:
                raise LeaveError(f"the {role} did not stop")
            keys = (("enter", "try again"), ("h", "I stopped it by hand"), _LEAVE_KEY)
            choice = await self._choice(self._failed_step(f"The {role} did not stop", keys))
            if choice == "h":
                self.drive.stopped_by_hand(role, self.journal.state.observer)
                return
            if choice == "d":
                raise LeaveError(f"the {role} did not stop")

    async def _connect(self) -> None:
        """Find the devices that are not found yet."""
        if not self.drive.unconnected:
            return
        found = await self._during("Looking for the devices", self.drive.connect())
        for text in found.values():
            self.say(text)

    async def _device_step(
        self, step: str, call: Callable[[], Coroutine[Any, Any, Started]]
    ) -> Started | None:
        """Start a device; if that fails, ask what now. None if it did not start."""
        try:
            return await self._during(step, call())
        except DeviceError as error:
            self.say(str(error))
        await self._what_now(f"Failed: {step.partition(' (')[0].lower()}")
        return None

    async def _what_now(self, step: str) -> None:
        if self.options.go:
            raise LeaveError(step)
        keys = (("enter", "try again"), ("e", "end the drive"), _LEAVE_KEY)
        choice = await self._choice(self._failed_step(step, keys))
        if choice == "d":
            raise LeaveError(step)
        if choice == "e":
            self.journal.write("ending")

    def _failed_step(self, step: str, keys: tuple[tuple[str, str], ...]) -> StepView:
        return StepView(
            title=self.options.title, step=step, lines=tuple(self._said), failed=True, keys=keys
        )

    async def _choice(self, view: ChecksView | StepView) -> str:
        """Show a view until one of its keys is pressed; gives the key."""
        wanted = {key for key, _ in view.keys}
        while True:
            pressed = await self._watching(self._desk.key(), lambda: view)
            name = "space" if pressed == " " else pressed
            if name in wanted:
                return name

    async def _during(self, step: str, call: Coroutine[Any, Any, T]) -> T:
        """Show that something is being done, while it is."""
        return await self._watching(
            call,
            lambda: StepView(
                title=self.options.title,
                step=f"{step} …",
                lines=tuple(self._said),
                prompt=self._observer.prompt,
            ),
        )

    async def _watching(self, call: Coroutine[Any, Any, T], view: Callable[[], View]) -> T:
        task = asyncio.ensure_future(call)
        try:
            while True:
                self._show(view())
                done, _ = await asyncio.wait({task}, timeout=_REDRAW_S)
                if done:
                    return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    def _show(self, view: View) -> None:
        self._desk.show(view)
        self._write_status(view)

    def _write_status(self, view: View, *, force: bool = False) -> None:
        """Leave the view for a second terminal; no evidence, so neither synced nor worth an error."""
        now_s = self._clock.monotonic_s()
        if now_s - self._status_s < _STATUS_EVERY_S and not force:
            return
        self._status_s = now_s
        trouble = write_status(self.folder, view, self.journal.state.phase, self._clock.now_ns())
        if trouble and trouble not in self._said:
            self.say(trouble)


_BEFORE_STOPPING = ("preflight", "start_phone", "see_phone", "start_tracker", "live")
