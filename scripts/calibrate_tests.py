"""Do the tests and intervals of the analyses hold what they promise? Simulated studies with and without effects.

    python scripts/calibrate_tests.py --json FILE                     # some 15 minutes on two cores
    python scripts/calibrate_tests.py --studies 20 --recovered 10     # a look

Each study has 26 sessions of 10 minutes by 22 drivers, as DashGaze had them: one driver has five sessions.

fixations, no effect
    Cells are made of planned fixations on the road, where the null hypothesis is true to the letter. Rate of p < 0.05
    of the tests of `dashgaze.analysis.statistics`.
measured, no effect
    The whole way: measured gaze (tracker's errors, mapping, blinks, glances aside), directions, and the sections of
    the report. Before, vanishing points are dealt out among sessions, so that gaze has none of its own, and, for
    following, turns of the cars: what the head does in the car stays in the gyroscope.
    Where the simulation itself differs between conditions in ways `Effects` does not list, a row says so:
    it is no false positive, and has no bounds.
fixations, usual effects
    How often intervals of 95 % contain what is planted.
measured, usual effects
    How often the report's intervals contain what is true of gaze over frames (`calibrate_truth.py` says of what, and why that
    is not quite what is planted in fixations), and means of what it says.

Beside each rate stands that of the test that takes fixations (or frames) for independent. Exits with 1 if a rate is
outside of 2 to 8 %, or a coverage outside of 90 to 98 %, for more than chance (interval of 95 %).
"""

import argparse
import itertools
import json
import math
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from calibrate_rates import OWN_TURNS_SEEN, SECOND, coverages, means, rates, recoveries, show
from calibrate_studies import FloatArray, PlannedGaze, measured_study, planned_gaze, with_turns
from rich.console import Console

from dashgaze.analysis.contract.direction import GazeDirections
from dashgaze.analysis.contract.finding import Finding
from dashgaze.analysis.contract.study import Study
from dashgaze.analysis.gaze.following import following_findings
from dashgaze.analysis.gaze.options import GazeOptions
from dashgaze.analysis.gaze.spread import spread
from dashgaze.analysis.gaze.vanishing_point_bias import vanishing_point_bias
from dashgaze.analysis.statistics import (
    CellTable,
    Comparison,
    ShareTable,
    between_sessions,
    compare_shares,
    mean_of_sessions,
    mean_share,
    naive_mean_p,
    naive_shares_p,
    naive_slope_p,
    naive_spread_p,
    slope,
    within_sessions,
)
from dashgaze.analysis.study.directions import study_directions
from dashgaze.collection.simulation.story.effects import Effects
from dashgaze.collection.simulation.story.population import draw_population

EDGES_M_S = (0.5, 20 / 3.6, 40 / 3.6, 60 / 3.6, 100.0)
LEAST_S = 60.0
console = Console(width=130)
Row = tuple[str, float | None, float | None]
"""Name, p (or whether an interval holds the planted value), naive p."""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=200, help="of planned fixations")
    parser.add_argument(
        "--measured", type=int, default=200, help="measured studies without effects"
    )
    parser.add_argument(
        "--recovered", type=int, default=40, help="measured studies with usual effects"
    )
    parser.add_argument("--sessions", type=int, default=26)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--fps", type=float, default=10.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    size = (asked.sessions, asked.minutes, asked.fps)
    tasks = [
        *((one_fixations, asked.seed + number, size) for number in range(asked.studies)),
        *((one_measured_null, asked.seed + number, size) for number in range(asked.measured)),
        *((one_measured, asked.seed + number, size) for number in range(asked.recovered)),
    ]
    # Small optimisations are much slower where several threads share them.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    started = time.perf_counter()
    rows: dict[str, list[Any]] = {}
    said: list[dict[str, Any]] = []
    with multiprocessing.get_context("spawn").Pool(asked.workers, initializer=_be_nice) as pool:
        for done, found in enumerate(pool.imap_unordered(_run, tasks), 1):
            for group, row in found:
                rows.setdefault(group, []).append(row)
            if done % 20 and done < len(tasks):
                continue
            said = [*rates(rows), *coverages(rows), *recoveries(rows), *means(rows)]
            wall_s = round(time.perf_counter() - started, 1)
            console.print(f"{done} of {len(tasks)} after {wall_s:.0f} s", style="dim")
            if asked.json:
                facts = vars(asked) | {
                    "json": None,
                    "done": done,
                    "of": len(tasks),
                    "wall_s": wall_s,
                }
                text = json.dumps(facts | {"rows": said}, indent=2) + "\n"
                asked.json.write_text(text, encoding="utf-8")
    show(said)
    return int(any(row["good"] is False for row in said))


