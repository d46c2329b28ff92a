"""All ports of the simulated device."""

import asyncio
from contextlib import AsyncExitStack
from typing import Protocol

from aiohttp import web

from dashgaze.errors import InputError

from .announcement import Announcement
from .clock import DeviceClock
from .companion_app import CompanionApp
from .control import Controlled, control_application, control_routes
from .http_interface import HttpInterface
from .http_site import HttpSite
from .options import DeviceOptions
from .own_address import reachable_address
from .rtsp_server import RtspServer
from .tcp_service import TcpService
from .time_echo import TimeEcho


class Device(Controlled, Protocol):
    """What the ports need to know of the device."""

    options: DeviceOptions
    clock: DeviceClock


class DevicePorts:
    """Opens and shuts ports as the faults have it.

    Parameters
    ----------
    device
        The device.
    app, rtsp
        What answers there.

    Attributes
    ----------
    http, control, rtsp, echo
        The services.
    changed
        To be set when a fault was switched.
    """

    def __init__(self, device: Device, app: CompanionApp, rtsp: RtspServer) -> None:
        self._options, self._faults, self._app = device.options, device.faults, app
        self._interface = HttpInterface(device.options, device.faults, app)
        self._device = device
        self.http = HttpSite(self._application)
        self.control = HttpSite(lambda: control_application(device))
        self.rtsp = TcpService(rtsp.serve)
        self.echo = TcpService(TimeEcho(device.clock).serve)
        self.changed = asyncio.Event()
        self._lock = asyncio.Lock()
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        """Open all ports, and announce the device if asked to.

        Raises
        ------
        InputError
            If a port can't be had, or the network takes no announcement.
        """
        options = self._options
        await self.http.open(options.address, options.port)
        await self.control.open(options.address, options.control_port)
        await self.rtsp.open(options.address, options.rtsp_port)
        await self.echo.open(options.address, options.time_echo_port)
        self._app.address = options.advertised_address or reachable_address(options.address)
        self._app.rtsp_port, self._app.time_echo_port = self.rtsp.port, self.echo.port
        if options.announce:
            announcement = Announcement(
                kind=options.kind,
                phone_name=options.phone_name,
                phone_id=options.phone_id,
                address=self._app.address,
                port=self.http.port,
            )
            try:
                announcement.open()
            except OSError as error:
                raise InputError(
                    f"The device can't be announced over mDNS: {error.strerror or error}.",
                    fix="Leave the announcement out (--no-announce), and use its address.",
                ) from error
            self._stack.push_async_callback(announcement.close)
        await self.apply()

    async def close(self) -> None:
        """Shut all ports."""
        await self._stack.aclose()
        for service in (self.rtsp, self.echo, self.http, self.control):
            await service.shut()
        # Datagram sockets close when the loop goes round once more.
        await asyncio.sleep(0)

    async def run(self) -> None:
        """Open and shut ports as faults are switched, until cancelled."""
        while True:
            await self.changed.wait()
            await self.apply()

    async def apply(self) -> None:
        """Make the ports as the faults have them."""
        async with self._lock:
            self.changed.clear()
            address, faults = self._options.address, self._faults
            gone = faults.is_on("gone")
            if faults.is_on("no_websocket"):
                await self._interface.cut_websockets()
            for service, shut in (
                (self.rtsp, gone or faults.is_on("app_asleep")),
                (self.echo, gone),
                (self.http, gone),
            ):
                if shut:
                    await service.shut()
                else:
                    await service.open(address, 0)

    def _application(self) -> web.Application:
        return self._interface.application(control_routes(self._device))
