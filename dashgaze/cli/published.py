"""``dashgaze published``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .command import AsJson, Quiet, print_json
from .progress_bar import progress_bar

if TYPE_CHECKING:
    from dashgaze.dataset.exchange.published import PublishedDashGaze


def published_command(
    src: Annotated[
        Path,
        typer.Argument(help="Folder with HDF5 and CSV files; any nesting.", show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="New folder for parquet shards that load_dataset() reads."
        ),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Read a data set in the published DashGaze layout: say what is there and what could not be read.

    HDF5 files with the keys img, face, leye and reye, and CSV files with columns such as `dash gaze x
    [px]`, of one session or several. With `-o` the labels become frames/SESSION.parquet with the columns
    of a packed data set, and pictures that belong to a row images/SESSION.parquet.

    Example: `dashgaze published downloads/dashgaze -o out/published`
    """
    from dashgaze.dataset.exchange.published import read_published
    from dashgaze.dataset.exchange.published_output import write_published

    with progress_bar(quiet=quiet) as progress:
        published = read_published(src, progress=progress)
        if out is not None:
            write_published(published, out, progress=progress)
    if as_json:
        written = {} if out is None else {"out": str(out)}
        print_json(published.summary() | written)
        return
    _print(published)
    if out is not None:
        typer.echo(f"  written to {out}")


def _print(published: "PublishedDashGaze") -> None:
    count = len(published.sessions)
    typer.echo(f"{count} session{'' if count == 1 else 's'} in {published.root}")
    for session in published.sessions:
        typer.secho(f"  {session.session_id}", bold=True, nl=False)
        found, all_of_them = len(session.found), len(session.found) + len(session.missing)
        typer.echo(f": {session.table.num_rows} rows, {found} of {all_of_them} labels", nl=False)
        if session.pictures is not None:
            each = [f"{session.pictures.count(kind)} {kind}" for kind in session.pictures.kinds]
            typer.echo(f", pictures: {', '.join(each)}", nl=False)
        typer.echo("")
        if session.found and session.missing:
            typer.echo(f"    not there: {', '.join(session.missing)}")
        if session.other.column_names:
            typer.echo(f"    kept as published: {', '.join(session.other.column_names)}")
        if session.nulled:
            made = [f"{count} × {what}" for what, count in session.nulled.items()]
            typer.echo(f"    made null: {', '.join(made)}")
        for note in session.notes:
            typer.echo(f"    note: {note}")
    if published.not_read:
        typer.secho("  not read", bold=True)
        for each_file in published.not_read:
            typer.echo(f"    {each_file.path}: {each_file.reason}")