def _be_nice() -> None:
    os.nice(10)


Task = tuple[
    Callable[[int, tuple[int, float, float]], list[tuple[str, Any]]], int, tuple[int, float, float]
]


def _run(task: Task) -> list[tuple[str, Any]]:
    function, seed, size = task
    return function(seed, size)


# Fixations ---------------------------------------------------------------------------------------------------


def one_fixations(seed: int, size: tuple[int, float, float]) -> list[tuple[str, Any]]:
    """Test planned fixations without effects, and look for planted ones with the usual effects."""
    population = draw_population(size[0], None, seed)
    none, usual = Effects.none(keep_random=True), Effects()
    worlds = list(
        zip(*(planned_gaze(each, (none, usual), size[1]) for each in population), strict=True)
    )
    return [
        *(("fixations", row) for row in _null_rows(worlds[0], seed)),
        *(("coverage", row) for row in _planted_rows(worlds[1], usual)),
    ]


def _cells(
    gaze: Sequence[PlannedGaze],
    value: Callable[[PlannedGaze, np.ndarray], float],
    parts: Mapping[str | float, Callable[[PlannedGaze], np.ndarray]],
) -> CellTable:
    """Give a cell for each session and part of its fixations that lasts for a minute."""
    rows = []
    for each in gaze:
        for name, part in parts.items():
            kept = part(each)
            seconds = float(each.duration_s[kept].sum())
            if seconds >= LEAST_S:
                driver = each.session.conditions.driver.driver_id
                rows.append(
                    (each.session.session_id, driver, name, value(each, kept), seconds / 60)
                )
    return CellTable.of(rows)


def _lit(table: CellTable, gaze: Sequence[PlannedGaze]) -> CellTable:
    lights = {each.session.session_id: each.session.conditions.lighting for each in gaze}
    return replace(table, condition=np.array([lights[str(name)] for name in table.session_id]))


def _speed_cells(gaze: Sequence[PlannedGaze], effects: Effects) -> CellTable:
    """Give log SDs in bins of speed; the condition is the mean speed in 10 m/s."""
    rows = []
    for each in gaze:
        driver = each.session.conditions.driver.driver_id
        around = each.azimuth_deg - effects.follow * each.bearing_deg
        for low, high in itertools.pairwise(EDGES_M_S):
            kept = (each.speed_m_s >= low) & (each.speed_m_s < high)
            seconds = float(each.duration_s[kept].sum())
            if seconds >= LEAST_S:
                speed = float(each.speed_m_s[kept].mean()) / 10
                value = float(np.log(np.std(around[kept], ddof=1)))
                rows.append((each.session.session_id, driver, speed, value, seconds / 60))
    return CellTable.of(rows)


def _log_sd(effects: Effects, *, level: bool) -> Callable[[PlannedGaze, np.ndarray], float]:
    """Give the log SD of azimuth without bends and (for a level) without what speed takes off."""

    def value(gaze: PlannedGaze, kept: np.ndarray) -> float:
        around = gaze.azimuth_deg - effects.follow * gaze.bearing_deg
        around = around[kept] - around[kept].mean()
        if level:
            around = around / np.exp(effects.speed_log * gaze.speed_m_s[kept] / 10)
        return float(np.log(np.sqrt((around**2).sum() / (len(around) - 1))))

    return value


MOVING: dict[str | float, Callable[[PlannedGaze], np.ndarray]] = {
    "moving": lambda gaze: gaze.moving
}
STANDING: dict[str | float, Callable[[PlannedGaze], np.ndarray]] = {
    **MOVING,
    "stopped": lambda gaze: ~gaze.moving,
}


def _share_table(gaze: Sequence[PlannedGaze]) -> ShareTable:
    return ShareTable.of(
        (
            each.session.session_id,
            each.session.conditions.driver.driver_id,
            each.session.conditions.traffic,
            each.hits,
            each.trials,
        )
        for each in gaze
    )


def _slope_cells(gaze: Sequence[PlannedGaze]) -> CellTable:
    """Give each session's slope of azimuth on the bend ahead."""
    rows = []
    for each in gaze:
        bend = each.bearing_deg - each.bearing_deg.mean()
        value = float(bend @ each.azimuth_deg / (bend @ bend))
        driver = each.session.conditions.driver.driver_id
        rows.append((each.session.session_id, driver, 0.0, value, 1.0))
    return CellTable.of(rows)


