"""``dashgaze status``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .command import AsJson, Quiet, print_json
from .cores import core_count
from .drives import Drives, Until

if TYPE_CHECKING:
    from rich.text import Text

    from dashgaze.engine.session_state import SessionState, StageState
    from dashgaze.engine.status import Status

_SIGNS = {
    "fresh": "done",
    "stale": "stale",
    "missing": "to do",
    "failed": "failed",
    "impossible": "–",
}
_COLOURS = {
    "fresh": "green",
    "stale": "yellow",
    "missing": "blue",
    "failed": "red",
    "impossible": "dim",
}
_MOST_ROWS = 100
_MOST_REASONS = 40


def status_command(
    drives: Drives,
    until: Until = "report",
    config: Annotated[
        Path | None,
        typer.Option(
            help="YAML file with options of the stages, as for `dashgaze run`.", show_default=False
        ),
    ] = None,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Read the files again, instead of trusting sizes and times of change.",
            show_default=False,
        ),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say which stages of all sessions are done, stale or to do, and why.

    A stage is stale if its inputs, its options, the version of its method or its output changed since it ran;
    `dashgaze run` does just what is not done. Nothing is written but what this command remembers for
    next time (.dashgaze/status.json beside the sessions).

    Example: `dashgaze status drives/`
    """
    from dashgaze.engine.run import refuse_unknown_stage
    from dashgaze.engine.settings import Settings, read_settings
    from dashgaze.engine.status import status

    from .progress_bar import progress_bar

    refuse_unknown_stage(until)
    settings = Settings() if config is None else read_settings(config)
    with progress_bar(quiet=quiet) as progress:
        found = status(
            drives if "://" in drives else Path(drives),
            settings,
            until=until,
            verify=verify,
            workers=core_count(),
            progress=progress,
        )
    if as_json:
        print_json(
            {
                "drives": str(drives),
                "counts": found.counts(),
                "sessions": [each.to_json() for each in found.sessions],
            }
        )
    else:
        _print_status(found)


def _print_status(found: "Status") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("session", overflow="fold")
    stages = list(found.counts())
    for stage in stages:
        table.add_column(stage)
    # What asks for work first: of ten thousand sessions nobody reads those that are done.
    rows = sorted(found.sessions, key=lambda each: (each.problem is None, not each.to_do))
    for session in rows[:_MOST_ROWS]:
        cells = [_cell(each) for each in session.stages]
        if session.problem is not None:
            cells = [Text("can't be read", style="red")]
        table.add_row(Text(session.session_id or Path(session.path).name), *cells)
    console.print(table)
    if len(rows) > _MOST_ROWS:
        console.print(f"… and {len(rows) - _MOST_ROWS} more; --json has all.", highlight=False)
    _print_reasons(rows)
    todo = sum(bool(each.to_do) for each in found.sessions)
    broken = sum(each.problem is not None for each in found.sessions)
    typer.echo(
        f"{len(found.sessions)} sessions: {len(found.sessions) - todo - broken} with nothing to do, {todo} with "
        f"stages to do, {broken} that can't be read."
        + (f" `dashgaze run {found.drives}` does what is to be done." if todo else "")
    )


def _cell(state: "StageState") -> "Text":
    from rich.text import Text

    text = Text(_SIGNS[state.state], style=_COLOURS[state.state])
    if state.state == "fresh" and state.verdict not in (None, "ok"):
        text = Text(str(state.verdict), style="red" if state.verdict == "failed" else "yellow")
    return text


def _print_reasons(sessions: "list[SessionState]") -> None:
    """Say why stages are stale, failed or impossible, the same reason once."""
    found: dict[str, list[str]] = {}
    for session in sessions:
        name = session.session_id or Path(session.path).name
        if session.problem is not None:
            found.setdefault(session.problem, []).append(name)
        for each in session.stages:
            for reason in each.reasons:
                if not reason.endswith(" comes first"):
                    found.setdefault(f"{each.stage}: {reason}", []).append(name)
    for reason, names in list(found.items())[:_MOST_REASONS]:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        typer.echo(f"  {reason} ({', '.join(names[:3])}{more})")
    if len(found) > _MOST_REASONS:
        typer.echo(f"  … and {len(found) - _MOST_REASONS} reasons more; --json has all")
