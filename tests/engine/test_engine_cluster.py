"""The engine on a dask cluster: same results, workers and schedulers that die, and those that don't fit."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from dashgaze.engine import cluster
from dashgaze.engine.job import Job
from dashgaze.engine.run import RunOptions, run
from dashgaze.errors import InputError, MissingExtraError, WorkerError
from dashgaze.session import open_session
from dashgaze.stages.align import align

distributed = pytest.importorskip("distributed")

SCHEDULER = """
import asyncio
from distributed import Scheduler, Worker

async def main():
    place = dict(host="127.0.0.1", port=0, dashboard=False, dashboard_address="127.0.0.1:0")
    async with Scheduler(**place) as scheduler:
        async with Worker(scheduler.address, nthreads=1, dashboard=False):
            print(scheduler.address, flush=True)
            await scheduler.finished()

asyncio.run(main())
"""

# Workers that are killed on purpose are reported, and threads of theirs end when they like.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def start_cluster(workers=2, **changes):
    import dask

    options = {
        "distributed.scheduler.allowed-failures": 1,
        "distributed.nanny.pre-spawn-environ": {"OMP_NUM_THREADS": "1"},
    }
    with dask.config.set(options):
        return distributed.LocalCluster(
            n_workers=workers,
            **{
                "threads_per_worker": 1,
                "processes": True,
                "dashboard_address": "127.0.0.1:0",
                "silence_logs": 60,
            }
            | changes,
        )


@pytest.fixture(scope="module")
def dask_cluster(jobs):
    with start_cluster() as found:
        yield found


@pytest.fixture
def hands_of():
    """Give hands of a cluster that are dismissed in the end."""
    made = []

    def make(found, **changes):
        address = found if isinstance(found, str) else found.scheduler_address
        made.append(cluster.ClusterHands(address, **{"timeout_s": 10.0} | changes))
        return made[-1]

    yield make
    for each in made:
        each.close(at_once=True)


def pids(found):
    with distributed.Client(found.scheduler_address, set_as_default=False) as client:
        return client.run(os.getpid)


def test_a_cluster_comes_to_the_same_as_this_process_alone(
    dask_cluster, cleared_drive, tmp_path, short_drive
):
    here = shutil.copytree(cleared_drive, tmp_path / "here" / "s")
    there = shutil.copytree(cleared_drive, tmp_path / "there" / "s")
    align(open_session(here))
    result = run(there.parent, RunOptions(until="align", scheduler=dask_cluster.scheduler_address))
    outcomes = {each.stage: each.outcome for each in result.sessions[0].stages}
    assert outcomes == {"sync": "fresh", "frames": "done", "align": "done"}
    assert result.worker_count == 2
    assert short_drive.same_tables(short_drive.tables(here), short_drive.tables(there))
    again = run(there.parent, RunOptions(until="align"))
    assert {each.outcome for each in again.sessions[0].stages} == {"fresh"}


def test_a_worker_killed_in_the_middle_of_parts_loses_nothing(
    dask_cluster, hands_of, drive, aligned_drive, short_drive, jobs, engine
):
    shaken = drive("shaken")
    killed = []

    def kill_one(job, result):
        if job.part is None or killed:
            return
        with distributed.Client(dask_cluster.scheduler_address, set_as_default=False) as client:
            busy = next(worker for worker, tasks in client.processing().items() if tasks)
            killed.append(client.run(os.getpid)[busy])
        os.kill(killed[0], signal.SIGKILL)

    hands = hands_of(dask_cluster, do=jobs.do_in_small_parts)
    keeper = engine(hands, [shaken], until="align", at_end=kill_one)
    assert killed
    outcome = keeper.finished["s"].outcomes["align"]
    assert (outcome.outcome, outcome.part_count) == ("done", 4)
    assert short_drive.same_tables(short_drive.tables(aligned_drive), short_drive.tables(shaken))
    assert not list((shaken / "derived").glob("*.part"))


def test_a_job_that_kills_all_its_workers_is_given_up_and_its_company_is_not(
    dask_cluster, hands_of, jobs, engine, made_up
):
    paths = made_up("a", "killer", "b", "c", "d")
    keeper = engine(hands_of(dask_cluster, do=jobs.leave_a_mark), paths, until="align")
    bad = {name: course for name, course in keeper.finished.items() if course.is_bad}
    assert list(bad) == ["killer"]
    assert bad["killer"].outcomes["frames"].outcome == "failed"
    assert "memory" in bad["killer"].outcomes["frames"].reasons[0]
    assert bad["killer"].outcomes["align"].outcome == "skipped"
    for path in paths:
        if path.name != "killer":
            assert all((path / f"{name}.done").exists() for name in ("sync", "frames", "align"))


def test_an_error_that_no_job_gives_is_a_fault_of_that_job(
    dask_cluster, hands_of, jobs, engine, made_up
):
    keeper = engine(
        hands_of(dask_cluster, do=jobs.raise_what_no_job_should), made_up("a"), until="sync"
    )
    outcome = keeper.finished["a"].outcomes["sync"]
    assert outcome.outcome == "fault"
    assert outcome.reasons == ("RuntimeError: not in the book",)
    assert "raise_what_no_job_should" in outcome.trace


@pytest.mark.stress
def test_a_worker_that_joins_later_uses_one_thread_and_is_counted(
    dask_cluster, hands_of, jobs, made_up
):
    (path,) = made_up("a")
    hands = hands_of(dask_cluster, do=jobs.say_threads)
    assert 1 <= hands.count <= 2, "one that was killed may not be replaced yet"
    assert hands.room >= 32, "a cluster that grows on demand has to see demand"
    for pid in pids(dask_cluster).values():
        os.kill(pid, signal.SIGKILL)
    result = hands.submit(Job(session=str(path), stage="sync")).result(timeout=200)
    assert result.reasons == ("1", "1"), "though nobody has told the new ones"
    hands._counted_s = 0.0
    assert 1 <= hands.count <= 2


def test_what_is_wrong_with_workers_is_said_before_they_are_given_anything(
    hands_of, dask_cluster, monkeypatch, jobs, made_up
):
    theirs = cluster.__version__
    monkeypatch.setattr(cluster, "__version__", "99.0")
    with pytest.raises(InputError, match=rf"has dashgaze {theirs.split('+')[0]}.*this is 99\.0"):
        hands_of(dask_cluster)
    monkeypatch.undo()
    with (
        start_cluster(1, threads_per_worker=2, processes=False) as wide,
        pytest.raises(InputError, match=r"has 2 threads, and one was expected.*--nthreads 1"),
    ):
        hands_of(wide)


def test_a_worker_of_another_version_that_joins_later_ends_the_run_with_both_versions(
    dask_cluster, hands_of, jobs, engine, made_up, monkeypatch
):
    hands = hands_of(dask_cluster, do=jobs.leave_a_mark)
    monkeypatch.setattr(cluster, "__version__", "99.0")
    with pytest.raises(InputError, match=r"has dashgaze .*, and the run has 99\.0"):
        engine(hands, made_up("a"))


def test_a_worker_that_does_not_see_the_sessions_ends_the_run(
    dask_cluster, hands_of, jobs, engine, tmp_path
):
    with pytest.raises(InputError, match=r"does not see .*nowhere"):
        engine(hands_of(dask_cluster, do=jobs.leave_a_mark), [tmp_path / "nowhere"])


def test_nobody_at_the_address_is_one_clear_error():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        begin_s = time.monotonic()
        with pytest.raises(InputError, match="No dask scheduler answers at"):
            cluster.ClusterHands(address, timeout_s=1.0)
        assert time.monotonic() - begin_s < 10
    with pytest.raises(InputError, match="No dask scheduler answers at"):
        cluster.ClusterHands("no address at all", timeout_s=1.0)


def test_a_scheduler_without_workers_is_one_clear_error_at_once_and_later(
    jobs, hands_of, engine, made_up
):
    with start_cluster(0, processes=False) as found:
        with pytest.raises(InputError, match="has no workers"):
            cluster.ClusterHands(found.scheduler_address, timeout_s=1.0)
        found.scale(1)
        found.wait_for_workers(1)
        hands = hands_of(found, do=jobs.leave_a_mark, patience_s=1.0)
        paths = made_up(*(f"slow {number}" for number in range(3)))
        with pytest.raises(WorkerError, match="has had no workers for"):
            engine(hands, paths, at_end=lambda job, result: found.scale(0))


def test_a_scheduler_that_dies_is_one_clear_error_and_another_run_completes(
    dask_cluster, hands_of, jobs, engine, made_up
):
    paths = made_up("slow a", "slow b")
    with subprocess.Popen(
        [sys.executable, "-c", SCHEDULER],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        text=True,
    ) as scheduler:
        try:
            hands = hands_of(scheduler.stdout.readline().strip(), do=jobs.leave_a_mark)
            begin_s = time.monotonic()
            with pytest.raises(
                WorkerError, match=r"does not answer any more.*what is done is kept"
            ):
                engine(hands, paths, at_end=lambda job, result: scheduler.kill())
            assert time.monotonic() - begin_s < 20
        finally:
            scheduler.kill()
    keeper = engine(hands_of(dask_cluster, do=jobs.leave_a_mark), paths, until="frames")
    assert len(keeper.finished) == 2
    assert not any(course.is_bad for course in keeper.finished.values())


def test_without_dask_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"dashgaze\[cluster\]"):
        cluster.ClusterHands("tcp://127.0.0.1:1")
