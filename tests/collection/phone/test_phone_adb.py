"""The phone over adb: what is said where it can't be used, and what its tools tell."""

import asyncio
import os
from dataclasses import fields, replace
from pathlib import Path

import pytest

from dashgaze.collection.field.check import worst
from dashgaze.collection.field.device import DrivePlan, FieldDevice
from dashgaze.collection.phone import (
    Adb,
    AdbPhone,
    CameraFiles,
    PhoneState,
    find_adb,
    phone_checks,
)
from dashgaze.collection.phone.fake_phone import GOOD_STATE
from dashgaze.collection.phone.phone_state import (
    parse_battery,
    parse_free_bytes,
    parse_switch,
    parse_thermal,
)
from dashgaze.errors import DeviceError

PLAN = DrivePlan(session_id="s07", minutes=30)


def checks_of(phone=None, plan=PLAN):
    found = asyncio.run((phone or AdbPhone()).check(plan))
    return {check.code.removeprefix("phone."): check for check in found}


def levels_of(phone=None, plan=PLAN):
    return {code: check.level for code, check in checks_of(phone, plan).items()}


class TestNoPhone:
    def test_no_adb_says_what_to_install(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("ANDROID_HOME", raising=False)
        monkeypatch.delenv("ANDROID_SDK_ROOT", raising=False)
        with pytest.raises(DeviceError, match="is not installed") as caught:
            AdbPhone()
        assert "apt install adb" in caught.value.fix

    def test_a_given_adb_that_is_none(self, tmp_path):
        with pytest.raises(DeviceError, match="no program that can be run"):
            find_adb(tmp_path / "adb")

    def test_androids_own_tools_are_found(self, fake_adb, tmp_path, monkeypatch):
        tools = tmp_path / "sdk" / "platform-tools"
        tools.mkdir(parents=True)
        (tmp_path / "bin" / "adb").rename(tools / "adb")
        monkeypatch.setenv("ANDROID_HOME", str(tmp_path / "sdk"))
        monkeypatch.setenv("PATH", os.pathsep.join(["/usr/bin", "/bin"]))
        assert find_adb() == tools / "adb"

    @pytest.mark.parametrize(
        ("devices", "what", "fix"),
        [
            ({}, "No phone is attached", "USB debugging"),
            ({"A1": "unauthorized"}, "not allowed this computer", "Allow"),
            ({"A1": "offline"}, "offline to adb", "Plug the cable out"),
            ({"A1": "no permissions"}, "this computer may not use it", "adb devices"),
            (
                {"A1": "device", "B2": "device"},
                r"2 phones are attached: A1 \(Example 8\)",
                "serial",
            ),
        ],
    )
    def test_each_state_has_its_sentence(self, fake_adb, devices, what, fix):
        fake_adb.set(devices=devices)
        with pytest.raises(DeviceError, match=what) as caught:
            asyncio.run(AdbPhone().connect())
        assert fix in caught.value.fix
        assert not caught.value.unknown

    def test_the_serial_number_chooses(self, fake_adb):
        fake_adb.set(devices={"A1": "device", "B2": "device"})
        phone = AdbPhone(Adb(serial="B2"))
        asyncio.run(phone.connect())
        assert phone.adb.serial == "B2"
        asyncio.run(phone.state())
        assert all(call[:2] == ["-s", "B2"] for call in fake_adb.calls() if call[0] != "devices")

    def test_a_serial_number_that_is_not_there(self, fake_adb):
        with pytest.raises(DeviceError, match="The phone Z9 is not attached"):
            asyncio.run(AdbPhone(Adb(serial="Z9")).connect())

    @pytest.mark.parametrize("state", ["unauthorized", "offline"])
    def test_trouble_after_it_was_found(self, fake_adb, state):
        phone = AdbPhone()
        asyncio.run(phone.connect())
        fake_adb.set(devices={"A1B2": state})
        found = checks_of(phone)
        assert found.keys() == {"reachable"}
        assert found["reachable"].level == "red"
        health = asyncio.run(phone.health())
        assert not health.reachable
        assert health.growing is None
        assert health.note

    def test_pulled_out_during_the_drive(self, fake_adb):
        phone = AdbPhone()
        asyncio.run(phone.connect())
        fake_adb.set(devices={})
        health = asyncio.run(phone.health())
        assert (health.reachable, health.recording) == (False, None)
        assert "not attached" in health.note


class TestChecks:
    def test_a_phone_in_order_is_green_but_for_the_reminder(self, fake_adb):
        levels = levels_of()
        assert levels.pop("stabilisation") == "amber"
        assert set(levels.values()) == {"green"}
        assert len(levels) == 13

    def test_one_that_is_not(self, fake_adb):
        fake_adb.become("OnePlus 8, Android 11")
        levels = levels_of()
        for code in ("battery", "temperature", "thermal", "concurrent", "do_not_disturb"):
            assert levels[code] == "amber"
        assert levels["aeroplane_mode"] == levels["rotation_lock"] == "amber"
        assert levels["battery_saver"] == "red"
        assert levels["camera_free"] == "green"
        assert "IN2013 with Android 11" in checks_of()["model"].what

    def test_two_apps_with_a_camera(self, fake_adb):
        fake_adb.become("Galaxy A52, Android 12")
        found = checks_of()
        assert found["camera_free"].level == "amber"
        assert "org.example.cam, com.example.calls" in found["camera_free"].what
        assert found["battery"].what == "The phone's battery is at 100 %, charging."

    def test_what_can_t_be_read_is_never_green(self, fake_adb):
        fake_adb.become("an old one, Android 5")
        fake_adb.set(no_nanoseconds=True)
        found = checks_of()
        for code in (
            "thermal",
            "clock",
            "camera_free",
            "do_not_disturb",
            "aeroplane_mode",
            "battery_saver",
            "rotation_lock",
        ):
            assert found[code].level == "amber"
            assert "could not be read" in found[code].what
        assert found["storage"].level == "red"  # 2.5 GB, by the old df

    def test_a_phone_that_tells_nothing_at_all(self, fake_adb):
        for path in (fake_adb.root / "texts").iterdir():
            path.write_text("")
        found = checks_of()
        green = {code for code, check in found.items() if check.level == "green"}
        assert green == {"storage", "clock"}  # the only two that it still told

    def test_a_folder_that_is_not_there(self, fake_adb):
        found = checks_of(AdbPhone(cameras=CameraFiles(folders=("/sdcard/Movies/it's me",))))
        assert found["folder"].level == "red"
        assert "/sdcard/Movies/it's me" in found["folder"].what

    def test_a_slow_camera_service_spoils_only_its_own_checks(self, fake_adb, monkeypatch):
        monkeypatch.setattr("dashgaze.collection.phone.adb_phone._CAMERAS_TIMEOUT_S", 0.01)
        levels = levels_of()
        assert levels["cameras"] == levels["camera_free"] == "amber"
        assert levels["battery"] == "green"

    def test_every_check_that_is_not_green_has_a_fix(self, fake_adb):
        fake_adb.become("OnePlus 8, Android 11")
        found = checks_of().values()
        assert worst(found) == "red"
        assert all(check.fix for check in found if check.level != "green")
        assert all(check.subject == "phone" for check in found)

    def test_it_is_a_field_device(self, fake_adb):
        assert isinstance(AdbPhone(), FieldDevice)


class TestJudgement:
    def levels(self, plan=PLAN, cameras=2, **values):
        state = replace(GOOD_STATE, **values)
        found = phone_checks(state, plan, cameras=cameras)
        return {check.code.removeprefix("phone."): check.level for check in found}

    @pytest.mark.parametrize(
        ("minutes", "free_gb", "level"),
        [(30, 18.1, "green"), (30, 17.9, "red"), (60, 30, "red"), (10, 6.1, "green")],
    )
    def test_space_for_twice_the_drive(self, minutes, free_gb, level):
        plan = DrivePlan(session_id="s", minutes=minutes)
        assert self.levels(plan, free_bytes=int(free_gb * 1e9))["storage"] == level

    def test_one_camera_needs_half(self):
        assert self.levels(free_bytes=9_100_000_000)["storage"] == "red"
        one = self.levels(free_bytes=9_100_000_000, cameras=1)
        assert one["storage"] == "green"
        assert "concurrent" not in one

    @pytest.mark.parametrize(
        ("celsius", "status", "battery", "thermal"),
        [(38.0, 1, "amber", "amber"), (43.1, 3, "red", "red"), (-2.0, 0, "amber", "green")],
    )
    def test_heat(self, celsius, status, battery, thermal):
        levels = self.levels(temperature_c=celsius, thermal_status=status)
        assert (levels["temperature"], levels["thermal"]) == (battery, thermal)

    @pytest.mark.parametrize(
        ("percent", "charging", "expected"),
        [
            (40, False, "green"),
            (30, False, "amber"),
            (20, True, "amber"),
            (20, False, "red"),
            (20, None, "red"),
            (5, True, "red"),
        ],
    )
    def test_battery(self, percent, charging, expected):
        levels = self.levels(battery_percent=float(percent), charging=charging)
        assert levels["battery"] == expected

    def test_clock(self):
        assert self.levels(clock_offset_ms=-2500.0)["clock"] == "amber"
        assert self.levels(clock_uncertainty_ms=150.0)["clock"] == "amber"

    @pytest.mark.parametrize(
        "name", [field.name for field in fields(PhoneState) if field.name != "folders"]
    )
    def test_whatever_can_t_be_read_is_amber(self, name):
        known = self.levels()
        levels = self.levels(**{name: None})
        if name == "charging":
            assert levels == known
        else:
            changed = {code for code, level in levels.items() if level != known[code]}
            assert len(changed) == 1
            assert {levels[code] for code in changed} == {"amber"}


class TestSlow:
    def test_a_phone_that_does_not_answer_is_not_waited_for(self, fake_adb, monkeypatch):
        phone = AdbPhone()
        asyncio.run(phone.connect())
        fake_adb.set(latency_s=5.0)
        with pytest.raises(DeviceError, match="did not answer within 0 s") as caught:
            asyncio.run(phone.adb.shell("date", timeout_s=0.2))
        assert caught.value.unknown

    def test_its_clock_is_told_within_half_the_round_trip(self, fake_adb):
        fake_adb.set(skew_s=-2.5)
        phone = AdbPhone()
        asyncio.run(phone.connect())
        offset = asyncio.run(phone.clock_offset())
        assert offset.uncertainty_ms < 50
        assert abs(offset.offset_ms + 2500) <= offset.uncertainty_ms + 0.1
        assert levels_of(phone)["clock"] == "amber"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("level: 50\nscale: 200\ntemperature: 250\nstatus: 3", (25.0, 25.0, False)),
        ("  USB powered: true\n  level: 7", (7.0, None, True)),
        ("level: -1\nscale: 100\ntemperature: 0", (None, None, None)),
        ("Can't find service: battery", (None, None, None)),
    ],
)
def test_battery_texts(text, expected):
    assert parse_battery(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/fuse 100 60 40 60% /x\n",
            40 * 1024,
        ),
        ("Filesystem   Size  Used  Free Blksize\n/sdcard 26.8G 24.3G 2.5G 4096", 2_684_354_560),
        ("df: /sdcard/x: No such file or directory", None),
        ("", None),
    ],
)
def test_space_texts(text, expected):
    assert parse_free_bytes(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("1\n", True), ("0", False), ("null\n", None)])
def test_switch_texts(text, expected):
    assert parse_switch(text) is expected


def test_thermal_texts():
    assert parse_thermal("IsStatusOverride: false\n  Thermal Status: 4\n") == 4
    assert parse_thermal("Can't find service: thermalservice") is None


def test_nothing_is_left_on_the_phone(fake_adb):
    phone = AdbPhone()
    asyncio.run(phone.check(PLAN))
    assert list(Path(fake_adb.root / "sdcard").rglob("*.*")) == []
