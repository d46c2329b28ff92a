"""What could spoil a drive, judged by what the phone tells of itself."""

from collections.abc import Iterator

from ..field.check import Check, Level
from ..field.device import DrivePlan
from .phone_state import PhoneState

BYTES_PER_CAMERA_HOUR = 9e9
"""What 1080p at 30 Hz in H.264 takes (17 to 20 Mbit/s)."""
# Space for twice the planned time: drives take longer than planned.
STORAGE_FACTOR = 2.0

_LEAST_PERCENT, _GOOD_PERCENT = 25, 40
# Phones throttle or close the camera at about 45 °C of the battery.
_WARM_C, _HOT_C = 38, 43
_COLD_C = 0
_LARGE_OFFSET_MS = 2000.0
_POOR_CLOCK_MS = 100.0
_THERMAL_NAMES = ("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")
_COOL_DOWN = "Shade it, put it before an air vent, take it off the charger, and wait some minutes."


def storage_minutes(free_bytes: int | None, *, cameras: int) -> float | None:
    """Give for how long cameras can record into some space, min."""
    if free_bytes is None:
        return None
    return free_bytes / (BYTES_PER_CAMERA_HOUR * cameras) * 60


def phone_checks(state: PhoneState, plan: DrivePlan, *, cameras: int = 2) -> list[Check]:
    """Judge a phone before a drive.

    What could not be read is amber, never green.

    Parameters
    ----------
    state
        What it tells.
    plan
        The drive.
    cameras
        How many cameras are to record.
    """
    judged = [
        *_identity(state),
        *_battery(state),
        *_heat(state),
        *_storage(state, plan, cameras),
        *_clock(state),
        *_cameras(state, cameras),
        *_switches(state),
    ]
    judged.append(
        _check(
            "stabilisation",
            "amber",
            "Image stabilisation, autofocus, zoom and lens switching can't be read over adb.",
            "Look into the camera app: stabilisation off, focus fixed at infinity, no zoom.",
        )
    )
    return judged


def _check(code: str, level: Level, what: str, fix: str = "") -> Check:
    return Check(code=f"phone.{code}", subject="phone", level=level, what=what, fix=fix)


def _unread(code: str, what: str) -> Check:
    return _check(
        code, "amber", f"{what} could not be read.", "Look at it on the phone; it may be fine."
    )


def _identity(state: PhoneState) -> Iterator[Check]:
    if state.model is None or state.android is None:
        yield _unread("model", "The phone's model or version of Android")
    else:
        yield _check(
            "model", "green", f"The phone is a {state.model} with Android {state.android}."
        )


def _battery(state: PhoneState) -> Iterator[Check]:
    percent = state.battery_percent
    if percent is None:
        yield _unread("battery", "The phone's battery level")
        return
    what = f"The phone's battery is at {percent:.0f} %"
    what += {True: ", charging.", False: ", not charging.", None: "."}[state.charging]
    if percent >= _GOOD_PERCENT:
        yield _check("battery", "green", what)
    elif percent >= _LEAST_PERCENT or (state.charging and percent >= 10):
        yield _check("battery", "amber", what, "Charge it during the drive, by cable.")
    else:
        yield _check("battery", "red", what, f"Charge it to {_GOOD_PERCENT} % at least.")


def _heat(state: PhoneState) -> Iterator[Check]:
    celsius, status = state.temperature_c, state.thermal_status
    if celsius is None:
        yield _unread("temperature", "The phone's temperature")
    else:
        what = f"The phone's battery has {celsius:.0f} °C."
        if celsius >= _HOT_C:
            yield _check("temperature", "red", what, _COOL_DOWN)
        elif celsius >= _WARM_C:
            yield _check("temperature", "amber", what, _COOL_DOWN)
        elif celsius <= _COLD_C:
            yield _check("temperature", "amber", what, "Warm it up: cold batteries give out early.")
        else:
            yield _check("temperature", "green", what)
    if status is None:
        yield _unread("thermal", "Whether the phone slows down from heat")
    elif status == 0:
        yield _check("thermal", "green", "The phone does not slow down from heat.")
    else:
        name = _THERMAL_NAMES[min(status, len(_THERMAL_NAMES) - 1)]
        level: Level = "red" if status >= 3 else "amber"
        yield _check("thermal", level, f"The phone slows down from heat ({name}).", _COOL_DOWN)


