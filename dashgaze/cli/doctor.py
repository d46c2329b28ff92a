"""``dashgaze doctor``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .command import DOUBTFUL, AsJson, Quiet, print_json
from .progress_bar import progress_bar

if TYPE_CHECKING:
    from dashgaze.host import Diagnosis

_MARKS = {"good": "[green]good[/]", "note": "[blue]note[/]", "doubtful": "[bold yellow]doubtful[/]"}


def doctor_command(
    folder: Annotated[
        Path, typer.Argument(help="Where drives are to lie; it need not exist yet.")
    ] = Path(),
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Look at this computer: versions, extras, disk, memory, codecs, ports, adb and phones, graphics card.

    What is good, what is only worth knowing (an extra that is not installed, with the line that installs
    it), and what is doubtful, with what to do. Exits with 3 if something is doubtful. Nothing is written.

    Example: `dashgaze doctor drives/`
    """
    from dashgaze.host import doctor

    with progress_bar(quiet=quiet or as_json) as progress:
        found = doctor(folder, progress=progress)
    if as_json:
        print_json(found.to_json())
    else:
        _print_table(found)
    raise typer.Exit(DOUBTFUL if found.is_doubtful else 0)


def _print_table(found: "Diagnosis") -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_header=False, pad_edge=False)
    table.add_column("what", style="bold", no_wrap=True)
    table.add_column("level", no_wrap=True)
    table.add_column("finding")
    group = ""
    for each in found.findings:
        if group and each.group != group:
            table.add_section()
        text = escape(each.what) + (f"\n[dim]→ {escape(each.fix)}[/]" if each.fix else "")
        table.add_row("" if each.group == group else each.group, _MARKS[each.level], text)
        group = each.group
    Console(highlight=False).print(table)
    doubtful, notes = len(found.of("doubtful")), len(found.of("note"))
    rest = f"; {notes} worth knowing" if notes else ""
    typer.echo(f"{'All good' if not doubtful else f'{doubtful} doubtful'}{rest}.")
