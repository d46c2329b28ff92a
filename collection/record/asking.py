"""Asking a device for something without ever waiting for it too long."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from dashgaze.errors import DashgazeError, DeviceError

T = TypeVar("T")

CONNECT_TIMEOUT_S = 40.0
CHECK_TIMEOUT_S = 40.0
CLOCK_TIMEOUT_S = 15.0
# Cameras that are started and stopped by hand wait for the hand; their own limits are three minutes.
START_TIMEOUT_S = 240.0
HEALTH_TIMEOUT_S = 4.0
MARK_TIMEOUT_S = 5.0
STOP_TIMEOUT_S = 180.0
CLOSE_TIMEOUT_S = 5.0


async def ask(what: str, call: Coroutine[Any, Any, T], timeout_s: float) -> T:
    """Wait for a device's answer, and no longer than that.

    Devices have timeouts of their own; this one is for those that hang all the same. Whatever else goes
    wrong in a device becomes a `DeviceError` too: a fault in one must not end the drive of both.

    Parameters
    ----------
    what
        What was asked for, as in "The tracker's clock".
    call
        The call.
    timeout_s
        How long to wait, s.

    Raises
    ------
    DeviceError
        If it fails or does not end; unknown unless the device itself said otherwise.
    """
    task = asyncio.ensure_future(call)
    try:
        await asyncio.wait({task}, timeout=timeout_s)
    finally:
        if not task.done():
            task.cancel()
    if not task.done():
        await asyncio.wait({task}, timeout=CLOSE_TIMEOUT_S)
        raise DeviceError(
            f"{what}: no answer within {timeout_s:.0f} s.",
            unknown=True,
            fix="Check the cable or the network, and that its app is open.",
        )
    if task.cancelled():
        raise DeviceError(f"{what}: the call was broken off.", unknown=True, fix="Try again.")
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, DashgazeError) or not isinstance(error, Exception):
        raise error
    raise DeviceError(
        f"{what}: {type(error).__name__}: {error}.",
        unknown=True,
        fix="Try again; if it stays, look at the device itself.",
    ) from error
