"""What a phone tells of itself, made of the texts that its own tools print."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

# Statuses of Android's BatteryManager: 2 charging, 5 full.
_CHARGING = ("2", "5")
_UNITS = {"": 1024, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}

SECTIONS: Mapping[str, str] = {
    "model": "getprop ro.product.manufacturer; getprop ro.product.model",
    "android": "getprop ro.build.version.release",
    "battery": "dumpsys battery",
    "thermal": "dumpsys thermalservice",
    "zen": "settings get global zen_mode",
    "aeroplane": "settings get global airplane_mode_on",
    "saver": "settings get global low_power",
    "rotation": "settings get system accelerometer_rotation",
    "features": "pm list features",
    "cameras": "dumpsys media.camera",
}
"""Which command of the phone tells what."""


@dataclass(frozen=True, kw_only=True)
class PhoneState:
    """A phone at a moment; None for what could not be read.

    Attributes
    ----------
    model, android
        Manufacturer and model, and the version of Android.
    battery_percent, temperature_c, charging
        Of the battery.
    thermal_status
        Android's: 0 none, 1 light, 2 moderate, 3 severe, 4 critical, 5 emergency, 6 shutdown.
    free_bytes
        Space where the camera writes.
    clock_offset_ms, clock_uncertainty_ms
        Phone minus computer, and half the shortest round trip.
    camera_count
        Number of cameras that apps can open.
    cameras_together
        Whether the phone promises that a front and a rear camera run at once. False is no proof that
        they don't.
    camera_users
        Apps that have a camera open.
    do_not_disturb, aeroplane_mode, battery_saver, rotation_locked
        Switches.
    folders
        For each watched folder whether it is there.
    """

    model: str | None = None
    android: str | None = None
    battery_percent: float | None = None
    temperature_c: float | None = None
    charging: bool | None = None
    thermal_status: int | None = None
    free_bytes: int | None = None
    clock_offset_ms: float | None = None
    clock_uncertainty_ms: float | None = None
    camera_count: int | None = None
    cameras_together: bool | None = None
    camera_users: tuple[str, ...] | None = None
    do_not_disturb: bool | None = None
    aeroplane_mode: bool | None = None
    battery_saver: bool | None = None
    rotation_locked: bool | None = None
    folders: Mapping[str, bool] | None = None


def parse_model(text: str) -> str | None:
    """Make one name of manufacturer and model, which often repeat each other."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return None
    if len(lines) > 1 and not lines[1].casefold().startswith(lines[0].casefold()):
        return f"{lines[0]} {lines[1]}"
    return lines[-1]


def parse_version(text: str) -> str | None:
    """Read the version of Android."""
    match = re.search(r"^\s*(\d[\w.]*)\s*$", text, re.MULTILINE)
    return match[1] if match else None


def parse_battery(text: str) -> tuple[float | None, float | None, bool | None]:
    """Read ``dumpsys battery``: level in per cent, temperature in °C, whether it is charged."""
    values = dict(re.findall(r"^\s*([A-Za-z ]+?)\s*:\s*(\S+)\s*$", text, re.MULTILINE))
    percent = temperature = charging = None
    level, scale = _whole(values.get("level")), _whole(values.get("scale")) or 100
    if level is not None and 0 <= level <= scale:
        percent = 100.0 * level / scale
    tenths = _whole(values.get("temperature"))
    if tenths is not None and tenths != 0:  # what has no sensor says 0
        temperature = tenths / 10
    powered = [value == "true" for key, value in values.items() if key.endswith("powered")]
    if "status" in values or powered:
        charging = values.get("status") in _CHARGING or any(powered)
    return percent, temperature, charging


def parse_thermal(text: str) -> int | None:
    """Read ``dumpsys thermalservice``: the status of the whole phone."""
    match = re.search(r"^\s*Thermal Status:\s*(\d)\s*$", text, re.MULTILINE)
    return int(match[1]) if match else None


def parse_free_bytes(text: str) -> int | None:
    """Read ``df``: the free space of the (only) file system that it lists.

    Android 6 and later print 1K blocks, like other Unixes; older ones sizes such as ``3.2G``.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    for head, values in pairwise(lines):
        for name in ("Available", "Avail", "Free"):
            if name in head and head.index(name) < len(values):
                return _size_bytes(values[head.index(name)])
    return None


def parse_switch(text: str) -> bool | None:
    """Read ``settings get``: a number, or ``null`` for what was never set."""
    value = text.strip()
    return int(value) != 0 if value.isdigit() else None


def parse_camera_count(text: str) -> int | None:
    """Read the number of cameras out of ``dumpsys media.camera``."""
    for pattern in (
        r"Number of normal camera devices:\s*(\d+)",
        r"Number of camera devices:\s*(\d+)",
    ):
        match = re.search(pattern, text)
        if match:
            return int(match[1])
    return None


def parse_camera_users(text: str) -> tuple[str, ...] | None:
    """Read out of ``dumpsys media.camera`` which apps have a camera open."""
    match = re.search(r"Active Camera Clients:\s*\n?\[(.*?)\]", text, re.DOTALL)
    if match is None:
        return None
    names = re.findall(r"Client Package Name:\s*([\w.]+)", match[1])
    return tuple(dict.fromkeys(names))


def parse_together(features: str) -> bool | None:
    """Read out of ``pm list features`` whether cameras may run at once."""
    if "feature:" not in features:
        return None
    return bool(
        re.search(r"^feature:android\.hardware\.camera\.concurrent\s*$", features, re.MULTILINE)
    )


def state_of(
    sections: Mapping[str, str],
    *,
    free_bytes: int | None,
    clock_ms: tuple[float, float] | None,
    folders: Mapping[str, bool] | None,
) -> PhoneState:
    """Make a state of what the phone printed, by the names of `SECTIONS`."""
    percent, temperature_c, charging = parse_battery(sections.get("battery", ""))
    cameras = sections.get("cameras", "")
    return PhoneState(
        model=parse_model(sections.get("model", "")),
        android=parse_version(sections.get("android", "")),
        battery_percent=percent,
        temperature_c=temperature_c,
        charging=charging,
        thermal_status=parse_thermal(sections.get("thermal", "")),
        free_bytes=free_bytes,
        clock_offset_ms=None if clock_ms is None else clock_ms[0],
        clock_uncertainty_ms=None if clock_ms is None else clock_ms[1],
        camera_count=parse_camera_count(cameras),
        cameras_together=parse_together(sections.get("features", "")),
        camera_users=parse_camera_users(cameras),
        do_not_disturb=parse_switch(sections.get("zen", "")),
        aeroplane_mode=parse_switch(sections.get("aeroplane", "")),
        battery_saver=parse_switch(sections.get("saver", "")),
        rotation_locked=_opposite(parse_switch(sections.get("rotation", ""))),
        folders=folders,
    )


def _opposite(value: bool | None) -> bool | None:
    return None if value is None else not value


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"-?\d{1,15}", text) else None


def _size_bytes(text: str) -> int | None:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)", text)
    return round(float(match[1]) * _UNITS[match[2]]) if match else None
