"""Simulate a minute, run every stage, and compare with the truth."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dashgaze.checks import check
from dashgaze.collection.simulation.session.simulate import SimulateOptions, simulate
from dashgaze.comparison import ClockErrors, RoadGazeErrors, compare_clocks, compare_road_gaze
from dashgaze.progress import Progress, part_of, silent
from dashgaze.rendering import RenderOptions, make_overlay
from dashgaze.reports import report
from dashgaze.session import Session, open_session
from dashgaze.stages.align import align
from dashgaze.stages.frames import frames
from dashgaze.stages.sync import sync

Result = TypeVar("Result")

OVERLAY_NAME = "overlay.mp4"
OVERLAY_FPS = 15.0
"""Half of the pictures: what is to be seen is seen, in half of the time."""

_DRIVE = SimulateOptions(
    minutes=1.0,
    seed=4,
    lighting="day",
    weather="clear",
    traffic="medium",
    camera_position="under_mirror",
)

# Shares of the time that the parts take, for the progress bar.
_PARTS = {
    "simulate": 0.45,
    "check": 0.01,
    "sync": 0.02,
    "frames": 0.01,
    "align": 0.27,
    "report": 0.03,
    "overlay": 0.21,
}


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What the demonstration made and found.

    Attributes
    ----------
    session
        The folder of the simulated drive.
    report, overlay
        The page and the video that it made.
    clocks, road_gaze
        What was computed, beside the truth.
    seconds
        How long each part took, by name; about 0 for what was there already.
    """

    session: Path
    report: Path
    overlay: Path
    clocks: ClockErrors
    road_gaze: RoadGazeErrors
    seconds: dict[str, float]


def demo(folder: Path, *, workers: int = 1, progress: Progress = silent) -> Demo:
    """Simulate a minute of driving, run every stage on it, and compare the results with the truth.

    What is in the folder already is kept, so that a second run shows it at once.

    Parameters
    ----------
    folder
        Where the drive is put: ``folder/session_001``.
    workers
        Processes for `align`. With more than one, a script has to guard its start with ``if __name__ ==
        "__main__"``.
    progress
        Where to report to.

    Raises
    ------
    DashgazeError
        If the folder holds something else, or can't be written.
    """
    clock = _PartClock(progress)
    clock.run("simulate", lambda told: simulate(folder, _DRIVE, progress=told))
    session = open_session(folder / "session_001")
    clock.run("check", lambda told: check(session.root, progress=told))
    clock.run("sync", lambda told: sync(session, progress=told))
    clock.run("frames", lambda told: frames(session, progress=told))
    clock.run("align", lambda told: align(session, workers=workers, progress=told))
    page = clock.run("report", lambda told: report(session, progress=told))
    overlay = session.derived / OVERLAY_NAME
    clock.run("overlay", lambda told: _overlay(session, overlay, told))
    progress("done", 1.0)
    return Demo(
        session=session.root,
        report=page,
        overlay=overlay,
        clocks=compare_clocks(session),
        road_gaze=compare_road_gaze(session),
        seconds=clock.seconds,
    )


def _overlay(session: Session, path: Path, progress: Progress) -> None:
    tables = session.derived / "frames.parquet"
    if path.is_file() and path.stat().st_mtime >= tables.stat().st_mtime:
        return
    make_overlay(session, path, RenderOptions(fps=OVERLAY_FPS), force=True, progress=progress)


class _PartClock:
    """Runs the parts one after the other, and notes how long each takes."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._done = progress, 0.0
        self.seconds: dict[str, float] = {}

    def run(self, name: str, part: Callable[[Progress], Result]) -> Result:
        share = _PARTS[name]
        begin = time.perf_counter()
        self._progress(name, self._done)
        told = part_of(self._progress, self._done, self._done + share)
        result = part(lambda phase, fraction: told(f"{name}: {phase}", fraction))
        self.seconds[name] = time.perf_counter() - begin
        self._done += share
        return result
