"""What bench_align.py measures: the sweep of the align stage, a plain OpenCV pipeline, and memory.

Everything heavy runs in processes of its own, started anew, so that neither CPU time nor memory of one
measurement is mixed with that of another.
"""

import dataclasses
import itertools
import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from made_clips import EGO_CAMERA, make_clips
from numpy.typing import NDArray

from dashgaze.alignment.chunk import CHUNK_FRAMES, Chunk, sweep_chunk
from dashgaze.alignment.ego_camera import EgoCamera
from dashgaze.alignment.features import working_reduction
from dashgaze.alignment.frame_pairs import PairPlan
from dashgaze.alignment.mapping import MapFrame
from dashgaze.alignment.observations import DIRECTIONS, Observations
from dashgaze.alignment.solution import solve
from dashgaze.alignment.survey import Survey
from dashgaze.alignment.sweep import REACH_FRAMES
from dashgaze.media import LumaReader, read_frame_times
from dashgaze.stages.align import AlignOptions
from dashgaze.stages.align_plan import AlignPlan

FEATURES = AlignOptions().feature_count
WARM_ROWS = 30
LATER_S = 1e-4
"""Ego frames are said to be this much later than their road frames. It moves nothing, but the features
of road frames are then matched to the next one's, as they have to be in a recording."""

NAIVE_WARM_FRAMES = 10
NAIVE_RANSAC_PX = 3.0
WAIT_S = 600.0

Maps = NDArray[np.float64]
"""road_from_ego of n frames, shape (n, 3, 3); NaN where there is none."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """Two made videos, and the true maps between them."""

    ego: Path
    road: Path
    road_from_ego: Maps
    road_mbit: float


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What a sweep of n frames cost."""

    parts: tuple[Observations, ...]
    frames: int
    cpu_s: float
    wall_s: float
    start_cpu_s: float
    peak_mb: float

    @property
    def cpu_ms(self) -> float:
        """CPU time of a triplet of matches, ms."""
        return 1e3 * self.cpu_s / self.frames

    @property
    def per_s(self) -> float:
        """Triplets in a second of wall time."""
        return self.frames / self.wall_s


def made_clip(folder: Path, *, seconds: float, mbit: float, clip: Path | None) -> Clip:
    """Make a clip, or take it from the folder where it was made before."""
    name = "drawn" if clip is None else clip.stem
    place = folder / f"{name}_{mbit:g}_mbit_{seconds:g}_s"
    if not place.exists():
        unfinished = place.with_suffix(".part")
        make_clips(unfinished, seconds=seconds, road_mbit=mbit, clip=clip)
        unfinished.rename(place)
    truth = np.load(place / "truth.npz")["road_from_ego"]
    road = place / "road.mp4"
    return Clip(
        ego=place / "ego.mp4",
        road=road,
        road_from_ego=truth,
        road_mbit=8e-6 * road.stat().st_size / seconds,
    )


def repeated(clip: Clip, copies: int) -> Clip:
    """Play a clip several times over: its packets with later times, nothing is coded again."""
    paths = []
    for path in (clip.ego, clip.road):
        longer = path.with_name(f"{path.stem}_{copies}.mp4")
        if not longer.exists():
            unfinished = longer.with_suffix(".part.mp4")
            _repeat_packets(path, unfinished, copies, len(clip.road_from_ego))
            unfinished.rename(longer)
        paths.append(longer)
    return Clip(
        ego=paths[0],
        road=paths[1],
        road_from_ego=np.tile(clip.road_from_ego, (copies, 1, 1)),
        road_mbit=clip.road_mbit,
    )


def _repeat_packets(path: Path, longer: Path, copies: int, frames: int) -> None:
    with av.open(str(longer), "w") as output:
        stream = None
        for copy in range(copies):
            with av.open(str(path)) as source:
                video = source.streams.video[0]
                if stream is None:
                    stream = output.add_stream_from_template(video)
                packets = [packet for packet in source.demux(video) if packet.dts is not None]
                step = packets[1].dts - packets[0].dts
                for packet in packets:
                    packet.pts += copy * frames * step
                    packet.dts += copy * frames * step
                    packet.stream = stream
                    output.mux(packet)


