"""How long the numbers of the ``frames`` stage take for an hour of driving.

Made up: 60 min of 30 Hz ego, road and driver video, 200 Hz gaze, 202 Hz inertial samples, a blink every
4 s, a location fix every second. Reading and writing files is left out, except for the last line.

Run: .venv/bin/python scripts/bench_frames.py [MINUTES]
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dashgaze.alignment.fixations import find_fixations
from dashgaze.alignment.frame_grid import frame_interval, gaze_by_frame, mean_by_frame, nearest_frame
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
from dashgaze.stages.eye_events import choose_eye_events
from dashgaze.stages.frame_columns import PhoneStreams, build_tables

LIMIT_S = 5.0
REPEATS = 3
START_NS = 1_778_571_362_134_000_000


def main(minutes: float) -> int:
    recording = make_recording(minutes)
    phone = make_phone(minutes)
    time_map = TimeMap([ClockLine(phone_start_s=0, phone_end_s=60, offset_s=-7.3, drift_ppm=35)])
    gaze, world, camera = recording.gaze, recording.world, recording.scene_camera
    points = np.column_stack([gaze.x_px, gaze.y_px])
    usable = np.isfinite(points).all(axis=1)
    count = len(world.timestamp_ns)
    limit = frame_interval(world.timestamp_ns)
    frame = nearest_frame(world.timestamp_ns, gaze.timestamp_ns, within=limit)
    imu = np.hstack([recording.imu.gyro_deg_s, recording.imu.accel_g])

    def ours() -> object:
        near = nearest_frame(world.timestamp_ns, gaze.timestamp_ns, within=limit)
        return gaze_by_frame(near, points, usable=usable, worn=gaze.worn, frame_count=count)

    def whole() -> object:
        events = choose_eye_events(recording, device_fixations=True, velocity_px_s=900)
        return build_tables(
            "bench", recording, events, time_map=time_map, phone=phone, max_speed_gap_s=5.0
        )
