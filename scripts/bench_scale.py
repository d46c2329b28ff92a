"""What a machine can do: speed of all stages, memory against length, ten thousand sessions, and where the time goes.

    python scripts/bench_scale.py speed  --work FOLDER [--json FILE]            # some 12 minutes on 2 cores
    python scripts/bench_scale.py memory --work FOLDER [--json FILE]            # some 20 minutes, 5 GB of disk
    python scripts/bench_scale.py memory --work FOLDER --small --minutes 1 60 --but align faces   # an hour, 4 GB
    python scripts/bench_scale.py counts --work FOLDER --sessions 100 1000 …    # minutes to an hour
    python scripts/bench_scale.py where  --work FOLDER [--json FILE]            # some 6 minutes

All but ``counts`` need a drive of a minute of real size: road 1920 × 1080 at 17 Mb/s, ego view 1088 × 1080 at 6,
driver 1280 × 720 at 8, by day in medium traffic. It is simulated into FOLDER/drive if it is not there.

speed
    `dashgaze.engine.run` on copies of the drive and on one alone, with one worker and with two; from its log the
    processor time of each stage for a second of drive. All devices record all the time, as they nearly do in
    a drive of twenty minutes.
memory
    Peak memory of each stage's process, for drives of several lengths; each stage in processes of its own. Drives
    are the same packets again and again, with later times. ``--small`` takes small pictures of the phone:
    an hour then is 3 GB and not 14, and what grows with length is the same. ``--but`` leaves out stages, and with
    them those that need them.
counts
    Sessions of labels only: `status`, `run` with nothing to do, `pack`, `validate`, `load_dataset`, `analyze`.
where
    What the stages spend their time on, and what libraries alone take for the same pictures.

Wall times hold only on a machine that does nothing else: the load before each part is printed. Processor times
grow by a fifth or so where cores share caches with other work. ``speed`` exits with 1 if a target is missed: 1.5
times real time on 2 cores, 1.7 times as fast with 2 workers as with 1.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from bench_scale_counts import QUESTIONS, ask_all
from bench_scale_drives import make_drive, small_copy
from bench_scale_lengthen import lengthened
from bench_scale_profile import floors, one_thread, profile
from bench_scale_runs import linked_copies, seconds_of, stage_by_stage, timed_run

from dashgaze.engine.stage_list import STAGES

LEAST_REAL_TIME, LEAST_SPEED_UP = 1.5, 1.7


def main() -> int:
    """Run a part of the benchmark; give 1 if a target is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=["make", "speed", "memory", "counts", "where"])
    parser.add_argument("--work", type=Path, required=True, help="folder for drives; kept")
    parser.add_argument("--sessions", type=int, nargs="+", help="4 for speed; 100 1000 for counts")
    parser.add_argument("--minutes", type=float, nargs="+", default=[1, 10], help="for memory")
    parser.add_argument("--until", choices=list(STAGES), default="report", help="last stage")
    parser.add_argument("--small", action="store_true", help="small pictures, for memory")
    parser.add_argument(
        "--but", choices=list(STAGES), nargs="+", default=[], help="left out, for memory"
    )
    parser.add_argument("--stages", choices=list(STAGES), nargs="+", default=list(STAGES))
    parser.add_argument("--workers", type=int, default=1, help="for memory and counts")
    parser.add_argument(
        "--leave-out", choices=list(QUESTIONS), nargs="+", default=[], help="not asked by counts"
    )
    parser.add_argument("--json", type=Path, help="write the figures here")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {"cores": os.cpu_count(), "load_before": os.getloadavg()}
    print(f"{os.cpu_count()} cores, load {figures['load_before'][0]:.1f}", flush=True)
    good = True
    if given.part == "counts":
        figures["rows"] = ask_all(
            given.work, given.sessions or [100, 1000], workers=given.workers, but=given.leave_out
        )
        show_counts(figures["rows"])
    else:
        drive = alone(make_drive, given.work / "drive")
        if given.small:
            drive = alone(small_copy, drive, given.work / "drive_small")
        if given.part != "memory":
            whole = alone(lengthened, drive, given.work / "whole", minutes=1)
        if given.part == "speed":
            figures |= measure_speed(whole, given.work, (given.sessions or [4])[0])
            good = show_speed(figures)
        elif given.part == "memory":
            figures["rows"] = measure_memory(drive, given)
            show_memory(figures["rows"])
        elif given.part == "where":
            figures |= measure_where(whole, given.work, given.stages)
            show_where(figures)
    figures["load_after"] = os.getloadavg()
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0 if good else 1


