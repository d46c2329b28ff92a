"""Writing native Neon folders, as far as a drive needs them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import OutputError
from dashgaze.files import filling

from ...eye_tracker import Event, GazePart, ImuPart, SceneCamera
from ...eye_tracker.record_layout import GAZE, IMU_NEON
from ...eye_tracker.stamps import STAMP
from .neon_calibration import pack_neon_calibration

_WORN = 255
_MODULE_SERIAL = "578001"


def write_native_neon(
    folder: Path,
    *,
    start_time_ns: int,
    duration_ns: int,
    recording_id: str,
    world_times_ns: Sequence[NDArray[np.int64]],
    gaze: Sequence[GazePart],
    imu: Sequence[ImuPart],
    events: Sequence[Event],
    camera: SceneCamera,
    info: Mapping[str, Any],
    wearer_name: str,
) -> Path:
    """Write a native Neon folder without its videos; arguments as of `write_native_invisible`.

    There are no eye videos, blinks, fixations or eye states. The quaternion is that of a head at rest.

    Raises
    ------
    OutputError
        If the folder exists and is not empty, or can't be written.
    """
    content = {
        "app_version": "2.9.31-prod",
        "data_format_version": "2.5",
        "duration": duration_ns,
        "gaze_frequency": 200,
        "gaze_offset": [0.0, 0.0],
        "module_serial_number": _MODULE_SERIAL,
        "recording_id": recording_id,
        "start_time": start_time_ns,
        "wearer_id": recording_id,
        **info,
    }
    files: dict[str, bytes] = {
        "info.json": json.dumps(content, indent=4).encode(),
        "wearer.json": json.dumps({"uuid": recording_id, "name": wearer_name}).encode(),
        "calibration.bin": pack_neon_calibration(camera, _MODULE_SERIAL),
        "event.txt": "".join(f"{event.name}\n" for event in events).encode(),
        "event.time": np.array([event.timestamp_ns for event in events], dtype=STAMP).tobytes(),
    }
    for number, stamps in enumerate(world_times_ns, start=1):
        files[f"Neon Scene Camera v1 ps{number}.time"] = stamps.astype(STAMP).tobytes()
    for number, samples in enumerate(gaze, start=1):
        files[f"gaze ps{number}.time"] = samples.timestamp_ns.astype(STAMP).tobytes()
        files[f"gaze ps{number}.raw"] = samples.points_px.astype(GAZE["x"]).tobytes()
        if samples.worn is not None:
            worn = samples.worn.astype(np.uint8) * np.uint8(_WORN)
            files[f"worn ps{number}.raw"] = worn.tobytes()
    for number, motion in enumerate(imu, start=1):
        files[f"imu ps{number}.raw"] = _imu(motion)
    try:
        with filling(folder) as unfinished:
            for name, data in files.items():
                (unfinished / name).write_bytes(data)
    except OSError as error:
        raise OutputError(
            f"{folder} can't be written: {error.strerror or error}.", path=folder
        ) from error
    return folder


def _imu(motion: ImuPart) -> bytes:
    records = np.zeros(len(motion.timestamp_ns), dtype=IMU_NEON)
    records["timestamp_ns"] = motion.timestamp_ns
    records["quaternion_w"] = 1.0
    for index, axis in enumerate("xyz"):
        records[f"gyro_{axis}"] = motion.gyro_deg_s[:, index]
        records[f"accel_{axis}"] = motion.accel_g[:, index]
    return records.tobytes()
