"""What came of a stage."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class StageOutcome:
    """What came of a stage in a run.

    Attributes
    ----------
    stage
        Its name.
    outcome
        See `Outcome`.
    reasons
        Why it was done, or could not be.
    verdict
        What it says of its output.
    wall_s, cpu_s
        Time of all its jobs, and processor time.
    part_count
        Parts that it was divided into; 0 if it was not.
    trace
        Where in the code a fault lies.
    """

    stage: str
    outcome: str
    reasons: tuple[str, ...] = ()
    verdict: str | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    part_count: int = 0
    trace: str = ""
