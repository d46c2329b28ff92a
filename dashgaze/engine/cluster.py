"""Who does the jobs: workers of a dask scheduler."""

import asyncio
import concurrent.futures
import logging
import os
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from dashgaze._version import __version__
from dashgaze.errors import InputError, MissingExtraError, WorkerError

from .hands import ONE_THREAD
from .job import Job, JobResult, do_job

_TIMEOUT_S = 30.0
_PATIENCE_S = 600.0
"""How long a run goes on without any worker, unless dask's no-workers-timeout says otherwise."""

_COUNT_AGAIN_S = 2.0
_LEAST_ROOM = 32
"""Jobs that wait at the scheduler even of a small cluster: one that grows on demand goes by them."""

_LOGGERS = ("distributed.client", "distributed.batched")
_START_WORKERS = (
    "Start workers of the same version, with `dask worker ADDRESS --nthreads 1`, where the sessions lie under the "
    "same path."
)

_Do = Callable[[Job], JobResult]


class ClusterHands:
    """Workers of a running dask.distributed scheduler.

    They have to see the sessions under the same paths, have the same version of dashgaze, and one thread each
    (``dask worker --nthreads 1``). Workers may come and go.

    A worker that dies is replaced by the scheduler's other ones, which do its jobs again. A job whose workers die
    again and again (``distributed.scheduler.allowed-failures``) is tried once more, one such job at a time: those
    that only were in a bad one's company then succeed. The bad one is given up.

    Parameters
    ----------
    address
        Of the scheduler, such as ``tcp://10.0.0.1:8786``, or a file that ``dask scheduler --scheduler-file``
        has written.
    do
        What they do with a job; a function of a module.
    timeout_s
        How long to wait for the scheduler and its first worker, s.
    patience_s
        How long to go on without any worker, s; if not given, dask's
        ``distributed.scheduler.no-workers-timeout``, or ten minutes.

    Raises
    ------
    MissingExtraError
        If dask is not installed.
    InputError
        If the scheduler does not answer, or has no workers, or one that can't take part.
    """

    def __init__(
        self,
        address: str,
        *,
        do: _Do = do_job,
        timeout_s: float = _TIMEOUT_S,
        patience_s: float | None = None,
    ) -> None:
        self._address, self._do, self._timeout_s = address, do, timeout_s
        _require_dask()
        self._levels = _hush()
        try:
            self._client: Any = _connect(address, timeout_s)  # few of its methods have types
        except BaseException:
            _speak(self._levels)
            raise
        self._under_way: set[Future[JobResult]] = set()
        self._suspect = asyncio.Lock()
        try:
            self._patience_s = _usual_patience_s() if patience_s is None else patience_s
            self._count, self._counted_s, self._seen_s = 0, 0.0, time.monotonic()
            self._refuse_unfit()
            self._look_for_workers()
        except BaseException:
            self.close(at_once=True)
            raise

    @property
    def count(self) -> int:
        """Workers that are there now.

        Raises
        ------
        WorkerError
            If the scheduler is gone, or there have been no workers for too long.
        """
        self._look_for_workers()
        return max(1, self._count)

    @property
    def room(self) -> int:
        """How many jobs to hand out: so many that a cluster that grows on demand sees work for more workers."""
        return max(2 * self.count, _LEAST_ROOM)

    def submit(self, job: Job) -> "Future[JobResult]":
        """Have a job done.

        Its future holds a `WorkerError` if the scheduler is gone, an `InputError` if a worker can't take part.
        """
        if self._client.status != "running":
            raise self._gone(None)
        answer = asyncio.run_coroutine_threadsafe(self._see_to(job), self._loop)
        self._under_way.add(answer)
        answer.add_done_callback(self._under_way.discard)
        return answer

    def mend(self) -> None:
        """Do nothing: the scheduler replaces workers."""

    def close(self, *, at_once: bool) -> None:
        """Leave the cluster as it was; what a worker is doing it ends, though nobody waits for it."""
        for answer in list(self._under_way):
            answer.cancel()
        with suppress(OSError, TimeoutError):  # the scheduler may be gone
            self._client.close(timeout=self._timeout_s)
        _speak(self._levels)

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        loop: asyncio.AbstractEventLoop = self._client.loop.asyncio_loop
        return loop

    async def _see_to(self, job: Job) -> JobResult:
        result = await self._try(job)
        if result is None:
            async with self._suspect:
                result = await self._try(job)
        return _given_up() if result is None else result

    async def _try(self, job: Job) -> JobResult | None:
        """Have a job done; None if all its workers died, or the scheduler forgot it."""
        from distributed import KilledWorker

        try:
            theirs = self._client.submit(_do_there, self._do, __version__, job, pure=False)
        except (OSError, RuntimeError) as error:
            raise self._gone(error) from error
        try:
            answer: JobResult | str = await theirs.result()
        except KilledWorker:
            return None
        except (asyncio.CancelledError, concurrent.futures.CancelledError) as error:
            if not theirs.cancelled():
                raise  # it is we who were cancelled
            if self._client.status != "running":
                raise self._gone(None) from error
            return None
        if isinstance(answer, str):
            raise InputError(answer, fix=_START_WORKERS)
        return answer

    def _look_for_workers(self) -> None:
        if self._client.status != "running":
            raise self._gone(None)
        now_s = time.monotonic()
        if self._count and now_s - self._counted_s < _COUNT_AGAIN_S:
            return
        try:
            self._count = len(self._ask(self._client.nthreads))
        except (OSError, TimeoutError, concurrent.futures.CancelledError) as error:
            raise self._gone(error) from error
        self._counted_s = now_s
        if self._count:
            self._seen_s = now_s
        elif now_s - self._seen_s > self._patience_s:
            raise WorkerError(
                f"The dask scheduler at {self._address} has had no workers for {now_s - self._seen_s:.0f} s.",
                fix="Start some and type the same command again: what is done is kept. Where workers wait long in "
                "a queue, set dask's distributed.scheduler.no-workers-timeout to a longer time.",
            )

    def _ask(self, question: Callable[[], Awaitable[Any]]) -> Any:
        """Ask the scheduler something, for a limited time: one that hangs must not hang us."""

        async def ask() -> Any:
            return await question()

        return asyncio.run_coroutine_threadsafe(ask(), self._loop).result(self._timeout_s)

    def _refuse_unfit(self) -> None:
        """Refuse workers that can't take part, before they are given anything."""

        def describe(dask_worker: Any) -> str | None:
            # Sent as a whole and not by name: a worker of another version may lack this module.
            try:
                from dashgaze._version import __version__ as theirs
            except ModuleNotFoundError:
                return "has no dashgaze"
            if theirs != __version__:
                return f"has dashgaze {theirs}, and this is {__version__}"
            threads = dask_worker.state.nthreads
            return f"has {threads} threads, and one was expected" if threads != 1 else None

        try:
            answers = self._ask(lambda: self._client.run(describe, on_error="return"))
        except (OSError, TimeoutError, concurrent.futures.CancelledError) as error:
            raise self._gone(error) from error
        for worker, unfit in answers.items():
            if isinstance(unfit, OSError | None):
                continue  # fit, or gone meanwhile
            raise InputError(
                f"The dask worker {worker} can't take part: it {unfit}.", fix=_START_WORKERS
            )

    def _gone(self, error: BaseException | None) -> WorkerError:
        why = f" ({error})" if error is not None and str(error) else ""
        return WorkerError(
            f"The dask scheduler at {self._address} does not answer any more{why}.",
            fix="Start it and its workers again, and type the same command again: what is done is kept.",
        )


