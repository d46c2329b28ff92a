"""The tracker against the simulated device: what the user sees of each fault, and that nothing is lost."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashgaze.collection.companion import (
    CompanionDevice,
    app_client,
    gaze_stream,
    listening,
    read_gaze_log,
    recording_control,
    scene_stream,
    status_watch,
    stream,
)
from dashgaze.collection.companion import health as health_module
from dashgaze.collection.companion.status_watch import StatusWatch
from dashgaze.collection.field.check import Check
from dashgaze.collection.field.device import DrivePlan, FieldDevice, Health
from dashgaze.collection.simulation.device import (
    REFUSALS,
    DeviceOptions,
    DeviceSimulator,
    MadeGazePath,
)
from dashgaze.errors import DeviceError

PLAN = DrivePlan(session_id="s", minutes=10)
SIZE_PX = (320, 320)
Job = Callable[[DeviceSimulator, CompanionDevice], Awaitable[None]]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less long for everything; a test is not a car park."""
    for module, name, value in (
        (app_client, "STATUS_TIMEOUT_S", 1.0),
        (app_client, "START_TIMEOUT_S", 0.5),
        (app_client, "STOP_TIMEOUT_S", 0.5),
        (app_client, "EVENT_TIMEOUT_S", 1.0),
        (recording_control, "CONFIRM_S", 2.0),
        (listening, "LISTEN_S", 0.5),
        (listening, "FIRST_DATA_S", 1.0),
        (listening, "START_DATA_S", 4.0),
        (status_watch, "POLL_S", 0.2),
        (status_watch, "RETRY_S", 0.2),
        (status_watch, "STALE_S", 1.5),
        (stream, "FIRST_PACKET_S", 0.7),
        (stream, "SILENCE_S", 0.5),
        (scene_stream, "PAUSE_S", 0.5),
        (scene_stream, "LOOK_S", 1.0),
        (gaze_stream, "RETRY_S", 0.2),
        (gaze_stream, "LEAD_OVER_S", 1),
        (health_module, "SILENT_S", 0.8),
    ):
        monkeypatch.setattr(module, name, value)


def drive(job: Job, folder: Path | None = None, **options: Any) -> None:
    async def run() -> None:
        made = DeviceOptions(**({"scene_size_px": SIZE_PX} | options))
        async with asyncio.timeout(30), DeviceSimulator(made) as simulator:
            tracker = CompanionDevice(f"{simulator.address}:{simulator.port}", field_folder=folder)
            await tracker.connect()
            try:
                await job(simulator, tracker)
            finally:
                await tracker.close()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert not [task for task in left if "eye tracker" in task.get_name()]

    asyncio.run(run())


async def until(tracker: CompanionDevice, good: Callable[[Health], bool], s: float = 8) -> Health:
    end_s = time.monotonic() + s
    while True:
        health = await tracker.health()
        if good(health):
            return health
        assert time.monotonic() < end_s, health
        await asyncio.sleep(0.05)


def by_code(checks: list[Check]) -> dict[str, Check]:
    return {check.code.removeprefix("tracker."): check for check in checks}


def test_it_has_the_shape_of_a_device() -> None:
    assert isinstance(CompanionDevice("10.0.0.5"), FieldDevice)


