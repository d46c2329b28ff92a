"""What a second terminal asks for while somebody else's screen records: undo, and a stop taken up."""

import pytest

from dashgaze.collection.record import (
    DeviceOptions,
    Form,
    RecorderOptions,
    begin_drive,
    read_events,
    run_drive,
    send_event,
    send_stop,
    send_undo,
)
from dashgaze.collection.record.drive_folder import DriveFolder
from dashgaze.collection.record.events import EventLog
from dashgaze.collection.record.view import ChecksView, LiveView, StepView

FORM = Form(
    driver="P07",
    consent_version="2.1",
    consent_scope="blurred",
    car="VW Golf",
    camera_position="under_mirror",
    weather="clear",
    lighting="day",
    eyewear="none",
    passengers=0,
    minutes=1.0,
    observer="AB",
    eye_tracker="neon",
)


@pytest.fixture
def drive(fakes, tmp_path):
    root, clock = tmp_path / "drives" / "s1", fakes.JumpingClock()
    devices = {
        role: fakes.FakeDevice(role, tmp_path / f"{role}.json") for role in ("phone", "tracker")
    }
    begin_drive(root, FORM, DeviceOptions(), clock=clock)

    def run(steps, *, during=lambda _view: None, resumed=False, **more):
        desk = fakes.ScriptedDesk(steps)
        show = desk.show
        desk.show = lambda view: (show(view), during(view))[0]
        options = RecorderOptions(title="s1", **more)
        fakes.in_jumping_time(
            run_drive(root, desk, options, clock=clock, resumed=resumed, make=lambda _: devices)
        )
        return " ".join(fakes.text_of(view) for view in desk.views)

    run.root, run.clock, run.devices = root, clock, devices
    return run


GO = (lambda view: isinstance(view, ChecksView) and not view.busy, "enter")


def live_for(seconds):
    return lambda view: isinstance(view, LiveView) and view.elapsed_s >= seconds


def test_an_event_is_taken_back_from_there_and_the_tracker_is_told(drive):
    asked = []

    def second(view):
        for at_s, ask in (
            (3, lambda: send_event(drive.root, "roadworks", clock=drive.clock)),
            (6, lambda: send_event(drive.root, "glare", clock=drive.clock)),
            (9, lambda: send_undo(drive.root, clock=drive.clock)),
            (20, lambda: send_stop(drive.root, clock=drive.clock)),
        ):
            if live_for(at_s)(view) and at_s not in asked:
                asked.append(at_s)
                ask()

    seen = drive([GO], during=second)
    assert [(e.name, e.undone) for e in read_events(drive.root)] == [
        ("roadworks", False),
        ("glare", True),
    ]
    assert "glare taken back" in seen
    assert [name for name, _ in drive.devices["tracker"].marks] == ["roadworks", "glare", "undo.2"]


def test_an_undo_counts_once_whoever_reads_it_again(drive):
    """There was nothing to take back: after a crash it must not take back what came later."""
    folder = DriveFolder(drive.root)
    log = EventLog(folder, drive.clock)
    assert log.undo(inbox=1) is None
    log.add("overtake")
    assert EventLog(folder, drive.clock).took_in(1)
    log.undo(inbox=2)
    again = EventLog(folder, drive.clock)
    assert again.took_in(2)
    assert [event.undone for event in read_events(drive.root)] == [True]
    assert again.undo() is None


def test_a_stop_that_is_finished_after_a_crash_takes_nothing_over_in_words(drive):
    leave = [
        (live_for(5), "d"),
        (lambda view: "Leave this screen" in getattr(view, "prompt", ""), "y"),
    ]
    drive([GO, *leave])
    seen = drive([], resumed=True, stop_only=True, go=True)
    assert "still records; it is stopped next" in seen
    assert "taken over" not in seen
    assert not any(device.state["recording"] for device in drive.devices.values())


def test_a_drive_that_is_taken_up_says_that_its_recordings_are(drive):
    leave = [
        (live_for(5), "d"),
        (lambda view: "Leave this screen" in getattr(view, "prompt", ""), "y"),
    ]
    drive([GO, *leave])
    end = [
        (live_for(40), "e"),
        (lambda view: "End the drive?" in view.prompt, "y"),
        (lambda view: isinstance(view, StepView) and bool(view.keys), "enter"),
    ]
    assert "records on and is taken over" in drive(end, resumed=True)


def test_a_stop_from_before_the_drive_does_not_end_it(drive):
    earlier = type(drive.clock)(drive.clock.now_ns() - drive.clock.monotonic_ns() - 10**10)
    send_stop(drive.root, clock=earlier)
    asked = []

    def second(view):
        if live_for(30)(view) and not asked:
            asked.append(view.elapsed_s)
            send_stop(drive.root, clock=drive.clock)

    drive([GO], during=second)
    assert asked, "it went on until it was asked to stop in the drive"
