"""Switching faults from outside: a page, and the same as JSON. No real device has this."""

import io
import json
import wave
from typing import Protocol

import numpy as np
from aiohttp import web

from dashgaze.errors import DashgazeError, InputError
from dashgaze.media import Sound

from .control_page import CONTROL_PAGE
from .faults import FAULTS, FaultSwitches
from .http_interface import LARGEST_BODY_BYTES

_SAMPLE_BYTES = 2


class Controlled(Protocol):
    """What can be controlled."""

    faults: FaultSwitches

    def hear(self, sound: Sound, host_ns: int, *, gain: float = 1.0) -> None:
        """Play a sound near the microphone."""

    def describe(self) -> dict[str, object]:
        """Tell how the device is."""


def control_routes(device: Controlled) -> list[web.RouteDef]:
    """Give the routes under ``/simulator``."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=CONTROL_PAGE, content_type="text/html")

    async def state(_request: web.Request) -> web.Response:
        return web.json_response(_state(device))

    async def switch(request: web.Request) -> web.Response:
        # A page of another origin can't send this type without asking first.
        if request.content_type != "application/json":
            return _bad('Send JSON: {"name": …, "on": true, "value": …}.', status=415)
        try:
            content = json.loads(await request.read())
            name, on = content["name"], content["on"]
        except (ValueError, KeyError, TypeError):
            return _bad('Send JSON: {"name": …, "on": true, "value": …}.')
        try:
            if on:
                device.faults.turn_on(str(name), content.get("value"))
            else:
                device.faults.turn_off(str(name))
        except InputError as error:
            return _bad(str(error))
        return web.json_response(_state(device))

    async def hear(request: web.Request) -> web.Response:
        if request.content_type != "audio/wav":
            return _bad("Send a WAV file as audio/wav.", status=415)
        try:
            host_ns = int(request.query["host_ns"])
            device.hear(_read_wav(await request.read()), host_ns)
        except (KeyError, ValueError):
            return _bad("Give ?host_ns=…, this computer's Unix time in ns at the sound's start.")
        except DashgazeError as error:
            return _bad(str(error))
        return web.json_response(_state(device))

    return [
        web.get("/simulator", page),
        web.get("/simulator/state", state),
        web.post("/simulator/fault", switch),
        web.post("/simulator/hear", hear),
    ]


def control_application(device: Controlled) -> web.Application:
    """Give an application with nothing but the control of the simulator."""
    application = web.Application(client_max_size=LARGEST_BODY_BYTES)
    application.add_routes(control_routes(device))
    return application


def _state(device: Controlled) -> dict[str, object]:
    on = device.faults.all_on()
    return {
        **device.describe(),
        "faults": {
            fault.name: {
                "on": fault.name in on,
                "value": on.get(fault.name, fault.usual),
                "unit": fault.unit,
                "what": fault.what,
            }
            for fault in FAULTS.values()
        },
    }


def _read_wav(content: bytes) -> Sound:
    try:
        with wave.open(io.BytesIO(content)) as file:
            if file.getsampwidth() != _SAMPLE_BYTES:
                raise InputError("The WAV file has no 16-bit samples.", fix="Convert it.")
            rate_hz, channels = file.getframerate(), file.getnchannels()
            data = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    except (wave.Error, EOFError) as error:
        raise InputError("That is no WAV file.", fix="Send 16-bit PCM.") from error
    samples = data.reshape(-1, channels).mean(axis=1) / 32768
    return Sound(samples=samples.astype(np.float32), rate_hz=rate_hz, start_s=0.0)


def _bad(text: str, *, status: int = 400) -> web.Response:
    return web.json_response({"error": text}, status=status)
