"""Measure what the gaze safety log costs and whether it loses anything, against the simulated device.

    .venv/bin/python scripts/bench_gaze_log.py                     # 10 minutes at 200 Hz
    .venv/bin/python scripts/bench_gaze_log.py --minutes 1 --library

The device runs in a process of its own, so that its work does not count. `--library` measures the vendor's
`receive_gaze_data` beside it, for the same time, without writing anything.
"""

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path

import numpy as np

from dashgaze.collection.companion import Address, GazeLog, GazeLogSamples, read_gaze_log
from dashgaze.collection.companion.app_client import AppClient
from dashgaze.collection.companion.gaze_stream import GazeStream
from dashgaze.collection.simulation.device import DeviceOptions, DeviceSimulator, MadeGazePath
from dashgaze.errors import DeviceError

MOST_OF_A_CORE = 0.05
_TICK_NS = 10**9 / 90_000
_SACCADE_PX = 120.0  # what a tick of rounding can move the point by, in the middle of a saccade


async def serve(rate_hz: float) -> None:
    async with DeviceSimulator(DeviceOptions(gaze_hz=rate_hz)) as device:
        print(device.port, flush=True)
        await asyncio.Event().wait()


async def cpu_share(job: Awaitable[None], seconds: float) -> float:
    """Give the share of a core that this process needs while a job runs."""
    task = asyncio.ensure_future(job)
    await asyncio.sleep(2.0)  # connecting does not count
    cpu_s, began_s = time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    share = (time.process_time() - cpu_s) / (time.monotonic() - began_s)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return share


async def ours(port: int, folder: Path, seconds: float) -> float:
    client = AppClient(Address("127.0.0.1", port))
    await client.open()

    async def find_url() -> str:
        sensor = (await client.status()).connected("gaze")
        if sensor is None:
            raise DeviceError("no gaze")
        return sensor.url

    log, stream = GazeLog(folder), GazeStream(find_url)
    stream.attach(log)

    async def both() -> None:
        await asyncio.gather(log.run(), stream.run())

    try:
        return await cpu_share(both(), seconds)
    finally:
        await log.close()
        await client.close()


async def library(port: int, seconds: float) -> float:
    from pupil_labs.realtime_api import Device, receive_gaze_data

    async with Device("127.0.0.1", port) as device:
        sensor = (await device.get_status()).direct_gaze_sensor()
        url = sensor.url if sensor is not None else None

    async def receive() -> None:
        async for _ in receive_gaze_data(str(url), run_loop=True):
            pass

    return await cpu_share(receive(), seconds)


def wrong_points(samples: GazeLogSamples) -> int:
    """Count samples that are not what the simulated wearer looked at in that moment."""
    path = MadeGazePath(DeviceOptions().size_px)
    true = np.array([path(int(stamp))[:2] for stamp in samples.device_ns])
    return int((np.abs(true - samples.points_px).max(axis=1) > _SACCADE_PX).sum())


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--rate", type=float, default=200.0, help="gaze samples a second")
    options.add_argument("--library", action="store_true", help="measure the vendor's receiver too")
    options.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.serve:
        asyncio.run(serve(chosen.rate))
        return 0
    command = [sys.executable, __file__, "--serve", "--rate", str(chosen.rate)]
    seconds = chosen.minutes * 60
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as device,
        tempfile.TemporaryDirectory() as folder,
    ):
        try:
            port = int(device.stdout.readline() if device.stdout else 0)
            share = asyncio.run(ours(port, Path(folder), seconds))
            samples = read_gaze_log(Path(folder) / "gaze.bin")
            theirs = asyncio.run(library(port, min(seconds, 60))) if chosen.library else None
        finally:
            device.kill()
    steps = np.diff(samples.sequence.astype(np.int64)) % 2**16
    lost = int((steps - 1).clip(0).sum())
    spacing_ms = np.diff(samples.device_ns) / 1e6
    late_ms = (samples.host_ns - samples.device_ns) / 1e6
    wrong = wrong_points(samples)
    print(
        f"{len(samples)} samples in {np.ptp(samples.device_ns) / 1e9:.1f} s, {lost} lost, {wrong} wrong"
    )
    print(
        f"spacing {spacing_ms.min():.2f} to {spacing_ms.max():.2f} ms; on this computer after "
        f"{np.median(late_ms):.2f} ms, 99.9 % within {np.percentile(late_ms, 99.9):.1f} ms"
    )
    print(f"safety log: {share:.1%} of a core")
    if theirs is not None:
        print(f"the vendor's receiver alone, nothing written: {theirs:.1%} of a core")
    return int(lost > 0 or wrong > 0 or share > MOST_OF_A_CORE)


if __name__ == "__main__":
    sys.exit(main())
