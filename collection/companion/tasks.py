"""Ending tasks for sure."""

import asyncio
from typing import Any

_AGAIN_S = 0.25


async def end(task: "asyncio.Task[Any]") -> None:
    """Cancel a task until it has ended; what it raised is dropped.

    Once is not enough: `asyncio.wait_for` of Python 3.11, which aiortsp waits with, drops a cancellation
    that comes in the same moment as the answer.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_AGAIN_S)
    if not task.cancelled():
        task.exception()
