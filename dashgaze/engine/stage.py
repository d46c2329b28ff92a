"""What the engine has to know of a stage."""

import json
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Protocol

from dashgaze.files import write_text
from dashgaze.progress import Progress
from dashgaze.session import Session
from dashgaze.stages.record import StageRecord, read_record

NONE_COMING: frozenset[str] = frozenset()


class Part(Protocol):
    """A piece of the long part of a stage, which can be done in any order, anywhere; its result is a file."""

    @property
    def row_count(self) -> int:
        """How much work it is, in frames."""

    def do(self) -> None:
        """Do it, unless it is done."""


class Stage(ABC):
    """A stage, as the engine sees it.

    Attributes
    ----------
    name
        As on the command line.
    after
        Stages that come before it, whatever becomes of them.
    needs
        Those of them that have to have succeeded.
    record_name
        File in ``derived/`` that vouches for its output; written last.
    usual
        Options of a run where they differ from the stage's own usual ones.
    machine_s_per_drive_s
        Processor time that it takes for a second of a drive, about; for the order of magnitude of an estimate.
    """

    name: ClassVar[str]
    after: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()
    record_name: ClassVar[str]
    usual: ClassVar[dict[str, Any]] = {}
    machine_s_per_drive_s: ClassVar[float]

    @abstractmethod
    def options_class(self) -> type[Any]:
        """Give the dataclass of its options."""

    @abstractmethod
    def plan(self, session: Session, given: dict[str, Any]) -> StageRecord:
        """Describe what it would do.

        Raises
        ------
        DashgazeError
            If it can't be done.
        """

    @abstractmethod
    def run(
        self, session: Session, given: dict[str, Any], progress: Progress, *, force: bool = False,
        coming: frozenset[str] = NONE_COMING,
    ) -> None:  # fmt: skip
        """Do it, unless its output stands; where parts were done, put them together.

        `force` does it in any case; a stage of parts has been told by `start_over` already. `coming` names the
        stages that are asked after it in the same run: what it sees anyway it may keep for them.

        Raises
        ------
        DashgazeError
            If it can't be done.
        """

    def parts(
        self, session: Session, given: dict[str, Any], progress: Progress, *,
        coming: frozenset[str] = NONE_COMING,
    ) -> list[Part]:  # fmt: skip
        """Give the pieces of its long part that are not done yet; none if it is done in one go."""
        return []

    def start_over(self, session: Session) -> None:
        """Have the next parts made, and the stage run, even if nothing changed; options are kept."""
        path = session.derived / self.record_name
        if read_record(path) is not None:
            content = json.loads(path.read_text(encoding="utf-8"))
            write_text(path, json.dumps(content | {"outputs": {}}, indent=2) + "\n")

    def previous(self, session: Session) -> StageRecord | None:
        """Read what it did before; None if it did not run."""
        return read_record(session.derived / self.record_name)

    def unfilled(self, session: Session) -> str:
        """Say what is to be done though all of its output stands; empty if nothing is."""
        return ""

    def obstacle(self, session: Session) -> str:
        """Say what is missing in the session for it to be asked at all; empty if nothing is."""
        return ""

    @abstractmethod
    def verdict(self, session: Session) -> str | None:
        """Give ``ok``, ``doubtful`` or ``failed``, as it said of its output; None if it says nothing of it."""

    def options(self, session: Session, given: dict[str, Any]) -> Any:
        """Give the options to use: the given ones, else those of its last run, else the usual ones."""
        before = self.previous(session)
        used = {} if before is None else self.options_of(before)
        try:
            return self.options_class()(**{**self.usual, **used, **given})
        except (TypeError, ValueError):  # a record of another version
            return self.options_class()(**{**self.usual, **given})

    def options_of(self, record: StageRecord) -> dict[str, Any]:
        """Give the options that a record tells of, by name."""
        names = self.options_class().__dataclass_fields__
        return {name: value for name, value in record.options.items() if name in names}
