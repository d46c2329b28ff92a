"""All that is looked at."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dashgaze.progress import Progress, silent

from .collection import collection_findings
from .computer import computer_findings
from .finding import Finding, Level
from .graphics import graphics_findings
from .media import media_findings
from .packages import package_findings

DOCTOR_SCHEMA = "dashgaze/host/1"


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What was found on this computer.

    Attributes
    ----------
    folder
        Where drives are to lie.
    findings
        All that was looked at, in the order of a look.
    """

    folder: Path
    findings: tuple[Finding, ...]

    @property
    def is_doubtful(self) -> bool:
        """Whether something will fail or mislead."""
        return bool(self.of("doubtful"))

    def of(self, level: Level) -> tuple[Finding, ...]:
        """Give the findings of a level."""
        return tuple(each for each in self.findings if each.level == level)

    def to_json(self) -> dict[str, Any]:
        """Give it as one object, ready for JSON."""
        return {
            "schema": DOCTOR_SCHEMA,
            "verdict": "doubtful" if self.is_doubtful else "good",
            "folder": str(self.folder),
            "findings": [asdict(each) for each in self.findings],
        }


def doctor(folder: Path | str = ".", *, progress: Progress = silent) -> Diagnosis:
    """Look at what this computer has and lacks for dashgaze. Nothing is written.

    Libraries are tried out in processes of their own, as a broken one may take its process with it.
    Listing phones starts adb's server, where adb is installed.

    Parameters
    ----------
    folder
        Where drives are to lie; it need not exist yet.
    progress
        Is told what is looked at.

    Raises
    ------
    InputError
        If the folder is a file.
    """
    looks: tuple[tuple[str, Callable[[], list[Finding]]], ...] = (
        ("computer", lambda: computer_findings(Path(folder))),
        ("packages", package_findings),
        ("media", media_findings),
        ("collection", collection_findings),
        ("graphics", graphics_findings),
    )
    found: list[Finding] = []
    for index, (name, look) in enumerate(looks):
        progress(name, index / len(looks))
        found += look()
    progress("looked", 1.0)
    return Diagnosis(folder=Path(folder), findings=tuple(found))