def _null_rows(gaze: Sequence[PlannedGaze], seed: int) -> list[Row]:
    none = Effects.none(keep_random=True)
    log_sd = _log_sd(none, level=False)
    lit = _lit(_cells(gaze, log_sd, MOVING), gaze)
    lights = _pots(gaze, lambda each: each.session.conditions.lighting, moving=True)
    night = between_sessions(lit, "day", "night", seed=seed)
    speeds = np.concatenate([each.speed_m_s[each.moving] for each in gaze])
    around = np.concatenate(
        [each.azimuth_deg[each.moving] - each.azimuth_deg[each.moving].mean() for each in gaze]
    )
    still = np.concatenate([each.azimuth_deg[~each.moving] for each in gaze])
    moving = np.concatenate([each.azimuth_deg[each.moving] for each in gaze])
    shares = _share_table(gaze)
    sums = [
        [
            sum(getattr(each, name) for each in gaze if each.session.conditions.traffic == level)
            for level in ("light", "heavy")
        ]
        for name in ("hits", "trials")
    ]
    traffic = compare_shares(shares, "light", "heavy")
    location = _cells(gaze, lambda each, kept: float(each.azimuth_deg[kept].mean()), MOVING)
    night_naive = (
        naive_spread_p(lights["day"], lights["night"]) if {"day", "night"} <= set(lights) else None
    )
    return [
        ("lighting contrast of spread (Welch)", _p(night, 0), night_naive),
        ("lighting contrast of spread (permutation)", _p(night, 1), night_naive),
        ("lighting contrast of place", between_sessions(_lit(location, gaze), "day", "night", log=False).p,
         naive_mean_p(lights["day"], lights["night"]) if "night" in lights and "day" in lights else None),
        ("speed slope of spread", slope(_speed_cells(gaze, none)).p, naive_slope_p(speeds, np.abs(around))),
        ("stopped contrast of spread", within_sessions(_cells(gaze, log_sd, STANDING), "moving", "stopped").p,
         naive_spread_p(moving, still)),
        ("traffic contrast of object share", traffic.p, naive_shares_p(sums[0], sums[1])),
        ("place against the vanishing point", mean_of_sessions(location).p,
         float(math.erfc(abs(moving.mean()) / moving.std() * np.sqrt(len(moving) / 2)))),
        ("following (slope over sessions)", mean_of_sessions(_slope_cells(gaze)).p,
         naive_slope_p(np.concatenate([each.bearing_deg for each in gaze]), np.concatenate([each.azimuth_deg for each in gaze]))),
    ]  # fmt: skip


def _pots(
    gaze: Sequence[PlannedGaze], key: Callable[[PlannedGaze], str], *, moving: bool
) -> dict[str, FloatArray]:
    pots: dict[str, list[FloatArray]] = {}
    for each in gaze:
        pots.setdefault(key(each), []).append(
            each.azimuth_deg[each.moving] if moving else each.azimuth_deg
        )
    return {name: np.concatenate(parts) for name, parts in pots.items()}


