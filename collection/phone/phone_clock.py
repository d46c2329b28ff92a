"""How the phone's clock stands to this computer's."""

import asyncio
import re
import time

from dashgaze.errors import DeviceError

from ..field.device import ClockOffset
from .adb import Adb

PINGS = 15
ANSWER_TIMEOUT_S = 3.0
_ASK = b"date +%s%N\n"


async def measure_offset(adb: Adb) -> ClockOffset | None:
    """Ask for the phone's time again and again through one shell, and keep the quickest answer.

    The answer was given somewhere between question and answer, so the middle is right within half
    of the round trip. None if the phone does not tell nanoseconds.

    Raises
    ------
    DeviceError
        If it does not answer.
    """
    best: tuple[int, int, int] | None = None  # round trip, middle, the phone's time, ns
    async with adb.conversing() as shell:
        if shell.stdin is None or shell.stdout is None:
            return None
        for _ in range(PINGS):
            asked_ns, asked_tick_ns = time.time_ns(), time.monotonic_ns()
            try:
                shell.stdin.write(_ASK)
                await shell.stdin.drain()
                line = await asyncio.wait_for(shell.stdout.readline(), ANSWER_TIMEOUT_S)
            except (TimeoutError, ConnectionError) as error:
                raise DeviceError(
                    "The phone did not tell its time.", fix="Plug the cable out and in again."
                ) from error
            # By the steady clock: the other may be set meanwhile.
            trip_ns = time.monotonic_ns() - asked_tick_ns
            if not re.fullmatch(rb"\d{19}", line.strip()):
                return None
            if best is None or trip_ns < best[0]:
                best = (trip_ns, asked_ns + trip_ns // 2, int(line))
    if best is None:
        return None
    trip_ns, middle_ns, phone_ns = best
    return ClockOffset(
        host_ns=middle_ns,
        offset_ms=(phone_ns - middle_ns) / 1e6,
        uncertainty_ms=trip_ns / 2e6,
    )
