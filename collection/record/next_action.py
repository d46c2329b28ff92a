"""What is to be done next on a drive."""

from typing import Literal

from .state import State

Action = Literal[
    "form",
    "preflight",
    "start_phone",
    "see_phone",
    "start_tracker",
    "live",
    "stop_tracker",
    "stop_phone",
    "close",
    "done",
]


def next_action(state: State) -> Action:
    """Give the next thing to do; a pure function of what is known.

    Parameters
    ----------
    state
        What the journal says.
    """
    if state.phase == "closed":
        return "done"
    if state.phase == "new":
        return "form"
    if state.phase == "stopped":
        return "close"
    if state.ending or state.phase == "tracker_stopped":
        return _ending(state)
    if state.phase == "recording":
        return "live"
    phone = state.phone.activity
    if phone == "started":
        return "see_phone"
    if state.phase == "phone_running" and phone == "running":
        return "start_tracker"
    return "preflight" if state.phase == "form" else "start_phone"


def _ending(state: State) -> Action:
    """Tracker first; one that ended by itself is asked to stop too, for it saves then."""
    if state.tracker.activity not in ("idle", "stopped"):
        return "stop_tracker"
    if state.phone.activity not in ("idle", "stopped"):
        return "stop_phone"
    return "close"
