"""A simulated device with a small scene, and what tests ask of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import pytest

from dashgaze.collection.simulation.device import DeviceOptions, DeviceSimulator

SMALL_PX = (320, 320)
TEST_S = 25.0

Check = Callable[[DeviceSimulator], Awaitable[None]]


@pytest.fixture
def with_device() -> Callable[..., None]:
    """Give what runs a check against a device with given options, and sees that nothing is left over."""

    def run(check: Check, **options: Any) -> None:
        asyncio.run(_within(check, options))

    return run


async def _within(check: Check, options: dict[str, Any]) -> None:
    async with asyncio.timeout(TEST_S):
        async with DeviceSimulator(
            DeviceOptions(**({"scene_size_px": SMALL_PX} | options))
        ) as device:
            await check(device)
    # What the client's library leaves for the loop to close gets its turn; the device leaves nothing.
    for _ in range(3):
        await asyncio.sleep(0)
    left = [task.get_coro() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    ours = [
        coro
        for coro in left
        if "dashgaze" in getattr(getattr(coro, "cr_code", None), "co_filename", "")
    ]
    assert not ours


@pytest.fixture
def kit() -> Any:
    """Give the helpers below."""
    return _Kit


class _Kit:
    @staticmethod
    async def take(items: AsyncIterator[Any], count: int) -> list[Any]:
        """Take the first items of a stream, and end it."""
        found = []
        try:
            async for item in items:
                found.append(item)
                if len(found) == count:
                    break
        finally:
            await items.aclose()  # type: ignore[attr-defined]
        return found

    @staticmethod
    async def until(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                await asyncio.sleep(0.01)

    @staticmethod
    def background(work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        return asyncio.create_task(work)
