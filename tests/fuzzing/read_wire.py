"""The readers of what devices send: packets, messages, answers, and what a phone prints."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

from read_calls import every
from seed_writing import START_NS

from dashgaze.errors import DashgazeError


def read_wire(folder: Path) -> None:
    """Packets, messages and what a phone prints: parsers of bytes and text."""
    from pydantic import ValidationError

    from dashgaze.collection.companion.discovery import parse_address
    from dashgaze.collection.companion.gaze_stream import GazeStream
    from dashgaze.collection.companion.rtp import StreamClock, read_rtp, read_sender_report
    from dashgaze.collection.companion.status import CompanionStatus
    from dashgaze.collection.companion.status_watch import StatusWatch
    from dashgaze.collection.page.messages import PartOpening
    from dashgaze.collection.phone import phone_state
    from dashgaze.collection.phone.recorded_files import parse_listing
    from dashgaze.collection.targets.target_log import parse_batch

    def content(name: str) -> bytes:
        try:
            return (folder / name).read_bytes()
        except OSError:
            return b""

    def text(name: str) -> str:
        return content(name).decode(errors="replace")

    def packets() -> None:
        clock = StreamClock(90_000)
        report = read_sender_report(content("rtcp.bin"))
        if report is not None:
            clock.report(*report)
        stream = GazeStream(None)  # type: ignore[arg-type]
        for name in ("rtp.bin", "rtp_extended.bin"):
            packet = read_rtp(content(name))
            if packet is not None:
                stream.on_packet(packet, clock.unix_ns(packet.ticks), START_NS)
                stream.on_packet(packet, None, START_NS)
                stream.on_clock(clock)

    def watched() -> None:
        watch = StatusWatch(None)  # type: ignore[arg-type]
        watch._status = CompanionStatus()
        watch._take_message(text("message.json"))

    def opening() -> None:
        with contextlib.suppress(ValidationError):  # the server answers 400
            PartOpening.model_validate_json(content("message.json"))

    printed = [
        *(
            phone_state.parse_model,
            phone_state.parse_version,
            phone_state.parse_battery,
            phone_state.parse_thermal,
        ),
        *(phone_state.parse_free_bytes, phone_state.parse_switch, phone_state.parse_camera_count),
        *(phone_state.parse_camera_users, phone_state.parse_together, parse_listing),
    ]
    names = ("battery.txt", "df.txt", "listing.txt", "camera.txt")
    every(
        [
            packets,
            watched,
            lambda: parse_address(text("address.txt")),
            lambda: parse_batch(content("batch.json")),
            opening,
            *[lambda call=call, name=name: call(text(name)) for call in printed for name in names],
        ]
    )


def read_answers(folder: Path) -> None:
    """The tracker's answers over HTTP, from a server that sends what the files hold."""
    from dashgaze.collection.companion import app_client
    from dashgaze.collection.companion.app_client import AppClient
    from dashgaze.collection.companion.discovery import Address

    for name in ("STATUS", "START", "EVENT", "TEMPLATE"):
        setattr(app_client, f"{name}_TIMEOUT_S", 0.5)

    def answer(name: str) -> bytes:
        try:
            body = (folder / name).read_bytes()
        except OSError:
            body = b""
        if name == "http.txt":
            return body
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        return head.encode() + body

    async def ask() -> None:
        refused: DashgazeError | None = None
        questions = {
            "status.json": lambda client: client.status(),
            "http.txt": lambda client: client.status(),
            "started.json": lambda client: client.start_recording(),
            "event.json": lambda client: client.send_event("e", None),
            "template.json": lambda client: client.unanswered_questions(),
        }
        for name, question in questions.items():
            content = answer(name)

            async def serve(reader: Any, writer: Any, content: bytes = content) -> None:
                with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                    await reader.readuntil(b"\r\n\r\n")
                    writer.write(content)
                    await writer.drain()
                writer.close()

            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            client = AppClient(Address("127.0.0.1", server.sockets[0].getsockname()[1]))
            await client.open()
            try:
                await question(client)
            except DashgazeError as error:
                refused = error
            finally:
                await client.close()
                server.close()
        if refused is not None:
            raise refused

    asyncio.run(ask())


def read_stream(folder: Path) -> None:
    """A sensor's stream over RTSP, from a server that answers with what the file holds."""
    from dashgaze.collection.companion import stream
    from dashgaze.collection.companion.gaze_stream import GazeStream

    stream.ANSWER_TIMEOUT_S = stream.FIRST_PACKET_S = stream._TEARDOWN_S = 0.3
    answers = (
        (folder / "rtsp.txt").read_bytes().split(b"\x1e") if (folder / "rtsp.txt").is_file() else []
    )

    async def serve(reader: Any, writer: Any) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            for each in answers:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(each)
                await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            await stream.receive_stream(f"rtsp://127.0.0.1:{port}/?camera=gaze", GazeStream(None))  # type: ignore[arg-type]
        finally:
            server.close()

    asyncio.run(run())
