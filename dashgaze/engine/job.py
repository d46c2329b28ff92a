"""A piece of work for one process, and what came of it."""

import re
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from dashgaze.errors import DashgazeError, MissingExtraError
from dashgaze.progress import silent
from dashgaze.session import open_session

from .failures import forget_failure, note_failure
from .session_state import StageState, look_at_stage
from .settings import Settings
from .stage import NONE_COMING, Part
from .stage_list import STAGES
from .stage_outcome import StageOutcome

Outcome = Literal["done", "fresh", "divided", "impossible", "skipped", "failed", "fault"]
"""``done``: worked. ``fresh``: nothing was to be done. ``divided``: its parts are to be done. ``impossible``: what
it needs is not there, nor missed. ``skipped``: what it needs failed, or is not installed. ``failed``: ended
with an error that a user can mend. ``fault``: ended with an error of dashgaze itself."""

BAD: frozenset[Outcome] = frozenset({"failed", "fault"})


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """What a process is asked to do.

    Attributes
    ----------
    session
        Path of the session folder; its address, if it is a remote one.
    stage
        Name of the stage; of a remote session, the last one.
    settings
        Options of the stages.
    part
        The part to do; None for the stage as a whole.
    may_divide
        Whether to give back the stage's parts, if it has several, instead of doing it.
    force
        Whether to do it even if nothing changed.
    remote
        Whether to take a remote session through all stages.
    coming
        Names of the stages that are asked after it in the same run.
    """

    session: str
    stage: str
    settings: Settings = field(default_factory=Settings)
    part: Part | None = None
    may_divide: bool = False
    force: bool = False
    remote: bool = False
    coming: frozenset[str] = NONE_COMING

    @property
    def label(self) -> str:
        """What it is, for a table of running jobs."""
        if self.remote:
            return "all stages"
        return self.stage if self.part is None else f"{self.stage} (part)"


@dataclass(frozen=True, kw_only=True, eq=False)
class JobResult:
    """What came of a job.

    Attributes
    ----------
    outcome
        See `Outcome`.
    reasons
        Why it was done, or could not be.
    verdict
        What the stage says of its output.
    parts
        The parts that are to be done before it can be asked again.
    stages
        What came of all stages of a remote session.
    wall_s, cpu_s
        Time that it took, and processor time.
    peak_mb
        Most memory that the process has had so far, MB; None where the system doesn't tell.
    trace
        Where in the code a fault lies.
    """

    outcome: Outcome
    reasons: tuple[str, ...] = ()
    verdict: str | None = None
    parts: tuple[Part, ...] = ()
    stages: tuple[StageOutcome, ...] = ()
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float | None = None
    trace: str = ""


def do_job(job: Job) -> JobResult:
    """Do a job; errors are part of the result."""
    begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
    try:
        result = _do(job)
    except DashgazeError as error:
        result = _failed(job, error)
    except Exception as error:  # noqa: BLE001  # a fault in one session must not end the others' run
        result = JobResult(
            outcome="fault",
            reasons=(f"{type(error).__name__}: {error}",),
            trace=traceback.format_exc(),
        )
        _note(job, result.reasons[0])
    content: dict[str, Any] = result.__dict__ | {
        "wall_s": time.perf_counter() - begin_s,
        "cpu_s": time.process_time() - begin_cpu_s,
        "peak_mb": _peak_mb(),
    }
    return JobResult(**content)


def _do(job: Job) -> JobResult:
    if job.remote:
        from .remote_course import do_remote_job  # which has jobs of its own done

        return do_remote_job(job)
    if job.part is not None:
        job.part.do()
        return JobResult(outcome="done")
    session, stage = open_session(Path(job.session)), STAGES[job.stage]
    state = look_at_stage(session, stage, job.settings)
    if state.state == "impossible":
        return JobResult(outcome="impossible", reasons=state.reasons, verdict=state.verdict)
    if state.state == "fresh" and not job.force:
        forget_failure(session, stage.name)
        return JobResult(outcome="fresh", verdict=state.verdict)
    given = job.settings.of(stage.name)
    if job.force:
        stage.start_over(session)
    if job.may_divide:
        parts = stage.parts(session, given, silent, coming=job.coming)
        if len(parts) > 1:
            return JobResult(outcome="divided", reasons=_why(state, job), parts=tuple(parts))
    stage.run(session, given, silent, force=job.force, coming=job.coming)
    forget_failure(session, stage.name)
    return JobResult(outcome="done", reasons=_why(state, job), verdict=stage.verdict(session))


def _why(state: StageState, job: Job) -> tuple[str, ...]:
    if state.state == "missing":
        return ("not done yet",)
    return state.reasons or (("asked for with --force",) if job.force else ())


def _failed(job: Job, error: DashgazeError) -> JobResult:
    if isinstance(error, MissingExtraError):
        return JobResult(outcome="skipped", reasons=(str(error),))
    _note(job, str(error))
    return JobResult(outcome="failed", reasons=(str(error),))


def _note(job: Job, what: str) -> None:
    if job.remote:
        return  # its stages have notes of their own
    try:
        note_failure(open_session(Path(job.session)), job.stage, what)
    except DashgazeError:
        return  # then there is no session to keep a note in


def _peak_mb() -> float | None:
    found = _peak_of_linux_mb()
    if found is not None:
        return found
    try:
        import resource  # not on Windows
    except ModuleNotFoundError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024) if sys.platform == "darwin" else peak / 1024


def _peak_of_linux_mb() -> float | None:
    """Ask Linux, where what `getrusage` tells begins at the size of the process that started this one."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, flags=re.MULTILINE)
    return None if found is None else int(found[1]) / 1024
