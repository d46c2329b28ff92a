"""Whole drives with made-up devices, in jumping time: what the observer sees, and what is left on disk."""

import itertools
import json
import os
import signal

import pytest

from dashgaze.collection.record import (
    DeviceOptions,
    Form,
    RecorderOptions,
    begin_drive,
    drive_status,
    read_clocks,
    read_events,
    read_journal,
    replay,
    run_drive,
    send_event,
    send_stop,
)
from dashgaze.collection.record.view import ChecksView, LiveView, StepView
from dashgaze.errors import InputError
from dashgaze.session import open_session

FORM = Form(
    driver="P07",
    consent_version="2.1",
    consent_scope="blurred",
    car="VW Golf",
    camera_position="under_mirror",
    weather="clear",
    lighting="night",
    eyewear="none",
    passengers=1,
    minutes=1.0,
    observer="AB",
    eye_tracker="pupil_invisible",
)


def checks(view):
    return isinstance(view, ChecksView) and not view.busy


def live(view):
    return isinstance(view, LiveView)


def after(seconds):
    return lambda view: live(view) and view.elapsed_s >= seconds


def shows(text):
    return lambda view: text in getattr(view, "message", "") + getattr(view, "prompt", "")


def step(text):
    return lambda view: isinstance(view, StepView) and bool(view.keys) and text in view.step


GO = (checks, "enter")
END = [
    (after(40), "e"),
    (shows("End the drive?"), "y"),
    (step("Last, the sync sound"), "enter"),
]


class Setup:
    """A drive with fakes."""

    def __init__(self, fakes, folder):
        self.fakes, self.root = fakes, folder / "drives" / "session_07"
        folder.joinpath("drives").mkdir()
        self.tracker = fakes.FakeDevice("tracker", folder / "tracker.json")
        self.phone = fakes.FakeDevice("phone", folder / "phone.json")
        self.devices = {"phone": self.phone, "tracker": self.tracker}
        self.clock = fakes.JumpingClock()
        self.options = RecorderOptions(title="session_07   driver P07")

    def begin(self, form=FORM, **devices):
        return begin_drive(self.root, form, DeviceOptions(**devices), clock=self.clock)

    def run(self, steps, *, resumed=False, options=None, during=None):
        self.desk = desk = self.fakes.ScriptedDesk(steps)
        if during is not None:
            show = desk.show
            desk.show = lambda view: (show(view), during(view))[0]
        outcome = self.fakes.in_jumping_time(
            run_drive(
                self.root,
                desk,
                options or self.options,
                resumed=resumed,
                clock=self.clock,
                make=lambda observer: self.devices,
            )
        )
        assert not desk.steps, f"never pressed: {desk.steps}"
        return outcome

    def steps(self):
        return [line["step"] for line in read_journal(self.root)]

    def state(self):
        return replay(read_journal(self.root))

    def seen(self):
        return "\n".join(self.fakes.text_of(view) for view in self.desk.views)


@pytest.fixture
def drive(fakes, tmp_path):
    return Setup(fakes, tmp_path)


def test_a_whole_drive_goes_phone_first_tracker_second_and_stops_in_reverse(drive):
    drive.begin()
    outcome = drive.run(
        [
            GO,
            (after(1), "c"),
            (shows("Claps: noted"), "v"),
            *[step for n in "12345" for step in [(shows(f"{n}/5"), " ")]],
            (shows("Validation: done"), "o"),
            (shows("overtake logged"), "r"),
            (shows("rain.on logged"), "u"),
            (shows("rain.on taken back"), "r"),
            (shows("rain.on logged"), "r"),
            (shows("rain.off logged"), "n"),
            (shows("note (enter"), "h"),
            (shows("note (enter to keep): h_"), "x"),
            (shows("note (enter to keep): hx_"), "backspace"),
            (shows("note (enter to keep): h_"), "i"),
            (shows("note (enter to keep): hi_"), "enter"),
            *END,
        ]
    )
    assert (outcome.end, outcome.recording) == ("closed", ())
    by_role = [
        (line["step"], line.get("role"))
        for line in read_journal(drive.root)
        if line["step"] not in ("clock", "checked")
    ]
    assert by_role == [
        ("created", None),
        ("form", None),
        ("ready", None),
        ("starting", "phone"),
        ("started", "phone"),
        ("growing", "phone"),
        ("starting", "tracker"),
        ("started", "tracker"),
        ("growing", "tracker"),
        ("ending", None),
        ("stopping", "tracker"),
        ("stopped", "tracker"),
        ("stopping", "phone"),
        ("stopped", "phone"),
        ("closed", None),
    ]
    for device in drive.devices.values():
        assert device.state == {"recording": False, "starts": 1, "stops": 1, "takeovers": 0}
    events = read_events(drive.root)
    names = [event.name for event in events if not event.undone]
    assert names[0] == "clap.start"
    assert [name for name in names if name.startswith("validation.")] == [
        f"validation.{point}.{edge}"
        for point in (
            "bonnet_centre",
            "mirror_left",
            "mirror_inner",
            "mirror_right",
            "speedometer",
        )
        for edge in ("start", "end")
    ]
    assert names[-4:] == ["overtake", "rain.on", "rain.off", "note"]
    assert [event.name for event in events if event.undone] == ["rain.on"]
    assert events[-1].text == "hi"
    assert all(event.sent for event in events)
    assert all(event.tracker_ns == event.host_ns + 250_000_000 for event in events)
    assert all(event.phone_ns == event.host_ns - 40_000_000 for event in events)
    marked = [name for name, _ in drive.tracker.marks if not name.startswith("undo.")]
    assert marked == [event.name for event in events]


