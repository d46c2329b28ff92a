"""The eye tracker's recording of a simulated drive, without its video."""

import uuid
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...eye_tracker import Event, GazePart, ImuPart, SceneCamera, write_native_invisible
from ..drive_tracker import WORLD_LEAD_S
from ..story import Story
from ..story.feeling import specific_force_g, turning_deg_s
from .drive import Clocks

FloatArray = NDArray[np.float64]

GAZE_LEAD_S, IMU_LEAD_S = 0.65, -0.4
"""How much earlier than the first real frame gaze begins; inertial samples begin after it."""

_IMU_STEP_S = 0.00494
_GYRO_BIAS_SD_DEG_S, _GYRO_NOISE_DEG_S = 0.3, 0.15
_FORCE_NOISE_G = 0.02


def write_tracker_files(
    folder: Path,
    story: Story,
    clocks: Clocks,
    camera: SceneCamera,
    *,
    world_s: FloatArray,
    gaze_s: FloatArray,
    gaze_px: FloatArray,
) -> Path:
    """Write gaze, inertial samples, events and time stamps.

    Parameters
    ----------
    folder
        The folder to make.
    story, clocks
        What happens, and when.
    camera
        The scene camera.
    world_s
        Tracker times of its frames.
    gaze_s, gaze_px
        Tracker times, shape (k,), and measured points, shape (k, 2), of gaze.
    """
    rng = np.random.default_rng([story.seed, 53])
    imu_s = np.arange(-IMU_LEAD_S, clocks.tracker_end_s, _IMU_STEP_S)
    phone_s = clocks.phone_s(imu_s)
    # The gyroscope measures by its own clock.
    turning = turning_deg_s(story.world_from_ego, phone_s) / clocks.rate
    turning += rng.normal(0, _GYRO_BIAS_SD_DEG_S, 3) + rng.normal(
        0, _GYRO_NOISE_DEG_S, turning.shape
    )
    force = specific_force_g(story.world_from_ego, phone_s)
    force += rng.normal(0, _FORCE_NOISE_G, force.shape)
    lead_ns = round(WORLD_LEAD_S * 1e3) * 10**6
    start_ns = clocks.first_frame_ns - lead_ns
    duration_ns = round((clocks.tracker_end_s + WORLD_LEAD_S) * 1e3) * 10**6
    return write_native_invisible(
        folder,
        start_time_ns=start_ns,
        duration_ns=duration_ns,
        recording_id=str(uuid.UUID(bytes=rng.bytes(16), version=4)),
        world_times_ns=[clocks.stamps_ns(world_s)],
        gaze=[
            GazePart(
                timestamp_ns=clocks.stamps_ns(gaze_s),
                points_px=gaze_px.astype(np.float32),
                worn=np.ones(len(gaze_s), dtype=np.bool_),
            )
        ],
        imu=[ImuPart(timestamp_ns=clocks.stamps_ns(imu_s), gyro_deg_s=turning, accel_g=force)],
        events=[
            Event(name="recording.begin", timestamp_ns=start_ns),
            *_events(story, clocks),
            Event(name="recording.end", timestamp_ns=start_ns + duration_ns),
        ],
        camera=camera,
    )


def _events(story: Story, clocks: Clocks) -> list[Event]:
    """Give what an observer would key in: stops and starts of the car."""
    found = []
    for stop in story.ride.stops:
        for name, at_s in (("stop", stop.start_s), ("go", stop.end_s)):
            tracker_s = clocks.offset_s + clocks.rate * at_s
            if 0 < tracker_s < clocks.tracker_end_s:
                stamp = clocks.first_frame_ns + round(tracker_s * 1e9)
                found.append(Event(name=name, timestamp_ns=stamp))
    return sorted(found, key=lambda event: event.timestamp_ns)
