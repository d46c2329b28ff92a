"""Questions that only a person can answer."""

from .desk import Desk


class Observer:
    """Answers a device's questions with yes or no.

    Parameters
    ----------
    desk
        Where the observer sits.

    Attributes
    ----------
    prompt
        The question that waits, as it is shown; empty if none does.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.prompt = ""

    async def confirm(self, question: str) -> bool:
        """Ask, and wait for y or n."""
        self.prompt = f"{question}  y yes   n no"
        try:
            while True:
                key = await self._desk.key()
                if key in ("y", "n"):
                    return key == "y"
        finally:
            self.prompt = ""
