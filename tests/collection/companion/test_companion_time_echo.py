import asyncio
import struct
import time
from collections.abc import Awaitable, Callable

import pytest

from dashgaze.collection.companion import time_echo
from dashgaze.collection.companion.time_echo import combine, measure_clock
from dashgaze.collection.field.device import ClockOffset
from dashgaze.collection.simulation.device import DeviceOptions, DeviceSimulator
from dashgaze.errors import DeviceError

MS = 10**6


@pytest.mark.parametrize("offset_ms", [-250.0, 0.0, 61_234.5])
def test_the_planted_offset_lies_within_the_bounds(offset_ms: float) -> None:
    async def measure() -> None:
        async with DeviceSimulator(DeviceOptions(clock_offset_ms=offset_ms)) as device:
            found = await measure_clock(device.address, device.time_echo_port)
            assert found.offset_ms == pytest.approx(
                device.clock.offset_ms(), abs=found.uncertainty_ms + 0.01
            )
            assert found.uncertainty_ms < 5
            assert abs(found.host_ns - time.time_ns()) < 10**9

    asyncio.run(measure())


def test_slow_exchanges_do_no_harm() -> None:
    # The true offset is 10.3 ms; half of the exchanges came back 80 ms late.
    bounds = [(10 * MS, 11 * MS, MS), (-70 * MS, 11 * MS, 81 * MS), (9_800_000, 10_800_000, MS)]
    found = combine(bounds, host_ns=1)
    assert found.offset_ms == pytest.approx(10.4)
    assert found.uncertainty_ms == pytest.approx(0.4)


def test_a_clock_set_meanwhile_leaves_the_fastest_exchange() -> None:
    found = combine([(0, 2 * MS, 2 * MS), (500 * MS, 501 * MS, MS)], host_ns=1)
    assert (found.offset_ms, found.uncertainty_ms) == (500.5, 0.5)


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def measure_at(serve: Serve, samples: int = 10) -> ClockOffset:
    async def measure() -> ClockOffset:
        ended = asyncio.Event()

        async def serve_and_tell(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await serve(reader, writer)
            writer.close()
            await writer.wait_closed()
            ended.set()

        server = await asyncio.start_server(serve_and_tell, "127.0.0.1", 0)
        async with server:
            try:
                port = server.sockets[0].getsockname()[1]
                return await measure_clock("127.0.0.1", port, samples=samples)
            finally:
                await ended.wait()

    return asyncio.run(measure())


def test_nobody_there_is_said() -> None:
    with pytest.raises(DeviceError, match=r"could not be asked: .*efused"):
        asyncio.run(measure_clock("127.0.0.1", 9))


@pytest.mark.parametrize("answer", [b"", bytes(16)])
def test_answers_that_make_no_sense_are_no_offset(answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(8) and answer:
            writer.write(answer)

    with pytest.raises(DeviceError, match="could not be asked"):
        measure_at(serve)


def test_a_server_that_answers_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_echo, "ANSWER_TIMEOUT_S", 0.2)

    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    with pytest.raises(DeviceError, match="no answer in time"):
        measure_at(serve)


def test_one_answer_in_two_pieces_is_one_answer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while question := await reader.read(8):
            writer.write(question)
            await writer.drain()
            await asyncio.sleep(0.002)
            writer.write(struct.pack("!Q", time.time_ns() // MS))

    assert measure_at(serve).offset_ms == pytest.approx(0, abs=3)
