"""``dashgaze collect preflight``."""

import asyncio
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..command import DOUBTFUL, FAILED, AsJson, print_json
from .shared_options import Wait

if TYPE_CHECKING:
    from dashgaze.collection.record import DeviceOptions, Preflight
    from dashgaze.collection.record.bringing_in import BringingIn

_CODES = {"green": 0, "amber": DOUBTFUL, "red": FAILED}
_COLOURS = {"green": "green", "amber": "yellow", "red": "red"}


def preflight_command(
    session: Annotated[
        Path,
        typer.Argument(
            help="A session folder; it need not exist yet, then the place is checked.",
            show_default=False,
        ),
    ],
    tracker: Annotated[
        str | None,
        typer.Option(
            help="auto, HOST, HOST:PORT or none; by default as the drive was begun, else auto.",
            show_default=False,
        ),
    ] = None,
    phone: Annotated[
        str | None,
        typer.Option(
            help="adb, adb:SERIAL, page, page:lan or hand; by default as begun, else adb.",
            show_default=False,
        ),
    ] = None,
    phone_config: Annotated[
        Path | None,
        typer.Option(help="For adb, YAML; see `record`.", show_default=False),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(help="Planned length; by default as begun, else 30.", min=1, max=600),
    ] = None,
    wait: Wait = 60.0,
    as_json: AsJson = False,
) -> None:
    """Look at form, computer, phone and eye tracker before a drive; starts nothing.

    Each line is green, amber (the drive can be made, and may be worth less) or red (it must not start),
    with what to do. A phone's page is waited for first; its address is printed. Exits with 0, 3 or 4.

    Example: `dashgaze collect preflight drives/session_07 --phone page`
    """
    from dashgaze.collection.record import (
        DeviceOptions,
        options_of,
        read_journal,
        read_phone_config,
        replay,
    )

    state = replay(read_journal(session))
    begun = options_of(state)
    options = DeviceOptions(
        tracker=tracker or begun.tracker,
        phone=phone or begun.phone,
        phone_config=begun.phone_config
        if phone_config is None
        else read_phone_config(phone_config),
    )
    found = asyncio.run(_look(session, options, minutes or state.minutes, wait))
    if as_json:
        print_json(found.to_json())
    else:
        for check in found.checks:
            typer.secho(f"{check.level:<6}", fg=_COLOURS[check.level], bold=True, nl=False)
            typer.echo(f" {check.subject:<8} {check.what}")
            if check.fix:
                typer.echo(f"{'':<16}→ {check.fix}")
    raise typer.Exit(_CODES[found.level])


class _Countdown:
    """Says on stderr what is waited for, and every ten seconds for how much longer."""

    def __init__(self) -> None:
        self._said: tuple[str, ...] = ()
        self._tens = -1

    def show(self, bringing: "BringingIn") -> None:
        words = bringing.words
        if words != self._said:
            self._said = words
            for sentence in words:
                typer.echo(sentence, err=True)
        tens = math.ceil(bringing.left_s / 10)
        if tens != self._tens:
            self._tens = tens
            typer.echo(f"Waiting for the phone: {bringing.left_s:.0f} s", err=True)


async def _look(
    session: Path, options: "DeviceOptions", minutes: float, wait_s: float
) -> "Preflight":
    from dashgaze.collection.field.device import DrivePlan
    from dashgaze.collection.record import make_devices, preflight
    from dashgaze.collection.record.bringing_in import BringingIn
    from dashgaze.collection.record.host_clock import HostClock

    async def nobody(question: str) -> bool:
        return False  # nothing is started, so nothing is asked

    devices = make_devices(session, options, nobody)
    plan = DrivePlan(session_id=session.absolute().name, minutes=minutes)
    try:
        await BringingIn(devices, wait_s, HostClock()).wait(_Countdown().show)
        return await preflight(session, devices, plan, adb=options.adb)
    finally:
        for device in devices.values():
            await device.close()
