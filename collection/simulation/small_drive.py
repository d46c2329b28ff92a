"""A small session with exactly known truth: real files, tiny pictures, sound as in a car.

It shows that the clocks can be aligned and the streams brought together. Its pictures hold nothing
that could be matched: the road and the ego view are patterns, not one scene.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import OutputError
from dashgaze.files import filling, write_text
from dashgaze.progress import Progress, silent
from dashgaze.schemas.manifest import (
    MANIFEST_NAME,
    SESSION_SCHEMA,
    Consent,
    EyeTracker,
    Phone,
    SessionManifest,
    dump_manifest,
)

from ..eye_tracker import Event, GazePart, ImuPart, write_native_invisible
from ..eye_tracker.scene_camera import typical_camera
from .media_writer import FileOptions, write_video
from .sound import CarSound, Device, simulate_pair

SOUND_RATE_HZ = 48000
WORLD_LEAD_S = 1.35
"""From the start of a recording to its first real scene camera frame, as a Pupil Invisible has it."""

_TRACKER_SOUND_START_S = 0.061
_PHONE_SOUND_START_S = 0.137
_TICK_S = 1 / 90000
_FAST = FileOptions(video_options={"preset": "ultrafast"})


@dataclass(frozen=True, kw_only=True)
class SmallDrive:
    """What is drawn into a small session.

    Attributes
    ----------
    seconds
        Length of the phone's recording, s.
    offset_s, drift_ppm
        The truth: ``t_tracker = offset_s + (1 + drift_ppm · 1e-6) · t_phone``. A negative offset
        means that the phone was started first, as it should be.
    scene
        What is heard in the car.
    ego_size_px, phone_size_px
        Size of the pictures. Tiny ones are made fast, but gaze and calibration of a Pupil Invisible
        belong to 1088 × 1080 px, and `dashgaze check` says so.
    driver_sound
        Whether the driver video has sound of its own.
    sound
        Whether phone and tracker record sound at all.
    seed
        Same seed, same session.
    """

    seconds: float = 60.0
    offset_s: float = -4.217
    drift_ppm: float = 31.0
    scene: CarSound = field(default_factory=lambda: CarSound(speech_share=0.2))
    ego_size_px: tuple[int, int] = (1088, 1080)
    phone_size_px: tuple[int, int] = (320, 180)
    driver_sound: bool = False
    sound: bool = True
    seed: int = 7


_USUAL = SmallDrive()


def simulate_small_drive(
    folder: Path, drive: SmallDrive = _USUAL, *, progress: Progress = silent
) -> Path:
    """Write a small session folder with ``truth/``.

    Parameters
    ----------
    folder
        A new or empty folder; its name becomes the session's.
    drive
        What is drawn.
    progress
        Where to report to.

    Returns
    -------
    Path
        `folder`, complete: it is filled beside its place and renamed.

    Raises
    ------
    OutputError
        If the folder is not empty or can't be written.
    """
    with filling(folder) as work:
        _fill(work, folder.name, drive, progress)
    return folder


def _fill(work: Path, name: str, drive: SmallDrive, progress: Progress) -> None:
    rng = np.random.default_rng(drive.seed)
    rate = 1 + drive.drift_ppm * 1e-6
    tracker_end_s = drive.offset_s + rate * (drive.seconds + 1.0)
    if tracker_end_s < 5:
        raise OutputError(
            f"With an offset of {drive.offset_s} s the tracker would record {tracker_end_s:.1f} s.",
            fix="Make the drive longer or the offset larger.",
        )
    world_s = _frame_times(rng, tracker_end_s, 29.97)
    road_s = _frame_times(rng, drive.seconds, 30.0)
    driver_s = _frame_times(rng, drive.seconds, 30.0) + round(0.018 / _TICK_S) * _TICK_S
    progress("sound", 0.05)
    tracker_sound, phone_sound = simulate_pair(
        drive.scene,
        Device(duration_s=tracker_end_s, highpass_hz=120.0, start_s=_TRACKER_SOUND_START_S),
        Device(duration_s=drive.seconds, start_s=_PHONE_SOUND_START_S),
        offset_s=drive.offset_s,
        drift_ppm=drive.drift_ppm,
        rate_hz=SOUND_RATE_HZ,
        seed=drive.seed,
    )
    recorded_at = datetime(2026, 5, 12, 9, 30, tzinfo=timezone(timedelta(hours=2)))
    phone_ns = int(recorded_at.timestamp()) * 10**9
    # The clocks of two phones disagree by some tenths of a second.
    first_frame_ns = phone_ns - round(drive.offset_s * 1e9) + 271_015_000
    progress("eye tracker", 0.3)
    _write_tracker(work / "eye_tracker", rng, world_s, first_frame_ns, tracker_end_s)
    video = work / "eye_tracker" / "PI world v1 ps1.mp4"
    write_video(
        video,
        times_s=world_s,
        size_px=drive.ego_size_px,
        images=_pattern(drive.ego_size_px, 1),
        sound=tracker_sound if drive.sound else None,
        options=_FAST,
    )
    progress("phone", 0.6)
    phone = work / "phone"
    phone.mkdir()
    write_video(
        phone / "road.mp4",
        times_s=road_s,
        size_px=drive.phone_size_px,
        images=_pattern(drive.phone_size_px, 2),
        sound=phone_sound if drive.sound else None,
    )
    write_video(
        phone / "driver.mp4",
        times_s=driver_s,
        size_px=drive.phone_size_px,
        images=_pattern(drive.phone_size_px, 3),
        sound=phone_sound if drive.sound and drive.driver_sound else None,
    )
    _write_location(phone / "location.csv", drive.seconds, phone_ns)
    manifest = SessionManifest(
        schema_id=SESSION_SCHEMA,
        session_id=name,
        driver_id="D001",
        recorded_at=recorded_at.isoformat(),
        car="simulated",
        camera_position="under_mirror",
        weather="clear",
        lighting="day",
        eyewear="none",
        passengers=1,
        consent=Consent(version="1.0", scope="raw"),
        phone=Phone(
            model="simulated",
            road="phone/road.mp4",
            driver="phone/driver.mp4",
            location="phone/location.csv",
        ),
        eye_tracker=EyeTracker(kind="pupil_invisible", path="eye_tracker"),
    )
    write_text(work / MANIFEST_NAME, dump_manifest(manifest))
    _write_truth(work / "truth", drive, world_s, road_s, first_frame_ns)
    progress("written", 1.0)


def _frame_times(rng: np.random.Generator, seconds: float, fps: float) -> NDArray[np.float64]:
    """Variable-rate frame times on the container's grid, with jitter and a few dropped frames."""
    count = int(seconds * fps)
    times = np.arange(count) / fps + np.clip(rng.normal(0, 0.002, count), -0.01, 0.01)
    keep = rng.random(count) >= 0.003
    keep[0] = True
    on_grid: NDArray[np.float64] = np.round((times - times[0])[keep] / _TICK_S) * _TICK_S
    return on_grid


