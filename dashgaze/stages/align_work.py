"""The long part of the ``align`` stage: sweeping a drive stretch by stretch, in one or several processes.

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
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.alignment.chunk import Chunk, Swept, chunk_rows, sweep_chunk
from dashgaze.alignment.features import FeatureDetector
from dashgaze.alignment.frame_pairs import PairPlan
from dashgaze.alignment.observations import Observations
from dashgaze.alignment.survey import Survey, survey
from dashgaze.alignment.sweep import REACH_FRAMES, Method, RowResult
from dashgaze.alignment.vanishing_point.kept_looks import keep_looks
from dashgaze.alignment.vanishing_point.road_flow import RoadFlowPlan
from dashgaze.errors import OutputError, WorkerError
from dashgaze.files import alone_at
from dashgaze.progress import Progress

from .align_plan import AlignPlan
from .input_watch import InputWatch, Stamps, refuse_touched
from .parent_watch import end_with_parent
from .record import StageRecord

_POLL_S = 0.3
_SURVEY_NAME = "survey.npz"


@dataclass(frozen=True, kw_only=True, eq=False)
class AlignPart:
    """A stretch that can be swept anywhere; its result is a file.

    Attributes
    ----------
    chunk
        The stretch.
    path
        Where its result goes.
    inputs
        Stamps of what is read, taken when the work was planned.
    looks_folder
        Where looks at the road are kept, if the chunk asks for them.
    """

    chunk: Chunk
    path: Path
    inputs: Stamps
    looks_folder: Path | None = None

    @property
    def row_count(self) -> int:
        """Frames in it: how much work it is."""
        return self.chunk.row_count

    def do(self) -> None:
        """Sweep it, unless that is done.

        Raises
        ------
        InputError
            If an input was changed since the work was planned.
        """
        if Observations.load(self.path) is None:
            _keep(sweep_chunk(self.chunk, lambda _rows: None), self)


def _keep(found: Swept, part: AlignPart) -> None:
    """Keep what was found, and before it, so that it is never missed, what was seen in passing."""
    refuse_touched(part.inputs)  # a stretch that is kept is taken without another look
    if part.looks_folder is not None:
        keep_looks(found.looks, part.looks_folder)
    found.observations.save(part.path)


@dataclass(frozen=True, kw_only=True, eq=False)
class RoadFlow:
    """What is to be seen of the road in passing.

    Attributes
    ----------
    plan
        Which pictures of the road video are looked at.
    folder
        Where looks are kept.
    """

    plan: RoadFlowPlan
    folder: Path


def look_around(
    plan: AlignPlan, folder: Path, *, feature_count: int, watch: InputWatch, progress: Progress
) -> Survey:
    """Survey the longest video file of the plan, or take what an earlier run of this job found."""
    path = folder / _SURVEY_NAME
    seen = Survey.load(path)
    if seen is None:
        seen = survey_longest(plan, feature_count=feature_count, progress=progress)
        refuse_touched(watch.stamps)
        seen.save(path)
    return seen


def survey_longest(plan: AlignPlan, *, feature_count: int, progress: Progress) -> Survey:
    """Survey the longest video file of the plan."""
    _, longest = max(plan.files, key=lambda each: len(each[1]))
    return survey(
        longest,
        plan.camera,
        plan.frame,
        FeatureDetector(count=feature_count, reduction=plan.reduction),
        feature_count=feature_count,
        road_camera=plan.road_camera,
        progress=progress,
    )


def sweep_all(
    plan: AlignPlan,
    seen: Survey,
    folder: Path,
    *,
    method: Method,
    feature_count: int,
    workers: int,
    watch: InputWatch,
    progress: Progress,
    road_flow: RoadFlow | None = None,
) -> Observations:
    """Sweep all stretches that are not done yet, and join the results.

    Parameters
    ----------
    plan
        The drive.
    seen
        What holds for all of it.
    folder
        Where finished stretches are kept.
    method
        How gaps are bridged.
    feature_count
        Most features of a picture.
    workers
        Processes; 1 for this one.
    watch
        What the inputs looked like before; a stretch of changed ones is not kept.
    progress
        Where to report to.
    road_flow
        What is to be seen of the road in passing; None for nothing.
    """
    parts = list(
        _parts(
            plan, seen, folder, method=method, feature_count=feature_count, alone=workers == 1,
            watch=watch, road_flow=road_flow,
        )
    )  # fmt: skip
    found = {part.path: Observations.load(part.path) for part in parts}
    open_ = [part for part in parts if found[part.path] is None]
    rows = sum(part.row_count for part in parts)
    done = rows - sum(part.row_count for part in open_)

    def report(count: int) -> None:
        progress("matching", count / max(rows, 1))

    def keep(part: AlignPart, result: Swept) -> None:
        _keep(result, part)
        found[part.path] = result.observations

    report(done)
    if workers == 1 or len(open_) < 2:
        _sweep_here(open_, done, keep, report)
    else:
        _sweep_in_processes(open_, min(workers, len(open_)), done, keep, report)
    seen_of = [each for each in found.values() if each is not None]
    return Observations.join([_unseen(np.arange(len(plan))), *seen_of])


def open_parts(
    plan: AlignPlan, seen: Survey, folder: Path, *, method: Method, feature_count: int,
    watch: InputWatch, road_flow: RoadFlow | None = None,
) -> list[AlignPart]:  # fmt: skip
    """Give the stretches that are not done yet, each as a piece of work of its own."""
    parts = _parts(
        plan, seen, folder, method=method, feature_count=feature_count, alone=False, watch=watch,
        road_flow=road_flow,
    )  # fmt: skip
    return [part for part in parts if Observations.load(part.path) is None]


def _parts(
    plan: AlignPlan, seen: Survey, folder: Path, *, method: Method, feature_count: int, alone: bool,
    watch: InputWatch, road_flow: RoadFlow | None,
) -> Iterator[AlignPart]:  # fmt: skip
    chunks = _chunks(
        plan, seen, method=method, feature_count=feature_count, alone=alone,
        road_flow=None if road_flow is None else road_flow.plan,
    )  # fmt: skip
    for chunk in chunks:
        yield AlignPart(
            chunk=chunk,
            path=folder / f"rows_{chunk.first_row:08d}.npz",
            inputs=watch.stamps,
            looks_folder=None if road_flow is None else road_flow.folder,
        )


def work_folder(derived: Path, wanted: StageRecord) -> Path:
    """Give the folder of unfinished work for just this job; what belongs to other ones is removed.

    Raises
    ------
    OutputError
        If it can't be made.
    """
    content = json.dumps([wanted.options, wanted.inputs, wanted.versions], sort_keys=True)
    name = f".align-{hashlib.sha256(content.encode()).hexdigest()[:16]}.part"
    folder = derived / name
    try:
        for other in derived.glob(".align-*.part"):
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
    left = list(derived.glob(".align-*.part"))
    if left:
        with contextlib.suppress(OutputError), alone_at(derived / "align"):
            for folder in left:
                shutil.rmtree(folder, ignore_errors=True)


def _chunks(
    plan: AlignPlan, seen: Survey, *, method: Method, feature_count: int, alone: bool,
    road_flow: RoadFlowPlan | None,
) -> Iterator[Chunk]:  # fmt: skip
    for first, file in plan.files:
        for rows in chunk_rows(len(file), [0], method=method):
            yield Chunk(
                plan=_window(file, rows),
                first_row=first + rows.start,
                row_count=len(rows),
                camera_matrix=plan.camera.matrix,
                camera_distortion=plan.camera.distortion,
                ego_size_px=plan.camera.size_px,
                road_size_px=plan.frame.road_size_px,
                road_camera=seen.road_camera,
                usable=seen.usable,
                reduction=plan.reduction,
                feature_count=feature_count,
                method=method,
                thread_count=0 if alone else 1,
                road_flow=None if road_flow is None else _passed(road_flow, file, rows),
            )


def _passed(road_flow: RoadFlowPlan, file: PairPlan, rows: range) -> RoadFlowPlan | None:
    """Give what of the road is seen beside some rows; None for nothing."""
    both = (file.ego_index[rows] >= 0) & (file.road_index[rows] >= 0)
    index = file.road_index[rows][both]
    return road_flow.window(int(index[0]) - 1, int(index[-1]) + 1) if len(index) else None


def _window(file: PairPlan, rows: range) -> PairPlan:
    return file.window(rows.start, rows.stop + REACH_FRAMES + 1)


def _sweep_here(
    parts: list[AlignPart],
    done: int,
    keep: Callable[[AlignPart, Swept], None],
    report: Callable[[int], None],
) -> None:
    count = done

    def more(rows: int) -> None:
        nonlocal count
        count += rows
        report(count)

    for part in parts:
        keep(part, sweep_chunk(part.chunk, more))


def _sweep_in_processes(
    parts: list[AlignPart],
    workers: int,
    done: int,
    keep: Callable[[AlignPart, Swept], None],
    report: Callable[[int], None],
) -> None:
    context = multiprocessing.get_context("spawn")
    counter = context.Value("q", done)
    with concurrent.futures.ProcessPoolExecutor(
        workers, mp_context=context, initializer=_share_counter, initargs=(counter,)
    ) as pool:
        running = {pool.submit(_sweep_there, part.chunk): part for part in parts}
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
                "A process that matched a stretch of the drive was killed; is there enough memory?",
                fix="Run it again with --workers 1: what is done already is kept.",
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_counter: "Synchronized[int] | None" = None


def _share_counter(counter: "Synchronized[int]") -> None:
    global _counter  # a process of the pool has one job and one counter
    _counter = counter
    end_with_parent()


def _sweep_there(chunk: Chunk) -> Swept:
    return sweep_chunk(chunk, _count)


def _count(rows: int) -> None:
    if _counter is not None:
        with _counter.get_lock():
            _counter.value += rows


def _unseen(rows: NDArray[np.int64]) -> Observations:
    """Give rows that no stretch covers: frames whose video is missing."""
    return Observations.collect([RowResult(row=int(row), missing="ego_invalid") for row in rows])
