"""Running a drive in a terminal, and what is said at its end."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ..command import DOUBTFUL, FAILED, print_json

if TYPE_CHECKING:
    from dashgaze.collection.record import EventKey, Outcome


def run_in_terminal(
    session: Path,
    *,
    resumed: bool,
    night: bool | None,
    plain: bool,
    keys: Path | None,
    accept_amber: bool = False,
    go: bool = False,
    stop_only: bool = False,
    wait_s: float = 60.0,
    silent: bool = False,
    as_json: bool = False,
) -> None:
    """Take a drive from where it is to its end; exits with 0 if it is over, 3 if it records on.

    Raises
    ------
    DashgazeError
        If this computer fails; recordings go on, and the message says so.
    """
    from dashgaze.collection.record import (
        DEFAULT_EVENT_KEYS,
        RecorderOptions,
        TerminalDesk,
        drive_status,
        find_loudspeaker,
        options_of,
        read_event_keys,
        run_drive,
        title_of,
    )

    status = drive_status(session)
    event_keys: tuple[EventKey, ...] = DEFAULT_EVENT_KEYS if keys is None else read_event_keys(keys)
    options = RecorderOptions(
        title=title_of(session),
        event_keys=event_keys,
        loudspeaker=None if silent or stop_only else find_loudspeaker(),
        adb=options_of(status.state).adb,
        accept_amber=accept_amber,
        go=go,
        stop_only=stop_only,
        wait_s=wait_s,
    )
    dark = _is_night(session) if night is None else night

    async def run() -> "Outcome":
        # stdout is for one JSON object then; nothing is drawn
        desk = TerminalDesk(night=dark, plain=plain or as_json, quiet=as_json)
        async with desk:
            return await run_drive(session, desk, options, resumed=resumed)

    ended = False
    try:
        outcome = asyncio.run(run())
        ended = True
    finally:
        if not ended:
            _say_what_runs(session)
    _report(session, outcome, as_json=as_json)


def _report(session: Path, outcome: "Outcome", *, as_json: bool) -> None:
    over = outcome.end == "closed"
    following = f"dashgaze collect {'offload' if over else 'resume'} {session}"
    if as_json:
        print_json(
            {
                "session": str(session),
                "end": outcome.end,
                "recording": list(outcome.recording),
                "reason": outcome.reason,
                "next": following,
            }
        )
    elif over:
        typer.secho("The drive is over; all recordings have stopped.", bold=True)
        typer.echo(f"Bring it home now: `{following}`")
    elif outcome.recording:
        names = " and ".join(outcome.recording)
        typer.secho(f"Left ({outcome.reason}). RECORDING GOES ON: {names}.", bold=True)
        typer.echo(
            f"Back to the screen: `{following}`    End it: `dashgaze collect stop {session}`"
        )
    else:
        for text in outcome.said[-3:]:
            typer.echo(f"  {text}")
        typer.secho(f"Left ({outcome.reason}). Nothing records.", bold=True)
        typer.echo(f"Go on: `{following}`")
    if over:
        return
    refused = not outcome.recording and outcome.reason in (
        "a check is red",
        "amber checks were not accepted",
    )
    raise typer.Exit(FAILED if refused else DOUBTFUL)


def _say_what_runs(session: Path) -> None:
    """Say after an error that recordings go on."""
    from dashgaze.collection.record import read_journal, replay
    from dashgaze.errors import DashgazeError

    try:
        state = replay(read_journal(session))
    except DashgazeError:
        return
    if state.may_record:
        typer.echo(
            f"RECORDING GOES ON. Back to the screen: `dashgaze collect resume {session}`", err=True
        )


def _is_night(session: Path) -> bool:
    from dashgaze.session import open_session

    return open_session(session).manifest.lighting == "night"
