"""``dashgaze offset``."""

from pathlib import Path
from typing import Annotated

import typer

from .command import AsJson, Quiet, print_json
from .progress_bar import progress_bar
from .sync import VERDICT_CODES, MaxDriftPpm, SearchS, print_verdict, sync_options, with_error


def offset_command(
    a: Annotated[Path, typer.Argument(help="A sound or video file.", show_default=False)],
    b: Annotated[Path, typer.Argument(help="Another of the same scene.", show_default=False)],
    search_s: SearchS = None,
    max_drift_ppm: MaxDriftPpm = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Find when one file starts in another, by their sound.

    The offset is the time in A at which B has its zero, both on the time lines of their
    containers. Exits with 3 if the verdict is doubtful, with 4 if it failed.

    Example: `dashgaze offset glasses.mp4 phone.mp4 --json`
    """
    from dashgaze.stages.offset import offset

    with progress_bar(quiet=quiet) as progress:
        result = offset(a, b, options=sync_options(search_s, max_drift_ppm), progress=progress)
    if as_json:
        print_json(result.to_json())
    else:
        print_verdict(result.verdict, result.reasons)
        if result.offset_s is not None:
            error_ms = result.offset_se_ms
            error_s = None if error_ms is None else error_ms * 1e-3
            typer.echo(f"  offset  {with_error(result.offset_s, error_s, 4, 's')}")
        if result.drift_ppm is not None:
            typer.echo(f"  drift   {with_error(result.drift_ppm, result.drift_se_ppm, 2, 'ppm')}")
    raise typer.Exit(VERDICT_CODES[result.verdict])
