"""Waiting for devices that somebody has to bring in, such as a phone's page that has to be opened."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from dashgaze.errors import DashgazeError

from ..field.device import FieldDevice, Role
from .asking import CONNECT_TIMEOUT_S, ask
from .desk import Desk
from .host_clock import HostClock
from .view import StepView

WAIT_S = 60.0
"""For how long somebody may take to bring a device in, if nobody says otherwise."""

_LOOK_EVERY_S = 0.25
_REDRAW_S = 0.5
_STEP = "Waiting for the phone"


@runtime_checkable
class BroughtIn(Protocol):
    """A device that can't be looked at before somebody has done something to it."""

    def awaited(self) -> tuple[str, ...]:
        """Say what is waited for, in sentences; empty once it can be looked at."""


class BringingIn:
    """Waits until the devices are there, or the time is up: the checks then say what is missing.

    Parameters
    ----------
    devices
        All of the drive; only those that are `BroughtIn` are waited for.
    within_s
        For how long.
    clock
        The host's clocks.
    """

    def __init__(
        self, devices: Mapping[Role, FieldDevice], within_s: float, clock: HostClock
    ) -> None:
        self._devices = {r: d for r, d in devices.items() if isinstance(d, BroughtIn)}
        self._clock = clock
        self._within_s = within_s
        self._until_s: float | None = None

    @property
    def needed(self) -> bool:
        """Whether there is any such device."""
        return bool(self._devices) and self._within_s > 0

    @property
    def left_s(self) -> float:
        """For how much longer it waits, s."""
        if self._until_s is None:
            return self._within_s
        return max(0.0, self._until_s - self._clock.monotonic_s())

    @property
    def words(self) -> tuple[str, ...]:
        """What is waited for, in sentences; empty once all are there."""
        return tuple(
            words
            for device in self._devices.values()
            if isinstance(device, BroughtIn)
            for words in device.awaited()
        )

    async def wait(self, show: Callable[["BringingIn"], None] | None = None) -> None:
        """Wait; ``show`` is called again and again, for a countdown.

        A device that can't be reached at all is not waited for: the checks say why.
        """
        for role in list(self._devices):
            try:
                await ask(
                    f"The {role} was looked for", self._devices[role].connect(), CONNECT_TIMEOUT_S
                )
            except DashgazeError:
                del self._devices[role]
        self._until_s = self._clock.monotonic_s() + self._within_s
        while self.words and self.left_s > 0:
            if show is not None:
                show(self)
            await asyncio.sleep(_LOOK_EVERY_S)


async def wait_at_desk(
    bringing: BringingIn, desk: Desk | None, show: Callable[[StepView], None], title: str
) -> str | None:
    """Wait with a countdown on the screen.

    Parameters
    ----------
    bringing
        What is waited for.
    desk
        Where the observer can end the waiting; None if nobody sits there.
    show
        Shows a view.
    title
        Session and driver.

    Returns
    -------
    str or None
        The key that ended it: a space to look now, d to leave; None if none did.
    """
    keys = () if desk is None else (("space", "look now"), ("d", "leave"))
    tasks: set[asyncio.Task[str | None]] = {asyncio.create_task(_no_key(bringing))}
    if desk is not None:
        tasks.add(asyncio.create_task(_one_of(desk, (" ", "d"))))
    try:
        while True:
            if words := bringing.words:
                left_s = bringing.left_s
                show(StepView(title=title, step=_STEP, lines=words, left_s=left_s, keys=keys))
            done, _ = await asyncio.wait(
                tasks, timeout=_REDRAW_S, return_when=asyncio.FIRST_COMPLETED
            )
            if done:
                return next((key for task in done if (key := task.result())), None)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _no_key(bringing: BringingIn) -> str | None:
    await bringing.wait()
    return None


async def _one_of(desk: Desk, keys: tuple[str, ...]) -> str | None:
    while True:
        key = await desk.key()
        if key in keys:
            return key
