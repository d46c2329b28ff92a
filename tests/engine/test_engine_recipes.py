"""The recipes for clusters in docs/recipes."""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dashgaze.engine.run import RunOptions

RECIPES = Path(__file__).resolve().parents[2] / "docs" / "recipes"
ARRAY = RECIPES / "slurm_array.sh"
TASKS = 3

needs_bash = pytest.mark.skipif(
    os.name == "nt" or shutil.which("bash") is None, reason="SLURM's scripts need bash"
)


@pytest.fixture
def slurm(tmp_path):
    """Start a task of an array by hand, as SLURM would; `scontrol` only writes down what it is told."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, what in {
        "dashgaze": f'exec "{sys.executable}" -m dashgaze "$@"',
        "scontrol": f'echo "$@" >> "{tmp_path}/scontrol.txt"',
    }.items():
        (programs / name).write_text(f"#!/bin/bash\n{what}\n")
        (programs / name).chmod(0o755)

    def start(task, *arguments, last=TASKS, count=TASKS):
        given = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "SLURM_ARRAY_JOB_ID": "77",
            "SLURM_ARRAY_TASK_ID": str(task),
            "SLURM_ARRAY_TASK_MIN": "1",
            "SLURM_ARRAY_TASK_MAX": str(last),
            "SLURM_ARRAY_TASK_COUNT": str(count),
            "SLURM_CPUS_PER_TASK": "1",
        }
        return subprocess.Popen(
            ["bash", str(ARRAY), *map(str, arguments)],
            env=os.environ | given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def ended(process):
    out, err = process.communicate(timeout=120)
    return process.returncode, out + err


def jobs_done(drives):
    found = []
    for log in (drives / ".dashgaze").glob("run-*.jsonl"):
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        found += [
            (Path(each["session"]).name, each["stage"])
            for each in lines
            if each["event"] == "job ended" and each["outcome"] == "done"
        ]
    return sorted(found)


@needs_bash
def test_an_array_does_each_session_once_and_nothing_when_submitted_again(
    slurm, cleared_drive, tmp_path
):
    drives = tmp_path / "drives"
    for number in range(5):
        shutil.copytree(cleared_drive, drives / f"s{number}")
    tasks = [slurm(task, drives, "--until", "frames") for task in range(1, TASKS + 1)]
    for task in tasks:
        code, output = ended(task)
        assert code == 0, output
    assert jobs_done(drives) == [(f"s{number}", "frames") for number in range(5)]
    code, output = ended(slurm(2, drives, "--until", "frames"))
    assert code == 0, output
    assert len(jobs_done(drives)) == 5


@needs_bash
def test_an_array_with_gaps_is_refused(slurm, tmp_path):
    code, output = ended(slurm(3, tmp_path, last=7, count=2))
    assert code == 2
    assert "--array=1-40" in output
    code, output = ended(slurm(1))
    assert code == 2
    assert "sbatch" in output


@needs_bash
def test_a_task_whose_time_is_over_queues_again(slurm, cleared_drive, tmp_path, wait_until):
    drives = tmp_path / "drives"
    shutil.copytree(cleared_drive, drives / "s0")
    task = slurm(1, drives, "--until", "align", last=1, count=1)
    log = drives / ".dashgaze" / "run-1-of-1.jsonl"
    wait_until(lambda: log.exists() and "session began" in log.read_text(), seconds=60)
    task.send_signal(signal.SIGUSR1)
    code, output = ended(task)
    assert code == 0, output
    assert (tmp_path / "scontrol.txt").read_text() == "requeue 77_1\n"
    assert "run over" not in log.read_text()


@needs_bash
def test_what_slurm_is_told_fits_what_the_script_does():
    subprocess.run(["bash", "-n", str(ARRAY)], check=True)
    told = dict(re.findall(r"^#SBATCH --([a-z-]+)=?(.*)$", ARRAY.read_text(), re.MULTILINE))
    assert told["array"].startswith("1-")
    assert told["signal"].startswith("B:USR1@")
    assert "requeue" in told


@pytest.fixture
def jobqueue_run(monkeypatch):
    pytest.importorskip("dask_jobqueue")
    spec = importlib.util.spec_from_file_location("jobqueue_run", RECIPES / "jobqueue_run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_slurm_jobs_have_workers_of_one_thread_that_leave_in_time(jobqueue_run):
    with jobqueue_run.slurm_cluster(
        cores=8,
        memory="16GB",
        walltime="04:00:00",
        queue="long",
        account="lab",
        scheduler_options={"dashboard_address": "127.0.0.1:0"},
    ) as cluster:
        script = cluster.job_script()
    for line in ("#SBATCH -p long", "#SBATCH -A lab", "#SBATCH --cpus-per-task=8",
                 "#SBATCH -t 04:00:00"):  # fmt: skip
        assert line in script.splitlines()
    for part in ("--nthreads 1 ", "--nworkers 8 ", "--lifetime 230m", "--lifetime-stagger 5m"):
        assert part in script
    assert sys.executable in script
    with pytest.raises(ValueError, match="too short"):
        jobqueue_run.worker_arguments(10)


# What dask-jobqueue has started it leaves to the garbage collector.
@pytest.mark.stress
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_job_queue_brings_workers_as_they_are_needed(jobqueue_run, cleared_drive, tmp_path):
    from dask_jobqueue.local import LocalCluster

    drives = tmp_path / "drives"
    for number in range(2):
        shutil.copytree(cleared_drive, drives / f"s{number}")
    with LocalCluster(
        cores=1,
        processes=1,
        memory="2GB",
        worker_extra_args=jobqueue_run.worker_arguments(240),
        scheduler_options={"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"},
    ) as cluster:
        result = jobqueue_run.run_on(cluster, drives, RunOptions(until="frames"), jobs=2)
    assert [session.stages[1].outcome for session in result.sessions] == ["done", "done"]
