"""How far a session has come in a run, and which jobs are next."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .job import BAD, Job, JobResult
from .session_state import SessionState, stages_until
from .settings import Settings
from .stage import Part, Stage
from .stage_outcome import StageOutcome

_SETTLED_WELL = frozenset({"done", "fresh"})


@dataclass(kw_only=True)
class _Tally:
    """What the jobs of a stage have taken so far."""

    open_parts: int = 0
    part_count: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    reasons: tuple[str, ...] = ()
    failed: JobResult | None = None


@dataclass(kw_only=True)
class Course:
    """A session on its way through the stages.

    A stage begins when all stages that come before it have ended somehow; if one that it needs has not
    succeeded, it is skipped. A stage that could be divided is asked for its parts first, and once more when they
    are done.

    Parameters
    ----------
    state
        How the session stands.
    settings
        Options of the stages.
    until
        The last stage.
    force
        Whether to do all stages again.
    divide
        Whether parts may be done by different processes.
    """

    state: SessionState
    settings: Settings
    until: str = "report"
    force: bool = False
    divide: bool = True
    outcomes: dict[str, StageOutcome] = field(default_factory=dict)
    _tallies: dict[str, _Tally] = field(default_factory=dict)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages, in order."""
        return stages_until(self.until)

    @property
    def is_over(self) -> bool:
        """Whether every stage has ended somehow."""
        return len(self.outcomes) == len(self.stages)

    @property
    def is_bad(self) -> bool:
        """Whether a stage ended with an error."""
        return any(each.outcome in BAD for each in self.outcomes.values())

    def share_of(self, stage: str) -> float:
        """Give the share of a divided stage's parts that have ended, 0 … 1."""
        tally = self._tallies.get(stage)
        if tally is None or not tally.part_count:
            return 0.0
        return 1 - tally.open_parts / tally.part_count

    def awaited_s(self, job: Job) -> float:
        """Give how long the longest chain of stages is that waits for a job, with its own stage if that isn't done.

        In seconds of processor time for a second of drive, about.
        """
        tally = self._tallies.get(job.stage)
        joins = tally is not None and tally.part_count > 0 and job.part is None
        return self._chain_s(job.stage, with_itself=not joins)

    def _chain_s(self, name: str, *, with_itself: bool = True) -> float:
        after = (self._chain_s(each.name) for each in self.stages if name in each.after)
        own = (each.machine_s_per_drive_s for each in self.stages if each.name == name)
        return max(after, default=0.0) + (sum(own) if with_itself else 0.0)

    def next_jobs(self) -> Iterator[Job]:
        """Give the jobs that can begin now and have not; each is given once."""
        moved = True
        while moved:
            moved = False
            for stage in self.stages:
                if stage.name in self.outcomes or stage.name in self._tallies:
                    continue
                if not all(name in self.outcomes for name in self._before(stage)):
                    continue
                lost = next((name for name in stage.needs if not self._went_well(name)), None)
                if lost is not None:
                    self._skip(stage, lost)
                    moved = True  # others may wait for this one
                    continue
                self._tallies[stage.name] = _Tally()
                yield self._job(stage.name)

    def ended(self, job: Job, result: JobResult) -> list[Job]:
        """Take the result of a job; gives the jobs that follow from it at once."""
        tally = self._tallies[job.stage]
        tally.wall_s += result.wall_s
        tally.cpu_s += result.cpu_s
        if job.part is not None:
            tally.open_parts -= 1
            if result.outcome in BAD:
                tally.failed = tally.failed or result
            if tally.open_parts:
                return []
            if tally.failed is not None:
                self._settle(job.stage, tally.failed)
                return []
            return [self._job(job.stage, again=True)]
        if result.outcome == "divided":
            tally.open_parts = tally.part_count = len(result.parts)
            tally.reasons = result.reasons
            return [self._job(job.stage, part=part) for part in result.parts]
        self._settle(job.stage, result)
        return []

    def _job(self, stage: str, *, part: Part | None = None, again: bool = False) -> Job:
        # A divided stage that is asked again has been told already to start over.
        return Job(
            session=self.state.path,
            stage=stage,
            settings=self.settings,
            part=part,
            may_divide=self.divide and not again,
            force=self.force and part is None and not again,
            coming=self._after(stage),
        )

    def _after(self, stage: str) -> frozenset[str]:
        """Name the stages that come after one, directly or not, and have not ended."""
        found = {stage}
        for each in self.stages:
            if each.name not in self.outcomes and found.intersection(each.after):
                found.add(each.name)
        return frozenset(found - {stage})

    def _before(self, stage: Stage) -> Iterable[str]:
        names = {each.name for each in self.stages}
        return (name for name in stage.after if name in names)

    def _went_well(self, name: str) -> bool:
        return self.outcomes[name].outcome in _SETTLED_WELL

    def _skip(self, stage: Stage, lost: str) -> None:
        before = self.outcomes[lost]
        why = before.reasons[0] if before.reasons else before.outcome
        outcome = "impossible" if before.outcome == "impossible" else "skipped"
        self.outcomes[stage.name] = StageOutcome(
            stage=stage.name, outcome=outcome, reasons=(f"it needs {lost}: {why}",)
        )

    def _settle(self, stage: str, result: JobResult) -> None:
        tally = self._tallies.pop(stage)
        self.outcomes[stage] = StageOutcome(
            stage=stage,
            outcome=result.outcome,
            reasons=tally.reasons or result.reasons
            if result.outcome not in BAD
            else result.reasons,
            verdict=result.verdict,
            wall_s=tally.wall_s,
            cpu_s=tally.cpu_s,
            part_count=tally.part_count,
            trace=result.trace,
        )
