"""What the number of sessions costs, for bench_scale.py: labels only, so that little but the count matters.

A hundred drives are simulated; more are copies of their tables under other names, with drivers of their own. Each
question is asked in a process of its own, which tells its wall and processor time, children's too, and its peak
memory.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from dashgaze.collection.simulation.story.labels import simulate_labels

SIMULATED = 100
MINUTES, FPS = 1.0, 10.0
_SESSIONS_A_DRIVER = 2

_BEGIN = """
import json, resource, sys, time
from pathlib import Path
def tell(started, cpu, **facts):
    wall = time.perf_counter() - started
    spent = time.process_time() - cpu
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kept = Path("/proc/self/status")
    if kept.exists():  # `ru_maxrss` remembers that of the process that started this one
        line = next(line for line in kept.read_text().splitlines() if line.startswith("VmHWM"))
        own = int(line.split()[1])
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({"wall_s": wall, "cpu_s": spent + children.ru_utime + children.ru_stime,
                      "peak_mb": own / 1024} | facts))
"""

QUESTIONS = {
    "status": """
from dashgaze.engine.status import status
if __name__ == "__main__":
    started, cpu = time.perf_counter(), time.process_time()
    found = status(Path(sys.argv[1]), workers=int(sys.argv[4]))
    tell(started, cpu, sessions=len(found.sessions))
""",
    "run": """
from dashgaze.engine.run import RunOptions, run
if __name__ == "__main__":
    started, cpu = time.perf_counter(), time.process_time()
    found = run(Path(sys.argv[1]), RunOptions(workers=int(sys.argv[4])))
    tell(started, cpu, sessions=len(found.sessions), worked=found.worker_count)
""",
    "pack": """
from dashgaze.dataset.packing.pack import pack
from dashgaze.dataset.packing.options import PackOptions
if __name__ == "__main__":
    started, cpu = time.perf_counter(), time.process_time()
    pack(Path(sys.argv[1]), Path(sys.argv[2]), PackOptions(), workers=int(sys.argv[4]))
    tell(started, cpu)
""",
    "validate": """
from dashgaze.dataset.reading.validate import validate
if __name__ == "__main__":
    started, cpu = time.perf_counter(), time.process_time()
    found = validate(Path(sys.argv[2]))
    tell(started, cpu, ok=found.ok)
""",
    "load": """
import datasets
from dashgaze.dataset.reading.loading import load_dataset
if __name__ == "__main__":
    datasets.disable_progress_bars()
    started, cpu = time.perf_counter(), time.process_time()
    found = load_dataset(root=sys.argv[2])
    tell(started, cpu, rows=sum(split.num_rows for split in found.values()))
""",
    "analyze": """
from dashgaze.analysis.presentation import AnalyzeOptions, analyze
if __name__ == "__main__":
    started, cpu = time.perf_counter(), time.process_time()
    analyze(Path(sys.argv[2]), AnalyzeOptions(), Path(sys.argv[3]), workers=int(sys.argv[4]))
    tell(started, cpu)
""",
}


def make_sessions(folder: Path, count: int) -> Path:
    """Make so many sessions of labels only; those that are there are kept."""
    drives = folder / f"drives_{count}"
    if drives.is_dir():
        return drives
    if count <= SIMULATED:
        return simulate_labels(drives, sessions=count, minutes=MINUTES, fps=FPS, seed=7)
    source = sorted(make_sessions(folder, SIMULATED).glob("*/session.yaml"))
    work = drives.with_suffix(".part")
    shutil.rmtree(work, ignore_errors=True)
    tables = [pq.read_table(path.parent / "derived" / "frames.parquet") for path in source]
    for number in range(count):
        place = number % len(source)
        name = f"session_{number:05d}"
        target = work / name / "derived"
        target.mkdir(parents=True)
        manifest = yaml.safe_load(source[place].read_text(encoding="utf-8"))
        manifest |= {"session_id": name, "driver_id": f"D{number // _SESSIONS_A_DRIVER:05d}"}
        text = yaml.safe_dump(manifest, sort_keys=False)
        (target.parent / "session.yaml").write_text(text, encoding="utf-8")
        table = tables[place]
        if "session_id" in table.column_names:
            at = table.column_names.index("session_id")
            names = pa.array([name] * table.num_rows, type=table.schema.field(at).type)
            table = table.set_column(at, table.schema.field(at), names)
        pq.write_table(table, target / "frames.parquet")
    work.rename(drives)
    return drives


def ask(question: str, drives: Path, folder: Path, *, workers: int) -> dict[str, Any]:
    """Ask a question of sessions in a new process."""
    place = folder / drives.name.replace("drives", "dataset")
    pages = folder / drives.name.replace("drives", "analysis")
    if question == "pack":
        shutil.rmtree(place, ignore_errors=True)
    shutil.rmtree(pages, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        script = Path(cache) / "asked.py"  # a file, so that worker processes find it
        script.write_text(_BEGIN + QUESTIONS[question], encoding="utf-8")
        asked: Sequence[str] = [str(each) for each in (script, drives, place, pages, workers)]
        done = subprocess.run(
            [sys.executable, *asked],
            env=os.environ | {"HF_HOME": cache},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"{question} of {drives}: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


ASKED = (
    ("status, cold", "status"),
    ("status, warm", "status"),
    ("run, nothing to do", "run"),
    ("pack", "pack"),
    ("validate", "validate"),
    ("load", "load"),
    ("analyze", "analyze"),
)


def ask_all(
    folder: Path, counts: Sequence[int], *, workers: int, but: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Ask everything of several numbers of sessions, but some questions; one row for each question and number."""
    rows = []
    for count in counts:
        drives = make_sessions(folder, count)
        shutil.rmtree(drives / ".dashgaze", ignore_errors=True)
        for name, question in ASKED:
            if question in but:
                continue
            found = ask(question, drives, folder, workers=workers)
            rows.append({"sessions": count, "what": name} | found)
            print(f"{count:6d}  {name:20s} {found}", flush=True)
    return rows
