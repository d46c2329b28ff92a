"""Writing native Pupil Invisible folders, as the phone's app does."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashgaze.errors import InputError, OutputError
from dashgaze.files import filling

from .native_gaze import WORN_VALUE
from .native_metadata import invisible_info, invisible_template, invisible_wearer
from .native_world import WORLD_PREFIX
from .record_layout import GAZE, IMU_INVISIBLE
from .recording import Event, SceneCamera
from .scene_camera import INVISIBLE_LAYOUT
from .stamps import LATEST_NS, STAMP


@dataclass(frozen=True, kw_only=True)
class GazePart:
    """Gaze of one part, or the recomputed gaze.

    Attributes
    ----------
    timestamp_ns
        Device stamps, shape (n,), ns.
    points_px
        Distorted scene camera pixels x, y, shape (n, 2); stored as float32.
    worn
        Whether the glasses were worn, shape (n,); None writes no such file.
    """

    timestamp_ns: NDArray[np.int64]
    points_px: NDArray[np.floating[Any]]
    worn: NDArray[np.bool_] | None = None


@dataclass(frozen=True, kw_only=True)
class ImuPart:
    """Inertial samples of one part; values are stored as float32.

    Attributes
    ----------
    timestamp_ns
        Device stamps, shape (n,), ns.
    gyro_deg_s, accel_g
        Shape (n, 3), axes x right, y down, z forward.
    """

    timestamp_ns: NDArray[np.int64]
    gyro_deg_s: NDArray[np.floating[Any]]
    accel_g: NDArray[np.floating[Any]]


def write_native_invisible(
    folder: Path,
    *,
    start_time_ns: int,
    duration_ns: int,
    recording_id: str,
    world_times_ns: Sequence[NDArray[np.int64]],
    gaze: Sequence[GazePart],
    gaze_200hz: GazePart | None = None,
    imu: Sequence[ImuPart] = (),
    events: Sequence[Event] | None = None,
    camera: SceneCamera | None = None,
    rotation: ArrayLike | None = None,
    info: Mapping[str, Any] | None = None,
    wearer_name: str = "wearer",
    world_videos: Sequence[Path | None] = (),
) -> Path:
    """Write a native Pupil Invisible folder; `open_recording` reads back what is given here.

    The folder is filled beside its place and renamed, so that it is there whole or not at all.
    Parts are numbered from 1. The scene camera's videos can be copied in, or be written afterwards
    as ``PI world v1 ps<N>.mp4``.

    Parameters
    ----------
    folder
        A new or empty folder.
    start_time_ns, duration_ns
        Device time of ``recording.begin``, and length.
    recording_id
        A UUID.
    world_times_ns
        Stamps of the world frames of each part, shape (n,), ns.
    gaze
        Real-time gaze of each part.
    gaze_200hz
        Gaze as recomputed by Pupil Cloud.
    imu
        Inertial samples of each part.
    events
        In the order in which they arrived; None for ``recording.begin`` and ``recording.end``.
    camera
        Intrinsics for ``calibration.bin``; None writes no such file.
    rotation
        Scene camera against the eye cameras for ``calibration.bin``, shape (3, 3); None for none.
    info
        Keys of ``info.json`` to add or replace.
    wearer_name
        For ``wearer.json``.
    world_videos
        A video to copy for each part, as .mp4; None or a missing item copies none.

    Returns
    -------
    Path
        `folder`.

    Raises
    ------
    InputError
        If arrays of a stream differ in length or shape, or a value can't be stored.
    OutputError
        If the folder exists and is not empty, or can't be written.
    """
    if not (0 <= start_time_ns < LATEST_NS and 0 <= duration_ns < LATEST_NS):
        raise InputError(
            f"A start at {start_time_ns} ns and a duration of {duration_ns} ns are no times; "
            "nanoseconds since 1970 are expected."
        )
    content = invisible_info(
        start_time_ns=start_time_ns,
        duration_ns=duration_ns,
        recording_id=recording_id,
        camera_serial=None if camera is None else camera.serial,
        changes=info or {},
    )
    if events is None:
        begin = Event(name="recording.begin", timestamp_ns=start_time_ns)
        events = (begin, Event(name="recording.end", timestamp_ns=start_time_ns + duration_ns))
    if len(world_videos) > len(world_times_ns):
        raise InputError(
            f"There are {len(world_videos)} world videos for {len(world_times_ns)} parts."
        )
    files = {
        "info.json": _json(content),
        "wearer.json": _json(invisible_wearer(content, wearer_name)),
        "template.json": _json(invisible_template(content)),
        **_world_files(world_times_ns),
        **_gaze_files(gaze, gaze_200hz),
        **_imu_files(imu),
        **_event_files(events),
    }
    if camera is not None:
        files["calibration.bin"] = pack_invisible_calibration(camera, rotation)
    videos = {
        f"{WORLD_PREFIX['pupil_invisible']} ps{number}.mp4": video
        for number, video in enumerate(world_videos, start=1)
        if video is not None
    }
    _write_folder(folder, files, videos)
    return folder


def pack_invisible_calibration(camera: SceneCamera, rotation: ArrayLike | None = None) -> bytes:
    """Give the 213 bytes of a Pupil Invisible's ``calibration.bin``.

    Raises
    ------
    InputError
        If the serial number has more than 5 ASCII characters or an array has another shape.
    """
    serial = (camera.serial or "00000").encode("ascii", errors="replace")
    if len(serial) > INVISIBLE_LAYOUT["serial"].itemsize:
        raise InputError(
            f"The scene camera's serial number {camera.serial!r} is too long.",
            fix="A Pupil Invisible's has 5 letters and digits.",
        )
    record = np.zeros((), dtype=INVISIBLE_LAYOUT)
    record["serial"] = serial
    record["matrix"] = _shaped(camera.matrix, (3, 3), "The camera matrix")
    record["distortion"] = _shaped(camera.distortion, (8,), "The distortion")
    record["rotation"] = _shaped(np.eye(3) if rotation is None else rotation, (3, 3), "rotation")
    return record.tobytes()


def _world_files(parts: Sequence[NDArray[np.int64]]) -> dict[str, bytes]:
    return {
        f"{WORLD_PREFIX['pupil_invisible']} ps{number}.time": _stamps(stamps, f"world {number}")
        for number, stamps in enumerate(parts, start=1)
    }


def _gaze_files(parts: Sequence[GazePart], fine: GazePart | None) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    named = [(f" ps{number}", part) for number, part in enumerate(parts, start=1)]
    if fine is not None:
        named.append(("_200hz", fine))
    for suffix, part in named:
        what = f"gaze{suffix}"
        count = len(part.timestamp_ns)
        points = _shaped(part.points_px, (count, 2), what).astype(GAZE["x"])
        files[f"gaze{suffix}.raw"] = points.tobytes()
        files[f"gaze{suffix}.time"] = _stamps(part.timestamp_ns, what)
        if part.worn is not None:
            worn = _shaped(part.worn, (count,), f"worn{suffix}").astype(np.bool_)
            files[f"worn{suffix}.raw"] = (worn * np.uint8(WORN_VALUE)).astype(np.uint8).tobytes()
    return files


def _imu_files(parts: Sequence[ImuPart]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for number, part in enumerate(parts, start=1):
        what = f"extimu ps{number}"
        records = np.zeros(len(part.timestamp_ns), dtype=IMU_INVISIBLE)
        records["gyro"] = _shaped(part.gyro_deg_s, (len(records), 3), f"gyro of {what}")
        records["accel"] = _shaped(part.accel_g, (len(records), 3), f"accel of {what}")
        files[f"{what}.raw"] = records.tobytes()
        files[f"{what}.time"] = _stamps(part.timestamp_ns, what)
    return files


def _event_files(events: Sequence[Event]) -> dict[str, bytes]:
    for event in events:
        if "\n" in event.name or event.name.endswith("\r"):
            raise InputError(
                f"The event name {event.name!r} holds a line end.",
                fix="Each event is one line of event.txt.",
            )
    stamps = np.array([event.timestamp_ns for event in events], dtype=np.int64)
    return {
        "event.txt": "".join(f"{event.name}\n" for event in events).encode(),
        "event.time": _stamps(stamps, "events"),
    }


def _stamps(timestamp_ns: NDArray[np.int64], what: str) -> bytes:
    stamps = np.asarray(timestamp_ns)
    if stamps.ndim != 1 or stamps.dtype.kind not in "iu":
        raise InputError(
            f"The stamps of {what} have shape {stamps.shape} and type {stamps.dtype}; "
            "whole nanoseconds of shape (n,) are expected."
        )
    return stamps.astype(STAMP).tobytes()


def _shaped(values: ArrayLike, shape: tuple[int, ...], what: str) -> NDArray[Any]:
    array = np.asarray(values)
    if array.shape != shape:
        raise InputError(f"{what} has shape {array.shape}; {shape} is expected.")
    return array


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, indent=4, ensure_ascii=False).encode()


def _write_folder(folder: Path, files: Mapping[str, bytes], videos: Mapping[str, Path]) -> None:
    try:
        with filling(folder) as unfinished:
            for name, content in files.items():
                with (unfinished / name).open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            for name, video in videos.items():
                shutil.copyfile(video, unfinished / name)
    except OSError as error:
        raise OutputError(
            f"{folder} can't be written: {error.strerror or error}.",
            fix="Check that the place is writable and has space left.",
            path=folder,
        ) from error
