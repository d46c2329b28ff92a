"""The three videos of a simulated drive, with sound."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import cv2

from dashgaze.progress import Progress, part_of

from ..drive_videos import Video, write_videos
from ..media_writer import FileOptions
from ..scene.cameras import EGO_SIZE_PX
from ..scene.world import World
from ..sound import Device, simulate_pair
from .drawing_ahead import drawing_ahead
from .drive import draw_sound
from .films import driver_film, ego_film, matrices, road_film
from .recording import Recording
from .sightings import Sightings

SOUND_RATE_HZ = 48000
_TRACKER_SOUND_START_S, _PHONE_SOUND_START_S = 0.061, 0.137


def film_options(crf: int, most_kbit_s: int) -> FileOptions:
    """Give how a film is written.

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


# 10 minutes of all of them and the truth take at most 300 MB.
_ROAD, _EGO, _DRIVER = film_options(27, 1600), film_options(28, 1400), film_options(26, 380)


def write_films(work: Path, recording: Recording, progress: Progress) -> Sightings:
    """Draw and write the videos of scene camera, road and driver.

    Parameters
    ----------
    work
        The session folder.
    recording
        What is filmed.
    progress
        Where to report to.

    Returns
    -------
    Sightings
        Who is seen how much in the road film.
    """
    drive, story, clocks = recording.drive, recording.story, recording.clocks
    progress("sound, world", 0.0)
    with ThreadPoolExecutor(1) as beside:
        building = beside.submit(World, story)
        tracker_sound, phone_sound = simulate_pair(
            draw_sound(drive),
            Device(
                duration_s=clocks.tracker_end_s, highpass_hz=120.0, start_s=_TRACKER_SOUND_START_S
            ),
            Device(duration_s=drive.seconds, start_s=_PHONE_SOUND_START_S),
            offset_s=clocks.offset_s,
            drift_ppm=clocks.drift_ppm,
            rate_hz=SOUND_RATE_HZ,
            seed=drive.seed,
        )
        world = building.result()
    camera = drive.road_camera
    sightings = Sightings(story.actors, camera, matrices(story.car_from_road)[0])
    world_s, road_s, driver_s = recording.world_s, recording.road_s, recording.driver_s
    told = _counter(part_of(progress, 0.06, 1.0), len(world_s) + len(road_s) + len(driver_s))
    # The scene camera's pictures take longest: two draw them in turn.
    ego = [ego_film(story, world, recording.lens, clocks.phone_s(world_s), told) for _ in "ab"]
    road = road_film(story, world, camera.size_px, camera.matrix, road_s, sightings, told)
    driver = driver_film(story, recording.look, recording.driver_camera, driver_s, told)
    with (
        single_opencv(),
        drawing_ahead(ego, len(world_s)) as ego_ahead,
        drawing_ahead([road], len(road_s)) as road_ahead,
    ):
        write_videos(
            {
                work / "eye_tracker" / "PI world v1 ps1.mp4": Video(
                    times_s=world_s,
                    size_px=EGO_SIZE_PX,
                    images=ego_ahead,
                    sound=tracker_sound,
                    options=_EGO,
                ),
                work / "phone" / "road.mp4": Video(
                    times_s=road_s,
                    size_px=camera.size_px,
                    images=road_ahead,
                    sound=phone_sound,
                    options=_ROAD,
                ),
                work / "phone" / "driver.mp4": Video(
                    times_s=driver_s,
                    size_px=drive.driver_size_px,
                    images=driver,
                    sound=None,
                    options=_DRIVER,
                ),
            }
        )
    return sightings


@contextmanager
def single_opencv() -> Iterator[None]:
    """Have OpenCV work in the thread that calls it: the cores have work already."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _counter(progress: Progress, total: int) -> Callable[[], None]:
    """Give what counts the frames of all films, from several threads, and reports now and then."""
    lock = threading.Lock()
    done = 0

    def told() -> None:
        nonlocal done
        with lock:
            done += 1
            if done % 30 == 0:
                progress("pictures", min(done / total, 1.0))

    return told
