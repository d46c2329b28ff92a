"""What becomes of a drive when things go wrong: every stage killed, disturbed, out of space, run twice at once.

    python scripts/bench_crashes.py WORK                                # everything; hours
    python scripts/bench_crashes.py WORK --stages frames align --kinds killed --trials 30
    python scripts/bench_crashes.py WORK --json counts.json             # the counts, to be added to

Kinds of trials: ``killed`` (SIGKILL of the stage and its helpers), ``full`` (disk full), ``read-only`` (the disk
becomes so), ``changed`` (an input is changed under way, or changed and put back), ``two`` (another command on the
same session at the same time). What a trial is and when it is survived stands in docs/reliability.md; the
drives are small and made by the project itself, in WORK, once for each version of the stages. Linux only; ``full`` and ``read-only`` mount a
tmpfs, which needs root. Exits with 1 if anything was lost.
"""

import argparse
import json
import os
import random
import shutil
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from crash_changes import change_trials, pair_trials
from crash_disks import can_mount, full_trials, readonly_trials
from crash_runs import preload
from crash_scenes import Scene, make_world, scenes_of
from crash_trials import Tally, Undisturbed, kill_trials, undisturbed
from rich.console import Console
from rich.table import Table

KINDS: dict[str, Callable[..., Tally]] = {
    "killed": kill_trials,
    "full": full_trials,
    "read-only": readonly_trials,
    "changed": change_trials,
    "two": pair_trials,
}
_FEWER = {"killed": 1.0, "full": 0.2, "read-only": 0.2, "changed": 0.1, "two": 0.1}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("work", type=Path, help="folder to work in")
    parser.add_argument("--stages", nargs="+", default=[], help="only these")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument(
        "--trials", type=int, default=30,
        help="kills of each stage; of the other kinds fewer, in proportion",
    )  # fmt: skip
    parser.add_argument("--seconds", type=float, default=6.0, help="length of the drives")
    parser.add_argument(
        "--short", action="store_true", help="fewer things to begin with, as the tests want it"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="where to keep the counts; they add up")
    given = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    preload()
    given.work.mkdir(parents=True, exist_ok=True)
    made = _world(given)
    kinds = list(given.kinds)
    if not can_mount(given.work):
        kinds = [kind for kind in kinds if kind != "read-only"]
        print(
            "No disk can be mounted here: no read-only one, and limits of file sizes for a full one."
        )
    counts = _read(given.json)
    rng = random.Random(given.seed)
    for scene in scenes_of(given.stages, short=given.short):
        _try(scene, kinds, made, given, rng, counts)
    _show(counts)
    if any(each["lost"] for each in counts.values()):
        raise SystemExit(1)


def _world(given: argparse.Namespace) -> Path:
    """Make the drives, unless they are there and of the stages as they are now.

    Results of other versions are made anew in several steps, of which the trials know nothing: they would count
    each as lost.
    """
    made, note = given.work / "made", given.work / "made.json"
    versions = {
        name: import_module(f"dashgaze.stages.{name}").VERSION
        for name in ("sync", "frames", "align", "vanishing_point", "faces")
    }
    if not note.exists() or json.loads(note.read_text()) != versions:
        print("Making two small drives and all that the stages make of them.")
        note.unlink(missing_ok=True)
        shutil.rmtree(made, ignore_errors=True)
        make_world(made, seconds=given.seconds, short=given.short)
        note.write_text(json.dumps(versions))
    return made


def _try(
    scene: Scene, kinds: list[str], made: Path, given: argparse.Namespace, rng: random.Random,
    counts: dict[str, Any],
) -> None:  # fmt: skip
    known: Undisturbed = undisturbed(scene, made, given.work)
    share = 1.0 / len(scenes_of([scene.stage], short=given.short))
    for kind in kinds:
        begin_s = time.monotonic()
        fewer = 1.0 if given.short else _FEWER[kind]
        count = max(1, round(given.trials * share * fewer))
        tally = KINDS[kind](scene, known, made, given.work, count=count, rng=rng)
        entry = counts.setdefault(
            f"{scene.stage}/{kind}",
            {"tried": 0, "survived": 0, "lost": 0, "within": 0, "refused": 0, "faults": []},
        )
        entry["tried"] += tally.tried
        entry["survived"] += tally.survived
        entry["lost"] += tally.tried - tally.survived
        entry["within"] += tally.within
        entry["refused"] += tally.refused
        entry["faults"] += tally.faults
        print(
            f"{scene.name:26} {kind:10} {tally.survived} of {tally.tried} survived, "
            f"{time.monotonic() - begin_s:.0f} s",
            flush=True,
        )
        for fault in tally.faults:
            print(f"    {fault}", flush=True)
        if given.json is not None:
            given.json.write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")


def _read(path: Path | None) -> dict[str, Any]:
    if path is None or not path.exists():
        return {}
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _show(counts: dict[str, Any]) -> None:
    table = Table("stage", *(f"{kind}\ntried, lost" for kind in KINDS))
    for stage in dict.fromkeys(name.split("/")[0] for name in counts):
        cells = [counts.get(f"{stage}/{kind}") for kind in KINDS]
        table.add_row(
            stage,
            *(
                "–" if not each or not each["tried"] else f"{each['tried']}, {each['lost']}"
                for each in cells
            ),
        )
    Console().print(table)


if __name__ == "__main__":
    main()
