"""What is known of a drive, from its journal alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from ..field.device import Role

Phase = Literal[
    "new", "form", "ready", "phone_running", "recording", "tracker_stopped", "stopped", "closed"
]
"""How far a drive is; it never goes back."""

Activity = Literal[
    "idle", "starting", "started", "running", "stopping", "stopped", "ended", "unknown"
]
"""What a device does: ``started`` by its own word, ``running`` as its data was seen to grow, ``ended``
without having been asked to."""

PHASES: tuple[Phase, ...] = get_args(Phase)
ROLES: tuple[Role, ...] = get_args(Role)

MAY_RECORD: frozenset[Activity] = frozenset(
    {"starting", "started", "running", "stopping", "unknown"}
)


@dataclass(frozen=True, kw_only=True)
class DeviceState:
    """What is known of one device.

    Attributes
    ----------
    activity
        What it does.
    lost
        Whether it could not be reached lately; it may well go on recording.
    recording_id
        Its own name for the recording; empty if it has none or none was begun.
    started_ns, stopped_ns
        Unix time on this computer, ns.
    taken_over
        How often its recording was found running and gone on with.
    """

    activity: Activity = "idle"
    lost: bool = False
    recording_id: str = ""
    started_ns: int | None = None
    stopped_ns: int | None = None
    taken_over: int = 0

    @property
    def may_record(self) -> bool:
        """Whether it records, or it is not known that it does not."""
        return self.activity in MAY_RECORD


@dataclass(frozen=True, kw_only=True)
class State:
    """What is known of a drive.

    Attributes
    ----------
    phase
        How far it is.
    phone, tracker
        The devices.
    ending
        Whether the end of the drive was asked for.
    left
        Whether the recorder said good-bye with the drive under way.
    tracker_option, phone_option
        How the devices were named; None before it is known.
    phone_config
        Where the phone's camera app writes and how it is started.
    observer
        Who sits at the screen.
    minutes
        Planned length, min.
    accepted
        Codes of the amber checks that somebody accepted.
    began_ns
        When the whole recording began, Unix time, ns; None before.
    not_understood
        How many lines this version can't read.
    """

    phase: Phase = "new"
    phone: DeviceState = field(default_factory=DeviceState)
    tracker: DeviceState = field(default_factory=DeviceState)
    ending: bool = False
    left: bool = False
    tracker_option: str | None = None
    phone_option: str | None = None
    phone_config: Mapping[str, Any] = field(default_factory=dict)
    observer: str = ""
    minutes: float = 30.0
    accepted: tuple[str, ...] = ()
    began_ns: int | None = None
    not_understood: int = 0

    def device(self, role: Role) -> DeviceState:
        """Give the device of a role."""
        return self.phone if role == "phone" else self.tracker

    @property
    def has_tracker(self) -> bool:
        """Whether the drive has an eye tracker that is controlled from here."""
        return self.tracker_option != "none"

    @property
    def may_record(self) -> bool:
        """Whether any device records, as far as is known."""
        return self.phone.may_record or self.tracker.may_record


def replay(journal: Iterable[Mapping[str, Any]]) -> State:
    """Work out what is known of a drive.

    A pure function, defined for every prefix of a journal and for any other list of lines: what can't
    be understood is counted and changes nothing.

    Parameters
    ----------
    journal
        Its lines, oldest first.
    """
    state = State()
    for line in journal:
        state = _after(state, line)
    return state


def _after(state: State, line: Mapping[str, Any]) -> State:
    step, at_ns = line.get("step"), line.get("host_ns")
    if not isinstance(step, str) or not isinstance(at_ns, int):
        return _not_understood(state)
    if step in _DEVICE_STEPS:
        role = line.get("role")
        if role not in ROLES:
            return _not_understood(state)
        return _after_device(state, step, role, at_ns, line)
    match step:
        case "created":
            return replace(
                state,
                tracker_option=_text(line, "tracker") or state.tracker_option,
                phone_option=_text(line, "phone") or state.phone_option,
                phone_config=_mapping(line, "phone_config") or state.phone_config,
                observer=_text(line, "observer") or state.observer,
                minutes=_minutes(line, state.minutes),
            )
        case "form":
            return _advanced(replace(state, minutes=_minutes(line, state.minutes)), "form")
        case "ready":
            codes = line.get("accepted")
            accepted = tuple(str(code) for code in codes) if isinstance(codes, list) else ()
            return _advanced(replace(state, accepted=accepted), "ready")
        case "ending":
            return replace(state, ending=True)
        case "left":
            return replace(state, left=True)
        case "resumed":
            return replace(state, left=False)
        case "closed":
            return _advanced(replace(state, left=False), "closed")
        case "checked" | "clock" | "told":
            return state
    return _not_understood(state)


# What each step about a device makes of its activity.
_DEVICE_STEPS: dict[str, Activity | None] = {
    "starting": "starting",
    "started": "started",
    "growing": "running",
    "not_growing": None,
    "not_started": "idle",
    "unknown": "unknown",
    "taken_over": None,
    "stopping": "stopping",
    "not_stopped": "running",
    "stopped": "stopped",
    "ended": "ended",
    "lost": None,
    "back": None,
}


def _after_device(
    state: State, step: str, role: Role, at_ns: int, line: Mapping[str, Any]
) -> State:
    device = replace(
        state.device(role), activity=_DEVICE_STEPS[step] or state.device(role).activity
    )
    match step:
        case "started":
            device = replace(
                device,
                recording_id=_text(line, "recording_id") or device.recording_id,
                started_ns=device.started_ns or at_ns,
                lost=False,
            )
        case "taken_over":
            device = replace(device, taken_over=device.taken_over + 1, lost=False)
            if device.activity in ("starting", "unknown", "stopping"):
                device = replace(device, activity="started", started_ns=device.started_ns or at_ns)
        case "stopped" | "ended":
            device = replace(device, stopped_ns=at_ns, lost=False)
        case "lost" | "back":
            device = replace(device, lost=step == "lost")
    if role == "phone":
        state = replace(state, phone=device)
    else:
        state = replace(state, tracker=device)
    return _moved_by_device(state, step, role, at_ns)


def _moved_by_device(state: State, step: str, role: Role, at_ns: int) -> State:
    """Give the phase that the drive has come to."""
    if role == "phone" and step == "growing":
        if state.has_tracker:
            return _advanced(state, "phone_running")
        return _advanced(replace(state, began_ns=state.began_ns or at_ns), "recording")
    if role == "tracker" and state.tracker.activity in ("started", "running"):
        return _advanced(replace(state, began_ns=state.began_ns or at_ns), "recording")
    if step == "stopped" and role == "tracker":
        return _advanced(state, "tracker_stopped")
    if step == "stopped" and role == "phone" and not state.tracker.may_record:
        return _advanced(state, "stopped")
    return state


def _advanced(state: State, phase: Phase) -> State:
    return replace(state, phase=max(state.phase, phase, key=PHASES.index))


def _not_understood(state: State) -> State:
    return replace(state, not_understood=state.not_understood + 1)


def _text(line: Mapping[str, Any], key: str) -> str:
    value = line.get(key)
    return value if isinstance(value, str) else ""


def _mapping(line: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = line.get(key)
    return value if isinstance(value, dict) else {}


def _minutes(line: Mapping[str, Any], otherwise: float) -> float:
    value = line.get("minutes")
    return float(value) if isinstance(value, int | float) and 0 < value < 10_000 else otherwise
