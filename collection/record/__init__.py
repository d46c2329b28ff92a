"""A drive from form to stop: what has to hold, in which order, and what survives a crash."""

from .clocks import ClockMeasurement, read_clocks
from .devices import DeviceOptions, make_devices, read_phone_config
from .event_keys import DEFAULT_EVENT_KEYS, EventKey, read_event_keys
from .events import DriveEvent, read_events
from .form import Form, complete, known_drivers, next_driver, parse_answer, read_form, suggestions
from .form_questions import ask_form
from .inbox import send_event, send_stop, send_undo
from .journal import read_journal
from .loudspeaker import find_loudspeaker
from .preflight import Preflight, preflight
from .recorder_options import Outcome, RecorderOptions
from .recording import (
    DriveStatus,
    begin_drive,
    drive_status,
    options_of,
    run_drive,
    title_of,
)
from .state import DeviceState, State, replay
from .terminal_desk import TerminalDesk

__all__ = [
    "DEFAULT_EVENT_KEYS",
    "ClockMeasurement",
    "DeviceOptions",
    "DeviceState",
    "DriveEvent",
    "DriveStatus",
    "EventKey",
    "Form",
    "Outcome",
    "Preflight",
    "RecorderOptions",
    "State",
    "TerminalDesk",
    "ask_form",
    "begin_drive",
    "complete",
    "drive_status",
    "find_loudspeaker",
    "known_drivers",
    "make_devices",
    "next_driver",
    "options_of",
    "parse_answer",
    "preflight",
    "read_clocks",
    "read_event_keys",
    "read_events",
    "read_form",
    "read_journal",
    "read_phone_config",
    "replay",
    "run_drive",
    "send_event",
    "send_stop",
    "send_undo",
    "suggestions",
    "title_of",
]
