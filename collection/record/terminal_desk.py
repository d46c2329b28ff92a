"""The observer's desk in a terminal."""

import contextlib
import sys
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console, Group
from rich.live import Live

from .keyboard import Keyboard
from .plain_screen import PlainScreen
from .screen import render
from .view import StepView, View


class TerminalDesk:
    """Keys and a screen in a terminal; `plain` lines where it is none.

    A terminal that was closed costs the screen and nothing else.

    Parameters
    ----------
    night
        Whether the screen is dark.
    plain
        Whether to print lines instead of a picture.
    keyboard
        Where keys come from.
    out
        Where the screen is; None for the standard output.
    quiet
        Whether to show nothing but what somebody is waited for to do, on the standard error.
    """

    def __init__(
        self,
        *,
        night: bool = False,
        plain: bool = False,
        keyboard: Keyboard | None = None,
        out: TextIO | None = None,
        quiet: bool = False,
    ) -> None:
        self._out = out or sys.stdout
        self._night = night
        self._keyboard = keyboard or Keyboard()
        self._console = Console(file=self._out, highlight=False)
        self._plain = PlainScreen() if plain or not self._out.isatty() else None
        self._live: Live | None = None
        self._gone = quiet
        self._waited_for = PlainScreen() if quiet else None

    async def __aenter__(self) -> Self:
        """Take the terminal."""
        await self._keyboard.__aenter__()
        if self._plain is None and not self._gone:
            self._live = Live(
                Group(), console=self._console, screen=True, auto_refresh=False, transient=True
            )
            self._live.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give it back as it was."""
        if self._live is not None:
            with contextlib.suppress(OSError, ValueError):
                self._live.stop()
        await self._keyboard.__aexit__(kind, error, trace)

    async def key(self) -> str:
        """Wait for the next key."""
        return await self._keyboard.key()

    def show(self, view: View) -> None:
        """Show a view."""
        if self._waited_for is not None and isinstance(view, StepView) and view.left_s is not None:
            with contextlib.suppress(OSError, ValueError):
                for line in self._waited_for.lines(view):
                    print(line, file=sys.stderr, flush=True)
        if self._gone:
            return
        try:
            if self._plain is not None:
                for line in self._plain.lines(view):
                    print(line, file=self._out, flush=True)
            elif self._live is not None:
                size = self._console.size
                picture = render(view, size.width, size.height, night=self._night)
                self._live.update(picture, refresh=True)
        except (OSError, ValueError):  # ValueError: a file object that was closed
            self._gone = True

    def bell(self) -> None:
        """Ring once."""
        if self._gone:
            return
        try:
            self._out.write("\a")
            self._out.flush()
        except (OSError, ValueError):
            self._gone = True
