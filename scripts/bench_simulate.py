"""How fast a drive with pictures is simulated, how large it is, and where the time goes.

    python scripts/bench_simulate.py [--minutes M] [--lighting day|twilight|night] [--weather …]
                                     [--traffic …] [--seed N] [--frames N] [--json FILE]

Simulates one drive into a temporary folder, as the command does: freed memory is kept, three films are
drawn and encoded at once. Wall times hold on an idle machine only (see the load that is printed); CPU times
are those of all threads and hold on a busy one too, roughly: cores that share caches and clocks with others'
work are slower.

Then the parts of the films are run one at a time on a stretch in the middle of the same drive: what draws
the picture, and what encodes the same pictures, drawn before. Parts are not timed while all run at once, so
their sum is less than what the whole takes. `--minutes 0` leaves the whole out.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from dashgaze.collection.simulation.drive_pictures import Pictures
from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.collection.simulation.scene.cameras import EGO_SIZE_PX
from dashgaze.collection.simulation.scene.world import World
from dashgaze.collection.simulation.session.drive import Drive
from dashgaze.collection.simulation.session.film_files import _DRIVER, _EGO, _ROAD
from dashgaze.collection.simulation.session.films import driver_film, ego_film, matrices, road_film
from dashgaze.collection.simulation.session.recording import plan_recording
from dashgaze.collection.simulation.session.sightings import Sightings
from dashgaze.collection.simulation.session.simulate_drive import simulate_drive
from dashgaze.collection.simulation.story import Conditions
from dashgaze.collection.simulation.story.conditions import LIGHTING, TRAFFIC, WEATHER
from dashgaze.heap import keep_freed_memory

MOST_MB = 300.0
"""What the films of ten minutes may take on disk, by and large."""
WARM_FRAMES = 5
CHOICES = {"lighting": LIGHTING, "weather": WEATHER, "traffic": TRAFFIC}

console = Console(width=110)


@dataclass
class Spent:
    """Wall and CPU seconds of something, of all threads and of processes that it started."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


@contextmanager
def spending() -> Iterator[Spent]:
    """Measure what is done meanwhile."""
    spent, before, started = Spent(), os.times(), time.perf_counter()
    yield spent
    after = os.times()
    spent.wall_s = time.perf_counter() - started
    spent.cpu_s = sum(after[:4]) - sum(before[:4])


