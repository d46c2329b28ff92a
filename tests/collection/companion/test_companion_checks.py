import time
from types import MappingProxyType

import pytest

from dashgaze.collection.companion.checks import (
    BYTES_PER_MINUTE,
    check_clock,
    check_heard,
    check_setup,
    check_sound,
    check_status,
)
from dashgaze.collection.companion.listening import Heard
from dashgaze.collection.companion.status import (
    CompanionStatus,
    Glasses,
    Phone,
    RunningRecording,
    Sensor,
)
from dashgaze.collection.field.check import Check
from dashgaze.collection.field.device import ClockOffset, DrivePlan
from dashgaze.errors import DeviceError

PLAN = DrivePlan(session_id="s", minutes=30)
SENSORS = MappingProxyType(
    {
        name: Sensor(name=name, connected=True, url="rtsp://x", parameters=f"camera={name}")
        for name in ("world", "gaze")
    }
)
GOOD = CompanionStatus(
    phone=Phone(battery_percent=80, battery_state="OK", free_bytes=64 * 10**9, storage_state="OK"),
    glasses=Glasses(kind="Pupil Invisible", serial="sim01"),
    sensors=SENSORS,
)
HEARD = Heard(gaze_hz=120, scene_hz=30, worn_share=1.0, lost_share=0.0)


def changed(**parts: object) -> CompanionStatus:
    values = {"phone": GOOD.phone, "glasses": GOOD.glasses, "sensors": SENSORS}
    return CompanionStatus(**(values | parts))  # type: ignore[arg-type]


def phone(**parts: object) -> CompanionStatus:
    values = {
        "battery_percent": 80,
        "battery_state": "OK",
        "free_bytes": 64 * 10**9,
        "storage_state": "OK",
    }
    return changed(phone=Phone(**(values | parts)))  # type: ignore[arg-type]


def one(checks: list[Check], code: str) -> Check:
    (found,) = [check for check in checks if check.code == f"tracker.{code}"]
    return found


def test_all_is_green_if_all_is_well() -> None:
    checks = check_status(GOOD, PLAN) + check_heard(HEARD)
    assert {check.level for check in checks} == {"green"}
    assert len({check.code for check in checks}) == len(checks) == 9


@pytest.mark.parametrize(
    ("percent", "state", "level"),
    [
        (40, "OK", "green"),
        (39, "OK", "amber"),
        (20, "OK", "amber"),
        (19, "OK", "red"),
        (80, "LOW", "amber"),
        (80, "CRITICAL", "red"),
        (None, "", "amber"),
    ],
)
def test_battery(percent: float | None, state: str, level: str) -> None:
    check = one(check_status(phone(battery_percent=percent, battery_state=state), PLAN), "battery")
    assert check.level == level


@pytest.mark.parametrize(
    ("minutes", "state", "level"),
    [
        (60, "OK", "green"),
        (59, "OK", "amber"),
        (29, "OK", "red"),
        (60, "LOW", "amber"),
        (60, "CRITICAL", "red"),
        (None, "OK", "amber"),
    ],
)
def test_storage_for_twice_the_drive(minutes: int | None, state: str, level: str) -> None:
    free = None if minutes is None else minutes * BYTES_PER_MINUTE
    check = one(check_status(phone(free_bytes=free, storage_state=state), PLAN), "storage")
    assert check.level == level


def test_without_glasses_only_they_are_asked_for() -> None:
    checks = check_status(changed(glasses=None, sensors=MappingProxyType({})), PLAN)
    assert one(checks, "glasses").level == "red"
    assert one(checks, "glasses").fix.startswith("Plug the glasses in")
    assert not [check for check in checks if "sensor" in check.code]


def test_a_scene_camera_that_was_taken_off_is_to_be_pressed_on() -> None:
    checks = check_status(changed(sensors=MappingProxyType({"gaze": SENSORS["gaze"]})), PLAN)
    check = one(checks, "scene_sensor")
    assert (check.level, check.fix) == (
        "red",
        "Press the scene camera onto the glasses until it clicks.",
    )


