"""Knowing the device's state at any moment: asked now and then, and told at once of what changes.

The library's own watching ends for good at the first message that it can't read, and never learns of
glasses that are plugged in later.
"""

import asyncio
import contextlib
import json
import time

from dashgaze.errors import DeviceError

from .app_client import AppClient
from .extra import import_extra
from .status import CompanionStatus

POLL_S = 3.0
STALE_S = 10.0
"""A state that is older is none: nobody knows."""
CONNECT_TIMEOUT_S = 5.0
RETRY_S = 2.0
HEARTBEAT_S = 10.0


class StatusWatch:
    """Keeps the last known state of a device.

    Parameters
    ----------
    client
        Speaks to its app.
    """

    def __init__(self, client: AppClient) -> None:
        self._client = client
        self._status: CompanionStatus | None = None
        self._seen_s: float | None = None
        self._answered = False
        self.trouble: DeviceError | None = None
        self.websocket_open = False

    @property
    def latest(self) -> CompanionStatus | None:
        """The last state, however old."""
        return self._status

    @property
    def reachable(self) -> bool:
        """Whether the device has been heard of lately, and answered the last question."""
        return self.fresh is not None and self._answered

    @property
    def fresh(self) -> CompanionStatus | None:
        """The last state; None if it is too old to be believed."""
        if self._seen_s is None or time.monotonic() - self._seen_s > STALE_S:
            return None
        return self._status

    def take(self, status: CompanionStatus) -> None:
        """Take a state that was asked for."""
        self._status = status
        self._seen_s = time.monotonic()
        self._answered = True
        self.trouble = None

    async def ask(self) -> CompanionStatus:
        """Ask the device now.

        Raises
        ------
        DeviceError
            If it does not answer.
        """
        try:
            status = await self._client.status()
        except DeviceError as error:
            self._answered = False
            self.trouble = error
            raise
        self.take(status)
        return status

    async def poll(self) -> None:
        """Ask again and again; ends only by being cancelled."""
        while True:
            with contextlib.suppress(DeviceError):  # it is in `trouble`
                await self.ask()
            await asyncio.sleep(POLL_S)

    async def follow(self) -> None:
        """Listen on the status WebSocket, reconnecting for ever; ends only by being cancelled."""
        aiohttp = import_extra("aiohttp")
        while True:
            try:
                await self._listen()
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass  # polling goes on, and tells what is wrong
            finally:
                self.websocket_open = False
            await asyncio.sleep(RETRY_S)

    async def _listen(self) -> None:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            socket = await self._client.session.ws_connect(
                self._client.websocket_url, heartbeat=HEARTBEAT_S
            )
        async with socket:
            self.websocket_open = True
            async for message in socket:
                if isinstance(message.data, str):
                    self._take_message(message.data)

    def _take_message(self, text: str) -> None:
        try:
            component = json.loads(text)
        except (ValueError, RecursionError):
            return  # not JSON: one message less, polling gives the whole state
        if self._status is not None:
            self._status = self._status.with_component(component)
            self._seen_s = time.monotonic()
