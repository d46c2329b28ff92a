"""The two ways in which stream packets reach a client: UDP, or interleaved in the RTSP connection."""

import asyncio
import struct
from typing import Self


class _Silent(asyncio.DatagramProtocol):
    """Takes what clients send, warm-up packets and reports, and does nothing with it."""

    def error_received(self, exc: Exception) -> None:
        """Ignore that a client's port is closed: RTSP tells when it leaves."""


class UdpChannel:
    """A pair of UDP sockets, for RTP and RTCP."""

    lossy = True

    def __init__(
        self,
        rtp: asyncio.DatagramTransport,
        rtcp: asyncio.DatagramTransport,
        client: tuple[str, int, int],
    ) -> None:
        self._rtp, self._rtcp = rtp, rtcp
        host, rtp_port, rtcp_port = client
        self._rtp_address, self._rtcp_address = (host, rtp_port), (host, rtcp_port)

    @classmethod
    async def open(cls, address: str, client: tuple[str, int, int]) -> Self:
        """Open the sockets on an address, for a client's host, RTP port and RTCP port."""
        loop = asyncio.get_running_loop()
        transports: list[asyncio.DatagramTransport] = []
        try:
            for _ in range(2):
                transport, _protocol = await loop.create_datagram_endpoint(
                    _Silent, local_addr=(address, 0)
                )
                transports.append(transport)
        except BaseException:
            for transport in transports:
                transport.close()
            raise
        return cls(transports[0], transports[1], client)

    @property
    def ports(self) -> tuple[int, int]:
        """Ports that RTP and RTCP come from."""
        rtp, rtcp = (t.get_extra_info("sockname")[1] for t in (self._rtp, self._rtcp))
        return rtp, rtcp

    def send_rtp(self, packet: bytes) -> None:
        """Send an RTP packet."""
        self._send(self._rtp, packet, self._rtp_address)

    def send_rtcp(self, packet: bytes) -> None:
        """Send an RTCP packet."""
        self._send(self._rtcp, packet, self._rtcp_address)

    def close(self) -> None:
        """Close the sockets."""
        self._rtp.close()
        self._rtcp.close()

    def _send(
        self, transport: asyncio.DatagramTransport, packet: bytes, address: tuple[str, int]
    ) -> None:
        if not transport.is_closing():
            transport.sendto(packet, address)


class InterleavedChannel:
    """Packets inside the RTSP connection (RFC 2326, 10.12); none is ever lost."""

    lossy = False
    _LARGEST_BACKLOG = 8_000_000

    def __init__(self, writer: asyncio.StreamWriter, rtp_id: int, rtcp_id: int) -> None:
        self._writer, self._rtp_id, self._rtcp_id = writer, rtp_id, rtcp_id

    def send_rtp(self, packet: bytes) -> None:
        """Send an RTP packet."""
        self._send(self._rtp_id, packet)

    def send_rtcp(self, packet: bytes) -> None:
        """Send an RTCP packet."""
        self._send(self._rtcp_id, packet)

    def close(self) -> None:
        """Leave the connection alone: it is the RTSP server's."""

    def _send(self, channel_id: int, packet: bytes) -> None:
        transport = self._writer.transport
        # A client that reads no more must not fill the memory.
        if transport.is_closing() or transport.get_write_buffer_size() > self._LARGEST_BACKLOG:
            return
        self._writer.write(struct.pack("!cBH", b"$", channel_id, len(packet)) + packet)
