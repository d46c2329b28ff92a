"""Whether the scene camera's pictures come: they are counted, not decoded."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from dashgaze.errors import DeviceError

from .rates import RateMeter
from .rtp import RtpPacket, StreamClock
from .stream import receive_stream
from .tasks import end

LOOK_S = 4.0
PAUSE_S = 20.0
"""During a drive pictures are looked at now and then. All of them would take the radio from gaze, and
heat and battery from the phone."""
RETRY_S = 1.0


class SceneStream:
    """Counts pictures while it runs.

    Parameters
    ----------
    find_url
        As for `GazeStream`.
    """

    def __init__(self, find_url: Callable[[], Awaitable[str]]) -> None:
        self._find_url = find_url
        self.meter = RateMeter()
        self.trouble: DeviceError | None = None
        self._ticks: int | None = None
        self._stamps_s: list[float] = []
        self._arrived = asyncio.Event()

    async def run(self) -> None:
        """Receive; ends only by being cancelled."""
        while True:
            await self._once()
            await asyncio.sleep(RETRY_S)

    async def look_now_and_then(self) -> None:
        """Receive for some seconds, pause for longer, and so on; ends only by being cancelled."""
        while True:
            look = asyncio.create_task(self._once())
            try:
                await asyncio.wait([look], timeout=LOOK_S)
            finally:
                await end(look)
            await asyncio.sleep(PAUSE_S)

    async def first_picture(self) -> None:
        """Wait for the next picture, without end."""
        self._arrived.clear()
        await self._arrived.wait()

    def rate_hz(self) -> float | None:
        """Give the rate of the last look; None if the last picture is too long ago."""
        if len(self._stamps_s) < 2 or time.monotonic() - self._stamps_s[-1] > LOOK_S + PAUSE_S:
            return None
        span_s = self._stamps_s[-1] - self._stamps_s[0]
        return (len(self._stamps_s) - 1) / span_s if span_s > 0 else None

    def on_packet(self, packet: RtpPacket, _device_ns: int | None, _host_ns: int) -> None:
        """Take a packet of the stream; all of one picture have the same time."""
        if packet.ticks == self._ticks:
            return
        self._ticks = packet.ticks
        now_s = time.monotonic()
        self.meter.add(now_s)
        self._stamps_s.append(now_s)
        del self._stamps_s[:-90]
        self.trouble = None
        self._arrived.set()

    def on_clock(self, _clock: StreamClock) -> None:
        """Take no note: pictures are counted, not timed."""

    async def _once(self) -> None:
        self._stamps_s.clear()
        try:
            await receive_stream(await self._find_url(), self, video=True)
        except DeviceError as error:
            self.trouble = error
