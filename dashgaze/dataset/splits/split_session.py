"""What the assignment of splits has to know of a session."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dashgaze.errors import InputError

CONDITIONS: tuple[str, ...] = ("lighting", "camera_position", "eyewear", "car")
"""What the splits are stratified over."""

UNKNOWN = "unknown"
"""Level of a condition that nobody wrote down."""

NAMES_SHOWN = 8
"""So many names stand in a message; of the others it gives the number."""


@dataclass(frozen=True, kw_only=True)
class SplitSession:
    """One session that is to be assigned.

    Attributes
    ----------
    session_id
        Its name.
    driver_id
        Pseudonym of its driver: all sessions of a driver are in the same split.
    frame_count
        Frames in the data set.
    lighting, camera_position, eyewear, car
        As in the manifest; None where unknown.
    """

    session_id: str
    driver_id: str
    frame_count: int
    lighting: str | None = None
    camera_position: str | None = None
    eyewear: str | None = None
    car: str | None = None

    def level(self, condition: str) -> str:
        """Give the level of one of `CONDITIONS`; what is not known is a level of its own."""
        value: str | None = getattr(self, condition)
        return UNKNOWN if value is None else value


def in_order(sessions: Iterable[SplitSession]) -> list[SplitSession]:
    """Sort sessions by name, and refuse what can't be assigned.

    Raises
    ------
    InputError
        If there is no session, one stands twice, has no driver or fewer than 0 frames.
    """
    ordered = sorted(sessions, key=lambda session: session.session_id)
    if not ordered:
        raise InputError(
            "There is no session to assign to a split.", fix="Give at least one session."
        )
    twice = {
        first.session_id
        for first, second in pairwise(ordered)
        if first.session_id == second.session_id
    }
    if twice:
        raise InputError(
            f"Sessions stand twice: {named(sorted(twice))}.",
            fix="Give each session once; change `session_id` in session.yaml where two drives share one.",
        )
    for session in ordered:
        if not session.driver_id:
            raise InputError(
                f"Session {session.session_id} has no driver: nobody can say where it may go.",
                fix="Add `driver_id: D001`, or whatever the driver's pseudonym is, to its session.yaml.",
            )
        if session.frame_count < 0:
            raise InputError(
                f"Session {session.session_id} has {session.frame_count} frames; expected 0 or more.",
                fix="Count its frames again.",
            )
    return ordered


def named(names: Sequence[str]) -> str:
    """List names, of many the first ones only."""
    shown = ", ".join(names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
