"""Running a reader on damaged input in a child process, so that nothing it does can take this one along.

A child is forked once for many cases. It tells when a case begins and how it ends; one that dies, or says nothing for
too long, is blamed on the case that it was at, and another child goes on behind it.
"""

import contextlib
import faulthandler
import importlib
import os
import random
import resource
import select
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzz_mutation import mutate

LIMIT_S = 10.0
"""A tiny input that takes longer hangs; time of the processor, so that a busy machine accuses nobody."""
WAIT_S = 60.0
"""The same by the clock."""
LIMIT_BYTES = 1 << 30
_GRACE_S = 5.0
_BATCH = 200
_ADDRESS_BYTES = 6 << 30


@dataclass(frozen=True, kw_only=True)
class Target:
    """A reader, and files that it can read.

    Attributes
    ----------
    name
        Of the reader.
    make
        Writes files into an empty folder that are read without fault.
    read
        Reads the folder. What it gives is not looked at.
    files
        Patterns of the files to damage.
    refuses
        What it may raise beside a `DashgazeError`.
    seeds
        Name of the folder of seeds; targets that share it make it once.
    ends_well
        Whether whole files are read without an error; a stream ends by one.
    """

    name: str
    make: Callable[[Path], object]
    read: Callable[[Path], object]
    files: tuple[str, ...] = ("**/*",)
    refuses: tuple[type[Exception], ...] = ()
    seeds: str = ""
    ends_well: bool = True


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A case in which the reader broke its contract.

    Attributes
    ----------
    target, seed, case
        Which case.
    kind
        An exception's name, ``hang``, ``memory`` or ``killed by`` a signal.
    place
        Where in our code; failures of one kind and place are one defect.
    file
        The damaged file, in the folder.
    text
        The whole of it.
    """

    target: str
    seed: int
    case: int
    kind: str
    place: str
    file: str
    text: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What is the same defect."""
        return self.target, self.kind, self.place


@dataclass
class Tally:
    """What came of the cases of a target."""

    read: int = 0
    refused: int = 0
    failures: list[Failure] = field(default_factory=list)
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    slowest_s: float = 0.0
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def tried(self) -> int:
        """How many cases there were."""
        return self.read + self.refused + sum(self.counts.values())


class HungError(BaseException):
    """The reader takes too long; no handler for exceptions may catch it."""


def damage(folder: Path, target: Target, seed: int, case: int) -> Path:
    """Damage one file of a folder, or its place, as the case says; the same for the same files.

    Returns
    -------
    Path
        The file.
    """
    rng = random.Random(f"{target.name}:{seed}:{case}")
    files = sorted(
        {path for pattern in target.files for path in folder.glob(pattern) if path.is_file()}
    )
    path = rng.choice(files)
    content = path.read_bytes()
    path.unlink()  # never write through a link
    if len(target.files) and rng.random() < 0.02:
        match rng.randrange(3):
            case 0:
                pass
            case 1:
                path.mkdir()
            case _:
                path.symlink_to(path.name)
        return path
    others = [
        each.read_bytes()[: 1 << 20]
        for each in rng.sample(files, min(2, len(files)))
        if each.is_file()
    ]
    path.write_bytes(mutate(content, path.name, rng, others))
    return path


def run_target(
    target: Target,
    seed_folder: Path,
    work: Path,
    *,
    seed: int,
    cases: Sequence[int] | range,
    until_s: float = 0.0,
) -> Tally:
    """Try cases of a target until they, or the time, are used up.

    Parameters
    ----------
    target
        What to try.
    seed_folder
        Its whole files.
    work
        An empty folder to work in.
    seed, cases
        Which cases.
    until_s
        Monotonic time at which to end; 0 for all cases.
    """
    tally, waiting = Tally(), iter(cases)
    batch: list[int] = []
    while not (until_s and time.monotonic() > until_s):
        batch = batch or [number for number, _ in zip(waiting, range(_BATCH), strict=False)]
        if not batch:
            break
        batch = _run_batch(target, seed_folder, work, seed, batch, tally, until_s)
    return tally


def _run_batch(
    target: Target,
    seed_folder: Path,
    work: Path,
    seed: int,
    batch: list[int],
    tally: Tally,
    until_s: float,
) -> list[int]:
    """Run cases in one child; give those that it did not come to."""
    reading, writing = os.pipe()
    log = work / "faults.txt"
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            _be_child(target, seed_folder, work, seed, batch, writing, log, until_s)
        finally:
            os._exit(0)
    os.close(writing)
    done, began_s, at = 0, time.monotonic(), batch[0]
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        for line in _lines(pipe, child):
            word, _, rest = line.partition(" ")
            if word == "begin":
                at, began_s = int(rest), time.monotonic()
            elif word in ("read", "refused", "failed"):
                done += 1
                tally.slowest_s = max(tally.slowest_s, time.monotonic() - began_s)
                _count(tally, target, seed, at, word, rest)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        done += 1
        number = os.WTERMSIG(status)
        kind = "hang" if number == signal.SIGKILL else f"killed by {signal.Signals(number).name}"
        text = log.read_text(errors="replace") if log.is_file() else ""
        place = next(
            (line.strip() for line in text.splitlines() if "dashgaze" in line or "/main/" in line),
            "?",
        )
        _add(
            tally,
            Failure(
                target=target.name, seed=seed, case=at, kind=kind, place=place, file="?", text=text
            ),
        )
    elif done < len(batch) and not (until_s and time.monotonic() > until_s):
        done += 1
        _add(
            tally,
            Failure(
                target=target.name, seed=seed, case=at, kind="exit", place="?", file="?", text=""
            ),
        )
    return batch[done:]


