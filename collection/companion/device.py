"""The eye tracker as a device in the field."""

import asyncio
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from dashgaze.errors import DeviceError, OutputError

from ..field.check import Check
from ..field.device import ClockOffset, DrivePlan, Health, RemoteFile, Role, Started
from .app_client import AppClient
from .checks import (
    check_clock,
    check_heard,
    check_setup,
    check_sound,
    check_status,
    check_unreachable,
)
from .discovery import SEARCH_S, Address, find_one, parse_address
from .gaze_log import GazeLog
from .gaze_stream import GazeStream
from .health import Sources, clock_jump_ms, health_from
from .listening import first_data, listen, running
from .recording_control import start_recording, stop_recording
from .scene_stream import SceneStream
from .status import CompanionStatus, Kind
from .status_watch import StatusWatch
from .tasks import end
from .time_echo import measure_clock


class CompanionDevice:
    """A Pupil Invisible or Neon, through the Companion app on its phone.

    Losing it never stops a recording: nothing but `stop` does.

    Parameters
    ----------
    address
        Of the app, ``HOST`` or ``HOST:PORT``; the only one on the network if not given.
    field_folder
        The session's folder ``field``: from `start` on every gaze sample is logged there, as a safety
        copy. None logs none.
    need_streams
        Whether `start` insists on seeing gaze and a picture. Turn it off only where the network keeps
        streams from this computer: the phone records all the same.
    search_s
        How long to look for it, s.
    """

    name = "eye tracker"
    role: Role = "tracker"

    def __init__(
        self,
        address: str | Address | None = None,
        *,
        field_folder: Path | None = None,
        need_streams: bool = True,
        search_s: float = SEARCH_S,
    ) -> None:
        self._address = parse_address(address) if isinstance(address, str) else address
        self._field_folder = field_folder
        self._need_streams = need_streams
        self._search_s = search_s
        self._client: AppClient | None = None
        self._sources: Sources | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.clock_trouble = ""

    @property
    def address(self) -> Address | None:
        """Where it is; None if it has not been looked for."""
        return self._address

    @property
    def kind(self) -> Kind | None:
        """What glasses these are; None if not connected."""
        status = self._sources.watch.latest if self._sources else None
        return None if status is None else status.kind

    async def connect(self) -> None:
        """Find the device, learn what it is, and keep knowing its state.

        Raises
        ------
        DeviceError
            If there is none, more than one, or it does not answer.
        MissingExtraError
            If the optional packages are not installed.
        """
        if self._client is not None:
            await self._watch().ask()
            return
        if self._address is None:
            self._address = (await find_one(self._search_s)).address
        client = AppClient(self._address)
        await client.open()
        watch = StatusWatch(client)
        try:
            status = await watch.ask()
        except BaseException:
            await client.close()
            raise
        self._client, self._sources = client, Sources(watch=watch)
        self.name = status.phone.name or self.name
        self._run("poll", watch.poll())
        self._run("follow", watch.follow())

    async def check(self, plan: DrivePlan) -> list[Check]:
        """Look at everything that could spoil the drive; takes about five seconds."""
        client = self._connected()
        try:
            status = await self._watch().ask()
        except DeviceError as error:
            return [check_unreachable(error)]
        found = check_status(status, plan)
        offset = await self.clock_offset()
        found.append(check_clock(offset, self.clock_trouble))
        questions = None
        if status.kind == "Neon":
            try:
                questions = await client.unanswered_questions()
            except DeviceError:
                questions = None  # then it is told like one that can't be asked
        found += [check_setup(status.kind, questions), check_sound(status)]
        if status.glasses is not None:
            heard = await listen(self._gaze_url, self._scene_url)
            found += check_heard(heard, need_streams=self._need_streams)
        return found

    async def clock_offset(self) -> ClockOffset | None:
        """Measure its clock; None if it can't be, then `clock_trouble` says why."""
        sources = self._sources_open()
        status = sources.watch.fresh
        try:
            status = status or await sources.watch.ask()
            if status.phone.time_echo_port is None:
                self.clock_trouble = (
                    "The app is too old to tell its time; 1.4.28 or newer is needed."
                )
                return None
            # The address that it answers at, which is not always the one that it gives itself.
            offset = await measure_clock(self._host(), status.phone.time_echo_port)
        except DeviceError as error:
            self.clock_trouble = error.what
            return None
        sources.offset, self.clock_trouble = offset, ""
        return offset

    async def start(self, plan: DrivePlan) -> Started:
        """Start recording, and wait until gaze and a picture come. One that runs is taken over.

        Raises
        ------
        DeviceError
            If it is refused, or nothing comes. With ``unknown`` it may be recording: look, then start
            again, which takes it over.
        """
        sources = self._sources_open()
        if sources.gaze is None:
            self._open_log(sources, plan)
            sources.gaze = GazeStream(self._gaze_url)
            sources.gaze_since_s = time.monotonic()
            if sources.log is not None:
                sources.gaze.attach(sources.log, connections_before=sources.log.connections_before)
                self._run("log", sources.log.run())
            self._run("gaze", sources.gaze.run())
        scene = sources.scene = sources.scene or SceneStream(self._scene_url)
        confirmed = await start_recording(self._connected())
        await self._end("scene")
        try:
            async with running(scene.run()):
                if self._need_streams:
                    await first_data(sources.gaze, scene)
        finally:
            self._run("scene", scene.look_now_and_then())
        return Started(
            recording_id=confirmed.recording.recording_id,
            host_ns=confirmed.host_ns,
            device_ns=_device_ns(sources, confirmed.host_ns),
        )

    async def health(self) -> Health:
        """Say how it is; never raises."""
        if self._sources is None:
            return Health(host_ns=time.time_ns(), reachable=False, note="Not connected.")
        for name, task in self._tasks.items():
            if task.done() and not task.cancelled() and task.exception() is not None:
                self._sources.notes = (f"dashgaze itself failed in {name}: {task.exception()!r}.",)
        return health_from(self._sources)

    async def mark(self, name: str, host_ns: int) -> None:
        """Send an event, stamped with the device's time at `host_ns` if its clock has been measured.

        Raises
        ------
        DeviceError
            If it is not kept, or not known to be.
        """
        client, sources = self._connected(), self._sources_open()
        if sources.offset is None or clock_jump_ms(sources) is not None:
            await self.clock_offset()
        sent = await client.send_event(
            " ".join(name.split()) or "event", _device_ns(sources, host_ns)
        )
        if sent.recording_id is None:
            raise DeviceError(
                f"The eye tracker did not keep the event {name!r}: it does not record.",
                fix="See whether the recording has been stopped on the phone.",
            )

    async def stop(self) -> None:
        """Stop and save; one that has stopped already is fine.

        Raises
        ------
        DeviceError
            If it still records; ``unknown`` if nobody can tell.
        """
        await stop_recording(self._connected())
        await self._end("scene")

    async def files(self) -> list[RemoteFile]:
        """Give none: recordings leave this phone by export, over USB."""
        return []

    async def close(self) -> None:
        """Let go of it and write the safety log out; a recording goes on."""
        for name in list(self._tasks):
            await self._end(name)
        sources, self._sources = self._sources, None
        if sources is not None and sources.log is not None:
            await sources.log.close()
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _open_log(self, sources: Sources, plan: DrivePlan) -> None:
        if self._field_folder is None or sources.log is not None:
            return
        status = sources.watch.latest or CompanionStatus()
        try:
            sources.log = GazeLog(
                self._field_folder,
                device={
                    "kind": status.kind,
                    "serial": status.glasses.serial if status.glasses else None,
                    "phone": status.phone.name,
                    "session": plan.session_id,
                },
            )
        except OutputError as error:
            # The safety copy must not keep a drive from being recorded; the live screen shows it.
            sources.notes = (f"Safety log: {error}",)

    async def _gaze_url(self) -> str:
        return await self._sensor_url("gaze", "gaze")

    async def _scene_url(self) -> str:
        return await self._sensor_url("world", "scene camera")

    async def _sensor_url(self, sensor: str, label: str) -> str:
        status = await self._watch().ask()
        found = status.connected(sensor)
        if found is None:
            raise DeviceError(
                f"The app has no {label} to stream"
                + (": no glasses are plugged in." if status.glasses is None else "."),
                fix="Plug in the glasses; press the scene camera on.",
            )
        return found.url

    def _run(self, name: str, job: Coroutine[Any, Any, None]) -> None:
        self._tasks[name] = asyncio.create_task(job, name=f"eye tracker: {name}")

    async def _end(self, name: str) -> None:
        task = self._tasks.pop(name, None)
        if task is not None:
            await end(task)

    def _host(self) -> str:
        return self._connected().address.host

    def _connected(self) -> AppClient:
        if self._client is None:
            raise DeviceError("The eye tracker is not connected.", fix="Connect to it first.")
        return self._client

    def _sources_open(self) -> Sources:
        self._connected()
        if self._sources is None:
            raise DeviceError("The eye tracker is not connected.", fix="Connect to it first.")
        return self._sources

    def _watch(self) -> StatusWatch:
        return self._sources_open().watch


def _device_ns(sources: Sources, host_ns: int) -> int | None:
    offset = sources.offset
    return None if offset is None else host_ns + round(offset.offset_ms * 1e6)
