"""How fast and exact the ``align`` stage's sweep is, beside a plain OpenCV pipeline, and its memory.

    python scripts/bench_align.py --clip CLIP --folder FOLDER --json FILE   # some 10 minutes
    python scripts/bench_align.py --quick                                   # some 4 minutes

Two made pairs of videos (see made_clips.py): a road video of 1920 × 1080 at 17 Mb/s and one at 8 Mb/s,
each with an eye tracker's video of 1088 × 1080; 20 s long and played four times over, which is the same
packets with later times. All figures come from one run on the same frames:

ours
    `survey` and `sweep_chunk` as the stage calls them, with its usual features, in new processes that have loaded
    everything before the clocks start; what loading costs stands beside. One worker decodes with
    FFmpeg's threads, two without, as in the stage. The ego frames are said to be 0.1 ms later than
    their road frames, so that road features are matched to the next road frame's, as in a recording.
    There is no gyroscope. Writing of tables and the survey's own 10 … 32 looks are not counted.
naive
    cv2.VideoCapture, cv2.undistort of the whole picture, grey, 1000 ORB features in full resolution,
    BFMatcher with crossCheck, findHomography with RANSAC: ego → road, ego → ego, road → road. OpenCV
    and FFmpeg use what threads they like.

A triplet is one ego frame and what it takes to map it. Errors are distances from the true map, mean over
9 × 9 road points that the ego view shows, for each frame: its direct match, before anything smooths it.
The clips have no parallax and one sensor: errors are best cases, times are not.

CPU times hold on a busy machine too; wall times only on one where nothing else runs (see the load that is
printed). Exits with 1 if a target is missed. ``--breakdown`` tells where the CPU time goes instead.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from bench_align_parts import breakdown
from bench_align_runs import (
    FEATURES,
    Clip,
    assemble,
    chunks_of,
    direct_maps,
    grid_errors,
    made_clip,
    naive,
    plan_of,
    repeated,
    sweep,
    worker_memory,
)
from rich.console import Console
from rich.table import Table

from dashgaze.alignment.survey import Survey
from dashgaze.progress import silent
from dashgaze.stages.align_plan import AlignPlan
from dashgaze.stages.align_work import survey_longest

RATE_HZ = 30
HIGH_MBIT, LOW_MBIT = 17.0, 8.0
MAX_CPU_MS = {HIGH_MBIT: 25.0}
MIN_REAL_TIME = {HIGH_MBIT: 2.7, LOW_MBIT: 3.2}
MIN_TIMES_NAIVE = 4.0
MAX_WORKER_MB = 1200.0

console = Console(width=130)


class Figures:
    """Figures as they are measured, and whether all are as good as they have to be."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(
        self,
        group: str,
        name: str,
        value: float,
        unit: str,
        *,
        most: float | None = None,
        least: float | None = None,
        note: str = "",
    ) -> None:
        """Take down a figure, with the most or least that it may be."""
        good = (most is None or value <= most) and (least is None or value >= least)
        limit = "" if most is None else f"≤ {most:g}"
        limit = limit if least is None else f"≥ {least:g}"
        self.rows.append(
            {
                "group": group, "name": name, "value": float(value), "unit": unit,
                "target": limit, "good": good, "note": note,
            }
        )  # fmt: skip

    @property
    def good(self) -> bool:
        """Whether no target is missed."""
        return all(row["good"] for row in self.rows)

    def show(self) -> None:
        """Print the table."""
        table = Table("", "figure", "", "", "target", "", "what was run")
        for column in (2, 4):
            table.columns[column].justify = "right"
        groups = [row["group"] for row in self.rows]
        for i, row in enumerate(self.rows):
            new = i == 0 or groups[i - 1] != row["group"]
            table.add_row(
                row["group"] if new else "",
                row["name"],
                f"{row['value']:.4g}" if row["value"] < 1000 else f"{row['value']:.0f}",
                row["unit"],
                row["target"],
                ("ok" if row["good"] else "[bold red]miss[/]") if row["target"] else "",
                row["note"],
                end_section=groups[i + 1 : i + 2] != [row["group"]],
            )
        console.print(table)


