"""The long part of the ``faces`` stage: looking at a video stretch by stretch, in one or several processes.

Each finished stretch is a file of its own, so that a run that was killed goes on where it stopped.
"""

import concurrent.futures
import concurrent.futures.process
import contextlib
import hashlib
import json
import multiprocessing
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import OutputError, WorkerError
from dashgaze.face_detection.detector import FaceDetector
from dashgaze.face_detection.opening import DetectorChoice, open_network
from dashgaze.face_detection.scanning import WHOLE_EVERY
from dashgaze.face_detection.video_scan import FoundFaces, Stretch, scan_stretch
from dashgaze.files import alone_at
from dashgaze.media import read_frame_times
from dashgaze.progress import Progress

from .input_watch import InputWatch, Stamps, refuse_touched
from .parent_watch import end_with_parent
from .record import StageRecord

CHUNK_FRAMES = 450
"""Pictures of one stretch: a few seconds of work each, and as much as a crash loses."""

_POLL_S = 0.3


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One stretch, for another process."""

    stretch: Stretch
    choice: DetectorChoice


@dataclass(frozen=True, kw_only=True, eq=False)
class FacesPart:
    """A stretch that can be looked at anywhere; its result is a file.

    Attributes
    ----------
    video, mirrored
        The driver video, and whether its pictures are mirror images.
    index
        The frames to be looked at, ascending, shape (m,).
    choice
        The detector.
    path
        Where its result goes.
    inputs
        Stamps of what is read, taken when the work was planned.
    """

    video: Path
    index: NDArray[np.int64]
    choice: DetectorChoice
    path: Path
    inputs: Stamps
    mirrored: bool = False

    @property
    def row_count(self) -> int:
        """Pictures in it: how much work it is."""
        return len(self.index)

    def do(self) -> None:
        """Look at it, unless that is done.

        Raises
        ------
        InputError
            If an input was changed since the work was planned.
        """
        if FoundFaces.load(self.path, count=len(self.index)) is not None:
            return
        stretch = Stretch(
            path=self.video,
            times=read_frame_times(self.video),
            index=self.index,
            mirrored=self.mirrored,
        )
        with _one_thread(self.choice):
            found = scan_stretch(stretch, _kept(self.choice), whole_every=WHOLE_EVERY)
        refuse_touched(self.inputs)  # a stretch that is kept is taken without another look
        found.save(self.path)


def open_parts(
    video: Path,
    index: NDArray[np.int64],
    choice: DetectorChoice,
    folder: Path,
    watch: InputWatch,
    *,
    mirrored: bool = False,
) -> list[FacesPart]:
    """Give the stretches that are not done yet, each as a piece of work of its own."""
    parts = [
        FacesPart(
            video=video,
            index=each,
            choice=choice,
            path=_path(folder, each),
            inputs=watch.stamps,
            mirrored=mirrored,
        )
        for each in _divide(index)
    ]
    return [part for part in parts if FoundFaces.load(part.path, count=len(part.index)) is None]


def _divide(index: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [index[start : start + CHUNK_FRAMES] for start in range(0, len(index), CHUNK_FRAMES)]


def _path(folder: Path, index: NDArray[np.int64]) -> Path:
    return folder / f"pictures_{int(index[0]):08d}.npz"


def scan_all(
    whole: Stretch,
    choice: DetectorChoice,
    folder: Path,
    *,
    workers: int,
    watch: InputWatch,
    progress: Progress,
) -> FoundFaces:
    """Look at all stretches that are not done yet, and join the results.

    Parameters
    ----------
    whole
        All that is to be looked at.
    choice
        The detector.
    folder
        Where finished stretches are kept.
    workers
        Processes; 1 for this one. The result doesn't depend on it.
    watch
        What the inputs looked like before; a stretch of changed ones is not kept.
    progress
        Where to report to.
    """
    parts = [
        Stretch(path=whole.path, times=whole.times, index=index, mirrored=whole.mirrored)
        for index in _divide(whole.index)
    ]
    paths = [_path(folder, part.index) for part in parts]
    found = [
        FoundFaces.load(path, count=len(part.index))
        for path, part in zip(paths, parts, strict=True)
    ]
    open_ = [number for number, each in enumerate(found) if each is None]
    total = max(len(whole.index), 1)
    done = len(whole.index) - sum(len(parts[number].index) for number in open_)

    def report(count: int) -> None:
        progress("looking for faces", count / total)

    def keep(number: int, result: FoundFaces) -> None:
        refuse_touched(watch.stamps)
        result.save(paths[number])
        found[number] = result

    report(done)
    if workers == 1 or len(open_) < 2:
        _scan_here({number: parts[number] for number in open_}, choice, done, keep, report)
    else:
        jobs = {number: _Job(stretch=parts[number], choice=choice) for number in open_}
        _scan_in_processes(jobs, min(workers, len(jobs)), done, keep, report)
    return FoundFaces.join([each for each in found if each is not None])


def work_folder(derived: Path, wanted: StageRecord) -> Path:
    """Give the folder of unfinished work for just this job; what belongs to other ones is removed.

    Raises
    ------
    OutputError
        If it can't be made.
    """
    content = json.dumps([wanted.options, wanted.inputs, wanted.versions], sort_keys=True)
    name = f".faces-{hashlib.sha256(content.encode()).hexdigest()[:16]}.part"
    folder = derived / name
    try:
        for other in derived.glob(".faces-*.part"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{derived} can't be written: {error.strerror or error}.",
            fix="Check the folder's permissions and the space on the disk.",
            path=derived,
        ) from error
    return folder


def remove_unfinished(derived: Path) -> None:
    """Remove what broken off runs left, where the result stands and nothing is at work."""
    left = list(derived.glob(".faces-*.part"))
    if left:
        with contextlib.suppress(OutputError), alone_at(derived / "faces"):
            for folder in left:
                shutil.rmtree(folder, ignore_errors=True)


def _scan_here(
    parts: dict[int, Stretch],
    choice: DetectorChoice,
    done: int,
    keep: Callable[[int, FoundFaces], None],
    report: Callable[[int], None],
) -> None:
    count = done

    def more(pictures: int) -> None:
        nonlocal count
        count += pictures
        report(count)

    if not parts:
        return
    detector = open_network(choice)
    with _one_thread(choice):
        for number, part in parts.items():
            keep(number, scan_stretch(part, detector, whole_every=WHOLE_EVERY, report=more))


@contextmanager
def _one_thread(choice: DetectorChoice) -> Iterator[None]:
    """Have torch compute on one thread: sums of another order would change the last digits."""
    if choice.kind != "mtcnn":
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _scan_in_processes(
    jobs: dict[int, _Job],
    workers: int,
    done: int,
    keep: Callable[[int, FoundFaces], None],
    report: Callable[[int], None],
) -> None:
    context = multiprocessing.get_context("spawn")
    counter = context.Value("q", done)
    with concurrent.futures.ProcessPoolExecutor(
        workers, mp_context=context, initializer=_share_counter, initargs=(counter,)
    ) as pool:
        running = {pool.submit(_scan_there, job): number for number, job in jobs.items()}
        try:
            while running:
                finished, _ = concurrent.futures.wait(
                    running, timeout=_POLL_S, return_when=concurrent.futures.FIRST_COMPLETED
                )
                report(counter.value)
                for future in finished:
                    keep(running.pop(future), future.result())
        except concurrent.futures.process.BrokenProcessPool as error:
            raise WorkerError(
                "A process that looked for faces was killed; is there enough memory?",
                fix="Run it again with --workers 1: what is done already is kept.",
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_counter: "Synchronized[int] | None" = None
_detectors: dict[DetectorChoice, FaceDetector] = {}


def _share_counter(counter: "Synchronized[int]") -> None:
    global _counter  # a process of the pool has one job and one counter
    _counter = counter
    end_with_parent()


def _scan_there(job: _Job) -> FoundFaces:
    with _one_thread(job.choice):
        return scan_stretch(job.stretch, _kept(job.choice), whole_every=WHOLE_EVERY, report=_count)


def _kept(choice: DetectorChoice) -> FaceDetector:
    """Give the detector of this process; it is loaded once."""
    if choice not in _detectors:
        _detectors[choice] = open_network(choice)
    return _detectors[choice]


def _count(pictures: int) -> None:
    if _counter is not None:
        with _counter.get_lock():
            _counter.value += pictures