def alone(work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Do something in a new process: workers that are started later remember the size of this one."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments, **named).result()


def measure_speed(drive: Path, work: Path, sessions: int) -> dict[str, Any]:
    """Run the engine on several copies of a drive, and on one, with two workers and with one."""
    seconds = seconds_of(drive)
    found: dict[str, Any] = {"drive_s": seconds, "sessions": sessions, "runs": []}
    for count in (sessions, 1):
        folder = linked_copies(drive, work / f"copies_{count}", count)
        for workers in (2, 1):
            load = os.getloadavg()[0]
            run = timed_run(folder, workers=workers, seconds=count * seconds)
            found["runs"].append(
                {
                    "sessions": count,
                    "workers": workers,
                    "wall_s": run.wall_s,
                    "real_time": run.real_time,
                    "cpu_s": run.cpu_s,
                    "load": load,
                    "verdict": run.verdict,
                    "stages": {name: vars(each) for name, each in run.stages.items()},
                }
            )
            print(f"{count} sessions, {workers} workers: {run.wall_s:.1f} s", flush=True)
    return found


def show_speed(found: dict[str, Any]) -> bool:
    """Print the tables as the documentation has them; tell whether the targets are met."""
    print(f"\nA drive of {found['drive_s']:.1f} s.\n")
    print(
        "| sessions | workers | wall, s | × real time | drive hours an hour | CPU-s a drive-s | speed-up |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|")
    best: dict[int, dict[int, dict[str, Any]]] = {}
    for run in found["runs"]:
        best.setdefault(run["sessions"], {})[run["workers"]] = run
    good = True
    for count, runs in best.items():
        for workers, run in sorted(runs.items()):
            gain = runs[1]["wall_s"] / run["wall_s"]
            cost = run["cpu_s"] / (count * found["drive_s"])
            print(
                f"| {count} | {workers} | {run['wall_s']:.1f} | {run['real_time']:.2f} "
                f"| {run['real_time']:.2f} | {cost:.3f} | {gain:.2f} |"
            )
            if workers == 2 and count > 1:
                good = run["real_time"] >= LEAST_REAL_TIME and gain >= LEAST_SPEED_UP
    print("\n| stage | CPU-s a drive-s | drive hours an hour of one core | share |")
    print("|---|---:|---:|---:|")
    run = best[found["sessions"]][1]
    for name, stage in run["stages"].items():
        cost = stage["cpu_s"] / (run["sessions"] * found["drive_s"])
        print(
            f"| {name} | {cost:.3f} | {1 / cost:.1f} | {100 * stage['cpu_s'] / run['cpu_s']:.0f} % |"
        )
    return good


def measure_memory(drive: Path, given: argparse.Namespace) -> list[dict[str, Any]]:
    """Run stage by stage drives of several lengths; give peak memory and processor time of each."""
    rows = []
    for minutes in given.minutes:
        folder = given.work / f"long_{minutes:g}"
        session = alone(lengthened, drive, folder / "session_001", minutes=minutes)
        seconds = seconds_of(session)
        for name, run in stage_by_stage(
            folder, until=given.until, but=given.but, workers=given.workers
        ):
            stage = run.stages.get(name)
            if stage is not None:
                rows.append(
                    {"minutes": seconds / 60, "stage": name, "wall_s": run.wall_s} | vars(stage)
                )
                print(rows[-1], flush=True)
    return rows


def show_memory(rows: list[dict[str, Any]]) -> None:
    """Print peak memory of each stage, one column for each length."""
    lengths = sorted({row["minutes"] for row in rows})
    print("\n| stage | " + " | ".join(f"{each:.1f} min" for each in lengths) + " |")
    print("|---|" + "---:|" * len(lengths))
    for name in dict.fromkeys(row["stage"] for row in rows):
        peaks = {row["minutes"]: row["peak_mb"] for row in rows if row["stage"] == name}
        texts = (f"{peaks[each]:.0f} MB" if each in peaks else "—" for each in lengths)
        print(f"| {name} | " + " | ".join(texts) + " |")


def show_counts(rows: list[dict[str, Any]]) -> None:
    """Print time and memory of each question against the number of sessions."""
    print("\n| what | sessions | wall, s | CPU, s | ms a session | peak, MB |")
    print("|---|---:|---:|---:|---:|---:|")
    for row in sorted(
        rows, key=lambda each: list(dict.fromkeys(r["what"] for r in rows)).index(each["what"])
    ):
        each_ms = 1e3 * row["cpu_s"] / row["sessions"]
        print(
            f"| {row['what']} | {row['sessions']} | {row['wall_s']:.2f} | {row['cpu_s']:.2f} | {each_ms:.2f} "
            f"| {row['peak_mb']:.0f} |"
        )


def measure_where(drive: Path, work: Path, stages: list[str]) -> dict[str, Any]:
    """Profile the stages one after the other, and measure the floors."""
    one_thread()
    folder = linked_copies(drive, work / "copies_profile", 1) / "session_001"
    found: dict[str, Any] = {"drive_s": seconds_of(drive), "stages": {}}
    shutil.rmtree(folder / "derived", ignore_errors=True)
    for name in stages:
        started = time.process_time()
        found["stages"][name] = profile(folder, name)
        print(f"{name}: {time.process_time() - started:.1f} s", flush=True)
    found["floors"] = floors(drive)
    return found


def show_where(found: dict[str, Any]) -> None:
    """Print where the time goes, ms for a second of drive."""
    seconds = found["drive_s"]
    kinds = list(dict.fromkeys(kind for each in found["stages"].values() for kind in each))
    print("\n| ms a drive-s | " + " | ".join(found["stages"]) + " |")
    print("|---|" + "---:|" * len(found["stages"]))
    for kind in kinds:
        values = (each.get(kind, 0.0) / seconds * 1e3 for each in found["stages"].values())
        print(f"| {kind} | " + " | ".join(f"{value:.0f}" for value in values) + " |")
    sums = (sum(each.values()) / seconds * 1e3 for each in found["stages"].values())
    print("| all | " + " | ".join(f"{value:.0f}" for value in sums) + " |")
    print("\n| alone | ms a drive-s |\n|---|---:|")
    for name, value in found["floors"].items():
        print(f"| {name} | {value / seconds * 1e3:.0f} |")


if __name__ == "__main__":
    sys.exit(main())