def _pattern(size_px: tuple[int, int], seed: int) -> Callable[[int], NDArray[np.uint8]]:
    """Pictures of a texture that moves slowly."""
    width, height = size_px
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 216, (height // 8 + 2, 2 * width // 8 + 2, 3)).astype(np.uint8)
    texture = np.repeat(np.repeat(coarse, 8, axis=0), 8, axis=1)[:height]

    def picture(index: int) -> NDArray[np.uint8]:
        shift = (2 * index) % width
        return np.ascontiguousarray(texture[:, shift : shift + width])

    return picture


def _write_tracker(
    folder: Path,
    rng: np.random.Generator,
    world_s: NDArray[np.float64],
    first_frame_ns: int,
    end_s: float,
) -> None:
    start_s = -WORLD_LEAD_S
    gaze_s = _gaze_times(rng, start_s + 0.7, end_s)
    imu_s = np.arange(start_s + 1.75, end_s, 0.00494)

    def stamps(time_s: NDArray[np.float64]) -> NDArray[np.int64]:
        return first_frame_ns + np.round(time_s * 1e9).astype(np.int64)

    turning = np.stack([np.sin(0.3 * imu_s), 5 * np.sin(0.7 * imu_s), np.cos(0.5 * imu_s)], axis=1)
    force = np.tile([0.0, -0.985, 0.0], (len(imu_s), 1)) + rng.normal(0, 0.02, (len(imu_s), 3))
    start_ns = first_frame_ns + round(start_s * 1e3) * 10**6
    duration_ns = round((end_s - start_s) * 1e3) * 10**6
    # A unit of its own: not quite the typical camera.
    camera = replace(typical_camera("pupil_invisible"), serial="sim01")
    camera.matrix[:2, 2] += (-9.0, 12.0)
    write_native_invisible(
        folder,
        start_time_ns=start_ns,
        duration_ns=duration_ns,
        recording_id=str(uuid.UUID(bytes=rng.bytes(16), version=4)),
        world_times_ns=[stamps(world_s)],
        gaze=[
            GazePart(
                timestamp_ns=stamps(gaze_s),
                points_px=gaze_point_px(gaze_s),
                worn=np.ones(len(gaze_s), dtype=np.bool_),
            )
        ],
        imu=[ImuPart(timestamp_ns=stamps(imu_s), gyro_deg_s=turning, accel_g=force)],
        events=[
            Event(name="recording.begin", timestamp_ns=start_ns),
            Event(name="recording.end", timestamp_ns=start_ns + duration_ns),
        ],
        camera=camera,
    )


def _gaze_times(rng: np.random.Generator, start_s: float, end_s: float) -> NDArray[np.float64]:
    """Sample times at about 200 Hz, uneven, with a few interruptions."""
    steps = rng.choice([0.004, 0.005, 0.008], round((end_s - start_s) / 0.0045), p=[0.6, 0.3, 0.1])
    times: NDArray[np.float64] = start_s + np.cumsum(steps)
    times = times[times < end_s]
    for at_s in rng.uniform(start_s + 3, end_s - 1, 3):
        times = times[(times < at_s) | (times > at_s + 0.2)]
    return times


def gaze_point_px(time_s: NDArray[np.float64]) -> NDArray[np.float32]:
    """Where the simulated driver looks in the scene camera at tracker times: fixations of 0.4 s.

    Parameters
    ----------
    time_s
        Tracker time, shape (n,), s.

    Returns
    -------
    ndarray
        Distorted pixels x, y, shape (n, 2).
    """
    number = np.floor(np.asarray(time_s) / 0.4)
    # A fixed, even wander over the middle of the view (golden ratio steps).
    across, down = (0.618034 * number) % 1.0, (0.381966 * number * 1.7) % 1.0
    return np.stack([344 + 400 * across, 440 + 200 * down], axis=1).astype(np.float32)


def _write_location(path: Path, seconds: float, phone_ns: int) -> None:
    lines = ["timestamp [ns],latitude,longitude,speed [m/s],accuracy [m]"]
    for second in range(int(seconds)):
        speed_m_s = 8 + 4 * np.sin(second / 10)
        lines.append(
            f"{phone_ns + second * 10**9},{52.39 + 1e-4 * second:.7f},13.0700000,{speed_m_s:.2f},4.0"
        )
    write_text(path, "\n".join(lines) + "\n")


def _write_truth(
    folder: Path,
    drive: SmallDrive,
    world_s: NDArray[np.float64],
    road_s: NDArray[np.float64],
    first_frame_ns: int,
) -> None:
    content = {
        "clocks": {
            "relation": "t_tracker = offset_s + (1 + drift_ppm * 1e-6) * t_phone",
            "offset_s": drive.offset_s,
            "drift_ppm": drive.drift_ppm,
            "tracker_epoch_ns_at_t_tracker_0": first_frame_ns,
        },
        "counts": {"world_frames": len(world_s), "road_frames": len(road_s)},
        "gaze": "fixations of 0.4 s; see gaze_point_px in dashgaze.collection.simulation.small_drive",
        "seed": drive.seed,
    }
    write_text(folder / "truth.json", json.dumps(content, indent=2) + "\n")