def _planted_rows(gaze: Sequence[PlannedGaze], effects: Effects) -> list[Row]:
    """Give whether intervals contain what is planted."""
    level = _log_sd(effects, level=True)
    lit = _lit(_cells(gaze, level, MOVING), gaze)
    lights = {name: effects.lighting_log(name) for name in ("day", "twilight", "night")}  # type: ignore[arg-type]
    typical = replace(
        lit, value=lit.value - np.array([lights[str(name)] for name in lit.condition])
    )
    place = _cells(
        gaze,
        lambda each, kept: float(
            (each.azimuth_deg - effects.follow * each.bearing_deg)[kept].mean()
        ),
        MOVING,
    )
    shares = _share_table(gaze)
    medium = shares.condition == "medium"
    medium_only = ShareTable(
        session_id=shares.session_id[medium],
        driver_id=shares.driver_id[medium],
        condition=shares.condition[medium],
        hits=shares.hits[medium],
        trials=shares.trials[medium],
    )
    odds = [
        share / (1 - share) for share in (effects.object_share_light, effects.object_share_heavy)
    ]
    comparisons: list[tuple[str, Comparison, float]] = [
        ("night_log", between_sessions(lit, "day", "night"), math.exp(effects.night_log)),
        ("speed_log", slope(_speed_cells(gaze, effects)), math.exp(effects.speed_log)),
        ("stopped_log", within_sessions(_cells(gaze, level, STANDING), "moving", "stopped"), math.exp(effects.stopped_log)),
        ("spread_h_deg", mean_of_sessions(typical, log=True, unit="deg"), effects.spread_h_deg),
        ("shift_azimuth_deg", mean_of_sessions(place, unit="deg"), effects.shift_azimuth_deg),
        ("follow", mean_of_sessions(_slope_cells(gaze)), effects.follow),
        ("object share, medium traffic", mean_share(medium_only), effects.object_share_medium),
        ("object share, odds heavy / light", compare_shares(shares, "light", "heavy"), odds[1] / odds[0]),
    ]  # fmt: skip
    rows: list[Row] = []
    for name, found, planted in comparisons:
        estimate = found.estimate
        if (
            estimate is None
            or estimate.low is None
            or estimate.high is None
            or estimate.value is None
        ):
            continue
        rows.append(
            (name, float(estimate.low <= planted <= estimate.high), estimate.value / planted)
        )
    return rows


# Measured gaze -----------------------------------------------------------------------------------------------


def one_measured_null(seed: int, size: tuple[int, float, float]) -> list[tuple[str, Any]]:
    """Run the report's sections on measured gaze without effects."""
    study, directions = _measured(seed, size, Effects.none(keep_random=True))
    dealt = _dealt(directions, seed)
    options = GazeOptions(repeats=99, seed=seed)
    findings = [
        *vanishing_point_bias(study, dealt, options).findings,
        *spread(study, directions, options).findings,
    ]
    rows: list[tuple[str, Any]] = []
    for finding in findings:
        if finding.key in (
            "vanishing_point.lead",
            "spread.speed.slope_per_10_km_h",
            "vanishing_point.nearer_than_centre",
        ):
            continue
        if finding.key.startswith("vanishing_point.offset"):
            continue
        rows += _tests_of(finding, finding.key)
    for name, dealt, seen in (
        ("following, turns of others", True, False),
        ("following, turns of others, road video", True, True),
        (OWN_TURNS_SEEN, False, True),
    ):
        turned = with_turns(study, seed, dealt=dealt, seen=seen)
        rows += _tests_of(following_findings(turned, directions, options)[0][0], name)
    return rows


def _tests_of(finding: Finding, name: str) -> list[tuple[str, Any]]:
    return [
        ("measured", (name + (SECOND if place else ""), test.p, finding.naive_p))
        for place, test in enumerate(finding.tests)
    ]


def one_measured(seed: int, size: tuple[int, float, float]) -> list[tuple[str, Any]]:
    """Run the report's sections on measured gaze with the usual effects, and keep their estimates."""
    study, directions = _measured(seed, size, Effects())
    options = GazeOptions(repeats=99, seed=seed)
    findings = [
        *vanishing_point_bias(study, directions, options).findings,
        *spread(study, directions, options).findings,
    ]
    seen = with_turns(study, seed, dealt=False, seen=True)
    named = [
        *((finding.key, finding) for finding in findings),
        *(
            (f"{finding.key}, road video", finding)
            for finding in following_findings(seen, directions, options)[0]
        ),
    ]
    return [
        ("estimates", (name, finding.estimate.value, finding.estimate.low, finding.estimate.high))
        for name, finding in named
        if finding.estimate is not None
    ]


def _measured(
    seed: int, size: tuple[int, float, float], effects: Effects
) -> tuple[Study, dict[str, GazeDirections]]:
    sessions, minutes, fps = size
    study = measured_study(draw_population(sessions, None, seed), effects, minutes, fps)
    return study, study_directions(study).by_session


def _dealt(directions: Mapping[str, GazeDirections], seed: int) -> dict[str, GazeDirections]:
    """Deal out the sessions' references among them at random."""
    names = sorted(directions)
    order = np.random.default_rng([seed, 5]).permutation(len(names))
    return {
        name: replace(directions[name], reference_deg=directions[names[place]].reference_deg)
        for name, place in zip(names, order, strict=True)
    }


# Results -----------------------------------------------------------------------------------------------------


def _p(found: Comparison, place: int) -> float | None:
    return found.tests[place].p if len(found.tests) > place else None


if __name__ == "__main__":
    sys.exit(main())
