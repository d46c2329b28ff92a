"""How fast networks train: the step alone, the loader alone, and both together.

    python scripts/bench_train.py                      # some 5 minutes on two cores
    python scripts/bench_train.py --quick              # one minute: dashgazenet tiny, one thread
    python scripts/bench_train.py --data DATA --json FILE

Samples a second of wall-clock time, and of one processor's time (all threads added up):

step
    Forward, losses with the pretext task, backward, clipping and AdamW on one batch that is there already.
loader
    Reading, decoding, changing and stacking the pictures of the network's sizes, without a network. `cache`
    reads decoded pictures from memory maps instead.
together
    A training's loop; `waits` is the share of its time in which it waits for the loader.

For dashgazenet in sizes tiny, small and full and facegaze in tiny and small, on the CPU with one and two threads,
and on a GPU with precision bf16 where there is one; ``--bf16`` has it on the CPU, too. ``--model`` and ``--threads``
choose some of them; rows are printed as they come, and none is begun after ``--minutes``. Without ``--data``
pictures are made up, as large as a data set's. JPEG decoding is timed by itself, with one and with several threads.

On a machine on which other things run, wall-clock times are noise (its load is printed beside them);
processor times hold, within some ten per cent.
"""

import argparse
import itertools
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from dashgaze.models.adaptation.heads import build_heads
from dashgaze.models.adaptation.options import PretextOptions
from dashgaze.models.contract.batch import Batch
from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.contract.pictures import PICTURE_SIZES_PX, PictureName, PictureSource
from dashgaze.models.contract.samples import Samples
from dashgaze.models.feeding.augmentation import AugmentOptions
from dashgaze.models.feeding.batches import Feed, feed
from dashgaze.models.feeding.cache import cached
from dashgaze.models.feeding.dataset import open_samples
from dashgaze.models.feeding.decoding import decode
from dashgaze.models.networks.pretext_network import PretextNetwork
from dashgaze.models.networks.registry import build
from dashgaze.models.training.objective import Objective

FRAMES = 512
SESSIONS = 8
MODELS = (
    "facegaze:tiny",
    "facegaze:small",
    "dashgazenet:tiny",
    "dashgazenet:small",
    "dashgazenet:full",
)
"""Quickest first, so that a run that is broken off has most of them."""


