"""Commands of dashgaze, run here or as processes of their own that can be killed."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
import time
from pathlib import Path

from typer.testing import CliRunner

FORM = """\
driver: P07
consent_version: "2.1"
consent_scope: blurred
car: VW Golf
camera_position: under_mirror
weather: clear
lighting: day
eyewear: none
passengers: 1
minutes: 2
observer: AB
eye_tracker: pupil_invisible
"""
# The command itself, but for the page's port: tests may not use one that others do.
_PROGRAM = (
    "import functools, sys; from dashgaze.collection import page;"
    "page.open_page_phone = functools.partial(page.open_page_phone, port=int(sys.argv.pop(1)));"
    "from dashgaze.cli.application import app; app(prog_name='dashgaze')"
)


def run(*arguments: object, codes: tuple[int, ...] = (0,)) -> str:
    """Run a command in this process; gives what it printed."""
    from dashgaze.cli.application import app

    result = CliRunner().invoke(app, [str(each) for each in arguments])
    said = f"{arguments}: {result.exit_code} {result.exception!r}\n{result.output}"
    assert result.exit_code in codes, said
    return result.stdout


def run_json(*arguments: object, codes: tuple[int, ...] = (0,)) -> dict:
    """Run a command with ``--json``; gives its object."""
    return json.loads(run(*arguments, "--json", codes=codes))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Command:
    """A command as a process of its own; what it prints is kept."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []
        self.killed_ns: int | None = None
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, port: int, *arguments: object) -> "Command":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", _PROGRAM, str(port)),
            *(str(each) for each in arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return cls(process)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def over(self) -> bool:
        return self.process.returncode is not None

    async def answer(self) -> None:
        """Press what a patient observer would, until cancelled: look again, accept amber, try again."""
        answers = (
            ("accept amber and start", "a"),
            ("enter start", "\n"),
            ("space look again", " "),
            ("enter try again", "\n"),
            ("enter stop without it", "\n"),
        )
        seen = 0
        while True:
            for line in self.lines[seen:]:
                seen += 1
                key = next((key for words, key in answers if words in line), None)
                if key is not None and "keys:" in line:
                    self.press(key)
            await asyncio.sleep(0.05)

    def press(self, key: str) -> None:
        if self.process.stdin is not None and not self.over:
            self.process.stdin.write(key.encode())

    async def says(self, word: str, *, within_s: float = 40.0) -> None:
        end_s = time.monotonic() + within_s
        while word not in self.text:
            assert not self.over, f"ended with {self.process.returncode}:\n{self.text}"
            assert time.monotonic() < end_s, f"'{word}' not within {within_s} s:\n{self.text}"
            await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """Kill -9, as a battery that ends or a system that has no memory does."""
        if not self.over:
            self.killed_ns = time.time_ns()
            self.process.send_signal(signal.SIGKILL)
        await self._reading
        await self.process.wait()

    async def ends(self, *, within_s: float = 60.0) -> int:
        """Wait for its end; gives its code."""
        try:
            async with asyncio.timeout(within_s):
                await self._reading
                return await self.process.wait()
        except TimeoutError:
            raise AssertionError(f"did not end within {within_s} s:\n{self.text}") from None
        finally:
            if not self.over:
                await self.kill()

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(line.decode("utf-8", "replace").rstrip())
        if self.process.stdin is not None:
            self.process.stdin.close()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                await self.process.stdin.wait_closed()


def journal_steps(session: Path) -> list[str]:
    """Give the steps of a drive's journal, with the device's role where there is one."""
    from dashgaze.collection.record import read_journal

    return [
        f"{line['step']} {line['role']}" if "role" in line else line["step"]
        for line in read_journal(session)
    ]
