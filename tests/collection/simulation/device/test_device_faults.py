"""Each fault that can be switched, and what a client sees of it."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

aiohttp = pytest.importorskip("aiohttp")
realtime = pytest.importorskip("pupil_labs.realtime_api")

from pupil_labs.realtime_api.device import DeviceError
from pupil_labs.realtime_api.models import Hardware, Recording, Sensor

from dashgaze.collection.simulation.device import (
    FAULTS,
    DeviceOptions,
    DeviceSimulator,
    FaultSwitches,
)
from dashgaze.collection.simulation.device.faults import parse_fault
from dashgaze.errors import InputError

GONE = (aiohttp.ClientConnectorError, ConnectionError)


def client_of(device: DeviceSimulator) -> Any:
    return realtime.Device(device.address, device.port)


def gaze_of(device: DeviceSimulator, **options: Any) -> AsyncIterator[Any]:
    url = f"rtsp://{device.address}:{device.rtsp_port}/?camera=gaze"
    return realtime.receive_gaze_data(url, **options)


async def seconds_of(work: Any) -> float:
    start_s = time.perf_counter()
    await work
    return time.perf_counter() - start_s


def test_latency_delays_each_answer(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with client_of(device) as client:
            assert await seconds_of(client.get_status()) < 0.3
            device.faults.turn_on("latency", 0.3)
            assert await seconds_of(client.get_status()) >= 0.3
            device.faults.turn_off("latency")
            device.faults.turn_on("random_latency", 0.2)
            took_s = [await seconds_of(client.get_status()) for _ in range(8)]
            assert max(took_s) - min(took_s) > 0.02

    with_device(check)


def test_a_start_that_times_out_has_started_all_the_same(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with client_of(device) as client:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.recording_start(), 0.3)
            recording = (await client.get_status()).recording
            assert recording is not None
            device.faults.turn_on("slow_stop", 5)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.recording_stop_and_save(), 0.3)
            assert (await client.get_status()).recording is None

    with_device(check, faults=("slow_start=5",))


def test_lost_packets_are_missing_in_the_stream(with_device: Any, kit: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        samples = await kit.take(gaze_of(device), 200)
        stamps_ns = np.array([sample.timestamp_unix_ns for sample in samples])
        steps = np.rint(np.diff(stamps_ns) / 1e9 * 400).astype(int)
        lost = 1 - len(steps) / steps.sum()
        assert lost == pytest.approx(0.2, abs=0.1)

    with_device(check, gaze_hz=400, faults=("packet_loss=20",))


def test_reordered_packets_arrive_and_none_is_missing(with_device: Any, kit: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        samples = await kit.take(gaze_of(device), 200)
        stamps_ns = np.array([sample.timestamp_unix_ns for sample in samples])
        assert (np.diff(stamps_ns) < 0).sum() > 10
        steps = np.diff(np.sort(stamps_ns)[2:-2])
        assert steps == pytest.approx(1e9 / 400, abs=3e4)

    with_device(check, gaze_hz=400, faults=("reordering=20",))


def test_a_blocked_network_plays_and_delivers_nothing(with_device: Any, kit: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        receiving = asyncio.create_task(kit.take(gaze_of(device), 1))
        done, _ = await asyncio.wait([receiving], timeout=0.5)
        assert not done
        device.faults.turn_off("no_rtp")
        assert len(await asyncio.wait_for(receiving, 5)) == 1

    with_device(check, faults=("no_rtp",))


def test_unplugged_glasses_vanish_from_status_and_stream(with_device: Any, kit: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with client_of(device) as client:
            seen: list[Any] = []
            notifier = realtime.StatusUpdateNotifier(client, callbacks=[seen.append])
            await notifier.receive_updates_start()
            gaze: list[Any] = []

            async def receive() -> None:
                async for sample in gaze_of(device):
                    gaze.append(sample)

            receiving = asyncio.create_task(receive())
            await kit.until(lambda: len(gaze) > 10 and len(seen) >= 6)
            seen.clear()
            await device.switch("unplugged")
            status = await client.get_status()
            assert status.sensors == []
            assert status.hardware == Hardware()
            await kit.until(lambda: len(seen) >= 4)
            assert not any(item.connected for item in seen if isinstance(item, Sensor))
            await asyncio.sleep(0.1)
            count = len(gaze)
            await asyncio.sleep(0.3)
            assert len(gaze) == count
            await device.switch("unplugged", on=False)
            await kit.until(lambda: len(gaze) > count)
            await kit.until(
                lambda: (
                    [item.connected for item in seen if isinstance(item, Sensor)][-4:] == [True] * 4
                )
            )
            assert any(isinstance(item, Hardware) for item in seen)
            assert (await client.get_status()).hardware.glasses_serial == "sim01"
            await notifier.receive_updates_stop()
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)

    with_device(check)


@pytest.mark.parametrize(
    ("fault", "field", "state", "message"),
    [
        ("low_battery=8", "battery_state", "LOW", "Low battery"),
        ("low_battery=2", "battery_state", "CRITICAL", "Low battery"),
        ("low_storage=0.3", "memory_state", "LOW", "Low storage"),
        ("low_storage=0.1", "memory_state", "CRITICAL", "Low storage"),
        ("no_wearer", "battery_state", "OK", "No wearer selected"),
        ("required_template", "battery_state", "OK", "Template has required fields"),
    ],
)
def test_a_device_that_is_not_ready_refuses_to_start(
    with_device: Any, fault: str, field: str, state: str, message: str
) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with client_of(device) as client:
            status = await client.get_status()
            assert getattr(status.phone, field) == state
            with pytest.raises(DeviceError) as caught:
                await client.recording_start()
            assert caught.value.args == (500, message)

    with_device(check, faults=(fault,))


def test_a_low_battery_does_not_end_a_recording(with_device: Any, kit: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with client_of(device) as client:
            seen: list[Any] = []
            notifier = realtime.StatusUpdateNotifier(client, callbacks=[seen.append])
            await notifier.receive_updates_start()
            await client.recording_start()
            device.faults.turn_on("low_battery", 3)
            await kit.until(
                lambda: any(getattr(item, "battery_state", "") == "CRITICAL" for item in seen)
            )
            assert (await client.get_status()).recording is not None
            await client.recording_stop_and_save()
            await notifier.receive_updates_stop()

    with_device(check)


def test_a_refused_stop_goes_on_recording(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with client_of(device) as client:
            await client.recording_start()
            for fault, message in (
                ("stop_refused", "Recording could not be saved"),
                ("required_template", "Template has required fields"),
            ):
                device.faults.turn_on(fault)
                with pytest.raises(DeviceError) as caught:
                    await client.recording_stop_and_save()
                assert caught.value.args == (500, message)
                assert (await client.get_status()).recording is not None
                device.faults.turn_off(fault)
            await client.recording_stop_and_save()

    with_device(check)


def test_an_error_of_the_recording_is_told_and_stays_in_the_status(
    with_device: Any, kit: Any
) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with client_of(device) as client:
            seen: list[Any] = []
            notifier = realtime.StatusUpdateNotifier(client, callbacks=[seen.append])
            await notifier.receive_updates_start()
            await client.recording_start()
            device.faults.turn_on("recording_error", "Sensor failure: gaze")

            def last() -> tuple[str, str]:
                found = [item for item in seen if isinstance(item, Recording)]
                return (found[-1].action, found[-1].message) if found else ("", "")

            await kit.until(lambda: last() == ("ERROR", "Sensor failure: gaze"))
            recording = (await client.get_status()).recording
            assert recording is not None
            assert recording.action == "ERROR"
            device.faults.turn_off("recording_error")
            await kit.until(lambda: last() == ("START", ""))
            await client.recording_stop_and_save()
            await notifier.receive_updates_stop()

    with_device(check)


def test_a_cut_websocket_is_refused_until_it_is_let_in_again(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        url = f"ws://{device.address}:{device.port}/api/status"
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(url) as socket:
                await socket.receive(timeout=5)
                await device.switch("no_websocket")
                while (message := await socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
                    pass
                assert message.type is aiohttp.WSMsgType.CLOSE
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url)
            async with client_of(device) as client:
                await client.get_status()  # REST goes on
            await device.switch("no_websocket", on=False)
            async with session.ws_connect(url) as socket:
                assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT

    with_device(check)


def test_an_app_asleep_answers_and_does_not_stream(with_device: Any, kit: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        receiving = asyncio.create_task(kit.take(gaze_of(device), 10_000))
        await asyncio.sleep(0.4)
        port = device.rtsp_port
        await device.switch("app_asleep")
        with pytest.raises(ConnectionError):
            await asyncio.open_connection(device.address, port)
        async with client_of(device) as client:
            assert (await client.get_status()).direct_gaze_sensor().connected
            await client.recording_start()
        await device.switch("app_asleep", on=False)
        assert device.rtsp_port == port
        assert len(await kit.take(gaze_of(device), 5)) == 5
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)

    with_device(check)


def test_a_device_that_is_gone_comes_back_and_has_recorded_on(with_device: Any, kit: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with client_of(device) as client:
            recording_id = await client.recording_start()
        before = len(device.gaze_truth().timestamp_ns)
        await device.switch("gone")
        async with client_of(device) as client:
            with pytest.raises(GONE):
                await client.get_status()
        for port in (device.rtsp_port, device.time_echo_port):
            with pytest.raises(ConnectionError):
                await asyncio.open_connection(device.address, port)
        await asyncio.sleep(0.4)
        await device.switch("gone", on=False)
        async with client_of(device) as client:
            recording = (await client.get_status()).recording
            assert recording is not None
            assert recording.id == recording_id
            assert recording.rec_duration_ns > 4e8
        assert len(await kit.take(gaze_of(device), 5)) == 5
        assert len(device.gaze_truth().timestamp_ns) - before > 40

    with_device(check)


def test_a_captive_portal_answers_with_a_page(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with client_of(device) as client:
            with pytest.raises(aiohttp.ContentTypeError):
                await client.get_status()

    with_device(check, faults=("not_json",))


def test_not_worn_is_seen_in_each_sample(with_device: Any, kit: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        assert not any(sample.worn for sample in await kit.take(gaze_of(device), 20))

    with_device(check, faults=("not_worn",))


def test_every_fault_is_explained_and_can_be_switched(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        for name, fault in FAULTS.items():
            assert fault.what
            assert bool(fault.unit) == (fault.usual is not None)
            await device.switch(name)
            assert device.faults.all_on() == {name: fault.usual}
            await device.switch(name, on=False)
        async with client_of(device) as client:
            assert (await client.get_status()).phone.battery_state == "OK"

    with_device(check)


def test_wrong_faults_are_refused_with_what_is_right() -> None:
    faults = FaultSwitches()
    for name, value, match in (
        ("flood", None, "packet_loss"),
        ("packet_loss", 101, "up to 100"),
        ("packet_loss", "many", "number"),
        ("latency", -1, "number"),
        ("unplugged", 1, "no value"),
        ("start_refused", "rain", "wearer"),
    ):
        with pytest.raises(InputError, match=match):
            faults.turn_on(name, value)
    assert faults.all_on() == {}
    faults.turn_on("clock_jump", -250)
    assert faults.number("clock_jump") == -250
    assert parse_fault("latency=0.5") == ("latency", "0.5")
    assert parse_fault("gone") == ("gone", None)
    with pytest.raises(InputError):
        parse_fault("gone=1")


def test_a_fault_stays_on_where_its_new_value_makes_no_sense() -> None:
    switches = FaultSwitches()
    switches.turn_on("packet_loss", 20)
    with pytest.raises(InputError, match="can't have the value"):
        switches.turn_on("packet_loss", 200)
    assert switches.number("packet_loss") == 20


def test_faults_switched_before_and_after_it_ran_make_no_samples() -> None:
    async def check() -> None:
        device = DeviceSimulator(DeviceOptions(scene_size_px=(64, 64), faults=("not_worn",)))
        device.faults.turn_on("packet_loss", 5)
        assert len(device.gaze_truth().timestamp_ns) == 0
        async with device:
            began_ns = device.clock.now_ns()
            await asyncio.sleep(0.1)
        truth = device.gaze_truth()
        assert truth.timestamp_ns[0] > began_ns - 1e9
        assert not truth.worn.any()
        device.faults.turn_off("not_worn")
        assert len(device.gaze_truth().timestamp_ns) == len(truth.timestamp_ns)

    asyncio.run(check())
