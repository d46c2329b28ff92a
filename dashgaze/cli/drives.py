"""Arguments of the commands that work on many drives."""

from typing import Annotated

import typer

Drives = Annotated[
    str,
    typer.Argument(
        help="A folder of sessions, at any depth, or one session; or an address such as s3://bucket/drives.",
        show_default=False,
    ),
]
Until = Annotated[
    str,
    typer.Option(help="The last stage: sync, frames, align, vanishing-point, faces or report."),
]