def _storage(state: PhoneState, plan: DrivePlan, cameras: int) -> Iterator[Check]:
    missing = [name for name, is_there in (state.folders or {}).items() if not is_there]
    if missing:
        yield _check(
            "folder",
            "red",
            f"The phone has no folder {', '.join(missing)}.",
            "Record a second with the camera app, then look where its file lies.",
        )
    minutes = storage_minutes(state.free_bytes, cameras=cameras)
    if minutes is None:
        yield _unread("storage", "The phone's free space")
        return
    needed = STORAGE_FACTOR * plan.minutes
    what = (
        f"The phone has space for {minutes:.0f} min of {cameras} "
        f"camera{'s' if cameras > 1 else ''}; {needed:.0f} min are needed for a drive of "
        f"{plan.minutes:.0f} min."
    )
    if minutes >= needed:
        yield _check("storage", "green", what)
    else:
        yield _check("storage", "red", what, "Make room: move verified recordings off the phone.")


def _clock(state: PhoneState) -> Iterator[Check]:
    offset, within = state.clock_offset_ms, state.clock_uncertainty_ms
    if offset is None or within is None:
        yield _unread("clock", "The phone's clock")
        return
    what = f"The phone's clock is {offset:+.1f} ± {within:.1f} ms from this computer's."
    if abs(offset) > _LARGE_OFFSET_MS:
        fix = "Let both take their time from the network, before aeroplane mode is switched on."
        yield _check("clock", "amber", what, fix)
    elif within > _POOR_CLOCK_MS:
        yield _check("clock", "amber", what, "Use another cable or port; sound still aligns them.")
    else:
        yield _check("clock", "green", what)


def _cameras(state: PhoneState, cameras: int) -> Iterator[Check]:
    if state.camera_count is None:
        yield _unread("cameras", "The number of cameras")
    elif state.camera_count < cameras:
        yield _check(
            "cameras",
            "red",
            f"The phone offers {state.camera_count} cameras; {cameras} are to record.",
            "Restart the phone, or use a second one for the driver.",
        )
    else:
        yield _check("cameras", "green", f"The phone offers {state.camera_count} cameras.")
    if cameras > 1:
        if state.cameras_together is None:
            yield _unread("concurrent", "Whether two cameras can run at once")
        elif state.cameras_together:
            yield _check("concurrent", "green", "The phone says that two cameras can run at once.")
        else:
            yield _check(
                "concurrent",
                "amber",
                "The phone does not promise that two cameras run at once; some do all the same.",
                "Record ten seconds with both and look at the files, or use a second phone.",
            )
    if state.camera_users is None:
        yield _unread("camera_free", "Whether another app has a camera open")
    elif len(state.camera_users) > 1:
        listed = ", ".join(state.camera_users)
        fix = "Close all of them but the one that is to record."
        yield _check("camera_free", "amber", f"Several apps have a camera open: {listed}.", fix)
    else:
        who = f"Only {state.camera_users[0]} has a camera open." if state.camera_users else ""
        yield _check("camera_free", "green", who or "No app has a camera open.")


def _switches(state: PhoneState) -> Iterator[Check]:
    yield _switch(
        "do_not_disturb",
        state.do_not_disturb,
        good=True,
        on="Do Not Disturb is on.",
        off="Do Not Disturb is off: a call or alarm can take the microphone.",
        fix="Switch on Do Not Disturb, alarms silenced.",
        bad="amber",
    )
    yield _switch(
        "aeroplane_mode",
        state.aeroplane_mode,
        good=True,
        on="Aeroplane mode is on.",
        off="Aeroplane mode is off: a call can stop the recording.",
        fix="Switch on aeroplane mode, with location left on.",
        bad="amber",
    )
    yield _switch(
        "battery_saver",
        state.battery_saver,
        good=False,
        on="Battery saver is on: it dims, slows and stops apps.",
        off="Battery saver is off.",
        fix="Switch off battery saver.",
        bad="red",
    )
    yield _switch(
        "rotation_lock",
        state.rotation_locked,
        good=True,
        on="The screen's rotation is locked.",
        off="The screen turns by itself: a bump at the start can turn the video.",
        fix="Lock the rotation while the phone stands as it will record.",
        bad="amber",
    )


def _switch(
    code: str, value: bool | None, *, good: bool, on: str, off: str, fix: str, bad: Level
) -> Check:
    if value is None:
        return _unread(code, on.split(" is ")[0])
    what = on if value else off
    return _check(code, "green", what) if value is good else _check(code, bad, what, fix)
