"""A phone's page has to be opened by somebody: it is waited for before anything is looked at."""

import pytest

from dashgaze.collection.record import (
    DeviceOptions,
    Form,
    RecorderOptions,
    begin_drive,
    read_journal,
    replay,
    run_drive,
)
from dashgaze.collection.record.plain_screen import PlainScreen
from dashgaze.collection.record.view import ChecksView, StepView

LINK = "Open this link on the phone: https://there/#token=secret"
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


def waiting(view):
    return isinstance(view, StepView) and view.left_s is not None


@pytest.fixture
def drive(fakes, tmp_path):
    class PagePhone(fakes.FakeDevice):
        """Opened so many seconds after it was first looked at; red until then."""

        opened_after_s = 12.0
        first_s = None

        def awaited(self):
            now_s = clock.monotonic_s()
            self.first_s = now_s if self.first_s is None else self.first_s
            there = now_s - self.first_s >= self.opened_after_s
            self.level = "green" if there else "red"
            return () if there else (LINK,)

    clock = fakes.JumpingClock()
    phone = PagePhone("phone", tmp_path / "phone.json")
    root = tmp_path / "drives" / "s1"
    begin_drive(root, FORM, DeviceOptions(phone="page", tracker="none"), clock=clock)

    def run(steps, **more):
        desk = fakes.ScriptedDesk(steps)
        options = RecorderOptions(title="s1", **more)
        outcome = fakes.in_jumping_time(
            run_drive(root, desk, options, clock=clock, make=lambda _observer: {"phone": phone})
        )
        return outcome, desk

    run.phone, run.root = phone, root
    return run


ENDED = [
    (lambda view: getattr(view, "elapsed_s", 0) > 3, "e"),
    (lambda view: "End the drive?" in view.prompt, "y"),
    (lambda view: isinstance(view, StepView) and "the sync sound" in view.step, "enter"),
]


def test_a_drive_that_asks_nothing_waits_for_the_page_and_starts_by_itself(drive):
    outcome, desk = drive(ENDED, go=True, accept_amber=True)
    assert outcome.end == "closed"
    shown = [view for view in desk.views if waiting(view)]
    assert all(view.lines == (LINK,) for view in shown)
    assert shown[0].left_s == pytest.approx(60.0, abs=1.0)
    assert shown[-1].left_s == pytest.approx(48.0, abs=1.5)
    assert all(view.keys == () for view in shown), "nobody is asked"
    assert [line["level"] for line in read_journal(drive.root) if line["step"] == "checked"] == [
        "green"
    ]


def test_a_page_that_does_not_come_in_time_is_red_as_before(drive):
    drive.phone.opened_after_s = 1e9
    outcome, desk = drive([], go=True, accept_amber=True, wait_s=20.0)
    assert outcome.reason == "a check is red"
    assert [view.left_s for view in desk.views if waiting(view)][-1] < 1.0
    assert not drive.phone.state["recording"]


def test_the_observer_may_look_at_once_or_leave(drive):
    drive.phone.opened_after_s = 1e9
    red = (lambda view: isinstance(view, ChecksView) and not view.busy, "d")
    outcome, desk = drive([(waiting, " "), red])
    assert outcome.reason == "left before anything was started"
    assert sum(waiting(view) for view in desk.views) < 6
    outcome, desk = drive([(waiting, "d")])
    assert outcome.reason == "left before anything was started"
    assert not any(isinstance(view, ChecksView) for view in desk.views)
    assert replay(read_journal(drive.root)).phase == "form"


def test_who_wants_no_waiting_gets_none(drive):
    drive.phone.level = "red"
    _, desk = drive([], go=True, wait_s=0.0)
    assert not any(waiting(view) for view in desk.views)


def test_plain_lines_count_down_in_tens(drive):
    drive.phone.opened_after_s = 1e9
    _, desk = drive([], go=True, wait_s=20.0)
    screen = PlainScreen()
    lines = [line for view in desk.views if waiting(view) for line in screen.lines(view)]
    assert lines[:2] == [f"  {LINK}", "Waiting for the phone 20 s"]
    assert len(lines) in (3, 4)