def plan_of(clip: Clip) -> AlignPlan:
    """Say that frame i of one video belongs to frame i of the other."""
    ego_times, road_times = read_frame_times(clip.ego), read_frame_times(clip.road)
    count = len(clip.road_from_ego)
    if len(ego_times.pts) != count or len(road_times.pts) != count:
        raise SystemExit(f"{clip.road.parent} is not what was made; delete it.")
    camera = EgoCamera(
        EGO_CAMERA.matrix,
        EGO_CAMERA.distortion,
        size_px=(EGO_CAMERA.width_px, EGO_CAMERA.height_px),
    )
    road_size_px = LumaReader(clip.road, road_times).size_px
    rows, unknown = np.arange(count), np.full((count, 3), np.nan)
    time_s = road_times.time_s + LATER_S
    plan = PairPlan(
        ego_path=clip.ego,
        road_path=clip.road,
        ego_times=ego_times,
        road_times=road_times,
        ego_index=rows,
        road_index=rows,
        time_s=time_s,
        turn_rad=unknown,
        gaze_px=np.tile(camera.matrix[:2, 2], (count, 1)),
    )
    return AlignPlan(
        files=((0, plan),),
        time_s=time_s,
        turn_rad=unknown,
        camera=camera,
        road_camera=None,
        frame=MapFrame(ego_matrix=camera.matrix, road_size_px=road_size_px),
        reduction=working_reduction(road_size_px, camera.focal_px, None),
    )


def chunks_of(plan: AlignPlan, seen: Survey, *, rows: int, alone: bool) -> list[Chunk]:
    """Divide a plan as the align stage does, but for the length of the stretches."""
    file = plan.files[0][1]
    return [
        Chunk(
            plan=file.window(first, min(first + rows, len(file)) + REACH_FRAMES + 1),
            first_row=first,
            row_count=min(rows, len(file) - first),
            camera_matrix=plan.camera.matrix,
            camera_distortion=plan.camera.distortion,
            ego_size_px=plan.camera.size_px,
            road_size_px=plan.frame.road_size_px,
            road_camera=seen.road_camera,
            usable=seen.usable,
            reduction=plan.reduction,
            feature_count=FEATURES,
            method="tracks",
            thread_count=0 if alone else 1,
        )
        for first in range(0, len(file), rows)
    ]


def sweep(chunks: list[Chunk], workers: int) -> Swept:
    """Sweep chunks in new processes, each of which has everything loaded before the clocks start."""
    workers, first = min(workers, len(chunks)), chunks[0]
    warm = dataclasses.replace(first, row_count=min(WARM_ROWS, first.row_count))
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(workers + 1)
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_warm_up, initargs=(warm, ready)
    ) as pool:
        running = [pool.submit(_sweep_there, chunk) for chunk in chunks]
        ready.wait(WAIT_S)
        started = time.perf_counter()
        done = [each.result() for each in running]
        wall_s = time.perf_counter() - started
    return Swept(
        parts=tuple(each[0] for each in done),
        frames=sum(chunk.row_count for chunk in chunks),
        cpu_s=sum(each[1] for each in done),
        wall_s=wall_s,
        start_cpu_s=max(each[2] for each in done),
        peak_mb=max(each[3] for each in done),
    )


_start_cpu_s = 0.0


def _warm_up(chunk: Chunk, ready: Barrier) -> None:
    global _start_cpu_s  # a process of the pool is started once
    sweep_chunk(chunk, _ignore)
    first_s = time.process_time()
    sweep_chunk(chunk, _ignore)
    _start_cpu_s = first_s - (time.process_time() - first_s)
    ready.wait(WAIT_S)


def _sweep_there(chunk: Chunk) -> tuple[Observations, float, float, float]:
    started = time.process_time()
    seen = sweep_chunk(chunk, _ignore).observations
    return seen, time.process_time() - started, _start_cpu_s, peak_mb()


def _ignore(_: int) -> None:
    pass


def direct_maps(parts: tuple[Observations, ...], frame: MapFrame, count: int) -> Maps:
    """Give the maps of direct matches."""
    maps = np.full((count, 3, 3), np.nan)
    for part in parts:
        inside = part.row < count
        maps[part.row[inside]] = frame.road_from_ego(part.normal_map[inside].reshape(-1, 3, 3))
    return maps


def grid_errors(maps: Maps, truth: Maps, plan: AlignPlan) -> Maps:
    """Give the mean distance of points of the common view from the truth, for each frame, px."""
    x, y = np.meshgrid(*(np.linspace(0, length - 1, 9) for length in plan.frame.road_size_px))
    grid = np.column_stack([x.ravel(), y.ravel()])
    errors = np.full(len(maps), np.nan)
    for i in np.flatnonzero(np.isfinite(maps[:, 0, 0])):
        ego = _mapped(np.linalg.inv(truth[i]), grid)
        shown = plan.camera.distort(ego)
        seen = ((shown >= 0) & (shown < plan.camera.size_px)).all(axis=1)
        gap = _mapped(maps[i], ego[seen]) - grid[seen]
        errors[i] = np.hypot(*gap.T).mean()
    return errors


def _mapped(homography: Maps, points: Maps) -> Maps:
    image = points @ homography[:, :2].T + homography[:, 2]
    return np.asarray(image[:, :2] / image[:, 2:])


