"""What could spoil a drive, judged from what the tracker says and sends."""

from dashgaze.errors import DeviceError

from ..field.check import Check, Level
from ..field.device import ClockOffset, DrivePlan
from .listening import LISTEN_S, Heard
from .refusals import fix_for_refusal
from .status import CompanionStatus, Kind
from .stream import ASLEEP_FIX

BYTES_PER_MINUTE = 150_000_000
"""What a minute of recording takes on the phone: two eye videos as JPEG, 200 a second of about 4 kB
each, are 96 MB; a scene video of 7 Mbit/s is 53 MB. An estimate on the safe side, not a promise."""
STORAGE_MARGIN = 2.0
GOOD_BATTERY_PERCENT, LEAST_BATTERY_PERCENT = 40.0, 20.0
LARGEST_CLOCK_OFFSET_MS = 1000.0
GOOD_WORN_SHARE, LEAST_WORN_SHARE = 0.9, 0.5
GOOD_GAZE_HZ, LEAST_GAZE_HZ = 45.0, 15.0
"""A Pupil Invisible sends 50 to 120 Hz in real time, newer phones up to 200."""
GOOD_SCENE_HZ, LEAST_SCENE_HZ = 24.0, 5.0
MOST_LOST_SHARE = 0.05

_CHARGE = "Charge the phone; the glasses take its only socket, so do it before the drive."
_STORAGE_FIX = "Delete recordings from the phone that have been offloaded and verified, then empty the app's trash."
_NOT_SEEN = "The app did not say."


def _check(code: str, level: Level, what: str, fix: str = "") -> Check:
    return Check(
        code=f"tracker.{code}",
        subject="tracker",
        level=level,
        what=what,
        fix="" if level == "green" else fix,
    )


def check_unreachable(error: DeviceError) -> Check:
    """Give the check of a device that does not answer."""
    return _check("reachable", "red", error.what, error.fix or "Open the Companion app.")


def check_status(status: CompanionStatus, plan: DrivePlan) -> list[Check]:
    """Check what the status tells."""
    found = [
        _glasses(status),
        *([_sensor(status, name) for name in ("world", "gaze")] if status.glasses else []),
        _battery(status),
        _storage(status, plan),
        _recording(status),
    ]
    if status.unreadable:
        found.append(
            _check(
                "status",
                "amber",
                f"Parts of the status can't be read: {'; '.join(status.unreadable[:3])}.",
                "Update the Companion app, or dashgaze; drive if all else is green.",
            )
        )
    return found


def check_clock(offset: ClockOffset | None, why_not: str) -> Check:
    """Check the clock."""
    if offset is None:
        return _check(
            "clock",
            "amber",
            f"The phone's clock could not be compared: {why_not}",
            "Set the phone's clock to network time; synchronisation then rests on sound alone.",
        )
    what = (
        f"The phone's clock is {offset.offset_ms:+.1f} ms (± {offset.uncertainty_ms:.1f}) from this "
        "computer's."
    )
    if abs(offset.offset_ms) <= LARGEST_CLOCK_OFFSET_MS:
        return _check("clock", "green", what)
    return _check(
        "clock",
        "amber",
        what,
        "Set both clocks to network time, before the glasses are plugged in: the app takes the time when "
        "its sensors start.",
    )


def check_setup(kind: Kind, questions: list[str] | None) -> Check:
    """Check wearer, workspace and template, as far as the app tells."""
    if questions:
        listed = ", ".join(f'"{title}"' for title in questions)
        return _check(
            "setup",
            "red",
            f"The template has required questions without an answer: {listed}.",
            fix_for_refusal("template"),
        )
    if questions is not None:
        return _check("setup", "green", "The template has no open required question.")
    return _check(
        "setup",
        "amber",
        f"Wearer, workspace and template can't be seen over the network on a {kind}: what is missing "
        "shows only when the start is refused.",
        "Look at the phone: a wearer and a workspace are chosen, and the template has no required "
        "questions.",
    )


def check_sound(status: CompanionStatus) -> Check:
    """Check that the microphone is on, as far as the app tells."""
    world = status.sensors.get("world")
    if world is not None and "audioenable=on" in world.parameters:
        return _check("sound", "green", "Sound is recorded.")
    if status.kind == "Neon":
        what = "The app does not say that it records sound: it is off, or the app is old."
    else:
        what = "Whether sound is recorded can't be seen over the network on a Pupil Invisible."
    return _check(
        "sound",
        "amber",
        what,
        "Look at the phone: Settings, Record audio must be on; it is off by default, and "
        "synchronisation needs it.",
    )