def test_stream_errors_count_only_where_the_app_tells_them() -> None:
    assert one(check_status(GOOD, PLAN), "gaze_sensor").level == "green"
    failing = Sensor(name="gaze", connected=True, url="rtsp://x", stream_error=True)
    sensors = MappingProxyType({**SENSORS, "gaze": failing})
    assert one(check_status(changed(sensors=sensors), PLAN), "gaze_sensor").level == "amber"


def test_a_recording_that_runs_may_be_taken_over() -> None:
    running = changed(recording=RunningRecording(recording_id="r", length_s=12.4))
    check = one(check_status(running, PLAN), "recording")
    assert (check.level, check.what) == ("amber", "A recording runs already, 12 s long.")
    assert "taken over" in check.fix


def test_parts_of_the_status_that_make_no_sense_are_told() -> None:
    check = one(check_status(changed(unreadable=("Sensor: KeyError 'sensor'",)), PLAN), "status")
    assert check.level == "amber"
    assert "KeyError" in check.what


@pytest.mark.parametrize(("offset_ms", "level"), [(999.0, "green"), (-1001.0, "amber")])
def test_the_clock_within_a_second(offset_ms: float, level: str) -> None:
    offset = ClockOffset(host_ns=time.time_ns(), offset_ms=offset_ms, uncertainty_ms=1.25)
    check = check_clock(offset, "")
    assert check.level == level
    assert f"{offset_ms:+.1f} ms (± 1.2)" in check.what


def test_a_clock_that_can_not_be_asked_says_why() -> None:
    check = check_clock(None, "The app is too old.")
    assert (check.level, check.what) == (
        "amber",
        "The phone's clock could not be compared: The app is too old.",
    )


def test_what_a_pupil_invisible_does_not_tell_is_to_be_looked_at() -> None:
    check = check_setup("Pupil Invisible", None)
    assert check.level == "amber"
    assert "only when the start is refused" in check.what
    assert "Record audio" in check_sound(GOOD).fix
    assert check_sound(GOOD).level == "amber"


def test_a_neon_tells_questions_and_sound() -> None:
    assert check_setup("Neon", []).level == "green"
    check = check_setup("Neon", ["Driver's code"])
    assert check.level == "red"
    assert '"Driver\'s code"' in check.what
    loud = Sensor(name="world", connected=True, url="", parameters="camera=world&audioenable=on")
    neon = Glasses(kind="Neon", serial="1")
    assert (
        check_sound(changed(glasses=neon, sensors=MappingProxyType({"world": loud}))).level
        == "green"
    )
    assert "off, or the app is old" in check_sound(changed(glasses=neon)).what


@pytest.mark.parametrize(
    ("share", "level"), [(0.9, "green"), (0.89, "amber"), (0.5, "amber"), (0.49, "red")]
)
def test_glasses_have_to_be_worn(share: float, level: str) -> None:
    heard = Heard(gaze_hz=120, scene_hz=30, worn_share=share, lost_share=0)
    assert one(check_heard(heard), "worn").level == level


@pytest.mark.parametrize(
    ("rate_hz", "lost", "level"),
    [(45, 0, "green"), (44, 0, "amber"), (14, 0, "red"), (120, 0.06, "amber")],
)
def test_gaze_has_to_come(rate_hz: float, lost: float, level: str) -> None:
    heard = Heard(gaze_hz=rate_hz, scene_hz=30, worn_share=1, lost_share=lost)
    check = one(check_heard(heard), "gaze")
    assert check.level == level
    assert ("network loses" in check.fix) == (lost > 0)


def test_streams_that_stay_away_say_why_and_what_to_do() -> None:
    trouble = DeviceError("The stream was opened, but nothing came.", fix="Allow UDP.")
    heard = Heard(gaze_trouble=trouble, scene_trouble=trouble)
    checks = check_heard(heard)
    assert [check.code for check in checks] == ["tracker.gaze", "tracker.scene"]
    for check in checks:
        assert check.level == "red"
        assert check.what.endswith("The stream was opened, but nothing came.")
        assert check.fix == "Allow UDP."


def test_where_streams_are_not_needed_their_absence_is_amber() -> None:
    assert {check.level for check in check_heard(Heard(), need_streams=False)} == {"amber"}