def _do_there(do: _Do, version: str, job: Job) -> JobResult | str:
    """Do a job on a worker, or say why this worker can't: any may have come since the run began."""
    from distributed import get_worker

    worker = get_worker()
    name = f"The dask worker {worker.address} can't take part: it"
    if version != __version__:
        return f"{name} has dashgaze {__version__}, and the run has {version}."
    if worker.state.nthreads != 1:
        return f"{name} has {worker.state.nthreads} threads, and one was expected."
    if "://" not in job.session and not Path(job.session).is_dir():
        return f"{name} does not see {job.session}."
    _use_one_thread()
    return do(job)


def _use_one_thread() -> None:
    """Have libraries use one thread; the cluster says how many jobs a machine does at once."""
    import cv2

    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    cv2.setNumThreads(1)


def _given_up() -> JobResult:
    why = (
        "The workers that did it died one after the other, twice over: most likely there is not enough memory. Give "
        "them more (`dask worker --memory-limit`); what is done is kept."
    )
    return JobResult(outcome="failed", reasons=(why,))


def _hush() -> dict[str, int]:
    """Have dask's client say nothing of a scheduler that dies: we do, once. Gives the levels to go back to."""
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    for name in levels:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return levels


def _speak(levels: dict[str, int]) -> None:
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def _usual_patience_s() -> float:
    import dask
    from dask.utils import parse_timedelta

    chosen = dask.config.get("distributed.scheduler.no-workers-timeout", None)
    return _PATIENCE_S if chosen is None else float(parse_timedelta(chosen))


def _require_dask() -> None:
    try:
        import distributed  # noqa: F401  # it also sets how much it says
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "A cluster needs dask, which is not installed.", fix="pip install 'dashgaze[cluster]'"
        ) from error


def _connect(address: str, timeout_s: float) -> Any:
    import distributed

    connect: Any = distributed.Client
    client: Any = None
    try:
        if "://" not in address and Path(address).is_file():
            client = connect(scheduler_file=address, timeout=timeout_s, set_as_default=False)
        else:
            client = connect(address, timeout=timeout_s, set_as_default=False)
        client.wait_for_workers(1, timeout=timeout_s)
    except (OSError, TimeoutError, ValueError, concurrent.futures.CancelledError) as error:
        if client is not None:
            client.close(timeout=timeout_s)
        what = f"No dask scheduler answers at {address}"
        if client is not None:
            what = f"The dask scheduler at {address} has no workers"
        raise InputError(
            f"{what}: {error}.",
            fix="Start `dask scheduler` and `dask worker ADDRESS --nthreads 1`, and give its address.",
        ) from error
    return client
