"""One simulated drive as a session folder."""

import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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

from ..drive_gaze import gaze_times
from ..drive_tracker import scene_camera
from ..drive_videos import Video, frame_times, write_videos
from ..driver_view.driver_camera import DriverCamera, front_camera
from ..driver_view.driver_look import DriverLook, draw_look
from ..lens import Lens
from ..media_writer import FileOptions
from ..scene.cameras import EGO_SIZE_PX
from ..scene.world import World
from ..sound import Device, simulate_pair
from ..story import Story, plan_story
from ..story.gnss import location_rows, write_location
from ..story.tracker_gaze import SessionError, measured_gaze
from .drawing_ahead import drawing_ahead
from .drive import Clocks, Drive, draw_clocks, draw_sound
from .films import driver_film, ego_film, matrices, road_film
from .sightings import Sightings
from .tracker_files import GAZE_LEAD_S, write_tracker_files
from .truth import write_driver_truth, write_frame_truth, write_gaze_truth, write_object_truth

FloatArray = NDArray[np.float64]

TRUTH_NAME = "truth.json"
SOUND_RATE_HZ = 48000
_TRACKER_SOUND_START_S, _PHONE_SOUND_START_S = 0.061, 0.137
_DRIVER_LATE_S = 0.018


def _film(crf: int, most_kbit_s: int) -> FileOptions:
    """Give how a film is written: 10 minutes of all of them take at most about 300 MB.

    One thread and no look-ahead: with more, the same pictures give other bytes now and then.
    """
    return FileOptions(
        video_options={
            "preset": "superfast",
            "crf": str(crf),
            "maxrate": f"{most_kbit_s}k",
            "bufsize": f"{2 * most_kbit_s}k",
            "threads": "1",
        }
    )


_ROAD, _EGO, _DRIVER = _film(27, 1700), _film(28, 1700), _film(25, 450)

EASIER_THAN_REALITY = (
    "The road is flat, without junctions or slopes; houses, trees and people are few textures again and again.",
    "Shutters are global: no picture is skewed by motion. Only the turning head blurs, not the ride.",
    "Both lenses are exactly what the calibration says; the phone's is a pinhole without stabilisation.",
    "No reflections in the windscreen, no glare, no shadows that move, mirrors show a still picture.",
    "The windscreen bends no light; phone and camera stay where they were mounted.",
    "Sound and pictures of a device have no offset; rooms, seats and microphones stay the same.",
    "The driver's hands are not seen, and the face has no expression.",
    "Gaze follows the planted effects and nothing else; the tracker is never taken off.",
)
"""What no figure from simulated drives can tell; written into every truth.json."""


def simulate_drive(
    folder: Path, drive: Drive | None = None, *, progress: Progress = silent
) -> Path:
    """Simulate a drive: a session folder with files as devices make them, and ``truth/``.

    Parameters
    ----------
    folder
        A new or empty folder; its name becomes the session's.
    drive
        What the drive is; a minute by day if not given.
    progress
        Where to report to.

    Returns
    -------
    Path
        `folder`, complete: it is filled beside its place and renamed.

    Raises
    ------
    OutputError
        If the folder is not empty or can't be written, or such a drive can't be simulated.
    """
    wanted = Drive() if drive is None else drive
    clocks = draw_clocks(wanted)
    with filling(folder) as work:
        _Simulation(work, folder.name, wanted, clocks, progress).run()
    return folder


