"""Bringing the jobs of many sessions to workers, oldest session first.

Once no more sessions are to come, what most other work waits for goes first: else the workers would stand idle at
the end while one of them goes through what is left of the last session.
"""

import concurrent.futures
import heapq
import itertools
import time
import traceback
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field

from dashgaze.errors import DashgazeError

from .course import Course
from .hands import Hands, is_lost
from .job import Job, JobResult
from .stage_list import STAGES

_MOST_TRIES = 2
"""How often a job may lose its worker when it runs alone, before it is given up."""

_POLL_S = 0.25
_OPEN_A_WORKER = 2
"""Sessions that are begun for each worker: enough to fill the gaps of others, few enough to end soon."""

_RANK = {name: rank for rank, name in enumerate(STAGES)}


@dataclass(kw_only=True)
class Watcher:
    """Who is told what happens; every method may be left as it is."""

    def opened(self, session_count: int) -> None:
        """Take note of how many sessions ask for work."""

    def began(self, course: Course) -> None:
        """Take note that a session has begun."""

    def started(self, job: Job) -> None:
        """Take note that a job has begun."""

    def ended(self, job: Job, result: JobResult) -> None:
        """Take note that a job has ended."""

    def over(self, course: Course) -> None:
        """Take note that a session has ended."""

    def idle(self) -> None:
        """Take note that some time has passed."""


@dataclass(order=True)
class _Waiting:
    order: tuple[float, int, int, int]
    number: int = field(compare=False)
    job: Job = field(compare=False)
    course: Course = field(compare=False)
    tries: int = field(default=0, compare=False)


class Coordinator:
    """Has the jobs of all courses done.

    Memory is bounded by the number of workers: only a few sessions are begun at a time, and only the jobs that
    can run soon are handed out.

    Parameters
    ----------
    courses
        The sessions. Taken one by one, when there is room.
    hands
        Who does the jobs.
    watcher
        Who is told.
    """

    def __init__(self, courses: Iterable[Course], hands: Hands, watcher: Watcher) -> None:
        self._coming = enumerate(courses)
        self._following = next(self._coming, None)
        self._hands, self._watcher = hands, watcher
        self._ready: list[_Waiting] = []
        self._running: dict[Future[JobResult], _Waiting] = {}
        self._suspects: deque[_Waiting] = deque()
        self._open: dict[int, Course] = {}
        self._serial = itertools.count()
        self._at_the_end = False

    def run(self) -> None:
        """Do it all."""
        while True:
            self._open_sessions()
            self._hand_out()
            if not self._running:
                if self._ready or self._suspects or self._following is not None:
                    continue
                return
            finished, _ = concurrent.futures.wait(
                self._running, timeout=_POLL_S, return_when=concurrent.futures.FIRST_COMPLETED
            )
            self._watcher.idle()
            lost = [self._running.pop(future) for future in finished if is_lost(future.exception())]
            for future in finished:
                if future in self._running:
                    self._take(self._running.pop(future), _result_of(future))
            if lost:
                self._recover(lost)

    def _open_sessions(self) -> None:
        most = _OPEN_A_WORKER * max(self._hands.count, self._hands.room // 2)
        while len(self._open) < most and self._following is not None:
            number, course = self._following
            self._following = next(self._coming, None)
            self._open[number] = course
            self._watcher.began(course)
            self._advance(number, course)
        # One worker has no other one to wait for.
        if self._following is None and not self._at_the_end and self._hands.count > 1:
            self._at_the_end = True
            for waiting in self._ready:
                waiting.order = self._order(waiting.number, waiting.course, waiting.job)
            heapq.heapify(self._ready)

    def _advance(self, number: int, course: Course) -> None:
        for job in course.next_jobs():
            self._queue(number, course, job)
        if course.is_over:
            del self._open[number]
            self._watcher.over(course)

    def _queue(self, number: int, course: Course, job: Job) -> None:
        order = self._order(number, course, job)
        heapq.heappush(self._ready, _Waiting(order, number, job, course))

    def _order(self, number: int, course: Course, job: Job) -> tuple[float, int, int, int]:
        """Tell when a job is to be handed out: the least first."""
        urgency = course.awaited_s(job) if self._at_the_end else 0.0
        return -urgency, number, _RANK[job.stage], next(self._serial)

    def _hand_out(self) -> None:
        if self._suspects:
            # One of them has killed its worker: each is tried alone, to learn which.
            if not self._running:
                self._start(self._suspects.popleft())
            return
        while self._ready and len(self._running) < self._hands.room:
            self._start(heapq.heappop(self._ready))

    def _start(self, waiting: _Waiting) -> None:
        self._watcher.started(waiting.job)
        try:
            future = self._hands.submit(waiting.job)
        except concurrent.futures.BrokenExecutor:
            self._hands.mend()
            future = self._hands.submit(waiting.job)
        self._running[future] = waiting

    def _take(self, waiting: _Waiting, result: JobResult) -> None:
        self._watcher.ended(waiting.job, result)
        number = waiting.number
        for job in waiting.course.ended(waiting.job, result):
            self._queue(number, waiting.course, job)
        self._advance(number, waiting.course)

    def _recover(self, lost: list[_Waiting]) -> None:
        """Replace the workers; what was under way is done again, one job at a time."""
        deadline_s = time.monotonic() + 30
        while self._running and time.monotonic() < deadline_s:
            finished, _ = concurrent.futures.wait(self._running, timeout=_POLL_S)
            for future in finished:
                waiting = self._running.pop(future)
                if is_lost(future.exception()):
                    lost.append(waiting)
                else:
                    self._take(waiting, _result_of(future))
        lost += self._running.values()
        self._running.clear()
        self._hands.mend()
        alone = len(lost) == 1
        for waiting in lost:
            waiting.tries += alone
            if waiting.tries >= _MOST_TRIES:
                self._take(waiting, _given_up())
            else:
                self._suspects.append(waiting)


def _result_of(future: "Future[JobResult]") -> JobResult:
    """Give the result; an error of those who brought it is a fault of this job, and of no other.

    Raises
    ------
    DashgazeError
        If the hands can't go on.
    """
    error = future.exception()
    if error is None or isinstance(error, DashgazeError) or not isinstance(error, Exception):
        return future.result()
    return JobResult(
        outcome="fault",
        reasons=(f"{type(error).__name__}: {error}",),
        trace="".join(traceback.format_exception(error)),
    )


def _given_up() -> JobResult:
    why = (
        f"The process that did it was killed {_MOST_TRIES} times, with nothing else at work: most likely there "
        "is not enough memory. Free some, or run it on another machine; what is done is kept."
    )
    return JobResult(outcome="failed", reasons=(why,))
