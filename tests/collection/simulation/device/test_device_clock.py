"""The device's clock against this computer's, as the vendor's estimator finds it."""

import asyncio
import itertools
import socket
import struct
from typing import Any

import pytest

pytest.importorskip("aiohttp")
realtime = pytest.importorskip("pupil_labs.realtime_api")
time_echo = pytest.importorskip("pupil_labs.realtime_api.time_echo")

from dashgaze.collection.simulation.device import DeviceClock, DeviceSimulator

HOST_NS = 1_700_000_000_000_000_000


async def estimate_ms(device: DeviceSimulator) -> float:
    """Give device minus host, as measured."""
    estimator = time_echo.TimeOffsetEstimator(device.address, device.time_echo_port)
    estimates = await estimator.estimate(number_of_measurements=50)
    assert estimates is not None
    best = min(estimates.roundtrip_duration_ms.measurements)
    offsets = [
        offset
        for trip, offset in zip(
            estimates.roundtrip_duration_ms.measurements,
            estimates.time_offset_ms.measurements,
            strict=True,
        )
        if trip == best
    ]
    return -sum(offsets) / len(offsets)


@pytest.mark.parametrize("offset_ms", [0.0, 250.0, -3_600_000.0])
def test_the_estimator_finds_the_planted_offset(with_device: Any, offset_ms: float) -> None:
    async def check(device: DeviceSimulator) -> None:
        assert device.clock.offset_ms() == pytest.approx(offset_ms, abs=0.01)
        assert await estimate_ms(device) == pytest.approx(offset_ms, abs=2)

    with_device(check, clock_offset_ms=offset_ms)


def test_the_estimator_finds_a_drift(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        await asyncio.sleep(1.0)
        true_ms = device.clock.offset_ms()
        assert true_ms > 19  # 2 % of a second: a hundred times worse than any crystal
        assert await estimate_ms(device) == pytest.approx(true_ms, abs=3)

    with_device(check, clock_drift_ppm=20_000)


def test_a_jump_moves_echo_events_and_gaze_alike(with_device: Any, kit: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        url = f"rtsp://{device.address}:{device.rtsp_port}/?camera=gaze"
        seconds: list[float] = []

        async def receive() -> None:
            async for sample in realtime.receive_gaze_data(url):
                seconds.append(sample.timestamp_unix_seconds)

        receiving = asyncio.create_task(receive())
        await kit.until(lambda: len(seconds) > 20)
        async with realtime.Device(device.address, device.port) as client:
            before = await client.send_event("before")
            await device.switch("clock_jump", value=5000)
            after = await client.send_event("after")
            assert await estimate_ms(device) == pytest.approx(5000, abs=2)
        assert (after.timestamp - before.timestamp) / 1e6 == pytest.approx(5000, abs=200)
        await kit.until(lambda: seconds[-1] - seconds[0] > 5)
        steps = [b - a for a, b in itertools.pairwise(seconds)]
        assert sum(step > 4.9 for step in steps) == 1
        await device.switch("clock_jump", on=False)
        assert device.clock.offset_ms() == pytest.approx(0, abs=0.01)
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)

    with_device(check)


def test_the_echo_answers_each_question_in_order(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        reader, writer = await asyncio.open_connection(device.address, device.time_echo_port)
        # Three questions in two pieces, as a network may deliver them.
        questions = struct.pack("!QQQ", 1, 2**63, 3)
        writer.write(questions[:11])
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(questions[11:])
        answers = struct.unpack("!6Q", await reader.readexactly(48))
        assert answers[::2] == (1, 2**63, 3)
        assert all(abs(t - device.clock.now_ns() / 1e6) < 1000 for t in answers[1::2])
        writer.close()
        await writer.wait_closed()

    with_device(check)


def test_steady_time_drifts_and_never_jumps() -> None:
    host_ns = [HOST_NS]
    clock = DeviceClock(offset_ms=40, drift_ppm=50, host_ns=lambda: host_ns[0])
    assert clock.now_ns() == HOST_NS + 40_000_000
    host_ns[0] += 3_600 * 10**9
    assert clock.steady_ns() == HOST_NS + 3_600 * 10**9 + 180_000_000
    assert clock.offset_ms() == pytest.approx(220)
    steady_ns = clock.steady_ns()
    clock.jump(-1000)
    assert clock.steady_ns() == steady_ns
    assert clock.now_ns() == steady_ns + 40_000_000 - 10**9


def test_broken_clients_do_no_harm(with_device: Any) -> None:
    async def check(device: DeviceSimulator) -> None:
        for port in (device.port, device.rtsp_port, device.time_echo_port):
            with socket.create_connection((device.address, port)) as client:
                client.sendall(b"\x00\xff$")
            with socket.create_connection((device.address, port)) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.sendall(b"OPTIONS")  # closed by a reset
        await asyncio.sleep(0.1)
        assert await estimate_ms(device) == pytest.approx(0, abs=2)

    with_device(check)
