"""One session with one sensor's stream.

RTSP is spoken by the library's own aiortsp, which is known to work with the devices. Packets are taken
by ourselves: the library hands out neither sequence numbers, so that loss is not seen, nor whole-number
times, and after a reconnection it stamps with the old session's clock until the next report.
"""

import asyncio
import contextlib
import logging
import random
import socket
import time
from typing import Any, Protocol
from urllib.parse import urlsplit

from dashgaze.errors import DeviceError

from .extra import import_extra
from .rtp import RtpPacket, StreamClock, read_rtp, read_sender_report, receiver_report

ANSWER_TIMEOUT_S = 4.0
"""For each RTSP request."""
FIRST_PACKET_S = 8.0
"""Sensors take up to 2.5 s to start."""
SILENCE_S = 4.0
"""A stream that has been silent for so long is given up."""

_TEARDOWN_S = 1.0
_STEP_S = 0.25
_REPORT_S = 5.0
_RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
_WARM_UP_PACKETS, _WARM_UP_BYTES = 5, 200
_PORT_TRIES = 20
_RTSP_PORT = 554
_USUAL_CLOCK_HZ = 90_000
_LOGGER = logging.getLogger("aiortsp.dashgaze")

UDP_FIX = (
    "A firewall or the network keeps the pictures and gaze from this computer: allow incoming UDP for "
    "Python, or use the phone's hotspot. The phone itself records all the same."
)
ASLEEP_FIX = (
    "Bring the Companion app to the front on the phone and unplug and plug in the glasses; restart the "
    "app if that does not help."
)


class PacketSink(Protocol):
    """Takes what a stream brings."""

    def on_packet(self, packet: RtpPacket, device_ns: int | None, host_ns: int) -> None:
        """Take a packet; its device time is None before the first report."""

    def on_clock(self, clock: StreamClock) -> None:
        """Take note that a report has come: times are known now."""


