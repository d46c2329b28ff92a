"""A stretch of a drive as a piece of work of its own, for one process."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.media import LumaFrame, LumaGap

from .direct import DirectMatcher
from .ego_camera import EgoCamera
from .features import FeatureDetector
from .frame_pairs import Listener, PairPlan, PairReader
from .mapping import MapFrame
from .observations import Observations
from .road_camera import RoadCamera
from .sweep import REACH_FRAMES, Method, RowResult, Sweep
from .vanishing_point.road_flow import Look, Onlooker, RoadFlowPlan

CHUNK_FRAMES = 600
"""Frames of a stretch: twenty seconds. Each starts without knowing where the road is, so that results
don't depend on how many are worked on at once."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Chunk:
    """What a process needs to know to sweep a stretch.

    Attributes
    ----------
    plan
        The rows of the stretch, and those beyond it that a gap at its end may need.
    first_row
        Number that the plan's first row has in the drive.
    row_count
        Rows of the stretch itself.
    camera_matrix, camera_distortion, ego_size_px
        The scene camera.
    road_size_px
        Width and height of the road picture.
    road_camera
        The road camera, if known.
    usable
        Where road features may lie; see `survey`.
    reduction
        By how much road pictures are reduced.
    feature_count
        Most features of a picture.
    method
        How gaps are bridged.
    thread_count
        Threads for decoding each video; 0 for one per core.
    road_flow
        Which road pictures are looked at in passing, for the direction of travel; None for none. What is matched
        does not depend on it.
    """

    plan: PairPlan
    first_row: int
    row_count: int
    camera_matrix: NDArray[np.float64]
    camera_distortion: NDArray[np.float64]
    ego_size_px: tuple[int, int]
    road_size_px: tuple[int, int]
    road_camera: RoadCamera | None
    usable: NDArray[np.uint8] | None
    reduction: float
    feature_count: int
    method: Method
    thread_count: int
    road_flow: RoadFlowPlan | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Swept:
    """What was seen of a stretch.

    Attributes
    ----------
    observations
        Of the rows of the stretch, and of those beyond it into which a gap goes on; counted in the
        drive.
    looks
        At the road, as far as they were asked for and the road was decoded.
    """

    observations: Observations
    looks: list[Look]


def chunk_rows(row_count: int, starts: list[int], *, method: Method) -> list[range]:
    """Divide rows into stretches, none across the start of a new video file.

    Parameters
    ----------
    row_count
        Number of rows.
    starts
        First rows of the video's files.
    method
        ``paper`` makes one stretch of each file.
    """
    size = row_count if method == "paper" else CHUNK_FRAMES
    bounds = [*starts, row_count]
    return [
        range(first, min(first + size, end))
        for start, end in itertools.pairwise(bounds)
        for first in range(start, end, max(size, 1))
    ]


def sweep_chunk(chunk: Chunk, done: Callable[[int], None]) -> Swept:
    """Sweep a stretch.

    Parameters
    ----------
    chunk
        The stretch.
    done
        Called with the number of rows that were finished since the last call.

    """
    threads_before = cv2.getNumThreads()
    cv2.setNumThreads(1)  # whole stretches scale better over cores than OpenCV's own threads
    try:
        return _sweep(chunk, done)
    finally:
        cv2.setNumThreads(threads_before)


def _sweep(chunk: Chunk, done: Callable[[int], None]) -> Swept:
    camera = _camera(
        chunk.camera_matrix.tobytes(), chunk.camera_distortion.tobytes(), chunk.ego_size_px
    )
    matcher = DirectMatcher(
        camera,
        MapFrame(ego_matrix=chunk.camera_matrix, road_size_px=chunk.road_size_px),
        feature_count=chunk.feature_count,
        road_camera=chunk.road_camera,
    )
    detector = FeatureDetector(count=chunk.feature_count, reduction=chunk.reduction)
    sweep = Sweep(chunk.plan, camera, matcher, method=chunk.method, seed=chunk.first_row)
    results: list[RowResult] = []
    looks: list[Look] = []
    with PairReader(
        chunk.plan, detector, usable=chunk.usable, thread_count=chunk.thread_count,
        listener=None if chunk.road_flow is None else _listener(chunk.road_flow, looks),
    ) as reader:  # fmt: skip
        rows = range(min(len(chunk.plan), chunk.row_count + REACH_FRAMES + 1))
        for result in sweep.run(reader.read(rows), last_row=chunk.row_count - 1):
            results.append(result)
            if result.row < chunk.row_count:
                done(1)
    observations = Observations.collect(results).shifted(chunk.first_row)
    return Swept(observations=observations, looks=looks)


def _listener(plan: RoadFlowPlan, looks: list[Look]) -> Listener:
    onlooker = Onlooker(plan)

    def see(picture: LumaFrame | LumaGap) -> None:
        look = onlooker.see(picture)
        if look is not None:
            looks.append(look)

    return Listener(index=plan.index, see=see)


@lru_cache(maxsize=1)
def _camera(matrix: bytes, distortion: bytes, size_px: tuple[int, int]) -> EgoCamera:
    """Make the camera, whose table takes a tenth of a second, once for all chunks of a process."""
    return EgoCamera(
        np.frombuffer(matrix).reshape(3, 3), np.frombuffer(distortion), size_px=size_px
    )
