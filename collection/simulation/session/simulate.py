"""Simulated drives, as many as one likes."""

import concurrent.futures
import concurrent.futures.process
import json
import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from dashgaze.errors import OutputError, WorkerError
from dashgaze.heap import keep_freed_memory
from dashgaze.progress import Progress, part_of, silent
from dashgaze.schemas.manifest import CameraPosition, Lighting, Weather

from ..story.conditions import Conditions, Traffic
from ..story.labels import Camera, simulate_labels
from ..story.population import PlannedSession, draw_population
from .drive import LONGEST_S, SHORTEST_S, Drive
from .facts import TRUTH_NAME, asked
from .label_film import FASTEST_FPS, SLOWEST_FPS, USUAL_FPS, film_driver
from .simulate_drive import simulate_drive

MOST_SESSIONS = 10_000


@dataclass(frozen=True, kw_only=True)
class SimulateOptions:
    """What is simulated.

    Attributes
    ----------
    sessions, drivers
        How many; without a number of drivers 28 of 33 sessions, as DashGaze had them, and in the same
        proportion of others.
    minutes
        Length of each drive.
    seed
        Same seed, same drives; the first ones do not depend on how many follow.
    lighting, weather, traffic, camera_position
        The same for all drives; those not given are drawn for each drive, as a data set has them.
    labels_only
        Whether only tables are written: frame table and truth, without pictures and sound.
    driver_video
        Whether each session of labels only also has the driver's video, and the truth of it.
    driver_fps
        Frames a second of that video; None: 10. The tables stay at 30.
    """

    sessions: int = 1
    drivers: int | None = None
    minutes: float = 1.0
    seed: int = 0
    lighting: Lighting | None = None
    weather: Weather | None = None
    traffic: Traffic | None = None
    camera_position: CameraPosition | None = None
    labels_only: bool = False
    driver_video: bool = False
    driver_fps: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.sessions <= MOST_SESSIONS:
            raise OutputError(
                f"{self.sessions} sessions can't be simulated.",
                fix=f"Ask for 1 to {MOST_SESSIONS}.",
            )
        if not SHORTEST_S <= 60 * self.minutes <= LONGEST_S:
            raise OutputError(
                f"Drives of {self.minutes:g} minutes can't be simulated.",
                fix=f"Ask for {SHORTEST_S / 60:.1f} to {LONGEST_S / 60:g} minutes.",
            )
        if self.seed < 0:
            raise OutputError(f"{self.seed} can't be a seed.", fix="Give 0 or more.")
        if self.drivers is not None and not 1 <= self.drivers <= self.sessions:
            raise OutputError(
                f"{self.drivers} drivers can't drive {self.sessions} sessions.",
                fix=f"Ask for 1 to {self.sessions} drivers.",
            )
        self._check_driver_video()

    def _check_driver_video(self) -> None:
        if self.driver_video and not self.labels_only:
            raise OutputError(
                "Full drives have a driver video anyway.",
                fix="Add --labels-only, or leave out --driver-video.",
            )
        if self.driver_fps is None:
            return
        if not self.driver_video:
            raise OutputError(
                "A rate is given for a driver video that is not asked for.",
                fix="Add --labels-only --driver-video, or leave out --driver-fps.",
            )
        if not SLOWEST_FPS <= self.driver_fps <= FASTEST_FPS:
            raise OutputError(
                f"A driver video of {self.driver_fps:g} frames a second can't be made.",
                fix=f"Ask for {SLOWEST_FPS:g} to {FASTEST_FPS:g}.",
            )


_USUAL = SimulateOptions()


def simulate(
    out: Path,
    options: SimulateOptions = _USUAL,
    *,
    workers: int = 1,
    progress: Progress = silent,
) -> Path:
    """Simulate drives with exact truth, one session folder a drive: ``out/session_001`` and so on.

    Drives that are there already are not made again, if they are what is asked for; so a run that was
    stopped goes on, and more drives can be added. Not so with labels only: these appear all at once, in a
    folder that is new or empty.

    Parameters
    ----------
    out
        Folder of drives; it is made.
    options
        What is simulated.
    workers
        Drives at a time; one keeps about two cores busy. With more than one, a script has to guard its
        start with ``if __name__ == "__main__"``.
    progress
        Where to report to.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    OutputError
        If a session folder holds something else, or nothing can be written.
    WorkerError
        If a process was killed.
    """
    population = _population(options)
    if options.labels_only:
        return simulate_labels(
            out,
            minutes=options.minutes,
            seed=options.seed,
            population=population,
            film=_film(options),
            workers=workers,
            progress=progress,
        )
    drives = [
        (out / planned.session_id, _drive(planned, options.minutes)) for planned in population
    ]
    missing = [(folder, drive) for folder, drive in drives if not _is_there(folder, drive)]
    if workers <= 1 or len(missing) <= 1:  # here, where progress of the one drive is told
        for number, (folder, drive) in enumerate(missing):
            share = number / len(missing), (number + 1) / len(missing)
            simulate_drive(folder, drive, progress=_named(part_of(progress, *share), folder.name))
    else:
        _in_processes(missing, workers, progress)
    progress("written", 1.0)
    return out


def _film(options: SimulateOptions) -> Camera | None:
    if not options.driver_video:
        return None
    return partial(film_driver, fps=options.driver_fps or USUAL_FPS)


def _population(options: SimulateOptions) -> list[PlannedSession]:
    drawn = draw_population(options.sessions, options.drivers, options.seed)
    return [replace(planned, conditions=_given(planned.conditions, options)) for planned in drawn]


def _given(conditions: Conditions, options: SimulateOptions) -> Conditions:
    return replace(
        conditions,
        lighting=options.lighting or conditions.lighting,
        weather=options.weather or conditions.weather,
        traffic=options.traffic or conditions.traffic,
        camera_position=options.camera_position or conditions.camera_position,
    )


def _drive(planned: PlannedSession, minutes: float) -> Drive:
    return Drive(seconds=60 * minutes, seed=planned.seed, conditions=planned.conditions)


def _is_there(folder: Path, drive: Drive) -> bool:
    """Tell whether a folder holds that drive already; refuse one that holds another."""
    path = folder / "truth" / TRUTH_NAME
    if not path.is_file():
        return False
    try:
        found = json.loads(path.read_text(encoding="utf-8")).get("asked")
    except (OSError, ValueError, AttributeError):
        found = None
    if found == asked(drive):
        return True
    raise OutputError(
        f"{folder} holds another session than the one that is asked for.",
        fix="Choose another folder, or the options that it was made with.",
        path=folder,
    )


def _in_processes(missing: Sequence[tuple[Path, Drive]], workers: int, progress: Progress) -> None:
    # A fresh start of each process: threads of this one do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(
        workers, mp_context=context, initializer=keep_freed_memory
    ) as pool:
        running = [pool.submit(simulate_drive, folder, drive) for folder, drive in missing]
        try:
            for number, done in enumerate(concurrent.futures.as_completed(running)):
                done.result()
                progress("drives", (number + 1) / len(missing))
        except concurrent.futures.process.BrokenProcessPool as error:
            raise WorkerError(
                "A process that simulated a drive was killed; is there enough memory?",
                fix="Run it again with --workers 1: drives that are complete are kept.",
            ) from error
        except BaseException:
            # Hours of drives are not waited for; those that have begun end.
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _named(progress: Progress, name: str) -> Progress:
    return lambda phase, fraction: progress(f"{name}: {phase}", fraction)
