"""Runs of the engine for bench_scale.py, and what their logs say."""

import json
import multiprocessing
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashgaze.engine.job import Job, JobResult, do_job
from dashgaze.engine.run import RunOptions, run
from dashgaze.engine.settings import Settings
from dashgaze.engine.stage_list import STAGES
from dashgaze.media import read_frame_times
from dashgaze.session import open_session

_NOT_LINKED = frozenset({"derived", "truth"})


@dataclass(frozen=True, kw_only=True)
class StageCost:
    """What a stage cost in a run: processor time, jobs, and the most memory that one of its processes had."""

    cpu_s: float
    jobs: int
    peak_mb: float


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run of the engine cost."""

    wall_s: float
    drive_s: float
    stages: dict[str, StageCost]
    verdict: str

    @property
    def cpu_s(self) -> float:
        """Processor time of all jobs."""
        return sum(each.cpu_s for each in self.stages.values())

    @property
    def real_time(self) -> float:
        """Seconds of drive in a second."""
        return self.drive_s / self.wall_s


def linked_copies(drive: Path, folder: Path, count: int) -> Path:
    """Make session folders with the recordings of one drive; the files are hard links."""
    shutil.rmtree(folder, ignore_errors=True)
    for number in range(1, count + 1):
        target = folder / f"session_{number:03d}"
        for path in sorted(drive.rglob("*")):
            inside = path.relative_to(drive)
            if inside.parts[0] in _NOT_LINKED or path.is_dir():
                continue
            (target / inside).parent.mkdir(parents=True, exist_ok=True)
            if path.name == "session.yaml":
                text = path.read_text(encoding="utf-8")
                own = open_session(drive).manifest.session_id
                (target / inside).write_text(
                    text.replace(f"session_id: {own}", f"session_id: {target.name}"),
                    encoding="utf-8",
                )
            else:
                os.link(path, target / inside)
    return folder


def seconds_of(drive: Path) -> float:
    """Give the length of a drive: of the eye tracker's video, which is recorded while all else is."""
    times = read_frame_times(next((drive / "eye_tracker").glob("*.mp4")))
    return float(times.time_s[-1] - times.time_s[0])


def timed_run(drives: Path, *, workers: int, until: str = "report", seconds: float = 0.0) -> Run:
    """Run all stages of a folder of sessions from the start; what was derived before is removed."""
    for derived in drives.glob("*/derived"):
        shutil.rmtree(derived)
    shutil.rmtree(drives / ".dashgaze", ignore_errors=True)
    return _go_on(drives, workers=workers, until=until, seconds=seconds)


def stage_by_stage(
    drives: Path, *, until: str = "report", but: Sequence[str] = (), workers: int = 1
) -> Iterator[tuple[str, Run]]:
    """Run one stage after the other, each in processes of its own, so that their memory is told apart.

    With stages left out, those of the first session are done without the engine, one by one, as a user may type
    them.
    """
    for derived in drives.glob("*/derived"):
        shutil.rmtree(derived)
    shutil.rmtree(drives / ".dashgaze", ignore_errors=True)
    names = list(STAGES)[: list(STAGES).index(until) + 1]
    for name in names:
        if name in but:
            continue
        if but:
            yield name, _done_alone(next(drives.glob("*/session.yaml")).parent, name)
        else:
            yield name, _go_on(drives, workers=workers, until=name, seconds=0.0)


def _done_alone(session: Path, stage: str) -> Run:
    """Do a stage of a session in a new process."""
    started = time.perf_counter()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        done = pool.submit(jobs_of, session, stage).result()
    cost = StageCost(
        cpu_s=sum(each.cpu_s for each in done),
        jobs=len(done),
        peak_mb=max(each.peak_mb or 0.0 for each in done),
    )
    wall_s = time.perf_counter() - started
    return Run(wall_s=wall_s, drive_s=0.0, stages={stage: cost}, verdict="")


def _go_on(drives: Path, *, workers: int, until: str, seconds: float) -> Run:
    log = drives / "bench.jsonl"
    log.unlink(missing_ok=True)
    started = time.perf_counter()
    result = run(drives, RunOptions(until=until, workers=workers, log=log))
    wall_s = time.perf_counter() - started
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    log.unlink()
    bad = [each for each in lines if each.get("outcome") in ("failed", "fault")]
    if bad:
        raise SystemExit(f"{bad[0]['stage']} of {bad[0]['session']}: {bad[0]['reasons']}")
    return Run(wall_s=wall_s, drive_s=seconds, stages=costs(lines), verdict=result.verdict)


def costs(lines: Iterable[dict[str, Any]]) -> dict[str, StageCost]:
    """Add up the jobs of a log, stage by stage."""
    found: dict[str, list[dict[str, Any]]] = {}
    for each in lines:
        if each["event"] == "job ended" and each["outcome"] in ("done", "divided"):
            found.setdefault(each["stage"], []).append(each)
    return {
        stage: StageCost(
            cpu_s=sum(each["cpu_s"] for each in found[stage]),
            jobs=len(found[stage]),
            peak_mb=max(each["peak_mb"] or 0.0 for each in found[stage]),
        )
        for stage in STAGES
        if stage in found
    }


def jobs_of(session: Path, stage: str) -> Sequence[JobResult]:
    """Do a stage's jobs one after the other in this process, as the engine's workers would."""
    names = list(STAGES)
    coming = frozenset(names[names.index(stage) + 1 :])
    first = do_job(
        Job(
            session=str(session), stage=stage, settings=Settings(), may_divide=True, coming=coming
        )
    )  # fmt: skip
    done = [first]
    for part in first.parts:
        done.append(do_job(Job(session=str(session), stage=stage, part=part)))
    if first.parts:
        done.append(do_job(Job(session=str(session), stage=stage, coming=coming)))
    bad = [each for each in done if each.outcome in ("failed", "fault")]
    if bad:
        raise SystemExit(f"{stage} of {session}: {bad[0].reasons}")
    return done
