"""How a drive is recorded, and how a run of the recorder ended."""

from dataclasses import dataclass, field
from typing import Literal

from ..field.device import Role
from .bringing_in import WAIT_S
from .event_keys import DEFAULT_EVENT_KEYS, EventKey
from .loudspeaker import Loudspeaker


@dataclass(frozen=True, kw_only=True)
class RecorderOptions:
    """How a drive is recorded.

    Attributes
    ----------
    title
        Session and driver, as shown.
    event_keys
        Which key logs what.
    loudspeaker
        Who plays the chirp; None to clap.
    adb
        Whether the phone hangs on adb.
    accept_amber
        Whether amber checks are accepted without asking.
    go
        Whether to start without a key once nothing is red (amber only if accepted).
    stop_only
        Whether to do nothing but stop what records.
    wait_s
        For how long somebody may take to bring a device in (to open the phone's page) before it is
        looked at.
    """

    title: str
    event_keys: tuple[EventKey, ...] = DEFAULT_EVENT_KEYS
    loudspeaker: Loudspeaker | None = None
    adb: bool = False
    accept_amber: bool = False
    go: bool = False
    stop_only: bool = False
    wait_s: float = WAIT_S


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run of the recorder ended.

    Attributes
    ----------
    end
        ``closed``: the drive is over. ``left``: the recorder was left.
    recording
        The devices that record on, as far as is known.
    reason
        Why it was left.
    said
        The last sentences that were shown.
    """

    end: Literal["closed", "left"]
    recording: tuple[Role, ...] = ()
    reason: str = ""
    said: tuple[str, ...] = field(default=())
