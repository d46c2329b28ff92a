"""The windscreen phone as a field device: any camera app, seen through adb."""

import contextlib
import time
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from dashgaze.errors import DeviceError
from dashgaze.progress import Progress, silent

from ..field.check import Check
from ..field.device import ClockOffset, DrivePlan, Health, RemoteFile, Role, Started
from . import pulling
from .adb import SHELL_TIMEOUT_S, Adb
from .app_recording import AppRecording
from .camera_hooks import CameraAppHooks, run_hook
from .phone_checks import phone_checks, storage_minutes
from .phone_clock import measure_offset
from .phone_sections import run_sections
from .phone_state import (
    SECTIONS,
    PhoneState,
    parse_battery,
    parse_free_bytes,
    state_of,
)
from .recorded_files import CameraFiles, as_remote, listing_command, parse_listing

START_TIMEOUT_S = 30.0
START_BY_HAND_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 30.0
STOP_BY_HAND_TIMEOUT_S = 120.0
_CAMERAS_TIMEOUT_S = 15.0


class AdbPhone:
    """A phone at the windscreen whose camera app writes video files; seen through adb.

    Only the growth of the files counts as recording. Losing the phone, or the end of this program,
    stops nothing on it.

    Parameters
    ----------
    adb
        The phone's adb; None for the only one attached, with adb from PATH.
    cameras
        Where the camera app writes, and how many files at once.
    hooks
        How the app is started and stopped; by hand if not given.
    start_timeout_s, stop_timeout_s
        How long to wait for the files to grow, and to be closed; None for a time that suits `hooks`.

    Raises
    ------
    DeviceError
        If adb is not installed.
    """

    name = "phone"
    role: Role = "phone"

    def __init__(
        self,
        adb: Adb | None = None,
        *,
        cameras: CameraFiles | None = None,
        hooks: CameraAppHooks | None = None,
        start_timeout_s: float | None = None,
        stop_timeout_s: float | None = None,
    ) -> None:
        self.adb = adb or Adb()
        self.cameras = cameras or CameraFiles()
        self.hooks = hooks or CameraAppHooks()
        self._start_timeout_s = start_timeout_s or (
            START_TIMEOUT_S if self.hooks.start else START_BY_HAND_TIMEOUT_S
        )
        self._stop_timeout_s = stop_timeout_s or (
            STOP_TIMEOUT_S if self.hooks.stop else STOP_BY_HAND_TIMEOUT_S
        )
        self._recording = AppRecording(self.adb, self.cameras)
        self._asked = False  # whether the app was told to start
        self._offset: ClockOffset | None = None

    async def connect(self) -> None:
        """Find the phone.

        Raises
        ------
        DeviceError
            If none is attached, several are and none was named, or it can't be used.
        """
        device = await self.adb.choose()
        self.name = device.model or device.serial

    async def state(self) -> PhoneState:
        """Read all that the phone tells of itself; None for what can't be read.

        Raises
        ------
        DeviceError
            If it is not there.
        """
        sections: dict[str, str] = {}
        quick = {key: command for key, command in SECTIONS.items() if key != "cameras"}
        places = [
            f"df -k {_quoted(name)} || df {_quoted(name)}" for name in self.cameras.folders[:1]
        ]
        quick["space"] = "; ".join(places)
        quick["folders"] = "; ".join(
            f"[ -d {_quoted(name)} ] && echo 1 || echo 0" for name in self.cameras.folders
        )
        for commands, timeout_s in (
            (quick, SHELL_TIMEOUT_S),
            ({"cameras": SECTIONS["cameras"]}, _CAMERAS_TIMEOUT_S),
        ):
            try:
                sections |= await run_sections(self.adb, commands, timeout_s=timeout_s)
            except DeviceError as error:
                if not error.unknown:
                    raise
        try:
            offset = await self.clock_offset()
        except DeviceError as error:
            if not error.unknown and not sections:
                raise
            offset = None
        there = [line.strip() == "1" for line in sections.get("folders", "").split()]
        folders = None
        if len(there) == len(self.cameras.folders):
            folders = dict(zip(self.cameras.folders, there, strict=True))
        return state_of(
            sections,
            free_bytes=parse_free_bytes(sections.get("space", "")),
            clock_ms=None if offset is None else (offset.offset_ms, offset.uncertainty_ms),
            folders=folders,
        )

    async def check(self, plan: DrivePlan) -> list[Check]:
        """Look at everything that could spoil the drive; what can't be read is amber."""
        try:
            if self.adb.serial is None:
                await self.connect()
            state = await self.state()
        except DeviceError as error:
            return [
                Check(
                    code="phone.reachable",
                    subject="phone",
                    level="red",
                    what=error.what,
                    fix=error.fix or "Look at `adb devices`.",
                )
            ]
        return phone_checks(state, plan, cameras=self.cameras.count)

    async def clock_offset(self) -> ClockOffset | None:
        """Measure the phone's clock; None if it does not tell nanoseconds.

        Raises
        ------
        DeviceError
            If it does not answer.
        """
        self._offset = await measure_offset(self.adb) or self._offset
        return self._offset

    async def start(self, plan: DrivePlan) -> Started:
        """Start the camera app, or wait for it to be started by hand, until its files grow.

        A recording that runs is taken over. The app is told to start once only: after a failure
        that leaves doubt, the next call only looks.

        Raises
        ------
        DeviceError
            If not exactly the expected number of files grow in time (``unknown``), or the app
            can't be told.
        """
        if self._offset is None:
            with contextlib.suppress(DeviceError):
                await self.clock_offset()
        if not self._asked:
            running = await self._recording.find_running()
            if running is not None:
                return self._started(running)
            if self.hooks.start is not None:
                self._asked = True
                try:
                    await run_hook(self.adb, self.hooks.start)
                except DeviceError as error:
                    self._asked = error.unknown
                    raise
        hint = "" if self.hooks.start else "Start the camera app by hand."
        return self._started(await self._recording.wait_for_growth(self._start_timeout_s, hint))

    async def health(self) -> Health:
        """Look at the phone during the drive; never raises."""
        watch, is_known = self._recording.watch, self._recording.is_known
        before = watch.growing()
        try:
            sections = await run_sections(
                self.adb,
                {
                    "battery": SECTIONS["battery"],
                    "space": f"df -k {_quoted(self.cameras.folders[0])}",
                    "files": listing_command(self.cameras.folders),
                },
                timeout_s=SHELL_TIMEOUT_S,
            )
        except DeviceError as error:
            return Health(host_ns=time.time_ns(), reachable=False, note=f"{error.what} {error.fix}")
        now_s = time.monotonic()
        fresh = watch.observe(parse_listing(sections.get("files", "")), now_s)
        percent, temperature_c, _ = parse_battery(sections.get("battery", ""))
        growing = watch.growing()
        enough = self._recording.runs()
        recorded = watch.recorded() if is_known else []
        since_s = self._recording.since_s
        return Health(
            host_ns=time.time_ns(),
            reachable=True,
            recording=enough,
            growing=enough,
            recorded_s=None if since_s is None else now_s - since_s,
            recorded_bytes=sum(file.size_bytes for file in recorded) if recorded else None,
            battery_percent=percent,
            temperature_c=temperature_c,
            storage_minutes=self._minutes_left(parse_free_bytes(sections.get("space", ""))),
            note=self._note(before, growing, fresh) if is_known else "",
        )

    async def mark(self, name: str, host_ns: int) -> None:
        """Ignore an event: camera apps take none."""

    async def stop(self) -> None:
        """Stop the camera app, or wait for it to be stopped by hand, until its files are closed.

        Raises
        ------
        DeviceError
            If files still grow after the time (``unknown``), or the app can't be told.
        """
        await self._recording.look()
        if self.hooks.stop is not None and await self._recording.grows():
            await run_hook(self.adb, self.hooks.stop)
        deadline_s = time.monotonic() + self._stop_timeout_s
        while await self._recording.grows():
            if time.monotonic() > deadline_s:
                raise DeviceError(
                    f"The phone's video files still grow after {self._stop_timeout_s:.0f} s.",
                    unknown=True,
                    fix="Stop the recording in the camera app.",
                )
        self._asked = False

    async def files(self) -> list[RemoteFile]:
        """List the recording's files.

        Raises
        ------
        DeviceError
            If no recording was started or adopted, or the phone is not there.
        """
        if not self._recording.is_known:
            raise DeviceError(
                "It is not known which of the phone's files belong to the drive.",
                fix="Name the recording that the drive's journal has, or import its files by hand.",
            )
        await self._recording.look()
        written = [file for file in self._recording.watch.recorded() if file.size_bytes]
        return as_remote(written, self.cameras)

    def adopt(self, recording_id: str, *, started_s: float, stopped_s: float | None = None) -> None:
        """Take over a recording that an earlier run of this program started.

        Parameters
        ----------
        recording_id
            As `Started` gave it.
        started_s, stopped_s
            Unix time on the phone's clock when it ran and when it was stopped; None if it still
            runs. Parts that began in between are found by them.
        """
        self._recording.adopt(recording_id, started_s, stopped_s)

    async def pull(
        self, file: RemoteFile, local: Path, *, offset: int = 0, progress: Progress = silent
    ) -> int:
        """Copy a file to this computer, from an offset on; see `pulling.pull`."""
        return await pulling.pull(self.adb, file.name, local, offset=offset, progress=progress)

    async def sha256(self, file: RemoteFile) -> str:
        """Let the phone compute a file's SHA-256."""
        return await pulling.sha256_of(self.adb, file.name)

    async def close(self) -> None:
        """Let go of the phone; it goes on."""

    def _started(self, grown: Iterable[str]) -> Started:
        host_ns = time.time_ns()
        device_ns = None
        if self._offset is not None:
            device_ns = host_ns + round(self._offset.offset_ms * 1e6)
        return Started(recording_id="|".join(sorted(grown)), host_ns=host_ns, device_ns=device_ns)

    def _minutes_left(self, free_bytes: int | None) -> float | None:
        rate = self._recording.watch.bytes_per_s() if self._recording.is_known else None
        if free_bytes is not None and rate:
            return free_bytes / rate / 60
        return storage_minutes(free_bytes, cameras=self.cameras.count)

    def _note(self, before: set[str] | None, growing: set[str] | None, fresh: list[str]) -> str:
        notes = [f"A new part began: {PurePosixPath(name).name}." for name in fresh]
        if growing is not None and len(growing) < self.cameras.count:
            recorded = [file.name for file in self._recording.watch.recorded()]
            stopped = sorted((before or set()) - growing)
            stopped = stopped or [name for name in recorded if name not in growing]
            listed = ", ".join(PurePosixPath(name).name for name in stopped[-2:])
            notes.append(f"Stopped growing: {listed or 'all files'}. Look at the camera app.")
        return " ".join(notes)


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "'\\''") + "'"
