"""What the device has recorded, as the importer reads it."""

import asyncio
import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import signal

pytest.importorskip("aiohttp")
realtime = pytest.importorskip("pupil_labs.realtime_api")

from dashgaze.collection.eye_tracker import open_recording
from dashgaze.collection.simulation.device import DeviceOptions, DeviceSimulator
from dashgaze.collection.simulation.device.microphone import RATE_HZ
from dashgaze.errors import InputError
from dashgaze.media import Sound, probe, read_sound

QUICK = {"gaze_lead_s": 0.1, "scene_lead_s": 0.15, "imu_lead_s": 0.2}
CHIRP_HZ = 48_000


def chirp(*, stretch: float = 1.0) -> Sound:
    """Half a second from 500 to 6000 Hz."""
    at_s = np.arange(CHIRP_HZ // 2) / CHIRP_HZ / stretch
    samples = 0.5 * signal.chirp(at_s, 500, 0.5, 6000, method="logarithmic")
    return Sound(samples=samples.astype(np.float32), rate_hz=CHIRP_HZ, start_s=0.0)


def let_nothing_run(seconds: float) -> None:
    """Hold up the event loop, as a computer does that has other things to do."""
    time.sleep(seconds)


async def record(device: DeviceSimulator, seconds: float) -> str:
    async with realtime.Device(device.address, device.port) as client:
        recording_id = await client.recording_start()
        await asyncio.sleep(seconds)
        await client.recording_stop_and_save()
    return str(recording_id)


@pytest.mark.parametrize("kind", ["pupil_invisible", "neon"])
def test_the_recording_holds_what_was_planted(with_device: Any, tmp_path: Path, kind: str) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with realtime.Device(device.address, device.port) as client:
            recording_id = await client.recording_start()
            await asyncio.sleep(1.0)
            told_ns = device.clock.now_ns()
            await client.send_event("overtake", told_ns)
            await client.send_event("earlier", told_ns - 10**8)
            await client.recording_stop_and_save()
        (folder,) = device.recordings
        assert folder.parent == tmp_path
        assert folder.name.endswith(recording_id[:8])
        assert [path.name for path in tmp_path.iterdir()] == [folder.name]  # nothing else is left
        recording = open_recording(folder)
        assert recording.kind == kind
        assert recording.recording_id == recording_id
        assert recording.duration_ns == pytest.approx(1.0e9, rel=0.3)
        assert recording.start_time_ns is not None
        assert recording.start_time_ns % 10**6 == 0

        truth = device.gaze_truth()
        places = np.searchsorted(truth.timestamp_ns, recording.gaze.timestamp_ns)
        assert len(places) > 80
        assert (np.diff(places) == 1).all()
        assert np.array_equal(truth.timestamp_ns[places], recording.gaze.timestamp_ns)
        assert np.array_equal(truth.points_px[places, 0], recording.gaze.x_px.astype(np.float32))
        assert np.array_equal(truth.points_px[places, 1], recording.gaze.y_px.astype(np.float32))
        assert recording.gaze.worn.all()
        lead_s = (recording.gaze.timestamp_ns[0] - recording.start_time_ns) / 1e9
        assert 0.1 <= lead_s < 0.12

        frames = set(device.frame_truth().values())
        assert len(recording.world.timestamp_ns) > 15
        assert set(recording.world.timestamp_ns.tolist()) <= frames
        assert recording.world.valid.all()
        assert [(event.name, event.timestamp_ns) for event in recording.events[1:-1]] == [
            ("earlier", told_ns - 10**8),
            ("overtake", told_ns),
        ]
        assert recording.imu is not None
        assert np.diff(recording.imu.timestamp_ns) == pytest.approx(4.94e6)
        up = recording.imu.accel_g.mean(axis=0)
        assert up == pytest.approx(
            (0, -0.98, 0) if kind == "pupil_invisible" else (0, 0, 1), abs=0.03
        )
        unexpected = {note.code for note in recording.notes} - {"WORLD-SIZE", "CALIBRATION-DEFAULT"}
        assert not unexpected

    with_device(check, kind=kind, record_to=tmp_path, clock_offset_ms=777_000, **QUICK)


def test_streamed_and_recorded_gaze_are_the_same(
    with_device: Any, kit: Any, tmp_path: Path
) -> None:
    async def check(device: DeviceSimulator) -> None:
        url = f"rtsp://{device.address}:{device.rtsp_port}/?camera=gaze"
        receiving = asyncio.create_task(kit.take(realtime.receive_gaze_data(url), 110))
        await asyncio.sleep(0.1)
        await record(device, 1.0)
        streamed = {
            round(sample.timestamp_unix_seconds * 1e4): (sample.x, sample.y)
            for sample in await receiving
        }
        gaze = open_recording(device.recordings[0]).gaze
        shared = 0
        for stamp, x, y in zip(gaze.timestamp_ns, gaze.x_px, gaze.y_px, strict=True):
            if (found := streamed.get(round(stamp / 1e5))) is not None:
                shared += 1
                assert found == (np.float32(x), np.float32(y))
        assert shared > 50

    with_device(check, record_to=tmp_path, **QUICK)


def test_a_chirp_of_the_host_is_heard_at_its_time_or_refused(
    with_device: Any, tmp_path: Path
) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with realtime.Device(device.address, device.port) as client:
            await client.recording_start()
            await asyncio.sleep(0.5)
            host_ns = [time.time_ns() + 50_000_000]
            device.hear(chirp(), host_ns[0])
            await asyncio.sleep(0.9)
            host_ns.append(time.time_ns() - 300_000_000)  # told a little late
            device.hear(chirp(), host_ns[1], gain=0.7)
            await asyncio.sleep(0.5)
            with pytest.raises(InputError, match="recorded already"):
                device.hear(chirp(), time.time_ns() - 1_750_000_000)
            true_ns = [device.clock.stamp_ns(device.clock.steady_ns(at)) for at in host_ns]
            await client.recording_stop_and_save()
        recording = open_recording(device.recordings[0])
        (part,) = recording.world_parts
        assert part.path is not None
        assert part.container_offset_ns is not None
        sound = read_sound(part.path, rate_hz=RATE_HZ)
        # The device's clock is fast by so much that the whole chirp is heard longer.
        wanted = chirp(stretch=1.001).samples
        match = np.abs(signal.correlate(sound.samples, wanted, mode="valid"))
        first = int(match.argmax())
        match[max(0, first - 9600) : first + 9600] = 0
        found_s = sorted(sound.start_s + place / RATE_HZ for place in (first, int(match.argmax())))
        found_ns = [part.container_offset_ns + round(at_s * 1e9) for at_s in found_s]
        for found, true in zip(found_ns, true_ns, strict=True):
            assert found == pytest.approx(true, abs=3e5)  # 0.3 ms

    with_device(check, record_to=tmp_path, clock_offset_ms=-4000, clock_drift_ppm=1000, **QUICK)


def test_the_microphone_can_hear_a_function_of_time(with_device: Any, tmp_path: Path) -> None:
    def tone(device_ns: int, count: int, rate_hz: int) -> np.ndarray:
        at_s = device_ns % 10**9 / 1e9 + np.arange(count) / rate_hz
        return 0.3 * np.sin(2 * np.pi * 1000 * at_s)

    async def check(device: DeviceSimulator) -> None:
        await record(device, 1.0)
        (part,) = open_recording(device.recordings[0]).world_parts
        assert part.path is not None
        samples = read_sound(part.path, rate_hz=RATE_HZ).samples[4800:-4800]
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        peak_hz = spectrum.argmax() * RATE_HZ / len(samples)
        assert peak_hz == pytest.approx(1000, abs=3)
        assert np.std(samples) == pytest.approx(0.3 / np.sqrt(2), rel=0.05)

    with_device(check, record_to=tmp_path, sound=tone, **QUICK)


def test_glasses_plugged_in_again_begin_new_parts(with_device: Any, tmp_path: Path) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with realtime.Device(device.address, device.port) as client:
            await client.recording_start()
            await asyncio.sleep(0.6)
            await device.switch("unplugged")
            away_ns = device.clock.now_ns()
            await asyncio.sleep(0.25)
            back_ns = device.clock.now_ns()
            await device.switch("unplugged", on=False)
            await asyncio.sleep(0.6)
            await client.recording_stop_and_save()
        folder = device.recordings[0]
        for name in (
            "PI world v1 ps2.mp4",
            "PI world v1 ps2.time",
            "gaze ps2.raw",
            "extimu ps2.raw",
        ):
            assert (folder / name).stat().st_size > 0
        recording = open_recording(folder)
        assert [part.number for part in recording.world_parts] == [1, 2]
        for stamps in (
            recording.gaze.timestamp_ns,
            recording.world.timestamp_ns[recording.world.valid],
        ):
            assert not ((stamps > away_ns + 5e7) & (stamps < back_ns)).any()
            assert (stamps < away_ns).any()
            assert (stamps > back_ns).any()

    with_device(check, record_to=tmp_path, **QUICK)


@pytest.mark.parametrize("fault", ["unplugged", "no_scene_camera", "not_worn"])
def test_a_late_event_loop_samples_what_was_due_as_things_were_then(
    with_device: Any, tmp_path: Path, fault: str
) -> None:
    """A busy computer: nothing had its turn for 0.3 s before a fault came, nor before it went."""

    async def check(device: DeviceSimulator) -> None:
        async with realtime.Device(device.address, device.port) as client:
            await client.recording_start()
            await asyncio.sleep(0.6)
            let_nothing_run(0.3)
            on_ns = device.clock.now_ns()
            device.faults.turn_on(fault)
            await asyncio.sleep(0.1)
            let_nothing_run(0.3)
            off_ns = device.clock.now_ns()
            device.faults.turn_off(fault)
            await asyncio.sleep(0.6)
            await client.recording_stop_and_save()
        recording = open_recording(device.recordings[0])
        gaze_ns, frames_ns = recording.gaze.timestamp_ns, recording.world.timestamp_ns
        imu_ns = recording.imu.timestamp_ns
        away = {
            "gaze": (gaze_ns > on_ns) & (gaze_ns < off_ns),
            "motion": (imu_ns > on_ns) & (imu_ns < off_ns),
            "pictures": (frames_ns > on_ns) & (frames_ns < off_ns),
        }
        missing = {
            "unplugged": {"gaze", "motion", "pictures"},
            "no_scene_camera": {"pictures"},
            "not_worn": set(),
        }[fault]
        for name, inside in away.items():
            # A sample may come due between reading the clock and switching; a picture is not made so fast.
            most = 0 if name == "pictures" else 1
            assert inside.sum() <= most if name in missing else inside.any(), name
        for stamps_ns, step_ns in ((gaze_ns, 8.4e6), (imu_ns, 5e6)):
            assert on_ns - stamps_ns[stamps_ns < on_ns][-1] < 2 * step_ns, "up to the fault"
            assert stamps_ns[stamps_ns > off_ns][0] - off_ns < 0.3e9, "and on again"
        if fault == "not_worn":
            worn = recording.gaze.worn
            assert worn[~away["gaze"]].all()
            assert worn[away["gaze"]].sum() <= 1

    with_device(check, record_to=tmp_path, **QUICK)


def test_without_scene_camera_gaze_goes_on(with_device: Any, tmp_path: Path) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with realtime.Device(device.address, device.port) as client:
            await client.recording_start()
            await asyncio.sleep(0.6)
            await device.switch("no_scene_camera")
            status = await client.get_status()
            assert not status.direct_world_sensor().connected
            assert status.direct_gaze_sensor().connected
            await asyncio.sleep(0.5)
            await client.recording_stop_and_save()
        recording = open_recording(device.recordings[0])
        assert recording.gaze.timestamp_ns[-1] - recording.world.timestamp_ns[-1] > 4e8

    with_device(check, record_to=tmp_path, **QUICK)


def test_sound_is_missing_where_the_app_has_it_off(with_device: Any, tmp_path: Path) -> None:
    async def check(device: DeviceSimulator) -> None:
        await record(device, 0.5)
        device.faults.turn_on("no_sound")
        await record(device, 0.5)
        videos = [next(folder.glob("PI world*.mp4")) for folder in device.recordings]
        assert probe(videos[0]).audio is not None
        assert probe(videos[1]).audio is None

    with_device(check, record_to=tmp_path, **QUICK)


def test_what_is_not_worn_is_recorded_as_not_worn(with_device: Any, tmp_path: Path) -> None:
    async def check(device: DeviceSimulator) -> None:
        await record(device, 0.5)
        assert not open_recording(device.recordings[0]).gaze.worn.any()

    with_device(check, record_to=tmp_path, faults=("not_worn",), **QUICK)


def test_a_cancelled_recording_leaves_nothing(with_device: Any, tmp_path: Path) -> None:
    async def check(device: DeviceSimulator) -> None:
        async with realtime.Device(device.address, device.port) as client:
            await client.recording_start()
            await asyncio.sleep(0.4)
            await client.recording_cancel()
        assert device.recordings == []
        assert list(tmp_path.iterdir()) == []

    with_device(check, record_to=tmp_path, **QUICK)


def test_a_recording_that_runs_at_the_end_is_saved(tmp_path: Path) -> None:
    async def check() -> None:
        options = DeviceOptions(record_to=tmp_path / "new", scene_size_px=(320, 320), **QUICK)
        async with DeviceSimulator(options) as device:
            async with realtime.Device(device.address, device.port) as client:
                recording_id = await client.recording_start()
            await asyncio.sleep(0.6)
        assert open_recording(device.recordings[0]).recording_id == recording_id
        assert str(uuid.UUID(recording_id)) == recording_id

    asyncio.run(check())


def test_a_folder_that_can_not_be_written_is_told(with_device: Any, tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("x")

    async def check(device: DeviceSimulator) -> None:
        async with realtime.Device(device.address, device.port) as client:
            with pytest.raises(realtime.device.DeviceError, match="can't be made"):
                await client.recording_start()
            assert (await client.get_status()).recording is None

    with_device(check, record_to=taken)