def main() -> int:
    """Run the benchmark; give 1 if a target is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--clip", type=Path, help="a driving video to make the clips from")
    parser.add_argument("--folder", type=Path, help="keep the clips here, and find them again")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--quick", action="store_true", help="10 s twice over, 5 min, not 20")
    parser.add_argument("--breakdown", action="store_true", help="where the CPU time goes")
    parser.add_argument(
        "--only", choices=["speed", "memory"], help="leave out the other half of the figures"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        clips = {
            mbit: made_clip(folder, seconds=10 if given.quick else 20, mbit=mbit, clip=given.clip)
            for mbit in (HIGH_MBIT, LOW_MBIT)
        }
        if given.breakdown:
            for clip in clips.values():
                show_breakdown(clip)
            return 0
        figures = Figures()
        loads = [os.getloadavg()]
        for mbit, clip in clips.items():
            if given.only != "memory":
                measure_speed(figures, mbit, clip, quick=given.quick)
        loads.append(os.getloadavg())
        if given.only != "speed":
            measure_memory(figures, clips[HIGH_MBIT], quick=given.quick)
    figures.show()
    before, after = (load[0] for load in loads)
    console.print(
        f"{os.cpu_count()} cores. Load average over a minute before the timings: {before:.1f}; after: "
        f"{after:.1f}. On a quiet machine it is about 0 before and at most 2 … 3 after."
    )
    if given.json:
        content = {"cores": os.cpu_count(), "loads": loads, "figures": figures.rows}
        given.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 0 if figures.good else 1


def measure_speed(figures: Figures, mbit: float, short: Clip, *, quick: bool) -> None:
    """Time ours with two workers and with one, and the plain pipeline, on a clip."""
    clip = repeated(short, 2 if quick else 4)
    plan, seen = survey_of(clip)
    rows, truth = len(short.road_from_ego), clip.road_from_ego
    group = f"road {short.road_mbit:.1f} Mb/s"

    two = sweep(chunks_of(plan, seen, rows=rows, alone=False), 2)
    slow_maps, slow_wall_s, slow_cpu_s = naive(short, 50 if quick else 120)
    one = sweep(chunks_of(plan, seen, rows=rows, alone=True)[:2], 1)

    note = f"{two.frames} frames in stretches of {rows}"
    figures.add(group, "CPU, two workers", two.cpu_ms, "ms", most=MAX_CPU_MS.get(mbit), note=note)
    figures.add(
        group, "CPU, one worker", one.cpu_ms, "ms", note=f"{one.frames} frames, FFmpeg's threads"
    )
    figures.add(
        group, "loading, once a process", two.start_cpu_s, "CPU s", note="imports, compiled code"
    )
    figures.add(group, "wall, two workers", two.per_s, "triplets/s")
    figures.add(
        group, "", two.per_s / RATE_HZ, "× real time", least=MIN_REAL_TIME[mbit], note="at 30 fps"
    )
    figures.add(group, "wall, one worker", one.per_s, "triplets/s")
    figures.add(group, "", one.per_s / RATE_HZ, "× real time")
    maps = direct_maps(two.parts, plan.frame, len(truth))
    figures.add(group, "direct matches", 100 * np.isfinite(maps[:, 0, 0]).mean(), "%")
    add_errors(figures, group, "grid error", grid_errors(maps, truth, plan))

    sample = f"{len(slow_maps)} frames, the first 10 untimed"
    figures.add(group, "naive: CPU", 1e3 * slow_cpu_s, "ms", note=sample)
    figures.add(group, "naive: wall", 1 / slow_wall_s, "triplets/s", note="OpenCV's own threads")
    same = slice(len(slow_maps))
    add_errors(figures, group, "naive: grid error", grid_errors(slow_maps, truth[same], plan))
    add_errors(figures, group, "ours, those frames", grid_errors(maps[same], truth[same], plan))
    figures.add(
        group, "ours / naive, wall", two.per_s * slow_wall_s, "×", least=MIN_TIMES_NAIVE,
        note="two workers",
    )  # fmt: skip
    figures.add(group, "naive / ours, CPU", 1e3 * slow_cpu_s / two.cpu_ms, "×")


def add_errors(figures: Figures, group: str, name: str, errors: Any) -> None:
    """Take down median and 95 % of errors."""
    known = errors[np.isfinite(errors)]
    figures.add(group, f"{name}, median", float(np.median(known)), "px")
    figures.add(group, f"{name}, 95 %", float(np.quantile(known, 0.95)), "px")


def measure_memory(figures: Figures, short: Clip, *, quick: bool) -> None:
    """Measure the peak memory of a worker, and of the process that joins and solves."""
    seconds = len(short.road_from_ego) / RATE_HZ
    for minutes in (1, 5 if quick else 20):
        clip = repeated(short, round(60 * minutes / seconds))
        plan, seen = survey_of(clip)
        swept = worker_memory(plan, seen)
        figures.add(
            "memory, peak", f"worker, {minutes} min", swept.peak_mb, "MB", most=MAX_WORKER_MB,
            note=f"first, middle and last 20 s of {len(plan)} frames, "
            f"{(clip.road.stat().st_size + clip.ego.stat().st_size) / 1e9:.1f} GB; no threads",
        )  # fmt: skip
    for minutes in (5,) if quick else (20, 60):
        parent = assemble(swept.parts, plan, minutes)
        figures.add(
            "memory, peak", f"joining, {minutes} min", parent["peak_mb"], "MB",
            note=f"{parent['rows']:.0f} made-up rows, {parent['carried_maps']:.0f} carried maps; "
            f"{parent['before_mb']:.0f} MB before",
        )  # fmt: skip
        figures.add("memory, peak", "", parent["cpu_s"], "CPU s", note="joining and solving")


def survey_of(clip: Clip) -> tuple[AlignPlan, Survey]:
    """Plan a clip, and look around in it."""
    plan = plan_of(clip)
    return plan, survey_longest(plan, feature_count=FEATURES, progress=silent)


def show_breakdown(clip: Clip) -> None:
    """Print where the CPU time of a triplet goes."""
    plan, seen = survey_of(clip)
    (chunk,) = chunks_of(plan, seen, rows=len(plan), alone=False)
    parts = breakdown(chunk)
    table = Table(f"road {clip.road_mbit:.1f} Mb/s", "CPU ms", "calls")
    for name, (ms, calls) in parts.items():
        table.add_row(name, f"{ms:.2f}", f"{calls:.2f}")
    table.add_section()
    table.add_row("all", f"{sum(ms for ms, _ in parts.values()):.2f}")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