@dataclass(frozen=True)
class Film:
    """One of the three films of a drive."""

    name: str
    pictures: Pictures
    size_px: tuple[int, int]
    times_s: NDArray[np.float64]
    options: FileOptions


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=1.0)
    for name, choices in CHOICES.items():
        parser.add_argument(f"--{name}", choices=choices, default=getattr(Conditions(), name))
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--frames", type=int, default=90, help="pictures a part is timed on")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    args = parser.parse_args()
    keep_freed_memory()
    chosen = {name: getattr(args, name) for name in CHOICES}
    drive = Drive(
        seconds=60 * (args.minutes or 1.0), seed=args.seed, conditions=Conditions(**chosen)
    )
    content: dict[str, Any] = {
        "cores": os.cpu_count(),
        "load_before": os.getloadavg(),
        "drive": {"minutes": drive.seconds / 60, "seed": args.seed} | chosen,
    }
    with tempfile.TemporaryDirectory() as folder:
        if args.minutes:
            content["whole"] = whole(drive, Path(folder) / "session")
        content["parts_cpu_ms"] = parts(drive, args.frames, Path(folder))
    content["load_after"] = os.getloadavg()
    console.print(
        f"{content['cores']} cores. Load average over a minute: {content['load_before'][0]:.1f} before, "
        f"{content['load_after'][0]:.1f} after."
    )
    if args.json:
        args.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def whole(drive: Drive, folder: Path) -> dict[str, Any]:
    """Simulate the drive; print and give what it took, and how large its files are."""
    with spending() as spent:
        simulate_drive(folder, drive)
    minutes = drive.seconds / 60
    sizes = {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    mb = {name: size / 1e6 for name, size in sizes.items()}
    of_ten = sum(mb.values()) / minutes * 10
    films = sum(size for name, size in mb.items() if name.endswith(".mp4")) / minutes * 10
    console.print(
        f"{minutes:g} min: {spent.wall_s / minutes:.1f} s a minute, {spent.cpu_s / minutes:.1f} CPU s, "
        f"{drive.seconds / spent.wall_s:.2f} × real time, "
        f"{spent.cpu_s / spent.wall_s:.2f} cores busy"
    )
    table = Table("file", "MB", "MB in 10 minutes")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, size in sorted(mb.items(), key=lambda item: -item[1]):
        table.add_row(name, f"{size:.3f}", f"{size / minutes * 10:.1f}")
    table.add_section()
    table.add_row("all", f"{sum(mb.values()):.3f}", f"{of_ten:.1f}")
    console.print(table)
    if films > MOST_MB:
        console.print(f"[bold red]Films of {films:.0f} MB in 10 minutes, more than {MOST_MB:g}.[/]")
    return {
        "minutes": minutes,
        "wall_s": spent.wall_s,
        "cpu_s": spent.cpu_s,
        "sizes_bytes": sizes,
        "mb_in_10_minutes": of_ten,
        "films_mb_in_10_minutes": films,
    }


def parts(drive: Drive, count: int, folder: Path) -> dict[str, float]:
    """Time the parts of the films one by one; print and give CPU ms a picture."""
    took: dict[str, float] = {}
    once = Table("once a drive", "CPU s")
    films = prepared(drive, lambda name, cpu_s: once.add_row(name, f"{cpu_s:.2f}"))
    console.print(once)
    table = Table("a picture", "px", "draw CPU ms", "encode CPU ms", "both", "a s of drive, CPU s")
    for film in films:
        first = max(WARM_FRAMES, len(film.times_s) // 2)
        numbers = range(first, min(first + count, len(film.times_s)))
        for number in range(first - WARM_FRAMES, first):
            film.pictures(number)
        kept = []
        draw_s = 0.0
        for number in numbers:
            with spending_here() as spent:
                picture = film.pictures(number)
            draw_s += spent.cpu_s
            kept.append(picture.copy())
        times_s = film.times_s[numbers.start : numbers.stop]
        with spending_here() as encoding:
            write_video(
                folder / f"{film.name}.mp4",
                times_s=times_s - times_s[0],
                size_px=film.size_px,
                images=kept.__getitem__,
                options=film.options,
            )
        draw_ms, encode_ms = (1e3 * each / len(kept) for each in (draw_s, encoding.cpu_s))
        took[f"draw {film.name}"], took[f"encode {film.name}"] = draw_ms, encode_ms
        rate_hz = 1 / float(np.median(np.diff(film.times_s)))
        width, height = film.size_px
        table.add_row(
            film.name,
            f"{width} × {height}",
            f"{draw_ms:.1f}",
            f"{encode_ms:.1f}",
            f"{draw_ms + encode_ms:.1f}",
            f"{(draw_ms + encode_ms) * rate_hz / 1e3:.2f}",
        )
    console.print(table)
    return took


@contextmanager
def spending_here() -> Iterator[Spent]:
    """Measure CPU time of this process finely; `os.times` counts hundredths of seconds."""
    spent, before = Spent(), time.process_time()
    yield spent
    spent.cpu_s = time.process_time() - before


def prepared(drive: Drive, told: Callable[[str, float], None]) -> list[Film]:
    """Make the films of a drive ready to be drawn, as `simulate_drive` does."""
    with spending_here() as spent:
        plan = plan_recording("bench", drive)
    told("story, gaze", spent.cpu_s)
    story, camera = plan.story, drive.road_camera
    with spending_here() as spent:
        world = World(story)
    told("world", spent.cpu_s)
    sightings = Sightings(story.actors, camera, matrices(story.car_from_road)[0])
    with spending_here() as spent:
        road = road_film(
            story, world, camera.size_px, camera.matrix, plan.road_s, sightings, _ignore
        )
    told("road camera", spent.cpu_s)
    with spending_here() as spent:
        ego = ego_film(story, world, plan.lens, plan.clocks.phone_s(plan.world_s), _ignore)
    told("scene camera", spent.cpu_s)
    with spending_here() as spent:
        driver = driver_film(story, plan.look, plan.driver_camera, plan.driver_s, _ignore)
    told("driver camera", spent.cpu_s)
    return [
        Film("road", road, camera.size_px, plan.road_s, _ROAD),
        Film("ego", ego, EGO_SIZE_PX, plan.world_s, _EGO),
        Film("driver", driver, drive.driver_size_px, plan.driver_s, _DRIVER),
    ]


def _ignore() -> None:
    """Nobody counts the frames."""


if __name__ == "__main__":
    main()
