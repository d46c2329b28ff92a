"""A small session with exactly known truth: real files, small pictures, sound as in a car.

Phone and scene camera see one drawn world, the phone straight, the scene camera from a moving head
through the windscreen of a drawn car. So all stages work on it: clocks, streams, and the way of gaze to the
road view.

What is easier than reality: the world is infinitely far away. Both cameras look from one point and the
car turns in it but gets nowhere, so the road has no parallax, and the homography between the views is exact
everywhere. There is no motion blur, no rolling shutter, and one weather.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import OutputError
from dashgaze.files import filling, write_text
from dashgaze.progress import Progress, silent
from dashgaze.schemas.manifest import MANIFEST_NAME, dump_manifest

from .drive_gaze import gaze_point_px, gaze_times
from .drive_geometry import DriveGeometry
from .drive_location import write_location
from .drive_manifest import drive_manifest
from .drive_pictures import Pictures, ego_pictures, pattern_pictures, road_pictures
from .drive_plan import DrivePlan, plan_drive
from .drive_tracker import WORLD_LEAD_S, imu_times, scene_camera, write_tracker
from .drive_truth import write_frame_truth, write_gaze_truth
from .drive_videos import FAST, FINE, Video, frame_times, write_videos
from .lens import Lens
from .road_view import road_matrix
from .sound import CarSound, Device, simulate_pair

__all__ = ["SmallDrive", "gaze_point_px", "simulate_small_drive"]

SOUND_RATE_HZ = 48000
_TRACKER_SOUND_START_S = 0.061
_PHONE_SOUND_START_S = 0.137


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
        Size of the pictures, even. Tiny ones are made fast, but gaze and calibration of a Pupil
        Invisible belong to 1088 × 1080 px, and `dashgaze check` says so.
    driver_sound
        Whether the driver video has sound of its own.
    sound
        Whether phone and tracker record sound at all.
    pictures
        ``scene``: both cameras see one world. ``patterns``: they see textures that have nothing to
        do with each other, made fast, for those who need clocks only.
    blurs
        How often the scene camera is out of focus for half a second, so that nothing can be matched.
    seed
        Same seed, same session.
    """

    seconds: float = 60.0
    offset_s: float = -4.217
    drift_ppm: float = 31.0
    scene: CarSound = field(default_factory=lambda: CarSound(speech_share=0.2))
    ego_size_px: tuple[int, int] = (1088, 1080)
    phone_size_px: tuple[int, int] = (640, 360)
    driver_sound: bool = False
    sound: bool = True
    pictures: Literal["scene", "patterns"] = "scene"
    blurs: int = 1
    seed: int = 7

    @property
    def rate(self) -> float:
        """Seconds of the tracker's clock to one of the phone's."""
        return 1 + self.drift_ppm * 1e-6

    @property
    def tracker_end_s(self) -> float:
        """End of the tracker's recording on its clock, s: one second after the phone's."""
        return self.offset_s + self.rate * (self.seconds + 1.0)

    def phone_s(self, tracker_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn times of the tracker's clock into the phone's, shape (n,)."""
        return (tracker_s - self.offset_s) / self.rate


_USUAL = SmallDrive()


def simulate_small_drive(
    folder: Path, drive: SmallDrive = _USUAL, *, progress: Progress = silent
) -> Path:
    """Write a small session folder with ``truth/``.

    ``truth/truth.json`` holds clocks and cameras; where the pictures are a scene,
    ``truth/frames.parquet`` and ``truth/gaze.parquet`` hold the homography of each ego frame and the
    place of gaze in the road view.

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
    if drive.tracker_end_s < 5:
        raise OutputError(
            f"With an offset of {drive.offset_s} s the tracker would record "
            f"{drive.tracker_end_s:.1f} s.",
            fix="Make the drive longer or the offset larger.",
        )
    rng = np.random.default_rng(drive.seed)
    world_s = frame_times(rng, drive.tracker_end_s, 29.97)
    road_s = frame_times(rng, drive.seconds, 30.0)
    driver_s = frame_times(rng, drive.seconds, 30.0, start_s=0.018)
    world_phone_s = drive.phone_s(world_s)
    plan = plan_drive(
        drive.seed,
        start_s=max(0.0, float(world_phone_s[0])),
        end_s=min(drive.seconds, float(world_phone_s[-1])),
        blurs=drive.blurs if drive.pictures == "scene" else 0,
    )
    geometry = DriveGeometry(drive.seed, plan, Lens(scene_camera()), drive.phone_size_px)
    progress("sound", 0.05)
    tracker_sound, phone_sound = simulate_pair(
        drive.scene,
        Device(duration_s=drive.tracker_end_s, highpass_hz=120.0, start_s=_TRACKER_SOUND_START_S),
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
    progress("eye tracker", 0.2)
    gaze_s = gaze_times(rng, 0.7 - WORLD_LEAD_S, drive.tracker_end_s)
    gaze_px = gaze_point_px(gaze_s)
    imu_s = imu_times(drive.tracker_end_s)
    write_tracker(
        work / "eye_tracker",
        rng,
        first_frame_ns=first_frame_ns,
        end_s=drive.tracker_end_s,
        world_s=world_s,
        gaze_s=gaze_s,
        gaze_px=gaze_px,
        imu_s=imu_s,
        turning_deg_s=geometry.turning_deg_s(drive.phone_s(imu_s)),
    )
    phone = work / "phone"
    phone.mkdir()
    ego, road = _pictures(drive, geometry, plan, world_phone_s, road_s)
    write_videos(
        {
            work / "eye_tracker" / "PI world v1 ps1.mp4": Video(
                times_s=world_s,
                size_px=drive.ego_size_px,
                images=ego,
                sound=tracker_sound if drive.sound else None,
                options=FAST,
            ),
            phone / "road.mp4": Video(
                times_s=road_s,
                size_px=drive.phone_size_px,
                images=road,
                sound=phone_sound if drive.sound else None,
                options=FINE,
            ),
            phone / "driver.mp4": Video(
                times_s=driver_s,
                size_px=drive.phone_size_px,
                images=pattern_pictures(drive.phone_size_px, 3),
                sound=phone_sound if drive.sound and drive.driver_sound else None,
                options=FAST,
            ),
        }
    )
    progress("truth", 0.95)
    write_location(phone / "location.csv", seconds=drive.seconds, start_ns=phone_ns)
    write_text(work / MANIFEST_NAME, dump_manifest(drive_manifest(name, recorded_at)))
    truth = work / "truth"
    _write_truth(truth, drive, geometry, plan, (len(world_s), len(road_s)), first_frame_ns)
    if drive.pictures == "scene":
        samples_px = gaze_px.astype(np.float64)
        write_frame_truth(
            truth / "frames.parquet",
            geometry,
            plan,
            tracker_s=world_s,
            phone_s=world_phone_s,
            road_s=road_s,
            gaze_s=gaze_s,
            gaze_px=samples_px,
        )
        write_gaze_truth(
            truth / "gaze.parquet",
            geometry,
            timestamp_ns=first_frame_ns + np.round(gaze_s * 1e9).astype(np.int64),
            tracker_s=gaze_s,
            phone_s=drive.phone_s(gaze_s),
            gaze_px=samples_px,
        )
    progress("written", 1.0)


def _pictures(
    drive: SmallDrive,
    geometry: DriveGeometry,
    plan: DrivePlan,
    world_phone_s: NDArray[np.float64],
    road_s: NDArray[np.float64],
) -> tuple[Pictures, Pictures]:
    """Give what draws the ego frames, and the road frames."""
    if drive.pictures == "patterns":
        return pattern_pictures(drive.ego_size_px, 1), pattern_pictures(drive.phone_size_px, 2)
    return (
        ego_pictures(geometry, plan, world_phone_s, drive.ego_size_px, seed=drive.seed),
        road_pictures(geometry, road_s, seed=drive.seed),
    )


def _write_truth(
    folder: Path,
    drive: SmallDrive,
    geometry: DriveGeometry,
    plan: DrivePlan,
    counts: tuple[int, int],
    first_frame_ns: int,
) -> None:
    content = {
        "clocks": {
            "relation": "t_tracker = offset_s + (1 + drift_ppm * 1e-6) * t_phone",
            "offset_s": drive.offset_s,
            "drift_ppm": drive.drift_ppm,
            "tracker_epoch_ns_at_t_tracker_0": first_frame_ns,
        },
        "counts": {"world_frames": counts[0], "road_frames": counts[1]},
        "pictures": drive.pictures,
        "gaze": "fixations of 0.4 s; see gaze_point_px in dashgaze.collection.simulation.small_drive",
        "seed": drive.seed,
    }
    if drive.pictures == "scene":
        content |= {
            "road_camera": {
                "size": list(drive.phone_size_px),
                "matrix": road_matrix(drive.phone_size_px).tolist(),
            },
            "ego_camera": {"matrix": geometry.lens.matrix.tolist()},
            "homography": "H (row-major, H[8] = 1) maps undistorted ego px to road px at the ego "
            "frame's time; the world is infinitely far away, so that it is exact everywhere",
            "blackouts_t_phone_s": [asdict(blur) for blur in plan.blurs],
            "glances_t_phone_s": [asdict(glance) for glance in plan.glances],
        }
    write_text(folder / "truth.json", json.dumps(content, indent=2) + "\n")
