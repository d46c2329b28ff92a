"""How fast overlays are rendered, as a whole and in parts.

    python scripts/bench_render.py [SESSION] [--seconds N] [--width N]

Without a session a drive is simulated (road and driver 1280 × 720 px, scene camera 1088 × 1080 px) and
aligned, which takes some minutes. Run it on an idle machine: the ratio to real time is by the wall clock. CPU
time is that of all threads.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dashgaze.collection.simulation.small_drive import SmallDrive, simulate_small_drive
from dashgaze.media import probe
from dashgaze.progress import silent
from dashgaze.rendering.material import gather
from dashgaze.rendering.movie_writer import writing_movie
from dashgaze.rendering.options import RenderOptions
from dashgaze.rendering.overlay import make_overlay
from dashgaze.rendering.picture_feed import Shown
from dashgaze.rendering.scene import Scene, View
from dashgaze.rendering.timeline import plan_timeline
from dashgaze.session import Session, open_session
from dashgaze.stages.align import align
from dashgaze.stages.sync import sync

KEPT_STEPS = 60


class Replay:
    """Gives pictures that are decoded already, over and over."""

    def __init__(self, pictures: list[Shown | str]) -> None:
        self._pictures, self._count = pictures, 0

    def next(self) -> Shown | str:
        """Give the next one."""
        self._count += 1
        return self._pictures[self._count % len(self._pictures)]


def timed(name: str, steps: int, rate_hz: float, work: Callable[[], None]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(
        f"  {name:8} {wall / steps * 1e3:6.1f} ms, {cpu / steps * 1e3:6.1f} CPU ms a picture, "
        f"{steps / rate_hz / wall:5.2f} × real time"
    )


def simulated(folder: Path, seconds: float) -> Session:
    drive = SmallDrive(seconds=seconds, offset_s=-1.0, phone_size_px=(1280, 720))
    session = open_session(simulate_small_drive(folder / "bench", drive))
    sync(session, manual_offset_s=drive.offset_s, manual_drift_ppm=drive.drift_ppm)
    align(session)
    return session


def measure(session: Session, folder: Path, seconds: float, width_px: int) -> None:
    options = RenderOptions(width_px=width_px)
    material = gather(session, with_driver=True, progress=silent)
    start_s = float(plan_timeline(material, options).time_s[0]) + 5.0
    options = RenderOptions(width_px=width_px, start_s=start_s, end_s=start_s + seconds)
    timeline = plan_timeline(material, options)
    steps = len(timeline)
    rate_hz = 1 / float(np.median(np.diff(timeline.time_s)))
    scene = Scene("bench", material, timeline, options)
    pictures: dict[View, list[Shown | str]] = {}

    def decode() -> None:
        with scene:
            feeds = dict(scene.feeds)
            pictures.update({view: [] for view in feeds})
            for step in range(steps):
                for view, feed in feeds.items():
                    picture = feed.next()
                    if step < KEPT_STEPS:
                        pictures[view].append(picture)

    drawn: list[np.ndarray] = []

    def draw() -> None:
        scene.feeds.update({view: Replay(each) for view, each in pictures.items()})
        for step in range(steps):
            picture = scene.draw(step)
            if step < KEPT_STEPS:
                drawn.append(picture.copy())

    def encode() -> None:
        size = scene.layout.size_px
        path = folder / "parts.mp4"
        with writing_movie(path, size, rate_hz=rate_hz, sound=None, zero_s=0.0) as movie:
            for step in range(steps):
                # there and back, so that no picture is far from the one before
                place = step % (2 * len(drawn) - 2)
                movie.show(drawn[min(place, 2 * len(drawn) - 2 - place)], step / rate_hz)
            movie.finish(steps / rate_hz)

    path = folder / "whole.mp4"

    def whole() -> None:
        make_overlay(session, path, options, force=True)

    print(
        f"{steps} pictures of {scene.layout.size_px[0]} × {scene.layout.size_px[1]} px, {rate_hz:.1f} Hz"
    )
    timed("decode", steps, rate_hz, decode)
    timed("draw", steps, rate_hz, draw)
    timed("encode", steps, rate_hz, encode)
    timed("whole", steps, rate_hz, whole)
    print(f"  {path.stat().st_size * 8 / seconds / 1e6:.1f} Mb/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("session", type=Path, nargs="?")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--width", type=int, default=1280)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.session is None:
            session = simulated(folder, arguments.seconds + 6)
        else:
            session = open_session(arguments.session)
        for path in (session.road_path, session.driver_path):
            video = None if path is None else probe(path).video
            if path is not None and video is not None:
                print(f"{path.name}: {video.width_px} × {video.height_px} px, {video.codec}")
        measure(session, folder, arguments.seconds, arguments.width)


if __name__ == "__main__":
    main()
