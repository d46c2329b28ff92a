"""``dashgaze simulate``."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from dashgaze.heap import keep_freed_memory

from .command import AsJson, Quiet, print_json
from .cores import core_count
from .progress_bar import progress_bar


def simulate_command(
    out: Annotated[Path, typer.Argument(help="Folder of drives; it is made.", show_default=False)],
    sessions: Annotated[int, typer.Option(help="How many drives.", min=1, max=10_000)] = 1,
    minutes: Annotated[float, typer.Option(help="Length of each.", min=0.4, max=240)] = 1.0,
    lighting: Annotated[
        Literal["day", "twilight", "night"] | None,
        typer.Option(help="Of all drives; drawn for each if not given.", show_default=False),
    ] = None,
    weather: Annotated[
        Literal["clear", "cloudy", "rain", "fog"] | None,
        typer.Option(help="As for lighting.", show_default=False),
    ] = None,
    traffic: Annotated[
        Literal["light", "medium", "heavy"] | None,
        typer.Option(help="As for lighting.", show_default=False),
    ] = None,
    camera_position: Annotated[
        Literal["under_mirror", "windscreen_centre", "windscreen_corner"] | None,
        typer.Option(help="Where the phone is; as for lighting.", show_default=False),
    ] = None,
    drivers: Annotated[
        int | None,
        typer.Option(help="How many drivers; 28 of 33 if not given.", min=1, show_default=False),
    ] = None,
    labels_only: Annotated[
        bool,
        typer.Option(
            "--labels-only",
            help="Write frame tables and truth only, hundreds of drives a minute: for statistics.",
            show_default=False,
        ),
    ] = False,
    driver_video: Annotated[
        bool,
        typer.Option(
            "--driver-video",
            help="With --labels-only: film the driver as well, so that gaze can be learned from the face.",
            show_default=False,
        ),
    ] = False,
    driver_fps: Annotated[
        float | None,
        typer.Option(
            help="Frames a second of that video, 1 to 30; 10 if not given.", show_default=False
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same drives.", min=0)] = 0,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Drives at a time; by default as the cores allow.", min=1, show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Simulate drives with exact truth: OUT/session_001 and so on.

    A small 3-D world seen by phone and eye tracker, the driver's face, gaze with planted effects, sound on
    two clocks, location. Each session folder is what the devices would have left, and `truth/` beside it:
    clocks, poses, gaze, objects, face, and a list of what is easier than reality. Drives that are there
    already are kept; with `--labels-only` the folder has to be new or empty.

    With `--labels-only --driver-video` each drive is tables, truth and the driver's video, of which
    `dashgaze pack --images` makes pictures to train on, many times faster than full drives.

    Example: `dashgaze simulate drives/ --sessions 3 --minutes 2 --lighting night`
    """
    from dashgaze.collection.simulation.session.simulate import SimulateOptions, simulate

    cores = core_count()
    keep_freed_memory()
    with progress_bar(quiet=quiet) as progress:
        path = simulate(
            out,
            SimulateOptions(
                sessions=sessions,
                drivers=drivers,
                minutes=minutes,
                seed=seed,
                lighting=lighting,
                weather=weather,
                traffic=traffic,
                camera_position=camera_position,
                labels_only=labels_only,
                driver_video=driver_video,
                driver_fps=driver_fps,
            ),
            # One drive with pictures keeps about two cores busy.
            workers=workers or (cores if labels_only else max(1, cores // 2)),
            progress=progress,
        )
    made = sorted(entry.name for entry in path.iterdir() if (entry / "session.yaml").is_file())
    if as_json:
        print_json({"path": str(path), "sessions": made})
    else:
        typer.echo(f"{len(made)} session{'' if len(made) == 1 else 's'} in {path}")
