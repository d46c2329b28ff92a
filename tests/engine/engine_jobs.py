"""What workers in other processes do in tests of the engine; they import it by name."""

import atexit
import os
import signal
import time
from pathlib import Path

import dashgaze.alignment.chunk
from dashgaze.engine.job import Job, JobResult, do_job

CHUNK_FRAMES = 15


def do_in_small_parts(job: Job) -> JobResult:
    """Do a job of a real session; two seconds of a drive are four stretches then."""
    dashgaze.alignment.chunk.CHUNK_FRAMES = CHUNK_FRAMES
    return do_job(job)


def leave_a_mark(job: Job) -> JobResult:
    """Leave a file with this process's number; where a session's name says so, end by a signal before."""
    folder = Path(job.session)
    begun = folder / f"{job.stage}.begun"
    begun.write_text(str(os.getpid()))
    if "killer" in folder.name and job.stage == "frames":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02 if "slow" not in folder.name else 1.0)
    with (folder / f"{job.stage}.done").open("a") as file:
        file.write(f"{os.getpid()}\n")
    return JobResult(outcome="done", verdict="ok")


def leave_a_note_at_exit(job: Job) -> JobResult:
    """Have this process write a file when it ends in good order."""
    atexit.register((Path(job.session) / "exit.done").write_text, str(os.getpid()))
    print("said at last", end="")  # without a line's end it stays in the buffer
    return JobResult(outcome="done")


def raise_what_no_job_should(job: Job) -> JobResult:
    raise RuntimeError("not in the book")


def say_threads(job: Job) -> JobResult:
    """Tell how many threads libraries would use here."""
    import cv2

    return JobResult(
        outcome="done", reasons=(str(cv2.getNumThreads()), os.environ["OMP_NUM_THREADS"])
    )
