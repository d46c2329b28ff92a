"""What the app on the phone knows and decides: status, when it records, what it refuses."""

import math
import uuid
from collections.abc import Callable
from typing import Any, Protocol

from .clock import DeviceClock
from .faults import REFUSALS, FaultSwitches
from .options import DeviceOptions
from .template import TemplateForm

Component = dict[str, Any]
"""One part of the status, as the device sends it: ``{"model": …, "data": …}``."""

RTSP_OVER_WEBSOCKET_PORT = 8686
"""Port that the status names for browsers. The simulator does not serve it."""

_LOW_BATTERY_PERCENT, _CRITICAL_BATTERY_PERCENT = 15.0, 5.0
_LOW_STORAGE_BYTES, _CRITICAL_STORAGE_BYTES = 1_000_000_000, 200_000_000
_MS = 10**6
_SENSORS = {
    "pupil_invisible": ("world", "gaze"),
    "neon": ("world", "gaze", "imu", "eyes", "eye_events"),
}


class Refused(Exception):
    """The app refuses what it was asked for; the text is its message."""


class Recording(Protocol):
    """A recording that runs."""

    recording_id: str

    @property
    def byte_count(self) -> int:
        """About how much has been recorded."""

    def duration_ns(self) -> int:
        """Give its length so far."""

    def add_event(self, name: str, stamp_ns: int) -> None:
        """Keep an event."""


