"""What the app says about phone, glasses, sensors and recording.

Read by ourselves and with tolerance: one component that lacks a key must not hide all others, a sensor
that reports no stream error has none, and nothing is added that the device did not say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

Kind = Literal["Pupil Invisible", "Neon"]

_ENDED = ("STOP", "SAVE", "DISCARD")
_NO_SERIAL = ("", "-1")


@dataclass(frozen=True, kw_only=True)
class Phone:
    """The phone; None for what it did not say.

    Attributes
    ----------
    name, device_id
        As set in the app, and of the hardware.
    battery_percent, battery_state
        Level, and OK, LOW or CRITICAL.
    free_bytes, storage_state
        Free storage, and OK, LOW or CRITICAL.
    address, time_echo_port
        Where its clock can be asked.
    """

    name: str = ""
    device_id: str = ""
    battery_percent: float | None = None
    battery_state: str = ""
    free_bytes: int | None = None
    storage_state: str = ""
    address: str = ""
    time_echo_port: int | None = None


@dataclass(frozen=True, kw_only=True)
class Glasses:
    """Glasses that are plugged in.

    Attributes
    ----------
    kind
        What they are.
    serial
        Of the glasses, or of the module; empty if not told.
    scene_camera_serial
        Empty on a Neon, and if a Pupil Invisible has no scene camera on.
    """

    kind: Kind
    serial: str = ""
    scene_camera_serial: str = ""


@dataclass(frozen=True, kw_only=True)
class Sensor:
    """A sensor that streams directly.

    Attributes
    ----------
    name
        ``world``, ``gaze`` …
    connected
        Whether it is there.
    url
        Of its stream.
    parameters
        What the URL asks for, as the device says it.
    stream_error
        Whether its stream fails; None if the app does not tell, as all of Pupil Invisible's.
    """

    name: str
    connected: bool
    url: str
    parameters: str = ""
    stream_error: bool | None = None


@dataclass(frozen=True, kw_only=True)
class RunningRecording:
    """The recording that the app says is running.

    Attributes
    ----------
    recording_id
        Its id.
    length_s
        So far; None if not told.
    trouble
        What the app reports to be wrong with it; empty if nothing.
    """

    recording_id: str
    length_s: float | None = None
    trouble: str = ""


@dataclass(frozen=True, kw_only=True)
class CompanionStatus:
    """State of the device at a moment.

    Attributes
    ----------
    phone, glasses, sensors, recording
        What it has; sensors by name, those that stream directly only.
    unreadable
        Components that made no sense, in words.
    """

    phone: Phone = field(default_factory=Phone)
    glasses: Glasses | None = None
    sensors: Mapping[str, Sensor] = field(default_factory=lambda: MappingProxyType({}))
    recording: RunningRecording | None = None
    unreadable: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """What glasses these are, guessed from the sensors if none are plugged in."""
        if self.glasses is not None:
            return self.glasses.kind
        return "Neon" if "imu" in self.sensors else "Pupil Invisible"

    def connected(self, name: str) -> Sensor | None:
        """Give a sensor if it is connected."""
        sensor = self.sensors.get(name)
        return sensor if sensor is not None and sensor.connected else None

    def with_component(self, raw: Any) -> "CompanionStatus":
        """Give the status after a component changed. One that can't be read is noted, once."""
        try:
            model, data = raw["model"], raw["data"]
            if model == "Phone":
                return replace(self, phone=_phone(data))
            if model == "Hardware":
                return replace(self, glasses=_glasses(data))
            if model == "Recording":
                return replace(self, recording=_recording(data))
            if model == "Sensor":
                if data["conn_type"] != "DIRECT":
                    return self
                sensor = _sensor(data)
                return replace(
                    self, sensors=MappingProxyType({**self.sensors, sensor.name: sensor})
                )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            what = raw.get("model", "component") if isinstance(raw, dict) else "component"
            note = f"{what}: {type(error).__name__} {error}"
            if note in self.unreadable:
                return self
            return replace(self, unreadable=(*self.unreadable, note))
        return self  # events, other phones in the network, and what newer apps may add


def read_status(components: Iterable[Any]) -> CompanionStatus:
    """Read the answer to a question for the status.

    Raises
    ------
    ValueError
        If it holds no component that could be read: then it is no status.
    """
    status = CompanionStatus()
    for component in components:
        status = status.with_component(component)
    if status == CompanionStatus(unreadable=status.unreadable):
        raise ValueError("no component of a status")
    return status


def _phone(data: Mapping[str, Any]) -> Phone:
    port = data.get("time_echo_port")
    return Phone(
        name=str(data.get("device_name") or ""),
        device_id=str(data.get("device_id") or ""),
        battery_percent=_number(data.get("battery_level")),
        battery_state=str(data.get("battery_state") or ""),
        free_bytes=None if (free := _number(data.get("memory"))) is None else int(free),
        storage_state=str(data.get("memory_state") or ""),
        address=str(data.get("ip") or ""),
        time_echo_port=int(port) if port else None,
    )


def _glasses(data: Mapping[str, Any]) -> Glasses:
    module, glasses = _serial(data.get("module_serial")), _serial(data.get("glasses_serial"))
    # Versions are "1.0" and "2.0"; a module is what only a Neon has.
    neon = bool(module) or str(data.get("version", "")).startswith("2")
    return Glasses(
        kind="Neon" if neon else "Pupil Invisible",
        serial=module or glasses,
        scene_camera_serial=_serial(data.get("world_camera_serial")),
    )


def _sensor(data: Mapping[str, Any]) -> Sensor:
    name, parameters = str(data["sensor"]), str(data.get("params") or "")
    connected = data.get("connected", False) is True
    host, port = data.get("ip"), data.get("port")
    error = data.get("stream_error")
    return Sensor(
        name=name,
        connected=connected and bool(host) and bool(port),
        url=f"{data.get('protocol') or 'rtsp'}://{host}:{port}/?{parameters}",
        parameters=parameters,
        stream_error=error if isinstance(error, bool) else None,
    )


def _recording(data: Mapping[str, Any]) -> RunningRecording | None:
    action = str(data.get("action") or "START")
    if action in _ENDED:
        return None
    length_ns = _number(data.get("rec_duration_ns"))
    message = str(data.get("message") or "")
    return RunningRecording(
        recording_id=str(data["id"] or ""),
        length_s=None if length_ns is None else length_ns / 1e9,
        trouble=(message or "no reason given") if action == "ERROR" else "",
    )


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _serial(value: Any) -> str:
    text = str(value or "")
    return "" if text in _NO_SERIAL else text
