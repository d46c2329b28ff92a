"""How long the numbers of the ``frames`` stage take for an hour of driving.

Made up: 30 Hz ego, road and driver video, 200 Hz gaze, 202 Hz inertial samples, a blink every 4 s, a
location fix every second. Reading media is left out; writing the tables has a line of its own.

The naive way is what one would write first with pandas: `merge_asof` to the nearest frame, then
`groupby` with a mean, a median, a count and a function of one's own for the spread.

Run: .venv/bin/python scripts/bench_frames.py [MINUTES]
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dashgaze.alignment.fixations import VELOCITY_PX_S
from dashgaze.alignment.frame_grid import frame_interval, gaze_by_frame, nearest_frame
from dashgaze.alignment.gaze_angles import gaze_angles_deg
from dashgaze.alignment.time_map import ClockLine, TimeMap
from dashgaze.collection.eye_tracker import (
    EyeTrackerRecording,
    GazeSamples,
    ImuSamples,
    Intervals,
    SceneCamera,
    WorldFrames,
)
from dashgaze.stages.eye_events import EyeEvents, choose_eye_events
from dashgaze.stages.frame_columns import PhoneStreams, build_tables

LIMIT_S = 5.0
REPEATS = 3
START_NS = 1_778_571_362_134_000_000
OFFSET_S = -7.3

T = TypeVar("T")


def main(minutes: float) -> int:
    recording, phone = make_recording(minutes * 60), make_phone(minutes * 60)
    line = ClockLine(phone_start_s=0, phone_end_s=minutes * 60, offset_s=OFFSET_S, drift_ppm=35)
    gaze, world, camera = recording.gaze, recording.world, recording.scene_camera
    points_px = np.column_stack([gaze.x_px, gaze.y_px])
    usable = np.isfinite(points_px).all(axis=1)
    limit_ns = frame_interval(world.timestamp_ns)

    def frame_gaze() -> NDArray[np.float64]:
        frame = nearest_frame(world.timestamp_ns, gaze.timestamp_ns, within=limit_ns)
        by_frame = gaze_by_frame(
            frame, points_px, usable=usable, worn=gaze.worn, frame_count=len(world.timestamp_ns)
        )
        return np.column_stack(
            [by_frame.mean_px, by_frame.median_px, by_frame.count, by_frame.spread_px]
        )

    def tables() -> tuple[pa.Table, pa.Table]:
        return build_tables(
            "bench",
            recording,
            eye_events(recording),
            time_map=TimeMap([line]),
            phone=phone,
            max_speed_gap_s=5,
        )

    ours_s, ours = clocked(frame_gaze)
    streams = world.timestamp_ns, gaze.timestamp_ns, points_px, limit_ns
    naive_s, naive = clocked(lambda: naive_frame_gaze(*streams, spread=True), repeats=1)
    easy_s, _ = clocked(lambda: naive_frame_gaze(*streams, spread=False))
    angles_s, _ = clocked(lambda: gaze_angles_deg(points_px, camera.matrix, camera.distortion))
    events_s, _ = clocked(lambda: eye_events(recording))
    whole_s, built = clocked(tables)
    writing_s, _ = clocked(lambda: write(built))

    print(f"{minutes:g} min, {len(world.timestamp_ns)} frames, {len(usable)} gaze samples")
    print(f"{'gaze by frame':<30}{ours_s:8.3f} s")
    print(f"{'  naive pandas':<30}{naive_s:8.3f} s   {naive_s / ours_s:6.1f} × as long")
    print(f"{'  naive pandas, no spread':<30}{easy_s:8.3f} s   {easy_s / ours_s:6.1f} × as long")
    print(f"{'  largest difference':<30}{np.nanmax(np.abs(ours - naive)):8.1e} px")
    print(f"{'gaze angles, all samples':<30}{angles_s:8.3f} s")
    print(f"{'fixations (I-VT), blinks':<30}{events_s:8.3f} s")
    print(f"{'all of the stage':<30}{whole_s:8.3f} s   limit {LIMIT_S:g} s")
    print(f"{'writing both tables':<30}{writing_s:8.3f} s")
    return 0 if whole_s < LIMIT_S else 1


def eye_events(recording: EyeTrackerRecording) -> EyeEvents:
    return choose_eye_events(recording, device_fixations=True, velocity_px_s=VELOCITY_PX_S)


def clocked(work: Callable[[], T], *, repeats: int = REPEATS) -> tuple[float, T]:
    """Time the best of a few runs, s."""
    best_s = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        best_s = min(best_s, time.perf_counter() - start)
    return best_s, result


def naive_frame_gaze(
    frame_ns: NDArray[np.int64],
    gaze_ns: NDArray[np.int64],
    points_px: NDArray[np.float64],
    limit_ns: float,
    *,
    spread: bool,
) -> NDArray[np.float64]:
    samples = pd.DataFrame({"t": gaze_ns, "x": points_px[:, 0], "y": points_px[:, 1]})
    grid = pd.DataFrame({"t": frame_ns, "frame": np.arange(len(frame_ns))})
    near = pd.merge_asof(samples, grid, on="t", direction="nearest", tolerance=int(limit_ns))
    groups = near.dropna().groupby("frame")
    points = groups[["x", "y"]]
    columns = [points.mean(), points.median(), groups["x"].count()]
    if spread:
        columns.append(points.apply(lambda g: np.sqrt(((g - g.mean()) ** 2).sum(axis=1).mean())))
    table = pd.concat(columns, axis=1).reindex(range(len(frame_ns)))
    return table.to_numpy(dtype=np.float64)


def write(tables: tuple[pa.Table, pa.Table]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for i, table in enumerate(tables):
            pq.write_table(table, Path(folder) / f"{i}.parquet", compression="zstd")


def make_recording(length_s: float) -> EyeTrackerRecording:
    rng = np.random.default_rng(7)
    gaze_ns = stamps(rng, length_s, 200)
    imu_ns = stamps(rng, length_s, 202)
    frame_ns = stamps(rng, length_s, 30)
    blink_start = START_NS + np.arange(2, length_s, 4) * 10**9
    # fixations of a third of a second, a degree of noise around each
    targets = rng.normal(540, 150, (int(length_s * 3) + 1, 2))
    index = ((gaze_ns - START_NS) * 3 // 10**9).clip(0, len(targets) - 1)
    points = targets[index] + rng.normal(0, 3, (len(gaze_ns), 2))
    return EyeTrackerRecording(
        kind="pupil_invisible",
        source="native",
        path=Path(),
        recording_id=None,
        start_time_ns=START_NS,
        duration_ns=None,
        info={},
        scene_camera=SceneCamera(
            matrix=np.array([[766.3, 0, 543.6], [0, 766.4, 566.1], [0, 0, 1]]),
            distortion=np.array(
                [-0.1239, 0.0998, 0.00138, -0.00037, 0.02007, 0.20522, 0.00992, 0.06632]
            ),
            width_px=1088,
            height_px=1080,
            serial=None,
            origin="calibration.bin",
        ),
        world=WorldFrames(
            timestamp_ns=frame_ns,
            valid=np.ones(len(frame_ns), dtype=np.bool_),
            part=np.zeros(len(frame_ns), dtype=np.int32),
            pts=np.arange(len(frame_ns)),
        ),
        world_parts=(),
        gaze=GazeSamples(
            timestamp_ns=gaze_ns,
            x_px=points[:, 0],
            y_px=points[:, 1],
            worn=np.ones(len(gaze_ns), dtype=np.bool_),
            rate="gaze_200hz",
        ),
        imu=ImuSamples(
            timestamp_ns=imu_ns,
            gyro_deg_s=rng.normal(0, 20, (len(imu_ns), 3)),
            accel_g=rng.normal(0, 0.1, (len(imu_ns), 3)),
            quaternion=None,
            axes="x right, y down, z forward",
        ),
        blinks=Intervals(
            id=np.arange(1, len(blink_start) + 1),
            start_ns=blink_start.astype(np.int64),
            end_ns=blink_start.astype(np.int64) + 200_000_000,
            method="bench",
        ),
        fixations=None,
        saccades=None,
        events=(),
        notes=(),
    )


def make_phone(length_s: float) -> PhoneStreams:
    rng = np.random.default_rng(8)
    fix_s = np.arange(0, length_s, 1.0)
    return PhoneStreams(
        road_s=(stamps(rng, length_s, 30) - START_NS) / 1e9,
        driver_s=(stamps(rng, length_s, 30) - START_NS) / 1e9,
        fix_s=fix_s,
        speed_m_s=10 + np.sin(fix_s / 30),
    )


def stamps(rng: np.random.Generator, length_s: float, rate_hz: float) -> NDArray[np.int64]:
    """Make ascending times with jitter, ns."""
    steps_ns = rng.uniform(0.8, 1.2, int(length_s * rate_hz)) * 1e9 / rate_hz
    return START_NS + np.cumsum(steps_ns).astype(np.int64)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60))
