"""The page as a device: what its reports say about a drive, and what happens without it."""

import asyncio
import os
import stat
import time

import pytest

from dashgaze.collection.field.check import worst
from dashgaze.collection.field.device import DrivePlan
from dashgaze.collection.page import Cable, PagePhone, PageServer, limits, page_phone
from dashgaze.errors import DeviceError, MissingExtraError

PLAN = DrivePlan(session_id="s", minutes=1)
GOOD = {
    "battery_percent": 80,
    "charging": True,
    "wake_lock": True,
    "sound_dbfs": -30.0,
    "location_fix": True,
    "speed_m_s": 0.1,
    "spool_limit_bytes": 4 << 30,
    "clock": {"offset_ms": 12.0, "rtt_ms": 3.0, "host_ms": 1.7e12},
}
CAMERA = {"live": True, "fps": 30.0, "width_px": 1920, "height_px": 1080}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(limits, "CAMERAS_S", 0.1)
    monkeypatch.setattr(limits, "START_S", 0.3)
    monkeypatch.setattr(limits, "STOP_S", 0.5)
    monkeypatch.setattr(limits, "FAREWELL_S", 0.1)


def _with_phone(tools, folder, what):
    async def run():
        async with tools.serving(folder) as (server, page):
            await what(PagePhone(server, over_cable=False), page)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("report", "code", "level", "words"),
    [
        ({"battery_percent": 30, "charging": False}, "battery", "amber", "Plug"),
        ({"battery_percent": 9, "charging": True}, "battery", "red", "Plug"),
        ({"battery_percent": None}, "battery", "amber", "Look"),
        ({"wake_lock": False}, "screen", "amber", "battery saver"),
        ({"visible": False}, "screen", "red", "front"),
        ({"spool_limit_bytes": 10 << 20}, "storage", "amber", "private"),
        ({"sound_dbfs": -100.0}, "sound", "red", "microphone"),
        ({"sound_dbfs": None}, "sound", "amber", "Tap"),
        ({"location_fix": False}, "location", "amber", "open sky"),
        ({"clock": None}, "clock", "amber", "Wait"),
        ({"clock": GOOD["clock"] | {"rtt_ms": 90.0}}, "clock", "amber", "cable"),
        ({"driver": None, "one_camera": True, "role": "road"}, "driver", "red", "second device"),
        ({"road": None}, "road", "red", "Check the cameras"),
        ({"road": CAMERA | {"live": False}}, "road", "red", "Close other apps"),
        ({"road": CAMERA | {"fps": 12.0}}, "road", "amber", "cool"),
        ({"trouble": "The road camera was lost."}, "trouble", "red", "Look at the page"),
    ],
)
def test_every_fault_has_its_lamp_and_its_remedy(tools, tmp_path, report, code, level, words):
    async def look(phone, page):
        assert (await phone.check(PLAN))[0].level == "red"
        await page.beat(**GOOD)
        assert worst(await phone.check(PLAN)) == "green"
        await page.beat(**(GOOD | report))
        found = {check.code: check for check in await phone.check(PLAN)}
        bad = [name for name, check in found.items() if check.level != "green"]
        assert bad == [f"page.{code}"]
        assert found[f"page.{code}"].level == level
        assert words in found[f"page.{code}"].fix

    _with_phone(tools, tmp_path, look)


def test_two_pages_for_one_camera_are_one_too_many(tools, tmp_path):
    async def look(phone, page):
        await page.beat(**GOOD)
        second = tools.PlayedPage(page.session, page.server, "b")
        await second.beat(**GOOD)
        checks = {check.code: check for check in await phone.check(PLAN)}
        assert "2 pages film the road" in checks["page.road"].what

    _with_phone(tools, tmp_path, look)


def test_too_little_space_for_the_drive_is_told(tools, tmp_path, monkeypatch):
    async def look(phone, page):
        await page.beat(**GOOD)
        long = DrivePlan(session_id="s", minutes=1e9)
        disk = {check.code: check for check in await phone.check(long)}["page.disk"]
        assert disk.level == "red"

    _with_phone(tools, tmp_path, look)


def test_a_start_without_cameras_or_without_data_is_no_start(tools, tmp_path):
    async def look(phone, page):
        with pytest.raises(DeviceError, match="No page has its cameras open") as refused:
            await phone.start(PLAN)
        assert not refused.value.unknown
        assert phone.server.drive.state == "waiting"
        await page.beat(**GOOD)
        with pytest.raises(DeviceError, match="No data of road and driver") as silent:
            await phone.start(PLAN)
        assert silent.value.unknown, "the page may record all the same"
        assert await page.beat(**GOOD) == "record"

    _with_phone(tools, tmp_path, look)


def test_what_the_phone_still_holds_at_stop_is_told_and_taken_later(tools, tmp_path):
    async def look(phone, page):
        await phone.server.drive.enter("recording", "test")
        await page.open("1" * 32)
        await page.piece("1" * 32, 0, b"x")
        await page.post("end", json={"key": "1" * 32, "count": 2})
        with pytest.raises(DeviceError, match=r"road_1.webm is still on the phone") as held:
            await phone.stop()
        assert held.value.unknown
        assert (await page.piece("1" * 32, 1, b"y"))[0] == 200
        await phone.stop()
        await phone.stop()
        assert phone.result.parts[0].complete

    _with_phone(tools, tmp_path, look)