def _lines(pipe: Any, child: int) -> Iterator[str]:
    """Give what the child says; kill it where it is silent for too long."""
    held = b""
    while True:
        if not select.select([pipe], [], [], WAIT_S + _GRACE_S)[0]:
            os.kill(child, signal.SIGABRT)  # faulthandler writes where it is
            time.sleep(0.3)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            return
        chunk = pipe.read(65536)
        if not chunk:
            return
        *whole, held = (held + chunk).split(b"\n")
        yield from (line.decode() for line in whole)


def _be_child(
    target: Target,
    seed_folder: Path,
    work: Path,
    seed: int,
    batch: list[int],
    writing: int,
    log: Path,
    until_s: float,
) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    faults = log.open("w")
    faulthandler.enable(faults)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(
        resource.RLIMIT_AS, (_ADDRESS_BYTES + _memory("VmSize"), resource.RLIM_INFINITY)
    )
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, resource.RLIM_INFINITY))
    for each in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(each, _hung)
    for case in batch:
        if until_s and time.monotonic() > until_s:
            return
        os.write(writing, f"begin {case}\n".encode())
        folder = work / "case"
        shutil.rmtree(folder, ignore_errors=True)
        copy_linked(seed_folder, folder)
        os.write(writing, f"{_case(target, folder, seed, case)}\n".encode())


def _case(target: Target, folder: Path, seed: int, case: int) -> str:
    from dashgaze.errors import DashgazeError

    path = damage(folder, target, seed, case)
    name = path.relative_to(folder).as_posix()
    reset_memory()
    before = _memory("VmRSS")
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    signal.setitimer(signal.ITIMER_REAL, WAIT_S)
    try:
        target.read(folder)
        answer = "read"
    except DashgazeError as error:
        answer = "refused " + _escaped(type(error).__name__)
    except HungError:
        answer = _failed("hang", name)
    except target.refuses as error:
        answer = "refused " + _escaped(type(error).__name__)
    except Exception as error:  # noqa: BLE001  # to catch all of them is what this is for
        answer = _failed(type(error).__name__, name)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    if _memory("VmHWM") - before > LIMIT_BYTES:
        answer = _failed("memory", name)
    return answer


def _hung(*_: Any) -> None:
    raise HungError


def _failed(kind: str, name: str) -> str:
    trace = sys.exc_info()[2]
    frames = traceback.extract_tb(trace)
    ours = [
        each
        for each in frames
        if "/site-packages/" not in each.filename and "/lib/python" not in each.filename
    ]
    ours = [each for each in ours if "/fuzzing/" not in each.filename] or ours or frames
    place = f"{_short(ours[-1].filename)}:{ours[-1].name}:{ours[-1].lineno}" if ours else "?"
    return "failed " + "\t".join(
        _escaped(each) for each in (kind, place, name, traceback.format_exc()[-6000:])
    )


def _short(name: str) -> str:
    root = str(Path(__file__).resolve().parents[2])
    return name.removeprefix(root).lstrip("/")


def _escaped(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")


def _count(tally: Tally, target: Target, seed: int, case: int, word: str, rest: str) -> None:
    if word == "read":
        tally.read += 1
    elif word == "refused":
        tally.refused += 1
        tally.errors[rest] += 1
    else:
        kind, place, name, text = (
            each.encode().decode("unicode_escape") for each in rest.split("\t")
        )
        _add(
            tally,
            Failure(
                target=target.name,
                seed=seed,
                case=case,
                kind=kind,
                place=place,
                file=name,
                text=text,
            ),
        )


def _add(tally: Tally, failure: Failure) -> None:
    if failure.key not in tally.counts:
        tally.failures.append(failure)
    tally.counts[failure.key] += 1


def in_child(work: Callable[[], object]) -> None:
    """Do work in a child, so that no thread of a library stays in this process: forking beside one may hang.

    What the child imported is imported here afterwards, so that the next ones needn't.

    Raises
    ------
    RuntimeError
        With what went wrong in the child.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            work()
            text = "\n".join(["", *list(sys.modules)])
        except BaseException:  # noqa: BLE001  # told by the parent
            text = traceback.format_exc()
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(text.encode(errors="replace"))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode()
    os.waitpid(child, 0)
    if not told.startswith("\n"):
        raise RuntimeError(told or "the child was killed")
    for name in told.split():
        if "__" not in name and not name.startswith("_"):
            with contextlib.suppress(Exception):  # some make modules that can't be imported by name
                importlib.import_module(name)


def copy_linked(source: Path, target: Path) -> None:
    """Copy a folder by hard links; what is to be changed has to be unlinked first."""
    target.mkdir(parents=True)
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_dir() and not path.is_symlink():
            place.mkdir(exist_ok=True)
        else:
            os.link(path, place, follow_symlinks=False)


def reset_memory() -> None:
    """Let the greatest use of memory be counted from now on."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _memory(name: str) -> int:
    """Give a figure of this process's memory, bytes; 0 where the system doesn't tell."""
    try:
        text = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next(
        (int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(f"{name}:")),
        0,
    )
