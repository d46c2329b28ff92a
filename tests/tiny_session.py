"""Half a minute of a drive, made up: small files with known content for tests of whole sessions."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from dashgaze.collection.eye_tracker import (
    GazePart,
    ImuPart,
    SceneCamera,
    write_native_invisible,
)
from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.media import Sound

DURATION_S = 32.0
RATE_HZ = 16_000
START = datetime(2026, 5, 12, 7, 30, tzinfo=UTC)
START_NS = int(START.timestamp()) * 10**9
TRACKER_START_NS = START_NS + 500_000_000

MANIFEST = """\
schema: dashgaze/session/1
session_id: tiny
driver_id: D01
recorded_at: 2026-05-12T09:30:00+02:00
car: VW Golf
camera_position: under_mirror
weather: clear
lighting: day
eyewear: none
passengers: 0
consent:
  version: '1.0'
  scope: raw
phone:
  model: Pixel 7
  road: phone/road.mp4
  driver: phone/driver.mp4
  location: phone/location.csv
eye_tracker:
  kind: pupil_invisible
  path: eye_tracker
"""


def make_noise(duration_s: float = DURATION_S, *, seed: int = 1, level: float = 0.1) -> Sound:
    rng = np.random.default_rng(seed)
    samples = rng.normal(0, level, round(duration_s * RATE_HZ)).astype(np.float32)
    return Sound(samples=samples, rate_hz=RATE_HZ, start_s=0.0)


def times_of(duration_s: float = DURATION_S, *, rate_hz: float = 25.0) -> np.ndarray:
    return np.arange(round(duration_s * rate_hz)) / rate_hz


def write_road(path: Path, **changes) -> Path:
    given = {"times_s": times_of(), "size_px": (96, 64), "sound": make_noise()} | changes
    return write_video(path, **given)


def write_driver(path: Path, **changes) -> Path:
    given = {"times_s": times_of(rate_hz=20.0), "size_px": (48, 64)} | changes
    return write_video(path, **given)


def write_location(path: Path, *, start_ns: int = START_NS) -> Path:
    rows = [
        f"{start_ns + second * 10**9},{52.39 + second * 1e-4:.6f},13.070000,11.1"
        for second in range(32)
    ]
    header = "timestamp [ns],latitude,longitude,speed [m/s]"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def write_tracker(
    folder: Path,
    *,
    sound: Sound | None = None,
    with_sound: bool = True,
    size_px: tuple[int, int] = (64, 62),
    start_ns: int = TRACKER_START_NS,
    duration_s: float = DURATION_S - 1,
    worn: bool = True,
) -> Path:
    stamps_s = times_of(duration_s, rate_hz=30.0)
    world_ns = start_ns + 100_000_000 + np.round(stamps_s * 1e9).astype(np.int64)
    gaze_ns = start_ns + np.arange(round((duration_s + 0.5) * 66)) * (10**9 // 66)
    points = np.full((len(gaze_ns), 2), (500.0, 600.0), dtype=np.float32)
    imu_ns = start_ns + np.arange(round(duration_s * 50)) * 20_000_000
    video = folder.parent / f"{folder.name}_world.mp4"
    write_video(
        video,
        times_s=stamps_s,
        size_px=size_px,
        images=np.full((size_px[1], size_px[0], 3), 90, dtype=np.uint8),
        sound=(sound or make_noise(duration_s, seed=1)) if with_sound else None,
        options=FileOptions(video_options={"preset": "ultrafast"}),
    )
    camera = SceneCamera(
        matrix=np.array([[770.0, 0, 540], [0, 770, 540], [0, 0, 1]]),
        distortion=np.zeros(8),
        width_px=1088,
        height_px=1080,
        serial="abcde",
        origin="calibration.bin",
    )
    write_native_invisible(
        folder,
        start_time_ns=start_ns,
        duration_ns=round(duration_s * 1e9),
        recording_id="0c668683-59dd-4d33-a2aa-f4ba6a98a7b1",
        world_times_ns=[world_ns],
        gaze=[GazePart(timestamp_ns=gaze_ns, points_px=points, worn=np.full(len(gaze_ns), worn))],
        imu=[
            ImuPart(
                timestamp_ns=imu_ns,
                gyro_deg_s=np.zeros((len(imu_ns), 3)),
                accel_g=np.tile((0.0, 1.0, 0.0), (len(imu_ns), 1)),
            )
        ],
        camera=camera,
        world_videos=[video],
    )
    video.unlink()
    return folder


def write_session(folder: Path) -> Path:
    """Write a session without a fault."""
    (folder / "phone").mkdir(parents=True)
    write_road(folder / "phone" / "road.mp4")
    write_driver(folder / "phone" / "driver.mp4")
    write_location(folder / "phone" / "location.csv")
    write_tracker(folder / "eye_tracker")
    (folder / "session.yaml").write_text(MANIFEST, encoding="utf-8")
    return folder


def copy_of(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    return target
