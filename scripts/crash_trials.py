"""The trials of `bench_crashes.py`: something goes wrong while a stage runs, then it runs again undisturbed.

A trial is survived if the second run does its work, all files then say what they say after an undisturbed run,
nothing unfinished is left, and if in between every file was that of before or that of after, and every reader
either read it or gave one clear error.
"""

import random
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from crash_content import Content, content_of, differences, unfinished_in
from crash_events import Watch
from crash_runs import Outcome, Run, run
from crash_scenes import FIRST, Scene, filled

from dashgaze.session import open_session
from dashgaze.stages.filled_tables import state_of_tables

LIMIT_S = 300.0
# A record may say what is to come; that is no content.
_RECORDS = (".json",)


@dataclass(kw_only=True)
class Tally:
    """What came of the trials of one kind.

    Attributes
    ----------
    tried, survived
        How many; only runs that were disturbed count.
    within
        In how many of them something unfinished lay there when the run ended.
    refused
        How many of the disturbed runs, or readers after them, ended with a clear error.
    faults
        What was lost, in words.
    """

    tried: int = 0
    survived: int = 0
    within: int = 0
    refused: int = 0
    faults: list[str] = field(default_factory=list)

    def count(self, faults: list[str]) -> None:
        """Count one trial."""
        self.tried += 1
        self.survived += not faults
        self.faults += faults


@dataclass(frozen=True, kw_only=True)
class Undisturbed:
    """A scene as it should end.

    Attributes
    ----------
    before, after
        What is there at its begin and at its end.
    between
        What is there once a stage has run that this one asks for first.
    seconds, events
        How long it takes, and how often it does something to a name.
    """

    before: Content
    after: Content
    seconds: float
    events: int
    between: Content = field(default_factory=dict)

    @property
    def whole(self) -> tuple[Content, ...]:
        """All states in which nothing is half done."""
        return self.before, self.between, self.after


def undisturbed(scene: Scene, made: Path, work: Path) -> Undisturbed:
    """Run a scene as it should be."""
    between: Content = {}
    if scene.first:
        with world_of(scene, made, work) as world:
            run(filled(scene.first, world), work / "log", limit_s=LIMIT_S)
            between = content_of(world)
    with world_of(scene, made, work) as world:
        before = content_of(world)
        with Watch(world) as watch:
            running = Run(scene.arguments(world), work / "log")
            outcome = running.wait(LIMIT_S, lambda: watch.look() < 0)
            events = watch.look()
        if outcome is None or not outcome.done:
            raise SystemExit(f"{scene.name} fails undisturbed: {outcome and outcome.short}")
        if left := unfinished_in(world):
            raise SystemExit(f"{scene.name} leaves {left}")
        return Undisturbed(
            before=before,
            between=between,
            after=content_of(world),
            seconds=outcome.seconds,
            events=events,
        )


@contextmanager
def world_of(scene: Scene, made: Path, work: Path, *, inside: Path | None = None) -> Iterator[Path]:
    """Copy the world, as a scene begins; the copy is removed in the end."""
    world = (inside or work) / "world"
    shutil.rmtree(world, ignore_errors=True)
    try:
        yield scene.set(made, world)
    finally:
        shutil.rmtree(world, ignore_errors=True)


def kill_trials(
    scene: Scene, known: Undisturbed, made: Path, work: Path, *, count: int, rng: random.Random
) -> Tally:
    """Kill a scene at random moments: a third anywhere in its time, the others just after it did something.

    Parameters
    ----------
    scene, known
        The scene, and how it ends undisturbed.
    made
        The world to copy.
    work
        A folder to work in.
    count
        How many times.
    rng
        Draws the moments.
    """
    tally = Tally()
    tries = 0
    while tally.tried < count and tries < 3 * count:
        by_time = tries % 3 == 0 or not known.events
        tries += 1
        with world_of(scene, made, work) as world:
            if _killed(scene, known, world, work, rng, by_time=by_time) is None:
                continue
            tally.within += bool(unfinished_in(world))
            faults = look_between(world, known, work, tally, readers=tally.tried % 6 == 0)
            faults += run_again(scene, known, world, work)
            tally.count([f"{scene.name} killed: {each}" for each in faults])
    return tally


