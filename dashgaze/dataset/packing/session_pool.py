"""Sessions written one after the other, or several at a time in processes of their own."""

import concurrent.futures
import concurrent.futures.process
import multiprocessing
import os
from collections.abc import Sequence
from multiprocessing.sharedctypes import SynchronizedArray
from multiprocessing.synchronize import Event

from dashgaze.errors import WorkerError
from dashgaze.progress import Progress
from dashgaze.stages.parent_watch import end_with_parent

from .session_work import PackedSession, SessionTask, write_session

_POLL_S = 0.2
_PHASE = "packing sessions"
# Read when the libraries start: a process has a core to itself.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "ARROW_NUM_THREADS")


def write_sessions(
    tasks: Sequence[SessionTask], *, workers: int, progress: Progress
) -> list[PackedSession]:
    """Write sessions; the first fault of one ends the work.

    Memory is that of as many sessions as there are workers.

    Parameters
    ----------
    tasks
        The sessions.
    workers
        Processes; 1 for this one.
    progress
        Where to report to.

    Returns
    -------
    list of PackedSession
        In the order of the tasks.

    Raises
    ------
    InputError
        If a session can't be used.
    OutputError
        If its files can't be written.
    WorkerError
        If a process was killed.
    """
    progress(_PHASE, 0.0)
    if workers == 1 or len(tasks) < 2:
        return _write_here(tasks, progress)
    return _write_in_processes(tasks, min(workers, len(tasks)), progress)


def _write_here(tasks: Sequence[SessionTask], progress: Progress) -> list[PackedSession]:
    packed = []
    for place, task in enumerate(tasks):

        def report(_: str, share: float, place: int = place) -> None:
            progress(_PHASE, (place + share) / len(tasks))

        packed.append(write_session(task, report))
        report("", 1.0)
    return packed


def _write_in_processes(
    tasks: Sequence[SessionTask], workers: int, progress: Progress
) -> list[PackedSession]:
    context = multiprocessing.get_context("spawn")
    shares, stop = context.Array("d", len(tasks)), context.Event()
    packed: dict[int, PackedSession] = {}
    with (
        _OneThreadEach(),
        concurrent.futures.ProcessPoolExecutor(
            workers, mp_context=context, initializer=_begin, initargs=(shares, stop)
        ) as pool,
    ):
        running = {
            pool.submit(_write_there, place, task): place for place, task in enumerate(tasks)
        }
        try:
            while running:
                finished, _ = concurrent.futures.wait(
                    running, timeout=_POLL_S, return_when=concurrent.futures.FIRST_COMPLETED
                )
                progress(_PHASE, sum(shares[:]) / len(tasks))
                for future in finished:
                    packed[running.pop(future)] = future.result()
        except concurrent.futures.process.BrokenProcessPool as error:
            raise WorkerError(
                "A process that packed a session was killed; is there enough memory? The data set is as "
                "it was.",
                fix="Run it again with --workers 1.",
            ) from error
        except BaseException:
            # Waited for, so that nobody writes into the folder while it is thrown away.
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return [packed[place] for place in range(len(tasks))]


class _OneThreadEach:
    """Have processes that are started meanwhile use one thread each."""

    def __enter__(self) -> None:
        self._before = {name: os.environ.get(name) for name in _THREADS}
        os.environ.update(dict.fromkeys(_THREADS, "1"))

    def __exit__(self, *_: object) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class _NotWantedError(Exception):
    """Another session was at fault, so that this one is not wanted any more."""


_shares: "SynchronizedArray[float] | None" = None
_stop: "Event | None" = None


def _begin(shares: "SynchronizedArray[float]", stop: "Event") -> None:
    global _shares, _stop  # a process of the pool has one job
    _shares, _stop = shares, stop
    end_with_parent()
    import cv2
    import pyarrow as pa

    cv2.setNumThreads(1)
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


def _write_there(place: int, task: SessionTask) -> PackedSession:
    def report(_: str, share: float) -> None:
        if _shares is not None:
            _shares[place] = share
        if _stop is not None and _stop.is_set():
            raise _NotWantedError

    packed = write_session(task, report)
    report("", 1.0)
    return packed
