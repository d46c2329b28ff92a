"""All sessions of a folder on a SLURM cluster, by workers that come and go with the work.

    python jobqueue_run.py /shared/drives --jobs 20 --cores 8 --queue long --walltime 04:00:00

This process is the scheduler: start it on a login or service node, under `tmux` or `nohup`, where it may run for as
long as all drives take; it needs little. It queues SLURM jobs while there is work for them, and new ones for those
whose time is over. If it ends, type the line again: what is done is skipped.

Needs `pip install 'dashgaze[cluster]'`, here and for the workers: the same version, under the same path.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask
from dask_jobqueue import SLURMCluster
from distributed import Client

from dashgaze.engine.run import RunOptions, RunResult, run

STAGGER_MIN = 5
"""Workers end at different moments, so that they don't all wait in the queue at once."""

LEAVE_MIN = 5
"""Minutes before the end of a SLURM job in which a worker hands over what it has."""


def worker_arguments(walltime_min: int) -> list[str]:
    """Have workers leave before SLURM ends them: a worker that is killed counts against its job."""
    lifetime_min = walltime_min - STAGGER_MIN - LEAVE_MIN
    if lifetime_min < 1:
        raise ValueError(f"a walltime of {walltime_min} min is too short: 11 min are the least")
    return [
        "--lifetime", f"{lifetime_min}m",
        "--lifetime-stagger", f"{STAGGER_MIN}m",
    ]  # fmt: skip


def slurm_cluster(
    *,
    cores: int,
    memory: str,
    walltime: str,
    queue: str | None = None,
    account: str | None = None,
    **more: Any,
) -> SLURMCluster:
    """Describe SLURM jobs of so many workers, each with one thread; `more` is dask-jobqueue's."""
    hours, minutes, _seconds = (int(part) for part in walltime.split(":"))
    return SLURMCluster(
        cores=cores,
        processes=cores,  # a worker for each core: what dashgaze does in one process uses one
        memory=memory,
        walltime=walltime,
        queue=queue,
        account=account,
        worker_extra_args=worker_arguments(60 * hours + minutes),
        **more,
    )


def run_on(cluster: Any, drives: Path, options: RunOptions, *, jobs: int) -> RunResult:
    """Run all stages of all sessions on a dask-jobqueue cluster.

    Parameters
    ----------
    cluster
        The cluster, of any of dask-jobqueue's kinds; without workers yet.
    drives
        A folder of sessions, on a disk that all machines see under this path.
    options
        What `dashgaze run` takes.
    jobs
        Most jobs in the queue at a time.
    """
    cluster.adapt(minimum_jobs=1, maximum_jobs=jobs)
    with Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(1)  # however long the queue is
        return run(drives, replace(options, scheduler=cluster.scheduler_address))


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("drives", type=Path)
    parser.add_argument("--until", default="report", help="the last stage")
    parser.add_argument("--jobs", type=int, default=10, help="most SLURM jobs at a time")
    parser.add_argument("--cores", type=int, default=8, help="cores, and workers, of each")
    parser.add_argument("--memory", default="16GB", help="memory of each")
    parser.add_argument("--walltime", default="04:00:00", help="time of each, hh:mm:ss")
    parser.add_argument("--queue", help="SLURM's partition")
    parser.add_argument("--account")
    given = parser.parse_args()
    dask.config.set({
        # Workers may wait long in SLURM's queue after the last ones' time was over.
        "distributed.scheduler.no-workers-timeout": "2 days",
    })  # fmt: skip
    with slurm_cluster(
        cores=given.cores, memory=given.memory, walltime=given.walltime,
        queue=given.queue, account=given.account,
    ) as cluster:  # fmt: skip
        result = run_on(cluster, given.drives, RunOptions(until=given.until), jobs=given.jobs)
    for session in result.sessions:
        if session.is_bad:
            print(f"failed: {session.path}")
    print(f"{len(result.sessions)} sessions in {result.wall_s / 3600:.1f} h: {result.verdict}")
    return 1 if any(session.is_bad for session in result.sessions) else 0


if __name__ == "__main__":
    sys.exit(main())
