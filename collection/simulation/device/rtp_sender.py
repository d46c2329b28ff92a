"""One stream to one client: RTP packets, and the reports that give them a time."""

import random
from typing import Protocol

from .clock import DeviceClock
from .faults import FaultSwitches
from .rtp import CLOCK_HZ, goodbye, rtp_packet, sender_report

_LATEST_FIRST_TICK = 2**31


class Channel(Protocol):
    """Where packets go."""

    lossy: bool

    def send_rtp(self, packet: bytes) -> None:
        """Send an RTP packet."""

    def send_rtcp(self, packet: bytes) -> None:
        """Send an RTCP packet."""

    def close(self) -> None:
        """Let go of its sockets."""


class RtpSender:
    """Sends one sensor's data to one client.

    RTP time counts steady time, so that it never jumps; the reports say what the device's clock says at such
    a time. It starts low enough not to wrap round in a working day: the usual client does not know of wraps.

    Parameters
    ----------
    channel
        Where packets go; it is closed with the sender.
    payload_type
        RTP payload type.
    clock, faults
        The device.
    rng
        Draws its numbers, and what is lost.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        payload_type: int,
        clock: DeviceClock,
        faults: FaultSwitches,
        rng: random.Random,
    ) -> None:
        self._channel, self._payload_type = channel, payload_type
        self._clock, self._faults, self._rng = clock, faults, rng
        self._source = rng.getrandbits(32)
        self._sequence = rng.getrandbits(16)
        self._first_tick = rng.randrange(_LATEST_FIRST_TICK)
        self._first_ns = clock.steady_ns()
        self._packets = self._bytes = 0
        self._held: bytes | None = None

    @property
    def sequence(self) -> int:
        """Sequence number of the next packet."""
        return self._sequence & 0xFFFF

    def ticks(self, steady_ns: int) -> int:
        """Give the RTP time of a steady time."""
        return self._first_tick + round((steady_ns - self._first_ns) * CLOCK_HZ / 1e9)

    def send(self, payload: bytes, steady_ns: int, *, marker: bool = True) -> None:
        """Send a packet, unless it gets lost."""
        packet = rtp_packet(
            payload,
            payload_type=self._payload_type,
            sequence=self._sequence,
            ticks=self.ticks(steady_ns),
            source=self._source,
            marker=marker,
        )
        self._sequence += 1
        self._packets += 1
        self._bytes += len(payload)
        if self._faults.is_on("no_rtp"):
            return
        if self._channel.lossy and self._draw("packet_loss"):
            return
        if self._held is None and self._channel.lossy and self._draw("reordering"):
            self._held = packet
            return
        self._channel.send_rtp(packet)
        if self._held is not None:
            self._channel.send_rtp(self._held)
            self._held = None

    def report(self) -> None:
        """Say what the device's clock says at an RTP time."""
        if self._faults.is_on("no_rtp"):
            return
        ticks = self.ticks(self._clock.steady_ns())
        # The time of the tick itself, so that rounding does not shift all samples until the next report.
        steady_ns = self._first_ns + round((ticks - self._first_tick) * 1e9 / CLOCK_HZ)
        self._channel.send_rtcp(
            sender_report(
                source=self._source,
                unix_ns=self._clock.stamp_ns(steady_ns),
                ticks=ticks,
                packet_count=self._packets,
                byte_count=self._bytes,
            )
        )

    def close(self) -> None:
        """Say goodbye and close the channel."""
        self._channel.send_rtcp(goodbye(self._source))
        self._channel.close()

    def _draw(self, fault: str) -> bool:
        return self._faults.is_on(fault) and self._rng.random() * 100 < self._faults.number(fault)
