"""What the engine itself costs: a cluster beside processes of this machine, and bookkeeping beside nothing.

    .venv/bin/python scripts/bench_engine.py [--workers 2] [--jobs 60] [--rounds 4] [--sessions 1000 10000]

First, the same jobs (`--job-ms` milliseconds of processor time each) are done by processes of this machine and by
a dask LocalCluster of as many workers, in turn, so that both see the same load of the machine; all processes are
warm. The ratios of wall-clock time and of processor time (all processes with the scheduler) of each round are
printed, and their medians; on a busy machine only processor time says something. Second, sessions that do nothing go through all six stages with hands that answer at once: time for
each job, and the most memory that Python's objects took. Both must not grow with the number of sessions.
"""

import argparse
import concurrent.futures
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from dashgaze.engine.coordinator import Coordinator, Watcher
from dashgaze.engine.course import Course
from dashgaze.engine.hands import Hands, LocalHands
from dashgaze.engine.job import Job, JobResult
from dashgaze.engine.session_state import SessionState
from dashgaze.engine.settings import Settings

STAGES = 6
_REST_S = 5.0


def spin(job: Job) -> JobResult:
    """Use a processor for as long as the settings say."""
    # Of this thread alone: a dask worker's other threads must not help.
    end_s = time.thread_time() + job.settings.of("spin")["cpu_s"]
    count = 0
    while time.thread_time() < end_s:
        count += sum(range(1000))
    return JobResult(outcome="done", verdict="ok")


class CountingWatcher(Watcher):
    """Counts jobs."""

    def __init__(self) -> None:
        self.jobs = 0

    def ended(self, job: Job, result: JobResult) -> None:
        """Count one, and see that it was done."""
        if result.outcome != "done":
            raise RuntimeError(f"{job.stage}: {result.reasons}")
        self.jobs += 1


class IdleHands:
    """Answers at once."""

    count, room = 2, 3

    def submit(self, job: Job) -> "concurrent.futures.Future[JobResult]":
        """Answer."""
        answer: concurrent.futures.Future[JobResult] = concurrent.futures.Future()
        answer.set_result(JobResult(outcome="done", verdict="ok"))
        return answer

    def mend(self) -> None:
        """Nothing breaks."""

    def close(self, *, at_once: bool) -> None:
        """Nobody is there."""


def courses(count: int, folder: Path, settings: Settings) -> Iterator[Course]:
    """Give sessions without anything in them."""
    for number in range(count):
        yield Course(
            state=SessionState(path=str(folder), session_id=f"s{number}"), settings=settings
        )


def seconds_for(hands: Hands, count: int, folder: Path, settings: Settings) -> float:
    """Take the time for all jobs of so many sessions."""
    watcher = CountingWatcher()
    begin_s = time.perf_counter()
    Coordinator(courses(count, folder, settings), hands, watcher).run()
    wall_s = time.perf_counter() - begin_s
    if watcher.jobs != count * STAGES:
        raise RuntimeError(f"{watcher.jobs} jobs were done, not {count * STAGES}")
    return wall_s


def compare_hands(workers: int, jobs: int, job_s: float, rounds: int) -> None:
    """Print how much longer a cluster takes for the same."""
    import distributed
    import psutil

    from dashgaze.engine.cluster import ClusterHands

    def used_s() -> float:
        """Processor time of this process, in which the scheduler runs, and of all workers."""
        me = psutil.Process()
        times = [each.cpu_times() for each in (me, *me.children(recursive=True))]
        return sum(each.user + each.system for each in times)

    settings = Settings(given={"spin": {"cpu_s": job_s}})
    sessions = max(1, jobs // STAGES)
    ratios, processor_ratios = [], []
    with (
        tempfile.TemporaryDirectory() as name,
        distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
        ) as cluster,
    ):
        folder = Path(name)
        local: Hands = LocalHands(workers, do=spin)
        remote: Hands = ClusterHands(cluster.scheduler_address, do=spin)
        for hands in (local, remote):
            seconds_for(hands, 2 * workers, folder, Settings(given={"spin": {"cpu_s": 0.0}}))
        before_s = used_s()
        time.sleep(_REST_S)
        idle = (used_s() - before_s) / _REST_S  # the cluster's own, while processes are measured
        for number in range(rounds):
            marks = [used_s()]
            here_s = seconds_for(local, sessions, folder, settings)
            marks.append(used_s())
            there_s = seconds_for(remote, sessions, folder, settings)
            marks.append(used_s())
            local_s, remote_s = marks[1] - marks[0] - idle * here_s, marks[2] - marks[1]
            ratios.append(there_s / here_s)
            processor_ratios.append(remote_s / local_s)
            print(
                f"round {number + 1}: processes {here_s:.2f} s, cluster {there_s:.2f} s, ratio {ratios[-1]:.3f}; "
                f"processor time {local_s:.2f} and {remote_s:.2f} s, "
                f"ratio {processor_ratios[-1]:.3f}",
                flush=True,
            )
        trivial = Settings(given={"spin": {"cpu_s": 0.0}})
        for label, hands in (("processes", local), ("cluster", remote)):
            wall_s = seconds_for(hands, 50, folder, trivial)
            print(f"jobs of no length, {label}: {1000 * wall_s / (50 * STAGES):.2f} ms each")
        remote.close(at_once=False)
        local.close(at_once=False)
    print(
        f"median ratios, {workers} workers, jobs of {1000 * job_s:.0f} ms: wall clock "
        f"{statistics.median(ratios):.3f}, processor time {statistics.median(processor_ratios):.3f}"
    )


def measure_bookkeeping(counts: list[int]) -> None:
    """Print time and memory for each number of sessions."""
    for count in counts:
        begin_cpu_s = time.process_time()
        wall_s = seconds_for(IdleHands(), count, Path("nowhere"), Settings())
        cpu_s = time.process_time() - begin_cpu_s
        tracemalloc.start()
        seconds_for(IdleHands(), count, Path("nowhere"), Settings())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(
            f"{count} sessions × {STAGES} stages: {wall_s:.2f} s; a job {1e6 * wall_s / (count * STAGES):.0f} µs, "
            f"{1e6 * cpu_s / (count * STAGES):.0f} µs of them at work; at most {peak / 1024:.0f} kB"
        )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=60)
    parser.add_argument("--job-ms", type=float, default=200.0)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--sessions", type=int, nargs="*", default=[1000, 10_000])
    given = parser.parse_args()
    measure_bookkeeping(given.sessions)
    if given.rounds:
        compare_hands(given.workers, given.jobs, given.job_ms / 1000, given.rounds)


if __name__ == "__main__":
    main()
