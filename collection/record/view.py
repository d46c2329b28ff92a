"""What the observer is shown, as data; screens make pictures of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..field.check import Check
from ..field.device import Role
from .state import Phase
from .watch import Lamp


@dataclass(frozen=True, kw_only=True)
class DeviceView:
    """One device on the live screen; None is not known.

    Attributes
    ----------
    role
        Which.
    lamp
        Whether it records.
    battery_percent, temperature_c, storage_minutes, rates_hz, sound_dbfs
        As in `Health`.
    note
        What the device itself says.
    """

    role: Role
    lamp: Lamp
    battery_percent: float | None = None
    temperature_c: float | None = None
    storage_minutes: float | None = None
    rates_hz: Mapping[str, float] = field(default_factory=dict)
    sound_dbfs: float | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class LiveView:
    """The screen during the drive.

    Attributes
    ----------
    title
        Session and driver.
    elapsed_s, planned_s
        How long it records, and how long it may.
    devices
        Phone and tracker.
    gaze_valid_share, location_fix, speed_m_s
        As in `Health`.
    last_event, last_event_s, event_count
        The last event, how long ago, and how many stand.
    alerts
        What is wrong.
    message
        What was done last, or what is to be done next.
    prompt
        A question that waits for keys; empty if none does.
    keys
        Key and what it does.
    """

    title: str
    elapsed_s: float
    planned_s: float
    devices: tuple[DeviceView, ...]
    gaze_valid_share: float | None = None
    location_fix: bool | None = None
    speed_m_s: float | None = None
    last_event: str = ""
    last_event_s: float | None = None
    event_count: int = 0
    alerts: tuple[str, ...] = ()
    message: str = ""
    prompt: str = ""
    keys: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class ChecksView:
    """The list of checks before the drive.

    Attributes
    ----------
    title
        Session and driver.
    checks
        What was found.
    busy
        Whether it is being looked at.
    message, prompt, keys
        As in `LiveView`.
    """

    title: str
    checks: tuple[Check, ...]
    busy: bool = False
    message: str = ""
    prompt: str = ""
    keys: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class StepView:
    """A step that takes its time, or failed.

    Attributes
    ----------
    title
        Session and driver.
    step
        What is being done.
    lines
        What was said on the way, oldest first.
    failed
        Whether it went wrong.
    left_s
        For how much longer it is waited, s; None if that is not known.
    prompt, keys
        As in `LiveView`.
    """

    title: str
    step: str
    lines: tuple[str, ...] = ()
    failed: bool = False
    left_s: float | None = None
    prompt: str = ""
    keys: tuple[tuple[str, str], ...] = ()


View = LiveView | ChecksView | StepView


def view_to_json(view: View, phase: Phase, host_ns: int) -> dict[str, Any]:
    """Give a view for ``field/status.json``, from which a second terminal reads."""
    content = asdict(view)
    del content["keys"]
    kind = {LiveView: "live", ChecksView: "preflight", StepView: "step"}[type(view)]
    return {"host_ns": host_ns, "phase": phase, "screen": kind, **content}
