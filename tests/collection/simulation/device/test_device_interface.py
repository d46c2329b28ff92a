"""REST and the status WebSocket, as the vendor's library sees them."""

import asyncio
import json
import sys
import time
import uuid
from typing import Any

import pytest

aiohttp = pytest.importorskip("aiohttp")
pytest.importorskip("pupil_labs.realtime_api")

from pupil_labs.realtime_api import Device, DeviceError, StatusUpdateNotifier
from pupil_labs.realtime_api.models import Event, Hardware, Phone, Recording, Sensor

from dashgaze.collection.simulation.device import REFUSALS, DeviceOptions, DeviceSimulator
from dashgaze.errors import InputError, MissingExtraError


def test_the_library_reads_the_whole_status(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with Device(device.address, device.port) as client:
            status = await client.get_status()
        assert status.phone.battery_level == 87
        assert status.phone.battery_state == status.phone.memory_state == "OK"
        assert status.phone.device_name == "Car phone"
        assert status.phone.time_echo_port == device.time_echo_port
        assert status.hardware.version == "1.0"
        gaze, world = status.direct_gaze_sensor(), status.direct_world_sensor()
        assert gaze is not None
        assert world is not None
        assert gaze.url == f"rtsp://127.0.0.1:{device.rtsp_port}/?camera=gaze"
        assert world.url == f"rtsp://127.0.0.1:{device.rtsp_port}/?camera=world"
        assert status.recording is None

    with_device(check, phone_name="Car phone")


def test_a_recording_starts_shows_in_the_status_and_stops(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with Device(device.address, device.port) as client:
            recording_id = await client.recording_start()
            assert uuid.UUID(recording_id).version == 4
            assert device.recording_id == recording_id
            recording = (await client.get_status()).recording
            assert recording is not None
            assert (recording.id, recording.action) == (recording_id, "START")
            assert recording.rec_duration_ns > 0
            await client.recording_stop_and_save()
            assert (await client.get_status()).recording is None
            await client.recording_start()
            await client.recording_cancel()
            assert device.recording_id is None
        assert device.recordings == []  # saved nowhere, as nothing was named

    with_device(check)


def test_the_answers_have_the_documented_form(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        base = f"http://{device.address}:{device.port}/api"
        async with aiohttp.ClientSession() as session:

            async def post(path: str, **content: Any) -> tuple[int, Any]:
                async with session.post(f"{base}/{path}", **content) as answer:
                    return answer.status, await answer.json()

            assert await post("recording:stop_and_save") == (
                500,
                {"message": "Recording not running", "result": None},
            )
            code, started = await post("recording:start")
            assert (code, started["message"]) == (200, "Started recording")
            code, event = await post("event", json={"name": "x"})
            assert set(event["result"]) == {"timestamp", "recording_id"}
            code, stopped = await post("recording:stop_and_save")
            assert stopped["message"] == "Stopped recording"
            assert stopped["result"]["id"] == started["result"]["id"]
            assert stopped["result"]["rec_duration_ns"] > 0
            assert (await post("event", data=b"no json"))[0] == 400
            assert (await post("event", json={"name": "x", "timestamp": "now"}))[0] == 400
            async with session.get(f"{base}/template_def") as answer:
                assert answer.status == 404  # a Pupil Invisible has none

    with_device(check)


def test_events_are_stamped_on_arrival_or_as_told(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with Device(device.address, device.port) as client:
            alone = await client.send_event("before")
            assert alone.recording_id is None
            recording_id = await client.recording_start()
            before_ns = device.clock.now_ns()
            arrived = await client.send_event("arrived")
            assert arrived.timestamp % 10**6 == 0
            assert before_ns - 10**6 < arrived.timestamp <= device.clock.now_ns()
            told = await client.send_event("told", 1_700_000_000_123_456_789)
            assert told == Event("told", recording_id, 1_700_000_000_123_456_789)

    with_device(check, clock_offset_ms=-5000)


@pytest.mark.parametrize("reason", REFUSALS)
def test_each_refusal_of_a_start_reaches_the_client(with_device: Any, reason: str) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with Device(device.address, device.port) as client:
            with pytest.raises(DeviceError) as caught:
                await client.recording_start()
            assert caught.value.args == (500, REFUSALS[reason])
            assert (await client.get_status()).recording is None
            device.faults.turn_off("start_refused")
            await client.recording_start()

    with_device(check, faults=(f"start_refused={reason}",))


def test_a_second_start_and_a_stop_of_nothing_are_refused(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with Device(device.address, device.port) as client:
            for call in (client.recording_stop_and_save, client.recording_cancel):
                with pytest.raises(DeviceError, match="not running"):
                    await call()
            first = await client.recording_start()
            with pytest.raises(DeviceError, match="already running"):
                await client.recording_start()
            assert device.recording_id == first

    with_device(check)


def test_the_websocket_first_sends_everything_then_each_change(with_device: Any, kit: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with Device(device.address, device.port) as client:
            seen: list[Any] = []
            notifier = StatusUpdateNotifier(client, callbacks=[seen.append])
            await notifier.receive_updates_start()
            await kit.until(lambda: len(seen) >= 6)
            assert {type(item) for item in seen} == {Phone, Hardware, Sensor}
            assert sum(isinstance(item, Sensor) for item in seen) == 4
            seen.clear()
            await client.recording_start()
            await client.send_event("overtake")
            await client.recording_stop_and_save()

            def actions() -> list[str]:
                return [item.action for item in seen if isinstance(item, Recording)]

            await kit.until(lambda: actions() == ["START", "STOP", "SAVE"])
            assert [item.name for item in seen if isinstance(item, Event)] == ["overtake"]
            await client.recording_start()
            await client.recording_cancel()
            await kit.until(lambda: actions()[-1] == "DISCARD")
            await notifier.receive_updates_stop()

    with_device(check)


def test_a_falling_battery_is_told(with_device: Any, kit: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with aiohttp.ClientSession() as session:
            url = f"ws://{device.address}:{device.port}/api/status"
            async with session.ws_connect(url) as socket:
                levels: list[int] = []
                while not levels or levels[-1] > 85:
                    message = json.loads((await socket.receive(timeout=5)).data)
                    if message["model"] == "Phone":
                        levels.append(message["data"]["battery_level"])
        assert levels == sorted(levels, reverse=True)

    with_device(check, battery_percent_per_hour=7200)


def test_a_recording_goes_on_without_any_client(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with Device(device.address, device.port) as client:
            recording_id = await client.recording_start()
        await asyncio.sleep(0.3)
        async with Device(device.address, device.port) as client:
            recording = (await client.get_status()).recording
            assert recording is not None
            assert recording.id == recording_id
            assert recording.rec_duration_ns >= 300_000_000

    with_device(check)


def test_it_starts_in_half_a_second_and_frees_its_ports() -> None:
    async def check() -> None:
        start_s = time.perf_counter()
        async with DeviceSimulator() as device:
            assert time.perf_counter() - start_s < 0.5
            ports = {
                "port": device.port,
                "rtsp_port": device.rtsp_port,
                "time_echo_port": device.time_echo_port,
                "control_port": device.control_port,
            }
            with pytest.raises(InputError, match=f"Port {device.port}"):
                async with DeviceSimulator(DeviceOptions(port=device.port)):
                    pass
        async with DeviceSimulator(DeviceOptions(**ports)) as device:
            assert device.port == ports["port"]

    asyncio.run(check())


def test_a_device_for_everyone_tells_an_address_that_can_be_reached(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with Device("127.0.0.1", device.port) as client:
            address = (await client.get_status()).phone.ip
        assert address == device.address != "0.0.0.0"
        async with Device(address, device.port) as client:
            await client.get_status()

    with_device(check, address="0.0.0.0")


def test_wrong_options_are_refused() -> None:
    for wrong in (
        {"address": "localhost"},
        {"advertised_address": "::1"},
        {"port": 70_000},
        {"gaze_hz": 0},
        {"gaze_payload": "eye_state"},
        {"scene_size_px": (321, 320)},
        {"faults": ("flood",)},
    ):
        with pytest.raises(InputError):
            DeviceSimulator(DeviceOptions(**wrong))


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        with pytest.raises(MissingExtraError, match=r"dashgaze\[collect\]"):
            async with DeviceSimulator():
                pass

    monkeypatch.setitem(sys.modules, "zeroconf", None)
    asyncio.run(check())


def test_a_neon_has_calibration_template_and_null_answers(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with Device(device.address, device.port) as client:
            status = await client.get_status()
            assert (status.hardware.version, status.hardware.module_serial) == ("2.0", "578001")
            assert {sensor.sensor for sensor in status.sensors} >= {"imu", "eyes", "eye_events"}
            calibration = await client.get_calibration()
            assert calibration.serial == "578001"
            assert calibration.scene_camera_matrix[0][0] == pytest.approx(892.17, abs=0.01)
            template = await client.get_template()
            code = next(item for item in template.items if item.required)
            with pytest.raises(DeviceError, match="required"):
                await client.recording_start()
            await client.post_template_data({str(code.id): "P07"})
            await client.recording_start()
            assert (await client.get_template_data("api"))[str(code.id)] == ["P07"]
            url = f"http://{device.address}:{device.port}/api/recording:stop_and_save"
            async with aiohttp.ClientSession() as session, session.post(url) as answer:
                assert await answer.json() == {"message": "Stopped recording", "result": None}

    with_device(check, kind="neon", faults=("required_template",))
