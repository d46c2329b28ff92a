"""``dashgaze collect devices``."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..command import AsJson, print_json

if TYPE_CHECKING:
    from dashgaze.collection.companion import DeviceGlance


def devices_command(
    address: Annotated[
        str | None,
        typer.Option(
            help="HOST or HOST:PORT, as the app shows it under Streaming; else the network is searched.",
            show_default=False,
        ),
    ] = None,
    wait: Annotated[float, typer.Option(help="How long to search, s.", min=0.5, max=60)] = 5.0,
    as_json: AsJson = False,
) -> None:
    """Show the eye trackers that can be reached: glasses, battery, storage, whether they record.

    Phone and computer have to be in the same network, with the Companion app open. Where a network blocks
    the search (guest and university networks do), use the phone's hotspot or give `--address`.

    Example: `dashgaze collect devices --address 192.168.1.5`
    """
    from dashgaze.collection.companion import look_around, parse_address

    known = None if address is None else parse_address(address)
    found = asyncio.run(look_around(known, search_s=wait))
    if as_json:
        print_json({"devices": [_as_object(one) for one in found]})
        return
    if not found:
        typer.echo(
            f"No eye tracker was found within {wait:g} s. Open the Companion app, in the same network; "
            "or give --address HOST:PORT, as the app shows it under Streaming."
        )
    for one in found:
        typer.echo(_as_text(one))


def _as_object(one: "DeviceGlance") -> dict[str, Any]:
    status = one.status
    glasses = None if status is None else status.glasses
    recording = None if status is None else status.recording
    return {
        "address": str(one.address),
        "phone": one.phone_name,
        "answers": status is not None,
        "trouble": None if one.trouble is None else str(one.trouble),
        "glasses": None if glasses is None else glasses.kind,
        "serial": None if glasses is None else glasses.serial or None,
        "sensors": []
        if status is None
        else sorted(sensor.name for sensor in status.sensors.values() if sensor.connected),
        "battery_percent": None if status is None else status.phone.battery_percent,
        "free_bytes": None if status is None else status.phone.free_bytes,
        "recording_id": None if recording is None else recording.recording_id,
        "recorded_s": None if recording is None else recording.length_s,
    }


def _as_text(one: "DeviceGlance") -> str:
    head = f"{one.phone_name or 'Phone'} at {one.address}"
    if one.status is None:
        return f"{head}\n  does not answer: {one.trouble}"
    status, phone = one.status, one.status.phone
    glasses = "no glasses plugged in"
    if status.glasses is not None:
        glasses = f"{status.glasses.kind} {status.glasses.serial}".rstrip()
    sensors = ", ".join(sorted(s.name for s in status.sensors.values() if s.connected)) or "none"
    battery = "unknown" if phone.battery_percent is None else f"{phone.battery_percent:.0f} %"
    free = "unknown" if phone.free_bytes is None else f"{phone.free_bytes / 1e9:.1f} GB"
    recording = "not recording"
    if status.recording is not None:
        length_s = status.recording.length_s
        recording = "recording" + ("" if length_s is None else f" for {length_s:.0f} s")
    return f"{head}\n  {glasses}; sensors: {sensors}\n  battery {battery}, {free} free, {recording}"
