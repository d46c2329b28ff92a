"""A made-up phone for tests and for training a team: no cable, no adb."""

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dashgaze.errors import DeviceError
from dashgaze.progress import Progress, silent

from ..field.check import Check
from ..field.device import ClockOffset, DrivePlan, Health, RemoteFile, Role, Started
from .phone_checks import phone_checks, storage_minutes
from .phone_state import PhoneState

_CHUNK_BYTES = 1 << 20
_GONE = DeviceError("The phone is not attached.", fix="Plug it in and unlock it.")

GOOD_STATE = PhoneState(
    model="Example Phone 8",
    android="13",
    battery_percent=88.0,
    temperature_c=29.0,
    charging=True,
    thermal_status=0,
    free_bytes=90_000_000_000,
    clock_offset_ms=12.0,
    clock_uncertainty_ms=4.0,
    camera_count=4,
    cameras_together=True,
    camera_users=(),
    do_not_disturb=True,
    aeroplane_mode=True,
    battery_saver=False,
    rotation_locked=True,
    folders={"/sdcard/DCIM/Camera": True},
)
"""A phone with which nothing is wrong, but what can't be read."""


@dataclass(kw_only=True)
class _FakeFile:
    origin: str
    target: str
    rate_bytes_s: float
    began_s: float
    ended_s: float | None = None
    content: bytes | None = None

    def size_bytes(self, now_s: float) -> int:
        """Size at a time; what has a content of its own is whole as soon as it is closed."""
        if self.content is not None and self.ended_s is not None:
            return len(self.content)
        length_s = (now_s if self.ended_s is None else self.ended_s) - self.began_s
        size = round(length_s * self.rate_bytes_s)
        return size if self.content is None else min(size, len(self.content))


