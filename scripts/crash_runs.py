"""Running the command line in a process of its own that can be killed at any moment.

The process is forked from this one, where the libraries are loaded already: it reads, computes and writes like
any other, and does not spend its first second importing. It leads a group of processes, so that helpers that
it starts die with it. Linux only.
"""

import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_POLL_S = 0.001
_FINE = (0, 3, 4)
"""Exit codes of work that was done: ok, doubtful, failed. The last two are verdicts, no errors."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    code
        Its exit code; negative if a signal ended it, None if it took too long.
    text
        What it said.
    seconds
        How long it took.
    """

    code: int | None
    text: str
    seconds: float

    @property
    def done(self) -> bool:
        """Whether it did what it was asked for."""
        return self.code in _FINE

    @property
    def refused(self) -> bool:
        """Whether it ended with one clear error, as a user should see it."""
        return (
            self.code == 1 and len(re.findall(r"^error: ", self.text, re.MULTILINE)) == 1
        ) and "Traceback" not in self.text

    @property
    def killed(self) -> bool:
        """Whether a signal ended it."""
        return self.code is not None and self.code < 0

    @property
    def short(self) -> str:
        """Its last words, for a list of faults."""
        return f"exit {self.code}: {self.text.strip()[-300:]}"


Work = Sequence[str] | Callable[[], object]
"""What is typed after ``dashgaze``, or a function. This process itself computes nothing: threads don't survive a fork."""


class Run:
    """A command that runs in a process of its own."""

    def __init__(self, work: Work, log: Path) -> None:
        self._log, self._begin_s = log, time.monotonic()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _become(work, log)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.setpgid(self.pid, self.pid)

    def poll(self) -> Outcome | None:
        """Give the outcome, None while it runs."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return None if pid == 0 else self._outcome(os.waitstatus_to_exitcode(status))

    def wait(self, limit_s: float, until: Callable[[], bool] = lambda: False) -> Outcome | None:
        """Wait for its end, or, with None, until something else is so; what takes too long is killed."""
        end_s = self._begin_s + limit_s
        while time.monotonic() < end_s:
            outcome = self.poll()
            if outcome is not None or until():
                return outcome
            time.sleep(_POLL_S)
        self.kill()
        return self._outcome(None)

    def kill(self) -> Outcome:
        """Kill it and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        return self._outcome(os.waitstatus_to_exitcode(status))

    def _outcome(self, code: int | None) -> Outcome:
        text = self._log.read_text(encoding="utf-8", errors="replace")
        return Outcome(code=code, text=text, seconds=time.monotonic() - self._begin_s)


def run(work: Work, log: Path, *, limit_s: float = 300.0) -> Outcome:
    """Run a command to its end."""
    outcome = Run(work, log).wait(limit_s)
    assert outcome is not None
    return outcome


def preload() -> None:
    """Load what the commands need, so that not each of them has to."""
    import importlib

    for name in (
        "dashgaze.cli.application", "dashgaze.stages.sync", "dashgaze.stages.frames",
        "dashgaze.stages.align", "dashgaze.stages.vanishing_point", "dashgaze.stages.faces",
        "dashgaze.reports", "dashgaze.rendering", "dashgaze.dataset.packing.pack",
        "dashgaze.dataset.privacy.anonymize", "dashgaze.dataset.reading.validate",
        "dashgaze.analysis.presentation", "dashgaze.collection.importing",
        "dashgaze.collection.simulation.session.simulate", "dashgaze.checks",
    ):  # fmt: skip
        importlib.import_module(name)


def _become(work: Work, log: Path) -> None:
    code = 1
    try:
        os.setpgid(0, 0)
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        for stream in (1, 2):
            os.dup2(handle, stream)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
        if callable(work):
            work()
        else:
            sys.argv = ["dashgaze", *work]
            from dashgaze.cli import main

            main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - as the interpreter does
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
