"""Ways through a drive that the others don't take: adb, a Neon, a second terminal, nobody there."""

import asyncio
import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from whole_drive_adb_phone import CONFIG, DRIVER, ROAD, FakeAdbPhone
from whole_drive_commands import FORM, Command, free_port, journal_steps, run, run_json
from whole_drive_killed_drives import until
from whole_drive_played_phone import PlayedPhone, make_pieces

from dashgaze.collection.companion import read_gaze_log
from dashgaze.collection.eye_tracker import open_recording
from dashgaze.collection.record import read_events, read_journal, replay
from dashgaze.collection.simulation.device import DeviceOptions, DeviceSimulator
from dashgaze.session import open_session

SMALL = {"scene_size_px": (64, 64), "scene_hz": 10.0, "clock_offset_ms": 90.0}


def phase(session: Path) -> str:
    return replay(read_journal(session)).phase


async def records(command: Command, session: Path) -> None:
    """Wait until both devices record."""
    journal = session / "field/journal.jsonl"
    await until(
        lambda: journal.exists() and (command.over or phase(session) == "recording"),
        within_s=90,
        what=command.text,
    )
    assert not command.over, command.text


@contextlib.asynccontextmanager
async def gone_at_end(command: Command):
    try:
        yield command
    finally:
        await command.kill()


@pytest.mark.stress
def test_a_drive_by_adb_whose_recorder_is_killed_comes_home_proven(tmp_path, monkeypatch):
    phone = FakeAdbPhone(tmp_path, monkeypatch)
    session, exports = tmp_path / "drives" / "s1", tmp_path / "exports"
    (tmp_path / "form.yaml").write_text(FORM)
    (tmp_path / "phone.yaml").write_text(CONFIG)

    async def drive() -> None:
        async with DeviceSimulator(DeviceOptions(record_to=exports, **SMALL)) as device:
            devices = (
                *("--phone", "adb", "--phone-config", tmp_path / "phone.yaml"),
                *("--tracker", f"127.0.0.1:{device.port}"),
            )
            first = await Command.start(
                0,
                *("collect", "record", session, "--form", tmp_path / "form.yaml", *devices),
                *("--plain", "--silent", "--yes", "--accept-amber"),
            )
            async with gone_at_end(first):
                await records(first, session)
                await asyncio.sleep(1.5)
            await asyncio.sleep(1.5)  # nobody is there, and both record on
            arguments = ("collect", "resume", session, "--plain", "--silent")
            again = await Command.start(0, *arguments)
            async with gone_at_end(again):
                await again.says("The phone records on and is taken over")
                await again.says("The tracker records on and is taken over")
                await again.says("phone records", within_s=20)
                await asyncio.sleep(1.0)
                stop = await Command.start(0, "collect", "stop", session)
                assert await stop.ends() == 0, stop.text
                assert await again.ends() == 0, again.text
            assert len(device.recordings) == 1

    asyncio.run(drive())
    assert phase(session) == "closed"
    assert (phone.state["start_count"], phone.state["stop_count"]) == (1, 1)
    (recording,) = [each for each in exports.iterdir() if each.is_dir()]
    assert np.diff(open_recording(recording).gaze.timestamp_ns).max() < 0.5e9
    gap = json.loads((session / "field/gaze.json").read_text())["gaps"]
    assert "no recorder at work" in [each["cause"] for each in gap]
    home = run_json(
        *("collect", "offload", session, "--from-phone", "adb", "--from-tracker", exports),
        *("--second-copy", tmp_path / "archive", "--no-quick"),
    )
    assert home["complete"], home
    assert (session / "phone/road.mp4").read_bytes() == phone.file(ROAD)
    assert (session / "phone/driver.mp4").read_bytes() == phone.file(DRIVER)
    proof = run_json("collect", "verify", session, "--second-copy", tmp_path / "archive")
    assert proof["ok"]
    assert len(proof["copies"]) == 2
    # what the copies lose is seen
    damaged = session / "phone/road.mp4"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    assert not run_json("collect", "verify", session, codes=(4,))["ok"]


@pytest.mark.stress
def test_an_unattended_drive_with_a_neon_is_marked_from_a_second_terminal(tmp_path):
    """``--yes --phone page``: the page is opened after the command was typed."""
    session, exports = tmp_path / "drives" / "s2", tmp_path / "exports"
    (tmp_path / "form.yaml").write_text(FORM.replace("pupil_invisible", "neon"))
    pieces, port = make_pieces(tmp_path / "video.webm", 60.0), free_port()

    async def second(*arguments: object) -> str:
        command = await Command.start(port, "collect", *arguments)
        assert await command.ends() == 0, command.text
        return command.text

    async def drive() -> None:
        options = DeviceOptions(kind="neon", record_to=exports, **SMALL)
        async with DeviceSimulator(options) as device:
            command = await Command.start(
                port,
                *("collect", "record", session, "--form", tmp_path / "form.yaml"),
                *("--phone", "page", "--tracker", f"127.0.0.1:{device.port}"),
                *("--plain", "--silent", "--yes", "--accept-amber", "--wait", 30),
            )
            async with gone_at_end(command):
                await command.says("Open this link on the phone: http://localhost")
                await command.says("Waiting for the phone 30 s")
                async with PlayedPhone(port, session, pieces) as phone:
                    await records(command, session)
                    said = await second("event", session, "roadworks", "--text", "left lane")
                    assert said == "roadworks logged."
                    await second("event", session, "glare")
                    await until(lambda: len(read_events(session)) == 2)
                    assert "taken back" in await second("event", session, "--undo")
                    await command.says("glare taken back")
                    assert "RECORDING" in await second("status", session)
                    await asyncio.sleep(5.0)
                    await second("stop", session)
                    assert await command.ends() == 0, command.text
                    await until(lambda: all(part.done for part in phone.parts))

    asyncio.run(drive())
    assert journal_steps(session)[-1] == "closed"
    assert [(each.name, each.undone, each.source) for each in read_events(session)] == [
        ("roadworks", False, "inbox"),
        ("glare", True, "inbox"),
    ]
    home = run_json("collect", "offload", session, "--from-tracker", exports, "--no-quick")
    assert home["complete"], home
    run("collect", "verify", session)
    found = run_json("check", session, codes=(0, 3))
    assert [each for each in found["findings"] if each["severity"] == "error"] == []
    assert open_session(session).manifest.eye_tracker.kind == "neon"
    (recording,) = [each for each in exports.iterdir() if each.is_dir()]
    names = [event.name for event in open_recording(recording).events]
    assert {"roadworks", "glare", "undo.2"} <= set(names)
    log = read_gaze_log(session / "field/gaze.bin")
    assert log.bad_records == 0
    assert len(log) > 5 * 150
