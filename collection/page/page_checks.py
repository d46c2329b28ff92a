"""What a page's reports say about whether the drive may start."""

from collections.abc import Sequence

from dashgaze.collection.field.check import Check, Level

from .drive import PageView
from .messages import Beat, Camera

GOOD_BATTERY_PERCENT = 40.0
EMPTY_BATTERY_PERCENT = 15.0
SILENT_DBFS = -70.0
MIN_FPS = 19.0
GOOD_CLOCK_MS = 20.0
"""Half of a round trip that tells the phone's clock well enough to find the sound's offset quickly."""

GOOD_SPOOL_MINUTES = 5.0
STREAM_BYTES_S = 1.5e6
"""What two cameras send a second, about; for what is said of storage."""


def page_checks(views: Sequence[PageView], url: str) -> list[Check]:
    """Look at the pages that are there.

    Parameters
    ----------
    views
        Their last reports.
    url
        The link that opens the page.
    """
    if not views:
        return [
            _check("page", "red", "No page is open.", f"Open this link on the phone: {url}"),
        ]
    beats = [view.beat for view in views]
    checks = [_check("page", "green", f"{_count(len(views), 'page')} connected.")]
    for stream in ("road", "driver"):
        checks.append(_camera(stream, beats))
    for beat in beats:
        where = "" if len(beats) == 1 else f" (the phone that films {_films(beat)})"
        checks += _phone(beat, where)
    return checks


def _phone(beat: Beat, where: str) -> list[Check]:
    return [
        _battery(beat, where),
        _awake(beat, where),
        _spool(beat, where),
        _sound(beat, where),
        _location(beat, where),
        _clock(beat, where),
        *_trouble(beat, where),
    ]


def _camera(stream: str, beats: Sequence[Beat]) -> Check:
    name = f"{stream} camera"
    mine = [beat for beat in beats if beat.role in ("both", stream)]
    found: list[Camera] = [
        camera for beat in mine if (camera := beat.road if stream == "road" else beat.driver)
    ]
    if len(mine) > 1:
        return _check(
            stream, "red", f"{len(mine)} pages film the {stream}.", "Close all but one of them."
        )
    if not found:
        if any(beat.one_camera for beat in beats):
            what = f"The phone can use one camera only; nobody films the {stream}."
            fix = "Open the link on a second device and choose the other camera there."
        else:
            what = f"No {name} yet."
            fix = "Press “Check the cameras” on the page."
        return _check(stream, "red", what, fix)
    camera = found[0]
    if not camera.live:
        fix = "Close other apps that use it, and press “Try again” or load the page again."
        return _check(stream, "red", f"The {name} has stopped.", fix)
    what = f"{camera.width_px} × {camera.height_px}, {camera.fps or 0:.0f} pictures a second."
    if camera.fps is None or camera.fps < MIN_FPS:
        fix = "Let the phone cool down, give it light, and close other apps."
        return _check(stream, "amber", f"{name.capitalize()}: {what}", fix)
    return _check(stream, "green", f"{name.capitalize()}: {what}")


def _battery(beat: Beat, where: str) -> Check:
    percent = beat.battery_percent
    if percent is None:
        return _check(
            "battery", "amber", f"The browser does not tell the battery{where}.", "Look at it."
        )
    what = f"Battery at {percent:.0f} %{', charging' if beat.charging else ''}{where}."
    if percent >= GOOD_BATTERY_PERCENT or (beat.charging and percent >= EMPTY_BATTERY_PERCENT):
        return _check("battery", "green", what)
    level: Level = "red" if percent < EMPTY_BATTERY_PERCENT else "amber"
    return _check("battery", level, what, "Plug the phone in.")


def _awake(beat: Beat, where: str) -> Check:
    if not beat.visible:
        fix = "Bring the page to the front: in the background the browser stops the cameras."
        return _check("screen", "red", f"The page is in the background{where}.", fix)
    if beat.wake_lock:
        return _check("screen", "green", f"The screen stays on{where}.")
    fix = "Switch battery saver off, and set the screen to go off after 30 minutes."
    return _check("screen", "amber", f"The screen may go off, and the cameras with it{where}.", fix)


def _spool(beat: Beat, where: str) -> Check:
    free = max(0, beat.spool_limit_bytes - beat.spool_bytes)
    minutes = free / STREAM_BYTES_S / 60
    what = f"The phone can hold about {minutes:.0f} minutes while the computer is away{where}."
    if minutes >= GOOD_SPOOL_MINUTES:
        return _check("storage", "green", what)
    return _check("storage", "amber", what, "Free storage on the phone; use no private window.")


def _sound(beat: Beat, where: str) -> Check:
    level = beat.sound_dbfs
    if level is None:
        fix = "Tap the page once, and allow the microphone."
        return _check("sound", "amber", f"The sound is not measured{where}.", fix)
    if level < SILENT_DBFS:
        fix = "Close every app that uses the microphone, then load the page again."
        return _check("sound", "red", f"The microphone is silent ({level:.0f} dB){where}.", fix)
    return _check("sound", "green", f"Sound at {level:.0f} dB of full scale{where}.")


def _location(beat: Beat, where: str) -> Check:
    if beat.location_fix:
        return _check("location", "green", f"The position is known{where}.")
    fix = "Allow location in the browser, and wait under open sky."
    return _check("location", "amber", f"The position is not known yet{where}.", fix)


def _clock(beat: Beat, where: str) -> Check:
    if beat.clock is None:
        return _check("clock", "amber", f"The clock is not measured yet{where}.", "Wait 5 seconds.")
    error_ms = beat.clock.rtt_ms / 2
    what = f"Clock {beat.clock.offset_ms:+.1f} ± {error_ms:.1f} ms from this computer's{where}."
    if error_ms <= GOOD_CLOCK_MS:
        return _check("clock", "green", what)
    return _check("clock", "amber", what, "Use the cable instead of the wireless network.")


def _trouble(beat: Beat, where: str) -> list[Check]:
    if not beat.trouble:
        return []
    fix = "Look at the page; load it again if it does not go away."
    return [_check("trouble", "red", f"The page says: {beat.trouble}{where}", fix)]


def _films(beat: Beat) -> str:
    return "road and driver" if beat.role == "both" else f"the {beat.role}"


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"


def _check(code: str, level: Level, what: str, fix: str = "") -> Check:
    return Check(code=f"page.{code}", subject="phone", level=level, what=what, fix=fix)
