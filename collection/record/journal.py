"""The journal of a drive: ``field/journal.jsonl``."""

from pathlib import Path
from typing import Any

from ..field.json_lines import LineFile, read_lines
from .drive_folder import DriveFolder
from .host_clock import HostClock
from .state import State, replay


def read_journal(session: Path) -> tuple[dict[str, Any], ...]:
    """Read the journal of a drive; what a crash tore is left out.

    Parameters
    ----------
    session
        The session folder.

    Returns
    -------
    tuple of dict
        Its lines, oldest first: ``step``, ``host_ns``, ``monotonic_ns``, and what belongs to the step.
        Empty if no drive was begun there.

    Raises
    ------
    InputError
        If it can't be read.
    """
    return read_lines(DriveFolder(session).journal).entries


class Journal:
    """Says each step of a drive to the disk, and knows what all of them come to.

    Parameters
    ----------
    folder
        The session folder; what its journal says already is gone on with.
    clock
        The host's clocks.

    Attributes
    ----------
    state
        What is known of the drive.
    """

    def __init__(self, folder: DriveFolder, clock: HostClock) -> None:
        self._file = LineFile(folder.journal)
        self._clock = clock
        self._lines = list(read_lines(folder.journal).entries)
        self.state: State = replay(self._lines)

    def clocked(self, when: str) -> bool:
        """Tell whether a clock was measured at that point of the drive."""
        return any(line.get("step") == "clock" and line.get("when") == when for line in self._lines)

    def last_ns(self, step: str) -> int:
        """Give when a step was last written, Unix time, ns; 0 if it never was."""
        times = [line["host_ns"] for line in self._lines if line.get("step") == step]
        return max((at_ns for at_ns in times if isinstance(at_ns, int)), default=0)

    def write(self, step: str, **details: Any) -> State:
        """Add a step; it is on the disk when this comes back.

        Raises
        ------
        OutputError
            If the disk is full or gone.
        """
        line = {
            "step": step,
            "host_ns": self._clock.now_ns(),
            "monotonic_ns": self._clock.monotonic_ns(),
            **details,
        }
        self._file.append(line)
        self._lines.append(line)
        self.state = replay(self._lines)
        return self.state
