"""``dashgaze report``."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from .browser import open_page
from .command import DOUBTFUL, FAILED, AsJson, Force, Quiet, print_json
from .progress_bar import progress_bar

_CODES = {"usable": 0, "usable_with_flags": DOUBTFUL, None: DOUBTFUL, "redo": FAILED}
_COLOURS = {"usable": "green", "usable_with_flags": "yellow", None: "blue", "redo": "red"}
_WORDS = {"redo": "redo", "unknown": "not known", "flag": "flag"}


def report_command(
    session: Annotated[
        Path, typer.Argument(help="A session folder, or a folder of sessions.", show_default=False)
    ],
    open_it: Annotated[
        bool, typer.Option("--open", help="Show it in a browser.", show_default=False)
    ] = False,
    no_sound: Annotated[
        bool, typer.Option("--no-sound", help="Don't decode the sound.", show_default=False)
    ] = False,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say whether a drive is usable, and why, on one page that needs no network.

    Writes derived/report.html and derived/report.json; for a folder of sessions also report.html and
    report.json in it, over all of them. Exits with 3 if a drive is usable with flags, or not known yet,
    and with 4 if it has to be done again.

    Example: `dashgaze report drives/session_07`
    """
    from dashgaze.reports import ReportOptions, report

    with progress_bar(quiet=quiet) as progress:
        path = report(session, ReportOptions(listen=not no_sound), force=force, progress=progress)
    content = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    drives = content.get("sessions")
    if as_json:
        print_json({"path": str(path)} | content)
    elif drives is None:
        _print_drive(content)
    else:
        for drive in drives:
            _print_row(drive)
    if not as_json:
        typer.echo(f"  written to {path}")
    if open_it:
        open_page(path)
    verdicts = [content["verdict"]] if drives is None else [each["verdict"] for each in drives]
    raise typer.Exit(max(_CODES[verdict] for verdict in verdicts))


def _print_drive(content: dict[str, Any]) -> None:
    _print_verdict(content["verdict"])
    for reason in content["reasons"]:
        if reason["severity"] not in _WORDS:
            continue
        typer.echo(f"  {_WORDS[reason['severity']]}: {reason['message']}")
        if reason["fix"]:
            typer.echo(f"    → {reason['fix']}")


def _print_row(drive: dict[str, Any]) -> None:
    _print_verdict(drive["verdict"], end="")
    reason = drive["problem"] or drive.get("first_reason")
    typer.echo(f"  {drive['session_id'] or drive['path']}" + (f": {reason}" if reason else ""))


def _print_verdict(verdict: str | None, *, end: str = "\n") -> None:
    from dashgaze.reports.verdict import TITLES

    title = next(text for name, text in TITLES.items() if name == verdict).lower()
    typer.secho(title, fg=_COLOURS[verdict], bold=True, nl=False)
    typer.echo(end, nl=False)
