"""``dashgaze check``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .command import BAD_INPUT, AsJson, Quiet, print_json
from .progress_bar import progress_bar

if TYPE_CHECKING:
    from dashgaze.checks import CheckReport, Finding, StreamSummary

_COLOURS = {"error": "red", "warning": "yellow", "info": "blue"}


def check_command(
    session: Annotated[Path, typer.Argument(help="The session folder.", show_default=False)],
    deep: Annotated[
        bool, typer.Option("--deep", help="Listen to the sound, too.", show_default=False)
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say what is in a session folder, what is missing, and how to mend it.

    Exits with 1 if there is an error: something that keeps a stage from running, or makes it run
    on the wrong data. Nothing is written.

    Example: `dashgaze check drives/session_07`
    """
    from dashgaze.checks import check

    with progress_bar(quiet=quiet) as progress:
        report = check(session, deep=deep, progress=progress)
    if as_json:
        print_json(report.to_json())
    else:
        print_report(report)
    if not report.ok:
        raise typer.Exit(BAD_INPUT)


def print_report(report: "CheckReport") -> None:
    """Print the videos, the findings and their count."""
    typer.secho(report.session_id or report.path.absolute().name, bold=True)
    for stream in report.streams:
        typer.echo(f"  {_stream_line(stream)}")
    for finding in report.findings:
        _print_finding(finding)
    typer.echo()
    errors, warnings = report.count("error"), report.count("warning")
    verdict = "can't be used as it is" if errors else "can be used"
    typer.echo(
        f"The session {verdict}: {_counted(errors, 'error')}, {_counted(warnings, 'warning')}."
    )
    if not report.listened and not errors:
        typer.echo("The sound was not listened to; --deep does.")


def _print_finding(finding: "Finding") -> None:
    typer.echo()
    typer.secho(finding.severity, fg=_COLOURS[finding.severity], bold=True, nl=False)
    place = f" {finding.path}" if finding.path is not None else ""
    typer.echo(f" {finding.code}{place}")
    typer.echo(f"  {finding.message}")
    if finding.fix:
        typer.echo(f"  → {finding.fix}")


def _stream_line(stream: "StreamSummary") -> str:
    parts = [f"{stream.name:6}"]
    if stream.duration_s is not None:
        parts.append(f"{stream.duration_s:8.1f} s")
    if stream.frame_rate_hz is not None:
        parts.append(f"{stream.frame_rate_hz:5.1f} frames/s")
    if stream.width_px is not None and stream.height_px is not None:
        parts.append(f"{stream.width_px}×{stream.height_px}")
    if stream.has_sound is not None:
        parts.append("with sound" if stream.has_sound else "no sound")
    return "  ".join(parts)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun if count == 1 else noun + 's'}"
