"""Options that recording and resuming share."""

from pathlib import Path
from typing import Annotated

import typer

Night = Annotated[
    bool | None,
    typer.Option(
        "--night/--bright",
        help="Dark red and amber on black; by default if the form says night.",
        show_default=False,
    ),
]
Plain = Annotated[
    bool, typer.Option("--plain", help="Lines of text instead of a screen.", show_default=False)
]
EventKeys = Annotated[
    Path | None,
    typer.Option(
        "--event-keys",
        help="YAML with further event keys, such as `k: cyclist` or `t: [tunnel.in, tunnel.out]`.",
        show_default=False,
    ),
]
Wait = Annotated[
    float,
    typer.Option(
        help="With --phone page: how long to wait for the page to be opened and its cameras to run, s.",
        min=0,
        max=3600,
    ),
]
Silent = Annotated[
    bool,
    typer.Option(
        "--silent", help="Never play the sync sound: ask for claps instead.", show_default=False
    ),
]