@pytest.mark.parametrize("kind", ["pupil_invisible", "neon"])
def test_a_whole_drive(tmp_path: Path, kind: str) -> None:
    async def job(simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        checks = by_code(await tracker.check(PLAN))
        not_green = {code for code, check in checks.items() if check.level != "green"}
        assert not_green == ({"setup", "sound"} if kind == "pupil_invisible" else {"sound"})
        offset = await tracker.clock_offset()
        assert offset is not None
        assert offset.offset_ms == pytest.approx(-734.5, abs=offset.uncertainty_ms + 0.1)
        started = await tracker.start(PLAN)
        assert started.recording_id == simulator.recording_id
        assert started.device_ns == started.host_ns + round(offset.offset_ms * 1e6)
        again = await tracker.start(PLAN)  # a second start takes over
        assert again.recording_id == started.recording_id
        health = await until(tracker, lambda health: "scene" in health.rates_hz)
        assert (health.reachable, health.recording, health.growing) == (True, True, True)
        assert health.gaze_valid_share == 1.0
        assert health.note == ""
        marked_ns = time.time_ns()
        await tracker.mark("overtake\nlorry", marked_ns)
        await tracker.stop()
        await tracker.stop()  # and a second stop is fine
        assert simulator.recording_id is None
        assert await tracker.files() == []
        (folder,) = simulator.recordings
        assert "overtake lorry" in (folder / "event.txt").read_text()
        stamps = np.fromfile(folder / "event.time", dtype="<i8")
        assert np.abs(stamps - (marked_ns + offset.offset_ms * 1e6)).min() < 1e6

    drive(
        job,
        tmp_path / "field",
        kind=kind,
        record_to=tmp_path / "phone",
        clock_offset_ms=-734.5,
    )
    samples = read_gaze_log(tmp_path / "field" / "gaze.bin")
    path = MadeGazePath(SIZE_PX)
    true = np.array([path(int(stamp))[:2] for stamp in samples.device_ns])
    assert len(samples) > 10
    assert np.median(np.abs(true - samples.points_px)) < 1e-3
    assert np.all(np.diff(samples.sequence.astype(int)) % 65_536 == 1)
    assert np.all(np.diff(samples.device_ns) > 0)


def test_closing_or_losing_it_stops_no_recording() -> None:
    async def job(simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        await tracker.start(PLAN)
        await tracker.close()
        assert simulator.recording_id is not None
        assert (await tracker.health()).note == "Not connected."

    drive(job)


def test_nothing_can_be_asked_of_what_is_not_connected() -> None:
    with pytest.raises(DeviceError, match="not connected"):
        asyncio.run(CompanionDevice("127.0.0.1:9").start(PLAN))
    with pytest.raises(
        DeviceError, match=r"can't be reached at 127.0.0.1:9 \(connection refused\)"
    ):
        asyncio.run(CompanionDevice("127.0.0.1:9").connect())


@pytest.mark.parametrize(
    ("faults", "seen"),
    [
        ("unplugged", {"glasses": ("red", "No glasses are plugged into the phone.")}),
        (
            "no_scene_camera",
            {
                "scene_sensor": ("red", "The app has no scene camera."),
                "scene": ("red", "The app has no scene camera to stream."),
            },
        ),
        (
            "not_worn low_battery=12 low_storage=2 packet_loss=40",
            {
                "worn": ("red", "Glasses worn in 0% of gaze samples"),
                "battery": ("red", "Battery at 12 %, LOW."),
                "storage": ("amber", "2.0 GB free, enough for about 13 min; 10 min are planned."),
                "gaze": ("amber", "lost on the way"),
            },
        ),
        (
            "no_rtp",
            {
                "gaze": ("red", "The gaze stream was opened, but nothing has come"),
                "scene": ("red", "The scene camera stream was opened, but nothing has come"),
            },
        ),
    ],
)
def test_preflight_sees_it(faults: str, seen: dict[str, tuple[str, str]]) -> None:
    async def job(_simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        checks = by_code(await tracker.check(PLAN))
        for code, (level, what) in seen.items():
            assert checks[code].level == level
            assert what in checks[code].what
            assert checks[code].fix

    drive(job, faults=tuple(faults.split()))


def test_questions_of_a_neon_s_template_are_seen_before_the_start() -> None:
    async def job(_simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        check = by_code(await tracker.check(PLAN))["setup"]
        assert check.level == "red"
        assert check.what == (
            'The template has required questions without an answer: "Driver\'s code".'
        )

    drive(job, kind="neon", faults=("required_template",))


@pytest.mark.parametrize("fault", ["gone", "not_json"])
def test_preflight_of_what_does_not_answer_is_one_red_line(fault: str) -> None:
    async def job(simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        await simulator.switch(fault)
        (check,) = await tracker.check(PLAN)
        assert (check.code, check.level) == ("tracker.reachable", "red")
        words = {"gone": "can't be reached", "not_json": "not the Companion app"}
        assert words[fault] in check.what
        assert check.fix

    drive(job)


def test_a_start_that_is_refused_says_what_the_app_said() -> None:
    async def job(simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        for reason, message in REFUSALS.items():
            simulator.faults.turn_on("start_refused", reason)
            with pytest.raises(DeviceError) as caught:
                await tracker.start(PLAN)
            assert caught.value.what == f'The app refused to start recording: "{message}".'
            assert not caught.value.fix.startswith("Look at the phone's screen")
            assert caught.value.unknown is False
            assert simulator.recording_id is None

    drive(job)


def test_a_start_whose_answer_is_late_is_found_in_the_status() -> None:
    async def job(simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        started = await tracker.start(PLAN)
        assert started.recording_id == simulator.recording_id

    drive(job, faults=("slow_start=3",))


def test_a_stop_whose_answer_is_late_is_found_in_the_status() -> None:
    async def job(simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        await tracker.start(PLAN)
        await tracker.stop()
        assert simulator.recording_id is None

    drive(job, faults=("slow_stop=3",))


def test_a_stop_that_is_refused_says_what_the_app_said() -> None:
    async def job(simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        await tracker.start(PLAN)
        await simulator.switch("stop_refused")
        with pytest.raises(DeviceError, match='"Recording could not be saved"'):
            await tracker.stop()
        assert simulator.recording_id is not None
        assert (await tracker.health()).recording is True

    drive(job)


def test_a_start_without_glasses_starts_nothing() -> None:
    async def job(simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        with pytest.raises(DeviceError, match="No glasses are plugged into the phone"):
            await tracker.start(PLAN)
        assert simulator.recording_id is None

    drive(job, faults=("unplugged",))


def test_a_start_after_which_nothing_comes_says_that_the_phone_records(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listening, "START_DATA_S", 1.0)

    async def job(simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        with pytest.raises(DeviceError) as caught:
            await tracker.start(PLAN)
        monkeypatch.setattr(listening, "START_DATA_S", 8.0)
        assert caught.value.unknown is True
        assert caught.value.what.startswith(
            "The phone records, but gaze and a picture of the scene camera did not come within 1 s"
        )
        assert "firewall" in caught.value.fix
        assert caught.value.fix.endswith("the running recording is taken over.")
        running = simulator.recording_id
        assert running is not None
        await simulator.switch("no_rtp", on=False)
        assert (await tracker.start(PLAN)).recording_id == running

    drive(job, faults=("no_rtp",))


def test_streams_need_not_come_where_nobody_needs_them() -> None:
    async def run() -> None:
        options = DeviceOptions(scene_size_px=SIZE_PX, faults=("no_rtp",))
        async with DeviceSimulator(options) as simulator:
            tracker = CompanionDevice(f"127.0.0.1:{simulator.port}", need_streams=False)
            await tracker.connect()
            assert (await tracker.start(PLAN)).recording_id == simulator.recording_id
            await tracker.close()

    asyncio.run(run())


TOLD = {
    "recording_error": 'The app reports a fault of the recording: "Sensor failure: world".',
    "no_scene_camera": "The scene camera is not connected.",
    "unplugged": "The glasses are not plugged in.",
    "low_battery": "Battery of the phone is low.",
    "low_storage": "Storage of the phone is low.",
    "clock_jump": "A clock was set by +1.5 s since it was measured.",
    "app_asleep": "The gaze stream at 127.0.0.1:",
    "gone": "A recording that runs goes on by itself.",
}


def test_the_live_screen_tells_of_each_fault_and_that_it_is_over() -> None:
    async def job(simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        await tracker.clock_offset()
        running = (await tracker.start(PLAN)).recording_id
        for fault, what in TOLD.items():
            await until(tracker, lambda health: health.growing is True and not health.note)
            await simulator.switch(fault)
            told = await until(tracker, lambda health, what=what: what in health.note)
            if fault == "unplugged":
                await until(tracker, lambda health: health.growing is False)
            if fault == "gone":
                assert told.reachable is False
                told = await until(tracker, lambda health: health.recording is None)
                assert (told.battery_percent, told.storage_minutes) == (None, None)
            assert simulator.recording_id == running
            await simulator.switch(fault, on=False)
        await until(tracker, lambda health: health.growing is True and not health.note)

    drive(job)


def test_a_status_websocket_that_is_refused_leaves_the_state_known() -> None:
    async def job(simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        await tracker.start(PLAN)
        await simulator.switch("no_websocket")
        await asyncio.sleep(1.0)
        assert (await tracker.health()).recording is True
        await tracker.stop()
        assert (await until(tracker, lambda health: health.recording is False)).growing is False

    drive(job)


def test_what_the_websocket_tells_is_known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_watch, "POLL_S", 60.0)
    monkeypatch.setattr(status_watch, "STALE_S", 60.0)

    async def job(simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        await asyncio.sleep(0.3)
        simulator.faults.turn_on("low_battery", 7)
        await until(tracker, lambda health: health.battery_percent == 7, 1.5)

    drive(job)


def test_messages_that_make_no_sense_do_not_end_the_watching() -> None:
    watch = StatusWatch(app_client.AppClient(app_client.Address("10.0.0.5")))
    watch.take(app_client.read_status([{"model": "Phone", "data": {"battery_level": 50}}]))
    for text in (
        "{broken",
        "[]",
        '"x"',
        "null",
        '{"model": "Phone"}',
        '{"model": "New", "data": 1}',
    ):
        watch._take_message(text)
    watch._take_message(json.dumps({"model": "Phone", "data": {"battery_level": 49}}))
    assert watch.fresh is not None
    assert watch.fresh.phone.battery_percent == 49


def test_an_event_after_the_clock_was_set_has_the_new_time(tmp_path: Path) -> None:
    async def job(simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        await tracker.clock_offset()
        await tracker.start(PLAN)
        await simulator.switch("clock_jump", value=1500)
        await until(tracker, lambda health: "A clock was set" in health.note)
        marked_ns = time.time_ns()
        await tracker.mark("late", marked_ns)
        await tracker.stop()
        (folder,) = simulator.recordings
        stamps = np.fromfile(folder / "event.time", dtype="<i8")
        assert np.abs(stamps - (marked_ns + 1_500_000_000)).min() < 20e6

    drive(job, record_to=tmp_path)


def test_an_event_that_nobody_keeps_is_said() -> None:
    async def job(_simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        with pytest.raises(DeviceError, match="did not keep the event 'x': it does not record"):
            await tracker.mark("x", time.time_ns())

    drive(job)


def test_a_phone_that_is_gone_for_a_while_costs_the_log_that_while_only(tmp_path: Path) -> None:
    gone_ns: list[int] = []

    async def job(simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        await tracker.start(PLAN)
        await asyncio.sleep(1.0)
        gone_ns.append(time.time_ns())
        await simulator.switch("gone")
        await until(tracker, lambda health: health.reachable is False)
        await simulator.switch("gone", on=False)
        gone_ns.append(time.time_ns())
        await until(tracker, lambda health: health.growing is True and health.reachable)
        await asyncio.sleep(1.0)
        assert simulator.recording_id is not None

    drive(job, tmp_path)
    samples = read_gaze_log(tmp_path / "gaze.bin")
    stamps = samples.device_ns
    before = stamps[stamps < gone_ns[0]]
    assert np.diff(before).max() < 20_000_000
    after = stamps[stamps > gone_ns[1]]
    assert after[0] - gone_ns[1] < 4 * 10**9
    # Times of the new connection are right from its first sample on, not those of the old one's clock.
    assert np.all(np.diff(stamps) > 0)
    assert np.median(np.diff(after)) == pytest.approx(8.33e6, abs=1e5)
    sidecar = json.loads((tmp_path / "gaze.json").read_text())
    assert sidecar["samples"] == len(samples)
    assert sidecar["reconnections"] >= 1
    assert any(gap["reconnected"] for gap in sidecar["gaps"])


_LAPTOP = """
import asyncio, sys
from pathlib import Path
from dashgaze.collection.companion import CompanionDevice
from dashgaze.collection.field.device import DrivePlan

async def main():
    tracker = CompanionDevice(sys.argv[1], field_folder=Path(sys.argv[2]))
    await tracker.connect()
    await tracker.start(DrivePlan(session_id="s"))
    print("started", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_a_killed_laptop_stops_nothing_and_goes_on_where_it_was(tmp_path: Path) -> None:
    async def run() -> tuple[int, int]:
        options = DeviceOptions(scene_size_px=SIZE_PX, gaze_hz=200)
        async with DeviceSimulator(options) as simulator:
            address = f"127.0.0.1:{simulator.port}"
            laptop = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                _LAPTOP,
                address,
                str(tmp_path),
                stdout=asyncio.subprocess.PIPE,
            )
            assert laptop.stdout is not None
            assert await laptop.stdout.readline() == b"started\n"
            await asyncio.sleep(2.2)
            laptop.kill()
            killed_ns = time.time_ns()
            await laptop.wait()
            running = simulator.recording_id
            assert running is not None
            before = len(read_gaze_log(tmp_path / "gaze.bin"))
            tracker = CompanionDevice(address, field_folder=tmp_path)
            await tracker.connect()
            assert (await tracker.start(PLAN)).recording_id == running
            await asyncio.sleep(0.5)
            await tracker.close()
            return before, killed_ns

    before, killed_ns = asyncio.run(run())
    samples = read_gaze_log(tmp_path / "gaze.bin")
    assert samples.bad_records == 0
    assert len(samples) > before > 200
    assert killed_ns - int(samples.host_ns[before - 1]) < 2 * 10**9
    assert np.all(np.diff(samples.sequence[:before].astype(int)) % 65_536 == 1)
    assert set(samples.connection[:before]) == {1}
    assert set(samples.connection[before:]) == {2}
    assert json.loads((tmp_path / "gaze.json").read_text())["reconnections"] == 1


def test_packets_that_the_network_loses_are_counted(tmp_path: Path) -> None:
    async def job(_simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        await tracker.start(PLAN)
        await asyncio.sleep(1.5)

    drive(job, tmp_path, gaze_hz=200, faults=("packet_loss=20", "reordering=10"))
    samples = read_gaze_log(tmp_path / "gaze.bin")
    lost = json.loads((tmp_path / "gaze.json").read_text())["samples_lost_in_network"]
    assert 0.1 < lost / (lost + len(samples)) < 0.3


def test_a_safety_log_that_can_not_be_written_keeps_no_drive_from_being_recorded(
    tmp_path: Path,
) -> None:
    (tmp_path / "gaze.bin").mkdir()

    async def job(simulator: DeviceSimulator, tracker: CompanionDevice) -> None:
        await tracker.start(PLAN)
        assert simulator.recording_id is not None
        assert "Safety log" in (await tracker.health()).note

    drive(job, tmp_path)