def test_health_never_raises_and_tells_growth_by_what_arrives(tools, tmp_path):
    async def look(phone, page):
        nobody = await phone.health()
        assert not nobody.reachable
        assert nobody.recording is None
        assert "goes on recording" in nobody.note
        await phone.server.drive.enter("recording", "test")
        await page.open("1" * 32)
        await page.beat(**(GOOD | {"state": "recording"}))
        await phone.health()
        assert (await phone.health()).growing is False
        await page.piece("1" * 32, 0, b"x" * 50)
        now = await phone.health()
        assert now.growing
        assert now.recorded_bytes == 50
        assert now.rates_hz == {"road": 30.0, "driver": 30.0}
        assert now.battery_percent == 80
        assert now.recorded_s < 10
        assert (await phone.clock_offset()).uncertainty_ms == 1.5

    _with_phone(tools, tmp_path, look)


@pytest.mark.skipif(os.name == "nt", reason="needs a script as adb")
def test_the_way_over_the_cable_is_made_for_every_phone(tmp_path, monkeypatch):
    log = tmp_path / "log"
    program = tmp_path / "adb"

    def adb(devices: str, rc: int = 0) -> None:
        program.write_text(
            f'#!/bin/sh\nif [ "$1" = devices ]; then printf "List\\n{devices}"; exit {rc}; fi\n'
            f'echo "$@" >> {log}\n'
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    adb("A1\\tdevice\\nB2\\tdevice\\nC3\\toffline\\n")
    assert asyncio.run(Cable(8765).connect()) is None
    assert log.read_text().splitlines() == [
        "-s A1 reverse tcp:8765 tcp:8765",
        "-s B2 reverse tcp:8765 tcp:8765",
    ]
    cable = Cable(8765)
    asyncio.run(cable.connect())
    assert not asyncio.run(cable.open_link("x")), "which of two phones?"
    log.unlink()
    adb("A1\\tdevice\\n")
    asyncio.run(cable.connect())
    assert asyncio.run(cable.open_link("http://localhost:8765/#token=a&role=b"))
    assert log.read_text().splitlines()[-1] == (
        "-s A1 shell am start -a android.intent.action.VIEW "
        "-d 'http://localhost:8765/#token=a&role=b'"
    )
    adb("A1\\tunauthorized\\n")
    assert "Allow USB debugging" in asyncio.run(Cable(8765).connect())
    adb("")
    assert "No phone" in asyncio.run(Cable(8765).connect())
    adb("", rc=1)
    assert "adb says" in asyncio.run(Cable(8765).connect())
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert "not installed" in asyncio.run(Cable(8765).connect())


@pytest.mark.skipif(os.name == "nt", reason="needs a script as adb")
def test_a_cable_that_was_pulled_is_connected_again(tmp_path, monkeypatch):
    log = tmp_path / "log"
    (tmp_path / "adb").write_text(
        f'#!/bin/sh\nif [ "$1" = devices ]; then printf "List\\nA1\\tdevice\\n"; fi\necho x >> {log}\n'
    )
    (tmp_path / "adb").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("dashgaze.collection.page.cable.AGAIN_S", 0.05)

    async def run() -> None:
        phone = PagePhone(PageServer(tmp_path / "drive", port=0))
        await phone.connect()
        first = len(log.read_text())
        end_s = time.monotonic() + 5
        while len(log.read_text()) < first + 4:
            assert time.monotonic() < end_s
            await asyncio.sleep(0.05)
        await phone.close()

    asyncio.run(run())


def test_without_aiohttp_it_says_what_to_install(monkeypatch):
    import importlib

    import dashgaze.collection.page as package

    monkeypatch.setattr("importlib.util.find_spec", lambda name, *rest: None)
    with pytest.raises(MissingExtraError, match=r"dashgaze\[collect\]"):
        importlib.reload(package)
    assert page_phone is not None


def test_what_is_waited_for_is_said_one_after_the_other(tools, tmp_path):
    async def what(phone, page):
        assert phone.awaited()[0].startswith("Open this link on the phone: http://localhost")
        steps = (
            ({"road": None, "driver": None, "state": "probing"}, "Check the cameras"),
            ({"driver": None, "one_camera": True, "role": "road"}, "On a second device"),
            ({"clock": None}, "measures its clock"),
            ({"sound_dbfs": None}, "measures its clock and its sound"),
            ({"sound_dbfs": -120.0}, "hears nothing yet"),
        )
        for report, words in steps:
            await page.beat(**({"road": CAMERA, "driver": CAMERA} | GOOD | report))
            assert words in phone.awaited()[0], words
        await page.beat(**({"road": CAMERA, "driver": CAMERA} | GOOD))
        assert phone.awaited() == ()
        red = {check.code for check in await phone.check(PLAN) if check.level == "red"}
        assert red == set()

    _with_phone(tools, tmp_path, what)
