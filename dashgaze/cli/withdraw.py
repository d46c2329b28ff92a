"""``dashgaze withdraw``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .command import AsJson, Quiet, print_json
from .progress_bar import progress_bar

if TYPE_CHECKING:
    from dashgaze.dataset.packing.withdrawal import Found, Withdrawal

_SHOWN = 12


def withdraw_command(
    driver: Annotated[
        str, typer.Argument(help="Pseudonym, as in session.yaml.", show_default=False)
    ],
    places: Annotated[
        list[Path],
        typer.Argument(help="Packed data sets and folders of drives.", show_default=False),
    ],
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Remove it; else it is only listed.", show_default=False),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """List everything that was made of a driver's drives, and with --yes remove it.

    Of a data set: rows, files, and what index, splits and papers say; it gets a new version without the
    driver. Of a folder of drives: derived/ of the driver's sessions and report pages that name them. Both
    remember a digest of the pseudonym, so that the driver is never packed again. Recordings are listed and
    never touched. Copies elsewhere (exports, downloads, the Hub) can't be reached from here.

    Example: `dashgaze withdraw D07 out/dashgaze drives/`
    """
    from dashgaze.dataset.packing.withdraw import withdraw

    with progress_bar(quiet=quiet) as progress:
        result = withdraw(driver, places, apply=yes, progress=progress)
    if as_json:
        print_json(_content(result))
        return
    for found in result.found:
        _print(found)
    if result.done:
        typer.echo(
            "removed; delete the recordings named above yourself, and copies made of the data set"
        )
    else:
        typer.echo("nothing was changed; to remove it, type the command again with --yes")


def _content(result: "Withdrawal") -> dict[str, Any]:
    return {
        "driver_digest": result.driver_digest,
        "done": result.done,
        "found": [
            {
                "place": str(found.place),
                "kind": found.kind,
                "sessions": list(found.sessions),
                "rows": dict(found.rows),
                "files": list(found.files),
                "size_bytes": found.size_bytes,
                "entries": list(found.entries),
                "recordings": [str(path) for path in found.recordings],
                "known": found.known,
            }
            for found in result.found
        ],
    }


def _print(found: "Found") -> None:
    typer.secho(f"{found.place} ({found.kind})", bold=True)
    if found.known:
        typer.echo("  the driver is in its list of withdrawals already")
    typer.echo(f"  {len(found.sessions)} sessions: {', '.join(found.sessions) or 'none'}")
    for config, count in found.rows.items():
        typer.echo(f"  {count:,} rows of {config}")
    if found.files:
        typer.echo(f"  {len(found.files)} files, {found.size_bytes / 1e6:,.1f} MB")
    for name in found.files[:_SHOWN]:
        typer.echo(f"    {name}")
    if len(found.files) > _SHOWN:
        typer.echo(f"    and {len(found.files) - _SHOWN} more (all of them with --json)")
    if found.entries:
        typer.echo(f"  written anew without the driver: {', '.join(found.entries)}")
    for path in found.recordings:
        typer.echo(f"  recording, to be deleted by hand: {path}")
