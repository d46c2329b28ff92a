"""What the analyses' estimates of a simulated study ought to be: from true gaze of long drives.

    python scripts/calibrate_truth.py --drivers 100           # some 15 minutes on two cores

`Effects` says what is planted in planned fixations on the road. The report measures frames, of gaze at all that is ahead: other
road users, whose place has nothing to do with bends, speed or light, dilute what is planted, points are approached while
they are looked at, gaze that would end on the ground too near is raised, and the road camera is not at the eyes. So what an
interval ought to hold is the value of the same quantity without errors: of the simulated gaze itself, carried exactly into
the road view, in drives so long (an hour) that no spread is too small for want of gaze, by the formulas below, which share no
code with the analyses. `calibrate_rates.py` has its results. Beside stands the same as seen from the driver's eyes.
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

from dashgaze.collection.simulation.story.conditions import Lighting
from dashgaze.collection.simulation.story.effects import Effects
from dashgaze.collection.simulation.story.label_drive import LabelDrive, label_drive
from dashgaze.collection.simulation.story.population import PlannedSession, draw_population
from dashgaze.collection.simulation.story.projection import RoadCamera
from dashgaze.collection.simulation.story.tracker_gaze import TrackerError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

CAMERA = RoadCamera()
LIGHTINGS: tuple[Lighting, ...] = ("day", "twilight", "night")
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
    table = Table("", "true", "± standard error", "from the eyes", "in calibrate_rates.py")
    scores = np.array([scores for scores, _ in found])
    for name in found[0][1][0]:
        views = [np.array([views[view][name] for _, views in found]) for view in (0, 1)]
        (mean, error), (from_eyes, _) = (_of_average_driver(values, scores) for values in views)
        if name.startswith("spread"):  # logs
            mean, from_eyes = math.exp(mean), math.exp(from_eyes)
            error *= mean
        kept = TRUE.get(name)
        numbers = (f"{mean:.4f}", f"{error:.4f}", f"{from_eyes:.4f}")
        table.add_row(name, *numbers, "none" if kept is None else f"{kept:.4f}")
    console.print(table)
    return 0


def _of_average_driver(values: FloatArray, scores: FloatArray) -> tuple[float, float]:
    """Give the value of a driver whose scores are 0, by a plane through all, and its standard error."""
    design = np.column_stack([np.ones(len(values)), scores])
    found, *_ = np.linalg.lstsq(design, values, rcond=None)
    left = values - design @ found
    variance = float(left @ left) / (len(values) - design.shape[1])
    return float(found[0]), math.sqrt(variance * np.linalg.inv(design.T @ design)[0, 0])


def of_driver(task: tuple[PlannedSession, float]) -> tuple[list[float], list[dict[str, float]]]:
    """Give a driver's scores, and what his gaze is: seen from the road camera, and from his eyes.

    Light is compared in the same drive by day, in twilight and at night; all else is of the drive by its own light.
    """
    planned, minutes = task
    drives = {
        light: _drive(
            replace(planned, conditions=replace(planned.conditions, lighting=light)), minutes
        )
        for light in LIGHTINGS
    }
    found = []
    for view in (_from_camera, _from_eyes):
        looks = {light: view(drive) for light, drive in drives.items()}
        values = looks[planned.conditions.lighting].values()
        by_light = {light: _log_spread(each.ahead()) for light, each in looks.items()}
        for light in LIGHTINGS[1:]:
            values[f"spread.lighting.{light}"] = by_light[light] - by_light["day"]
        found.append(values)
    driver = planned.conditions.driver
    return [driver.offset_azimuth, driver.offset_elevation, driver.log_spread], found


def _drive(planned: PlannedSession, minutes: float) -> LabelDrive:
    return label_drive(
        planned.seed,
        planned.conditions,
        minutes * 60.0,
        Effects(),
        fps=FPS,
        error=EXACT,
        camera=CAMERA,
    )


def _from_eyes(drive: LabelDrive) -> "_Looks":
    return _Looks(drive, drive.azimuth_deg, drive.elevation_deg)


def _from_camera(drive: LabelDrive) -> "_Looks":
    """Give gaze as the road camera sees it, from the middle of the session's vanishing points."""

    def angles_deg(px: FloatArray) -> FloatArray:
        x, y = ((px - (np.array(CAMERA.size_px) - 1) / 2) / CAMERA.focal_px).T
        return np.degrees([np.arctan(x), -np.arctan2(y, np.hypot(x, 1))])

    middle = np.nanmedian(angles_deg(drive.vanishing_point_px), axis=1)
    azimuth, elevation = angles_deg(drive.road_px) - middle[:, None]
    return _Looks(drive, azimuth, elevation)


