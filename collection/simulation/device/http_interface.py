"""The device's REST interface and status WebSocket."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from dashgaze.errors import OutputError

from ...eye_tracker import typical_camera
from .companion_app import CompanionApp, Component, Refused
from .faults import FaultSwitches
from .neon_calibration import pack_neon_calibration
from .options import DeviceOptions
from .template import UnknownFieldError

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LARGEST_BODY_BYTES = 32_000_000

_LATEST_NS = 2**63
_HEARTBEAT_S = 20.0
_PORTAL = "<html><title>Welcome to the guest network</title>Please log in.</html>"


class HttpInterface:
    """Routes of the device, as an application for each time that it is opened.

    Parameters
    ----------
    options, faults, app
        The device.
    """

    def __init__(self, options: DeviceOptions, faults: FaultSwitches, app: CompanionApp) -> None:
        self._options, self._faults, self._app = options, faults, app
        self._sockets: set[web.WebSocketResponse] = set()
        self._rng = random.Random(options.seed)

    def application(self, more: list[web.RouteDef]) -> web.Application:
        """Give a new application with the device's routes, and some more that no fault touches."""
        application = web.Application(
            middlewares=[self._misbehave], client_max_size=LARGEST_BODY_BYTES
        )
        application.add_routes(
            [
                web.get("/api/status", self._status),
                web.post("/api/recording:start", self._start),
                web.post("/api/recording:stop_and_save", self._stop_and_save),
                web.post("/api/recording:cancel", self._cancel),
                web.post("/api/event", self._event),
                *more,
            ]
        )
        if self._options.kind == "neon":
            application.add_routes(
                [
                    web.get("/api/template_def", self._template),
                    web.get("/api/template_data", self._template_data),
                    web.post("/api/template_data", self._answer_template),
                    web.get("/calibration.bin", self._calibration),
                ]
            )
        application.on_shutdown.append(self._on_shutdown)
        return application

    async def cut_websockets(self) -> None:
        """Close all status WebSockets."""
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _on_shutdown(self, _application: web.Application) -> None:
        await self.cut_websockets()

    @web.middleware
    async def _misbehave(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Answer late or wrongly, as the faults ask for. What was asked for is done at once."""
        if not request.path.startswith(("/api/", "/calibration")) or _is_websocket(request):
            return await handler(request)
        response = await handler(request)
        delay_s = self._faults.number("latency")
        delay_s += self._rng.random() * self._faults.number("random_latency")
        if request.path.endswith("recording:start"):
            delay_s += self._faults.number("slow_start")
        elif request.path.endswith("recording:stop_and_save"):
            delay_s += self._faults.number("slow_stop")
        if delay_s:
            await asyncio.sleep(delay_s)
        if self._faults.is_on("not_json"):
            return web.Response(text=_PORTAL, content_type="text/html")
        return response

    async def _status(self, request: web.Request) -> web.StreamResponse:
        if _is_websocket(request):
            return await self._stream_status(request)
        return _success(self._app.status())

    async def _stream_status(self, request: web.Request) -> web.StreamResponse:
        if self._faults.is_on("no_websocket"):
            return _failure("Service unavailable", status=503)
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S)
        await socket.prepare(request)
        changes: asyncio.Queue[Component] = asyncio.Queue()
        # Listening begins before the state is read: a change in between is sent twice, not lost.
        stop_listening = self._app.listen(changes.put_nowait)
        for component in self._app.status():
            changes.put_nowait(component)
        self._sockets.add(socket)
        sending = asyncio.create_task(_send_all(socket, changes))
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            self._sockets.discard(socket)
            stop_listening()
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        return socket

    async def _start(self, _request: web.Request) -> web.StreamResponse:
        try:
            recording_id = self._app.start()
        except (Refused, OutputError) as refusal:
            return _failure(str(refusal))
        return _success({"id": recording_id}, "Started recording")

    async def _stop_and_save(self, _request: web.Request) -> web.StreamResponse:
        try:
            ended = self._app.stop_and_save()
        except (Refused, OutputError) as refusal:
            return _failure(str(refusal))
        return _success(self._ended(ended), "Stopped recording")

    async def _cancel(self, _request: web.Request) -> web.StreamResponse:
        try:
            ended = self._app.cancel()
        except Refused as refusal:
            return _failure(str(refusal))
        return _success(self._ended(ended), "Cancelled recording")

    def _ended(self, ended: tuple[str, int]) -> dict[str, Any] | None:
        # A real Neon answers null, whatever the specification says.
        return (
            None if self._options.kind == "neon" else {"id": ended[0], "rec_duration_ns": ended[1]}
        )

    async def _event(self, request: web.Request) -> web.StreamResponse:
        content = await _json(request)
        name, stamp_ns = (
            (content.get("name"), content.get("timestamp")) if content else (None, None)
        )
        if not isinstance(name, str):
            return _failure("The event has no name", status=400)
        if stamp_ns is not None and not (
            isinstance(stamp_ns, int) and -_LATEST_NS <= stamp_ns < _LATEST_NS
        ):
            return _failure("The event's timestamp is no number of nanoseconds", status=400)
        taken_ns, recording_id = self._app.add_event(name, stamp_ns)
        return _success({"timestamp": taken_ns, "recording_id": recording_id})

    async def _template(self, _request: web.Request) -> web.StreamResponse:
        required = self._faults.is_on("required_template")
        return _success(self._app.template.definition(required=required))

    async def _template_data(self, _request: web.Request) -> web.StreamResponse:
        return _success(self._app.template.data)

    async def _answer_template(self, request: web.Request) -> web.StreamResponse:
        content = await _json(request)
        if not content or not all(
            isinstance(answer, list) and answer and all(isinstance(part, str) for part in answer)
            for answer in content.values()
        ):
            return _failure("Answers are lists of text, not empty", status=400)
        try:
            self._app.template.answer(content)
        except UnknownFieldError as error:
            return _failure(f"Unknown field {error}", status=404)
        return _success(self._app.template.data)

    async def _calibration(self, _request: web.Request) -> web.StreamResponse:
        content = pack_neon_calibration(typical_camera("neon"), "578001")
        return web.Response(body=content, content_type="application/octet-stream")


async def _send_all(socket: web.WebSocketResponse, changes: "asyncio.Queue[Component]") -> None:
    try:
        while True:
            await socket.send_str(json.dumps(await changes.get()))
    except ConnectionError:
        pass  # the client is gone; the loop that reads from it ends as well


async def _json(request: web.Request) -> dict[str, Any] | None:
    try:
        content = json.loads(await request.read())
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _is_websocket(request: web.Request) -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"


def _success(result: Any, message: str = "Success") -> web.Response:
    return web.json_response({"message": message, "result": result})


def _failure(message: str, *, status: int = 500) -> web.Response:
    return web.json_response({"message": message, "result": None}, status=status)
