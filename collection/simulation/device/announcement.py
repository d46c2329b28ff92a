"""Announcing the device on the local network (mDNS)."""

import asyncio
import contextlib
import ipaddress
import socket

from zeroconf import InterfaceChoice, NonUniqueNameException
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from .options import DeviceKind

SERVICE_TYPE = "_http._tcp.local."
_SERVER = {"pupil_invisible": "pi.local.", "neon": "neon.local."}


class Announcement:
    """Says that a device is there, until it is closed.

    Parameters
    ----------
    kind, phone_name, phone_id
        The device. A Neon is a "PI monitor" too.
    address, port
        Where it can be reached. On a loopback address nothing leaves this computer.
    """

    def __init__(
        self, *, kind: DeviceKind, phone_name: str, phone_id: str, address: str, port: int
    ) -> None:
        self._info = AsyncServiceInfo(
            SERVICE_TYPE,
            f"PI monitor:{phone_name}:{phone_id}.{SERVICE_TYPE}",
            addresses=[socket.inet_aton(address)],
            port=port,
            server=_SERVER[kind],
        )
        local = ipaddress.ip_address(address).is_loopback
        self._interfaces = [address] if local else InterfaceChoice.All
        self._zeroconf: AsyncZeroconf | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """Full name of the service."""
        return self._info.name

    def open(self) -> None:
        """Begin to announce; returns at once.

        Raises
        ------
        OSError
            If the network takes no multicast.
        """
        self._zeroconf = AsyncZeroconf(interfaces=self._interfaces)
        self._task = asyncio.create_task(self._announce(self._zeroconf))

    async def close(self) -> None:
        """Say goodbye."""
        zeroconf, self._zeroconf = self._zeroconf, None
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if zeroconf is not None:
            with contextlib.suppress(OSError):
                await zeroconf.async_close()

    async def _announce(self, zeroconf: AsyncZeroconf) -> None:
        try:
            # Without asking first whether the name is free, which takes most of a second.
            sent = await zeroconf.async_register_service(self._info, cooperating_responders=True)
            await sent
        except (OSError, NonUniqueNameException):
            pass  # not announced; it can still be reached by its address