async def receive_stream(url: str, sink: PacketSink, *, video: bool = False) -> None:
    """Receive a stream until it ends, is silent for too long, or the task is cancelled.

    Raises
    ------
    DeviceError
        For any other end than being cancelled.
    """
    connections = import_extra("aiortsp.rtsp.connection")
    sessions = import_extra("aiortsp.rtsp.session")
    errors = import_extra("aiortsp.rtsp.errors")
    parts = urlsplit(url)
    name = "scene camera" if video else "gaze"
    receiver = _UdpReceiver(sink)
    try:
        await receiver.open()
        async with connections.RTSPConnection(
            parts.hostname, parts.port or _RTSP_PORT, logger=_LOGGER, timeout=ANSWER_TIMEOUT_S
        ) as connection:
            session = sessions.RTSPMediaSession(
                connection,
                url,
                transport=receiver,
                media_type="video" if video else None,
                logger=_LOGGER,
            )
            receiver.host = str(parts.hostname)
            try:
                await session.setup()
                receiver.describe(session.sdp, video=video)
                await session.play()
                await _watch(name, connection, session, receiver)
            finally:
                # The device forgets a session by itself; being polite must not delay anybody.
                with contextlib.suppress(errors.RTSPError, TimeoutError, OSError):
                    await asyncio.wait_for(session.teardown(), _TEARDOWN_S)
    except (errors.RTSPError, OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise DeviceError(
            f"The {name} stream at {parts.hostname}:{parts.port} can't be opened ({_short(error)}).",
            fix=ASLEEP_FIX,
        ) from error
    finally:
        receiver.shut()


async def _watch(name: str, connection: Any, session: Any, receiver: "_UdpReceiver") -> None:
    """Keep the session alive until it ends or is silent."""
    began_s = asked_s = reported_s = time.monotonic()
    while connection.running:
        await asyncio.sleep(_STEP_S)
        now_s = time.monotonic()
        silent_s = now_s - (receiver.last_s or began_s)
        if receiver.last_s is None and silent_s > FIRST_PACKET_S:
            raise DeviceError(
                f"The {name} stream was opened, but nothing has come for {FIRST_PACKET_S:g} s.",
                fix=UDP_FIX,
            )
        if receiver.last_s is not None and silent_s > SILENCE_S:
            raise DeviceError(
                f"The {name} stream has been silent for {SILENCE_S:g} s.", fix=ASLEEP_FIX
            )
        if now_s - reported_s > _REPORT_S:
            receiver.send_report()
            reported_s = now_s
        if now_s - asked_s > session.session_keepalive:
            await session.keep_alive()
            asked_s = now_s
    raise DeviceError(f"The phone has ended the {name} stream.", fix=ASLEEP_FIX)


class _UdpReceiver:
    """A pair of UDP ports, in the shape that an RTSP session of aiortsp expects."""

    stats = None

    def __init__(self, sink: PacketSink) -> None:
        self.host = ""
        self.last_s: float | None = None
        self._sink = sink
        self._payload_type: int | None = None
        self._clock = StreamClock(_USUAL_CLOCK_HZ)
        self._ports: tuple[int, int] = (0, 0)
        self._device_ports: tuple[int, int] | None = None
        self._transports: list[asyncio.DatagramTransport] = []
        self._source = random.getrandbits(32)

    async def open(self) -> None:
        """Open an even port and the odd one after it."""
        loop = asyncio.get_running_loop()
        sockets = _socket_pair()
        self._ports = sockets[0].getsockname()[1], sockets[1].getsockname()[1]
        for one, take in zip(sockets, (self._take_rtp, self._take_rtcp), strict=True):
            transport, _ = await loop.create_datagram_endpoint(
                lambda take=take: _Datagrams(take),  # type: ignore[misc]
                sock=one,
            )
            self._transports.append(transport)

    def describe(self, description: Any, *, video: bool) -> None:
        """Learn the stream's clock from its description (SDP); of video also the payload type.

        A description of video may list sound too. Gaze comes alone, and is taken whatever its type says.
        """
        for media in description.get("medias", ()):
            rtpmap = media.get("attributes", {}).get("rtpmap")
            if rtpmap and media.get("type") in (("video",) if video else ("application", "video")):
                self._payload_type = rtpmap["pt"] if video else None
                self._clock = StreamClock(rtpmap["clockRate"])
                return

    def on_transport_request(self, headers: dict[str, str]) -> None:
        """Say where packets shall go."""
        headers["Transport"] = f"RTP/AVP;unicast;client_port={self._ports[0]}-{self._ports[1]}"

    def on_transport_response(self, headers: dict[str, str]) -> None:
        """Learn where they come from."""
        fields = dict(part.strip().partition("=")[::2] for part in headers["transport"].split(";"))
        first, dash, second = fields.get("server_port", "").partition("-")
        self._device_ports = (int(first), int(second)) if dash else None

    async def warmup(self) -> None:
        """Send a little to the device's ports: a router or firewall then lets answers through."""
        if self._device_ports is None:
            return
        for transport, port in zip(self._transports, self._device_ports, strict=True):
            for _ in range(_WARM_UP_PACKETS):
                transport.sendto(random.randbytes(_WARM_UP_BYTES), (self.host, port))

    def send_report(self) -> None:
        """Tell the device that somebody is listening."""
        if self._device_ports is not None:
            self._transports[1].sendto(
                receiver_report(self._source), (self.host, self._device_ports[1])
            )

    def shut(self) -> None:
        """Close the ports."""
        for transport in self._transports:
            transport.close()

    def _take_rtp(self, data: bytes) -> None:
        packet = read_rtp(data)
        if packet is None or self._payload_type not in (None, packet.payload_type):
            return
        self.last_s = time.monotonic()
        self._sink.on_packet(packet, self._clock.unix_ns(packet.ticks), time.time_ns())

    def _take_rtcp(self, data: bytes) -> None:
        report = read_sender_report(data)
        if report is not None:
            self._clock.report(*report)
            self._sink.on_clock(self._clock)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, take: Any) -> None:
        self._take = take

    def datagram_received(self, data: bytes, _address: Any) -> None:
        self._take(data)

    def error_received(self, exc: Exception) -> None:
        """Ignore that a device's port is closed: its silence tells."""


def _socket_pair() -> list[socket.socket]:
    for _ in range(_PORT_TRIES):
        first = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        second = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            first.bind(("0.0.0.0", 0))
            port = first.getsockname()[1]
            second.bind(("0.0.0.0", port + 1 if port % 2 == 0 else port - 1))
        except (OSError, OverflowError):
            first.close()
            second.close()
            continue
        pair = [first, second] if port % 2 == 0 else [second, first]
        for one in pair:
            one.setblocking(False)
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        return pair
    raise OSError("no two UDP ports in a row are free")


def _short(error: BaseException) -> str:
    text = str(error).partition("\n")[0] or type(error).__name__
    return text[:120]
