"""How long `dashgaze faces` takes for a picture: whole pictures and surroundings of the last face.

    python scripts/bench_faces.py                  # a face from scikit-image, moved about
    python scripts/bench_faces.py --video FILE     # a video of your own, scaled to the sizes

All ways see the same pictures in turn, so that their ratio holds on a busy machine as well. Times are
medians: of processor time on one thread, which a busy machine hardly changes, else of the clock. The detector
is MTCNN on the installed weights; "one look" is without its steadying of landmarks.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from dashgaze.face_detection.detector import Picture
from dashgaze.face_detection.mtcnn import Mtcnn
from dashgaze.face_detection.scanning import LEAST_FACE_PER_HEIGHT, WHOLE_EVERY, FaceScanner
from dashgaze.face_detection.video_scan import bgr_of
from dashgaze.media import read_frame_times
from dashgaze.media.colour import ColourPicture, ColourReader

SIZES_PX = ((640, 480), (1280, 720))
FACE_PER_HEIGHT = 0.3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--video", type=Path, help="video with a face")
    parser.add_argument("--pictures", type=int, default=45, help="pictures to look at")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    import torch

    table = Table(
        "picture", "threads", "whole, ms", "one look, ms", "scanner, ms", "ratio", "found"
    )
    for size_px in SIZES_PX:
        pictures = (
            made_pictures(size_px, given.pictures)
            if given.video is None
            else video_pictures(given.video, size_px, given.pictures)
        )
        for threads in given.threads:
            torch.set_num_threads(threads)
            cv2.setNumThreads(threads)
            clock = time.process_time if threads == 1 else time.perf_counter
            table.add_row(f"{size_px[0]} × {size_px[1]}", str(threads), *measure(pictures, clock))
    Console().print(table)


def measure(pictures: list[Picture], clock: Callable[[], float]) -> list[str]:
    steady, plain = Mtcnn(), Mtcnn(steady=False)
    scanner = FaceScanner(steady, whole_every=WHOLE_EVERY)
    least_px = LEAST_FACE_PER_HEIGHT * min(pictures[0].shape[:2])
    ways = {
        "whole": lambda picture: steady.detect(picture, least_face_px=least_px),
        "one look": lambda picture: plain.detect(picture, least_face_px=least_px),
        "scanner": scanner.look,
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    found = 0
    for picture in pictures:
        for name, look in ways.items():
            start = clock()
            faces = look(picture)
            taken[name].append(1e3 * (clock() - start))
        found += len(faces) > 0
    whole, once, scanned = (statistics.median(taken[name]) for name in ways)
    share = f"{found} of {len(pictures)}"
    return [f"{whole:.1f}", f"{once:.1f}", f"{scanned:.1f}", f"{whole / scanned:.1f}", share]


def made_pictures(size_px: tuple[int, int], count: int) -> list[Picture]:
    """Move a face about in front of noise that is smooth as a car's inside is."""
    from skimage import data

    width, height = size_px
    rng = np.random.default_rng(0)
    behind = cv2.resize(
        rng.integers(0, 256, (9, 16, 3), dtype=np.uint8), size_px, interpolation=cv2.INTER_CUBIC
    )
    face = np.ascontiguousarray(data.astronaut()[:230, 110:340, ::-1])
    side = round(FACE_PER_HEIGHT * height / 113 * 230)
    face = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    pictures = []
    for number in range(count):
        picture = np.asarray(behind, dtype=np.uint8).copy()
        x = round(width * 0.2 + 0.1 * width * np.sin(number / 9))
        y = round((height - side) / 2 + 0.1 * height * np.sin(number / 5))
        picture[y : y + side, x : x + side] = face
        pictures.append(picture)
    return pictures


def video_pictures(path: Path, size_px: tuple[int, int], count: int) -> list[Picture]:
    """Read the first pictures of a video, scaled."""
    times = read_frame_times(path)
    pictures = []
    with ColourReader(path, times) as reader:
        for index in range(min(count, len(times.pts))):
            picture = reader.read(index)
            if isinstance(picture, ColourPicture):
                scaled = cv2.resize(bgr_of(picture), size_px, interpolation=cv2.INTER_AREA)
                pictures.append(np.asarray(scaled, dtype=np.uint8))
    return pictures


if __name__ == "__main__":
    main()
