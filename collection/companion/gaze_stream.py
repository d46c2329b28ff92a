"""Gaze at full rate, for as long as somebody wants it: reconnects, counts what was lost."""

import asyncio
import struct
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from dashgaze.errors import DeviceError

from .rates import RateMeter
from .rtp import RtpPacket, StreamClock
from .stream import receive_stream

RETRY_S = 1.0
LEAD_OVER_S = 5
HELD_SAMPLES = 5000
"""How many samples to hold until the first report tells their time: 25 s at 200 Hz."""

_HEAD = struct.Struct("!ffB")
_WORN = 255
_KNOWN_BYTES = frozenset((9, 17, 25, 65, 89, 105))
_SEQUENCES = 2**16


class GazeSample(NamedTuple):
    """One gaze sample as it came.

    Attributes
    ----------
    device_ns, host_ns
        Unix time on the device's clock, and on this computer's when it came, ns.
    x_px, y_px, worn
        Distorted scene camera pixels, and whether the glasses were worn. Of the left eye if the device
        sends the eyes apart and nothing else.
    sequence, connection
        RTP sequence number, and number of the connection it came over.
    """

    device_ns: int
    host_ns: int
    x_px: float
    y_px: float
    worn: bool
    sequence: int
    connection: int


class GazeSink(Protocol):
    """Takes gaze samples, and note of what happened to them."""

    def add(self, sample: GazeSample) -> None:
        """Take a sample."""

    def lost(self, count: int) -> None:
        """Take note that the network lost samples; less than 0 if late ones came after all."""

    def connection_began(self, connection: int, url: str) -> None:
        """Take note of a new connection."""

    def connection_ended(self, connection: int, why: str) -> None:
        """Take note that it ended."""


class GazeStream:
    """Receives gaze until its task is cancelled.

    Parameters
    ----------
    find_url
        Asks the device where its gaze is: not the same after its app was restarted. Raises a `DeviceError`
        if there is none.
    """

    def __init__(self, find_url: Callable[[], Awaitable[str]]) -> None:
        self._find_url = find_url
        self._sinks: list[GazeSink] = []
        self.meter = RateMeter()
        self.connections = 0
        self.lost = 0
        self.strange = 0
        self.trouble: DeviceError | None = None
        self._connection = 0
        self._sequence: int | None = None
        self._held: list[tuple[RtpPacket, int]] = []
        self._arrived = asyncio.Event()
        self._leads_ns: deque[list[int]] = deque(maxlen=LEAD_OVER_S)

    def clock_lead_ns(self) -> int | None:
        """Give by how much the device's clock is ahead, less the fastest way here, over the last seconds.

        A slow network makes it smaller for single samples, never larger: a change is one of a clock.
        """
        return max((lead for _, lead in self._leads_ns), default=None)

    def attach(self, sink: GazeSink, *, connections_before: int = 0) -> None:
        """Give all that comes from now on to `sink` too; connections are numbered on from before."""
        self._sinks.append(sink)
        self.connections = max(self.connections, connections_before)

    async def run(self) -> None:
        """Receive; ends only by being cancelled."""
        while True:
            try:
                url = await self._find_url()
                self._begin(url)
                await receive_stream(url, self)
            except DeviceError as error:
                self.trouble = error
            finally:
                self._end()
            await asyncio.sleep(RETRY_S)

    async def first_sample(self) -> None:
        """Wait for the next sample, without end."""
        self._arrived.clear()
        await self._arrived.wait()

    def on_packet(self, packet: RtpPacket, device_ns: int | None, host_ns: int) -> None:
        """Take a packet of the stream."""
        self._count_lost(packet.sequence)
        if device_ns is not None:
            self._deliver(packet, device_ns, host_ns)
        elif len(self._held) < HELD_SAMPLES:
            self._held.append((packet, host_ns))

    def on_clock(self, clock: StreamClock) -> None:
        """Deliver what had to wait for its time."""
        held, self._held = self._held, []
        for packet, host_ns in held:
            device_ns = clock.unix_ns(packet.ticks)
            if device_ns is not None:
                self._deliver(packet, device_ns, host_ns)

    def _deliver(self, packet: RtpPacket, device_ns: int, host_ns: int) -> None:
        payload = packet.payload
        if len(payload) not in _KNOWN_BYTES:
            # All known forms begin alike: what newer apps send is kept as far as it is understood.
            self.strange += 1
            if len(payload) < _HEAD.size:
                return
        x_px, y_px, worn = _HEAD.unpack_from(payload)
        sample = GazeSample(
            device_ns, host_ns, x_px, y_px, worn == _WORN, packet.sequence, self._connection
        )
        now_s = time.monotonic()
        self.meter.add(now_s, good=sample.worn)
        self._note_lead(int(now_s), device_ns - host_ns)
        self.trouble = None
        self._arrived.set()
        for sink in self._sinks:
            sink.add(sample)

    def _note_lead(self, second: int, lead_ns: int) -> None:
        if not self._leads_ns or self._leads_ns[-1][0] != second:
            self._leads_ns.append([second, lead_ns])
        elif lead_ns > self._leads_ns[-1][1]:
            self._leads_ns[-1][1] = lead_ns

    def _count_lost(self, sequence: int) -> None:
        if self._sequence is not None:
            ahead = (sequence - self._sequence) % _SEQUENCES
            if ahead == 0:
                return
            if ahead > _SEQUENCES // 2:  # late: it was counted as lost
                self._tell_lost(-1)
                return
            if ahead > 1:
                self._tell_lost(ahead - 1)
        self._sequence = sequence

    def _tell_lost(self, count: int) -> None:
        self.lost += count
        for sink in self._sinks:
            sink.lost(count)

    def _begin(self, url: str) -> None:
        self.connections += 1
        self._connection = self.connections
        self._sequence = None
        for sink in self._sinks:
            sink.connection_began(self._connection, url)

    def _end(self) -> None:
        self._held.clear()
        if self._connection:
            for sink in self._sinks:
                sink.connection_ended(self._connection, self.trouble.what if self.trouble else "")
            self._connection = 0