def test_clocks_are_measured_before_and_after(drive):
    drive.begin()
    drive.run([GO, *END])
    found = [(each.role, each.when) for each in read_clocks(drive.root)]
    assert found == [
        ("phone", "before"),
        ("tracker", "before"),
        ("phone", "after"),
        ("tracker", "after"),
    ]


def test_the_manifest_is_dated_by_the_phones_clock(drive):
    drive.begin()
    assert open_session(drive.root).manifest.recorded_at is None
    drive.run([GO, *END])
    manifest = open_session(drive.root).manifest
    assert abs(manifest.phone_start_ns - drive.fakes.BEGAN_NS) < 2e9
    assert manifest.eye_tracker.kind == "neon"  # as the device says, not as the form did
    assert (manifest.driver_id, manifest.consent.scope) == ("P07", "blurred")


def test_a_claps_event_lies_in_the_middle_of_the_claps(drive):
    drive.begin()
    drive.run([GO, (after(1), "c"), (shows("Claps: noted"), "x"), *END])
    event = read_events(drive.root)[0]
    assert event.host_ns - event.details["began_ns"] == 1_500_000_000


class Speaker:
    name = "made up"

    def __init__(self, error=None):
        self.played, self.error = [], error

    async def play(self, path):
        if self.error is not None:
            raise self.error
        self.played.append(path.read_bytes()[:4])


def test_the_chirp_is_played_at_start_middle_and_end_and_its_seed_kept(drive):
    drive.begin()
    drive.phone.values = {"speed_m_s": 0.0}
    options = RecorderOptions(title="t", loudspeaker=Speaker())
    drive.run(
        [
            GO,
            (after(1), "c"),
            (shows("The car stands: c, the sync sound of the middle"), "c"),
            (lambda v: live(v) and v.last_event == "chirp.middle", "e"),
            (shows("End the drive?"), "y"),
            (step("Last, the sync sound"), "c"),
        ],
        options=options,
        during=None,
    )
    events = read_events(drive.root)
    assert [event.name for event in events] == ["chirp.start", "chirp.middle", "chirp.end"]
    assert options.loudspeaker.played == [b"RIFF"] * 3
    assert len({event.details["seed"] for event in events}) == 3
    assert all(len(event.details["gaps_s"]) == 2 for event in events)


def test_a_loudspeaker_that_fails_makes_room_for_claps(drive):
    from dashgaze.errors import DeviceError

    drive.begin()
    options = RecorderOptions(title="t", loudspeaker=Speaker(DeviceError("The card refused.")))
    drive.run([GO, (after(1), "c"), (shows("Claps: noted"), "x"), *END], options=options)
    assert read_events(drive.root)[0].name == "clap.start"
    assert "The card refused. Clap instead." in drive.seen()


def test_no_sync_sound_in_a_moving_car_without_asking(drive):
    drive.begin()
    drive.phone.values = {"speed_m_s": 12.0}
    drive.run([GO, (after(1), "c"), (shows("The car moves"), "n"), *END])
    assert read_events(drive.root) == ()


def test_a_phone_that_does_not_grow_keeps_the_tracker_from_starting(drive):
    drive.begin()
    drive.phone.grows = False
    outcome = drive.run([GO, (step("The phone does not record"), "d")])
    assert outcome.end == "left"
    assert outcome.recording == ("phone",)
    assert drive.tracker.state["starts"] == 0
    assert "the tracker is NOT started" in drive.seen()
    drive.phone.grows = True
    assert drive.run(END, resumed=True).end == "closed"
    assert drive.phone.state["starts"] == 1


