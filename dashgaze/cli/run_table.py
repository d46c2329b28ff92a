"""The live table of a run, on stderr."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dashgaze.engine.coordinator import Watcher
from dashgaze.engine.course import Course
from dashgaze.engine.job import BAD, Job, JobResult

_MOST_ROWS = 12
_REFRESH_S = 0.5


class RunTable(Watcher):
    """Shows how far a run is: what is at work, what went wrong, and how long it will take."""

    def __init__(self) -> None:
        self._session_count = 0
        self._begin_s = time.monotonic()
        self._drawn_s = 0.0
        self._open: dict[str, Course] = {}
        self._running: dict[int, Job] = {}
        self._over = self._bad = 0
        self._problems: list[str] = []
        self._live: Any = None

    @contextmanager
    def shown(self) -> Iterator["RunTable"]:
        """Show it meanwhile."""
        from rich.console import Console
        from rich.live import Live

        with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as live:
            self._live = live
            yield self
        self._live = None

    def opened(self, session_count: int) -> None:
        """Take note of how many sessions ask for work."""
        self._session_count = session_count
        self._begin_s = time.monotonic()

    def began(self, course: Course) -> None:
        """Take note of a session."""
        self._open[course.state.path] = course

    def started(self, job: Job) -> None:
        """Take note of a job."""
        self._running[id(job)] = job
        self._draw()

    def ended(self, job: Job, result: JobResult) -> None:
        """Take note of its end."""
        self._running.pop(id(job), None)
        if result.outcome in BAD:
            self._problems.append(f"{Path(job.session).name}: {job.stage}: {result.reasons[0]}")
        self._draw()

    def over(self, course: Course) -> None:
        """Take note that a session is over."""
        self._open.pop(course.state.path, None)
        self._over += 1
        self._bad += course.is_bad
        self._draw()

    def idle(self) -> None:
        """Draw again, for the clock."""
        self._draw()

    def share(self) -> float:
        """How much is done, 0 … 1: sessions count alike."""
        inside = sum(self._share_of(course) for course in self._open.values())
        return min(1.0, (self._over + inside) / max(self._session_count, 1))

    def remaining_s(self) -> float | None:
        """How long it will take at the speed so far; None while nothing is known."""
        share = self.share()
        if share < 0.005:
            return None
        return (time.monotonic() - self._begin_s) * (1 - share) / share

    @staticmethod
    def _share_of(course: Course) -> float:
        weights = {stage.name: stage.machine_s_per_drive_s for stage in course.stages}
        done = sum(
            weight * (1.0 if name in course.outcomes else course.share_of(name))
            for name, weight in weights.items()
        )
        return done / sum(weights.values())

    def _draw(self) -> None:
        if self._live is None or time.monotonic() - self._drawn_s < _REFRESH_S:
            return
        self._drawn_s = time.monotonic()
        self._live.update(self._table(), refresh=True)

    def _table(self) -> Any:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        left_s = self.remaining_s()
        left = "" if left_s is None else f", about {duration(left_s)} to go"
        head = Text(
            f"{self._over} of {self._session_count} sessions done, {self._bad} with errors; "
            f"{duration(time.monotonic() - self._begin_s)} so far{left}"
        )
        table = Table(box=None, padding=(0, 2), show_header=True, header_style="dim")
        for title in ("session", "at work", "done"):
            table.add_column(title)
        at_work: dict[str, list[str]] = {}
        for job in self._running.values():
            at_work.setdefault(job.session, []).append(job.label)
        for path, course in list(self._open.items())[:_MOST_ROWS]:
            names = at_work.get(path, [])
            labels = [
                name if names.count(name) == 1 else f"{names.count(name)} × {name}"
                for name in dict.fromkeys(names)
            ]
            table.add_row(
                Path(path).name, ", ".join(labels) or "waits", f"{self._share_of(course):.0%}"
            )
        lines: list[Any] = [head, ProgressBar(total=1.0, completed=self.share(), width=60), table]
        lines += [
            Text(each, style="red", overflow="ellipsis", no_wrap=True)
            for each in self._problems[-4:]
        ]
        return Group(*lines)


def is_terminal() -> bool:
    """Whether stderr can show a table that changes."""
    return sys.stderr.isatty()


def duration(seconds: float) -> str:
    """Write a time as people say it: 41 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
