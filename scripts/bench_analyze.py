"""How long `dashgaze analyze` takes, by section, and how much memory: on simulated drives without pictures.

    python scripts/bench_analyze.py --sessions 33 --minutes 10 --json analyze.json

Simulates drives (labels only), packs them, and analyses them in this process. Simulation and packing are not
counted. The goal is 33 sessions of 10 minutes in at most 3 minutes and 2 GB.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from dashgaze.analysis.presentation import AnalyzeOptions, analyze
from dashgaze.collection.simulation.story.labels import simulate_labels
from dashgaze.dataset.packing.pack import pack

MOST_S, MOST_MB = 180.0, 2048.0


class Stopwatch:
    """Takes the calls of progress, and adds up the time of each phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._phase, self._since = "opening", time.perf_counter()

    def __call__(self, phase: str, fraction: float) -> None:
        """Note that a phase is at work."""
        now = time.perf_counter()
        self.seconds[self._phase] = self.seconds.get(self._phase, 0.0) + now - self._since
        self._phase, self._since = phase, now


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sessions", type=int, default=33)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--data", type=Path, help="a packed data set instead of a simulated one")
    parser.add_argument("--json", type=Path, help="where the figures are written to")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = given.data
        if data is None:
            simulate_labels(
                folder / "drives", sessions=given.sessions, minutes=given.minutes, seed=given.seed
            )
            data = pack(folder / "drives", folder / "dashgaze").path
        before_mb = _peak_mb()
        watch = Stopwatch()
        start = time.perf_counter()
        path = analyze(data, AnalyzeOptions(), folder / "analysis", progress=watch)
        wall_s = time.perf_counter() - start
        watch("done", 1.0)
        numbers = json.loads((path.parent / "numbers.json").read_text(encoding="utf-8"))
        size_mb = path.stat().st_size / 1e6
    found = {
        "sessions": len(numbers["data"]["sessions"]),
        "frames": numbers["data"]["frames"],
        "wall_s": round(wall_s, 1),
        "peak_rss_mb": round(_peak_mb()),
        "peak_rss_before_mb": round(before_mb),
        "page_mb": round(size_mb, 1),
        "seconds_by_phase": {each: round(taken, 1) for each, taken in watch.seconds.items()},
        "within_goal": wall_s <= MOST_S and _peak_mb() <= MOST_MB,
    }
    print(json.dumps(found, indent=2))
    if given.json is not None:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _peak_mb() -> float:
    # Linux counts in KiB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
