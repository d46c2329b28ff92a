"""The stages over a session folder by the command line, each in its time, and what came of them."""

import io
import os
import re
import resource
import signal
import traceback
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzz_running import HungError, in_child, reset_memory

Stage = tuple[str, ...]

STAGES: tuple[Stage, ...] = (
    ("check",),
    ("sync", "--quiet", "--manual-offset=-1.0", "--manual-drift-ppm=31"),
    ("frames", "--quiet"),
    ("align", "--quiet", "--workers", "1"),
    ("vanishing-point", "--quiet"),
    ("faces", "--quiet", "--workers", "1", "--every", "30"),
    ("report", "--quiet"),
    # By sound, which a short session is too short for; so it comes when its map is of no more use.
    ("sync", "--quiet", "--force"),
)
LIMIT_S = 60.0
"""Of each stage, time of the processor."""
WAIT_S = 300.0
_ADDRESS_BYTES = 8 << 30


@dataclass(frozen=True, kw_only=True)
class StageEnd:
    """How a stage ended.

    Attributes
    ----------
    stage
        Its command.
    outcome
        ``done``; ``refused``, with a named error; or what must not be: ``traceback``, ``hang``, ``killed``, ``silent``
        (refused without a word).
    text
        What it printed, or the traceback.
    """

    stage: str
    outcome: str
    text: str


def run_stages(
    session: Path, *, faces: Path | None = None, stages: Sequence[Stage] = STAGES
) -> list[StageEnd]:
    """Run the stages on a session, in a child process.

    Parameters
    ----------
    session
        The folder; its ``derived`` is written.
    faces
        A file of faces found elsewhere, where no detector is to be run.
    stages
        Commands with their options.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            with os.fdopen(writing, "wb") as pipe:
                _in_child(session, faces, stages, pipe)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = [line.decode().rstrip("\n").split("\t") for line in pipe]
    _, status = os.waitpid(child, 0)
    ends = [
        StageEnd(stage=stage, outcome=outcome, text=_plain(text)) for stage, outcome, text in told
    ]
    if os.WIFSIGNALED(status):
        at = stages[min(len(ends), len(stages) - 1)][0]
        ends.append(
            StageEnd(stage=at, outcome="killed", text=signal.Signals(os.WTERMSIG(status)).name)
        )
    return ends


def _in_child(session: Path, faces: Path | None, stages: Sequence[Stage], pipe: Any) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_BYTES, resource.RLIM_INFINITY))
    for each in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(each, _hung)
    os.environ["COLUMNS"] = "4000"
    for stage in stages:
        reset_memory()
        outcome, text = _one(command_of(stage, session, faces))
        pipe.write("\t".join([stage[0], outcome, _escaped(text)]).encode("ascii") + b"\n")
        pipe.flush()


def _one(arguments: list[str]) -> tuple[str, str]:
    from dashgaze.cli import app

    out = io.StringIO()
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    signal.setitimer(signal.ITIMER_REAL, WAIT_S)
    code: Any = 0
    try:
        with redirect_stdout(out), redirect_stderr(out):
            app(arguments)
    except SystemExit as end:
        code = end.code
    except HungError:
        return "hang", traceback.format_exc()[-4000:]
    except Exception:  # noqa: BLE001  # to catch all of them is what this is for
        return "traceback", traceback.format_exc()[-6000:]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    text = out.getvalue()
    if "Traceback (most recent call last)" in text:
        return "traceback", text[-6000:]
    # A verdict other than ok is told by the exit code, too: then there is a result all the same.
    if code in (0, None) or "written to " in text:
        return "done", text[-3000:]
    return ("refused" if text.strip() else "silent"), text[-3000:]


def _hung(*_: Any) -> None:
    raise HungError


def _escaped(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii").replace("\t", " ")


def _plain(text: str) -> str:
    return re.sub(
        r"\x1b\[[0-9;]*m", "", text.encode("ascii").decode("unicode_escape", errors="replace")
    )


def broken(end: StageEnd) -> bool:
    """Whether a stage ended as none may."""
    return end.outcome not in ("done", "refused")


def warm_up(session: Path, *, faces: Path | None = None, stages: Sequence[Stage] = STAGES) -> None:
    """Run the stages on a whole session in a child, so that this process has imported what all of them need."""
    in_child(lambda: [_one(command_of(stage, session, faces)) for stage in stages])


def command_of(stage: Stage, session: Path, faces: Path | None) -> list[str]:
    """Give the arguments of the command line for a stage."""
    name, *options = stage
    extra = ["--detector", f"precomputed:{faces}"] if name == "faces" and faces is not None else []
    return [name, str(session), *options, *extra]
