"""The page in a real browser with made-up cameras and microphone.

Needs Playwright's Python package and a Chromium of the system; skips without.
"""

import asyncio
import io
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dashgaze.collection.field.device import DrivePlan, FieldDevice
from dashgaze.collection.location import read_location
from dashgaze.collection.page import PagePhone, PageServer, limits
from dashgaze.collection.page.remux import read_part
from dashgaze.errors import DeviceError
from dashgaze.media import probe, read_frame_times, read_sound

PLAN = DrivePlan(session_id="drive", minutes=1)
# small pictures: the coding of two videos has to fit beside everything else on a busy machine
QUERY = "probe=1&road=320x240&driver=320x240&fps=20&min_fps=8"
SERVE = (
    "import typer; from dashgaze.cli.collect.serve import serve_command;"
    "app = typer.Typer(); app.command()(serve_command); app()"
)
# A headless browser has no screen to keep on, and its made-up place does not move.
MOVING_AND_AWAKE = """
window.locks = [];
Object.defineProperty(navigator, 'wakeLock', {value: {request: async () => {
    const lock = new EventTarget();
    lock.released = false;
    lock.release = async () => { lock.released = true; lock.dispatchEvent(new Event('release')); };
    window.locks.push(lock);
    return lock;
}}});
navigator.geolocation.watchPosition = (tell) => {
    const coords = {latitude: 48.1, longitude: 11.5, accuracy: 4, altitude: null, speed: 14, heading: 90};
    setInterval(() => tell({coords, timestamp: Date.now()}), 500);
    return 1;
};
"""
STREAMS = ("road", "driver")
HANGING_OVER = """() => [...document.body.querySelectorAll('*')].filter(e => {
    const r = e.getBoundingClientRect();
    return r.width > 2 && (r.right > document.documentElement.clientWidth + 1 || r.left < -1);
}).map(e => e.outerHTML.slice(0, 120))"""


def _link(url: str, query: str = QUERY) -> str:
    return url.replace("/#", f"/?{query}#")


async def _ready(context, url: str, *, query: str = QUERY):
    page = await context.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda line: line.type == "error" and page.faults.append(line.text))
    await page.goto(_link(url, query))
    await page.click("#begin", timeout=15_000)
    await page.wait_for_selector("#ready:not([hidden]), #failed:not([hidden])", timeout=45_000)
    assert await page.is_visible("#ready"), await page.inner_text("main")
    return page


async def _until(true, *, within_s: float = 20.0) -> None:
    end_s = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end_s, "waited in vain"
        await asyncio.sleep(0.05)


async def _levels(phone: PagePhone, *, within_s: float = 15.0) -> dict[str, str]:
    """Look until all is green, or time is up: pings, a beep and a fix take their time.

    Screen and cameras are no part of it: they may well stay amber here.
    """
    end_s = time.monotonic() + within_s
    while True:
        levels = {check.code: check.level for check in await phone.check(PLAN)}
        waited_for = levels.keys() - {"page.screen", "page.road", "page.driver"}
        if {levels[code] for code in waited_for} == {"green"} or time.monotonic() > end_s:
            return levels
        await asyncio.sleep(0.1)


def _sent_s(folder: Path, name: str) -> float:
    path = folder / "field/page" / name
    content = read_part(path) if path.exists() and path.stat().st_size else None
    return 0.0 if content is None else content.end_s


def _both_sent_s(folder: Path) -> float:
    return min(_sent_s(folder, f"{name}_1.webm") for name in STREAMS)


