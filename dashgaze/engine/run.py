"""All stages of all sessions."""

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError
from dashgaze.progress import Progress, silent

from .coordinator import Coordinator, Watcher
from .course import Course
from .hands import Hands, LocalHands
from .job import BAD, Job, JobResult
from .remote_course import RemoteCourse
from .run_log import RunLog
from .session_state import SessionState
from .settings import Settings
from .stage_outcome import StageOutcome
from .status import STATE_FOLDER, is_address, remote_sessions_in, status

LOG_NAME = "run.jsonl"


@dataclass(frozen=True, kw_only=True)
class SessionOutcome:
    """What came of a session in a run.

    Attributes
    ----------
    path, session_id
        Its folder or URL, and what its manifest says.
    problem
        Why nothing of it could be done; None if something could.
    stages
        What came of its stages, in order.
    """

    path: str
    session_id: str | None
    problem: str | None
    stages: tuple[StageOutcome, ...]

    @property
    def is_bad(self) -> bool:
        """Whether something ended with an error."""
        return self.problem is not None or any(each.outcome in BAD for each in self.stages)

    @property
    def verdict(self) -> str:
        """The worst that can be said: ``failed`` for errors too, ``doubtful``, or ``ok``."""
        verdicts = {each.verdict for each in self.stages}
        if self.is_bad or "failed" in verdicts:
            return "failed"
        return "doubtful" if "doubtful" in verdicts else "ok"


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What came of a run.

    Attributes
    ----------
    drives
        The folder or URL.
    sessions
        What came of each session, sorted by path.
    wall_s
        How long it took.
    worker_count
        Processes that worked.
    peak_mb
        Most memory that one of them had; None if nothing was done, or the system doesn't tell.
    """

    drives: str
    sessions: tuple[SessionOutcome, ...]
    wall_s: float
    worker_count: int
    peak_mb: float | None

    @property
    def verdict(self) -> str:
        """The worst of the sessions': ``failed``, ``doubtful`` or ``ok``."""
        verdicts = {each.verdict for each in self.sessions}
        return next((name for name in ("failed", "doubtful") if name in verdicts), "ok")

    def to_json(self) -> dict[str, Any]:
        """Give it ready for JSON."""
        sessions = [
            asdict(each) | {"verdict": each.verdict, "bad": each.is_bad} for each in self.sessions
        ]
        return asdict(self) | {"verdict": self.verdict, "sessions": sessions}


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What can be chosen.

    Attributes
    ----------
    until
        The last stage.
    settings
        Options of the stages.
    force
        Whether to do all again even where nothing changed.
    workers
        Processes of this machine, each with one thread.
    scheduler
        Address of a dask scheduler whose workers do it instead; they have to see the same files under the same
        paths.
    shard
        (i, n): only the sessions of share i of n, counted from 1; for arrays of jobs. A session's path under `drives`
        decides, and no other session does: shares of runs that begin at different times fit together.
    log
        File for the log; None for ``.dashgaze/run.jsonl`` beside the sessions.
    """

    until: str = "report"
    settings: Settings = field(default_factory=Settings)
    force: bool = False
    workers: int = 1
    scheduler: str | None = None
    shard: tuple[int, int] | None = None
    log: Path | None = None

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError(f"{self.workers} workers can't do anything")
        if self.shard is not None and not 1 <= self.shard[0] <= self.shard[1]:
            raise ValueError(f"there is no shard {self.shard[0]} of {self.shard[1]}")


_DEFAULT = RunOptions()


def run(
    drives: Path | str,
    options: RunOptions = _DEFAULT,
    *,
    watcher: Watcher | None = None,
    progress: Progress = silent,
) -> RunResult:
    """Do all stages of all sessions, as far as something is to be done.

    What is unchanged is skipped, what is stale is done again, and the log says why. An error in one session ends
    its stage and those that need it, and nothing else. A run that was killed goes on where it stopped.

    Parameters
    ----------
    drives
        A session folder, or a folder of session folders at any depth; or the address of one on a remote
        store, such as ``s3://bucket/drives``. A remote session is one job: large files are read where they
        are, and results are sent back.
    options
        What can be chosen.
    watcher
        Who is told of sessions and jobs as they begin and end.
    progress
        Where to report to while sessions are looked at.

    Returns
    -------
    RunResult
        Errors of sessions are part of it.

    Raises
    ------
    InputError
        If there is no such folder, or no session in it, or the scheduler does not answer.
    OutputError
        If the log can't be written.
    MissingExtraError
        If a scheduler is asked for and dask is not installed.

    Notes
    -----
    Processes are started anew: a script that calls this has to do its work under
    ``if __name__ == "__main__":``, as Python's multiprocessing wants.
    """
    begin_s = time.monotonic()
    remote = is_address(drives)
    if remote:
        found = tuple(SessionState(path=url) for url in remote_sessions_in(str(drives)))
    else:
        found = status(
            drives,
            options.settings,
            until=options.until,
            workers=options.workers,
            progress=progress,
        ).sessions
    chosen = _shard(found, options.shard, drives)
    asked = [
        each for each in chosen if each.problem is None and (each.to_do or options.force or remote)
    ]
    finished: dict[str, SessionOutcome] = {
        each.path: _untouched(each) for each in chosen if each not in asked
    }
    peak = _Peak()
    with ExitStack() as stack:
        log = stack.enter_context(RunLog(_log_path(drives, options)))
        log.note("run began", drives=str(drives), sessions=len(chosen), to_do=len(asked))
        for each in chosen:
            if each.problem is not None:
                log.note("session can't be read", session=each.path, problem=each.problem)
        count = 0
        if asked:
            hands = _hands(options, asked)
            keeper = _Keeper(finished)
            team = _Team([log, peak, keeper, *([watcher] if watcher else [])])
            team.opened(len(asked))
            done = False
            try:
                count = hands.count
                kind = RemoteCourse if remote else Course
                Coordinator(_courses(asked, options, kind), hands, team).run()
                done = True
            finally:
                hands.close(at_once=not done)
        result = RunResult(
            drives=str(drives),
            sessions=tuple(finished[each.path] for each in chosen),
            wall_s=time.monotonic() - begin_s,
            worker_count=count,
            peak_mb=peak.mb,
        )
        log.note("run over", verdict=result.verdict, wall_s=round(result.wall_s, 3))
    return result


class _Keeper(Watcher):
    """Keeps what came of sessions."""

    def __init__(self, finished: dict[str, SessionOutcome]) -> None:
        self._finished = finished

    def over(self, course: Course) -> None:
        """Take what came of a session."""
        self._finished[course.state.path] = SessionOutcome(
            path=course.state.path,
            session_id=course.state.session_id,
            problem=None,
            stages=tuple(course.outcomes[stage.name] for stage in course.stages),
        )


class _Peak(Watcher):
    """Keeps the most memory that a process had."""

    mb: float | None = None

    def ended(self, job: Job, result: JobResult) -> None:
        """Look at what a job needed."""
        if result.peak_mb is not None:
            self.mb = max(result.peak_mb, self.mb or 0.0)


class _Team(Watcher):
    """Tells several watchers."""

    def __init__(self, members: Sequence[Watcher]) -> None:
        self._members = members

    def opened(self, session_count: int) -> None:
        """Tell all."""
        for each in self._members:
            each.opened(session_count)

    def began(self, course: Course) -> None:
        """Tell all."""
        for each in self._members:
            each.began(course)

    def started(self, job: Job) -> None:
        """Tell all."""
        for each in self._members:
            each.started(job)

    def ended(self, job: Job, result: JobResult) -> None:
        """Tell all."""
        for each in self._members:
            each.ended(job, result)

    def over(self, course: Course) -> None:
        """Tell all."""
        for each in self._members:
            each.over(course)

    def idle(self) -> None:
        """Tell all."""
        for each in self._members:
            each.idle()


def _shard(
    found: tuple[SessionState, ...], shard: tuple[int, int] | None, drives: Path | str
) -> tuple[SessionState, ...]:
    if shard is None:
        return found
    number, count = shard
    return tuple(each for each in found if shard_of(each.path, drives, count) == number)


def shard_of(session: str, drives: Path | str, count: int) -> int:
    """Tell which of so many shares a session belongs to, counted from 1: a hash of its path under `drives`.

    Parameters
    ----------
    session
        Its folder or address, as `status` gives it.
    drives
        The folder or address that it was found in.
    count
        How many shares there are.
    """
    if is_address(drives):
        inside = session.removeprefix(str(drives).rstrip("/")).strip("/")
    else:
        inside = Path(os.path.relpath(session, drives)).as_posix()
    digest = hashlib.sha256(inside.encode()).digest()
    return int.from_bytes(digest[:8], "big") % count + 1


def _courses(
    states: Sequence[SessionState], options: RunOptions, kind: type[Course]
) -> Iterator[Course]:
    for state in states:
        yield kind(state=state, settings=options.settings, until=options.until, force=options.force)


def _untouched(state: SessionState) -> SessionOutcome:
    """Tell of a session in which nothing was to be done."""
    outcomes = (
        StageOutcome(
            stage=each.stage, outcome=each.state, reasons=each.reasons, verdict=each.verdict
        )
        for each in state.stages
    )
    return SessionOutcome(
        path=state.path,
        session_id=state.session_id,
        problem=state.problem,
        stages=tuple(outcomes),
    )


def _hands(options: RunOptions, asked: Sequence[SessionState]) -> Hands:
    if options.scheduler is not None:
        from .cluster import ClusterHands

        return ClusterHands(options.scheduler)
    return LocalHands(options.workers)


def _log_path(drives: Path | str, options: RunOptions) -> Path | None:
    if options.log is not None:
        return options.log
    if is_address(drives):
        return None
    path = Path(drives) / STATE_FOLDER / LOG_NAME
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("a"):
            return path
    except OSError:  # the sessions lie on a disk that is not ours to write
        return None


def refuse_unknown_stage(name: str) -> None:
    """Refuse the name of a stage that does not exist.

    Raises
    ------
    InputError
        If there is no such stage.
    """
    from .stage_list import STAGES

    if name not in STAGES:
        raise InputError(
            f"There is no stage {name!r}.", fix=f"Stages are {', '.join(STAGES)}, in this order."
        )
