"""Damage files of every kind and give them to their readers, for as long as one likes.

A reader returns, or raises one of the project's named errors. Anything else is a defect: another exception, more than
ten seconds for a tiny file, more than 1 GiB of memory, a crash of the interpreter. Each is written down once, with
the damaged files and the line that tries it again.

Run: .venv/bin/python scripts/fuzz_readers.py --minutes 60 --out failures
     .venv/bin/python scripts/fuzz_readers.py --reader media --seed 7 --case 123   # one case again
     .venv/bin/python scripts/fuzz_readers.py --list
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "fuzzing"))

from fuzz_running import Failure, Tally, Target, copy_linked, damage, in_child, run_target
from fuzz_targets import targets

_ROUND_CASES = 100
_LONGEST_ROUND_S = 40.0


def main() -> int:
    given = _arguments()
    known = targets()
    if given.list:
        print("\n".join(known))
        return 0
    chosen = [known[name] for name in given.reader or known]
    with tempfile.TemporaryDirectory(prefix="fuzz_readers_") as place:
        seeds = _make_seeds(chosen, Path(place))
        if given.case is not None:
            return _try_one(
                chosen[0], seeds[chosen[0].name], Path(place) / "one", given.seed, given.case
            )
        tallies = _fuzz(chosen, seeds, Path(place), given)
    return _told(tallies, given.out)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0] if __doc__ else "")
    parser.add_argument(
        "--minutes", type=float, default=1.0, help="how long, shared by the readers"
    )
    parser.add_argument(
        "--reader", action="append", help="only this one; may be given more than once"
    )
    parser.add_argument("--seed", type=int, default=1, help="the same seed tries the same cases")
    parser.add_argument(
        "--case", type=int, help="try one case in this process, and show what comes of it"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("fuzz_failures"), help="where failures are kept"
    )
    parser.add_argument("--list", action="store_true", help="name the readers")
    return parser.parse_args()


def _make_seeds(chosen: list[Target], place: Path) -> dict[str, Path]:
    """Write the whole files of all readers, and see that they are read."""
    folders: dict[str, Path] = {}
    for target in chosen:
        folder = place / "seeds" / (target.seeds or target.name)
        if not folder.exists():
            folder.mkdir(parents=True)
            in_child(lambda target=target, folder=folder: target.make(folder))
        probe = place / "probe"
        copy_linked(folder, probe)
        if target.ends_well:
            in_child(lambda target=target, probe=probe: target.read(probe))
        shutil.rmtree(probe)
        folders[target.name] = folder
    return folders


def _try_one(target: Target, seeds: Path, folder: Path, seed: int, case: int) -> int:
    copy_linked(seeds, folder)
    path = damage(folder, target, seed, case)
    print(f"{target.name}, case {case}: {path.relative_to(folder)} is damaged")
    target.read(folder)
    print("read")
    return 0


def _fuzz(
    chosen: list[Target], seeds: dict[str, Path], place: Path, given: argparse.Namespace
) -> dict[str, Tally]:
    """Go round the readers until the time is used up; each round is longer than the last one."""
    end_s = time.monotonic() + given.minutes * 60
    tallies = {target.name: Tally() for target in chosen}
    began = dict.fromkeys(tallies, 0)
    round_s = 1.0
    while time.monotonic() < end_s:
        for target in chosen:
            until_s = min(end_s, time.monotonic() + round_s)
            first = began[target.name]
            work = place / "work" / target.name
            work.mkdir(parents=True, exist_ok=True)
            cases = range(first, first + 1_000_000)
            told = run_target(
                target, seeds[target.name], work, seed=given.seed, cases=cases, until_s=until_s
            )
            began[target.name] += told.tried
            for failure in _added(tallies[target.name], told):
                _keep(failure, target, seeds[target.name], given.out)
            if time.monotonic() >= end_s:
                break
        round_s = min(_LONGEST_ROUND_S, round_s * 1.5)
        _told(tallies, given.out)
    return tallies


def _added(into: Tally, new: Tally) -> list[Failure]:
    """Add a round to what there was; give the failures that were not known."""
    fresh = [failure for failure in new.failures if failure.key not in into.counts]
    into.read += new.read
    into.refused += new.refused
    into.counts += new.counts
    into.errors += new.errors
    into.failures += fresh
    into.slowest_s = max(into.slowest_s, new.slowest_s)
    return fresh


def _keep(failure: Failure, target: Target, seeds: Path, out: Path) -> None:
    folder = out / f"{failure.target}_{failure.seed}_{failure.case}"
    shutil.rmtree(folder, ignore_errors=True)
    copy = folder / "files"
    copy_linked(seeds, copy)
    path = damage(copy, target, failure.seed, failure.case)
    if path.is_file():
        shutil.copy2(path, folder / path.name)
    shutil.rmtree(copy)
    again = f".venv/bin/python scripts/fuzz_readers.py --reader {failure.target} --seed {failure.seed} --case {failure.case}"
    text = f"{failure.kind} in {failure.place}, from {failure.file}\n{again}\n\n{failure.text}\n"
    (folder / "what.txt").write_text(text, encoding="utf-8")
    print(
        f"{failure.target}: {failure.kind} in {failure.place} ({failure.file}); {again}", flush=True
    )


def _told(tallies: dict[str, Tally], out: Path) -> int:
    """Print and keep what came of it; give 1 if there is a failure."""
    out.mkdir(parents=True, exist_ok=True)
    lines = {
        name: {
            "tried": tally.tried,
            "read": tally.read,
            "refused": tally.refused,
            "failed": sum(tally.counts.values()),
            "slowest_s": round(tally.slowest_s, 2),
            "defects": [f"{kind} {place} ×{n}" for (_, kind, place), n in tally.counts.items()],
        }
        for name, tally in tallies.items()
    }
    (out / "tally.json").write_text(
        json.dumps(lines, indent=1, ensure_ascii=False), encoding="utf-8"
    )
    print(
        f"{'reader':<12}{'tried':>9}{'read':>9}{'refused':>9}{'failed':>8}{'defects':>9}{'slowest':>9}"
    )
    for name, line in lines.items():
        numbers = f"{line['tried']:>9}{line['read']:>9}{line['refused']:>9}{line['failed']:>8}"
        print(f"{name:<12}{numbers}{len(line['defects']):>9}{line['slowest_s']:>8.2f}s")
    total = sum(tally.tried for tally in tallies.values())
    failed = sum(len(tally.counts) for tally in tallies.values())
    print(f"{total} cases, {failed} defects", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
