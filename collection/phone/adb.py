"""Talking to one phone through the adb program, with a time limit on everything."""

import asyncio
import contextlib
import os
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from dashgaze.errors import DeviceError

# Listing starts adb's server where none runs, which takes some seconds.
LIST_TIMEOUT_S = 15.0
SHELL_TIMEOUT_S = 10.0
# A killed program is gone at once, unless it hangs in a USB driver.
KILL_TIMEOUT_S = 2.0

_NO_ADB = (
    "Install Android's platform-tools (Debian, Ubuntu: apt install adb; Mac: brew install "
    "android-platform-tools; Windows: winget install Google.PlatformTools), then open a new terminal."
)
_REPLUG = "Plug the cable out and in again, unlock the phone, and try again."
# What adb prints, what it means, and what to do.
_FAULTS = (
    (
        r"unauthorized|still authorizing",
        "The phone has not allowed this computer to use it.",
        "Unlock the phone and tap 'Allow' under 'Allow USB debugging?', with 'Always' ticked.",
    ),
    (
        r"\boffline\b",
        "The phone is attached, and offline to adb.",
        f"{_REPLUG} If that does not help, switch USB debugging off and on.",
    ),
    (
        r"more than one (device|emulator)",
        "Several phones are attached.",
        "Say which one by its serial number (`adb devices` lists them).",
    ),
    (
        r"no devices|device '?.*'? not found|no permissions",
        "The phone is not attached, or this computer may not use it.",
        "Plug in a data cable, switch on USB debugging, and look at `adb devices`.",
    ),
    (
        r"closed|protocol fault|connection reset|device disconnected|failed to read|broken pipe",
        "The connection to the phone broke off.",
        _REPLUG,
    ),
    (
        r"daemon not running|cannot connect to daemon|failed to start daemon|version.*doesn't match",
        "adb's server does not run.",
        "Type `adb kill-server`, then `adb start-server`.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class AttachedDevice:
    """One line of ``adb devices``.

    Attributes
    ----------
    serial
        Serial number, or address and port.
    state
        ``device`` if it can be used; else ``unauthorized``, ``offline``, ``no permissions`` …
    model
        Its model; empty where adb does not tell.
    """

    serial: str
    state: str
    model: str = ""


def find_adb(given: Path | str | None = None) -> Path:
    """Find the adb program.

    Parameters
    ----------
    given
        Where it is; None to look for it on PATH and where Android's tools are installed.

    Raises
    ------
    DeviceError
        If there is none.
    """
    if given is not None:
        found = shutil.which(str(given))
        if found is None:
            raise DeviceError(f"{given} is no program that can be run.", fix=_NO_ADB)
        return Path(found)
    name = shutil.which("adb")
    if name is not None:
        return Path(name)
    for variable in ("ANDROID_HOME", "ANDROID_SDK_ROOT"):
        root = os.environ.get(variable)
        name = shutil.which("adb", path=str(Path(root) / "platform-tools")) if root else None
        if name is not None:
            return Path(name)
    raise DeviceError("adb, the program that talks to the phone, is not installed.", fix=_NO_ADB)


class Adb:
    """The adb program and the serial number of one phone.

    Parameters
    ----------
    program
        Path of adb; None to find it.
    serial
        Serial number of the phone; None for the only one.

    Raises
    ------
    DeviceError
        If adb is not installed.
    """

    def __init__(self, program: Path | str | None = None, serial: str | None = None) -> None:
        self.program = find_adb(program)
        self.serial = serial

    async def devices(self) -> list[AttachedDevice]:
        """List what is attached, in whatever state."""
        output = await self._run(["devices", "-l"], timeout_s=LIST_TIMEOUT_S)
        found = []
        for line in output.decode(errors="replace").splitlines():
            match = re.match(r"(\S+)\s+(no permissions|\S+)(.*)", line.strip())
            if match is None or line.startswith(("List of", "*", "adb:")):
                continue
            model = re.search(r"\bmodel:(\S+)", match[3])
            found.append(
                AttachedDevice(
                    serial=match[1],
                    state=match[2],
                    model=model[1].replace("_", " ") if model else "",
                )
            )
        return found

    async def choose(self) -> AttachedDevice:
        """Find the phone, and keep to it from now on.

        Raises
        ------
        DeviceError
            If none is attached, several are and none was named, or it can't be used.
        """
        attached = await self.devices()
        if self.serial is not None:
            attached = [device for device in attached if device.serial == self.serial]
            if not attached:
                raise DeviceError(
                    f"The phone {self.serial} is not attached.",
                    fix="Plug it in and unlock it; `adb devices` lists what is attached.",
                )
        if not attached:
            raise DeviceError(
                "No phone is attached.",
                fix="Plug it in with a data cable and switch on USB debugging (developer options); "
                "then `adb devices` lists it.",
            )
        if len(attached) > 1:
            listed = ", ".join(
                f"{device.serial} ({device.model or 'unknown'})" for device in attached
            )
            raise DeviceError(
                f"{len(attached)} phones are attached: {listed}.",
                fix="Say which one stands at the windscreen by its serial number.",
            )
        if attached[0].state != "device":
            raise fault(attached[0].state)
        self.serial = attached[0].serial
        return attached[0]

    async def shell(self, command: str, *, timeout_s: float = SHELL_TIMEOUT_S) -> str:
        """Run a command on the phone and give what it prints, whatever its exit code.

        Raises
        ------
        DeviceError
            If the phone is not there, or does not answer in time (then ``unknown`` is set).
        """
        output = await self._run([*self._target(), "shell", command], timeout_s=timeout_s)
        return output.decode(errors="replace").replace("\r\n", "\n")

    @asynccontextmanager
    async def reading(self, command: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run a command whose output is read as it comes, byte by byte as it is."""
        async with self._process([*self._target(), "exec-out", command]) as process:
            yield process

    @asynccontextmanager
    async def conversing(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """Open a shell that takes commands line by line, without a terminal in between."""
        async with self._process([*self._target(), "shell", "-T"], talk=True) as process:
            yield process

    def _target(self) -> list[str]:
        return [] if self.serial is None else ["-s", self.serial]

    async def _run(self, arguments: Sequence[str], *, timeout_s: float) -> bytes:
        async with self._process(arguments) as process:
            try:
                output, told = await asyncio.wait_for(process.communicate(), timeout_s)
            except TimeoutError:
                raise DeviceError(
                    f"The phone did not answer within {timeout_s:.0f} s.", unknown=True, fix=_REPLUG
                ) from None
        text = told.decode(errors="replace")
        if process.returncode and is_fault_of_adb(text):
            raise fault(text)
        return output

    @asynccontextmanager
    async def _process(
        self, arguments: Sequence[str], *, talk: bool = False
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                self.program, *arguments, stdin=pipe if talk else nothing, stdout=pipe, stderr=pipe
            )
        except OSError as error:
            raise DeviceError(
                f"{self.program} can't be run: {error.strerror or error}.", fix=_NO_ADB
            ) from error
        try:
            yield process
        finally:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Let go of a program of this computer; what it started on the phone is not touched."""
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    with contextlib.suppress(TimeoutError):
        # Reads what is left as well, so that the pipes are closed.
        await asyncio.wait_for(process.communicate(), KILL_TIMEOUT_S)


def is_fault_of_adb(text: str) -> bool:
    """Whether a message is adb's own, not one of the command that ran on the phone."""
    return bool(re.search(r"^(adb:|error:|\* )", text, re.MULTILINE))


def fault(text: str) -> DeviceError:
    """Say in plain words what adb reports."""
    for pattern, what, fix in _FAULTS:
        if re.search(pattern, text, re.IGNORECASE):
            return DeviceError(what, fix=fix)
    said = " ".join(text.split())[:200]
    return DeviceError(f"adb reports: {said or 'nothing'}.", fix=_REPLUG)
