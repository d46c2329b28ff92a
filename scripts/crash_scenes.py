"""What `bench_crashes.py` runs: each stage, from where it begins, on small drives that it makes itself.

A world is a folder with two complete sessions (``drives/``), what was made of them (``out/``), and recordings to
import (``card/``). A scene takes away, or leaves standing, what its stage is to make.
"""

import csv
import dataclasses
import functools
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crash_runs import Work, run

from dashgaze.collection.simulation.small_drive import SmallDrive, simulate_small_drive
from dashgaze.media import read_frame_times

FIRST, SECOND = "drives/session_a", "drives/session_b"
_OUT = ("out/ds", "out/report", "out/overlay.mp4", "out/simulated", "out/imported")
_BOXES = "boxes.csv"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One stage, from one beginning.

    Attributes
    ----------
    stage
        Name of the stage.
    begins
        ``new``: nothing of its results is there. ``again``: they are, and are to be made again.
    command
        What is typed; ``{}`` is the world's folder.
    gone
        What is taken away before, from the world's folder; ``*`` and the like are understood.
    needs
        What of the world there has to be.
    first
        A stage that this one asks for first, if it has to run: what that leaves is whole as well.
    """

    stage: str
    begins: str
    command: tuple[str, ...]
    gone: tuple[str, ...] = ()
    needs: tuple[str, ...] = (FIRST,)
    first: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How it is called in lists."""
        return f"{self.stage} ({self.begins})"

    def set(self, made: Path, world: Path) -> Path:
        """Copy what is needed of the made world, and take away what is to be gone."""
        (world / "out").mkdir(parents=True)
        for name in self.needs:
            if (made / name).is_dir():
                shutil.copytree(made / name, world / name)
            elif (made / name).exists():
                shutil.copy2(made / name, world / name)
        for pattern in self.gone:
            for path in world.glob(pattern):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        return world

    def arguments(self, world: Path) -> list[str]:
        """Give the command for a world."""
        return filled(self.command, world)


def filled(command: tuple[str, ...], world: Path) -> list[str]:
    """Give a command with the world's folder in it."""
    return [each.replace("{}", str(world)) for each in command]


def _both(
    stage: str,
    command: str,
    gone: tuple[str, ...],
    force: str = "--force",
    needs: tuple[str, ...] = (FIRST,),
    first: str = "",
) -> list[Scene]:
    words = tuple(command.split())
    return [
        Scene(
            stage=stage,
            begins="new",
            command=words,
            gone=gone,
            needs=needs,
            first=tuple(first.split()),
        ),
        Scene(stage=stage, begins="again", command=(*words, *force.split()), needs=needs),
    ]


_D = f"{FIRST}/derived/"
_SESSION = f"{{}}/{FIRST}"
_OF_ALIGN = (f"{_D}align.json", f"{_D}homographies.parquet", f"{_D}report.*")
_OF_POINTS = (f"{_D}vanishing_point*",)
_OF_FRAMES = (f"{_D}frames.*", f"{_D}gaze.parquet")
_FACES = f"faces {_SESSION} --every 6 --workers 1 -q"
_COVER = f"anonymize {_SESSION} --boxes {_SESSION}/{_BOXES} --no-plates simulated --view road -q"
_PACK = "pack {}/drives -o {}/out/ds --images --as-recorded simulated --workers 1 -q"