def check_heard(heard: Heard, *, need_streams: bool = True) -> list[Check]:
    """Check what was heard of gaze and scene camera."""
    worst: Level = "red" if need_streams else "amber"
    listened = f"in {LISTEN_S:g} s of listening"
    if not heard.gaze_hz:
        gaze = _check(
            "gaze",
            worst,
            "No gaze came. " + _why(heard.gaze_trouble),
            (heard.gaze_trouble and heard.gaze_trouble.fix) or ASLEEP_FIX,
        )
    else:
        lost = heard.lost_share or 0.0
        good = heard.gaze_hz >= GOOD_GAZE_HZ and lost <= MOST_LOST_SHARE
        level: Level = "green" if good else "amber" if heard.gaze_hz >= LEAST_GAZE_HZ else worst
        fix = "Close other apps on the phone and let it cool; unplug and plug in the glasses."
        if lost > MOST_LOST_SHARE:
            fix = (
                "The network loses gaze: bring phone and computer closer together, or use the phone's "
                "hotspot. The phone itself records all."
            )
        gaze = _check(
            "gaze",
            level,
            f"Gaze comes at {heard.gaze_hz:.0f} Hz, {lost:.0%} of it lost on the way ({listened}).",
            fix,
        )
    found = [gaze]
    if heard.worn_share is not None:
        share = heard.worn_share
        found.append(
            _check(
                "worn",
                "green"
                if share >= GOOD_WORN_SHARE
                else "amber"
                if share >= LEAST_WORN_SHARE
                else "red",
                f"Glasses worn in {share:.0%} of gaze samples ({listened}).",
                "Put the glasses on the driver, close to the eyes; hair and mask away from the cameras.",
            )
        )
    scene_level: Level = (
        "green"
        if heard.scene_hz >= GOOD_SCENE_HZ
        else "amber"
        if heard.scene_hz >= LEAST_SCENE_HZ
        else worst
    )
    what = f"The scene camera gives {heard.scene_hz:.0f} pictures a second ({listened})."
    fix = (
        "Press the scene camera firmly on, or unplug and plug in the glasses; with few pictures, bring "
        "phone and computer closer together."
    )
    if not heard.scene_hz:
        what = "No picture of the scene camera came. " + _why(heard.scene_trouble)
        fix = (heard.scene_trouble and heard.scene_trouble.fix) or ASLEEP_FIX
    found.append(_check("scene", scene_level, what, fix))
    return found


def _why(trouble: DeviceError | None) -> str:
    return trouble.what if trouble else "The stream was silent."


def _glasses(status: CompanionStatus) -> Check:
    glasses = status.glasses
    if glasses is None:
        return _check(
            "glasses",
            "red",
            "No glasses are plugged into the phone.",
            "Plug the glasses in, and allow the app to use them if it asks.",
        )
    serial = f" {glasses.serial}" if glasses.serial else ""
    return _check("glasses", "green", f"{glasses.kind}{serial} is plugged in.")


def _sensor(status: CompanionStatus, name: str) -> Check:
    label = "scene camera" if name == "world" else name
    code = "scene_sensor" if name == "world" else "gaze_sensor"
    sensor = status.connected(name)
    if sensor is None:
        fix = (
            "Press the scene camera onto the glasses until it clicks."
            if name == "world" and status.kind == "Pupil Invisible"
            else "Unplug and plug in the glasses; restart the app if that does not help."
        )
        return _check(code, "red", f"The app has no {label}.", fix)
    if sensor.stream_error:
        return _check(
            code,
            "amber",
            f"The app reports that the {label} does not stream well.",
            "Unplug and plug in the glasses.",
        )
    return _check(code, "green", f"The {label} is connected.")


def _battery(status: CompanionStatus) -> Check:
    level, state = status.phone.battery_percent, status.phone.battery_state
    if level is None:
        return _check("battery", "amber", f"Battery: {_NOT_SEEN}", "Look at the phone.")
    what = f"Battery at {level:.0f} %" + (f", {state}." if state not in ("", "OK") else ".")
    if level < LEAST_BATTERY_PERCENT or state == "CRITICAL":
        return _check("battery", "red", what, _CHARGE)
    good = level >= GOOD_BATTERY_PERCENT and state != "LOW"
    return _check("battery", "green" if good else "amber", what, _CHARGE)


def _storage(status: CompanionStatus, plan: DrivePlan) -> Check:
    free, state = status.phone.free_bytes, status.phone.storage_state
    if free is None:
        return _check("storage", "amber", f"Storage: {_NOT_SEEN}", "Look at the phone.")
    minutes = free / BYTES_PER_MINUTE
    what = (
        f"{free / 1e9:.1f} GB free, enough for about {minutes:.0f} min; {plan.minutes:g} min are planned"
    ) + (f" ({state})." if state not in ("", "OK") else ".")
    if minutes < plan.minutes or state == "CRITICAL":
        return _check("storage", "red", what, _STORAGE_FIX)
    good = minutes >= STORAGE_MARGIN * plan.minutes and state != "LOW"
    return _check("storage", "green" if good else "amber", what, _STORAGE_FIX)


def _recording(status: CompanionStatus) -> Check:
    recording = status.recording
    if recording is None:
        return _check("recording", "green", "No recording runs.")
    length = "" if recording.length_s is None else f", {recording.length_s:.0f} s long"
    return _check(
        "recording",
        "amber",
        f"A recording runs already{length}.",
        "If it is this drive's, start: it is taken over. If not, stop and save it on the phone first.",
    )
