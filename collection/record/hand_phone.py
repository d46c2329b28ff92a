"""A phone that nobody can ask: the observer starts its camera app, and looks."""

import time
from collections.abc import Awaitable, Callable

from dashgaze.errors import DeviceError

from ..field.check import Check
from ..field.device import ClockOffset, DrivePlan, Health, RemoteFile, Role, Started

Confirm = Callable[[str], Awaitable[bool]]
"""Asks the observer a question that is answered with yes or no."""


class HandPhone:
    """The phone with any camera app, started and stopped by hand.

    Parameters
    ----------
    confirm
        Asks the observer.

    Attributes
    ----------
    by_hand
        That growth is seen by a person.
    """

    name = "phone, by hand"
    role: Role = "phone"
    by_hand = True

    def __init__(self, confirm: Confirm) -> None:
        self._confirm = confirm
        self._recording: bool | None = None

    async def connect(self) -> None:
        """Do nothing: there is no connection."""

    async def check(self, plan: DrivePlan) -> list[Check]:
        """Remind of what has to be looked at."""
        return [
            Check(
                code="phone.by_hand",
                subject="phone",
                level="amber",
                what="The phone is not connected: nobody but you sees whether it records.",
                fix="Look at it: battery, space, do not disturb, aeroplane mode, both pictures, sound. "
                "With --phone adb it is checked and watched.",
            )
        ]

    async def clock_offset(self) -> ClockOffset | None:
        """Give None: its clock can't be asked for."""
        return None

    async def start(self, plan: DrivePlan) -> Started:
        """Have the observer start it; one that runs is left running."""
        question = "Start the recording in the phone's camera app. Does it record?"
        if not await self._confirm(question):
            self._recording = False
            raise DeviceError("The phone was not started.", fix="Start its camera app.")
        self._recording = True
        return Started(recording_id="", host_ns=time.time_ns())

    async def seen_growing(self) -> bool:
        """Have the observer look at the app's own clock."""
        return await self._confirm("Look again: does the time of its recording go on?")

    async def records_now(self) -> bool:
        """Have the observer look at it: after a crash nobody else can tell."""
        self._recording = await self._confirm("Look at the phone: does it record right now?")
        return self._recording

    async def health(self) -> Health:
        """Say what the observer said last."""
        return Health(
            host_ns=time.time_ns(),
            reachable=True,
            recording=self._recording,
            note="by hand: look at it at each stop",
        )

    async def mark(self, name: str, host_ns: int) -> None:
        """Ignore it."""

    async def stop(self) -> None:
        """Have the observer stop it."""
        if not await self._confirm("Stop the recording on the phone. Has it stopped?"):
            raise DeviceError("The phone was not stopped.", fix="Stop it in its camera app.")
        self._recording = False

    async def files(self) -> list[RemoteFile]:
        """Give none: `dashgaze import` takes them."""
        return []

    async def close(self) -> None:
        """Do nothing."""
