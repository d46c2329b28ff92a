"""Where the observer sits: keys come in, views go out."""

from typing import Protocol

from .view import View


class Desk(Protocol):
    """Keys and a screen; a terminal, or a script in tests."""

    async def key(self) -> str:
        """Wait for the next key: one sign, ``enter``, ``escape`` or ``backspace``."""

    def show(self, view: View) -> None:
        """Show something; called often, also when nothing changed."""

    def bell(self) -> None:
        """Make a noise, once."""
