"""Checks of form and computer, alerts, lamps, keys."""

import os
import shutil
from collections import namedtuple

import pytest

from dashgaze.collection.field.device import DrivePlan, Health
from dashgaze.collection.record import DeviceOptions, begin_drive, preflight, read_event_keys
from dashgaze.collection.record.alerts import Alert, Alerts
from dashgaze.collection.record.event_keys import COMMAND_KEYS, DEFAULT_EVENT_KEYS
from dashgaze.collection.record.form_checks import form_checks
from dashgaze.collection.record.host_checks import host_checks
from dashgaze.collection.record.host_clock import HostClock
from dashgaze.collection.record.keyboard import Keyboard, keys_of
from dashgaze.collection.record.watch import LAMP_HOLD_S, HealthWatch
from dashgaze.errors import InputError

PLAN = DrivePlan(session_id="s1", minutes=30.0)  # about 13.5 GB
Usage = namedtuple("Usage", "total used free")


def levels(checks):
    return {check.code: check.level for check in checks}


@pytest.mark.parametrize(("free_gb", "level"), [(30, "green"), (20, "amber"), (10, "red")])
def test_space_for_twice_the_drive_is_green(tmp_path, monkeypatch, free_gb, level):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: Usage(0, 0, free_gb * 1e9))
    assert levels(host_checks(tmp_path, PLAN))["host.space"] == level


