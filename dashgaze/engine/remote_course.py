"""A session that lies on a remote store: one job for all its stages, so that it is fetched and sent once."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from dashgaze.remote import remote_session

from .course import Course
from .job import Job, JobResult, do_job
from .session_state import SessionState, look_at_session
from .settings import Settings
from .stage_outcome import StageOutcome


@dataclass(kw_only=True)
class RemoteCourse(Course):
    """Has one job: a worker takes the session through all stages by itself, in a local view of it."""

    divide: bool = False
    _given: bool = field(default=False, init=False)

    def next_jobs(self) -> Iterator[Job]:
        """Give the one job, once."""
        if not self._given:
            self._given = True
            yield Job(
                session=self.state.path,
                stage=self.until,
                settings=self.settings,
                force=self.force,
                remote=True,
            )

    def ended(self, job: Job, result: JobResult) -> list[Job]:
        """Take what came of all stages; one that the job did not come to has its error."""
        found = {each.stage: each for each in result.stages}
        for stage in self.stages:
            self.outcomes[stage.name] = found.get(stage.name) or StageOutcome(
                stage=stage.name,
                outcome=result.outcome,
                reasons=result.reasons,
                trace=result.trace,
            )
        return []


def do_remote_job(job: Job) -> JobResult:
    """Take a remote session through all stages.

    Raises
    ------
    DashgazeError
        If it can't be read, or what came of it can't be sent; what was finished before stays.
    """
    with remote_session(job.session) as folder:
        state = look_at_session(folder, job.settings, until=job.stage)
        if state.problem is not None:
            return JobResult(outcome="failed", reasons=(state.problem,))
        course = Course(
            state=state, settings=job.settings, until=job.stage, force=job.force, divide=False
        )
        waiting = list(course.next_jobs())
        while waiting:
            following = waiting.pop(0)
            waiting += course.ended(following, do_job(following))
            waiting += course.next_jobs()
    stages = tuple(_of(course.outcomes[stage.name], job.session, folder) for stage in course.stages)
    return JobResult(outcome="failed" if course.is_bad else "done", stages=stages)


def _of(outcome: StageOutcome, url: str, folder: Path) -> StageOutcome:
    """Have an outcome speak of the session's address, not of its view."""
    return replace(
        outcome, reasons=tuple(each.replace(str(folder), url) for each in outcome.reasons)
    )


def look_at_remote_session(url: str, settings: Settings, *, until: str = "report") -> SessionState:
    """See how a remote session stands, as its local view shows it; nothing is done.

    Raises
    ------
    DashgazeError
        If it can't be read.
    """
    with remote_session(url) as folder:
        state = look_at_session(folder, settings, until=until)
    problem = None if state.problem is None else state.problem.replace(str(folder), url)
    return replace(state, path=url, problem=problem)
