"""Trials of `bench_crashes.py` with a disk of its own: it is full, or becomes read-only under way.

The disk is a tmpfs, so these need root, on Linux. Root may write where permissions forbid it, so read-only is a
matter of the mount. Where no disk can be mounted, a limit on the size of files stands in for a full one: no file
can be written beyond it.
"""

import functools
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crash_content import content_of
from crash_runs import Outcome, Run, run
from crash_scenes import Scene
from crash_trials import LIMIT_S, Tally, Undisturbed, look_between, run_again, world_of

_SIZE_MB = 1500
_BALLAST = "ballast"


def can_mount(work: Path) -> bool:
    """Whether this machine lets us mount a disk."""
    try:
        with disk(work):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@contextmanager
def disk(work: Path, size_mb: int = _SIZE_MB) -> Iterator[Path]:
    """Mount a disk for a while."""
    folder = work / "disk"
    folder.mkdir(parents=True, exist_ok=True)
    _call("mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        _call("umount", "-l", str(folder))


def full_trials(
    scene: Scene, known: Undisturbed, made: Path, work: Path, *, count: int, rng: random.Random
) -> Tally:
    """Run a scene on a disk with too little space, from none to nearly enough; then with enough."""
    tally = Tally()
    if not can_mount(work):
        return _limited_trials(scene, known, made, work, count=count)
    with disk(work) as mounted:
        needed = _needed(scene, made, mounted)
        for number in range(count):
            with world_of(scene, made, work, inside=mounted) as world:
                free = round(needed * (number / count) ** 2)
                _leave_free(mounted, free)
                outcome = run(scene.arguments(world), work / "log", limit_s=LIMIT_S)
                if outcome.done:
                    (mounted / _BALLAST).unlink()
                    continue
                _judge("full", scene, known, world, work, outcome, tally, mounted)
    return tally


def _limited_trials(
    scene: Scene, known: Undisturbed, made: Path, work: Path, *, count: int
) -> Tally:
    """Run a scene that can't write files beyond a size, from nothing to half a megabyte."""
    tally = Tally()
    for number in range(count):
        with world_of(scene, made, work) as world:
            most = round((1 << 19) * (number / count) ** 3)
            limited = functools.partial(_limited, scene.arguments(world), most)
            outcome = run(limited, work / "log", limit_s=LIMIT_S)
            if not outcome.done:
                _judge("full", scene, known, world, work, outcome, tally, None)
    return tally


def _limited(arguments: list[str], most_bytes: int) -> None:
    # What it says goes to a file as well.
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes + 4096, most_bytes + 4096))
    sys.argv = ["dashgaze", *arguments]
    from dashgaze.cli import main

    main()


def readonly_trials(
    scene: Scene, known: Undisturbed, made: Path, work: Path, *, count: int, rng: random.Random
) -> Tally:
    """Make a disk read-only while a scene runs, at a moment at which no file on it is being written."""
    tally = Tally()
    with disk(work) as mounted:
        for number in range(count):
            with world_of(scene, made, work, inside=mounted) as world:
                at_s = rng.uniform(0.0, known.seconds) if number else 0.0
                begin_s = time.monotonic()
                running = Run(scene.arguments(world), work / "log")
                ended = running.wait(
                    LIMIT_S,
                    lambda begin_s=begin_s, at_s=at_s: (
                        time.monotonic() - begin_s >= at_s and _remount(mounted, "ro")
                    ),
                )
                outcome = ended or running.wait(LIMIT_S)
                _remount(mounted, "rw")
                if outcome is None or outcome.done:
                    continue
                _judge("read-only", scene, known, world, work, outcome, tally, None)
    return tally


def _judge(
    what: str, scene: Scene, known: Undisturbed, world: Path, work: Path, outcome: Outcome,
    tally: Tally, mounted: Path | None,
) -> None:  # fmt: skip
    faults = [] if outcome.refused else [f"no clear error: {outcome.short}"]
    tally.refused += outcome.refused
    faults += look_between(world, known, work, tally)
    if mounted is not None:
        (mounted / _BALLAST).unlink()
    faults += run_again(scene, known, world, work)
    tally.count([f"{scene.name}, disk {what}: {each}" for each in faults])


def _needed(scene: Scene, made: Path, mounted: Path) -> int:
    """Measure what a scene takes of a disk at most, bytes."""
    with world_of(scene, made, mounted) as world:
        before, most = _used(mounted), 0

        def look() -> bool:
            nonlocal most
            most = max(most, _used(mounted) - before)
            return False

        Run(scene.arguments(world), mounted / "log").wait(LIMIT_S, look)
        content_of(world)
        return max(most, 4096)


def _used(mounted: Path) -> int:
    state = os.statvfs(mounted)
    return (state.f_blocks - state.f_bfree) * state.f_frsize


def _leave_free(mounted: Path, free: int) -> None:
    state = os.statvfs(mounted)
    size = max(0, state.f_bavail * state.f_frsize - free)
    with (mounted / _BALLAST).open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(size, 1))


def _remount(mounted: Path, how: str) -> bool:
    return (
        subprocess.run(
            ["mount", "-o", f"remount,{how}", str(mounted)], capture_output=True, check=False
        ).returncode
        == 0
    )


def _call(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)
