"""What packed pictures cost: CPU time and bytes of crops and videos, and how quickly a frame is found.

    python scripts/bench_pictures.py [SESSION …] [--every N] [--reads N]

A session has been through `dashgaze frames` and `dashgaze align`. Without one, half a minute of a drive is
simulated first. Outward pictures are packed as recorded, so that no detector is needed; videos that are
anonymized already are copied and cost nothing. CPU time is that of all threads.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from dashgaze.collection.simulation.small_drive import SmallDrive, simulate_small_drive
from dashgaze.dataset.consent import release_under
from dashgaze.dataset.pictures.images import EVERY, write_images
from dashgaze.dataset.pictures.videos import write_videos
from dashgaze.dataset.tables.drive_tables import drive_tables
from dashgaze.media import FrameTimes, read_frame_times
from dashgaze.media.colour import ColourReader
from dashgaze.schemas.image_table import PICTURES
from dashgaze.session import Session, open_session
from dashgaze.stages.align import align
from dashgaze.stages.frames import frames
from dashgaze.stages.sync import sync

RELEASE = release_under("raw", as_recorded=True)


@dataclass
class Spent:
    """Time of a piece of work."""

    cpu_s: float = 0.0
    wall_s: float = 0.0


@contextmanager
def measured() -> Iterator[Spent]:
    spent = Spent()
    cpu, wall = time.process_time(), time.perf_counter()
    yield spent
    spent.cpu_s, spent.wall_s = time.process_time() - cpu, time.perf_counter() - wall


class Meter:
    """Sums up the CPU time between reports of progress, by what the later one speaks of."""

    def __init__(self) -> None:
        self.cpu_s: dict[str, float] = {}
        self._last_s = time.process_time()

    def __call__(self, phase: str, fraction: float) -> None:
        """Take a report."""
        now_s = time.process_time()
        self.cpu_s[phase] = self.cpu_s.get(phase, 0.0) + now_s - self._last_s
        self._last_s = now_s


def simulated(folder: Path) -> Session:
    drive = SmallDrive(seconds=30.0, offset_s=-1.0, phone_size_px=(1280, 720))
    session = open_session(simulate_small_drive(folder / "bench", drive))
    sync(session, manual_offset_s=drive.offset_s, manual_drift_ppm=drive.drift_ppm)
    frames(session)
    align(session)
    return session


def measure_images(session: Session, folder: Path, every: int) -> None:
    table = drive_tables(session, RELEASE).frames
    path = folder / "images.parquet"
    with measured() as spent:
        count = write_images(session, table, RELEASE, path, every=every)
    if not count:
        print("  images   none")
        return
    print(
        f"  images   {count} rows, one in {every}: {spent.cpu_s / count * 1e3:.1f} CPU ms and "
        f"{spent.wall_s / count * 1e3:.1f} ms a row, {path.stat().st_size / count / 1e3:.1f} kB a row"
    )
    shard = pq.read_table(path, columns=list(PICTURES))
    for name in PICTURES:
        sizes = [len(each["bytes"]) for each in shard[name].to_pylist() if each is not None]
        if sizes:
            print(f"    {name:13} {len(sizes):6} of {np.mean(sizes) / 1e3:5.1f} kB")
    with measured() as spent:
        for each in shard["road"].to_pylist():
            if each is not None:
                decode_jpeg(each["bytes"])
    print(f"    read back     {spent.wall_s / count * 1e3:.2f} ms a road picture")


def decode_jpeg(data: bytes) -> None:
    import cv2

    cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)


def measure_videos(session: Session, folder: Path, reads: int) -> None:
    meter = Meter()
    with measured() as spent:
        facts = write_videos(session, RELEASE, folder, progress=meter)
    total = sum(each.frame_count for each in facts.values())
    print(
        f"  videos   {total} frames in all: {spent.cpu_s / total * 1e3:.1f} CPU ms and "
        f"{spent.wall_s / total * 1e3:.1f} ms a frame"
    )
    for view, each in facts.items():
        recorded = originals(session, view)
        size = sum(path.stat().st_size for path in recorded)
        cpu_ms = meter.cpu_s[f"packing the {view} video"] / each.frame_count * 1e3
        print(
            f"    {view:7} {each.size_px[0]} × {each.size_px[1]} px, {each.frame_count} frames: "
            f"{cpu_ms:.1f} CPU ms and {each.size_bytes / each.frame_count / 1e3:.1f} kB a frame ({size / each.frame_count / 1e3:.1f} "
            "as recorded)"
        )
        packed = access_ms(each.path, reads)
        before = access_ms(recorded[0], reads)
        print(
            f"            any frame in {np.median(packed):.0f} ms (95 %: {np.quantile(packed, 0.95):.0f}), "
            f"as recorded in {np.median(before):.0f} ms (95 %: {np.quantile(before, 0.95):.0f})"
        )


def originals(session: Session, view: str) -> list[Path]:
    if view == "ego":
        return [part.path for part in session.recording().world_parts if part.path is not None]
    path = session.road_path if view == "road" else session.driver_path
    return [] if path is None else [path]


def access_ms(path: Path, reads: int) -> list[float]:
    """Time single frames in random order, file open and times known."""
    times = read_frame_times(path)
    order = np.random.default_rng(0).integers(0, len(times.pts), reads)
    found = []
    with reader(path, times) as pictures:
        for index in order.tolist():
            start = time.perf_counter()
            pictures.read(index)
            found.append((time.perf_counter() - start) * 1e3)
    return found


def reader(path: Path, times: FrameTimes) -> ColourReader:
    return ColourReader(path, times, thread_count=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sessions", nargs="*", type=Path)
    parser.add_argument("--every", type=int, default=EVERY)
    parser.add_argument("--reads", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        sessions = [open_session(path) for path in arguments.sessions] or [simulated(folder)]
        for session in sessions:
            print(session.manifest.session_id)
            target = folder / "packed" / session.manifest.session_id
            target.mkdir(parents=True)
            measure_images(session, target, arguments.every)
            measure_videos(session, target, arguments.reads)


if __name__ == "__main__":
    main()
