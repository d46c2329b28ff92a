"""``dashgaze collect event``."""

from pathlib import Path
from typing import Annotated

import typer

from dashgaze.errors import InputError

from ..command import AsJson, print_json


def event_command(
    session: Annotated[
        Path, typer.Argument(help="The session folder of the drive.", show_default=False)
    ],
    name: Annotated[
        str | None, typer.Argument(help="What happened, such as roadworks.", show_default=False)
    ] = None,
    text: Annotated[str, typer.Option(help="More about it.", show_default=False)] = "",
    undo: Annotated[
        bool,
        typer.Option(
            "--undo", help="Take back the last event that somebody logged.", show_default=False
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Log an event of now, or take the last one back, from a second terminal.

    The recorder of that drive takes it in and sends it to the eye tracker. If none is at work, the event
    waits for `dashgaze collect resume`, with the time of now.

    Example: `dashgaze collect event drives/session_07 roadworks --text "left lane closed"`
    """
    from dashgaze.collection.record import drive_status, send_event, send_undo

    if undo == (name is not None) or (undo and text):
        raise InputError(
            "Either an event is logged, or the last one is taken back.",
            fix=f"Give a NAME, as in `dashgaze collect event {session} roadworks`, or --undo alone.",
        )
    request = send_undo(session) if name is None else send_event(session, name, text=text)
    taken = drive_status(session).recorder
    if as_json:
        print_json(
            {"name": request.name or "undo", "host_ns": request.host_ns, "recorder_at_work": taken}
        )
    else:
        wait = "" if taken else " No recorder is at work; it waits for `dashgaze collect resume`."
        said = f"{request.name} logged." if request.name else "The last event is taken back."
        typer.echo(said + wait)
