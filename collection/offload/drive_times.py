"""When a drive was, and what its devices call it: from ``field/``, as far as it tells."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..field.device import Role
from ..field.json_lines import parse_lines

_MOST_BYTES = 64 << 20


@dataclass(frozen=True, kw_only=True)
class DeviceTimes:
    """A device's part in the drive; None for what is not known.

    Attributes
    ----------
    recording_id
        Its own name for the recording; empty if it has none.
    start_ns, stop_ns
        When it was started and stopped, Unix time on this computer, ns.
    offset_ms
        Its clock minus this computer's.
    """

    recording_id: str = ""
    start_ns: int | None = None
    stop_ns: int | None = None
    offset_ms: float | None = None

    def on_device_ns(self, host_ns: int) -> int:
        """Give a time of this computer on the device's clock, ns."""
        return host_ns + round((self.offset_ms or 0.0) * 1e6)

    @property
    def interval_ns(self) -> tuple[int, int] | None:
        """When it recorded, on its own clock, ns; None if that is not known."""
        if self.start_ns is None or self.stop_ns is None or self.stop_ns <= self.start_ns:
            return None
        return self.on_device_ns(self.start_ns), self.on_device_ns(self.stop_ns)


@dataclass(frozen=True, kw_only=True)
class DriveTimes:
    """What ``field/journal.jsonl`` and ``field/clocks.json`` tell.

    Attributes
    ----------
    phone, tracker
        The devices.
    may_record
        Devices that were started and not stopped, as far as the journal goes.
    """

    phone: DeviceTimes = DeviceTimes()
    tracker: DeviceTimes = DeviceTimes()
    may_record: tuple[Role, ...] = ()


def read_drive_times(session: Path) -> DriveTimes:
    """Read them; what is missing, torn or not understood is left out."""
    found: dict[str, dict[str, Any]] = {"phone": {}, "tracker": {}}
    for line in read_json_lines(session / "field" / "journal.jsonl"):
        role, step, host_ns = line.get("role"), line.get("step"), line.get("host_ns")
        if not isinstance(role, str) or role not in found or type(host_ns) is not int:
            continue
        device = found[role]
        recording_id = line.get("recording_id")
        if step in ("started", "taken_over"):
            if isinstance(recording_id, str) and recording_id:
                device["recording_id"] = recording_id
            device.setdefault("start_ns", host_ns)
            device.pop("stop_ns", None)
        elif step in ("stopped", "ended"):
            device["stop_ns"] = host_ns
    offsets = _offsets_ms(session / "field" / "clocks.json")
    devices = {
        role: DeviceTimes(**values, offset_ms=offsets.get(role)) for role, values in found.items()
    }
    roles: tuple[Role, ...] = ("phone", "tracker")
    return DriveTimes(
        phone=devices["phone"],
        tracker=devices["tracker"],
        may_record=tuple(
            role
            for role in roles
            if devices[role].start_ns is not None and devices[role].stop_ns is None
        ),
    )


def read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Give the objects of a file of JSON lines; what a crash tore is left out."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return
        content = path.read_bytes()
    except OSError:
        return
    yield from parse_lines(content).entries


def _offsets_ms(path: Path) -> dict[str, float]:
    """Give the median offset of each device."""
    measured: dict[str, list[float]] = {}
    try:
        for each in json.loads(path.read_text(encoding="utf-8"))["measurements"]:
            measured.setdefault(str(each["role"]), []).append(float(each["offset_ms"]))
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return {}
    return {role: sorted(values)[len(values) // 2] for role, values in measured.items()}
