"""How long a study without pictures takes: sessions, minutes and workers may be given.

Run: .venv/bin/python scripts/bench_labels.py [SESSIONS [MINUTES [WORKERS]]]

The aim is 0.15 s of CPU for a session of ten minutes. CPU is that of this process and its children,
with their start.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from dashgaze.collection.simulation.story.labels import simulate_labels

LIMIT_S = 0.15


def main(sessions: int, minutes: float, workers: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        before, started = os.times(), time.perf_counter()
        study = simulate_labels(
            Path(folder) / "study", sessions=sessions, minutes=minutes, workers=workers
        )
        wall_s, after = time.perf_counter() - started, os.times()
        size = sum(path.stat().st_size for path in study.rglob("*") if path.is_file())
    cpu_s = sum(after[:4]) - sum(before[:4])
    print(f"{sessions} sessions of {minutes:g} min, {workers} workers: {wall_s:.1f} s")
    print(f"CPU {cpu_s / sessions:.3f} s a session, {size / sessions / 2**20:.2f} MiB a session")
    return 0 if cpu_s / sessions <= LIMIT_S * max(minutes / 10, 1) else 1


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(
        main(
            int(given[0]) if given else 300,
            float(given[1]) if len(given) > 1 else 10.0,
            int(given[2]) if len(given) > 2 else 2,
        )
    )
