"""The windscreen phone as a field device: any camera app, seen through adb."""

import asyncio
import contextlib
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from dashgaze.errors import DeviceError
from dashgaze.progress import Progress, silent

from ..field.check import Check
from ..field.device import ClockOffset, DrivePlan, Health, RemoteFile, Role, Started
from . import pulling
from .adb import SHELL_TIMEOUT_S, Adb
from .camera_hooks import CameraAppHooks, run_hook
from .phone_checks import phone_checks, storage_minutes
from .phone_clock import measure_offset
from .phone_state import (
    SECTIONS,
    PhoneState,
    parse_battery,
    parse_free_bytes,
    state_of,
)
from .recorded_files import (
    CameraFiles,
    FileWatch,
    FoundFile,
    as_remote,
    listing_command,
    parse_listing,
)

START_TIMEOUT_S = 30.0
START_BY_HAND_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 30.0
STOP_BY_HAND_TIMEOUT_S = 120.0
POLL_S = 1.0
# Who records writes at least this often; what is older is no recording that runs.
_FRESH_S = 30
_TAKE_OVER_S = 5.0
# A file may be closed some time after the app was told to stop.
_AFTER_STOP_S = 120
_CAMERAS_TIMEOUT_S = 15.0
_MARK = "@@"


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
        self._watch = FileWatch()
        self._asked = False  # whether the app was told to start
        self._since_s: float | None = None
        self._knows_recording = False
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
                sections |= await self._sections(commands, timeout_s)
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
            running = await self._running()
            if running is not None:
                return running
            if self.hooks.start is not None:
                self._asked = True
                try:
                    await run_hook(self.adb, self.hooks.start)
                except DeviceError as error:
                    self._asked = error.unknown
                    raise
        return await self._wait_for_growth()

    async def health(self) -> Health:
        """Look at the phone during the drive; never raises."""
        before = self._watch.growing()
        try:
            sections = await self._sections(
                {
                    "battery": SECTIONS["battery"],
                    "space": f"df -k {_quoted(self.cameras.folders[0])}",
                    "files": listing_command(self.cameras.folders),
                },
                SHELL_TIMEOUT_S,
            )
        except DeviceError as error:
            return Health(host_ns=time.time_ns(), reachable=False, note=f"{error.what} {error.fix}")
        now_s = time.monotonic()
        fresh = self._watch.observe(parse_listing(sections.get("files", "")), now_s)
        percent, temperature_c, _ = parse_battery(sections.get("battery", ""))
        growing = self._watch.growing()
        recorded = self._watch.recorded() if self._knows_recording else []
        enough = None if growing is None else len(growing) >= self.cameras.count
        if not self._knows_recording:
            enough = None
        return Health(
            host_ns=time.time_ns(),
            reachable=True,
            recording=enough,
            growing=enough,
            recorded_s=None if self._since_s is None else now_s - self._since_s,
            recorded_bytes=sum(file.size_bytes for file in recorded) if recorded else None,
            battery_percent=percent,
            temperature_c=temperature_c,
            storage_minutes=self._minutes_left(parse_free_bytes(sections.get("space", ""))),
            note=self._note(before, growing, fresh) if self._knows_recording else "",
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
        files, _ = await self._look()
        self._watch.observe(files, time.monotonic())
        if self.hooks.stop is not None and await self._grows_now():
            await run_hook(self.adb, self.hooks.stop)
        deadline_s = time.monotonic() + self._stop_timeout_s
        while await self._grows_now():
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
        if not self._knows_recording:
            raise DeviceError(
                "It is not known which of the phone's files belong to the drive.",
                fix="Name the recording that the drive's journal has, or import its files by hand.",
            )
        files, _ = await self._look()
        self._watch.observe(files, time.monotonic())
        return as_remote(self._watch.recorded(), self.cameras)

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
        self._watch = _Adopted(
            named=frozenset(recording_id.split("|")), started_s=started_s, stopped_s=stopped_s
        )
        self._knows_recording = True
        self._since_s = time.monotonic() - max(0.0, time.time() - started_s)

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

    async def _running(self) -> Started | None:
        """Take over a recording that runs; else remember what is there already."""
        files, phone_s = await self._look()
        fresh = [file for file in files.values() if phone_s - file.modified_s <= _FRESH_S]
        watch = FileWatch()
        watch.observe(files, time.monotonic())
        grown: set[str] = set()
        deadline_s = time.monotonic() + _TAKE_OVER_S
        while fresh and len(grown) < self.cameras.count and time.monotonic() < deadline_s:
            await asyncio.sleep(POLL_S)
            files, _ = await self._look()
            watch.observe(files, time.monotonic())
            grown |= watch.growing() or set()
        watch.before = set(files) - grown
        self._watch = watch
        if not grown:
            self._watch.forget()
            self._watch.observe(files, time.monotonic())
            return None
        if len(grown) != self.cameras.count:
            raise DeviceError(
                f"{_number(len(grown))} on the phone grow already; {self.cameras.count} are expected.",
                unknown=True,
                fix="Stop the camera app, look at what it records, and start again.",
            )
        return self._started(grown)

    async def _wait_for_growth(self) -> Started:
        deadline_s = time.monotonic() + self._start_timeout_s
        grown: set[str] = set()
        while time.monotonic() < deadline_s:
            await asyncio.sleep(POLL_S)
            earlier = {file.name: file.size_bytes for file in self._watch.found.values()}
            files, _ = await self._look()
            self._watch.observe(files, time.monotonic())
            now = {
                file.name
                for file in self._watch.recorded()
                if file.name in earlier and file.size_bytes > earlier[file.name]
            }
            grown |= now
            if len(grown) == self.cameras.count == len(self._watch.recorded()):
                return self._started(grown)
        how = "" if self.hooks.start else " Start the camera app by hand."
        raise DeviceError(
            f"After {self._start_timeout_s:.0f} s {_number(len(grown))} on the phone grow; "
            f"{self.cameras.count} are expected.",
            unknown=True,
            fix=f"Look at the camera app, and that it writes to {', '.join(self.cameras.folders)}."
            + how,
        )

    def _started(self, grown: Iterable[str]) -> Started:
        self._knows_recording = True
        self._since_s = time.monotonic()
        host_ns = time.time_ns()
        device_ns = None
        if self._offset is not None:
            device_ns = host_ns + round(self._offset.offset_ms * 1e6)
        return Started(recording_id="|".join(sorted(grown)), host_ns=host_ns, device_ns=device_ns)

    async def _grows_now(self) -> bool:
        """Whether files of the recording, or of any if none is known, change within some seconds."""
        earlier = {file.name: file.size_bytes for file in self._watch.found.values()}
        await asyncio.sleep(2 * POLL_S)
        files, _ = await self._look()
        self._watch.observe(files, time.monotonic())
        own = self._watch.recorded() if self._knows_recording else list(files.values())
        return any(file.size_bytes > earlier.get(file.name, 0) for file in own)

    async def _look(self) -> tuple[dict[str, FoundFile], int]:
        """List the video files, and give the phone's time."""
        sections = await self._sections(
            {"files": listing_command(self.cameras.folders), "now": "date +%s"}, SHELL_TIMEOUT_S
        )
        now = sections.get("now", "").strip()
        if not now.isdigit():
            raise DeviceError(
                "The phone's answer is cut off.", unknown=True, fix="Plug it out and in again."
            )
        return parse_listing(sections.get("files", "")), int(now)

    async def _sections(self, commands: Mapping[str, str], timeout_s: float) -> dict[str, str]:
        """Run several commands in one go, and tell their outputs apart."""
        script = "; ".join(
            f"echo {_MARK}{key}; {{ {line}; }} 2>&1" for key, line in commands.items()
        )
        said = await self.adb.shell(f"{script}; echo {_MARK}", timeout_s=timeout_s)
        found = {}
        for piece in ("\n" + said).split(f"\n{_MARK}")[1:]:
            key, _, text = piece.partition("\n")
            found[key.strip()] = text
        return {key: found[key] for key in commands if key in found}

    def _minutes_left(self, free_bytes: int | None) -> float | None:
        rate = self._watch.bytes_per_s() if self._knows_recording else None
        if free_bytes is not None and rate:
            return free_bytes / rate / 60
        return storage_minutes(free_bytes, cameras=self.cameras.count)

    def _note(self, before: set[str] | None, growing: set[str] | None, fresh: list[str]) -> str:
        notes = [f"A new part began: {Path(name).name}." for name in fresh]
        if growing is not None and len(growing) < self.cameras.count:
            stopped = sorted((before or set()) - growing) or [
                file.name for file in self._watch.recorded() if file.name not in growing
            ]
            listed = ", ".join(Path(name).name for name in stopped[-2:])
            notes.append(f"Stopped growing: {listed or 'all files'}. Look at the camera app.")
        return " ".join(notes)


class _Adopted(FileWatch):
    """Files of a recording that was started by an earlier run, told by name and time."""

    def __init__(self, *, named: frozenset[str], started_s: float, stopped_s: float | None) -> None:
        super().__init__()
        self._named, self._from_s = named, started_s
        self._to_s = float("inf") if stopped_s is None else stopped_s + _AFTER_STOP_S

    def observe(self, found: Mapping[str, FoundFile], at_s: float) -> list[str]:
        self.before = {
            name
            for name, file in found.items()
            if name not in self._named and not self._from_s <= file.modified_s <= self._to_s
        }
        return super().observe(found, at_s)


def _number(count: int) -> str:
    return {0: "no video file", 1: "1 video file"}.get(count, f"{count} video files")


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "'\\''") + "'"