def test_a_start_whose_answer_is_lost_is_settled_by_asking(drive):
    drive.begin()
    drive.tracker.start_lost = True
    drive.run([GO, *END])
    assert drive.tracker.state["starts"] == 1
    assert "Asking the tracker whether it records" in drive.seen()


def test_a_start_that_can_not_be_settled_is_not_repeated_blindly(drive):
    drive.begin()
    drive.tracker.start_lost = drive.tracker.gone_after_start = True

    def cut(view):
        if step("Failed")(view):
            drive.tracker.reachable = True

    drive.run([GO, (step("Failed: starting the tracker"), "enter"), *END], during=cut)
    assert drive.tracker.state["starts"] == 1
    assert "unknown" in drive.steps()
    assert "It is not known whether the tracker records" in drive.seen()


def test_a_refused_start_says_why_and_may_be_tried_again(drive):
    drive.begin()
    drive.tracker.refuse_start = True

    def mend(view):
        if step("Failed")(view):
            drive.tracker.refuse_start = False

    drive.run([GO, (step("Failed: starting the tracker"), "enter"), *END], during=mend)
    assert "No wearer is chosen. Choose one in the app." in drive.seen()
    assert drive.tracker.state["starts"] == 1
    assert drive.phone.state["starts"] == 1


def test_a_drive_may_be_given_up_before_the_tracker_runs(drive):
    drive.begin()
    drive.tracker.refuse_start = True
    drive.run(
        [
            GO,
            (step("Failed: starting the tracker"), "e"),
        ]
    )
    assert drive.state().phase == "closed"
    assert drive.phone.state == {"recording": False, "starts": 1, "stops": 1, "takeovers": 0}


def test_a_device_lost_on_the_way_rings_once_and_comes_back(drive):
    drive.begin()

    def lose(view):
        if live(view):
            drive.tracker.reachable = not 5 < view.elapsed_s < 25

    drive.run([GO, *END], during=lose)
    assert drive.steps().count("lost") == drive.steps().count("back") == 1
    assert drive.desk.bells == 1
    lamps = {d.lamp for v in drive.desk.views if live(v) for d in v.devices if d.role == "tracker"}
    assert {"on", "gone"} <= lamps
    assert "TRACKER not reachable for" in drive.seen()
    assert drive.tracker.state["starts"] == drive.tracker.state["stops"] == 1


def test_a_device_that_hangs_never_blocks_the_screen(drive):
    drive.begin()

    def hang(view):
        if live(view):
            drive.phone.hangs = 5 < view.elapsed_s < 30

    drive.run([GO, (after(15), "o"), *END], during=hang)
    times = [view.elapsed_s for view in drive.desk.views if live(view)]
    assert max(b - a for a, b in itertools.pairwise(times)) <= 0.6
    assert [event.name for event in read_events(drive.root)] == ["overtake"]


def test_a_dead_device_takes_no_events_and_loses_none(drive):
    drive.begin()

    def lose(view):
        if live(view):
            drive.tracker.reachable = not 5 < view.elapsed_s < 35

    drive.run([GO, (after(10), "j"), *END], during=lose)
    (event,) = read_events(drive.root)
    assert (event.name, event.sent) == ("junction", False)
    assert "did not take 'junction'; it is logged here" in drive.seen()


def test_a_recording_that_ends_by_itself_is_told(drive):
    drive.begin()

    def end(view):
        if live(view) and 5 < view.elapsed_s < 6:
            drive.phone.change(recording=False)

    drive.run([GO, *END], during=end)
    assert "PHONE stopped recording by itself" in drive.seen()
    assert "ended" in drive.steps()
    assert drive.phone.state["starts"] == 1
    assert drive.state().phase == "closed"


def test_files_that_do_not_grow_put_the_lamp_out_whatever_the_device_claims(drive):
    drive.begin()

    def freeze(view):
        if live(view):
            drive.phone.grows = view.elapsed_s < 5

    drive.run([GO, *END], during=freeze)
    assert "PHONE does not grow" in drive.seen()
    assert drive.desk.bells == 1


@pytest.mark.parametrize(
    ("role", "values", "words"),
    [
        ("tracker", {"gaze_valid_share": 0.3}, "GAZE 30% valid"),
        ("phone", {"storage_minutes": 8.0}, "PHONE has space for 8 min"),
        ("phone", {"battery_percent": 12.0}, "PHONE battery 12 %"),
        ("phone", {"temperature_c": 45.0}, "PHONE is hot, 45 °C"),
    ],
)
def test_what_goes_wrong_on_the_way_is_told_and_rings_once(drive, role, values, words):
    drive.begin()
    drive.devices[role].values = values
    drive.run([GO, *END])
    assert words in drive.seen()
    assert drive.desk.bells == 1