@pytest.mark.slow
def test_both_cameras_are_recorded_with_sound_and_position(tools, tmp_path, monkeypatch):
    drive = tmp_path / "drive"

    async def run() -> PagePhone:
        phone = PagePhone(PageServer(drive, port=0))
        assert isinstance(phone, FieldDevice)
        await phone.connect()
        try:
            monkeypatch.setattr(limits, "CAMERAS_S", 0.1)
            with pytest.raises(DeviceError, match="No page has its cameras open"):
                await phone.start(PLAN)
            red = {check.code for check in await phone.check(PLAN) if check.level == "red"}
            assert red == {"page.page"}
            async with tools.browsing(tmp_path / "profile") as context:
                page = await _ready(context, phone.url)
                levels = await _levels(phone)
                assert levels.pop("page.screen") in ("green", "amber")  # no screen without a head
                assert {levels.pop("page.road"), levels.pop("page.driver")} <= {"green", "amber"}
                assert set(levels.values()) == {"green"}, levels
                offset = await phone.clock_offset()
                assert abs(offset.offset_ms) <= offset.uncertainty_ms + 5.0

                started = await phone.start(PLAN)
                assert abs(started.device_ns - time.time_ns()) < 2e9
                assert await page.is_visible("#black")
                await phone.health()
                await _until(lambda: _both_sent_s(drive) > 2.0)
                during = await phone.health()
                assert during.reachable
                assert during.recording
                assert during.growing
                assert during.recorded_bytes > 10_000
                assert during.sound_dbfs > -40
                assert during.location_fix
                assert min(during.rates_hz.values()) > 5
                again = await phone.start(PLAN)
                assert again.host_ns - started.host_ns < 30e9, "taken over, not started again"
                await phone.mark("overtake", time.time_ns())
                await _until(lambda: _both_sent_s(drive) > 4.0)
                # nothing to be seen while driving: every point is black
                shown = np.asarray(Image.open(io.BytesIO(await page.screenshot())).convert("L"))
                assert shown.max() == 0

                await phone.stop()
                await phone.stop()
                await page.wait_for_selector("#done:not([hidden])", timeout=5000)
                assert (await phone.health()).recording is False
                assert page.faults == []
        finally:
            await phone.close()
        return phone

    phone = asyncio.run(run())
    result = phone.result
    assert result.notes == []
    assert [part.complete for part in result.parts] == [True, True]
    assert [part.start_from_frames for part in result.parts] == [True, True]
    for name in ("road", "driver"):
        path = drive / f"phone/{name}.webm"
        info, times_s = probe(path), read_frame_times(path).time_s
        assert (info.video.width_px, info.video.height_px) == (320, 240)
        assert 4.0 < info.duration_s < 20.0
        assert info.duration_s == pytest.approx(times_s[-1], abs=1.0)
        # the fake camera gives 20 a second; a busy machine loses some
        assert np.median(np.diff(times_s)) == pytest.approx(0.05, abs=0.01)
        assert len(times_s) > 0.5 * 20 * info.duration_s
        sound = read_sound(path, rate_hz=16_000)
        assert np.abs(sound.samples).max() > 0.05
        assert sound.duration_s == pytest.approx(info.duration_s, abs=0.5)
    # One microphone in both files: its beeps tell how far apart they began.
    beeps = [
        _first_beeps_s(drive / f"phone/{name}.webm", after_s=1.0 + shift)
        for name, shift in (("road", 0.0), ("driver", -result.driver_offset_s))
    ]
    # The made-up cameras come too evenly to tell which frame was the first: the sound tells it.
    assert result.driver_offset_error_ms <= 15.0
    assert beeps[0] - beeps[1] == pytest.approx(result.driver_offset_s, abs=0.010)
    assert read_location(drive / result.location).latitude_deg[0] == pytest.approx(48.137)
    journal = (drive / "field/page/journal.jsonl").read_text()
    assert '"overtake"' in journal
    files = asyncio.run(phone.files())
    assert {file.target for file in files} == {
        "phone/road.webm",
        "phone/driver.webm",
        "phone/location.csv",
    }


def _first_beeps_s(path: Path, *, after_s: float) -> float:
    sound = read_sound(path, rate_hz=16_000)
    loud = np.flatnonzero(np.abs(sound.samples) > 0.02) / 16_000 + sound.start_s
    starts = loud[np.flatnonzero(np.diff(loud, prepend=-9.0) > 0.1)]
    return float(starts[starts > after_s - 0.1][0])