def test_a_folder_that_does_not_exist_yet_is_checked_where_it_will_be(tmp_path):
    found = levels(host_checks(tmp_path / "a" / "b", PLAN))
    assert found["host.write"] in ("green", "amber")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_not_be_written_is_red(tmp_path, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    (check,) = [c for c in host_checks(tmp_path, PLAN) if c.code == "host.write"]
    assert (check.level, check.what.endswith("Permission denied.")) == ("red", True)


def test_a_clock_of_the_past_is_red(tmp_path):
    class Reset(HostClock):
        def now_ns(self):
            return 10**18

    assert levels(host_checks(tmp_path, PLAN, clock=Reset()))["host.clock"] == "red"


def test_adb_is_asked_for_only_where_it_is_needed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "host.adb" not in levels(host_checks(tmp_path, PLAN))
    assert levels(host_checks(tmp_path, PLAN, adb=True))["host.adb"] == "red"


def test_a_session_without_a_form_is_amber(tmp_path):
    assert levels(form_checks(tmp_path / "s1", PLAN)) == {"form.complete": "amber"}


def test_a_manifest_without_consent_is_red(tmp_path):
    (tmp_path / "session.yaml").write_text(
        "schema: dashgaze/session/1\nsession_id: s1\nphone: {road: phone/road.mp4}\n"
        "eye_tracker: {kind: neon, path: eye_tracker}\n"
    )
    found = levels(form_checks(tmp_path, PLAN))
    assert (found["form.consent"], found["form.driver_id"], found["form.car"]) == (
        "red",
        "red",
        "amber",
    )


def test_a_broken_manifest_is_red(tmp_path):
    (tmp_path / "session.yaml").write_text("a: [")
    assert levels(form_checks(tmp_path, PLAN)) == {"form.complete": "red"}


def test_devices_are_looked_at_at_once_and_one_that_hangs_is_red(fakes, tmp_path):
    import asyncio

    class Hanging(fakes.FakeDevice):
        async def check(self, plan):
            await asyncio.sleep(1e6)

    class Broken(fakes.FakeDevice):
        async def check(self, plan):
            raise KeyError("battery")

    devices = {
        "tracker": Hanging("tracker", tmp_path / "t.json"),
        "phone": Broken("phone", tmp_path / "p.json"),
    }
    found = fakes.in_jumping_time(preflight(tmp_path / "s1", devices, PLAN))
    red = {check.code: check.what for check in found.checks if check.level == "red"}
    assert "no answer within 40 s" in red["tracker.reachable"]
    assert "KeyError" in red["phone.reachable"]
    assert found.level == "red"
    assert not (tmp_path / "s1").exists()


class At(HostClock):
    def __init__(self):
        self.s = 0.0

    def monotonic_ns(self):
        return round(self.s * 1e9)


def seen(growing, reachable=True, **values):
    return Health(host_ns=0, reachable=reachable, growing=growing, **values)


def test_a_lamp_follows_growth_and_not_words():
    clock = At()
    watch = HealthWatch(None, ["phone"], clock)
    assert watch.lamp("phone") == "unknown"
    watch.saw("phone", seen(False, recording=True))
    assert watch.lamp("phone") == "off"
    watch.saw("phone", seen(True, recording=False))
    assert watch.lamp("phone") == "on"
    clock.s = LAMP_HOLD_S - 1  # files grow in steps
    watch.saw("phone", seen(False, recording=True))
    assert watch.lamp("phone") == "on"
    clock.s = LAMP_HOLD_S + 1
    assert watch.lamp("phone") == "off"
    watch.saw("phone", seen(None, reachable=False))
    assert watch.lamp("phone") == "gone"
    watch.saw("phone", seen(None, recording=True))
    assert watch.lamp("phone") == "unknown"


def test_an_alert_rings_once_and_again_only_after_a_while():
    alerts, bad = Alerts(), [Alert(code="phone.battery", text="low")]
    assert [len(alerts.update(t, bad)) for t in (0, 1, 2)] == [1, 0, 0]
    assert alerts.update(3, []) == ()
    assert alerts.update(5, bad) == ()  # it flickers
    assert [alert.code for alert in alerts.active] == ["phone.battery"]
    alerts.update(6, [])
    assert len(alerts.update(60, bad)) == 1


def test_low_gaze_has_to_last():
    alerts, low = Alerts(), [Alert(code="tracker.gaze", text="low")]
    assert [len(alerts.update(t, low)) for t in (0, 2, 3.1)] == [0, 0, 1]


def test_event_keys_are_added_and_replaced(tmp_path):
    path = tmp_path / "keys.yaml"
    path.write_text("k: cyclist\nt: [tunnel.in, tunnel.out]\n1: traffic.none\n")
    keys = {each.key: each.names for each in read_event_keys(path)}
    assert keys["k"] == ("cyclist",)
    assert keys["t"] == ("tunnel.in", "tunnel.out")
    assert keys["1"] == ("traffic.none",)
    assert len(keys) == len(DEFAULT_EVENT_KEYS) + 2


@pytest.mark.parametrize(
    "text",
    [*(f"{key}: x" for key in COMMAND_KEYS), "kk: x", "k: ''", "k: []", "k: 3", "- k", "k: a: b"],
)
def test_event_keys_that_can_not_be_are_refused(tmp_path, text):
    path = tmp_path / "keys.yaml"
    path.write_text(text)
    with pytest.raises(InputError):
        read_event_keys(path)


def test_default_keys_and_commands_do_not_meet():
    keys = [each.key for each in DEFAULT_EVENT_KEYS]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & set(COMMAND_KEYS)


def test_keys_have_names_and_arrows_none():
    assert keys_of("o\n\x7f\x1b") == ["o", "enter", "backspace", "escape"]
    assert keys_of("\x1b") == ["escape"]
    assert keys_of("\x1b[A") == []


def test_keys_come_from_a_pipe_until_it_is_closed():
    import asyncio

    async def main():
        reading, writing = os.pipe()
        try:
            async with Keyboard(reading) as keyboard:
                os.write(writing, b"oy")
                os.close(writing)
                first = [await asyncio.wait_for(keyboard.key(), 5) for _ in range(2)]
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(keyboard.key(), 0.05)
                return first
        finally:
            os.close(reading)

    assert asyncio.run(main()) == ["o", "y"]


def test_a_terminal_gives_single_keys_and_is_as_before_afterwards():
    import asyncio
    import pty
    import termios

    async def main():
        far, near = pty.openpty()
        before = termios.tcgetattr(near)
        async with Keyboard(near) as keyboard:
            os.write(far, b"o")  # no return
            key = await asyncio.wait_for(keyboard.key(), 5)
        after = termios.tcgetattr(near)
        os.close(far)
        os.close(near)
        return key, before[3] == after[3]

    assert asyncio.run(main()) == ("o", True)


def test_begin_writes_how_the_devices_are_named(tmp_path):
    from dashgaze.collection.record import Form, options_of, read_journal, replay

    form = Form(
        driver="P1",
        consent_version="1",
        consent_scope="raw",
        car="x",
        camera_position="under_mirror",
        weather="fog",
        lighting="day",
        eyewear="none",
        passengers=0,
        minutes=5.0,
        observer="AB",
        eye_tracker="neon",
    )
    options = DeviceOptions(
        tracker="192.0.2.1:8080", phone="adb:X1", phone_config={"count": 1, "start": "am start x"}
    )
    begin_drive(tmp_path / "s1", form, options)
    assert options_of(replay(read_journal(tmp_path / "s1"))) == options


def test_the_key_of_a_phones_page_is_shown_and_not_written(fakes, tmp_path):
    from dashgaze.collection.field.check import Check
    from dashgaze.collection.record.drive_folder import DriveFolder

    link = "Open http://localhost:8765/#token=ab-C_9 on the phone."

    class Page(fakes.FakeDevice):
        async def check(self, plan):
            return [Check(code="page.page", subject="phone", level="red", what="No.", fix=link)]

    folder = DriveFolder(tmp_path / "s1")
    folder.field.mkdir(parents=True)
    page = Page("phone", tmp_path / "p.json")
    found = fakes.in_jumping_time(preflight(folder.root, {"phone": page}, PLAN))
    assert found.checks[-1].fix == link
    written = folder.preflight.read_text()
    assert "ab-C_9" not in written
    assert "token=hidden on the phone." in written
