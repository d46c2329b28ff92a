"""Kill -9 of recorder, server and browser at random moments: up to the last two seconds is there."""

import asyncio
import random
import time
from pathlib import Path

import pytest
from whole_drive_browser_phone import browsing, check_cameras, kill_browser, open_page
from whole_drive_commands import run, run_json
from whole_drive_killed_drives import (
    STREAMS,
    TITLE,
    Kill,
    RecordedDrive,
    ServedDrive,
    on_disk_s,
    until,
)
from whole_drive_played_phone import make_pieces

from dashgaze.collection.field.device import DrivePlan
from dashgaze.collection.page import PagePhone, PageServer

MOST_LOST_S = 2.0
SEED = 20_26
AT_ONCE = 5
FREEZE = """() => [...document.querySelectorAll("video")].forEach(
    (video) => video.srcObject.getTracks().forEach((track) => track.stop()))"""


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    return make_pieces(tmp_path_factory.mktemp("phone") / "video.webm", 60.0)


def in_bounds(kills: list[Kill]) -> None:
    print("\n" + "\n".join([TITLE, *(kill.line() for kill in kills)]))
    for kill in kills:
        for_good_s = MOST_LOST_S if kill.victim == "browser" else 0.2
        assert kill.lost_at_end_s <= for_good_s, kill.line()
        assert all(lost <= MOST_LOST_S for lost in kill.lost_s.values()), kill.line()


async def some_at_once(drives) -> list[Kill]:
    free = asyncio.Semaphore(AT_ONCE)

    async def one(drive) -> Kill:
        async with free:
            return await drive

    # All of them to their end: one that fails must not break off the others.
    found = await asyncio.gather(*(one(drive) for drive in drives), return_exceptions=True)
    for each in found:
        if isinstance(each, BaseException):
            raise each
    return list(found)


@pytest.mark.slow
def test_a_short_drive_whose_recorder_is_killed_comes_home(tmp_path, pieces):
    drive = RecordedDrive(tmp_path / "drive", pieces)
    in_bounds([asyncio.run(drive.run(0.8, since="growing tracker", stop_after_s=60.0, live_s=0.5))])
    home = run_json(
        *("collect", "offload", drive.session, "--from-tracker", drive.exports, "--no-quick")
    )
    assert home["complete"]
    run("collect", "verify", drive.session)
    found = run_json("check", drive.session, codes=(0, 3))
    assert [each for each in found["findings"] if each["severity"] == "error"] == []


@pytest.mark.stress
def test_recorders_and_servers_killed_at_seventeen_moments_lose_nothing(tmp_path, pieces):
    """From the form to after the stop, which is asked for six seconds after the start."""
    draw = random.Random(SEED)
    moments = [("created", draw.uniform(0.0, 6.0)) for _ in range(2)]
    moments += [("ready", draw.uniform(0.0, 9.0)) for _ in range(8)]
    # Not by chance: stopped, and its files not made yet.
    moments.append(("stopping phone", 0.0))
    recorded = [
        RecordedDrive(tmp_path / f"recorder{number}", pieces).run(
            moment_s, since=since, stop_after_s=6.0
        )
        for number, (since, moment_s) in enumerate(moments)
    ]
    served = [
        ServedDrive(tmp_path / f"server{number}", pieces).run(draw.uniform(0.1, 7.0))
        for number in range(6)
    ]
    in_bounds(asyncio.run(some_at_once([*recorded, *served])))


@pytest.mark.stress
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to find the browser")
def test_a_browser_killed_at_four_moments_or_frozen_costs_two_seconds_and_goes_on(tmp_path):
    in_bounds(asyncio.run(_browser_drive(tmp_path, random.Random(SEED + 2), kills=4)))


async def _browser_drive(folder, draw: random.Random, *, kills: int) -> list[Kill]:
    session, profile = folder / "drive", folder / "profile"
    phone = PagePhone(PageServer(session, port=0), over_cable=False)
    await phone.connect()
    found: list[Kill] = []
    try:
        for number in range(1, kills + 2):
            async with browsing(profile) as context:
                page = await open_page(context, phone.url)
                if number == 1:
                    await check_cameras(page)
                    await phone.start(DrivePlan(session_id="drive", minutes=2))
                # Loaded again it goes on by itself, black.
                await until(lambda n=number: on_disk_s(session, f"road_{n}.webm") > 0.5)
                assert await page.is_visible("#black")
                if number > kills:
                    # Not by chance: tracks that end without an event, as of a camera that freezes.
                    await page.evaluate(FREEZE)
                    after = f"_{number + 1}.webm"
                    await until(
                        lambda end=after: all(
                            on_disk_s(session, f"{s}{end}") > 0.5 for s in STREAMS
                        )
                    )
                    await phone.stop()
                    break
                moment_s = draw.uniform(0.5, 5.0)
                await asyncio.sleep(moment_s)
                kill = Kill("browser", moment_s, "recording")
                assert kill_browser(profile) > 0
                host_ns = time.time_ns()
                for part in phone.server.parts:
                    if part.stream in STREAMS and part.number == number:
                        ran_s = (host_ns - part.opening.start_ms * 1e6) / 1e9
                        kill.recorded_s = max(kill.recorded_s, ran_s)
                        kill.lost_s[part.stream] = ran_s
                found.append(kill)
    finally:
        await phone.close()
    for number, kill in enumerate(found, start=1):
        for stream in kill.lost_s:
            # What the killed browser had put by was sent by the next one.
            kill.lost_s[stream] -= on_disk_s(session, f"{stream}_{number}.webm")
        kill.lost_at_end_s = max(kill.lost_s.values())
    assert phone.result.road == "phone/road.webm"
    last = [part for part in phone.result.parts if f"_{kills + 2}.webm" in part.source]
    assert len(last) == len(STREAMS)
    assert all(part.complete and part.frames and part.sound for part in last)
    return found