@pytest.mark.slow
def test_a_killed_server_costs_nothing_and_the_observer_stops_by_hand(tools, tmp_path):
    """kill -9, three seconds without a server, the same command again, then held on the phone."""
    drive = tmp_path / "drive"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", SERVE, str(drive), "--port", str(port)]

    def start() -> subprocess.Popen:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    async def run(server: subprocess.Popen) -> bytes:
        token_path = drive / "field/page/token"
        await _until(lambda: token_path.exists() and token_path.read_text().strip())
        url = f"http://localhost:{port}/#token={token_path.read_text().strip()}"
        async with tools.browsing(tmp_path / "profile") as context:
            page = await _ready(context, url)
            await page.click("#start")
            await _until(lambda: _sent_s(drive, "road_1.webm") > 2.0)
            server.send_signal(signal.SIGKILL)
            server.wait()
            before = _sent_s(drive, "road_1.webm")
            await asyncio.sleep(3)
            assert _sent_s(drive, "road_1.webm") == before
            again = start()
            try:
                await _until(lambda: _sent_s(drive, "road_1.webm") > before + 4.0)
                box = await page.query_selector("#black")
                assert await box.is_visible()
                await page.mouse.move(200, 400)
                await page.mouse.down()
                await asyncio.sleep(1.0)
                assert "Hold for three seconds" in await page.inner_text("#black")
                await page.mouse.up()
                await asyncio.sleep(0.5)
                assert await box.is_visible(), "one second is not enough"
                await page.mouse.down()
                await asyncio.sleep(3.6)
                await page.mouse.up()
                await page.wait_for_selector("#done:not([hidden])", timeout=15_000)
                await _until((drive / "field/page/result.json").exists)
                again.send_signal(signal.SIGINT)
                out, _ = await asyncio.to_thread(again.communicate, timeout=15)
            finally:
                again.kill()
                again.wait()
        return out

    server = start()
    try:
        out = asyncio.run(run(server))
    finally:
        server.kill()
        server.communicate()
    assert b"Recorded." in out
    assert b"for session.yaml" in out
    assert sorted(path.name for path in (drive / "phone").iterdir()) == [
        "driver.webm",
        "location.csv",
        "road.webm",
    ]
    for name in ("road", "driver"):
        times_s = read_frame_times(drive / f"phone/{name}.webm").time_s
        # one part without a hole: what was recorded meanwhile came from the phone's storage
        assert np.diff(times_s).max() < 1.5
        sound = read_sound(drive / f"phone/{name}.webm", rate_hz=16_000)
        assert sum(end - start for start, end in sound.gaps_s) < 0.2
    assert not (drive / "field/page/road_2.webm").exists()
    clocks = (drive / "field/clocks.json").read_text()
    assert '"before"' in clocks
    assert '"after"' in clocks


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to find the browser")
def test_a_killed_browser_costs_two_seconds_and_goes_on_by_itself(tools, tmp_path):
    drive, profile = tmp_path / "drive", tmp_path / "profile"

    async def run() -> PagePhone:
        phone = PagePhone(PageServer(drive, port=0))
        await phone.connect()
        try:
            async with tools.browsing(profile) as context:
                await _ready(context, phone.url)
                await phone.start(PLAN)
                await _until(lambda: _sent_s(drive, "driver_1.webm") > 3.0)
                began_ns = min(
                    part.opening.start_ms * 1e6
                    for part in phone.server.parts
                    if part.stream == "road"
                )
                for process in _processes(str(profile)):
                    os.kill(process, signal.SIGKILL)
                ran_s = (time.time_ns() - began_ns) / 1e9
            # The last second's piece may not have been sent; a busy machine needs some more.
            assert _sent_s(drive, "road_1.webm") > ran_s - 2.5
            (profile / "SingletonLock").unlink(missing_ok=True)
            async with tools.browsing(profile) as context:
                page = await context.new_page()
                await page.goto(_link(phone.url))
                await _until(lambda: _sent_s(drive, "road_2.webm") > 2.0)
                assert await page.is_visible("#black")
                await phone.stop()
        finally:
            await phone.close()
        return phone

    phone = asyncio.run(run())
    parts = {part.source: part for part in phone.result.parts}
    assert {Path(source).stem for source in parts} == {"road_1", "road_2", "driver_1", "driver_2"}
    assert {part.target for part in parts.values()} == {"phone/road.webm", "phone/driver.webm"}
    zero_s = parts["field/page/road_2.webm"].zero_in_target_s
    assert zero_s > parts["field/page/road_1.webm"].length_s
    times_s = read_frame_times(drive / "phone/road.webm").time_s
    assert (np.diff(times_s) > 0).all()
    assert times_s[-1] > zero_s + 1.5


