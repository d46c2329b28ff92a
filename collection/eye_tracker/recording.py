"""One eye tracker recording, with the same streams whatever made it.

Times are integer nanoseconds of the device's clock since the Unix epoch. Points are distorted scene
camera pixels, (x, y), origin at the top left, pixel centres at integers. Left and right eye are the
wearer's.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["pupil_invisible", "neon"]
Source = Literal["native", "cloud"]


@dataclass(frozen=True, kw_only=True)
class RecordingNote:
    """Something in a recording that a user should know: mended, left out, or assumed.

    Attributes
    ----------
    code
        Stable name in capitals and dashes, such as ``CALIBRATION-DEFAULT``.
    message
        One sentence with the file or stream and the figures.
    """

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class SceneCamera:
    """Intrinsics of the scene camera: OpenCV's rational model with 8 coefficients.

    Attributes
    ----------
    matrix
        Shape (3, 3), px.
    distortion
        k1, k2, p1, p2, k3, k4, k5, k6; shape (8,).
    width_px, height_px
        Image size that the matrix belongs to.
    serial
        Serial number of the camera or module; None if unknown.
    origin
        Where the numbers come from; ``default`` means the device type's typical camera, whose
        principal point may be tens of pixels off.
    """

    matrix: NDArray[np.float64]
    distortion: NDArray[np.float64]
    width_px: int
    height_px: int
    serial: str | None
    origin: Literal["calibration.bin", "scene_camera.json", "default"]


@dataclass(frozen=True, kw_only=True)
class WorldPart:
    """One video file of the scene camera and the part of `WorldFrames` it covers.

    Attributes
    ----------
    path
        The video; None where only its time stamps exist (exports without video).
    number
        Part number of the file name (native), 1 for an export.
    first_frame, frame_count
        The rows of `WorldFrames` that belong to it.
    container_offset_ns
        Device time of the container's time zero, ns: `t_ns = container_offset_ns + 1e9 · t_s`.
        None without video.
    container_rate_ppm
        By how much the device's clock runs faster than the container's, measured over the part;
        None where too short to tell. Reported, not applied.
    """

    path: Path | None
    number: int
    first_frame: int
    frame_count: int
    container_offset_ns: int | None
    container_rate_ppm: float | None


@dataclass(frozen=True, kw_only=True)
class WorldFrames:
    """All frames of the scene camera over all parts, padding included; arrays of shape (n,).

    Attributes
    ----------
    timestamp_ns
        Ascending device time stamps.
    valid
        False for grey padding frames and frames that can't be decoded.
    part
        Index into `EyeTrackerRecording.world_parts`.
    pts
        Presentation time stamp of the frame in its part's video, in the stream's time base; -1
        where there is no video. A frame is found by its pts, never by index / rate.
    """

    timestamp_ns: NDArray[np.int64]
    valid: NDArray[np.bool_]
    part: NDArray[np.int32]
    pts: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class GazeSamples:
    """Gaze samples; arrays of shape (n,), ascending in time.

    Attributes
    ----------
    timestamp_ns
        Device time stamps.
    x_px, y_px
        Distorted scene camera pixels; may lie outside of the image; NaN where missing.
    worn
        Whether the glasses were worn; all True where the device did not say (see notes).
    rate
        ``gaze_200hz`` (recomputed after upload), ``realtime`` (on the phone) or ``cloud``.
    """

    timestamp_ns: NDArray[np.int64]
    x_px: NDArray[np.float64]
    y_px: NDArray[np.float64]
    worn: NDArray[np.bool_]
    rate: Literal["gaze_200hz", "realtime", "cloud"]


@dataclass(frozen=True, kw_only=True)
class ImuSamples:
    """Inertial samples, ascending in time.

    Attributes
    ----------
    timestamp_ns
        Shape (n,).
    gyro_deg_s
        Rotation rate about the device's axes, shape (n, 3).
    accel_g
        Specific force in units of 9.80665 m/s², shape (n, 3).
    quaternion
        Orientation w, x, y, z, shape (n, 4); None where the device has none (Pupil Invisible).
    axes
        ``x right, y down, z forward`` (Pupil Invisible) or ``x right, y forward, z up`` (Neon).
    """

    timestamp_ns: NDArray[np.int64]
    gyro_deg_s: NDArray[np.float64]
    accel_g: NDArray[np.float64]
    quaternion: NDArray[np.float64] | None
    axes: Literal["x right, y down, z forward", "x right, y forward, z up"]


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """Eye events as half-open intervals [start, end); arrays of shape (n,), ascending.

    Attributes
    ----------
    id
        Numbers as the device gives them, else 1, 2, …
    start_ns, end_ns
        Device time.
    method
        What found them, such as ``pupil_cloud`` or ``neon_device``.
    """

    id: NDArray[np.int64]
    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    method: str


@dataclass(frozen=True, kw_only=True)
class Event:
    """A named moment, from the device, its app or its network interface."""

    name: str
    timestamp_ns: int


@dataclass(frozen=True, kw_only=True)
class EyeTrackerRecording:
    """One recording of a Pupil Invisible or Neon eye tracker.

    ``None`` for a stream means that the recording does not have it; an empty stream means that it
    has it and nothing happened.
    """

    kind: Kind
    source: Source
    path: Path
    recording_id: str | None
    start_time_ns: int | None
    duration_ns: int | None
    info: dict[str, Any]
    scene_camera: SceneCamera
    world: WorldFrames
    world_parts: tuple[WorldPart, ...]
    gaze: GazeSamples
    imu: ImuSamples | None
    blinks: Intervals | None
    fixations: Intervals | None
    saccades: Intervals | None
    events: tuple[Event, ...]
    notes: tuple[RecordingNote, ...]

    @property
    def first_frame_ns(self) -> int:
        """Zero of `t_tracker_s`: the device time of the first world frame, padding included."""
        return int(self.world.timestamp_ns[0])