class MadePictures:
    """A `PictureSource` of made pictures, coded as in a data set."""

    def __init__(self, frames: int) -> None:
        random = np.random.default_rng(0)
        self._coded: dict[PictureName, list[bytes]] = {}
        for name, size_px in PICTURE_SIZES_PX.items():
            self._coded[name] = [_coded(random, size_px) for _ in range(16)]
        self._frames = np.arange(frames)

    def read(
        self, rows: np.ndarray, name: PictureName, size_px: tuple[int, int] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Decode; every 16th frame shows the same."""
        stored_px = PICTURE_SIZES_PX[name]
        size_px = size_px or stored_px
        coded = self._coded[name]
        made = [decode(coded[row % len(coded)], size_px, stored_px) for row in self._frames[rows]]
        return np.stack(made), np.ones(len(rows), np.bool_)

    def take(self, rows: np.ndarray) -> "MadePictures":
        """Give the same for some rows."""
        part = MadePictures.__new__(MadePictures)
        part._coded, part._frames = self._coded, self._frames[rows]
        return part


def _coded(random: np.random.Generator, size_px: tuple[int, int]) -> bytes:
    """Draw a soft picture with some grain: some 10 kB at 224 px, as a face in a car has."""
    soft = cv2.resize(random.integers(30, 220, (9, 9, 3), dtype=np.uint8), size_px)
    picture = np.clip(soft + random.normal(0, 5, soft.shape), 0, 255).astype(np.uint8)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def made_samples(frames: int) -> Samples:
    """Make labels of some sessions."""
    random = np.random.default_rng(1)
    session = np.array([f"session_{number % SESSIONS:03d}" for number in range(frames)])
    words = {
        name: np.full(frames, "")
        for name in (
            "homography_source",
            "lighting",
            "weather",
            "camera_position",
            "eyewear",
            "car",
        )
    }
    spot = random.uniform(0, 720, (frames, 2))
    return Samples(
        session_id=session,
        driver_id=session,
        split=np.full(frames, "train"),
        frame_index=np.arange(frames),
        time_s=np.arange(frames) / 5,
        gaze_road_px=spot,
        gaze_road_cov_px2=np.ones((frames, 3)),
        gaze_in_view=np.ones(frames, bool),
        gaze_angle_deg=random.normal(0, 10, (frames, 2)),
        road_size_px=np.tile([1280.0, 720.0], (frames, 1)),
        driver_size_px=np.tile([1280.0, 720.0], (frames, 1)),
        landmarks_px=random.uniform(200, 500, (frames, 5, 2)),
        face_box_px=np.tile([300.0, 200.0, 180.0, 240.0], (frames, 1)),
        face_confidence=np.ones(frames),
        head_pose_deg=random.normal(0, 10, (frames, 3)),
        vanishing_point_px=np.tile([640.0, 340.0], (frames, 1)),
        speed_m_s=np.ones(frames),
        fixation=np.ones(frames, bool),
        blink=np.zeros(frames, bool),
        homography_error_px=np.ones(frames),
        **words,
    )


class Step:
    """A training step as `dashgaze train` takes it, without writing anything."""

    def __init__(self, network: GazeNetwork, sessions: int, device: str, *, bf16: bool) -> None:
        pretext = PretextOptions()
        heads = (
            build_heads(network, sessions, pretext) if isinstance(network, PretextNetwork) else None
        )
        self.objective = Objective(network, heads, pretext).to(device).train()
        self.optimizer = torch.optim.AdamW(self.objective.parameters(), lr=1e-4)
        self.device, self.bf16, self.number = device, bf16, 0

    def __call__(self, batch: Batch) -> None:
        """Learn from a batch; on a GPU, wait until that is done."""
        self.number += 1
        kind = self.device.split(":")[0]
        with torch.autocast(kind, dtype=torch.bfloat16, enabled=self.bf16):
            total = self.objective(batch.to(self.device), self.number)["total"]
        self.optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.objective.parameters(), 1.0)
        self.optimizer.step()
        if kind == "cuda":
            torch.cuda.synchronize()


class Clock:
    """Counts samples over wall-clock time and over the processor time of all threads."""

    def __init__(self) -> None:
        self.frames = 0
        self._wall_s, self._cpu_s = time.perf_counter(), time.process_time()

    @property
    def took_s(self) -> float:
        """Wall-clock time since it was made."""
        return time.perf_counter() - self._wall_s

    @property
    def per_s(self) -> float:
        """Samples a second."""
        return self.frames / self.took_s

    @property
    def per_cpu_s(self) -> float:
        """Samples a second of one processor."""
        return self.frames / max(time.process_time() - self._cpu_s, 1e-9)


def timed(work: Callable[[], int], *, seconds: float) -> Clock:
    """Repeat `work`, which tells its samples; one call warms up."""
    work()
    clock = Clock()
    while clock.took_s < seconds or not clock.frames:
        clock.frames += work()
    return clock


def endless(
    samples: Samples, pictures: PictureSource, network: GazeNetwork, how: Feed
) -> Generator[Batch]:
    """Feed epoch after epoch."""
    for epoch in itertools.count():
        yield from feed(
            samples, pictures, replace(how, epoch=epoch), sizes_px=network.picture_sizes_px
        )


def load(
    samples: Samples, pictures: PictureSource, network: GazeNetwork, how: Feed, seconds: float
) -> tuple[float, float]:
    """Give samples a second of the loader alone, and those a second of one processor."""
    fed = endless(samples, pictures, network, how)
    # What was made ahead is not counted, as what will be is.
    for _ in range(how.workers * how.prefetch + 1):
        next(fed)
    clock = timed(lambda: len(next(fed)), seconds=seconds)
    found = clock.per_s, clock.per_cpu_s
    fed.close()
    return found


def together(fed: Iterator[Batch], step: Step, *, seconds: float) -> tuple[float, float]:
    """Give samples a second of loader and step, and the share of the time that the step waits."""
    waited_s = 0.0

    def both() -> int:
        nonlocal waited_s
        asked_s = time.perf_counter()
        batch = next(fed)
        waited_s += time.perf_counter() - asked_s
        step(batch)
        return len(batch)

    both()
    waited_s = 0.0
    clock = Clock()
    while clock.took_s < seconds or not clock.frames:
        clock.frames += both()
    return clock.per_s, waited_s / clock.took_s


def measure(
    model: str,
    size: str,
    device: str,
    *,
    threads: int,
    bf16: bool,
    samples: Samples,
    pictures: PictureSource,
    cache: PictureSource | None,
    seconds: float,
) -> dict[str, Any]:
    """Measure one network on one device."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    on_gpu = device != "cpu"
    network = build(model, {"size": size})
    batch_size = 64 if on_gpu or size == "tiny" else 8 if size == "full" else 32
    workers = (os.cpu_count() or 1) if on_gpu else threads
    how = Feed(
        batch_size=batch_size,
        shuffle_seed=0,
        drop_last=True,
        augmentation=AugmentOptions(),
        workers=workers,
    )
    step = Step(network, len(samples.sessions), device, bf16=bf16)
    fed = endless(samples, pictures, network, how)
    batch = next(fed)

    def learn() -> int:
        step(batch)
        return len(batch)

    found: dict[str, Any] = {
        "model": model,
        "size": size,
        "precision": "bf16" if bf16 else "fp32",
        "device": torch.cuda.get_device_name(0) if on_gpu else "CPU",
        "threads": threads,
        "workers": workers,
        "batch": batch_size,
    }
    clock = timed(learn, seconds=seconds)
    found |= {"step_per_s": clock.per_s, "step_per_cpu_s": clock.per_cpu_s}
    wall, cpu = load(samples, pictures, network, how, seconds)
    found |= {"loader_per_s": wall, "loader_per_cpu_s": cpu}
    wall, cpu = (None, None) if cache is None else load(samples, cache, network, how, seconds)
    found |= {"cache_per_s": wall, "cache_per_cpu_s": cpu}
    found["together_per_s"], found["waits"] = together(fed, step, seconds=seconds)
    fed.close()
    return found


def decode_rates(seconds: float) -> list[dict[str, Any]]:
    """Time decoding of JPEG alone."""
    random = np.random.default_rng(0)
    found = []
    for name, size_px in (
        ("face", (224, 224)),
        ("face", (112, 112)),
        ("left_eye", (100, 50)),
    ):
        stored_px = PICTURE_SIZES_PX[name]
        coded = [_coded(random, stored_px) for _ in range(64)]

        def work(
            coded: list[bytes] = coded,
            size_px: tuple[int, int] = size_px,
            stored_px: tuple[int, int] = stored_px,
        ) -> int:
            for each in coded:
                decode(each, size_px, stored_px)
            return len(coded)

        row: dict[str, Any] = {
            "picture": f"{stored_px[0]} × {stored_px[1]}",
            "wanted": f"{size_px[0]} × {size_px[1]}",
            "bytes": round(statistics.mean(map(len, coded))),
        }
        clock = timed(work, seconds=seconds)
        row |= {"1_thread_per_s": clock.per_s, "1_thread_per_cpu_s": clock.per_cpu_s}
        for threads in sorted({2, os.cpu_count() or 2}):
            with ThreadPoolExecutor(threads) as pool:

                def spread(pool: ThreadPoolExecutor = pool, threads: int = threads) -> int:
                    return sum(pool.map(lambda _: work(), range(threads)))

                clock = timed(spread, seconds=seconds)
                row[f"{threads}_threads_per_s"] = clock.per_s
                row[f"{threads}_threads_per_cpu_s"] = clock.per_cpu_s
        found.append(row)
    return found


def table(rows: list[dict[str, Any]], title: str) -> Table:
    """Lay out rows of equal keys."""
    made = Table(title=title)
    for name in rows[0]:
        made.add_column(
            name.replace("_per_cpu_s", "/cpu s").replace("_per_s", "/s").replace("_", " "),
            justify="right",
        )
    for row in rows:
        made.add_row(*(_text(value) for value in row.values()))
    return made


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}" if value < 10 else f"{value:,.0f}"
    return "–" if value is None else str(value)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, help="a packed data set; made pictures otherwise")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each figure")
    parser.add_argument("--quick", action="store_true", help="dashgazenet tiny on one thread")
    parser.add_argument(
        "--model", action="append", choices=MODELS, help="only this one; may be given again"
    )
    parser.add_argument(
        "--threads", type=int, action="append", help="of the CPU; 1 and 2 if not given"
    )
    parser.add_argument("--bf16", action="store_true", help="on the CPU also with precision bf16")
    parser.add_argument("--minutes", type=float, default=10.0, help="begin nothing after so long")
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    console = Console(width=max(Console().width, 150))
    seconds = 1.5 if arguments.quick else arguments.seconds
    samples, pictures = made_samples(FRAMES), MadePictures(FRAMES)
    if arguments.data is not None:
        samples, pictures = open_samples(arguments.data, split="train")
    cores = [1] if arguments.quick else arguments.threads or [1, 2]
    precisions = [False, True] if arguments.bf16 else [False]
    places = [("cpu", count, bf16) for count in cores for bf16 in precisions]
    if torch.cuda.is_available():
        places.append(("cuda", torch.get_num_threads(), True))
    models = ["dashgazenet:tiny"] if arguments.quick else arguments.model or MODELS
    before = os.getloadavg()
    rows: list[dict[str, Any]] = []
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        for (device, threads, bf16), name in itertools.product(places, models):
            if time.monotonic() - began_s > 60 * arguments.minutes:
                console.print(
                    f"left out after {arguments.minutes:g} minutes: {name} on {device}, {threads}"
                )
                continue
            model, size = name.split(":")
            cache = None
            if arguments.data is not None:
                sizes_px = build(model, {"size": size}).picture_sizes_px
                cache = cached(pictures, arguments.data, Path(scratch), sizes_px)
            rows.append(
                measure(
                    model,
                    size,
                    device,
                    threads=threads,
                    bf16=bf16,
                    samples=samples,
                    pictures=pictures,
                    cache=cache,
                    seconds=seconds,
                )
            )
            console.print(" ".join(_text(value) for value in rows[-1].values()))
    decoding = decode_rates(seconds / 3)
    console.print(table(rows, "samples a second"))
    console.print(table(decoding, "JPEG pictures a second"))
    busy = {"before": before[0], "after": os.getloadavg()[0], "cores": os.cpu_count()}
    console.print(f"load {busy['before']:.1f} … {busy['after']:.1f} on {busy['cores']} cores")
    if arguments.json is not None:
        content = {"training": rows, "decoding": decoding, "load": busy}
        arguments.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
