"""How fast `dashgaze predict` is on a CPU, part by part, and what following costs in accuracy.

    python scripts/bench_predict.py --video driver.mp4            # under a minute and a half on two cores
    python scripts/bench_predict.py --video driver.mp4 --threads 1 --json FILE

Milliseconds a frame of wall-clock time (processor time, all threads added up, beside it):

decode, detect, follow, cut out, head pose, network
    What a frame goes through; `detect` is shared by all frames, since the face is looked for in one of n.
whole, near
    One look of the detector at a whole picture, and at the surroundings of a known face.

Networks have random weights: speed does not depend on them. Landmarks that were followed, or that stayed
where they were found, are compared with those of a detector that looks at every frame, in per cent of the
distance between the eyes. That detector is itself off by some per cent, which counts as a difference here.

On a machine on which other things run, wall-clock times are noise: its load is printed.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from dashgaze.face_detection import open_face_detector
from dashgaze.face_detection.scanning import LEAST_FACE_PER_HEIGHT
from dashgaze.face_detection.video_scan import bgr_of
from dashgaze.media import read_frame_times
from dashgaze.media.colour import ColourPicture, ColourReader
from dashgaze.models.networks.cost import parameter_count
from dashgaze.models.networks.registry import build
from dashgaze.models.prediction.answering import StreamAnswerer
from dashgaze.models.prediction.driver_tracking import DriverTracker, TrackedFace
from dashgaze.models.prediction.head_turns import HeadTurns
from dashgaze.models.prediction.seen_frames import SeenFrame, cut_out
from dashgaze.models.prediction.stopwatch import Stopwatch

NETWORKS = (
    ("facegaze", "tiny"),
    ("facegaze", "small"),
    ("dashgazenet", "tiny"),
    ("dashgazenet", "small"),
)
EVERY = (5, 10, 15)
NETWORK_FRAMES = 64
LIMIT_MS = 30.0
ROAD_PX = (1920, 1080)
FOOTAGE = (
    Path(__file__).resolve().parents[2] / "shared" / "data" / "driver_view" / "man_indoors.mp4"
)


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--video", type=Path, default=FOOTAGE, help="of a driver")
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--threads", type=int, default=2, help="of torch")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    console = Console()
    load = os.getloadavg()[0]
    console.print(f"load {load:.1f}, {os.cpu_count()} cores, {given.threads} threads of torch")

    pictures, times_s, decode = read(given.video, given.frames)
    height, width = pictures[0].y.shape
    console.print(f"{given.video.name}: {len(pictures)} frames of {width} x {height} px")
    looks = time_looks(pictures)
    tracks = {(1, True): track(pictures, times_s, every=1, follow=True)}
    for every in EVERY:
        for follow in (True, False):
            tracks[every, follow] = track(pictures, times_s, every=every, follow=follow)
    reference = tracks[1, True]["landmarks"]
    for each in tracks.values():
        each["off_per_cent"] = differences(each["landmarks"], reference)
    networks = {
        f"{name} {size}": time_network(name, size, pictures, times_s, tracks[EVERY[1], True])
        for name, size in NETWORKS
    }

    content = report(console, decode, looks, tracks, networks)
    content |= {
        "load": load,
        "threads": given.threads,
        "frames": len(pictures),
        "size_px": [width, height],
    }
    if given.json:
        given.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read(path: Path, count: int) -> tuple[list[ColourPicture], list[float], float]:
    """Decode the first frames; give milliseconds for each as well."""
    times = read_frame_times(path)
    found: list[ColourPicture] = []
    seconds = 0.0
    with ColourReader(path, times) as reader:
        for index in range(min(count, len(times.pts))):
            start = time.perf_counter()
            picture = reader.read(index)
            seconds += time.perf_counter() - start
            if isinstance(picture, ColourPicture):
                planes = [plane.copy() for plane in picture.planes]
                found.append(ColourPicture(index=index, y=planes[0], u=planes[1], v=planes[2]))
    return found, times.time_s[: len(found)].tolist(), 1000 * seconds / max(len(found), 1)


def time_looks(pictures: list[ColourPicture]) -> dict[str, float]:
    """Time one look at a whole picture, and one at the surroundings of the face."""
    detector = open_face_detector()
    bgr = bgr_of(pictures[0])
    least_px = LEAST_FACE_PER_HEIGHT * min(bgr.shape[:2])
    faces = detector.detect(bgr, least_face_px=least_px)
    if not len(faces):
        raise SystemExit("the first frame shows no face")
    x, y, width, height = faces.boxes[0]
    side = 2 * max(width, height)
    top, left = max(0, round(y + height / 2 - side / 2)), max(0, round(x + width / 2 - side / 2))
    near = np.ascontiguousarray(bgr[top : top + round(side), left : left + round(side)])
    return {
        "whole": median_ms(lambda: detector.detect(bgr, least_face_px=least_px)),
        "near": median_ms(lambda: detector.detect(near, least_face_px=0.7 * min(width, height))),
        "face_px": float(np.sqrt(width * height)),
    }


def median_ms(work: Callable[[], Any], runs: int = 9) -> float:
    """Give the median time of some runs, after a first one."""
    work()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - start))
    return float(np.median(taken))


def track(
    pictures: list[ColourPicture], times_s: list[float], *, every: int, follow: bool
) -> dict[str, Any]:
    """Follow the face through all frames."""
    watch = Stopwatch()
    tracker = DriverTracker(
        open_face_detector(), None, every=every, follow=follow, most_age_s=1.0, watch=watch
    )
    processor = time.process_time()
    faces = [
        tracker.step(picture, time_s) for picture, time_s in zip(pictures, times_s, strict=True)
    ]
    processor = time.process_time() - processor
    nothing = np.full((5, 2), np.nan)
    return {
        "faces": faces,
        "landmarks": np.array(
            [each.landmarks if isinstance(each, TrackedFace) else nothing for each in faces]
        ),
        "share": float(np.mean([isinstance(each, TrackedFace) for each in faces])),
        "looks": tracker.looks,
        "ms": {name: 1000 * s / len(pictures) for name, s in watch.seconds.items()},
        "processor_ms": 1000 * processor / len(pictures),
    }


def differences(landmarks: Any, reference: Any) -> dict[str, float | None]:
    """Give median and 95 % quantile of distances from the reference, in per cent of the eyes' distance."""
    apart = np.hypot(*(reference[:, 0] - reference[:, 1]).T)
    off = 100 * np.hypot(*(landmarks - reference).transpose(2, 0, 1)) / apart[:, None]
    off = off[np.isfinite(off)]
    if not len(off):
        return {"median": None, "p95": None}
    return {"median": float(np.median(off)), "p95": float(np.quantile(off, 0.95))}


