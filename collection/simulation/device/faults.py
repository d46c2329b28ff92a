"""What can be made to go wrong with the simulated device, and the switches for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dashgaze.errors import InputError

REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "running": "Recording already running",
        "template": "Template has required fields",
        "battery": "Low battery",
        "storage": "Low storage",
        "wearer": "No wearer selected",
        "workspace": "No workspace selected",
        "setup": "Setup bottom sheets not completed",
    }
)
"""Why a start is refused. The vendor documents the reasons; its exact words are not known."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that goes wrong.

    Attributes
    ----------
    name
        Of the switch.
    what
        What a client sees while it is on.
    unit
        Unit of its value; empty if it has none.
    usual
        Its value if none is given; a number, a text, or None if it has none.
    """

    name: str
    what: str
    unit: str = ""
    usual: float | str | None = None

    @property
    def usual_text(self) -> str:
        """Its usual value with its unit; empty if it has none."""
        if self.usual is None:
            return ""
        return f"{self.usual:g} {self.unit}" if isinstance(self.usual, float) else self.usual


_ALL = (
    Fault(name="latency", what="every answer comes late", unit="s", usual=2.0),
    Fault(name="random_latency", what="answers come late by up to", unit="s", usual=1.0),
    Fault(name="slow_start", what="start works at once, its answer is late", unit="s", usual=8.0),
    Fault(name="slow_stop", what="stop works at once, its answer is late", unit="s", usual=8.0),
    Fault(name="packet_loss", what="stream packets are lost", unit="%", usual=5.0),
    Fault(name="reordering", what="stream packets overtake each other", unit="%", usual=5.0),
    Fault(name="no_rtp", what="streams play, no packet comes (a firewall, UDP blocked)"),
    Fault(name="unplugged", what="no glasses: no Hardware, no Sensor, no gaze, no pictures"),
    Fault(name="no_scene_camera", what="scene camera taken off: no pictures, no sound"),
    Fault(name="no_sound", what="the microphone is off in the app: no sound is recorded"),
    Fault(name="not_worn", what="gaze comes, and says that the glasses are not worn"),
    Fault(name="low_battery", what="battery low; start is refused", unit="%", usual=8.0),
    Fault(name="low_storage", what="storage low; start is refused", unit="GB", usual=0.3),
    Fault(name="no_wearer", what="no wearer selected; start is refused"),
    Fault(name="required_template", what="template with questions: start and stop are refused"),
    Fault(
        name="start_refused",
        what="start is refused with 500: " + ", ".join(REFUSALS),
        unit="reason",
        usual="setup",
    ),
    Fault(
        name="stop_refused",
        what="stop is refused with 500 and this text",
        unit="text",
        usual="Recording could not be saved",
    ),
    Fault(
        name="recording_error",
        what="the recording reports ERROR with this text",
        unit="text",
        usual="Sensor failure: world",
    ),
    Fault(name="no_websocket", what="status WebSockets are cut and refused"),
    Fault(name="not_json", what="answers are a web page, not JSON (a captive portal)"),
    Fault(name="clock_jump", what="the device's clock is set forward", unit="ms", usual=1500.0),
    Fault(name="app_asleep", what="REST answers, RTSP is closed"),
    Fault(name="gone", what="nothing answers: connections are cut and refused; it records on"),
)

FAULTS: Mapping[str, Fault] = MappingProxyType({fault.name: fault for fault in _ALL})
"""All faults by name."""


FaultWatcher = Callable[[str, bool, float | str | None], None]
FaultForewarning = Callable[[str], None]


class FaultSwitches:
    """Which faults are on.

    Whoever has to act at once asks to be told with `watch`; who has to finish what was due until then, with
    `forewarn`.
    """

    def __init__(self) -> None:
        self._values: dict[str, float | str | None] = {}
        self._watchers: list[FaultWatcher] = []
        self._forewarned: list[FaultForewarning] = []

    def watch(self, watcher: FaultWatcher) -> None:
        """Call `watcher` with the name of each fault just switched, whether it is on, and its value."""
        self._watchers.append(watcher)

    def forewarn(self, listener: FaultForewarning) -> None:
        """Call `listener` with the name of each fault that is about to be switched."""
        self._forewarned.append(listener)

    def turn_on(self, name: str, value: float | str | None = None) -> None:
        """Turn a fault on; one that is on already gets the new value.

        Parameters
        ----------
        name
            One of `FAULTS`.
        value
            How bad it is, in the fault's unit; its usual value if not given.

        Raises
        ------
        InputError
            If there is no such fault, or it can't have this value.
        """
        checked = _value(_fault(name), value)
        if name in self._values:
            self.turn_off(name)
        self._forewarn(name)
        self._values[name] = checked
        self._tell(name, True)

    def turn_off(self, name: str) -> None:
        """Turn a fault off; one that is off stays so."""
        _fault(name)
        if name in self._values:
            self._forewarn(name)
            value = self._values.pop(name)
            self._tell(name, False, value)

    def is_on(self, name: str) -> bool:
        """Whether a fault is on."""
        return name in self._values

    def number(self, name: str) -> float:
        """Give the value of a fault that is on; 0 if it is off or has no number."""
        value = self._values.get(name)
        return value if isinstance(value, float) else 0.0

    def text(self, name: str) -> str:
        """Give the text of a fault that is on; empty if it is off or has none."""
        value = self._values.get(name)
        return value if isinstance(value, str) else ""

    def all_on(self) -> dict[str, float | str | None]:
        """Give the faults that are on, with their values."""
        return dict(self._values)

    def _forewarn(self, name: str) -> None:
        for listener in self._forewarned:
            listener(name)

    def _tell(self, name: str, on: bool, value: float | str | None = None) -> None:
        for watcher in self._watchers:
            watcher(name, on, self._values.get(name, value))


def parse_fault(text: str) -> tuple[str, str | None]:
    """Split ``NAME`` or ``NAME=VALUE``, and see that there is such a fault.

    Raises
    ------
    InputError
        If there is none, or it can't have this value.
    """
    name, equals, value = text.partition("=")
    _value(_fault(name), value if equals else None)
    return name, (value if equals else None)


def _fault(name: str) -> Fault:
    try:
        return FAULTS[name]
    except KeyError:
        raise InputError(
            f"There is no fault {name!r}.", fix=f"Use one of: {', '.join(FAULTS)}."
        ) from None


def _value(fault: Fault, value: float | str | None) -> float | str | None:
    if value is None:
        return fault.usual
    if fault.usual is None:
        raise InputError(f"The fault {fault.name} has no value.", fix="Leave it out.")
    if isinstance(fault.usual, str):
        text = str(value)
        if fault.name == "start_refused" and text not in REFUSALS:
            raise InputError(
                f"A start is not refused for {text!r}.", fix=f"Use one of: {', '.join(REFUSALS)}."
            )
        return text
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    largest = 100.0 if fault.unit == "%" else 1e6
    # A clock may be set back; nothing else is less than nothing.
    if not (-largest if fault.unit == "ms" else 0.0) <= number <= largest:
        raise InputError(
            f"The fault {fault.name} can't have the value {value!r}.",
            fix=f"Give a number, {fault.unit}, up to {largest:g}.",
        )
    return number
