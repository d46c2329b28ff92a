"""The log of a run: one JSON object a line, written as things happen."""

import json
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from dashgaze.errors import OutputError

from .coordinator import Watcher
from .course import Course
from .job import Job, JobResult


class RunLog(Watcher):
    """Appends to a file; one that can't be written is an error at the start, and ignored later.

    Parameters
    ----------
    path
        The file; None for none.
    """

    def __init__(self, path: Path | None) -> None:
        self._file: IO[str] | None = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8", newline="\n")
        except OSError as error:
            raise OutputError(
                f"The log {path} can't be written: {error.strerror or error}.",
                fix="Choose another place with --log FILE.",
                path=path,
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.note("interrupted", error=kind.__name__)
        if self._file is not None:
            self._file.close()
            self._file = None

    def note(self, event: str, **facts: Any) -> None:
        """Write a line."""
        if self._file is None:
            return
        line = json.dumps({"time_ns": time.time_ns(), "event": event} | facts, ensure_ascii=True)
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError:  # a full disk ends the stages with errors of their own
            self._file = None

    def began(self, course: Course) -> None:
        """Note that a session began."""
        to_do = {
            each.stage: list(each.reasons)
            for each in course.state.stages
            if each.stage in course.state.to_do
        }
        self.note("session began", session=course.state.path, to_do=to_do)

    def ended(self, job: Job, result: JobResult) -> None:
        """Note that a job ended."""
        facts: dict[str, Any] = {
            "session": job.session,
            "stage": job.stage,
            "part": None if job.part is None else job.part.row_count,
            "outcome": result.outcome,
            "reasons": list(result.reasons),
            "verdict": result.verdict,
            "parts": len(result.parts),
            "wall_s": round(result.wall_s, 3),
            "cpu_s": round(result.cpu_s, 3),
            "peak_mb": None if result.peak_mb is None else round(result.peak_mb, 1),
        }
        self.note("job ended", **facts, **({"trace": result.trace} if result.trace else {}))

    def over(self, course: Course) -> None:
        """Note that a session is over."""
        outcomes = {each.stage: each.outcome for each in course.outcomes.values()}
        self.note("session over", session=course.state.path, outcomes=outcomes)
