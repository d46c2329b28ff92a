"""Who does the jobs: processes of this machine."""

import atexit
import concurrent.futures
import concurrent.futures.process
import multiprocessing
import multiprocessing.util
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Protocol

from .job import Job, JobResult, do_job

ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""Variables by which libraries are told how many threads to use."""


_LONGEST_FAREWELL_S = 5.0


class WorkersLostError(Exception):
    """Processes died, and every job that was under way with them."""


class Hands(Protocol):
    """What does jobs. Results come as futures; an error there means that the worker was lost, not the job bad."""

    @property
    def count(self) -> int:
        """How many jobs are done at once."""

    @property
    def room(self) -> int:
        """How many jobs to hand out: a few more than are done at once, so that none waits for us."""

    def submit(self, job: Job) -> "Future[JobResult]":
        """Have a job done."""

    def mend(self) -> None:
        """Replace workers that were lost."""

    def close(self, *, at_once: bool) -> None:
        """Dismiss all; at once even from what they are doing."""


class LocalHands:
    """Processes of this machine, each of which uses one thread.

    Parameters
    ----------
    count
        How many.
    do
        What they do with a job; a function of a module.
    """

    def __init__(self, count: int, *, do: Callable[[Job], JobResult] = do_job) -> None:
        if count < 1:
            raise ValueError(f"{count} processes can't do anything")
        self._count, self._do = count, do
        self._context = multiprocessing.get_context("spawn")
        self._pool = self._new_pool()

    @property
    def count(self) -> int:
        """How many jobs are done at once."""
        return self._count

    @property
    def room(self) -> int:
        """How many jobs to hand out."""
        return self._count + 1

    def submit(self, job: Job) -> "Future[JobResult]":
        """Have a job done."""
        with (
            _no_interrupt()
        ):  # a process that is just starting would die of it, and say so at length
            return self._pool.submit(self._do, job)

    def mend(self) -> None:
        """Replace all processes: where one was killed, the pool is of no more use."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = self._new_pool()

    def close(self, *, at_once: bool) -> None:
        """Dismiss all."""
        processes = list((self._pool._processes or {}).values()) if at_once else []
        manager: threading.Thread | None = getattr(self._pool, "_executor_manager_thread", None)
        self._pool.shutdown(wait=not at_once, cancel_futures=True)
        for process in processes:
            process.terminate()
        if manager is not None:
            # An interpreter that ends while the pool's thread closes its pipes would say so at length.
            manager.join(_LONGEST_FAREWELL_S)

    def _new_pool(self) -> concurrent.futures.ProcessPoolExecutor:
        return concurrent.futures.ProcessPoolExecutor(
            self._count, mp_context=self._context, initializer=_settle_in
        )


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """Put off Ctrl-C, also in processes that are started meanwhile, until they have chosen to ignore it.

    The mask is what they inherit. It does not keep this process from it, as any other thread may be given the signal,
    those of libraries too; so it is noted for the time, and sent again in the end.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    noted: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    ours = threading.current_thread() is threading.main_thread() and callable(handler)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    if ours:
        signal.signal(signal.SIGINT, lambda number, frame: noted.append(number))
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if noted:
            signal.raise_signal(signal.SIGINT)


def is_lost(error: BaseException | None) -> bool:
    """Whether an error of a future means that its worker died."""
    return isinstance(error, concurrent.futures.process.BrokenProcessPool | WorkersLostError)


def _settle_in() -> None:
    """Make this process a quiet worker with one thread, which ends with the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that started it says when to stop
    for name in ONE_THREAD:
        os.environ[name] = "1"
    # Last of what is done at the end, before the interpreter takes itself apart.
    multiprocessing.util.Finalize(None, _leave, exitpriority=-1_000)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    import cv2

    cv2.setNumThreads(1)


def _leave() -> None:
    """End this process, whose results are all taken. To free piece by piece what libraries hold takes half a second."""
    try:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # there are none without a console, on Windows
                stream.flush()
    finally:
        os._exit(0)


def _leave_with(parent: "multiprocessing.process.BaseProcess") -> None:
    parent.join()
    os._exit(1)  # nobody is left to take a result; finished parts are on the disk
