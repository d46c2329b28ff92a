"""Starting and stopping, so that what is not known is asked and nothing is done twice."""

import asyncio
import time
from typing import NamedTuple

from dashgaze.errors import DeviceError

from .app_client import AppClient, AppRefusedError
from .status import CompanionStatus, RunningRecording

CONFIRM_S = 10.0
"""How long a start or stop may take to show in the status."""
_STEP_S = 0.5


class Confirmed(NamedTuple):
    """A recording that the app itself says is running."""

    recording: RunningRecording
    host_ns: int
    taken_over: bool


async def start_recording(client: AppClient) -> Confirmed:
    """Start, unless one runs already; either way the status has the last word.

    The start is sent once at most. Whatever answer it gets, or none, the status is asked before anything
    else is said.

    Raises
    ------
    DeviceError
        If it is refused, or does not show; ``unknown`` if nobody can tell.
    """
    before = await client.status()
    if before.recording is not None:
        return Confirmed(before.recording, time.time_ns(), True)
    if before.glasses is None:
        # The app may well start, and record nothing.
        raise DeviceError(
            "No glasses are plugged into the phone; nothing was started.",
            fix="Plug the glasses in, and start again.",
        )
    refused: AppRefusedError | None = None
    trouble: DeviceError | None = None
    try:
        await client.start_recording()
    except AppRefusedError as error:
        refused = error
    except DeviceError as error:
        trouble = error
    # A refusal is looked into once: one may run all the same, started on the phone in this moment.
    status = await _status_when(client, runs=True, within_s=0.0 if refused else CONFIRM_S)
    if status is not None and status.recording is not None:
        return Confirmed(status.recording, time.time_ns(), False)
    if refused is not None:
        raise refused
    what = trouble.what if trouble else "The app said that it started."
    if status is None:
        raise DeviceError(
            f"It is not known whether the eye tracker records. {what}",
            unknown=True,
            fix=(
                "Look at the phone: it shows a running recording. Then start again; a recording that "
                "runs is taken over, never started twice."
            ),
        ) from trouble
    raise DeviceError(
        f"The eye tracker does not record: its status has shown no recording for {CONFIRM_S:g} s. "
        f"{what}",
        fix="Look at the phone for a message, then start again.",
    ) from trouble


async def stop_recording(client: AppClient) -> None:
    """Stop and save; one that has stopped already is fine.

    Raises
    ------
    DeviceError
        If it still runs; ``unknown`` if nobody can tell.
    """
    refused: AppRefusedError | None = None
    trouble: DeviceError | None = None
    try:
        await client.stop_recording()
    except AppRefusedError as error:
        refused = error
    except DeviceError as error:
        trouble = error
    status = await _status_when(client, runs=False, within_s=0.0 if refused else CONFIRM_S)
    if status is not None and status.recording is None:
        return
    if refused is not None:
        raise refused
    what = f" {trouble.what}" if trouble else ""
    if status is None:
        raise DeviceError(
            f"It is not known whether the eye tracker has stopped.{what}",
            unknown=True,
            fix=(
                "Look at the phone: if it still records, stop it there with a long press, and save. "
                "Nothing is lost as long as the app is not closed."
            ),
        ) from trouble
    raise DeviceError(
        f"The eye tracker still records, {CONFIRM_S:g} s after it was asked to stop.{what}",
        fix="Stop it on the phone, and save.",
    ) from trouble


async def _status_when(client: AppClient, *, runs: bool, within_s: float) -> CompanionStatus | None:
    """Ask until the status shows what is waited for; gives the last one, None if none came."""
    end_s = time.monotonic() + within_s
    last: CompanionStatus | None = None
    while True:
        try:
            last = await client.status()
        except DeviceError:
            last = None  # what was true before is not known to be true now
        if last is not None and (last.recording is not None) == runs:
            return last
        if time.monotonic() >= end_s:
            return last
        await asyncio.sleep(_STEP_S)
