"""What the analyses' estimates of a simulated study ought to be: from true gaze of long drives.

    python scripts/calibrate_truth.py --drivers 100           # some 15 minutes on two cores

`Effects` says what is planted in planned fixations on the road. The report measures frames, of gaze at all that is ahead: other
road users, whose place has nothing to do with bends, speed or light, dilute what is planted, points are approached while
they are looked at, and gaze that would end on the ground too near is raised. So what an interval ought to hold is the value of
the same quantity without errors: of the simulated gaze itself, in drives so long (an hour) that no spread is too small for
want of gaze, by the formulas below, which share no code with the analyses. `calibrate_rates.py` has its results.
"""

import argparse
import math
import multiprocessing
import os
import sys
from dataclasses import replace

import numpy as np
from calibrate_rates import TRUE, console
from numpy.typing import NDArray
from rich.progress import track
from rich.table import Table

from dashgaze.collection.simulation.story.effects import Effects
from dashgaze.collection.simulation.story.label_drive import LabelDrive, label_drive
from dashgaze.collection.simulation.story.population import PlannedSession, draw_population
from dashgaze.collection.simulation.story.projection import RoadCamera
from dashgaze.collection.simulation.story.tracker_gaze import TrackerError

FloatArray = NDArray[np.float64]

EXACT = TrackerError(bias_sd_deg=0.0, drift_sd_deg=0.0, noise_deg=0.0)
AHEAD_DEG, BENDS_DEG = (35.0, 10.0), 25.0
STANDING_M_S, MOVING_M_S = 0.5, 4.0
FPS, GROUPS = 10.0, 4


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--drivers", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    tasks = [
        (planned, asked.minutes)
        for planned in draw_population(asked.drivers, asked.drivers, asked.seed)
    ]
    with multiprocessing.get_context("spawn").Pool(asked.workers) as pool:
        found = list(
            track(pool.imap(of_driver, tasks), total=len(tasks), console=console, description="")
        )
    table = Table("", "true", "± standard error", "in calibrate_rates.py", title="true values")
    for name in found[0]:
        values = np.array([each[name] for each in found])
        mean = float(values.mean())
        error = float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan
        if name.startswith("spread"):  # logs
            mean, error = math.exp(mean), error * math.exp(mean)
        kept = TRUE.get(name)
        table.add_row(
            name, f"{mean:.4f}", f"{error:.4f}", "none" if kept is None else f"{kept:.4f}"
        )
    console.print(table)
    return 0


def of_driver(task: tuple[PlannedSession, float]) -> dict[str, float]:
    """Give what one driver's gaze is in a drive by its own light, and at night and in twilight against day."""
    planned, minutes = task
    own = _drive(planned, minutes)
    values = _of_drive(own)
    by_light = {
        light: _log_spread(
            _ahead(
                _drive(
                    replace(planned, conditions=replace(planned.conditions, lighting=light)),
                    minutes,
                )
            )
        )
        for light in ("day", "twilight", "night")
    }
    for light in ("twilight", "night"):
        values[f"spread.lighting.{light}"] = by_light[light] - by_light["day"]
    return values


def _drive(planned: PlannedSession, minutes: float) -> LabelDrive:
    return label_drive(
        planned.seed,
        planned.conditions,
        minutes * 60.0,
        Effects(),
        fps=FPS,
        error=EXACT,
        camera=RoadCamera(),
    )


def _of_drive(drive: LabelDrive) -> dict[str, float]:
    speed = np.asarray(drive.ride.speed_m_s(drive.phone_s))
    fixed = ~drive.in_saccade
    moving = fixed & (speed > MOVING_M_S)
    near = moving & (np.abs(drive.azimuth_deg) <= BENDS_DEG)
    near &= np.abs(drive.elevation_deg) <= BENDS_DEG
    bearing, turns = _bearing_and_turns(drive)
    near &= np.isfinite(bearing) & np.isfinite(turns)
    looked = drive.azimuth_deg[near]
    azimuth, still = _ahead(drive), _ahead(drive, speed < STANDING_M_S)
    return {
        "vanishing_point.offset_right": float(np.median(drive.azimuth_deg[moving])),
        "vanishing_point.offset_up": float(np.median(drive.elevation_deg[moving])),
        "vanishing_point.following": _covariance(looked, turns[near]) / _covariance(bearing[near], turns[near]),
        "vanishing_point.following, road video": float(np.polyfit(bearing[near], looked, 1)[0]),
        "spread.level": _log_spread(azimuth),
        "spread.stopped": _log_spread(still) - _log_spread(_ahead(drive, speed >= STANDING_M_S)),
        "spread.speed.slope": _slope(drive, speed),
    }  # fmt: skip


def _bearing_and_turns(drive: LabelDrive) -> tuple[FloatArray, FloatArray]:
    """Give the mean heading of the next 1.5 s less that of now, and the mean yaw rate from 2 to 5 s before and after."""
    heading = np.degrees(np.unwrap(drive.ride.travel_heading_rad(drive.phone_s)))
    count, steps = len(heading), round(Effects().lead_s * FPS)
    windows = np.lib.stride_tricks.sliding_window_view(heading, steps + 1)
    bearing = np.full(count, np.nan)
    bearing[: len(windows)] = np.trapezoid(windows, dx=1 / steps) - heading[: len(windows)]
    rate = np.gradient(heading) * FPS
    apart, reach = round(2 * FPS), round(3 * FPS)
    bump = np.hanning(reach + 2)[1:-1]
    gap = np.zeros(2 * apart - 1)
    kernel = np.concatenate([bump, gap, bump]) / (2 * bump.sum())
    turns = np.full(count, np.nan)
    inner = np.convolve(rate, kernel, mode="valid")
    turns[len(kernel) // 2 : len(kernel) // 2 + len(inner)] = inner
    return bearing, turns


def _covariance(a: FloatArray, b: FloatArray) -> float:
    return float(np.cov(a, b)[0, 1])


def _ahead(drive: LabelDrive, rows: NDArray[np.bool_] | None = None) -> FloatArray:
    """Give azimuths of gaze that goes ahead, outside of saccades."""
    fixed = ~drive.in_saccade
    kept = fixed if rows is None else fixed & rows
    for angle, most in zip((drive.azimuth_deg, drive.elevation_deg), AHEAD_DEG, strict=True):
        kept = kept & (np.abs(angle - np.median(angle[fixed])) <= most)
    return np.asarray(drive.azimuth_deg[kept])


def _log_spread(values: FloatArray) -> float:
    return math.log(1.4826 * float(np.median(np.abs(values - np.median(values)))))


def _slope(drive: LabelDrive, speed: FloatArray) -> float:
    """Give the slope of log spread on speed in 10 m/s, over groups of equal size."""
    rows = np.flatnonzero(speed >= STANDING_M_S)
    groups = np.array_split(rows[np.argsort(speed[rows], kind="stable")], GROUPS)
    spreads = []
    for group in groups:
        flags = np.zeros(len(speed), dtype=np.bool_)
        flags[group] = True
        spreads.append(_log_spread(_ahead(drive, flags)))
    means = [float(speed[group].mean()) / 10 for group in groups]
    return float(np.polyfit(means, spreads, 1)[0])


if __name__ == "__main__":
    sys.exit(main())