class CompanionApp:
    """The app's state and rules, without any network.

    Parameters
    ----------
    options, clock, faults
        The device.
    begin
        Starts a recording of a given id.
    finish
        Ends it, and saves it if asked to.
    """

    def __init__(
        self,
        options: DeviceOptions,
        clock: DeviceClock,
        faults: FaultSwitches,
        *,
        begin: Callable[[str], Recording],
        finish: Callable[[bool], None],
    ) -> None:
        self._options, self._clock, self._faults = options, clock, faults
        self._begin, self._finish = begin, finish
        self._start_ns = clock.steady_ns()
        self._listeners: list[Callable[[Component], None]] = []
        self._saved_bytes = 0
        self.recording: Recording | None = None
        self.template = TemplateForm()
        self.address = ""
        self.rtsp_port = self.time_echo_port = 0
        self._last_phone: Component = {}
        faults.watch(self._on_fault)

    def listen(self, listener: Callable[[Component], None]) -> Callable[[], None]:
        """Call `listener` with every change of the status; gives what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # ---- what the interface offers -----------------------------------------------------------

    def start(self) -> str:
        """Start a recording and give its id.

        Raises
        ------
        Refused
            For one of the reasons that the vendor documents. Missing glasses are none: then the recording
            runs and holds nothing until they are plugged in.
        """
        reason = self._reason_against_start()
        if reason:
            raise Refused(REFUSALS[reason])
        self.recording = self._begin(str(uuid.uuid4()))
        self._tell(self._recording_component(self.recording, "START"))
        return self.recording.recording_id

    def stop_and_save(self) -> tuple[str, int]:
        """Stop and save; gives id and length, ns.

        Raises
        ------
        Refused
            If nothing is recorded, the template has required fields, or the fault says so.
        """
        if self.recording is None:
            raise Refused("Recording not running")
        if self._faults.is_on("stop_refused"):
            raise Refused(self._faults.text("stop_refused"))
        if self._template_blocks():
            raise Refused(REFUSALS["template"])
        return self._end(self.recording, "STOP", "SAVE", save=True)

    def cancel(self) -> tuple[str, int]:
        """Stop and discard.

        Raises
        ------
        Refused
            If nothing is recorded.
        """
        if self.recording is None:
            raise Refused("Recording not running")
        return self._end(self.recording, "DISCARD", save=False)

    def add_event(self, name: str, stamp_ns: int | None) -> tuple[int, str | None]:
        """Take an event; gives its time, and the recording that keeps it, if there is one.

        Without a time it is stamped on arrival, to the millisecond.
        """
        stamp_ns = self._clock.now_ns() // _MS * _MS if stamp_ns is None else stamp_ns
        recording_id = None
        if self.recording is not None:
            self.recording.add_event(name, stamp_ns)
            recording_id = self.recording.recording_id
        data = {"name": name, "timestamp": stamp_ns, "recording_id": recording_id}
        self._tell({"model": "Event", "data": data})
        return stamp_ns, recording_id

    def status(self) -> list[Component]:
        """Give all components of the status."""
        found = [*self._sensor_components(connected=True)] if self.plugged else []
        found.append(self.phone_component())
        if self.plugged:
            found.append(self._hardware_component())
        if self.recording is not None:
            found.append(self._recording_component(self.recording))
        return found

    def tick(self) -> None:
        """Tell those who listen if battery or storage changed in what is shown of them."""
        phone = self.phone_component()
        shown = {**phone["data"], "memory": phone["data"]["memory"] // 10**8}
        if shown != self._last_phone:
            self._last_phone = shown
            self._tell(phone)

    # ---- the state --------------------------------------------------------------------------

    @property
    def plugged(self) -> bool:
        """Whether glasses are plugged in."""
        return not self._faults.is_on("unplugged")

    @property
    def has_scene_camera(self) -> bool:
        """Whether there is a scene camera."""
        return self.plugged and not self._faults.is_on("no_scene_camera")

    def battery_percent(self) -> float:
        """Give the phone's level."""
        if self._faults.is_on("low_battery"):
            return self._faults.number("low_battery")
        hours = (self._clock.steady_ns() - self._start_ns) / 3.6e12
        used = self._options.battery_percent_per_hour * hours
        return max(1.0, self._options.battery_percent - used)

    def storage_bytes(self) -> int:
        """Give the free space of the phone."""
        if self._faults.is_on("low_storage"):
            return round(self._faults.number("low_storage") * 1e9)
        used = self._saved_bytes + (0 if self.recording is None else self.recording.byte_count)
        return max(0, self._options.storage_bytes - used)

    def _reason_against_start(self) -> str:
        if self._faults.is_on("start_refused"):
            return self._faults.text("start_refused")
        if self.recording is not None:
            return "running"
        if self._template_blocks():
            return "template"
        if self.storage_bytes() < _LOW_STORAGE_BYTES:
            return "storage"
        if self.battery_percent() < _LOW_BATTERY_PERCENT:
            return "battery"
        return "wearer" if self._faults.is_on("no_wearer") else ""

    def _template_blocks(self) -> bool:
        return self._faults.is_on("required_template") and not self.template.answered

    def _end(self, recording: Recording, *actions: str, save: bool) -> tuple[str, int]:
        duration_ns = recording.duration_ns()
        ended = [self._recording_component(recording, action) for action in actions]
        self._saved_bytes += recording.byte_count if save else 0
        self.recording = None
        self._finish(save)
        for component in ended:
            self._tell(component)
        return recording.recording_id, duration_ns

    def _on_fault(self, name: str, on: bool, _value: float | str | None) -> None:
        if name == "unplugged":
            if not on:
                self._tell(self._hardware_component())
            for component in self._sensor_components(connected=not on):
                self._tell(component)
        elif name == "no_scene_camera" and self.plugged:
            for component in self._sensor_components(connected=True, camera=not on):
                if component["data"]["sensor"] == "world":
                    self._tell(component)
        elif name == "recording_error" and self.recording is not None:
            self._tell(self._recording_component(self.recording, "ERROR" if on else "START"))
        elif name in ("low_battery", "low_storage"):
            self.tick()

    def _tell(self, component: Component) -> None:
        for listener in list(self._listeners):
            listener(component)

    # ---- its components ---------------------------------------------------------------------

    def phone_component(self) -> Component:
        """Give the status of the phone."""
        battery, storage = self.battery_percent(), self.storage_bytes()
        return {
            "model": "Phone",
            "data": {
                "battery_level": math.ceil(battery),
                "battery_state": _state(battery, _LOW_BATTERY_PERCENT, _CRITICAL_BATTERY_PERCENT),
                "device_id": self._options.phone_id,
                "device_name": self._options.phone_name,
                "ip": self.address,
                "memory": storage,
                "memory_state": _state(storage, _LOW_STORAGE_BYTES, _CRITICAL_STORAGE_BYTES),
                "time_echo_port": self.time_echo_port,
            },
        }

    def _hardware_component(self) -> Component:
        if self._options.kind == "neon":
            data = {
                "frame_name": "Just act natural",
                "glasses_serial": "-1",
                "module_serial": "578001",
                "version": "2.0",
                "world_camera_serial": "-1",
            }
        else:
            data = {
                "glasses_serial": "sim01",
                "version": "1.0",
                "world_camera_serial": "cam01" if self.has_scene_camera else "-1",
            }
        return {"model": "Hardware", "data": data}

    def _sensor_components(self, *, connected: bool, camera: bool | None = None) -> list[Component]:
        camera = self.has_scene_camera if camera is None else camera
        found = []
        for conn_type, port in (
            ("WEBSOCKET", RTSP_OVER_WEBSOCKET_PORT),
            ("DIRECT", self.rtsp_port),
        ):
            for name in _SENSORS[self._options.kind]:
                data = {
                    "conn_type": conn_type,
                    "connected": connected and (camera or name != "world"),
                    "ip": self.address,
                    "params": f"camera={name}",
                    "port": port,
                    "protocol": "rtsp",
                    "sensor": name,
                }
                if self._options.kind == "neon":
                    data["stream_error"] = False
                found.append({"model": "Sensor", "data": data})
        return found

    def _recording_component(self, recording: Recording, action: str = "") -> Component:
        failed = self._faults.is_on("recording_error") and action in ("", "ERROR")
        return {
            "model": "Recording",
            "data": {
                "action": "ERROR" if failed else action or "START",
                "id": recording.recording_id,
                "message": self._faults.text("recording_error") if failed else "",
                "rec_duration_ns": recording.duration_ns(),
            },
        }


def _state(value: float, low: float, critical: float) -> str:
    return "CRITICAL" if value < critical else "LOW" if value < low else "OK"