class _Looks:
    """Gaze of a drive, in degrees from the direction of travel, outside of saccades."""

    def __init__(self, drive: LabelDrive, azimuth_deg: FloatArray, elevation_deg: FloatArray):
        self._drive, self._deg = drive, np.array([azimuth_deg, elevation_deg])
        self._fixed = ~drive.in_saccade & np.isfinite(self._deg).all(axis=0)
        self._speed = np.asarray(drive.ride.speed_m_s(drive.phone_s))

    def values(self) -> dict[str, float]:
        moving = self._fixed & (self._speed > MOVING_M_S)
        bearing, turns = _bearing_and_turns(self._drive)
        near = moving & (np.abs(self._deg) <= BENDS_DEG).all(axis=0)
        near &= np.isfinite(bearing) & np.isfinite(turns)
        looked = self._deg[0, near]
        right, up = np.median(self._deg[:, moving], axis=1).tolist()
        still, driving = self._speed < STANDING_M_S, self._speed >= STANDING_M_S
        return {
            "vanishing_point.offset_right": right,
            "vanishing_point.offset_up": up,
            "vanishing_point.following": (
                _covariance(looked, turns[near]) / _covariance(bearing[near], turns[near])
            ),
            "vanishing_point.following, road video": float(np.polyfit(bearing[near], looked, 1)[0]),
            "spread.level": _log_spread(self.ahead()),
            "spread.stopped": _log_spread(self.ahead(still)) - _log_spread(self.ahead(driving)),
            "spread.speed.slope": self._slope(driving),
        }

    def ahead(self, rows: BoolArray | None = None) -> FloatArray:
        """Give azimuths of gaze that goes ahead."""
        kept = self._fixed if rows is None else self._fixed & rows
        for angle, most in zip(self._deg, AHEAD_DEG, strict=True):
            kept = kept & (np.abs(angle - np.median(angle[self._fixed])) <= most)
        return np.asarray(self._deg[0, kept])

    def _slope(self, driving: BoolArray) -> float:
        """Give the slope of log spread on speed in 10 m/s, over groups of equal size."""
        rows = np.flatnonzero(driving)
        groups = np.array_split(rows[np.argsort(self._speed[rows], kind="stable")], GROUPS)
        spreads = []
        for group in groups:
            flags = np.zeros(len(driving), dtype=np.bool_)
            flags[group] = True
            spreads.append(_log_spread(self.ahead(flags)))
        means = [float(self._speed[group].mean()) / 10 for group in groups]
        return float(np.polyfit(means, spreads, 1)[0])


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
    kernel = np.concatenate([bump, np.zeros(2 * apart - 1), bump]) / (2 * bump.sum())
    turns = np.full(count, np.nan)
    inner = np.convolve(rate, kernel, mode="valid")
    turns[len(kernel) // 2 : len(kernel) // 2 + len(inner)] = inner
    return bearing, turns


def _covariance(a: FloatArray, b: FloatArray) -> float:
    return float(np.cov(a, b)[0, 1])


def _log_spread(values: FloatArray) -> float:
    return math.log(1.4826 * float(np.median(np.abs(values - np.median(values)))))


if __name__ == "__main__":
    sys.exit(main())
