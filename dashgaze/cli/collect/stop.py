"""``dashgaze collect stop``."""

import time
from pathlib import Path
from typing import Annotated

import typer

from dashgaze.errors import InputError

from ..command import DOUBTFUL, AsJson, print_json
from .drive_run import run_in_terminal


def stop_command(
    session: Annotated[
        Path, typer.Argument(help="The session folder of the drive.", show_default=False)
    ],
    wait: Annotated[
        float, typer.Option(help="How long to wait for the recorder, s.", min=0, max=600)
    ] = 120.0,
    as_json: AsJson = False,
) -> None:
    """End a drive from a second terminal, or one whose recorder is gone.

    A recorder that is at work is asked to. If there is none, this takes the drive up and stops tracker
    and phone itself, in that order.

    Exits with 0 when all have stopped, 3 if that is not known yet.

    Example: `dashgaze collect stop drives/session_07`
    """
    from dashgaze.collection.record import drive_status, send_stop

    status = drive_status(session)
    if status.state.phase in ("new", "closed"):
        raise InputError(
            f"The drive in {session} "
            + ("is over." if status.state.phase == "closed" else "was never started."),
            fix=f"`dashgaze collect status {session}` shows how it stands.",
            path=session,
        )
    if not status.recorder:
        run_in_terminal(
            session,
            resumed=True,
            night=None,
            plain=True,
            keys=None,
            go=True,
            stop_only=True,
            as_json=as_json,
        )
        return
    send_stop(session)
    until_s = time.monotonic() + wait
    while (status := drive_status(session)).state.phase != "closed":
        if time.monotonic() > until_s or not status.recorder:
            break
        time.sleep(0.2)
    over = status.state.phase == "closed"
    if as_json:
        print_json(status.to_json())
    elif over:
        typer.echo(f"The drive is over. Bring it home now: `dashgaze collect offload {session}`")
    else:
        typer.echo("It was asked to stop, and has not yet. Look at its screen.", err=True)
    if not over:
        raise typer.Exit(DOUBTFUL)
