"""``dashgaze collect verify``."""

from pathlib import Path
from typing import Annotated

import typer

from ..command import FAILED, AsJson, Quiet, print_json
from ..progress_bar import progress_bar


def verify_command(
    session: Annotated[Path, typer.Argument(help="The session folder.", show_default=False)],
    second_copy: Annotated[
        Path | None,
        typer.Option(
            help="Folder that was given to `offload`: its copy is compared, too.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Read all files of a session again and compare them with what came home.

    Names what is missing, changed, not readable, or was not brought home. Nothing is written. Exits
    with 4 if anything is wrong.

    Example: `dashgaze collect verify drives/session_07 --second-copy /media/archive`
    """
    from dashgaze.collection.offload import verify

    with progress_bar(quiet=quiet) as progress:
        checks = verify(session, second_copy=second_copy, progress=progress)
    ok = all(check.ok for check in checks)
    if as_json:
        print_json({"ok": ok, "copies": [check.to_json() for check in checks]})
    else:
        for check in checks:
            typer.secho(
                "whole" if check.ok else "damaged",
                fg="green" if check.ok else "red",
                bold=True,
                nl=False,
            )
            typer.echo(f"  {check.path}: {check.equal} files as they were")
            for word, names in (
                ("missing", check.missing),
                ("changed", check.changed),
                ("not readable", check.unreadable),
                ("not brought home by offload", check.extra),
                ("not whole yet, offload again", check.unfinished),
            ):
                for name in names:
                    typer.echo(f"  {word}: {name}")
            if not check.ok and len(checks) > 1:
                typer.echo("  Restore it from the other copy, if that one is whole.")
    raise typer.Exit(0 if ok else FAILED)