class FakePhone:
    """A phone that records into memory, with a state that can be set and failures that can be planned.

    Its files grow with the clock. `state`, `reachable` and `frozen` may be changed at any time.

    Parameters
    ----------
    state
        What it tells of itself.
    contents
        What its files hold when they are closed, by their place in the session (``phone/road.mp4``);
        bytes made of their position if not given.
    targets
        Which files it records at once.
    rate_bytes_s
        How fast each of them grows.
    clock
        Seconds that never run backwards; a test may give its own.

    Attributes
    ----------
    reachable
        Whether it answers. What it records goes on all the same.
    starts, stops
        How often it was really told to.
    marks
        Events that were sent to it.
    """

    name = "fake phone"
    role: Role = "phone"

    def __init__(
        self,
        *,
        state: PhoneState = GOOD_STATE,
        contents: dict[str, bytes] | None = None,
        targets: tuple[str, ...] = ("phone/road.mp4", "phone/driver.mp4"),
        rate_bytes_s: float = 2_500_000.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = state
        self.reachable = True
        self.starts = self.stops = 0
        self.marks: list[tuple[str, int]] = []
        self._contents = contents or {}
        self._targets = targets
        self._rate_bytes_s = rate_bytes_s
        self._clock = clock
        self._files: list[_FakeFile] = []
        self._sizes: dict[str, int] = {}
        self._failures: dict[str, deque[DeviceError]] = {}
        self._began_s: float | None = None

    def fail_next(self, call: str, error: DeviceError) -> None:
        """Let the next call of a method fail; several are used up one by one.

        An error of ``start`` or ``stop`` that is ``unknown`` is raised after the phone has obeyed.
        """
        self._failures.setdefault(call, deque()).append(error)

    def freeze(self, target: str) -> None:
        """Let a file stop growing, as when the app has crashed."""
        for file in self._files:
            if file.target == target and file.ended_s is None:
                file.ended_s = self._clock()

    def begin_part(self) -> None:
        """Let all files be closed and go on in new parts, as at 4 GB."""
        now_s = self._clock()
        for target in self._targets:
            for file in self._files:
                if file.origin == target and file.ended_s is None:
                    file.ended_s = now_s
            self._begin(target, now_s)
            parts = [file for file in self._files if file.origin == target]
            for number, file in enumerate(parts, 1):
                file.target = _numbered(target, number)

    @property
    def recording(self) -> bool:
        """Whether any file is open."""
        return any(file.ended_s is None for file in self._files)

    async def connect(self) -> None:
        """Find it."""
        self._answer("connect")

    async def check(self, plan: DrivePlan) -> list[Check]:
        """Judge its state as that of a real phone."""
        try:
            self._answer("check")
        except DeviceError as error:
            return [
                Check(
                    code="phone.reachable",
                    subject="phone",
                    level="red",
                    what=error.what,
                    fix=error.fix or "Look at the phone.",
                )
            ]
        return phone_checks(self.state, plan, cameras=len(self._targets))

    async def clock_offset(self) -> ClockOffset | None:
        """Give the offset that its state has."""
        self._answer("clock_offset")
        offset_ms, within_ms = self.state.clock_offset_ms, self.state.clock_uncertainty_ms
        if offset_ms is None or within_ms is None:
            return None
        return ClockOffset(host_ns=time.time_ns(), offset_ms=offset_ms, uncertainty_ms=within_ms)

    async def start(self, plan: DrivePlan) -> Started:
        """Start recording, unless it does already."""
        error = self._planned("start")
        if error is not None and not error.unknown:
            raise error
        if not self.recording:
            self.starts += 1
            self._files.clear()
            self._sizes.clear()
            self._began_s = self._clock()
            for target in self._targets:
                self._begin(target, self._began_s)
        if error is not None:
            raise error
        host_ns = time.time_ns()
        offset_ms = self.state.clock_offset_ms
        return Started(
            recording_id="|".join(self._targets),
            host_ns=host_ns,
            device_ns=None if offset_ms is None else host_ns + round(offset_ms * 1e6),
        )

    async def health(self) -> Health:
        """Tell how it is; never raises."""
        host_ns = time.time_ns()
        try:
            self._answer("health")
        except DeviceError as error:
            return Health(host_ns=host_ns, reachable=False, note=str(error))
        now_s = self._clock()
        sizes = {file.target: file.size_bytes(now_s) for file in self._files}
        grown = [name for name, size in sizes.items() if size > self._sizes.get(name, 0)]
        growing = len(grown) >= len(self._targets)
        stopped = sorted(set(self._sizes) - set(grown)) if not growing else []
        self._sizes = sizes
        return Health(
            host_ns=host_ns,
            reachable=True,
            recording=growing,
            growing=growing,
            recorded_s=None if self._began_s is None else now_s - self._began_s,
            recorded_bytes=sum(sizes.values()) if sizes else None,
            battery_percent=self.state.battery_percent,
            temperature_c=self.state.temperature_c,
            storage_minutes=storage_minutes(self.state.free_bytes, cameras=len(self._targets)),
            note=f"Stopped growing: {', '.join(stopped)}." if stopped else "",
        )

    async def mark(self, name: str, host_ns: int) -> None:
        """Remember an event."""
        self._answer("mark")
        self.marks.append((name, host_ns))

    async def stop(self) -> None:
        """Stop recording; one that has stopped already is fine."""
        error = self._planned("stop")
        if error is not None and not error.unknown:
            raise error
        if self.recording:
            self.stops += 1
            for file in self._files:
                file.ended_s = self._clock() if file.ended_s is None else file.ended_s
        if error is not None:
            raise error

    async def files(self) -> list[RemoteFile]:
        """List what was recorded."""
        self._answer("files")
        now_s = self._clock()
        return [
            RemoteFile(
                name=f"/sdcard/DCIM/Camera/{Path(file.target).name}",
                target=file.target,
                size_bytes=file.size_bytes(now_s),
            )
            for file in sorted(self._files, key=lambda file: file.target)
        ]

    async def pull(
        self, file: RemoteFile, local: Path, *, offset: int = 0, progress: Progress = silent
    ) -> int:
        """Copy a file, from an offset on; a planned failure breaks off in the middle."""
        error = self._planned("pull")
        made = self._file(file)
        total = made.size_bytes(self._clock())
        start = min(offset, local.stat().st_size if local.exists() else 0, total)
        stop = total if error is None else (start + total) // 2
        local.parent.mkdir(parents=True, exist_ok=True)
        with local.open("r+b" if local.exists() else "wb") as target:
            target.truncate(start)
            target.seek(start)
            for chunk in _bytes(made, start, stop):
                target.write(chunk)
                progress(f"copying {local.name}", target.tell() / max(1, total))
        if error is not None:
            raise error
        return total

    async def sha256(self, file: RemoteFile) -> str:
        """Compute a file's SHA-256."""
        self._answer("sha256")
        made = self._file(file)
        digest = hashlib.sha256()
        for chunk in _bytes(made, 0, made.size_bytes(self._clock())):
            digest.update(chunk)
        return digest.hexdigest()

    async def close(self) -> None:
        """Let go of it; it goes on."""

    def change(self, **values: object) -> None:
        """Change parts of its state, such as ``battery_percent=12.0``."""
        self.state = replace(self.state, **values)  # type: ignore[arg-type]

    def _begin(self, target: str, now_s: float) -> None:
        self._files.append(
            _FakeFile(
                origin=target,
                target=target,
                rate_bytes_s=self._rate_bytes_s,
                began_s=now_s,
                content=self._contents.get(target),
            )
        )

    def _file(self, file: RemoteFile) -> _FakeFile:
        for made in self._files:
            if made.target == file.target:
                return made
        raise DeviceError(f"The phone has no file {file.name}.", fix="List its files again.")

    def _answer(self, call: str) -> None:
        error = self._planned(call)
        if error is not None:
            raise error

    def _planned(self, call: str) -> DeviceError | None:
        if not self.reachable:
            return _GONE
        waiting = self._failures.get(call)
        return waiting.popleft() if waiting else None


def _numbered(target: str, number: int) -> str:
    stem, suffix = target.rsplit(".", 1)
    return f"{stem}_{number}.{suffix}"


def _bytes(file: _FakeFile, start: int, stop: int) -> Iterator[bytes]:
    """Give a range of a file's bytes; made ones tell their position."""
    if file.content is not None:
        yield file.content[start:stop]
        return
    pattern = bytes(range(251)) * (_CHUNK_BYTES // 251 + 2)
    while start < stop:
        size = min(_CHUNK_BYTES, stop - start)
        yield pattern[start % 251 : start % 251 + size]
        start += size