class _Simulation:
    """Fills a session folder; its parts share times and cameras."""

    def __init__(
        self, work: Path, name: str, drive: Drive, clocks: Clocks, progress: Progress
    ) -> None:
        progress("story", 0.0)
        self._work, self._name, self._drive, self._clocks = work, name, drive, clocks
        self._progress = progress
        self._story: Story = plan_story(drive.seed, drive.conditions, drive.seconds, drive.effects)
        rng = np.random.default_rng([drive.seed, 54])
        self._world_s = frame_times(rng, clocks.tracker_end_s, 29.97)
        self._road_s = frame_times(rng, drive.seconds, 30.0)
        self._driver_s = frame_times(rng, drive.seconds, 30.0, start_s=_DRIVER_LATE_S)
        self._gaze_s = gaze_times(rng, -GAZE_LEAD_S, clocks.tracker_end_s)
        self._scene_camera = scene_camera()
        self._lens = Lens(self._scene_camera)
        self._measured = measured_gaze(
            self._story,
            self._lens,
            clocks.phone_s(self._gaze_s),
            size_px=EGO_SIZE_PX,
            error=drive.tracker_error,
        )
        self._look: DriverLook = draw_look(
            drive.conditions.driver.look_seed, drive.conditions.eyewear
        )
        self._driver_camera: DriverCamera = front_camera(
            drive.conditions.camera_position, drive.driver_size_px
        )
        self._sightings = Sightings(
            self._story.actors, drive.road_camera, matrices(self._story.car_from_road)[0]
        )

    def run(self) -> None:
        phone = self._work / "phone"
        phone.mkdir()
        write_tracker_files(
            self._work / "eye_tracker",
            self._story,
            self._clocks,
            self._scene_camera,
            world_s=self._world_s,
            gaze_s=self._gaze_s,
            gaze_px=self._measured.ego_px,
        )
        self._films(phone)
        self._progress("truth", 0.97)
        rows = location_rows(self._story.seed, self._story.ride, self._drive.seconds)
        write_location(phone / "location.csv", rows, start_ns=self._clocks.phone_ns)
        write_text(self._work / MANIFEST_NAME, dump_manifest(self._manifest()))
        truth = self._work / "truth"
        write_text(truth / TRUTH_NAME, json.dumps(self._facts(), indent=2) + "\n")
        self._tables(truth)
        self._progress("written", 1.0)

    def _films(self, phone: Path) -> None:
        drive, story = self._drive, self._story
        self._progress("sound", 0.01)
        tracker_sound, phone_sound = simulate_pair(
            draw_sound(drive),
            Device(
                duration_s=self._clocks.tracker_end_s,
                highpass_hz=120.0,
                start_s=_TRACKER_SOUND_START_S,
            ),
            Device(duration_s=drive.seconds, start_s=_PHONE_SOUND_START_S),
            offset_s=self._clocks.offset_s,
            drift_ppm=self._clocks.drift_ppm,
            rate_hz=SOUND_RATE_HZ,
            seed=drive.seed,
        )
        self._progress("world", 0.04)
        world = World(story)
        told = _counter(
            self._progress, len(self._world_s) + len(self._road_s) + len(self._driver_s)
        )
        camera = drive.road_camera
        ego = ego_film(story, world, self._lens, self._clocks.phone_s(self._world_s), told)
        road = road_film(
            story, world, camera.size_px, camera.matrix, self._road_s, self._sightings, told
        )
        driver = driver_film(story, self._look, self._driver_camera, self._driver_s, told)
        with (
            drawing_ahead(ego, len(self._world_s)) as ego_ahead,
            drawing_ahead(road, len(self._road_s)) as road_ahead,
        ):
            write_videos(
                {
                    self._work / "eye_tracker" / "PI world v1 ps1.mp4": Video(
                        times_s=self._world_s,
                        size_px=EGO_SIZE_PX,
                        images=ego_ahead,
                        sound=tracker_sound,
                        options=_EGO,
                    ),
                    phone / "road.mp4": Video(
                        times_s=self._road_s,
                        size_px=camera.size_px,
                        images=road_ahead,
                        sound=phone_sound,
                        options=_ROAD,
                    ),
                    phone / "driver.mp4": Video(
                        times_s=self._driver_s,
                        size_px=drive.driver_size_px,
                        images=driver,
                        sound=None,
                        options=_DRIVER,
                    ),
                }
            )

    def _tables(self, truth: Path) -> None:
        drive, story, clocks = self._drive, self._story, self._clocks
        write_frame_truth(
            truth / "frames.parquet",
            story,
            self._lens,
            drive.road_camera,
            tracker_s=self._world_s,
            phone_s=clocks.phone_s(self._world_s),
            road_s=self._road_s,
            gaze_s=self._gaze_s,
            # As the tracker's file has it, in single precision.
            gaze_px=self._measured.ego_px.astype(np.float32).astype(np.float64),
        )
        write_gaze_truth(
            truth / "gaze.parquet",
            story,
            drive.road_camera,
            self._measured,
            timestamp_ns=clocks.stamps_ns(self._gaze_s),
            tracker_s=self._gaze_s,
        )
        write_object_truth(
            truth / "objects.parquet", story, drive.road_camera, self._road_s, self._sightings
        )
        write_driver_truth(
            truth / "driver.parquet", story, self._look, self._driver_camera, self._driver_s
        )

    def _manifest(self) -> SessionManifest:
        conditions = self._drive.conditions
        return SessionManifest(
            schema_id=SESSION_SCHEMA,
            session_id=self._name,
            driver_id=conditions.driver.driver_id,
            recorded_at=self._clocks.recorded_at.isoformat(),
            car="simulated",
            camera_position=conditions.camera_position,
            weather=conditions.weather,
            lighting=conditions.lighting,
            eyewear=conditions.eyewear,
            passengers=conditions.passengers,
            consent=Consent(version="simulated", scope="raw"),
            phone=Phone(
                model="simulated",
                road="phone/road.mp4",
                driver="phone/driver.mp4",
                location="phone/location.csv",
            ),
            eye_tracker=EyeTracker(kind="pupil_invisible", path="eye_tracker"),
        )

    def _facts(self) -> dict[str, object]:
        drive, clocks = self._drive, self._clocks
        bias = SessionError(self._story.seed, drive.tracker_error, self._story.blinks).bias_deg
        return {
            "simulated": "by dashgaze: every picture, sound and number is made up",
            "seed": drive.seed,
            "asked": asked(drive),
            "clocks": {
                "relation": "t_tracker = offset_s + (1 + drift_ppm * 1e-6) * t_phone",
                "offset_s": clocks.offset_s,
                "drift_ppm": clocks.drift_ppm,
                "tracker_epoch_ns_at_t_tracker_0": clocks.first_frame_ns,
            },
            "counts": {
                "world_frames": len(self._world_s),
                "road_frames": len(self._road_s),
                "driver_frames": len(self._driver_s),
                "gaze_samples": len(self._gaze_s),
            },
            "conditions": asdict(drive.conditions),
            "effects": asdict(drive.effects),
            "tracker_bias_deg": {"azimuth": float(bias[0]), "elevation": float(bias[1])},
            "road_camera": {
                "size": list(drive.road_camera.size_px),
                "matrix": drive.road_camera.matrix.tolist(),
                "car_from_road": matrices(self._story.car_from_road)[0].tolist(),
            },
            "ego_camera": {
                "size": list(EGO_SIZE_PX),
                "matrix": self._lens.matrix.tolist(),
                "distortion": self._scene_camera.distortion.tolist(),
            },
            "driver_camera": {
                "size": list(self._driver_camera.size_px),
                "matrix": self._driver_camera.matrix.tolist(),
                "car_from_camera": self._driver_camera.car_from_camera.tolist(),
            },
            "axes": "x right, y down, z forward, m; the world's z is north and its ground y = 0; "
            "world_from_ego and world_from_road in frames.parquet are 3 × 4, row by row",
            "homography": "H (row-major, H[8] = 1) maps undistorted ego px to road px for what is "
            "infinitely far away; gaze_road_* has the parallax of its target's distance",
            "easier_than_reality": list(EASIER_THAN_REALITY),
        }


def asked(drive: Drive) -> dict[str, object]:
    """Give what a drive was asked to be, as it stands in its truth.json."""
    return dict(json.loads(json.dumps(asdict(drive))))


def _counter(progress: Progress, total: int) -> Callable[[], None]:
    """Give what counts the frames of all films, from several threads, and reports now and then."""
    lock = threading.Lock()
    done = 0

    def told() -> None:
        nonlocal done
        with lock:
            done += 1
            if done % 30 == 0:
                progress("pictures", 0.06 + 0.9 * min(done / total, 1.0))

    return told
