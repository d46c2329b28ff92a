"""The time echo server: tells clients what the device's clock says."""

import asyncio
import struct

from .clock import DeviceClock

_QUESTION, _ANSWER = struct.Struct("!Q"), struct.Struct("!QQ")
_NS_PER_MS = 10**6


class TimeEcho:
    """Answers each time stamp of a client, ms, with itself and the device's time, ms."""

    def __init__(self, clock: DeviceClock) -> None:
        self._clock = clock

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until it leaves."""
        while True:
            (asked_ms,) = _QUESTION.unpack(await reader.readexactly(_QUESTION.size))
            writer.write(_ANSWER.pack(asked_ms, self._clock.now_ns() // _NS_PER_MS))
            await writer.drain()
