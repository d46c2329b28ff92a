"""``dashgaze validate``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .command import BAD_INPUT, AsJson, Quiet, print_json
from .progress_bar import progress_bar

if TYPE_CHECKING:
    from dashgaze.dataset.reading.validate_report import DatasetFinding, ValidationReport

_COLOURS = {"error": "red", "warning": "yellow"}


def validate_command(
    dataset: Annotated[Path, typer.Argument(help="The data set's folder.", show_default=False)],
    deep: Annotated[
        bool,
        typer.Option(
            "--deep",
            help="Read pictures and videos, too: checksums, and the time of every frame.",
            show_default=False,
        ),
    ] = False,
    release: Annotated[
        bool,
        typer.Option(
            "--release",
            help="Fail on what people have to settle before it is published.",
            show_default=False,
        ),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say whether a packed data set is whole, agrees with itself, and gives away nothing.

    Checks files and checksums, the card, every schema and value, that no session or driver is in two
    splits, and what consent and the rules of the house keep in the lab. Exits with 1 if there is an error.
    Nothing is written.

    Example: `dashgaze validate out/dashgaze --deep --release`
    """
    from dashgaze.dataset.packing.recovery import recover_if_broken_off
    from dashgaze.dataset.reading.validate import validate

    recover_if_broken_off(dataset)
    with progress_bar(quiet=quiet) as progress:
        report = validate(dataset, deep=deep, release=release, progress=progress)
    if as_json:
        print_json(report.to_json())
    else:
        _print_report(report)
    if not report.ok:
        raise typer.Exit(BAD_INPUT)


def _print_report(report: "ValidationReport") -> None:
    name = f"{report.folder}" + (f", build {report.build}" if report.build else "")
    typer.secho(name, bold=True)
    typer.echo(
        f"  {_counted(report.session_count, 'session')}, {_counted(report.file_count, 'file')}"
    )
    for config, rows in sorted(report.rows.items()):
        typer.echo(f"  {config:10} {rows:>12,} rows")
    place = ""
    for finding in report.findings:
        _print_finding(finding, same_place=finding.file == place)
        place = finding.file
    typer.echo()
    errors, warnings = report.count("error"), report.count("warning")
    verdict = "is sound" if report.ok else "must not be used as it is"
    typer.echo(
        f"The data set {verdict}: {_counted(errors, 'error')}, {_counted(warnings, 'warning')}."
    )
    if report.ok and not report.deep:
        typer.echo("Pictures and videos were not read; --deep does.")


def _print_finding(finding: "DatasetFinding", *, same_place: bool) -> None:
    if not same_place:
        typer.echo()
        typer.secho(finding.file or "the whole", bold=True)
    typer.echo("  ", nl=False)
    typer.secho(f"{finding.severity:7}", fg=_COLOURS[finding.severity], bold=True, nl=False)
    typer.echo(f" {finding.code:22} {finding.message}")
    if finding.fix:
        typer.echo(f"  {'':7} {'':22} → {finding.fix}")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun if count == 1 else noun + 's'}"
