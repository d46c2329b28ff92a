"""Trials of `bench_crashes.py` in which an input is changed under way, or two runs are at work at once."""

import dataclasses
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crash_content import content_of, differences
from crash_runs import Outcome, Run, run
from crash_scenes import FIRST, SECOND, Scene, filled
from crash_trials import LIMIT_S, Tally, Undisturbed, end_faults, world_of

_SPARE = "spare"


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that is done to a session while a stage reads it.

    Attributes
    ----------
    name
        How it is called in lists.
    make
        Does it, in a session folder, with what another session of the made world holds.
    undo
        Does it back; None for a change that stays.
    """

    name: str
    make: Callable[[Path, Path], None]
    undo: Callable[[Path], None] | None = None


def _replace(name: str) -> Callable[[Path, Path], None]:
    """Put the other session's file in the place of this one's, in one step."""

    def make(session: Path, made: Path) -> None:
        spare = session / _SPARE
        shutil.copy(made / SECOND / name, spare)
        spare.replace(session / name)

    return make


def _move_away(name: str) -> Callable[[Path, Path], None]:
    def make(session: Path, made: Path) -> None:
        (session / name).rename(session / _SPARE)
        shutil.copy2(made / SECOND / name, session / name)

    return make


def _move_back(name: str) -> Callable[[Path], None]:
    def undo(session: Path) -> None:
        (session / _SPARE).replace(session / name)

    return undo


def _edit_manifest(session: Path, _made: Path) -> None:
    path = session / "session.yaml"
    text = path.read_text(encoding="utf-8").replace("weather: clear", "weather: rain")
    path.write_text(text.replace("car: simulated", "car: another"), encoding="utf-8")


ROAD, DRIVER, CLOCKS = "phone/road.mp4", "phone/driver.mp4", "derived/time_map.json"
CHANGES = {
    "road video replaced": Change(name="road video replaced", make=_replace(ROAD)),
    "road video and back": Change(
        name="road video and back", make=_move_away(ROAD), undo=_move_back(ROAD)
    ),
    "driver video replaced": Change(name="driver video replaced", make=_replace(DRIVER)),
    "driver video and back": Change(
        name="driver video and back", make=_move_away(DRIVER), undo=_move_back(DRIVER)
    ),
    "time map replaced": Change(name="time map replaced", make=_replace(CLOCKS)),
    "session.yaml edited": Change(name="session.yaml edited", make=_edit_manifest),
}
_ROAD = ("road video replaced", "road video and back")
APT: dict[str, tuple[str, ...]] = {
    "sync": (*_ROAD, "session.yaml edited"),
    "frames": (*_ROAD, "time map replaced", "session.yaml edited"),
    "align": (*_ROAD, "time map replaced", "session.yaml edited"),
    "vanishing-point": (*_ROAD, "session.yaml edited"),
    "faces": ("driver video replaced", "driver video and back"),
    "report": (*_ROAD, "time map replaced", "session.yaml edited"),
    "anonymize": _ROAD,
    "pack": (*_ROAD, "session.yaml edited"),
}
"""Which changes matter to which stage."""


def change_trials(
    scene: Scene, known: Undisturbed, made: Path, work: Path, *, count: int, rng: random.Random
) -> Tally:
    """Change each input that matters while a scene runs; the run after that has to see what is there now."""
    tally = Tally()
    for name in APT.get(scene.stage, ()):
        change = CHANGES[name]
        end = (
            known if change.undo is not None else _changed_from_the_start(scene, change, made, work)
        )
        ends = [end]
        for _ in range(count):
            with world_of(scene, made, work) as world:
                outcome = _run_changed(scene, known, change, world, made, work, rng)
                if outcome is None:
                    continue
                clear, done_before = outcome.done or outcome.refused, outcome.done
                faults = [] if clear else [f"no clear error: {outcome.short}"]
                tally.refused += outcome.refused
                outcome = run(_once_more(scene, world), work / "log", limit_s=LIMIT_S)
                left = [] if outcome.done else [f"the next run fails: {outcome.short}"]
                left = left or min((end_faults(world, each) for each in ends), key=len)
                if left and outcome.done and change.undo is not None:
                    left = _put_back_faults(world, known, work)
                now = content_of(world) if left and outcome.done else None
            if now is not None and done_before and change.undo is None and len(ends) == 1:
                ends.append(_changed_afterwards(scene, change, made, work))
                if not differences(now, ends[1].after):
                    left = [each for each in left if each.endswith(" is left")]
            tally.count([f"{scene.name}, {name}: {each}" for each in faults + left])
    return tally


def _once_more(scene: Scene, world: Path) -> list[str]:
    """Give the command without --force, so that whatever the records vouch for stays."""
    words = scene.arguments(world)
    return words if scene.stage == "render" else [each for each in words if each != "--force"]


def _changed_afterwards(scene: Scene, change: Change, made: Path, work: Path) -> Undisturbed:
    """Give the end where the scene was through before the change: a data set, say, is of the next version then."""
    with world_of(scene, made, work) as world:
        for number, arguments in enumerate((scene.arguments(world), _once_more(scene, world))):
            if number:
                change.make(world / FIRST, made)
            outcome = run(arguments, work / "log", limit_s=LIMIT_S)
            if not outcome.done:
                raise SystemExit(f"{scene.name}, then {change.name}: {outcome.short}")
        after = content_of(world)
    return Undisturbed(before=after, after=after, seconds=outcome.seconds, events=0)


def _put_back_faults(world: Path, known: Undisturbed, work: Path) -> list[str]:
    """Say what is wrong where an input was another one for a moment.

    All is well if nothing was written, and all is as it was; or if all is as after an undisturbed run once
    `dashgaze align` was typed, which does something only if its own record says that it is to be done: while the
    input was another one the tables may have been made anew, with columns that only `align` fills.
    """
    before = dataclasses.replace(known, after=known.before)
    if not end_faults(world, before):
        return []
    session = world / FIRST
    if (session / "derived" / "align.json").exists():
        outcome = run(["align", str(session), "--quiet"], work / "log", limit_s=LIMIT_S)
        if not outcome.done:
            return [f"align, to fill what was emptied, fails: {outcome.short}"]
    return end_faults(world, known)


def _changed_from_the_start(scene: Scene, change: Change, made: Path, work: Path) -> Undisturbed:
    with world_of(scene, made, work) as world:
        change.make(world / FIRST, made)
        outcome = run(scene.arguments(world), work / "log", limit_s=LIMIT_S)
        if not outcome.done:
            raise SystemExit(f"{scene.name} with {change.name}: {outcome.short}")
        after = content_of(world)
    return Undisturbed(before=after, after=after, seconds=outcome.seconds, events=0)


def _run_changed(
    scene: Scene, known: Undisturbed, change: Change, world: Path, made: Path, work: Path,
    rng: random.Random,
) -> Outcome | None:  # fmt: skip
    begin_s = time.monotonic()
    moments = sorted(rng.uniform(0.0, known.seconds) for _ in range(2))
    running = Run(scene.arguments(world), work / "log")
    ended = running.wait(LIMIT_S, lambda: time.monotonic() - begin_s >= moments[0])
    if ended is not None:
        return None
    change.make(world / FIRST, made)
    if change.undo is not None:
        ended = running.wait(LIMIT_S, lambda: time.monotonic() - begin_s >= moments[1])
        change.undo(world / FIRST)
    return ended or running.wait(LIMIT_S)


PAIRS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("align", ("align", "{}/" + FIRST, "--workers", "1", "-q")),
    ("align", ("frames", "{}/" + FIRST, "--force", "-q")),
    ("align", ("vanishing-point", "{}/" + FIRST, "-q")),
    ("vanishing-point", ("align", "{}/" + FIRST, "--workers", "1", "--force", "-q")),
    ("sync", ("sync", "{}/" + FIRST, "--force", "-q")),
    ("frames", ("frames", "{}/" + FIRST, "--force", "-q")),
    ("report", ("report", "{}/" + FIRST, "--force", "-q")),
    ("pack", ("pack", "{}/drives", "-o", "{}/out/ds", "--workers", "1", "-q")),
    ("faces", ("faces", "{}/" + FIRST, "--every", "6", "--workers", "1", "-q")),
)
"""Which stage is disturbed by which other command that runs at the same time."""


def pair_trials(
    scene: Scene, known: Undisturbed, made: Path, work: Path, *, count: int, rng: random.Random
) -> Tally:
    """Run another command at the same time; both, one after the other, then have to give what is due."""
    tally = Tally()
    for stage, other in PAIRS:
        if stage != scene.stage:
            continue
        words = [other, *([scene.command] if scene.begins == "new" else [])]
        end = _one_after_the_other(scene, words, made, work)
        for _ in range(count):
            with world_of(scene, made, work) as world:
                first = Run(scene.arguments(world), work / "log")
                time.sleep(rng.uniform(0.0, 0.5 * known.seconds))
                second = Run(filled(other, world), work / "other.log")
                outcomes = [first.wait(LIMIT_S), second.wait(LIMIT_S)]
                faults = [
                    f"no clear error: {each.short}"
                    for each in outcomes
                    if each is not None and not (each.done or each.refused)
                ]
                tally.refused += sum(each is not None and each.refused for each in outcomes)
                faults += _half_files(world)
                for each in (scene.command, *words):
                    outcome = run(filled(each, world), work / "log", limit_s=LIMIT_S)
                    if not outcome.done:
                        faults.append(f"afterwards, {each[0]} fails: {outcome.short}")
                faults += end_faults(world, end)
                tally.count([f"{scene.name} beside {other[0]}: {each}" for each in faults])
    return tally


def _one_after_the_other(
    scene: Scene, words: list[tuple[str, ...]], made: Path, work: Path
) -> Undisturbed:
    with world_of(scene, made, work) as world:
        before = content_of(world)
        for each in (scene.command, *words):
            outcome = run(filled(each, world), work / "log", limit_s=LIMIT_S)
            if not outcome.done:
                raise SystemExit(f"{each[0]} after {scene.name}: {outcome.short}")
        after = content_of(world)
    return Undisturbed(before=before, after=after, seconds=0.0, events=0)


def _half_files(world: Path) -> list[str]:
    try:
        content_of(world)
    except ValueError as error:
        return [f"a half file was left: {error}"]
    return []
