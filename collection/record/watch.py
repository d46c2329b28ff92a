"""Looking at all devices every second, each at its own pace."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from ..field.device import Health, Role
from .host_clock import HostClock

Lamp = Literal["on", "off", "gone", "unknown", "by_hand"]
"""``gone``: not reachable, it may well record. ``unknown``: it answers and shows no data."""

LOOK_EVERY_S = 1.0

LAMP_HOLD_S = 8.0
"""Files grow in steps of some seconds; so long a lamp stays lit."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What was last seen of a device.

    Attributes
    ----------
    health
        Its last answer; None before the first.
    reached_s, grew_s
        When it last answered, and when its data was last seen to grow; monotonic, s.
    still
        How many answers in a row said that it does not record.
    """

    health: Health | None = None
    reached_s: float
    grew_s: float | None = None
    still: int = 0


class HealthWatch:
    """Keeps the last sight of each device.

    Parameters
    ----------
    look
        Looks at a device; never raises, always comes back.
    roles
        The devices.
    clock
        The host's clocks.
    by_hand
        Devices that nobody can ask.
    """

    def __init__(
        self,
        look: Callable[[Role], Awaitable[Health]],
        roles: Iterable[Role],
        clock: HostClock,
        by_hand: frozenset[Role] = frozenset(),
    ) -> None:
        self._look, self._clock, self._by_hand = look, clock, by_hand
        now_s = clock.monotonic_s()
        self.sights: dict[Role, Sight] = {role: Sight(reached_s=now_s) for role in roles}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to look; a device that is slow or dead holds up no other."""
        self._tasks = [asyncio.create_task(self._go_on_looking(role)) for role in self.sights]

    async def stop(self) -> None:
        """End it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _go_on_looking(self, role: Role) -> None:
        while True:
            began_s = self._clock.monotonic_s()
            self.saw(role, await self._look(role))
            took_s = self._clock.monotonic_s() - began_s
            await asyncio.sleep(max(0.1, LOOK_EVERY_S - took_s))

    def saw(self, role: Role, health: Health) -> None:
        """Take in an answer."""
        now_s, before = self._clock.monotonic_s(), self.sights[role]
        still = health.reachable and health.recording is False and not health.growing
        self.sights[role] = Sight(
            health=health,
            reached_s=now_s if health.reachable else before.reached_s,
            grew_s=now_s if health.growing else before.grew_s,
            still=before.still + 1 if still else 0,
        )

    def unreachable_s(self, role: Role) -> float:
        """For how long a device has not answered, s; a few seconds are usual."""
        return self._clock.monotonic_s() - self.sights[role].reached_s

    def lamp(self, role: Role) -> Lamp:
        """Give a device's lamp, from growth alone."""
        if role in self._by_hand:
            return "by_hand"
        sight = self.sights[role]
        if sight.grew_s is not None and self._clock.monotonic_s() - sight.grew_s <= LAMP_HOLD_S:
            return "on"
        if sight.health is None:
            return "unknown"
        if not sight.health.reachable:
            return "gone"
        return "unknown" if sight.health.growing is None else "off"
