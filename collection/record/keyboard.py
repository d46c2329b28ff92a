"""Single keys from a terminal."""

import asyncio
import contextlib
import os
import sys
from types import TracebackType
from typing import Self

_NAMES = {"\n": "enter", "\r": "enter", "\x1b": "escape", "\x7f": "backspace", "\b": "backspace"}
_POLL_S = 0.05


class Keyboard:
    """Reads keys one by one while it is open; the terminal is as before afterwards.

    A terminal that is closed, or a standard input that is no terminal and has ended, gives no keys: the
    drive goes on, and a second terminal can still reach it.

    Parameters
    ----------
    descriptor
        Where keys come from; None for the standard input.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = _standard_input() if descriptor is None else descriptor
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._before: object = None
        self._poll: asyncio.Task[None] | None = None
        self._reading = False

    async def key(self) -> str:
        """Wait for the next key."""
        return await self._queue.get()

    async def __aenter__(self) -> Self:
        """Begin to read."""
        if sys.platform == "win32":
            self._poll = asyncio.create_task(self._poll_keys())
            return self
        if self._descriptor is None:
            return self
        self._set_single_keys()
        try:
            asyncio.get_running_loop().add_reader(self._descriptor, self._read)
            self._reading = True
        except (OSError, ValueError, NotImplementedError):
            pass  # a file, or closed: there is nothing to wait for
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        if self._poll is not None:
            self._poll.cancel()
            await asyncio.gather(self._poll, return_exceptions=True)
        self._stop_reading()
        if sys.platform != "win32" and self._before is not None and self._descriptor is not None:
            import termios

            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)  # type: ignore[arg-type]

    def _set_single_keys(self) -> None:
        if sys.platform == "win32" or self._descriptor is None or not os.isatty(self._descriptor):
            return
        import termios
        import tty

        with contextlib.suppress(termios.error):
            self._before = termios.tcgetattr(self._descriptor)
            tty.setcbreak(self._descriptor)

    def _read(self) -> None:
        try:
            data = b"" if self._descriptor is None else os.read(self._descriptor, 256)
        except OSError:
            data = b""
        if not data:
            self._stop_reading()
            return
        for key in keys_of(data.decode("utf-8", "replace")):
            self._queue.put_nowait(key)

    def _stop_reading(self) -> None:
        if self._reading and self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            self._reading = False

    async def _poll_keys(self) -> None:
        if sys.platform == "win32":
            import msvcrt

            while True:
                while msvcrt.kbhit():
                    for key in keys_of(msvcrt.getwch()):
                        self._queue.put_nowait(key)
                await asyncio.sleep(_POLL_S)


def keys_of(text: str) -> list[str]:
    """Name the keys in what a terminal sent; arrows and the like are left out."""
    if len(text) > 1 and text[0] == "\x1b":
        return []  # a sequence of a special key
    return [_NAMES.get(sign, sign) for sign in text if sign in _NAMES or sign.isprintable()]


def _standard_input() -> int | None:
    try:
        return sys.stdin.fileno()
    except (OSError, ValueError, AttributeError):
        return None
