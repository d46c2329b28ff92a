"""``dashgaze view``."""

from pathlib import Path
from typing import Annotated

import typer

from .command import AsJson, Quiet, print_json
from .progress_bar import progress_bar


def view_command(
    session: Annotated[Path, typer.Argument(help="The session folder.", show_default=False)],
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.rrd",
            help="Write a file to open with `rerun FILE.rrd`, instead of opening the viewer.",
            show_default=False,
        ),
    ] = None,
    videos: Annotated[
        bool,
        typer.Option(
            "--videos/--no-videos", help="Videos as well; a file is then as large as they are."
        ),
    ] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is there.", show_default=False)
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Look around in a drive with Rerun: videos, gaze, errors, head motion, speed, events.

    All is on one time line, the phone's clock; the eye tracker's is there too. Needs the extra `view`:
    pip install "dashgaze[view]".

    Example: `dashgaze view drives/session_07 --save session_07.rrd`
    """
    from dashgaze.session import open_session
    from dashgaze.viewing import ViewOptions, show

    opened = open_session(session)
    with progress_bar(quiet=quiet) as progress:
        viewed = show(opened, ViewOptions(videos=videos), save=save, force=force, progress=progress)
    if as_json:
        path = None if viewed.path is None else str(viewed.path)
        print_json({"path": path, "notes": list(viewed.notes)})
        return
    if viewed.path is None:
        typer.echo("The viewer is open.")
    else:
        typer.echo(f"written to {viewed.path}; open it with: rerun {viewed.path}")
    for note in viewed.notes:
        typer.echo(f"  {note}")
