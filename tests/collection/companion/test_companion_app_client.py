import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from dashgaze.collection.companion import Address, app_client, recording_control
from dashgaze.collection.companion.app_client import AppClient
from dashgaze.collection.companion.recording_control import start_recording, stop_recording
from dashgaze.errors import DeviceError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PHONE = {"model": "Phone", "data": {"battery_level": 50, "device_name": "Phone"}}
GLASSES = {"model": "Hardware", "data": {"version": "1.0", "glasses_serial": "sim01"}}
RUNNING = {
    "model": "Recording",
    "data": {"action": "START", "id": "r1", "message": "", "rec_duration_ns": 10**9},
}


def ok(result: Any) -> web.Response:
    return web.json_response({"message": "Success", "result": result})


def answer(response: Callable[[], web.Response]) -> Handler:
    async def handle(_request: web.Request) -> web.StreamResponse:
        return response()

    return handle


async def never(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    return ok(None)


async def cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return ok(None)


class Scripted:
    """An app that answers as it is told, and counts what it was asked."""

    def __init__(self, **handlers: Handler) -> None:
        self.handlers = handlers
        self.asked: list[str] = []
        self.components: list[Any] = [PHONE, GLASSES]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name = request.path.removeprefix("/api/").partition(":")[2] or request.path.split("/")[-1]
        self.asked.append(name)
        if name in self.handlers:
            return await self.handlers[name](request)
        return ok(self.components)

    def ask(self, job: Callable[[AppClient], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            application = web.Application()
            application.router.add_route("*", "/{path:.*}", self.handle)
            runner = web.AppRunner(application, shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            client = AppClient(Address("127.0.0.1", runner.addresses[0][1]))
            await client.open()
            try:
                return await job(client)
            finally:
                await client.close()
                await runner.cleanup()

        return asyncio.run(run())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATUS", "START", "STOP", "EVENT", "TEMPLATE"):
        monkeypatch.setattr(app_client, f"{name}_TIMEOUT_S", 0.2)
    monkeypatch.setattr(recording_control, "CONFIRM_S", 0.3)
    monkeypatch.setattr(recording_control, "_STEP_S", 0.1)


def portal() -> web.Response:
    return web.Response(text="<html>log in</html>", content_type="text/html")


WRONG_ANSWERS = [
    pytest.param(never, r"did not answer within 0.2 s when asked to", id="no answer"),
    pytest.param(cut, r"connection to the app at .* broke when", id="connection cut"),
    pytest.param(answer(portal), r"not the Companion app.*a web page came", id="portal"),
    pytest.param(
        answer(lambda: web.Response(text="{broken", content_type="application/json")),
        r"makes no sense",
        id="broken JSON",
    ),
    pytest.param(
        answer(lambda: web.json_response({"result": None}, status=500)),
        r"makes no sense.*KeyError: 'message'",
        id="500 without message",
    ),
    pytest.param(answer(lambda: ok(None)), r"makes no sense.*TypeError", id="null"),
    pytest.param(answer(lambda: web.json_response([1])), r"makes no sense", id="a list"),
]


@pytest.mark.parametrize(("handler", "words"), WRONG_ANSWERS)
def test_whatever_a_status_is_answered_with_becomes_a_device_error(
    handler: Handler, words: str
) -> None:
    with pytest.raises(DeviceError, match=words) as caught:
        Scripted(status=handler).ask(lambda client: client.status())
    assert caught.value.unknown is False
    assert caught.value.fix


@pytest.mark.parametrize(("handler", "words"), WRONG_ANSWERS)
def test_whatever_an_event_is_answered_with_may_have_been_kept(
    handler: Handler, words: str
) -> None:
    with pytest.raises(DeviceError, match=words) as caught:
        Scripted(event=handler).ask(lambda client: client.send_event("a", 1))
    assert caught.value.unknown is True


def test_a_status_that_lists_nothing_readable_is_none() -> None:
    with pytest.raises(DeviceError, match="no component of a status"):
        Scripted(status=answer(lambda: ok([{"model": "Phone"}]))).ask(lambda c: c.status())


def test_nobody_at_the_address_is_known_not_to_have_done_it() -> None:
    async def ask() -> None:
        client = AppClient(Address("127.0.0.1", 9))
        await client.open()
        try:
            await client.start_recording()
        finally:
            await client.close()

    with pytest.raises(
        DeviceError, match=r"can't be reached at 127.0.0.1:9 \(connection refused\)"
    ) as e:
        asyncio.run(ask())
    assert e.value.unknown is False
    assert "same network" in e.value.fix


def test_a_name_that_does_not_exist_is_said() -> None:
    async def ask() -> None:
        client = AppClient(Address("no-such-phone.invalid"))
        await client.open()
        try:
            await client.status()
        finally:
            await client.close()

    with pytest.raises(DeviceError, match=r"no-such-phone.invalid:8080"):
        asyncio.run(ask())


def test_a_closed_client_says_so() -> None:
    with pytest.raises(DeviceError, match="not open"):
        asyncio.run(AppClient(Address("127.0.0.1", 9)).status())


def test_a_refusal_is_shown_word_for_word_with_its_fix() -> None:
    app = Scripted(
        start=answer(lambda: web.json_response({"message": "No wearer selected."}, status=500))
    )
    with pytest.raises(DeviceError) as caught:
        app.ask(start_recording)
    assert caught.value.what == 'The app refused to start recording: "No wearer selected".'
    assert caught.value.fix == "On the phone, choose or add a wearer on the app's home screen."
    assert caught.value.unknown is False
    assert app.asked == ["status", "start", "status"]


def begins_and(app: Scripted, then: Handler) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        app.components.append(RUNNING)
        return await then(request)

    return handle


@pytest.mark.parametrize(("handler", "_words"), WRONG_ANSWERS)
def test_a_start_that_worked_is_found_whatever_its_answer_was(
    handler: Handler, _words: str
) -> None:
    app = Scripted()
    app.handlers["start"] = begins_and(app, handler)
    confirmed = app.ask(start_recording)
    assert confirmed.recording.recording_id == "r1"
    assert confirmed.taken_over is False
    assert app.asked.count("start") == 1


@pytest.mark.parametrize("handler", [never, answer(portal)])
def test_a_start_that_did_not_work_is_known_not_to_have(handler: Handler) -> None:
    app = Scripted(start=handler)
    with pytest.raises(
        DeviceError, match="does not record: its status has shown no recording"
    ) as e:
        app.ask(start_recording)
    assert e.value.unknown is False
    assert app.asked.count("start") == 1


def test_a_start_after_which_nothing_answers_is_unknown() -> None:
    app = Scripted()

    async def start_and_die(request: web.Request) -> web.StreamResponse:
        app.handlers["status"] = never
        return await never(request)

    app.handlers["start"] = start_and_die
    with pytest.raises(DeviceError, match="not known whether the eye tracker records") as caught:
        app.ask(start_recording)
    assert caught.value.unknown is True
    assert "never started twice" in caught.value.fix
    assert app.asked.count("start") == 1


def test_a_recording_that_runs_is_taken_over_and_nothing_is_started() -> None:
    app = Scripted()
    app.components.append(RUNNING)
    assert app.ask(start_recording).taken_over is True
    assert app.asked == ["status"]


def test_a_recording_started_on_the_phone_in_this_moment_is_taken_over() -> None:
    app = Scripted()
    app.handlers["start"] = begins_and(
        app,
        answer(lambda: web.json_response({"message": "Recording already running"}, status=500)),
    )
    assert app.ask(start_recording).recording.recording_id == "r1"


def test_nothing_is_started_without_glasses() -> None:
    app = Scripted()
    app.components.remove(GLASSES)
    with pytest.raises(DeviceError, match="nothing was started"):
        app.ask(start_recording)
    assert app.asked == ["status"]


@pytest.mark.parametrize(("handler", "_words"), WRONG_ANSWERS)
def test_a_stop_that_worked_is_found_whatever_its_answer_was(handler: Handler, _words: str) -> None:
    app = Scripted(stop_and_save=handler)
    app.ask(stop_recording)
    assert app.asked == ["stop_and_save", "status"]


def test_stopping_what_does_not_run_is_fine() -> None:
    app = Scripted(
        stop_and_save=answer(
            lambda: web.json_response({"message": "Recording not running"}, status=500)
        )
    )
    app.ask(stop_recording)
    assert app.asked == ["stop_and_save", "status"]


def test_a_stop_that_is_refused_says_why() -> None:
    app = Scripted(
        stop_and_save=answer(
            lambda: web.json_response({"message": "Template has required fields"}, status=500)
        )
    )
    app.components.append(RUNNING)
    with pytest.raises(DeviceError, match='refused to stop and save: "Template has') as caught:
        app.ask(stop_recording)
    assert "without required questions" in caught.value.fix


def test_a_recording_that_goes_on_after_stop_is_told() -> None:
    app = Scripted(stop_and_save=never)
    app.components.append(RUNNING)
    with pytest.raises(DeviceError, match="still records") as caught:
        app.ask(stop_recording)
    assert caught.value.unknown is False


def test_a_stop_after_which_nothing_answers_is_unknown() -> None:
    with pytest.raises(
        DeviceError, match="not known whether the eye tracker has stopped"
    ) as caught:
        Scripted(stop_and_save=cut, status=cut).ask(stop_recording)
    assert caught.value.unknown is True


def test_an_app_without_template_interface_tells_no_questions() -> None:
    missing = answer(lambda: web.json_response({"message": "not found"}, status=404))
    assert Scripted(template_data=missing).ask(lambda c: c.unanswered_questions()) is None
