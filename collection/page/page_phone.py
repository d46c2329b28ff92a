"""The page as a device in the field."""

import asyncio
import time
from pathlib import Path

from dashgaze.collection.field.check import Check
from dashgaze.collection.field.device import (
    ClockOffset,
    DrivePlan,
    Health,
    RemoteFile,
    Role,
    Started,
)
from dashgaze.errors import DeviceError

from . import limits
from .cable import Cable
from .drive import PageView
from .finishing import PageResult
from .folder import free_bytes
from .handing_over import hand_over
from .messages import Stream
from .page_checks import SILENT_DBFS, STREAM_BYTES_S, page_checks
from .server import PageServer

_RATE_WINDOW_S = 5.0


class PagePhone:
    """One phone with the page open, or two; a `FieldDevice` on the server in this process.

    Parameters
    ----------
    server
        The server; it is started by `connect` and ended by `close`.
    over_cable
        Whether phones come over a cable: the way is then made, and made again, with adb where that
        is installed.
    """

    name = "phone page"
    role: Role = "phone"

    def __init__(self, server: PageServer, *, over_cable: bool = True) -> None:
        self.server = server
        self.cable_trouble: str | None = None
        self._over_cable = over_cable
        self._cable: Cable | None = None
        self.result: PageResult | None = None
        self._sizes: tuple[int, float] | None = None

    @property
    def url(self) -> str:
        """The link to open on the phone."""
        return self.server.url

    async def connect(self) -> None:
        """Serve the page. A phone need not be there yet; `check` says whether one is."""
        await self.server.start()
        if self._over_cable and self._cable is None:
            self._cable = Cable(self.server.port)
            self.cable_trouble = await self._cable.connect()
            self._cable.keep()

    def awaited(self) -> tuple[str, ...]:
        """Say what somebody has to do before the phone can be looked at; empty once it is done."""
        views = self.server.drive.here()
        link = f"Open this link on the phone: {self.url}"
        if not views:
            return (link, *([self.cable_trouble] if self.cable_trouble else []))
        beats = [view.beat for view in views]
        films = {beat.role for beat in beats}
        missing = [stream for stream in ("road", "driver") if self._view(stream) is None]
        if missing and any(beat.one_camera for beat in beats) and not films & {"both", *missing}:
            return (f"The phone can use one camera only. On a second device: {link}",)
        if missing:
            return (
                "Press “Check the cameras” on the page and wait until it says that it is ready.",
            )
        if any(beat.clock is None or beat.sound_dbfs is None for beat in beats):
            return ("The page measures its clock and its sound.",)
        # Microphones give silence at first; one that stays silent is red when the time is up.
        if any((beat.sound_dbfs or 0.0) < SILENT_DBFS for beat in beats):
            return ("The page hears nothing yet: say something beside the phone.",)
        return ()

    async def check(self, plan: DrivePlan) -> list[Check]:
        """Look at the last reports of the pages, and at the disk that they record to."""
        checks = page_checks(self.server.drive.here(), self.url)
        need = 2 * plan.minutes * 60 * STREAM_BYTES_S
        free = free_bytes(self.server.folder.path)
        what = f"{free / 1e9:.1f} GB are free here; the drive needs {need / 2e9:.1f} GB."
        if free >= need:
            disk = Check(code="page.disk", subject="phone", level="green", what=what)
        else:
            disk = Check(
                code="page.disk",
                subject="phone",
                level="red" if free < need / 2 else "amber",
                what=what,
                fix="Free space on this computer: twice what the drive needs.",
            )
        return [*checks, disk]

    async def clock_offset(self) -> ClockOffset | None:
        """Give the best of the last minute's pings of the page that films the road."""
        view = self._view("road") or self._view("driver")
        if view is None or view.beat.clock is None:
            return None
        clock = view.beat.clock
        return ClockOffset(
            host_ns=round(clock.host_ms * 1e6),
            offset_ms=clock.offset_ms,
            uncertainty_ms=clock.rtt_ms / 2,
        )

    async def start(self, plan: DrivePlan) -> Started:
        """Let every page that has cameras record, and wait for data of each on disk here."""
        drive = self.server.drive
        end_s = time.monotonic() + limits.CAMERAS_S
        while not (streams := self._streams()) and time.monotonic() < end_s:
            await asyncio.sleep(0.1)
        if not streams and drive.state != "recording":
            raise DeviceError(
                "No page has its cameras open.",
                fix=f"Open {self.url} on the phone and press “Check the cameras”.",
            )
        before = {part.opening.key for part in self.server.parts if part.complete}
        await drive.enter("recording", f"started for {plan.session_id}")
        end_s = time.monotonic() + limits.START_S
        while missing := [each for each in streams if not self._arrives(each, before)]:
            if time.monotonic() > end_s:
                raise DeviceError(
                    f"No data of {' and '.join(missing)} came within {limits.START_S:.0f} s.",
                    unknown=True,
                    fix="Look at the phone: the page has to be in front. Then start again.",
                )
            await asyncio.sleep(0.1)
        return Started(
            recording_id="", host_ns=time.time_ns(), device_ns=self._device_ns(time.time_ns())
        )

    async def health(self) -> Health:
        """Look at the last reports, and at what arrived since the last look."""
        drive = self.server.drive
        views = drive.here()
        video = [part for part in self.server.parts if part.stream != "log"]
        size, now_s = sum(part.size_bytes for part in video), time.monotonic()
        growing = None if self._sizes is None else size > self._sizes[0]
        if self._sizes is None or now_s - self._sizes[1] > 1.0:
            self._sizes = (size, now_s)
        beats = [view.beat for view in views]
        batteries = [beat.battery_percent for beat in beats if beat.battery_percent is not None]
        sounds = [beat.sound_dbfs for beat in beats if beat.sound_dbfs is not None]
        speeds = [beat.speed_m_s for beat in beats if beat.speed_m_s is not None]
        cameras = {
            stream: camera.fps
            for beat in beats
            for stream, camera in (("road", beat.road), ("driver", beat.driver))
            if camera is not None and camera.fps is not None
        }
        recording = drive.state == "recording"
        return Health(
            host_ns=time.time_ns(),
            reachable=bool(views),
            recording=any(beat.state == "recording" for beat in beats) if beats else None,
            growing=growing,
            recorded_s=(time.time_ns() - drive.since_ns) / 1e9
            if recording and drive.since_ns
            else None,
            recorded_bytes=size,
            battery_percent=min(batteries, default=None),
            storage_minutes=free_bytes(self.server.folder.path) / STREAM_BYTES_S / 60,
            rates_hz=cameras,
            sound_dbfs=max(sounds, default=None),
            location_fix=any(beat.location_fix for beat in beats) if beats else None,
            speed_m_s=max(speeds, default=None),
            note=self._note(views),
        )

    async def mark(self, name: str, host_ns: int) -> None:
        """Note the event in the page's journal; the phone is not told."""
        await self.server.parts.note({"what": "mark", "name": name, "at_host_ns": host_ns})

    async def stop(self) -> None:
        """Stop the pages, take what they still hold, and make the session's files.

        Raises
        ------
        DeviceError
            If a phone still holds something of the recording; the files are made of the rest. Calling
            it again with the phone there completes them.
        """
        drive = self.server.drive
        if drive.state == "waiting":
            return
        made = self.result
        if drive.state == "finished" and made and all(part.complete for part in made.parts):
            return
        self.result = await hand_over(self.server, why="stopped from this computer")
        if lacking := self._lacking():
            raise DeviceError(
                f"The end of {', '.join(lacking)} is still on the phone.",
                unknown=True,
                fix="Open the page on that phone again and stop once more. If the phone is lost, go "
                "on: what arrived is in the session.",
            )

    async def files(self) -> list[RemoteFile]:
        """List the session's files; they are in the session folder already, under ``target``."""
        result, session = self.result, self.server.folder.session
        if result is None:
            return []
        names = [result.road, result.driver, result.location]
        names += [part.target for part in result.parts]
        return [
            RemoteFile(name=name, target=name, size_bytes=(session / name).stat().st_size)
            for name in dict.fromkeys(each for each in names if each is not None)
        ]

    async def close(self) -> None:
        """Stop serving; the phone goes on recording and keeps it until it is served again."""
        if self._cable is not None:
            await self._cable.close()
            self._cable = None
        await self.server.close()

    def _lacking(self) -> list[str]:
        return [p.path.name for p in self.server.parts if p.stream != "log" and not p.complete]

    def _streams(self) -> list[Stream]:
        return [each for each in ("road", "driver") if self._view(each) is not None]

    def _view(self, stream: Stream) -> PageView | None:
        for view in self.server.drive.here():
            if (view.beat.road if stream == "road" else view.beat.driver) is not None:
                return view
        return None

    def _arrives(self, stream: Stream, before: set[str]) -> bool:
        now_s = time.monotonic()
        return any(
            part.digests and now_s - part.last_s < _RATE_WINDOW_S
            for part in self.server.parts.of(stream)
            if part.opening.key not in before
        )

    def _device_ns(self, host_ns: int) -> int | None:
        view = self._view("road") or self._view("driver")
        if view is None or view.beat.clock is None:
            return None
        return host_ns + round(view.beat.clock.offset_ms * 1e6)

    def _note(self, views: list[PageView]) -> str:
        if not views:
            return "No page reports. The phone goes on recording; look at its cable."
        for view in views:
            if view.beat.trouble:
                return view.beat.trouble
            if not view.beat.visible:
                return "The page is not in front: the browser may have stopped the cameras."
        return ""


def open_page_phone(
    session: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    names: tuple[str, ...] = (),
    certificate: Path | None = None,
    key: Path | None = None,
) -> PagePhone:
    """Make the page of a session a device; see `PageServer` for the arguments."""
    return PagePhone(
        PageServer(session, host=host, port=port, names=names, certificate=certificate, key=key),
        over_cable=certificate is None,
    )