SCENES: tuple[Scene, ...] = (
    *_both("sync", f"sync {_SESSION} -q", (f"{_D}*",)),
    *_both("frames", f"frames {_SESSION} -q", (*_OF_FRAMES, *_OF_ALIGN, *_OF_POINTS)),
    *_both(
        "align",
        f"align {_SESSION} --workers 1 -q",
        (*_OF_ALIGN, *_OF_FRAMES),
        first=f"frames {_SESSION} -q",
    ),
    *_both(
        "vanishing-point",
        f"vanishing-point {_SESSION} -q",
        (*_OF_POINTS, *_OF_FRAMES),
        first=f"frames {_SESSION} -q",
    ),
    *_both("faces", _FACES, (f"{_D}faces.*",)),
    *_both("report", f"report {_SESSION} -q", (f"{_D}report.*",)),
    *_both("anonymize", _COVER, (f"{_D}anonymized*",)),
    *_both("pack", _PACK, ("out/ds",), "--images-every 20", ("drives", "out/ds")),
    Scene(
        stage="validate",
        begins="again",
        command=("validate", "{}/out/ds", "--deep", "-q"),
        needs=("out/ds",),
    ),
    *_both(
        "render",
        f"render {_SESSION} -o {{}}/out/overlay.mp4 --width 640 -q",
        ("out/overlay.mp4",),
        needs=(FIRST, "out/overlay.mp4"),
    ),
    *_both(
        "analyze",
        "analyze {}/out/ds -o {}/out/report --repeats 99 -q",
        ("out/report",),
        needs=("out/ds", "out/report"),
    ),
    Scene(
        stage="import",
        begins="new",
        command=("import", "{}/card", "--session", "{}/out/imported", "-q"),
        needs=("card",),
    ),
    Scene(
        stage="simulate",
        begins="new",
        command=(
            "simulate",
            "{}/out/simulated",
            "--labels-only",
            "--sessions",
            "4",
            "--minutes",
            "0.5",
            "--workers",
            "1",
            "-q",
        ),
        needs=(),
    ),
)


def scenes_of(stages: list[str], *, short: bool = False) -> list[Scene]:
    """Choose the scenes of some stages, of all if none are named; of each stage one if it is to be short."""
    chosen = [scene for scene in SCENES if not stages or scene.stage in stages]
    if short:
        first = {scene.stage: scene for scene in reversed(chosen)}
        return [scene for scene in chosen if first[scene.stage] is scene]
    return chosen


def make_world(
    folder: Path,
    *,
    seconds: float = 6.0,
    short: bool = False,
    say: Callable[[str], None] = print,
) -> Path:
    """Make a world: two drives with everything that the stages make of them.

    Parameters
    ----------
    folder
        Where to; a new one.
    seconds
        Length of the drives, s.
    short
        Whether only sync, frames, align, vanishing-point and import are to be tried on it.
    say
        Where to tell what is done.
    """
    usual = SmallDrive(seconds=seconds, offset_s=-0.5, phone_size_px=(320, 180), seed=7)
    for place, seed, offset_s in ((FIRST, 7, -0.5), (SECOND, 8, -0.4)):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        drive = dataclasses.replace(usual, seed=seed, offset_s=offset_s)
        _make(functools.partial(_film, folder / place, drive), folder.with_name("making.log"), say)
        offset = ["--manual-offset", str(offset_s), "--manual-drift-ppm", "31"]
        session, log = str(folder / place), folder.with_name("making.log")
        commands = (
            ["sync", session, *offset, "-q"],
            ["frames", session, "-q"],
            ["align", session, "--workers", "1", "-q"],
            ["vanishing-point", session, "-q"],
        )
        for command in commands[:1] if short and place == SECOND else commands:
            _make(command, log, say)
    card = folder / "card"
    shutil.copytree(folder / SECOND / "phone", card)
    shutil.copytree(folder / SECOND / "eye_tracker", card / "tracker")
    (folder / "out").mkdir()
    log = folder.with_name("making.log")
    done = {scene.stage: scene for scene in SCENES if scene.begins == "new"}
    later = ("faces", "report", "anonymize", "pack", "render", "analyze")
    for stage in () if short else later:
        _make(done[stage].arguments(folder), log, say)
    return folder


def _make(work: Work, log: Path, say: Callable[[str], None]) -> None:
    outcome = run(work, log)
    what = "a simulated drive" if callable(work) else work[0]
    say(f"  made: {what}, {outcome.seconds:.1f} s")
    if not outcome.done:
        raise SystemExit(f"{what}: {outcome.short}")


def _film(folder: Path, drive: SmallDrive) -> None:
    simulate_small_drive(folder, drive)
    _write_boxes(folder)


def _write_boxes(session: Path) -> None:
    """Write a file that has a verdict on every frame of the road video, and a face in some."""
    count = len(read_frame_times(session / "phone" / "road.mp4").pts)
    with (session / _BOXES).open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(
            ["view", "frame_index", "x_px", "y_px", "width_px", "height_px", "class", "confidence"]
        )
        for index in range(count):
            rows.writerow(("road", index, *("",) * 6))
            if index % 50 < 20:
                rows.writerow(("road", index, 100, 60, 30, 40, "face", 0.9))
