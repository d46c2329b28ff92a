"""Bringing jobs to workers: order, bounds, and workers that are lost."""

from concurrent.futures import Future

import pytest

from dashgaze.engine.coordinator import Coordinator, Watcher
from dashgaze.engine.course import Course
from dashgaze.engine.hands import WorkersLostError
from dashgaze.engine.job import JobResult
from dashgaze.engine.session_state import SessionState
from dashgaze.engine.settings import Settings


class Piece:
    def __init__(self, name):
        self.name, self.row_count = name, 1

    def do(self):
        raise AssertionError("nobody is asked to do it here")


class Hands:
    """Does jobs at once, in this thread; `kills` says for which the worker dies, and takes others with it."""

    def __init__(self, count=2, kills=lambda job: False, parts=0):
        self.count, self.kills, self.parts = count, kills, parts
        self.room = count + 1
        self.done, self.mended, self.closed = [], 0, []
        self._waiting, self.most_waiting = [], 0

    def submit(self, job):
        future = Future()
        self._waiting.append((job, future))
        self.most_waiting = max(self.most_waiting, len(self._waiting))
        # Those at work end only when no more are coming: as if all took equally long.
        future.exception = lambda: self._work(future)
        future.result = lambda: (self._work(future), Future.result(future))[1]
        if len(self._waiting) >= self.count:
            self._work(self._waiting[0][1])
        return future

    def _work(self, future):
        batch, self._waiting = self._waiting, []
        broken = any(self.kills(job) for job, _ in batch)
        for job, each in batch:
            if broken:
                each.set_exception(WorkersLostError("killed"))
            else:
                self.done.append(job)
                each.set_result(self._answer(job))
        return Future.exception(future)

    def _answer(self, job):
        if job.stage == "align" and job.part is None and job.may_divide and self.parts:
            return JobResult(outcome="divided", parts=tuple(Piece(n) for n in range(self.parts)))
        return JobResult(outcome="done", verdict="ok")

    def mend(self):
        self.mended += 1

    def close(self, *, at_once):
        self.closed.append(at_once)


class Notes(Watcher):
    def __init__(self):
        self.open, self.most_open, self.finished = 0, 0, []

    def began(self, course):
        self.open += 1
        self.most_open = max(self.most_open, self.open)

    def over(self, course):
        self.open -= 1
        self.finished.append(course)


def courses(count, until="report"):
    for number in range(count):
        yield Course(
            state=SessionState(path=f"s{number}", session_id=f"s{number}"),
            settings=Settings(),
            until=until,
        )


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Futures of these hands end when they are looked at."""

    def wait(futures, timeout=None, return_when=None):
        for future in list(futures):
            if not future.done():
                future.exception()
        return set(futures), set()

    monkeypatch.setattr("concurrent.futures.wait", wait)


def test_all_sessions_go_through_all_stages():
    hands, notes = Hands(parts=5), Notes()
    Coordinator(courses(7), hands, notes).run()
    assert len(notes.finished) == 7
    assert all(course.is_over and not course.is_bad for course in notes.finished)
    assert len([job for job in hands.done if job.part is not None]) == 35


def test_only_a_few_sessions_and_jobs_are_under_way_at_a_time():
    hands, notes = Hands(count=3, parts=40), Notes()
    Coordinator(courses(30), hands, notes).run()
    assert notes.most_open <= 6
    assert hands.most_waiting <= 4
    assert len(notes.finished) == 30


def test_the_first_session_comes_first():
    hands = Hands(count=1, parts=3)
    Coordinator(courses(2), hands, Notes()).run()
    order = [job.session for job in hands.done]
    assert order.index("s1") > 0
    last_of_first = max(place for place, name in enumerate(order) if name == "s0")
    assert order[last_of_first - 3 :].count("s0") >= 2


def test_at_the_end_goes_first_what_most_other_work_waits_for():
    hands = Hands(count=2, parts=3)
    Coordinator(courses(2), hands, Notes()).run()
    order = [(job.session, job.stage) for job in hands.done]
    last_stretch = max(place for place, job in enumerate(hands.done) if job.part is not None)
    # what is left of the first session is kept for the time when the last one is joined and judged
    assert hands.done[last_stretch].session == "s1"
    assert order.index(("s0", "vanishing-point")) > last_stretch
    assert order.index(("s1", "faces")) > last_stretch
    assert [stage for _, stage in order[-2:]] == ["report", "report"]


def test_while_more_are_to_come_the_oldest_session_goes_first():
    hands = Hands(count=2, parts=3)
    Coordinator(courses(9), hands, Notes()).run()
    order = [(job.session, job.stage) for job in hands.done]
    assert order.index(("s0", "report")) < order.index(("s5", "sync"))
    assert order.index(("s0", "faces")) < order.index(("s2", "align"))


def test_jobs_that_were_under_way_with_a_killed_one_are_done_again():
    killed = []

    def kills(job):
        once = job.session == "s1" and job.stage == "frames" and not killed
        if once:
            killed.append(job)
        return once

    hands, notes = Hands(kills=kills), Notes()
    Coordinator(courses(3), hands, notes).run()
    assert hands.mended == 1
    assert len(notes.finished) == 3
    assert not any(course.is_bad for course in notes.finished)


def test_a_job_that_kills_every_worker_is_given_up_and_named_and_the_others_are_not():
    hands = Hands(kills=lambda job: job.session == "s1" and job.stage == "faces")
    notes = Notes()
    Coordinator(courses(4), hands, notes).run()
    bad = [course for course in notes.finished if course.is_bad]
    assert [course.state.path for course in bad] == ["s1"]
    assert bad[0].outcomes["faces"].outcome == "failed"
    assert "memory" in bad[0].outcomes["faces"].reasons[0]
    assert bad[0].outcomes["report"].outcome == "done"
    assert len(notes.finished) == 4


def test_nothing_to_do_ends_at_once():
    Coordinator(iter(()), Hands(), Notes()).run()