def _killed(
    scene: Scene, known: Undisturbed, world: Path, work: Path, rng: random.Random, *, by_time: bool
) -> Outcome | None:
    """Run and kill; None if it ended before."""
    with Watch(world) as watch:
        begin_s = time.monotonic()
        at_s = rng.uniform(0.0, known.seconds)
        at_event = rng.randint(1, max(known.events, 1))
        running = Run(scene.arguments(world), work / "log")
        if by_time:
            ended = running.wait(LIMIT_S, lambda: time.monotonic() - begin_s >= at_s)
        else:
            ended = _wait_for(running, watch, at_event)
            time.sleep(rng.choice((0.0, 0.0, 0.0002, 0.001)))
        outcome = ended or running.kill()
        return outcome if outcome.killed else None


def _wait_for(running: Run, watch: Watch, at_event: int) -> Outcome | None:
    end_s = time.monotonic() + LIMIT_S
    while time.monotonic() < end_s:
        if watch.look(0.005) >= at_event:
            return None
        outcome = running.poll()
        if outcome is not None:
            return outcome
    return None


def look_between(
    world: Path, known: Undisturbed, work: Path, tally: Tally, *, readers: bool = False
) -> list[str]:
    """Say what is wrong with what a broken off run has left."""
    try:
        now = content_of(world)
    except ValueError as error:
        return [f"a half file was left: {error}"]
    faults = [
        f"{name} is neither old nor new"
        for name, content in now.items()
        if content not in [whole.get(name) for whole in known.whole] and not name.endswith(_RECORDS)
    ]
    faults += [
        f"{name} is gone" for name in known.before if name in known.after and name not in now
    ]
    tables = [f"{FIRST}/derived/{name}.parquet" for name in ("frames", "gaze")]
    session = world / FIRST
    said = state_of_tables(open_session(session)) if tables[0] in now else "missing"
    if said == "whole" and not any(
        all(now.get(name) == whole.get(name) for name in tables) for whole in known.whole
    ):
        faults.append("the tables are mixed, and are said to be whole")
    if readers and session.is_dir():
        faults += _readers(world, work, tally)
    return faults


def _readers(world: Path, work: Path, tally: Tally) -> list[str]:
    """Have others read what is there; they write into a copy."""
    copy = work / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(world, copy)
    faults = []
    for command in (
        ["check", f"{copy}/{FIRST}"],
        ["report", f"{copy}/{FIRST}", "--force", "-q"],
        ["pack", f"{copy}/{FIRST}", "-o", f"{copy}/packed", "--workers", "1", "-q"],
    ):
        outcome = run(command, work / "reader.log", limit_s=LIMIT_S)
        tally.refused += outcome.refused
        if not (outcome.done or outcome.refused or (command[0] == "check" and outcome.code == 1)):
            faults.append(f"{command[0]} in between: {outcome.short}")
        if command[0] == "pack" and outcome.done:
            sound = run(["validate", f"{copy}/packed"], work / "reader.log", limit_s=LIMIT_S)
            if not sound.done:
                faults.append(f"what was packed in between is not sound: {sound.short}")
    shutil.rmtree(copy)
    return faults


def run_again(scene: Scene, known: Undisturbed, world: Path, work: Path) -> list[str]:
    outcome = run(scene.arguments(world), work / "log", limit_s=LIMIT_S)
    faults = end_faults(world, known)
    # A run that makes a new folder may have been killed when that was done: then it is there, whole.
    if not outcome.done and (faults or not outcome.refused):
        return [f"the second run fails: {outcome.short}"]
    return faults


def end_faults(world: Path, known: Undisturbed) -> list[str]:
    """Say in what a world differs from that after an undisturbed run."""
    try:
        now = content_of(world)
    except ValueError as error:
        return [f"a half file is left: {error}"]
    faults = [f"{name} differs from an undisturbed run" for name in differences(now, known.after)]
    return faults + [f"{name} is left" for name in unfinished_in(world)]
