"""``dashgaze collect status``."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..command import AsJson, print_json

if TYPE_CHECKING:
    from dashgaze.collection.record import DriveStatus

_PHASES = {
    "new": "begun; the form is not finished",
    "form": "the form is filled in; nothing records",
    "ready": "checked; nothing was seen to record yet",
    "phone_running": "the phone records, the tracker not yet",
    "recording": "RECORDING",
    "tracker_stopped": "the tracker has stopped, the phone not yet",
    "stopped": "all have stopped",
    "closed": "over",
}
_ACTIVITIES = {
    "idle": "not started",
    "starting": "was being started",
    "started": "started, growth not seen yet",
    "running": "records",
    "stopping": "was being stopped",
    "stopped": "stopped",
    "ended": "stopped by itself",
    "unknown": "not known",
}


def status_command(
    session: Annotated[
        Path, typer.Argument(help="The session folder of the drive.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Show how a drive stands, from a second terminal; touches neither it nor the devices.

    Example: `dashgaze collect status drives/session_07`
    """
    from dashgaze.collection.record import drive_status

    status = drive_status(session)
    if as_json:
        print_json(status.to_json())
        return
    for line in _lines(session, status):
        typer.echo(line)


def _lines(session: Path, status: "DriveStatus") -> list[str]:
    state = status.state
    lines = [f"{session}: {_PHASES[state.phase]}"]
    if not status.recorder and state.may_record:
        lines.append(f"  No recorder is at work: `dashgaze collect resume {session}`")
    for role in ("phone", "tracker") if state.has_tracker else ("phone",):
        device = state.device(role)
        lost = ", not reachable lately" if device.lost else ""
        lines.append(f"  {role:<8} {_ACTIVITIES[device.activity]}{lost}")
    screen = status.screen
    if status.recorder and screen is not None:
        lines += _screen_lines(screen)
    lines.append(f"  {status.events} event{'' if status.events == 1 else 's'} logged")
    return lines


def _screen_lines(screen: Any) -> list[str]:
    age_s = time.time() - screen.get("host_ns", 0) / 1e9
    lines = [f"  seen {max(0.0, age_s):.0f} s ago"]
    elapsed_s = screen.get("elapsed_s")
    if isinstance(elapsed_s, int | float):
        minutes, seconds = divmod(int(elapsed_s), 60)
        lines[0] += f": {minutes:02d}:{seconds:02d} recorded"
    valid = screen.get("gaze_valid_share")
    if isinstance(valid, int | float):
        lines.append(f"  gaze     {valid:.0%} valid")
    return lines + [f"  ALERT    {alert}" for alert in screen.get("alerts", ())]
