"""Small recordings with known content for the eye tracker tests."""

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from dashgaze.collection.eye_tracker import (
    EyeTrackerRecording,
    GazePart,
    ImuPart,
    SceneCamera,
    write_native_invisible,
)

START_NS = 1_700_000_000_000_000_000
RECORDING_ID = "b2345e8e-d5d9-49fe-a6bc-2a04432a24e5"
GREY = 100

Build = Callable[..., Path]


def stamps(count: int, *, first_s: float = 1.35, step_ns: int = 33_366_700) -> np.ndarray:
    """Give ascending stamps, `first_s` after the start of the recording."""
    return START_NS + round(first_s * 1e9) + step_ns * np.arange(count, dtype=np.int64)


def gaze_part(count: int = 100, *, first_s: float = 1.2, worn: bool = True) -> GazePart:
    """Give gaze at 200 Hz whose points tell their place."""
    points = np.stack([np.arange(count) / 8, -88 + np.arange(count) / 4], axis=1)
    return GazePart(
        timestamp_ns=stamps(count, first_s=first_s, step_ns=5_000_000),
        points_px=points,
        worn=np.arange(count) % 7 != 0 if worn else None,
    )


def imu_part(count: int = 60, *, first_s: float = 1.7) -> ImuPart:
    """Give inertial samples whose values tell their place."""
    place = np.arange(count * 3).reshape(count, 3)
    return ImuPart(
        timestamp_ns=stamps(count, first_s=first_s, step_ns=4_940_000),
        gyro_deg_s=place / 16,
        accel_g=-place / 1024,
    )


def scene_camera() -> SceneCamera:
    """Give the real camera of the Cloud export that this format was learnt from."""
    return SceneCamera(
        matrix=np.array(
            [[758.4496713313719, 0, 527.8879057509266], [0, 757.7808640950572, 533.53], [0, 0, 1]]
        ),
        distortion=np.array([-0.1247, 0.0994, 0.00045, 0.00094, 0.0171, 0.2010, 0.0104, 0.0622]),
        width_px=1088,
        height_px=1080,
        serial="rx7vp",
        origin="calibration.bin",
    )


def build_invisible(folder: Path, **changes: Any) -> Path:
    """Write a native Pupil Invisible folder of a second and a half."""
    content: dict[str, Any] = {
        "start_time_ns": START_NS,
        "duration_ns": 3_000_000_000,
        "recording_id": RECORDING_ID,
        "world_times_ns": [stamps(30)],
        "gaze": [gaze_part()],
        "imu": [imu_part()],
        "camera": scene_camera(),
    }
    return write_native_invisible(folder, **(content | changes))


def write_video(
    path: Path,
    pts: list[int],
    *,
    time_base: Fraction = Fraction(1, 90_000),
    size: tuple[int, int] = (1088, 1080),
    grey: frozenset[int] = frozenset(),
    gop: int = 12,
    index_first: bool = False,
) -> Path:
    """Write an H.264 video with given times; frames in `grey` have the colour of padding."""
    width, height = size
    options = {"movflags": "faststart"} if index_first else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"preset": "ultrafast", "g": f"{gop}", "bf": "0", "threads": "1"}
        stream.codec_context.time_base = time_base
        for place, at in enumerate(pts):
            picture = np.full((height, width, 3), GREY, dtype=np.uint8)
            if place not in grey:
                picture[: height // 2] = 120 + 4 * (place % 30)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = at, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def fastest_s(work: Callable[[], object]) -> float:
    """Give the shorter time of two runs, since other work may run beside the tests."""
    times = []
    for _ in range(2):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def codes(recording: EyeTrackerRecording) -> list[str]:
    """Give the codes of a recording's notes."""
    return [note.code for note in recording.notes]


def message(recording: EyeTrackerRecording, code: str) -> str:
    """Give the only note with a code."""
    (found,) = [note.message for note in recording.notes if note.code == code]
    return found


class Kit:
    """The helpers of this folder's tests (tests can't import one another)."""

    START_NS = START_NS
    RECORDING_ID = RECORDING_ID
    stamps = staticmethod(stamps)
    gaze_part = staticmethod(gaze_part)
    imu_part = staticmethod(imu_part)
    scene_camera = staticmethod(scene_camera)
    build_invisible = staticmethod(build_invisible)
    write_video = staticmethod(write_video)
    fastest_s = staticmethod(fastest_s)
    codes = staticmethod(codes)
    message = staticmethod(message)


@pytest.fixture(scope="session")
def kit() -> type[Kit]:
    """Builders of small recordings with known content."""
    return Kit


@pytest.fixture
def native(tmp_path: Path) -> Path:
    """A faultless native Pupil Invisible folder, without video."""
    return build_invisible(tmp_path / "native")
