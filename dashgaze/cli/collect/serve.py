"""``dashgaze collect serve``."""

import asyncio
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashgaze.errors import InputError

from ..command import AsJson, Quiet, print_json

if TYPE_CHECKING:
    from dashgaze.collection.page import PageResult, PageServer

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve_command(
    session: Annotated[
        Path, typer.Argument(help="The session folder; it is made if missing.", show_default=False)
    ],
    host: Annotated[
        str,
        typer.Option(help="Address to listen on; another than this computer's own needs --lan."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 for a free one.", min=0, max=65_535)] = 8765,
    lan: Annotated[
        bool,
        typer.Option(
            "--lan", help="Serve to phones on the local network, with https.", show_default=False
        ),
    ] = False,
    certificate: Annotated[
        Path | None,
        typer.Option(
            help="Certificate for --lan, PEM; without it one is made with openssl.",
            show_default=False,
        ),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="Key of the certificate, PEM.", show_default=False)
    ] = None,
    no_open: Annotated[
        bool,
        typer.Option(
            "--no-open", help="Do not open the page on the phone by adb.", show_default=False
        ),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make a phone's browser the dashcam: serve the page that records both cameras to this computer.

    Plug the phone in, open the printed link in its Chrome (with adb that happens by itself), press “Check the cameras”, and start when
    all is well. At stop, phone/road.webm, phone/driver.webm and phone/location.csv are there.

    Ctrl-C ends the server, not the recording: the phone keeps it until the same command runs again.

    Example: `dashgaze collect serve drives/session_07`
    """
    from dashgaze.collection.page import PageServer, lan_address, own_certificate, settings_folder

    if host not in _LOOPBACK and not lan:
        raise InputError(
            f"{host} can be reached from outside, where phones use their cameras only with https.",
            fix="Add --lan, or leave --host away and use a cable.",
        )
    if (certificate is None) != (key is None) or (certificate is not None and not lan):
        raise InputError(
            "A certificate comes with its key, and is for --lan.",
            fix="Give --lan --certificate FILE --key FILE.",
        )
    names: tuple[str, ...] = ()
    if lan:
        address = lan_address() if host in _LOOPBACK else host
        names, host = (address,), "0.0.0.0" if host in _LOOPBACK else host
        if certificate is None:
            made = own_certificate(settings_folder(), address)
            certificate, key = made.path, made.key
    results: list[PageResult] = []

    async def run() -> None:
        server = PageServer(
            session, host=host, port=port, names=names, certificate=certificate, key=key
        )
        try:
            await _serve(
                server, lan=lan, may_open=not no_open, results=results, quiet=quiet or as_json
            )
        finally:
            await server.close()

    asyncio.run(run())
    if as_json:
        print_json(
            asdict(results[-1]) | {"recorded_at": results[-1].recorded_at} if results else {}
        )


async def _serve(
    server: "PageServer",
    *,
    lan: bool,
    may_open: bool,
    results: "list[PageResult]",
    quiet: bool,
) -> None:
    from dashgaze.collection.page import Cable, serve

    await server.start()
    until = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C ends asyncio.run by itself
            loop.add_signal_handler(name, until.set)
    cable = Cable(server.port)
    _print_way(server, lan=lan, trouble=None if lan else await cable.connect())
    if not lan:
        cable.keep()
        # never in a drive: another tab in front would stop the cameras of the first
        if may_open and server.drive.state == "waiting" and await cable.open_link(server.url):
            typer.echo("The page was opened on the phone.", err=True)

    def made(result: "PageResult") -> None:
        results.append(result)
        if not quiet:
            _print_result(result)

    def told(words: str) -> None:
        if not quiet:
            typer.echo(f"  {words}", err=True)

    try:
        await serve(server, told=told, made=made, until=until)
    finally:
        await cable.close()
    if server.drive.state == "recording":
        typer.echo(
            "The drive goes on: the phone keeps recording. Type the same command to take it up again.",
            err=True,
        )


def _print_way(server: "PageServer", *, lan: bool, trouble: str | None) -> None:
    """Say how the phone gets there; on stderr, as stdout may be JSON."""
    from dashgaze.collection.page import qr_lines

    way = [
        "Open this link in Chrome on the phone. It is this session's key: show it to nobody else."
    ]
    if lan:
        if sys.stderr.isatty():
            way += [*qr_lines(server.url), ""]
        way.append("The phone warns of the certificate, which this computer made itself: go on.")
    elif trouble is None:
        way.append("The phone on the cable is connected to this port (adb reverse).")
    else:
        command = f"adb reverse tcp:{server.port} tcp:{server.port}"
        way.append(f"First connect the phone by cable and type: {command}   ({trouble})")
    typer.echo("\n".join([way[0], "", f"    {server.url}", "", *way[1:]]), err=True)
    sys.stderr.flush()


def _print_result(result: "PageResult") -> None:
    from dashgaze.collection.page import phone_entries

    typer.secho("Recorded.", fg="green", bold=True)
    for part in result.parts:
        sound = "sound" if part.sound else "no sound"
        where = part.target or "no whole frame"
        typer.echo(
            f"  {part.source} → {where}: {part.length_s:.1f} s, {part.frames} frames, {sound}"
        )
    for note in result.notes:
        typer.echo(f"  note: {note}")
    typer.echo("  for session.yaml:")
    if result.recorded_at is not None:
        typer.echo(f"    recorded_at: {result.recorded_at}")
    typer.echo("    phone:")
    for name, value in phone_entries(result).items():
        typer.echo(f"      {name}: {value}")
