"""``dashgaze run``."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .command import AsJson, Force, Quiet, print_json
from .cores import core_count
from .drives import Drives, Until
from .sync import VERDICT_CODES

if TYPE_CHECKING:
    from dashgaze.engine.run import RunOptions, RunResult, SessionOutcome

_COLOURS = {"ok": "green", "doubtful": "yellow", "failed": "red"}
_MOST_LINES = 25


def run_command(
    drives: Drives,
    until: Until = "report",
    workers: Annotated[
        int | None,
        typer.Option(help="Processes to use.", min=1, show_default="one for each core"),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="YAML file with options of the stages, such as `align: {max_error_deg: 0.5}`.",
            show_default=False,
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Have the workers of a dask scheduler do it: its address, or its scheduler file.",
            show_default=False,
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            help="I/N: only the sessions of share I of N, for arrays of jobs; a session's path decides.",
            show_default=False,
        ),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            help="File for the log, one JSON object a line.",
            show_default="DRIVES/.dashgaze/run.jsonl",
        ),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Do all stages of all sessions that are not done, or not up to date.

    What is unchanged is skipped; what is stale is done again, and the log says why (`dashgaze status` says it
    before). An error in one session ends its stage and those that need it, and nothing else. A run that was
    stopped or killed goes on where it was: type the same line again. Options that were chosen by hand for a drive,
    and an offset set by hand, are kept. Of the driver's pictures one ego frame in six is looked at.

    Exits with 3 if a verdict is doubtful, with 4 if one is failed or a stage ended with an error.

    Example: `dashgaze run drives/ --workers 4`
    """
    from dashgaze.engine.run import RunOptions, refuse_unknown_stage
    from dashgaze.engine.settings import Settings, read_settings

    refuse_unknown_stage(until)
    options = RunOptions(
        until=until,
        settings=Settings() if config is None else read_settings(config),
        force=force,
        workers=workers or core_count(),
        scheduler=scheduler,
        shard=_parse_shard(shard),
        log=log,
    )
    result = _run(drives, options, quiet=quiet)
    if as_json:
        print_json(result.to_json())
    else:
        _print_result(result)
    raise typer.Exit(VERDICT_CODES[result.verdict])


def _run(drives: str, options: "RunOptions", *, quiet: bool) -> "RunResult":
    from dashgaze.engine.run import run

    from .progress_bar import progress_bar
    from .run_table import RunTable, is_terminal

    if quiet or not is_terminal():
        return run(_place(drives), options)
    table = RunTable()
    with progress_bar() as progress, table.shown():
        return run(_place(drives), options, watcher=table, progress=progress)


def _place(drives: str) -> Path | str:
    return drives if "://" in drives else Path(drives)


def _parse_shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise typer.BadParameter(
            f"{text} is not I/N with 1 ≤ I ≤ N, such as 3/40", param_hint="--shard"
        )
    return int(found[1]), int(found[2])


def _print_result(result: "RunResult") -> None:
    from .run_table import duration

    lines = 0
    for session in result.sessions:
        for line in _lines(session):
            lines += 1
            if lines <= _MOST_LINES:
                typer.echo(line)
    if lines > _MOST_LINES:
        typer.echo(f"  … and {lines - _MOST_LINES} lines more: see `dashgaze status`, or --json")
    counts = dict.fromkeys(_COLOURS, 0)
    for session in result.sessions:
        counts[session.verdict] += 1
    words = ", ".join(
        typer.style(f"{count} {name}", fg=_COLOURS[name], bold=True)
        for name, count in counts.items()
        if count
    )
    done = sum(each.outcome == "done" for session in result.sessions for each in session.stages)
    typer.echo(
        f"{len(result.sessions)} sessions: {words}. {done} stages done in {duration(result.wall_s)}"
        + (
            f" by {result.worker_count} processes"
            if result.worker_count
            else "; nothing was to be done"
        )
        + "."
    )


def _lines(session: "SessionOutcome") -> list[str]:
    """Say what a user has to know of a session."""
    name = session.session_id or Path(session.path).name
    if session.problem is not None:
        return [f"{typer.style('failed', fg='red', bold=True)}  {name}: {session.problem}"]
    found = []
    for each in session.stages:
        why = each.reasons[0] if each.reasons else ""
        if each.outcome in ("failed", "fault"):
            found.append(
                f"{typer.style(each.outcome, fg='red', bold=True)}  {name}: {each.stage}: {why}"
            )
        elif each.verdict in ("doubtful", "failed"):
            colour = _COLOURS[each.verdict]
            found.append(f"{typer.style(each.verdict, fg=colour, bold=True)}  {name}: {each.stage}")
        elif each.outcome == "skipped":
            found.append(f"{typer.style('skipped', fg='yellow')}  {name}: {each.stage}: {why}")
    return found
