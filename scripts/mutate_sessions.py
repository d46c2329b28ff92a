"""Make damaged copies of a session folder, and see what the stages make of them.

Each stage has to end with a result or with a named error: no traceback, no hang, nothing killed.

Run: .venv/bin/python scripts/mutate_sessions.py OUT --count 200 --seed 1 --session DIR
     .venv/bin/python scripts/mutate_sessions.py OUT --run [--only NAME …]   # the stages over those that are there
"""

import argparse
import json
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "fuzzing"))

from fuzz_running import in_child
from mutated_sessions import INDEX_NAME, Mutated, mutate_sessions
from seed_sessions import write_faces, write_session
from session_stages import STAGES, StageEnd, broken, run_stages, warm_up

OUTCOMES_NAME = "outcomes_{first}.json"


def main() -> int:
    given = _arguments()
    session = given.session or _small_session(given.out.with_name(f"{given.out.name}_whole"))
    if not given.out.exists():
        made = mutate_sessions(session, given.out, count=given.count, seed=given.seed)
        print(f"{len(made)} damaged copies of {session} in {given.out}", flush=True)
    return (
        _run(given.out, session, given.only, given.first, small=given.session is None)
        if given.run
        else 0
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Damaged copies of a session folder.")
    parser.add_argument(
        "out", type=Path, help="new folder for the copies; one that is there is used"
    )
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--session", type=Path, help="session to damage; else a small one is simulated"
    )
    parser.add_argument("--run", action="store_true", help="run the stages over them")
    parser.add_argument("--first", type=int, default=0, help="run from this number on")
    parser.add_argument("--only", nargs="*", default=[], help="only folders whose name holds this")
    return parser.parse_args()


def _small_session(folder: Path) -> Path:
    if not folder.exists():
        folder.mkdir(parents=True)
        in_child(lambda: write_session(folder))
    return folder


def _run(out: Path, session: Path, only: list[str], first: int, *, small: bool) -> int:
    content = json.loads((out / INDEX_NAME).read_text(encoding="utf-8"))
    damaged = [Mutated(**each) for each in content["sessions"]]
    faces = out / "faces.csv" if small else None
    if faces is not None:
        write_faces(faces)
    whole = out.with_name(f"{out.name}_warm_up_{first}")
    if not whole.exists():
        shutil.copytree(session, whole)
    warm_up(whole, faces=faces)
    shutil.rmtree(whole)
    counts: Counter[tuple[str, str]] = Counter()
    told = []
    for each in damaged[first:]:
        if only and not any(word in each.folder for word in only):
            continue
        began_s = time.monotonic()
        ends = run_stages(out / each.folder, faces=faces)
        counts.update((end.stage, end.outcome) for end in ends)
        wrong = _wrong(each, ends)
        told.append(
            {
                "session": each.folder,
                "done": each.done,
                "ends": [vars(end) for end in ends],
                "wrong": wrong,
            }
        )
        (out / OUTCOMES_NAME.format(first=first)).write_text(
            json.dumps(told, indent=1), encoding="utf-8"
        )
        if wrong:
            print(
                f"{each.folder} ({each.done}): {wrong}  [{time.monotonic() - began_s:.0f} s]",
                flush=True,
            )
    print(f"{'stage':<17}{'done':>6}{'refused':>9}{'broken':>8}")
    for stage in dict.fromkeys(name for name, *_ in STAGES):
        bad = sum(
            n
            for (name, outcome), n in counts.items()
            if name == stage and outcome not in ("done", "refused")
        )
        print(f"{stage:<17}{counts[stage, 'done']:>6}{counts[stage, 'refused']:>9}{bad:>8}")
    failed = sum(bool(each["wrong"]) for each in told)
    print(f"{len(told)} sessions, {failed} that ended as none may", flush=True)
    return int(failed > 0)


def _wrong(session: Mutated, ends: list[StageEnd]) -> str:
    """Say what is wrong with how the stages ended; empty if nothing is."""
    bad = [
        f"{end.stage} {end.outcome}: {end.text.strip().splitlines()[-1][:300] if end.text.strip() else ''}"
        for end in ends
        if broken(end)
    ]
    refused = [end.stage for end in ends if end.outcome == "refused"]
    if session.expects == "error" and not refused and not bad:
        bad.append("an error was expected, and there was none")
    if session.expects == "result" and any(stage != "check" for stage in refused):
        bad.append(f"a result was expected; refused by {', '.join(refused)}")
    if len(ends) < len(STAGES) and not bad:
        bad.append("not all stages were run")
    return "; ".join(bad)


if __name__ == "__main__":
    raise SystemExit(main())
