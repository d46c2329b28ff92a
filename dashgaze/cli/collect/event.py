"""``dashgaze collect event``."""

from pathlib import Path
from typing import Annotated

import typer

from ..command import AsJson, print_json


def event_command(
    session: Annotated[
        Path, typer.Argument(help="The session folder of the drive.", show_default=False)
    ],
    name: Annotated[
        str, typer.Argument(help="What happened, such as roadworks.", show_default=False)
    ],
    text: Annotated[str, typer.Option(help="More about it.", show_default=False)] = "",
    as_json: AsJson = False,
) -> None:
    """Log an event of now, from a second terminal.

    The recorder of that drive takes it in and sends it to the eye tracker. If none is at work, the event
    waits for `dashgaze collect resume`, with the time of now.

    Example: `dashgaze collect event drives/session_07 roadworks --text "left lane closed"`
    """
    from dashgaze.collection.record import drive_status, send_event

    request = send_event(session, name, text=text)
    taken = drive_status(session).recorder
    if as_json:
        print_json({"name": request.name, "host_ns": request.host_ns, "recorder_at_work": taken})
    else:
        wait = "" if taken else " No recorder is at work; it waits for `dashgaze collect resume`."
        typer.echo(f"{request.name} logged.{wait}")
