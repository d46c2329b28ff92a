"""The short form of `scripts/bench_crashes.py`: each stage disturbed some times, and nothing lost.

The whole table stands in docs/reliability.md.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 280

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="inotify and mounts are Linux's"),
]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the small drives are made once."""
    return tmp_path_factory.mktemp("crashes")


def disturb(work: Path, stage: str, kinds: list[str], *, trials: int) -> dict[str, dict]:
    """Run the script in a process of its own, which forks; give the counts of each kind."""
    counts = work / f"{stage}.json"
    command = [
        sys.executable, str(ROOT / "scripts" / "bench_crashes.py"), str(work), "--short",
        "--stages", stage, "--kinds", *kinds, "--trials", str(trials), "--json", str(counts),
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=LIMIT_S, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(counts.read_text(encoding="utf-8"))
    return {name.split("/")[1]: each for name, each in found.items()}


@pytest.mark.parametrize("stage", ["frames", "import"])
def test_a_stage_that_is_killed_ends_as_if_it_had_not_been(work: Path, stage: str) -> None:
    counts = disturb(work, stage, ["killed"], trials=3)
    assert counts["killed"]["tried"] == 3
    assert counts["killed"]["lost"] == 0


def test_align_survives_kills(work: Path) -> None:
    counts = disturb(work, "align", ["killed"], trials=2)
    assert counts["killed"]["tried"] == 2
    assert counts["killed"]["lost"] == 0


def test_sync_survives_bad_disks_and_changed_inputs(work: Path) -> None:
    counts = disturb(work, "sync", ["full", "read-only", "changed"], trials=1)
    assert all(each["lost"] == 0 for each in counts.values())
    assert counts["full"]["refused"] == counts["full"]["tried"] == 1
    assert counts["changed"]["tried"] >= 1
