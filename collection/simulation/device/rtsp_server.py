"""The RTSP server: hands out streams of gaze and scene video."""

import asyncio
import random
from collections.abc import Callable

from .channels import InterleavedChannel, UdpChannel
from .clock import DeviceClock
from .faults import FaultSwitches
from .options import DeviceOptions
from .rtp_sender import RtpSender
from .rtsp_messages import (
    SERVER_NAME,
    BadRequestError,
    Request,
    answer,
    number_pair,
    read_request,
    transport_fields,
)
from .stream_description import PAYLOAD_TYPE, describe_stream

SESSION_TIMEOUT_S = 60
"""A client that says nothing for so long, and half as much again, is cut off."""

REPORT_INTERVAL_S = 1.0

_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, TEARDOWN"
_LARGEST_PORT = 65_535
_LARGEST_CHANNEL = 255


class RtspServer:
    """Serves each RTSP connection, and knows which streams play.

    Parameters
    ----------
    options, clock, faults
        The device.
    parameter_sets
        Gives the H.264 parameter sets.
    on_play
        Called with the camera of each stream that begins to play.
    """

    def __init__(
        self,
        options: DeviceOptions,
        clock: DeviceClock,
        faults: FaultSwitches,
        *,
        parameter_sets: Callable[[], tuple[bytes, bytes]],
        on_play: Callable[[str], None],
    ) -> None:
        self.options, self.clock, self.faults = options, clock, faults
        self.parameter_sets, self.on_play = parameter_sets, on_play
        self.rng = random.Random(options.seed)
        self._playing: dict[str, list[RtpSender]] = {name: [] for name in PAYLOAD_TYPE}

    def senders(self, camera: str) -> list[RtpSender]:
        """Give the streams of a camera that play."""
        return list(self._playing[camera])

    def play(self, camera: str, sender: RtpSender) -> None:
        """Begin to play a stream."""
        if sender not in self._playing[camera]:
            self._playing[camera].append(sender)
            self.on_play(camera)
        sender.report()

    def pause(self, camera: str, sender: RtpSender) -> None:
        """Play a stream no more."""
        if sender in self._playing[camera]:
            self._playing[camera].remove(sender)

    def report(self) -> None:
        """Send a report in each stream that plays."""
        for senders in self._playing.values():
            for sender in senders:
                sender.report()

    async def run_reports(self) -> None:
        """Send reports each second, until cancelled."""
        while True:
            await asyncio.sleep(REPORT_INTERVAL_S)
            self.report()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until the client leaves or says nothing for too long."""
        await _Connection(self, reader, writer).serve()


class _Connection:
    """One RTSP connection; it remembers the camera, which later requests don't name."""

    def __init__(
        self, server: RtspServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._camera = "world"
        self._sender: RtpSender | None = None
        self._session = f"{server.rng.getrandbits(48):012x}"

    async def serve(self) -> None:
        try:
            while True:
                try:
                    request = await asyncio.wait_for(
                        read_request(self._reader), SESSION_TIMEOUT_S * 1.5
                    )
                except BadRequestError:
                    self._answer(None, 400)
                    return
                await self._handle(request)
                await self._writer.drain()
                if request.method == "TEARDOWN":
                    return
        finally:
            self._release()

    async def _handle(self, request: Request) -> None:
        if request.camera:
            self._camera = request.camera
        match request.method:
            case "OPTIONS":
                self._answer(request, 200, {"Public": _METHODS})
            case "DESCRIBE":
                self._describe(request)
            case "SETUP":
                await self._set_up(request)
            case "PLAY" | "PAUSE" | "GET_PARAMETER" | "TEARDOWN":
                self._control(request)
            case _:
                self._answer(request, 501)

    def _describe(self, request: Request) -> None:
        server = self._server
        if self._camera not in PAYLOAD_TYPE:
            self._answer(request, 404)
            return
        host, port = self._writer.get_extra_info("sockname")[:2]
        body = describe_stream(self._camera, host, server.parameter_sets())
        # The query is lost here, as it is with the real server.
        self._answer(request, 200, {"Content-Base": f"rtsp://{host}:{port}/"}, body=body)

    async def _set_up(self, request: Request) -> None:
        if self._camera not in PAYLOAD_TYPE:
            self._answer(request, 404)
            return
        if self._sender is not None:
            self._answer(request, 455)
            return
        fields = transport_fields(request.headers.get("transport", ""))
        channel: InterleavedChannel | UdpChannel
        try:
            if "RTP/AVP/TCP" in fields:
                ids = number_pair(fields.get("interleaved", "0-1"), _LARGEST_CHANNEL)
                channel = InterleavedChannel(self._writer, *ids)
                chosen = f"RTP/AVP/TCP;unicast;interleaved={ids[0]}-{ids[1]}"
            else:
                ports = number_pair(fields["client_port"], _LARGEST_PORT)
                client = self._writer.get_extra_info("peername")[0]
                host = self._writer.get_extra_info("sockname")[0]
                channel = await UdpChannel.open(host, (client, *ports))
                chosen = "RTP/AVP;unicast;client_port={}-{};server_port={}-{}".format(
                    *ports, *channel.ports
                )
        except (KeyError, ValueError):
            self._answer(request, 461)
            return
        server = self._server
        self._sender = RtpSender(
            channel,
            payload_type=PAYLOAD_TYPE[self._camera],
            clock=server.clock,
            faults=server.faults,
            rng=server.rng,
        )
        session = f"{self._session};timeout={SESSION_TIMEOUT_S}"
        self._answer(request, 200, {"Transport": chosen, "Session": session})

    def _control(self, request: Request) -> None:
        if self._sender is None:
            # Keep-alive and goodbye are fine without a stream; to play one is not.
            self._answer(request, 200 if request.method in ("GET_PARAMETER", "TEARDOWN") else 455)
            return
        if request.headers.get("session", self._session).split(";")[0] != self._session:
            self._answer(request, 454)
            return
        headers = {"Session": self._session}
        if request.method == "PLAY":
            headers["RTP-Info"] = f"url={request.url};seq={self._sender.sequence}"
        self._answer(request, 200, headers)
        if request.method == "PLAY":
            self._server.play(self._camera, self._sender)
        elif request.method == "PAUSE":
            self._server.pause(self._camera, self._sender)
        elif request.method == "TEARDOWN":
            self._release()

    def _release(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None:
            self._server.pause(self._camera, sender)
            sender.close()

    def _answer(
        self,
        request: Request | None,
        status: int,
        headers: dict[str, str] | None = None,
        *,
        body: str = "",
    ) -> None:
        server = SERVER_NAME[self._server.options.kind]
        self._writer.write(answer(request, status, headers, server=server, body=body))
