"""Asking the device's clock, over the vendor's Time Echo protocol.

The library gives mean and median of many samples, in whole milliseconds and with the sign turned round.
Here each exchange bounds the offset instead, and the bounds are intersected: with the host's times t₁ and
t₂ of question and answer, and the device's t, cut to whole milliseconds, in between::

    t − t₂ < offset ≤ t + 1 ms − t₁,    device = host + offset

Exchanges at different phases of the millisecond narrow it to well under one on a good network; a slow
one only adds a bound that is no use.
"""

import asyncio
import contextlib
import struct
import time

from dashgaze.errors import DeviceError

from ..field.device import ClockOffset
from .reasons import reason

SAMPLES = 40
CONNECT_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 1.0
TOTAL_TIMEOUT_S = 8.0
_PAUSE_S = 0.0073  # against the millisecond's grid, so that phases differ
_FEWEST = 5
_NS_PER_MS = 10**6
_QUESTION, _ANSWER = struct.Struct("!Q"), struct.Struct("!QQ")
_FIX = "Bring phone and computer closer to the router, or use the phone's hotspot, and try again."


async def measure_clock(host: str, port: int, *, samples: int = SAMPLES) -> ClockOffset:
    """Measure how the device's clock stands to this computer's.

    Parameters
    ----------
    host, port
        Where the device echoes time.
    samples
        How many exchanges to make; the first is not counted.

    Raises
    ------
    DeviceError
        If fewer than five exchanges worked within the time.
    """
    bounds: list[tuple[int, int, int]] = []
    trouble = ""
    try:
        async with asyncio.timeout(TOTAL_TIMEOUT_S):
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(host, port)
            try:
                for number in range(samples + 1):
                    bound = await _exchange(reader, writer)
                    if number > 0 and bound is not None:
                        bounds.append(bound)
                    await asyncio.sleep(_PAUSE_S)
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except asyncio.IncompleteReadError:
        trouble = "it ended the connection"
    except OSError as error:  # a TimeoutError is one
        trouble = reason(error)
    if len(bounds) < _FEWEST:
        raise DeviceError(
            f"The clock of the phone at {host}:{port} could not be asked: "
            f"{trouble or 'its answers make no sense'}.",
            fix=_FIX,
        )
    return combine(bounds, host_ns=time.time_ns())


def combine(bounds: list[tuple[int, int, int]], *, host_ns: int) -> ClockOffset:
    """Combine exchanges to one offset.

    Parameters
    ----------
    bounds
        Lower and upper bound of the offset, ns, and round trip, ns, of each exchange.
    host_ns
        When it was measured.
    """
    lowest, highest = max(low for low, _, _ in bounds), min(high for _, high, _ in bounds)
    if lowest > highest:
        # A clock was set meanwhile: the fastest exchange stands for itself.
        lowest, highest, _ = min(bounds, key=lambda bound: bound[2])
    return ClockOffset(
        host_ns=host_ns,
        offset_ms=(lowest + highest) / 2 / _NS_PER_MS,
        uncertainty_ms=(highest - lowest) / 2 / _NS_PER_MS,
    )


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[int, int, int] | None:
    asked_ns = time.time_ns()
    asked_ms = asked_ns // _NS_PER_MS
    async with asyncio.timeout(ANSWER_TIMEOUT_S):
        writer.write(_QUESTION.pack(asked_ms))
        await writer.drain()
        answer = await reader.readexactly(_ANSWER.size)
    answered_ns = time.time_ns()
    echoed_ms, device_ms = _ANSWER.unpack(answer)
    if echoed_ms != asked_ms or answered_ns < asked_ns:
        return None
    device_ns = device_ms * _NS_PER_MS
    return device_ns - answered_ns, device_ns + _NS_PER_MS - asked_ns, answered_ns - asked_ns