def time_network(
    name: str,
    size: str,
    pictures: list[ColourPicture],
    times_s: list[float],
    tracked: dict[str, Any],
) -> dict[str, Any]:
    """Time cutting out, poses and the network itself, 32 frames at a time and one by one."""
    torch.manual_seed(0)
    network = build(name, {"size": size}).eval()
    height, width = pictures[0].y.shape
    found: dict[str, Any] = {"parameters": parameter_count(network, inference_only=True)["total"]}
    seen = [
        (picture, time_s, face)
        for picture, time_s, face in zip(pictures, times_s, tracked["faces"], strict=True)
        if isinstance(face, TrackedFace)
    ][:NETWORK_FRAMES]
    for batch_size in (32, 1):
        watch = Stopwatch()
        answerer = StreamAnswerer(
            network,
            road_size_px=ROAD_PX,
            driver_size_px=(width, height),
            turns=HeadTurns((width, height), fov_deg=None),
            familiarity=None,
            learning=None,
            device="cpu",
            watch=watch,
        )
        frames = []
        for picture, time_s, face in seen:
            with watch.measuring("cut out"):
                shown = cut_out(picture, face, network.picture_sizes_px)
            frames.append(
                SeenFrame(
                    index=picture.index,
                    time_s=time_s,
                    face=face,
                    pictures=shown,
                    head_pose_deg=np.full(3, np.nan),
                )
            )
        answerer.answer(frames[:batch_size])  # the first run makes room
        for part in ("head pose", "network"):
            watch.seconds[part] = 0.0
        some = frames if batch_size > 1 else frames[:24]
        for start in range(0, len(some), batch_size):
            answerer.answer(some[start : start + batch_size])
        count = {"cut out": len(frames), "head pose": len(some), "network": len(some)}
        found[f"batch_{batch_size}"] = {
            part: 1000 * watch.seconds[part] / n for part, n in count.items()
        }
    return found


def report(
    console: Console,
    decode: float,
    looks: dict[str, float],
    tracks: dict[tuple[int, bool], dict[str, Any]],
    networks: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    """Print the tables; give all numbers."""
    console.print(
        f"decode {decode:.1f} ms a frame; a look at a whole picture {looks['whole']:.0f} ms, near a known face "
        f"{looks['near']:.0f} ms; face {looks['face_px']:.0f} px"
    )
    table = Table(
        "n", "between", "looks", "found", "detect", "follow", "processor", "off, median", "p95"
    )
    followed = []
    for (every, follow), each in tracks.items():
        off = each["off_per_cent"]
        ms = {name: each["ms"].get(name, 0.0) for name in ("detect", "follow")}
        table.add_row(
            str(every), "follow" if follow else "stay", str(each["looks"]), f"{each['share']:.0%}",
            f"{ms['detect']:.1f}", f"{ms['follow']:.1f}", f"{each['processor_ms']:.1f}",
            *("-" if off[name] is None else f"{off[name]:.1f} %" for name in ("median", "p95")),
        )  # fmt: skip
        followed.append(
            {"every": every, "follow": follow}
            | {
                name: each[name]
                for name in ("looks", "share", "ms", "processor_ms", "off_per_cent")
            }
        )
    console.print(table)
    table = Table(
        "network",
        "parameters",
        "at a time",
        "cut out",
        "pose",
        "network",
        *(f"n={n}" for n in EVERY),
    )
    totals = []
    for name, each in networks.items():
        for batch_size in (32, 1):
            part = each[f"batch_{batch_size}"]
            row = []
            for every in EVERY:
                total = decode + sum(tracks[every, True]["ms"].values()) + sum(part.values())
                totals.append(
                    {"network": name, "batch_size": batch_size, "every": every, "ms": total}
                )
                row.append(f"{total:.1f} ms" + ("" if total <= LIMIT_MS else " !"))
            table.add_row(
                name, f"{each['parameters']:,}", str(batch_size),
                *(f"{part[which]:.1f}" for which in ("cut out", "head pose", "network")), *row,
            )  # fmt: skip
    console.print(table)
    console.print(f"!: more than {LIMIT_MS:.0f} ms a frame")
    return {
        "decode_ms": decode,
        "looks_ms": looks,
        "tracking": followed,
        "networks": networks,
        "totals": totals,
    }


if __name__ == "__main__":
    main()
