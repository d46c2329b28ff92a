"""A drive's devices in their order: the phone first and last, each step in the journal before and after."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from dashgaze.errors import DashgazeError, DeviceError, OutputError

from ..field.device import ClockOffset, DrivePlan, FieldDevice, Health, Role, Started
from .asking import (
    CLOCK_TIMEOUT_S,
    CLOSE_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    HEALTH_TIMEOUT_S,
    START_TIMEOUT_S,
    STOP_TIMEOUT_S,
    ask,
)
from .clocks import ClockMeasurement, When, add_clocks
from .drive_folder import DriveFolder
from .host_clock import HostClock
from .journal import Journal
from .state import DeviceState

GROWTH_TIMEOUT_S = 30.0
"""For how long a recording that was just started may show no data."""

SETTLE_TIMEOUT_S = 20.0
"""For how long a device is asked whether it records, before that is called unknown."""

_LOOK_EVERY_S = 1.0
_LATE_AGAIN_S = 5.0
# Two looks, for one may fall between the end of one recording and the device's noticing it.
_LOOKS_TO_BELIEVE = 2


@runtime_checkable
class ByHand(Protocol):
    """A device that nobody can ask: a person looks at it."""

    by_hand: bool

    async def seen_growing(self) -> bool:
        """Ask the observer whether its recording goes on."""

    async def records_now(self) -> bool:
        """Ask the observer whether it records."""


class Drive:
    """Starts, watches over and stops the devices of one drive.

    It never stops anything but in `stop`, and asks a device to start only if that is known not to
    record.

    Parameters
    ----------
    folder
        The session folder.
    devices
        Phone and, if there is one, tracker.
    plan
        The drive.
    journal
        Where each step goes.
    clock
        The host's clocks.
    tell
        Shows a sentence to the observer.
    """

    def __init__(
        self,
        folder: DriveFolder,
        devices: Mapping[Role, FieldDevice],
        plan: DrivePlan,
        journal: Journal,
        clock: HostClock,
        tell: Callable[[str], None],
    ) -> None:
        self.folder = folder
        self.devices = devices
        self.plan = plan
        self.journal = journal
        self.offsets: dict[Role, ClockOffset] = {}
        self.unconnected: set[Role] = set(devices)
        self._late: dict[Role, asyncio.Task[None]] = {}
        self._clock = clock
        self._tell = tell

    def state(self, role: Role) -> DeviceState:
        """Give what the journal says of a device."""
        return self.journal.state.device(role)

    async def connect(self) -> dict[Role, str]:
        """Find the devices that are not found yet; gives what went wrong, by role."""
        problems: dict[Role, str] = {}

        async def one(role: Role) -> None:
            try:
                await ask(
                    f"The {role} was looked for", self.devices[role].connect(), CONNECT_TIMEOUT_S
                )
                self.unconnected.discard(role)
            except DashgazeError as error:
                problems[role] = str(error)

        await asyncio.gather(*(one(role) for role in self.unconnected))
        return problems

    async def close(self) -> None:
        """Let go of the devices; recordings go on."""
        for task in self._late.values():
            task.cancel()
        await asyncio.gather(*self._late.values(), return_exceptions=True)

        async def one(role: Role, device: FieldDevice) -> None:
            try:
                await ask(f"The {role} was let go", device.close(), CLOSE_TIMEOUT_S)
            except DashgazeError as error:
                self._tell(str(error))

        await asyncio.gather(*(one(role, device) for role, device in self.devices.items()))

    async def measure_clocks(self, when: When) -> None:
        """Measure the devices' clocks, into ``field/clocks.json``; what can't be measured is told."""
        found: list[ClockMeasurement] = []

        async def one(role: Role, device: FieldDevice) -> None:
            try:
                offset = await ask(
                    f"The {role}'s clock was asked for", device.clock_offset(), CLOCK_TIMEOUT_S
                )
            except DashgazeError as error:
                self._tell(str(error))
                return
            if offset is not None:
                self.offsets[role] = offset
                found.append(ClockMeasurement(role=role, when=when, offset=offset))
                self.journal.write("clock", role=role, when=when, offset_ms=offset.offset_ms)

        await asyncio.gather(*(one(role, device) for role, device in self.devices.items()))
        if found:
            add_clocks(self.folder, sorted(found, key=lambda each: each.role))

    async def health(self, role: Role) -> Health:
        """Look at a device; whatever goes wrong is unreachable, with a note.

        One that was not found yet is looked for meanwhile, and its recording taken over.
        """
        if role in self.unconnected:
            if role not in self._late or self._late[role].done():
                self._late[role] = asyncio.create_task(self._connect_late(role))
            return Health(host_ns=self._clock.now_ns(), reachable=False, note="It is looked for.")
        try:
            return await ask(f"The {role}", self.devices[role].health(), HEALTH_TIMEOUT_S)
        except DashgazeError as error:
            return Health(host_ns=self._clock.now_ns(), reachable=False, note=error.what)

    async def _connect_late(self, role: Role) -> None:
        try:
            await ask(f"The {role} was looked for", self.devices[role].connect(), CONNECT_TIMEOUT_S)
            self.unconnected.discard(role)
            # While it is not started or stopped: those ask for its state themselves.
            if self.state(role).activity in ("started", "running"):
                await self._recovered(role, await self._settle(role))
        except DashgazeError as error:
            self._tell(str(error))
            await asyncio.sleep(_LATE_AGAIN_S)

    async def start(self, role: Role) -> Started:
        """Start a device's recording, or take over the one that runs.

        Raises
        ------
        DeviceError
            If it does not record (it may be started again), or it can't be told (``unknown``).
        """
        if role == "tracker" and self.state("phone").activity != "running":
            raise DeviceError(
                "The phone's recording was not seen to grow; the tracker is not started.",
                fix="Start the phone first.",
            )
        if self.state(role).activity in ("starting", "unknown", "stopping"):
            runs = await self._settle(role)
            if runs is None:
                raise self._not_known(role)
            if not runs:
                self.journal.write("not_started", role=role)
        self.journal.write("starting", role=role)
        try:
            started = await ask(
                f"The {role} was asked to record",
                self.devices[role].start(self.plan),
                START_TIMEOUT_S,
            )
        except DashgazeError as error:
            started = await self._after_failed_start(role, error)
        self.journal.write(
            "started",
            role=role,
            recording_id=started.recording_id,
            device_ns=started.device_ns,
            known_ns=started.host_ns,
        )
        return started

    async def _after_failed_start(self, role: Role, error: DashgazeError) -> Started:
        """Ask for the device's state: a start that failed here may have been done there."""
        if isinstance(error, DeviceError) and error.unknown:
            self._tell(f"{error.what} Asking the {role} whether it records.")
            runs = await self._settle(role)
            if runs:
                # It is known to run: this takes it over, and learns its name.
                return await self._taken_over(role)
            if runs is None:
                self.journal.write("unknown", role=role, what=error.what)
                raise self._not_known(role) from error
        self.journal.write("not_started", role=role, what=error.what)
        raise error

    async def _taken_over(self, role: Role) -> Started:
        try:
            return await ask(
                f"The {role}'s recording was taken over",
                self.devices[role].start(self.plan),
                START_TIMEOUT_S,
            )
        except DashgazeError as error:
            self._tell(str(error))
            return Started(recording_id="", host_ns=self._clock.now_ns())

    async def see_growing(self, role: Role) -> bool:
        """Wait until a recording is seen to grow; the only proof of it."""
        by_hand = self._by_hand(role)
        if by_hand is not None:
            if await by_hand.seen_growing():
                self.journal.write("growing", role=role, seen_by="observer")
                return True
            self.journal.write("not_growing", role=role, seen_by="observer")
            return False
        until_s = self._clock.monotonic_s() + GROWTH_TIMEOUT_S
        while True:
            health = await self.health(role)
            if health.growing:
                self.journal.write("growing", role=role, recorded_bytes=health.recorded_bytes)
                return True
            if self._clock.monotonic_s() >= until_s:
                self.journal.write("not_growing", role=role, what=health.note)
                return False
            await asyncio.sleep(_LOOK_EVERY_S)

    async def stop(self, role: Role) -> None:
        """Stop a device's recording and see that it did.

        Raises
        ------
        DeviceError
            If it records on, or it can't be told; it may be stopped again.
        """
        if role == "phone" and self.state("tracker").may_record:
            raise DeviceError(
                "The tracker still records; the phone is not stopped before it.",
                fix="Stop the tracker first.",
            )
        self.journal.write("stopping", role=role)
        try:
            await ask(f"The {role} was asked to stop", self.devices[role].stop(), STOP_TIMEOUT_S)
        except DashgazeError as error:
            self._tell(f"{error.what} Asking the {role} whether it records.")
            runs = await self._settle(role)
            if runs is not False:
                self.journal.write("not_stopped" if runs else "unknown", role=role, what=error.what)
                raise
        self.journal.write("stopped", role=role)

    def stopped_by_hand(self, role: Role, observer: str) -> None:
        """Note that somebody stopped a device that can't be asked."""
        self.journal.write("stopped", role=role, seen_by=observer or "observer")

    async def recover(self) -> dict[Role, bool | None]:
        """After a crash: ask devices for their state, and note what became of their recordings.

        Returns
        -------
        dict
            For each device that may record by the journal: whether it does, None if it can't be told.
        """
        answers: dict[Role, bool | None] = {}

        async def one(role: Role) -> None:
            answers[role] = await self._settle(role)

        waiting = [role for role in self.devices if self.state(role).may_record]
        await asyncio.gather(*(one(role) for role in waiting))
        for role in waiting:
            await self._recovered(role, answers[role])
        return answers

    async def _recovered(self, role: Role, runs: bool | None) -> None:
        before = self.state(role).activity
        if runs is None:
            if before != "unknown":
                self.journal.write("lost", role=role)
            return
        if before == "stopping":
            # It is stopped again, next: taken over, a phone that has not heard of the stop would begin
            # a second recording; called stopped, its files might never be made.
            return
        if runs:
            started = await self._taken_over(role)
            self.journal.write("taken_over", role=role, recording_id=started.recording_id)
            return
        self.journal.write("not_started" if before == "starting" else "ended", role=role)

    async def _settle(self, role: Role) -> bool | None:
        """Find out whether a device records; None if it does not say so in time."""
        by_hand = self._by_hand(role)
        if by_hand is not None:
            return await by_hand.records_now()
        until_s = self._clock.monotonic_s() + SETTLE_TIMEOUT_S
        nos = 0
        while True:
            health = await self.health(role)
            if health.reachable and (health.growing or health.recording):
                return True
            nos = nos + 1 if health.reachable and health.recording is False else 0
            if nos >= _LOOKS_TO_BELIEVE:
                return False
            if self._clock.monotonic_s() >= until_s:
                return None
            await asyncio.sleep(_LOOK_EVERY_S)

    def _by_hand(self, role: Role) -> ByHand | None:
        device = self.devices[role]
        return device if isinstance(device, ByHand) else None

    def _not_known(self, role: Role) -> DeviceError:
        return DeviceError(
            f"It is not known whether the {role} records.",
            unknown=True,
            fix=f"Look at the {role} itself and bring its connection back; then it is asked again.",
        )

    def note(self, step: str, role: Role) -> None:
        """Write a mark of the live screen; a full disk must not end the drive."""
        try:
            self.journal.write(step, role=role)
        except OutputError as error:
            self._tell(str(error))
