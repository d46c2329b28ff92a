"""``dashgaze collect resume``."""

from pathlib import Path
from typing import Annotated

import typer

from dashgaze.errors import InputError

from ..command import AsJson
from .drive_run import run_in_terminal
from .shared_options import EventKeys, Night, Plain, Silent, Wait


def resume_command(
    session: Annotated[
        Path,
        typer.Argument(help="A session folder in which a drive was begun.", show_default=False),
    ],
    wait: Wait = 60.0,
    night: Night = None,
    plain: Plain = False,
    event_keys: EventKeys = None,
    silent: Silent = False,
    as_json: AsJson = False,
) -> None:
    """Take a drive up again: after a crash, an empty battery, or when its screen was left.

    The devices are asked for their state. A recording that runs is taken over, one that stopped is
    noted; nothing is started twice, and the drive goes on where it is.

    Example: `dashgaze collect resume drives/session_07`
    """
    from dashgaze.collection.record import drive_status

    phase = drive_status(session).state.phase
    if phase == "closed":
        raise InputError(
            f"The drive in {session} is over.",
            fix=f"Bring it home with `dashgaze collect offload {session}`.",
            path=session,
        )
    if phase == "new":
        raise InputError(
            f"The form of {session} was never finished, and nothing was recorded.",
            fix=f"Move that folder away and begin with `dashgaze collect record {session}`.",
            path=session,
        )
    run_in_terminal(
        session,
        resumed=True,
        night=night,
        plain=plain,
        keys=event_keys,
        wait_s=wait,
        silent=silent,
        as_json=as_json,
    )
