"""``dashgaze frames``."""

from pathlib import Path
from typing import Annotated

import typer

from .command import AsJson, Force, Quiet, print_json
from .progress_bar import progress_bar


def frames_command(
    session: Annotated[Path, typer.Argument(help="The session folder.", show_default=False)],
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Bring all streams to the frames of the scene camera: one row for each.

    Writes derived/frames.parquet. Run `dashgaze sync` first.

    Example: `dashgaze frames drives/session_07`
    """
    from dashgaze.session import open_session
    from dashgaze.stages.frames import frames

    with progress_bar(quiet=quiet) as progress:
        path = frames(open_session(session), force=force, progress=progress)
    import pyarrow.parquet as pq

    rows = pq.read_metadata(path).num_rows
    if as_json:
        print_json({"path": str(path), "rows": rows})
    else:
        typer.echo(f"{rows} frames in {path}")