def naive(clip: Clip, frames: int) -> tuple[Maps, float, float]:
    """Match frames as a plain OpenCV pipeline does; give road_from_ego, wall s and CPU s a triplet."""
    return alone(_naive, clip.ego, clip.road, frames)


def _naive(ego_path: Path, road_path: Path, frames: int) -> tuple[Maps, float, float]:
    matrix, distortion = EGO_CAMERA.matrix, EGO_CAMERA.distortion
    videos = cv2.VideoCapture(str(ego_path)), cv2.VideoCapture(str(road_path))
    orb = cv2.ORB.create(nfeatures=1000)
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True)

    def homography(source: Any, target: Any) -> Maps:
        pairs = matcher.match(source[1], target[1])
        from_px = np.array([source[0][pair.queryIdx].pt for pair in pairs])
        to_px = np.array([target[0][pair.trainIdx].pt for pair in pairs])
        found, _ = cv2.findHomography(from_px, to_px, cv2.RANSAC, NAIVE_RANSAC_PX)
        return np.full((3, 3), np.nan) if found is None else np.asarray(found)

    maps, before = [], None
    for number in range(NAIVE_WARM_FRAMES + frames):
        if number == NAIVE_WARM_FRAMES:
            started, cpu = time.perf_counter(), time.process_time()
        (_, ego), (_, road) = (video.read() for video in videos)
        ego = cv2.cvtColor(cv2.undistort(ego, matrix, distortion), cv2.COLOR_BGR2GRAY)
        road = cv2.cvtColor(road, cv2.COLOR_BGR2GRAY)
        now = orb.detectAndCompute(ego, None), orb.detectAndCompute(road, None)
        maps.append(homography(*now))
        if before is not None:
            homography(before[0], now[0])
            homography(before[1], now[1])
        before = now
    wall_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    return np.array(maps), wall_s / frames, cpu_s / frames


def assemble(parts: tuple[Observations, ...], plan: AlignPlan, minutes: float) -> dict[str, float]:
    """Join and solve made-up observations of a drive; give the process's memory and CPU time."""
    return alone(_assemble, parts, plan.camera, plan.frame, minutes)


def _assemble(
    parts: tuple[Observations, ...], camera: EgoCamera, frame: MapFrame, minutes: float
) -> dict[str, float]:
    before_mb, started = peak_mb(), time.process_time()
    count = round(minutes * 1800)
    holed = [_with_gaps(part.shifted(-int(part.row[0]))) for part in parts]
    drive, first = [], 0
    for part in itertools.cycle(holed):
        drive.append(part.shifted(first))
        first += len(part)
        if first >= count:
            break
    found = solve(
        Observations.join(drive),
        camera=camera,
        frame=frame,
        time_s=np.arange(first) / 30,
        turn_rad=np.full((first, 3), np.nan),
    )
    return {
        "minutes": minutes,
        "rows": first,
        "carried_maps": sum(len(each.carried_row) for each in drive),
        "with_map": float(np.isfinite(found.normal_map[:, 0]).mean()),
        "before_mb": before_mb,
        "peak_mb": peak_mb(),
        "cpu_s": time.process_time() - started,
    }


def _with_gaps(seen: Observations) -> Observations:
    """Turn the direct maps of one second in ten into maps carried there from both ends."""
    gap = (seen.row % 300 >= 200) & (seen.row % 300 < 230) & seen.is_direct
    chosen = np.repeat(np.flatnonzero(gap), len(DIRECTIONS))
    return dataclasses.replace(
        seen,
        refusal=np.where(gap, 0, seen.refusal).astype(np.int8),
        inlier_count=np.where(gap, 0, seen.inlier_count).astype(np.int32),
        normal_map=np.where(gap[:, None], np.nan, seen.normal_map),
        covariance=np.where(gap[:, None], np.nan, seen.covariance),
        carried_row=seen.row[chosen],
        carried_direction=np.tile([0, 1], int(gap.sum())).astype(np.int8),
        carried_map=seen.normal_map[chosen],
        carried_covariance=seen.covariance[chosen],
        carried_inlier_count=seen.inlier_count[chosen],
        carried_sigma_px=seen.sigma_px[chosen],
    )


def worker_memory(plan: AlignPlan, seen: Survey) -> Swept:
    """Let a worker sweep the first, a middle and the last stretch of a drive."""
    chunks = chunks_of(plan, seen, rows=CHUNK_FRAMES, alone=False)
    return sweep([chunks[0], chunks[len(chunks) // 2], chunks[-1]], 1)


def peak_mb() -> float:
    """Give the largest memory that this process has had, MB."""
    status = Path("/proc/self/status")
    if status.exists():  # of this program alone; `ru_maxrss` remembers that of its parent as well
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes on macOS


def alone(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run something in a new process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()
