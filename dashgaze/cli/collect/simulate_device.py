"""``dashgaze collect simulate-device``."""

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..command import AsJson, Quiet, print_json

if TYPE_CHECKING:
    from dashgaze.collection.simulation.device import DeviceOptions, DeviceSimulator

_EVERYWHERE = "0.0.0.0"


def simulate_device_command(
    kind: Annotated[
        Literal["pupil_invisible", "neon"], typer.Option(help="Which eye tracker.")
    ] = "pupil_invisible",
    address: Annotated[
        str,
        typer.Option(help="Address to listen on; 0.0.0.0 for everyone on the network."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="HTTP port; 0 for a free one.", min=0, max=65_535)
    ] = 8080,
    rtsp_port: Annotated[
        int, typer.Option(help="RTSP port; 0 for a free one.", min=0, max=65_535)
    ] = 8086,
    control_port: Annotated[
        int,
        typer.Option(
            help="Port of the page that switches faults, which answers even while the device is gone; "
            "0 for a free one.",
            min=0,
            max=65_535,
        ),
    ] = 8090,
    record_to: Annotated[
        Path | None,
        typer.Option(
            help="Folder that recordings are saved to, as the phone exports them; without it they are "
            "lost.",
            show_default=False,
        ),
    ] = None,
    gaze_hz: Annotated[
        float, typer.Option(help="Gaze samples a second; newer phones give 200.", min=1, max=1000)
    ] = 120.0,
    clock_offset_ms: Annotated[
        float, typer.Option(help="By how much the device's clock is ahead of this computer's.")
    ] = 0.0,
    clock_drift_ppm: Annotated[
        float, typer.Option(help="By how much it runs faster, parts per million.")
    ] = 0.0,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="A fault that is on from the start: NAME or NAME=VALUE; can be given again.",
            show_default=False,
        ),
    ] = None,
    no_announce: Annotated[
        bool,
        typer.Option("--no-announce", help="Do not announce it over mDNS.", show_default=False),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Simulate an eye tracker and its phone on this computer, to train a team without hardware.

    It speaks the network interface of the Companion app (status, recording, events, gaze and scene video
    over RTSP, time echo), makes native recordings, and goes wrong on demand. It runs until Ctrl-C; a
    recording that still runs is then saved.

    Faults are switched on a page, http://127.0.0.1:8090/simulator, or by a program:

    curl http://127.0.0.1:8090/simulator/fault -H 'Content-Type: application/json' -d '{"name": "packet_loss", "on": true, "value": 10}'

    GET /simulator/state tells which are on. POST /simulator/hear?host_ns=… takes a WAV file (audio/wav,
    16 bit) that the microphone then hears. All names are listed when it starts.

    Example: `dashgaze collect simulate-device --record-to exports/ --fault low_battery`
    """
    from dashgaze.collection.simulation.device import DeviceOptions

    options = DeviceOptions(
        kind=kind,
        address=address,
        port=port,
        rtsp_port=rtsp_port,
        control_port=control_port,
        record_to=record_to,
        gaze_hz=gaze_hz,
        clock_offset_ms=clock_offset_ms,
        clock_drift_ppm=clock_drift_ppm,
        faults=tuple(fault or ()),
        announce=not no_announce,
    )
    try:
        recordings = asyncio.run(_run(options, as_json=as_json, quiet=quiet))
    except KeyboardInterrupt:  # before there was anything to end
        recordings = []
    if not as_json:
        for path in recordings:
            typer.echo(f"recording in {path}")


async def _run(options: "DeviceOptions", *, as_json: bool, quiet: bool) -> list[Path]:
    from dashgaze.collection.simulation.device import DeviceSimulator

    stopped = _asked_to_end()
    async with DeviceSimulator(options) as device:
        if as_json:
            print_json(device.describe())
        elif not quiet:
            _print_device(device)
        await stopped.wait()
    return device.recordings


def _asked_to_end() -> asyncio.Event:
    """Give what is set by Ctrl-C, or when the program is told to end."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
    except NotImplementedError:
        pass  # Windows: Ctrl-C cancels what waits instead
    return stopped


def _print_device(device: "DeviceSimulator") -> None:
    from rich.console import Console
    from rich.table import Table

    from dashgaze.collection.simulation.device import FAULTS

    console = Console()
    options = device.options
    console.print(
        f"{options.kind} at {device.address}: HTTP {device.port}, RTSP {device.rtsp_port}, "
        f"time echo {device.time_echo_port}",
        highlight=False,
    )
    console.print(
        f"recordings: {options.record_to or 'not saved (give --record-to)'}", highlight=False
    )
    here = "127.0.0.1" if options.address == _EVERYWHERE else device.address
    console.print(f"faults: http://{here}:{device.control_port}/simulator", highlight=False)
    table = Table("fault", "what happens", "usual value", "on", box=None, pad_edge=False)
    on = device.faults.all_on()
    for item in FAULTS.values():
        table.add_row(item.name, item.what, item.usual_text, "yes" if item.name in on else "")
    console.print(table)
    console.print("Ctrl-C ends it.", highlight=False)
