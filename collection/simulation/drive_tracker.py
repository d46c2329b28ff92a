"""The eye tracker's recording of a simulated drive, without its video."""

import uuid
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..eye_tracker import Event, GazePart, ImuPart, SceneCamera, write_native_invisible
from ..eye_tracker.scene_camera import typical_camera

WORLD_LEAD_S = 1.35
"""From the start of a recording to its first real scene camera frame, as a Pupil Invisible has it."""

_GYRO_BIAS_DEG_S = (-0.4, 0.2, 0.3)
_GYRO_NOISE_DEG_S = 0.15


def scene_camera() -> SceneCamera:
    """Give the tracker's scene camera: a unit of its own, not quite the typical one."""
    camera = replace(typical_camera("pupil_invisible"), serial="sim01")
    camera.matrix[:2, 2] += (-9.0, 12.0)
    return camera


def imu_times(end_s: float) -> NDArray[np.float64]:
    """Give the tracker times of the inertial samples, shape (n,), s."""
    return np.arange(1.75 - WORLD_LEAD_S, end_s, 0.00494)


def write_tracker(
    folder: Path,
    rng: np.random.Generator,
    *,
    first_frame_ns: int,
    end_s: float,
    world_s: NDArray[np.float64],
    gaze_s: NDArray[np.float64],
    gaze_px: NDArray[np.float32],
    imu_s: NDArray[np.float64],
    turning_deg_s: NDArray[np.float64],
) -> Path:
    """Write all but the video.

    Parameters
    ----------
    folder
        The folder to make.
    rng
        Random numbers.
    first_frame_ns
        Device stamp of the first scene camera frame, at tracker time 0.
    end_s
        End of the recording, tracker time.
    world_s
        Times of the scene camera's frames.
    gaze_s, gaze_px
        Times, shape (k,), and points, shape (k, 2), of gaze.
    imu_s, turning_deg_s
        Times, shape (m,), and the true rotation rate, shape (m, 3), which the gyroscope gives with
        noise and bias. The accelerometer feels an upright head.
    """

    def stamps(time_s: NDArray[np.float64]) -> NDArray[np.int64]:
        return first_frame_ns + np.round(time_s * 1e9).astype(np.int64)

    shape = (len(imu_s), 3)
    turning = turning_deg_s + _GYRO_BIAS_DEG_S + rng.normal(0, _GYRO_NOISE_DEG_S, shape)
    force = np.array([0.0, -0.985, 0.0]) + rng.normal(0, 0.02, shape)
    start_ns = first_frame_ns - round(WORLD_LEAD_S * 1e3) * 10**6
    duration_ns = round((end_s + WORLD_LEAD_S) * 1e3) * 10**6
    return write_native_invisible(
        folder,
        start_time_ns=start_ns,
        duration_ns=duration_ns,
        recording_id=str(uuid.UUID(bytes=rng.bytes(16), version=4)),
        world_times_ns=[stamps(world_s)],
        gaze=[
            GazePart(
                timestamp_ns=stamps(gaze_s),
                points_px=gaze_px,
                worn=np.ones(len(gaze_s), dtype=np.bool_),
            )
        ],
        imu=[ImuPart(timestamp_ns=stamps(imu_s), gyro_deg_s=turning, accel_g=force)],
        events=[
            Event(name="recording.begin", timestamp_ns=start_ns),
            Event(name="recording.end", timestamp_ns=start_ns + duration_ns),
        ],
        camera=scene_camera(),
    )