def test_a_stop_that_fails_once_is_tried_again_by_itself(drive):
    drive.begin()
    drive.tracker.stop_fails = 1
    drive.run([GO, *END])
    assert drive.state().phase == "closed"
    assert "It did not stop." in drive.seen()
    assert drive.tracker.state["stops"] == 1
    stops = [
        (line["step"], line["role"]) for line in read_journal(drive.root) if "stop" in line["step"]
    ]
    assert stops == [
        ("stopping", "tracker"),
        ("not_stopped", "tracker"),
        ("stopping", "tracker"),
        ("stopped", "tracker"),
        ("stopping", "phone"),
        ("stopped", "phone"),
    ]


def test_a_stop_that_keeps_failing_leaves_the_phone_running_until_somebody_decides(drive):
    drive.begin()
    drive.tracker.stop_fails = 9
    outcome = drive.run([GO, *END, (step("The tracker did not stop"), "d")])
    assert outcome.recording == ("phone", "tracker")
    assert drive.phone.state["recording"]
    drive.tracker.stop_fails = 9
    drive.run(
        [(step("Last, the sync"), "enter"), (step("The tracker did not stop"), "h")], resumed=True
    )
    assert drive.state().phase == "closed"
    assert not drive.phone.state["recording"]


def test_leaving_leaves_everything_running(drive):
    drive.begin()
    outcome = drive.run([GO, (after(5), "d"), (shows("Leave this screen"), "y")])
    assert (outcome.end, outcome.recording) == ("left", ("phone", "tracker"))
    assert drive.state().left
    assert drive.tracker.state["recording"]
    assert drive.run(END, resumed=True).end == "closed"
    assert drive.tracker.state == {"recording": False, "starts": 1, "stops": 1, "takeovers": 1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_everything_running(drive, number):
    drive.begin()
    sent = []

    def kill(view):
        if live(view) and view.elapsed_s > 3 and not sent:
            sent.append(number)
            os.kill(os.getpid(), number)

    outcome = drive.run([GO], during=kill)
    assert (outcome.end, outcome.reason) == ("left", number.name)
    assert outcome.recording == ("phone", "tracker")
    assert drive.phone.state["recording"]
    assert drive.tracker.state["recording"]


def test_an_error_of_this_computer_leaves_everything_running_and_says_so(drive, monkeypatch):
    from dashgaze.collection.record.journal import Journal
    from dashgaze.errors import OutputError

    drive.begin()
    write = Journal.write

    def full(self, step, **details):
        if step == "stopping":
            raise OutputError("The disk is full.", fix="Make room.")
        return write(self, step, **details)

    monkeypatch.setattr(Journal, "write", full)
    with pytest.raises(
        OutputError, match=r"phone and tracker go on recording: `dashgaze collect res"
    ):
        drive.run([GO, *END])
    assert drive.tracker.state["recording"]
    monkeypatch.undo()
    drive.run([(step("Last, the sync"), "enter")], resumed=True)
    assert drive.state().phase == "closed"


def test_a_second_terminal_logs_events_and_ends_the_drive(drive):
    drive.begin()
    done = []

    def second(view):
        if live(view) and view.elapsed_s > 3 and "event" not in done:
            done.append("event")
            send_event(drive.root, "roadworks", text="left lane", clock=drive.clock)
        if live(view) and view.elapsed_s > 6 and "stop" not in done:
            done.append("stop")
            status = drive_status(drive.root)
            assert status.recorder
            assert status.state.phase == "recording"
            assert status.screen["screen"] == "live"
            assert status.events == 1
            json.dumps(status.to_json())
            send_stop(drive.root, clock=drive.clock)

    drive.run([GO], during=second)
    (event,) = read_events(drive.root)
    assert (event.name, event.text, event.source) == ("roadworks", "left lane", "inbox")
    assert drive.state().phase == "closed"
    assert not drive_status(drive.root).recorder
    assert oct((drive.root / "field/inbox.jsonl").stat().st_mode & 0o777) == "0o600"


def test_events_sent_while_no_recorder_is_at_work_are_taken_in_once(drive):
    drive.begin()
    drive.run([GO, (after(5), "d"), (shows("Leave this screen"), "y")])
    send_event(drive.root, "roadworks", clock=drive.clock)
    drive.run([(after(10), "d"), (shows("Leave this screen"), "y")], resumed=True)
    drive.run(END, resumed=True)
    assert [event.name for event in read_events(drive.root)] == ["roadworks"]


def test_a_second_recorder_is_refused(drive):
    drive.begin()
    seen = []

    def second(view):
        if live(view) and not seen:
            from dashgaze.collection.record.recorder_lock import RecorderLock

            with pytest.raises(InputError, match="another dashgaze right now") as caught:
                RecorderLock(drive.root / "field/recorder.lock").__enter__()
            seen.append(caught)

    drive.run([GO, *END], during=second)
    assert seen


def test_stop_only_ends_a_drive_whose_recorder_is_gone(drive):
    drive.begin()
    drive.run([GO, (after(5), "d"), (shows("Leave this screen"), "y")])
    options = RecorderOptions(title="t", stop_only=True, go=True)
    assert drive.run([], resumed=True, options=options).end == "closed"
    assert drive.tracker.state["stops"] == drive.phone.state["stops"] == 1


def test_red_may_not_start_and_is_looked_at_again_on_a_key(drive):
    drive.begin()
    drive.phone.level = "red"
    seen = []

    def mend(view):
        if checks(view):
            seen.append(dict(view.keys))
            drive.phone.level = "green"

    drive.run(
        [(checks, " "), (lambda v: checks(v) and dict(v.keys).get("enter"), "enter"), *END],
        during=mend,
    )
    assert "enter" not in seen[0]
    written = json.loads((drive.root / "field/preflight.json").read_text())
    assert written["level"] == "green"
    assert {check["subject"] for check in written["checks"]} == {"form", "host", "phone", "tracker"}


def test_amber_has_to_be_accepted_by_somebody(drive):
    drive.begin()
    drive.phone.level = "amber"
    drive.run([(checks, "a"), *END])
    ready = next(line for line in read_journal(drive.root) if line["step"] == "ready")
    assert ready["accepted"] == ["phone.battery"]
    assert ready["accepted_by"] == "AB"
    assert ready["host_ns"] > drive.fakes.BEGAN_NS


def test_a_device_that_hangs_or_is_away_is_a_red_check(drive):
    drive.begin()
    drive.tracker.reachable = False
    outcome = drive.run([], options=RecorderOptions(title="t", go=True))
    assert (outcome.end, outcome.reason) == ("left", "a check is red")
    written = json.loads((drive.root / "field/preflight.json").read_text())
    red = [check for check in written["checks"] if check["level"] == "red"]
    assert [check["code"] for check in red] == ["tracker.reachable"]
    assert red[0]["fix"] == "Look at its cable."


def test_a_drive_without_a_tracker_records_with_the_phone_alone(drive):
    drive.begin(tracker="none")
    del drive.devices["tracker"]
    assert drive.run([GO, *END]).end == "closed"
    assert drive.state().phase == "closed"
    assert drive.phone.state["stops"] == 1


def test_a_phone_by_hand_is_seen_by_the_observer(drive):
    from dashgaze.collection.record.hand_phone import HandPhone

    drive.begin(phone="hand")
    desk_steps = [
        (lambda v: checks(v), "a"),
        (shows("Does it record?"), "y"),
        (shows("does the time of its recording go on?"), "y"),
        *END,
        (shows("Has it stopped?"), "y"),
    ]
    drive.desk = desk = drive.fakes.ScriptedDesk(desk_steps)
    tracker = drive.tracker
    drive.fakes.in_jumping_time(
        run_drive(
            drive.root,
            desk,
            drive.options,
            clock=drive.clock,
            make=lambda observer: {"phone": HandPhone(observer.confirm), "tracker": tracker},
        )
    )
    growing = next(line for line in read_journal(drive.root) if line["step"] == "growing")
    assert (growing["role"], growing["seen_by"]) == ("phone", "observer")
    assert {d.lamp for v in desk.views if live(v) for d in v.devices if d.role == "phone"} == {
        "by_hand"
    }


def test_a_device_that_is_away_when_the_drive_is_taken_up_is_looked_for_and_taken_over(drive):
    drive.begin()
    drive.run([GO, (after(5), "d"), (shows("Leave this screen"), "y")])
    drive.tracker.reachable = False
    began = []

    def back(view):
        if live(view):
            began.append(view.elapsed_s)
            drive.tracker.reachable = view.elapsed_s - began[0] > 15

    longer = [(after(200), "e"), *END[1:]]
    drive.run(longer, resumed=True, during=back)
    assert drive.tracker.state == {"recording": False, "starts": 1, "stops": 1, "takeovers": 1}
