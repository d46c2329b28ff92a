"""The way over a cable: a phone's own localhost leads to this computer's port."""

import asyncio
import shlex
import shutil
from contextlib import suppress

ADB_S = 8.0
AGAIN_S = 5.0
"""A cable that was pulled forgets the way; it is made anew so often."""


class Cable:
    """Lets every phone on a cable reach a port of this computer under its own localhost.

    Parameters
    ----------
    port
        The port, the same on both sides.

    Attributes
    ----------
    serials
        The phones that were connected the last time.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.serials: list[str] = []
        self._task: asyncio.Task[None] | None = None

    async def connect(self) -> str | None:
        """Make the way, by ``adb reverse``.

        Returns
        -------
        str or None
            None if a phone has it; otherwise why not, in a sentence.
        """
        way = f"tcp:{self._port}"
        self.serials, trouble = await _phones()
        for serial in self.serials:
            _, trouble = await _run("-s", serial, "reverse", way, way)
            if trouble is not None:
                break
        return trouble

    async def open_link(self, link: str) -> bool:
        """Open a link in the browser of the phone; False unless exactly one is connected."""
        if len(self.serials) != 1:
            return False
        view = ("am", "start", "-a", "android.intent.action.VIEW", "-d", shlex.quote(link))
        said, trouble = await _run("-s", self.serials[0], "shell", *view)
        return trouble is None and "Error" not in said

    def keep(self) -> None:
        """Make it anew from time to time, until `close`."""
        if self._task is None and shutil.which("adb") is not None:
            self._task = asyncio.create_task(self._again())

    async def _again(self) -> None:
        while True:
            await asyncio.sleep(AGAIN_S)
            await self.connect()

    async def close(self) -> None:
        """Leave the way as it is; it goes with the cable."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None


async def _phones() -> tuple[list[str], str | None]:
    """Give the phones that are ready, or why there is none."""
    said, trouble = await _run("devices")
    if trouble is not None:
        return [], trouble
    lines = [line.split() for line in said.splitlines()[1:] if line.strip()]
    ready = [line[0] for line in lines if line[1:2] == ["device"]]
    if ready:
        return ready, None
    if any(line[1:2] == ["unauthorized"] for line in lines):
        return [], "Allow USB debugging on the phone's screen."
    return [], "No phone is connected by a cable, or its USB debugging is off."


async def _run(*arguments: str) -> tuple[str, str | None]:
    """Give what adb said, and what went wrong."""
    program = shutil.which("adb")
    if program is None:
        return "", "adb is not installed here."
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        return "", f"adb can't be run: {error.strerror}."
    try:
        async with asyncio.timeout(ADB_S):
            out, told = await process.communicate()
    except TimeoutError:
        return "", f"adb did not answer within {ADB_S:.0f} s."
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode == 0:
        return out.decode("utf-8", "replace"), None
    words = told.decode("utf-8", "replace").strip().splitlines()
    return "", f"adb says: {words[-1] if words else 'nothing'}."