def _processes(word: str) -> list[int]:
    """Find the processes of a browser by its profile's folder, which only a test has."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if f"--user-data-dir={word}".encode() in command:
                found.append(int(folder.name))
    return found


@pytest.mark.slow
def test_a_phone_with_one_camera_films_the_road_and_sends_for_a_second_device(tools, tmp_path):
    async def run() -> None:
        phone = PagePhone(PageServer(tmp_path / "drive", port=0))
        await phone.connect()
        try:
            async with tools.browsing(tmp_path / "profile", cameras=1) as context:
                page = await _ready(context, phone.url)
                words = await page.inner_text("#second")
                assert "one camera at a time" in words
                assert f"#token={phone.server.folder.token}&role=driver" in words
                await _until(lambda: any(v.beat.road for v in phone.server.drive.here()))
                checks = {check.code: check for check in await phone.check(PLAN)}
                assert checks["page.driver"].level == "red"
                assert "second device" in checks["page.driver"].fix
                assert checks["page.road"].level in ("green", "amber")
                async with tools.browsing(tmp_path / "second", cameras=1) as other:
                    link = words[words.index("http") :].strip()
                    second = await other.new_page()
                    await second.goto(_link(link))
                    await second.wait_for_selector("#begin", state="visible")
                    assert await second.is_checked("input[value=driver]")
                    await second.click("#begin")
                    await second.wait_for_selector("#ready:not([hidden])", timeout=30_000)
                    await _until(lambda: any(v.beat.driver for v in phone.server.drive.here()))
                    await phone.start(PLAN)
                    await _until(lambda: _both_sent_s(tmp_path / "drive") > 1.0)
                    await phone.stop()
        finally:
            await phone.close()
        assert [part.target for part in phone.result.parts] == [
            "phone/road.webm",
            "phone/driver.webm",
        ]
        # two browsers, two clocks: both are told by their pings
        assert abs(phone.result.driver_offset_s) < 5.0

    asyncio.run(run())


@pytest.mark.slow
def test_a_lost_camera_and_a_full_phone_end_parts_and_begin_new_ones(tools, tmp_path):
    drive = tmp_path / "drive"

    async def run() -> PagePhone:
        phone = PagePhone(PageServer(drive, port=0), over_cable=False)
        await phone.connect()
        try:
            async with tools.browsing(tmp_path / "profile") as context:
                page = await _ready(context, phone.url, query=f"{QUERY}&spool_mb=0.1")
                await phone.start(PLAN)
                # as when a phone call takes the camera
                lose = "document.querySelector('video').srcObject.getVideoTracks()[0]"
                await page.evaluate(f"{lose}.dispatchEvent(new Event('ended'))")
                await _until(lambda: any(_sent_s(drive, f"{n}_2.webm") > 1.0 for n in STREAMS))
                held = {part.path.name for part in phone.server.parts}
                port = phone.server.port
                await phone.close()
                await page.wait_for_selector("text=storage for this page is full", state="attached")
                assert await page.is_visible("#black"), "the driver is not told"
                phone = PagePhone(PageServer(drive, port=port), over_cable=False)
                await phone.connect()
                await _until(lambda: len(list((drive / "field/page").glob("*.webm"))) >= 5)
                await _until(
                    lambda: all(
                        part.digests
                        for part in phone.server.parts
                        if part.path.name not in held and part.stream != "log"
                    )
                )
                await phone.stop()
        finally:
            await phone.close()
        return phone

    phone = asyncio.run(run())
    assert all(part.complete for part in phone.result.parts)
    assert all(part.frames for part in phone.result.parts)
    assert all(part.sound for part in phone.result.parts)
    for name in STREAMS:
        mine = [part for part in phone.result.parts if f"/{name}_" in part.source]
        assert len(mine) >= 2
        times_s = read_frame_times(drive / f"phone/{name}.webm").time_s
        assert len(times_s) == sum(part.frames for part in mine)
        assert (np.diff(times_s) > 0).all()


@pytest.mark.slow
def test_a_driver_who_touches_the_screen_stops_nothing_and_the_screen_stays_on(tools, tmp_path):
    async def run() -> None:
        phone = PagePhone(PageServer(tmp_path / "drive", port=0), over_cable=False)
        await phone.connect()
        try:
            async with tools.browsing(tmp_path / "profile") as context:
                await context.add_init_script(MOVING_AND_AWAKE)
                page = await _ready(context, phone.url)
                assert await page.evaluate("window.locks.length") == 1
                # as when the phone was locked and is unlocked again
                await page.evaluate("window.locks[0].release()")
                await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
                await page.wait_for_selector("text=stays on")
                assert await page.evaluate("window.locks.length") == 2
                await phone.start(PLAN)
                assert {c.code: c.level for c in await phone.check(PLAN)}["page.screen"] == "green"
                assert (await phone.health()).speed_m_s == 14.0
                await page.mouse.move(200, 400)
                await page.mouse.down()
                await asyncio.sleep(3.5)
                assert "Not while driving." in await page.inner_text("#black")
                await page.mouse.up()
                assert await page.is_visible("#black")
                assert phone.server.drive.state == "recording"
                await phone.stop()
        finally:
            await phone.close()
        track = read_location(tmp_path / "drive" / phone.result.location)
        assert (track.speed_m_s == 14.0).all()

    asyncio.run(run())


@pytest.mark.slow
def test_the_page_fits_phones_and_says_what_is_wrong_in_words(tools, tmp_path):
    async def run() -> None:
        phone = PagePhone(PageServer(tmp_path / "drive", port=0))
        await phone.connect()
        try:
            async with tools.browsing(tmp_path / "profile") as context:
                page = await _ready(context, phone.url)
                for width, height in ((360, 640), (390, 844), (844, 390)):
                    await page.set_viewport_size({"width": width, "height": height})
                    assert await page.evaluate(HANGING_OVER) == []
                fails = await context.new_page()
                await page.close()
                await fails.add_init_script(
                    "navigator.mediaDevices.getUserMedia = () => "
                    "Promise.reject(new DOMException('x', 'NotReadableError'))"
                )
                await fails.goto(_link(phone.url))
                await fails.click("#begin")
                await fails.wait_for_selector("#failed:not([hidden])", timeout=20_000)
                assert "Close every other app" in await fails.inner_text("#failed")
                await fails.close()
                stranger = await context.new_page()
                await stranger.goto(phone.url.split("#")[0] + "#token=wrong")
                await stranger.wait_for_selector("text=open the link", timeout=10_000)
        finally:
            await phone.close()

    asyncio.run(run())
