"""Seeing for oneself that gaze and pictures come: before a drive, and when it begins."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from dashgaze.errors import DeviceError

from .gaze_stream import GazeSample, GazeStream
from .scene_stream import SceneStream
from .stream import ASLEEP_FIX
from .tasks import end

LISTEN_S = 3.0
FIRST_DATA_S = 9.0
"""How long each stream may take to bring its first sample before a drive."""
START_DATA_S = 20.0
"""How long after a start gaze and the first picture may take; sensors need up to 2.5 s."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What came.

    Attributes
    ----------
    gaze_hz, scene_hz
        Rates; 0 if nothing came.
    worn_share
        Share of gaze samples taken with the glasses worn; None if there are none.
    lost_share
        Share of gaze samples that the network lost; None if nothing came.
    gaze_trouble, scene_trouble
        Why nothing came, if that is known.
    """

    gaze_hz: float = 0.0
    scene_hz: float = 0.0
    worn_share: float | None = None
    lost_share: float | None = None
    gaze_trouble: DeviceError | None = None
    scene_trouble: DeviceError | None = None


class _Tally:
    """Counts gaze while it is open."""

    def __init__(self) -> None:
        self.count = self.worn = self.missed = 0

    def add(self, sample: GazeSample) -> None:
        self.count += 1
        self.worn += sample.worn

    def lost(self, count: int) -> None:
        self.missed += count

    def connection_began(self, connection: int, url: str) -> None:
        """Need not be known."""

    def connection_ended(self, connection: int, why: str) -> None:
        """Need not be known."""


@asynccontextmanager
async def running(*jobs: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run jobs in the background; they are ended with the block."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        yield
    finally:
        await asyncio.gather(*map(end, tasks))


async def listen(
    find_gaze: Callable[[], Awaitable[str]], find_scene: Callable[[], Awaitable[str]]
) -> Heard:
    """Open both streams, wait for each to begin, and listen for `LISTEN_S` seconds."""
    gaze, scene = GazeStream(find_gaze), SceneStream(find_scene)
    async with running(gaze.run(), scene.run()):
        await asyncio.gather(
            _in_time(gaze.first_sample(), gaze), _in_time(scene.first_picture(), scene)
        )
        pictures_before = scene.meter.total
        began_s = time.monotonic()
        tally = _Tally()
        gaze.attach(tally)
        await asyncio.sleep(LISTEN_S)
        span_s = time.monotonic() - began_s
        pictures = scene.meter.total - pictures_before
    all_sent = tally.count + tally.missed
    return Heard(
        gaze_hz=tally.count / span_s,
        scene_hz=pictures / span_s,
        worn_share=tally.worn / tally.count if tally.count else None,
        lost_share=max(0, tally.missed) / all_sent if all_sent > 0 else None,
        gaze_trouble=gaze.trouble,
        scene_trouble=scene.trouble,
    )


async def first_data(gaze: GazeStream, scene: SceneStream) -> None:
    """Wait until gaze and a picture come, of streams that run.

    Raises
    ------
    DeviceError
        If one does not within `START_DATA_S`; ``unknown``, as the phone records all the same.
    """
    awaited = {
        asyncio.ensure_future(gaze.first_sample()): "gaze",
        asyncio.ensure_future(scene.first_picture()): "a picture of the scene camera",
    }
    try:
        arrived, _ = await asyncio.wait(awaited, timeout=START_DATA_S)
    finally:
        for waiting in awaited:
            waiting.cancel()
        await asyncio.gather(*awaited, return_exceptions=True)
    absent = [what for waiting, what in awaited.items() if waiting not in arrived]
    if not absent:
        return
    trouble = (gaze if "gaze" in absent else scene).trouble
    raise DeviceError(
        f"The phone records, but {' and '.join(absent)} did not come within {START_DATA_S:g} s"
        + (f": {trouble.what}" if trouble else "."),
        unknown=True,
        fix=f"{trouble.fix if trouble else ASLEEP_FIX} Then start again: the running recording is "
        "taken over.",
    )


async def _in_time(arrival: Awaitable[None], stream: GazeStream | SceneStream) -> None:
    try:
        async with asyncio.timeout(FIRST_DATA_S):
            await arrival
    except TimeoutError:
        stream.trouble = stream.trouble or DeviceError(
            f"Nothing has come for {FIRST_DATA_S:g} s.", fix=ASLEEP_FIX
        )
