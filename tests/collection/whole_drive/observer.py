"""Who sits beside the driver: sees the screen as it is drawn, and presses keys."""

import asyncio
import io
import time

from rich.console import Console

from dashgaze.collection.record.screen import render
from dashgaze.collection.record.view import View

COLUMNS, ROWS = 120, 60


def words_of(view: View) -> str:
    """Draw a view as the terminal would, and give its words without line breaks."""
    out = io.StringIO()
    console = Console(file=out, width=COLUMNS, height=ROWS, highlight=False, color_system=None)
    console.print(render(view, COLUMNS, ROWS))
    return " ".join(out.getvalue().split())


class Observer:
    """A `Desk` in a test; what it `sees` is drawn, not the data behind it."""

    def __init__(self) -> None:
        self.screens: list[tuple[float, str]] = []
        self.bells = 0
        self._keys: asyncio.Queue[str] = asyncio.Queue()

    async def key(self) -> str:
        return await self._keys.get()

    def show(self, view: View) -> None:
        words = words_of(view)
        if not self.screens or self.screens[-1][1] != words:
            self.screens.append((time.monotonic(), words))

    def bell(self) -> None:
        self.bells += 1

    def press(self, *keys: str) -> None:
        for key in keys:
            self._keys.put_nowait(key)

    @property
    def screen(self) -> str:
        return self.screens[-1][1] if self.screens else ""

    def looks_away(self) -> None:
        """See what the next recorder draws, not what the last one has left on the screen."""
        self.screens.append((time.monotonic(), ""))

    async def sees(self, *words: str, within_s: float = 20.0) -> str:
        """Wait until all of some words are on the screen at once."""
        return await self._until(
            lambda screen: all(each in screen for each in words), words, within_s
        )

    async def sees_no_more(self, *words: str, within_s: float = 20.0) -> str:
        """Wait until none of some words is on the screen."""
        return await self._until(
            lambda screen: not any(each in screen for each in words), words, within_s
        )

    def saw(self, word: str) -> bool:
        """Whether a word was ever on the screen."""
        return any(word in screen for _, screen in self.screens)

    async def _until(self, fits, words, within_s: float) -> str:
        end_s = time.monotonic() + within_s
        while not fits(self.screen):
            assert time.monotonic() < end_s, f"{words} not within {within_s} s at: {self.screen}"
            await asyncio.sleep(0.05)
        return self.screen
