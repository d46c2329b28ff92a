"""A drive with the real client against the simulated eye tracker, over the loopback."""

import asyncio

import pytest

from dashgaze.collection.record import (
    DeviceOptions,
    Form,
    RecorderOptions,
    begin_drive,
    read_clocks,
    read_events,
    read_journal,
    replay,
    run_drive,
)
from dashgaze.collection.record.view import ChecksView, LiveView, StepView
from dashgaze.session import open_session

pytest.importorskip("pupil_labs.realtime_api", reason="the extra `collect` is not installed")

FORM = Form(
    driver="P07",
    consent_version="2.1",
    consent_scope="blurred",
    car="VW Golf",
    camera_position="under_mirror",
    weather="clear",
    lighting="day",
    eyewear="none",
    passengers=1,
    minutes=1.0,
    observer="AB",
    eye_tracker="neon",
)
RULES = [
    (lambda v: isinstance(v, ChecksView) and "a" in dict(v.keys), "a"),
    (lambda v: isinstance(v, ChecksView) and "enter" in dict(v.keys), "enter"),
    (lambda v: isinstance(v, LiveView) and bool(v.prompt), "y"),
    (lambda v: isinstance(v, LiveView) and v.elapsed_s > 3 and v.event_count == 0, "o"),
    (
        lambda v: (
            isinstance(v, LiveView)
            and v.elapsed_s > 5
            and all(device.lamp == "on" for device in v.devices)
            and v.gaze_valid_share is not None
        ),
        "e",
    ),
    (lambda v: isinstance(v, StepView) and "Last, the sync" in v.step, "enter"),
]


@pytest.mark.slow
def test_a_drive_with_the_simulated_eye_tracker(fakes, tmp_path):
    from dashgaze.collection.companion import CompanionDevice, read_gaze_log
    from dashgaze.collection.simulation.device import DeviceOptions as SimulatorOptions
    from dashgaze.collection.simulation.device import DeviceSimulator

    root = tmp_path / "drives" / "s1"
    root.parent.mkdir()
    begin_drive(root, FORM, DeviceOptions())
    desk = fakes.PatientDesk(RULES)
    phone = fakes.FakeDevice("phone", tmp_path / "phone.json")

    async def main():
        options = SimulatorOptions(
            kind="pupil_invisible",
            port=0,
            rtsp_port=0,
            control_port=0,
            announce=False,
            record_to=tmp_path / "exports",
            clock_offset_ms=250.0,
        )
        async with DeviceSimulator(options) as simulator:
            tracker = CompanionDevice(
                f"{simulator.address}:{simulator.port}", field_folder=root / "field"
            )
            outcome = await run_drive(
                root,
                desk,
                RecorderOptions(title="s1"),
                make=lambda observer: {"phone": phone, "tracker": tracker},
            )
        return outcome, list(simulator.recordings)

    outcome, recordings = asyncio.run(main())
    assert outcome.end == "closed"
    assert replay(read_journal(root)).tracker.recording_id
    (event,) = read_events(root)
    assert (event.name, event.sent) == ("overtake", True)
    offsets = [c.offset.offset_ms for c in read_clocks(root) if c.role == "tracker"]
    assert offsets == pytest.approx([250.0, 250.0], abs=20)
    assert open_session(root).manifest.eye_tracker.kind == "pupil_invisible"
    assert len(recordings) == 1
    assert "overtake" in (recordings[0] / "event.txt").read_text()
    assert len(read_gaze_log(root / "field" / "gaze.bin")) > 100
