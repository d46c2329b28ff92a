"""Maps of gaze by light, weather and speed, and where they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dashgaze.densities.grid import Grid
from dashgaze.errors import InputError

from ..contract.direction import GazeDirections
from ..contract.finding import FEWEST_SESSIONS, Estimate, Finding, Plot, Section, Test
from ..contract.study import SessionData, Study, TextArray
from ..study.motion import frame_step_s
from ..study.selection import usable_gaze
from ..study.speed_bins import SPEED_BINS, speed_bin
from .condition_density import (
    DIFFERENCE_GRID,
    MAP_GRID,
    SessionDensity,
    density_deg,
    mean_density,
)
from .density_difference import DensityDifference, density_difference
from .density_map_figures import difference_map_figure, map_figure

PAIRS: tuple[tuple[str, str, str], ...] = (
    ("light", "day", "night"),
    ("weather", "clear", "rain"),
    ("speed", "20–40", "over 60"),
)
"""What is compared: factor, first and second condition."""


@dataclass(frozen=True, kw_only=True)
class DensityMapOptions:
    """How maps are made.

    Attributes
    ----------
    least_cell_s
        Least gaze of a session under a condition, s.
    repeats, seed
        Of the bootstrap.
    """

    least_cell_s: float = 60.0
    repeats: int = 499
    seed: int = 1

    def __post_init__(self) -> None:
        if self.least_cell_s <= 0 or self.repeats < 99:
            raise InputError(
                f"least_cell_s is {self.least_cell_s}, repeats {self.repeats}.",
                fix="Take least_cell_s above 0 and at least 99 repeats.",
            )


USUAL_OPTIONS = DensityMapOptions()

Cells = dict[tuple[str, str], list[SessionDensity]]


def density_maps(
    study: Study,
    directions: Mapping[str, GazeDirections],
    options: DensityMapOptions = USUAL_OPTIONS,
) -> Section:
    """Map gaze about the reference under each condition of the scene, and compare conditions.

    Parameters
    ----------
    study
        The study.
    directions
        Of its sessions; those without any are left out.
    options
        How maps are made.
    """
    maps = session_densities(study, directions, MAP_GRID, options)
    coarse = session_densities(study, directions, DIFFERENCE_GRID, options)
    findings: list[Finding] = []
    plots = [_maps_plot(factor, maps) for factor in dict.fromkeys(factor for factor, _ in maps)]
    for factor, first, second in PAIRS:
        arms = coarse.get((factor, first), []), coarse.get((factor, second), [])
        if factor == "speed":
            arms = _in_both(*arms)
        if not (arms[0] and arms[1]):
            findings.append(_refused(factor, first, second))
            continue
        found = density_difference(*arms, repeats=options.repeats, seed=options.seed)
        findings.append(_finding(factor, first, second, found))
        plots.append(_difference_plot(factor, first, second, found))
    return Section(
        key="density_maps",
        title="Where drivers look, by condition",
        findings=tuple(findings),
        plots=tuple(plots),
        text=(
            (
                "Maps are in degrees from the session's reference, so that mounts and cameras can be put together. Each "
                f"session with at least {options.least_cell_s:g} s of gaze under a condition counts once."
            ),
            (
                "Differences are tested over all cells at once: with 95 % confidence none of the marked cells is there "
                "by chance. Drivers and their sessions are drawn, never frames."
            ),
        ),
    )


def session_densities(
    study: Study,
    directions: Mapping[str, GazeDirections],
    grid: Grid,
    options: DensityMapOptions = USUAL_OPTIONS,
) -> Cells:
    """Give the densities of sessions by factor and condition.

    Parameters
    ----------
    study, directions, options
        As of `density_maps`.
    grid
        The cells.
    """
    found: Cells = {}
    for session in study.sessions:
        given = directions.get(session.session_id)
        if given is None or len(session) < 2:
            continue
        usable = usable_gaze(session, focal_px=given.focal_px)
        usable &= np.isfinite(given.from_reference_deg).all(axis=1)
        step_s = frame_step_s(session.time_s)
        for factor, words in _conditions(session).items():
            for condition in np.unique(words[usable]).tolist():
                rows = usable & (words == condition)
                seconds = float(np.count_nonzero(rows)) * step_s
                if not condition or seconds < options.least_cell_s:
                    continue
                mass = density_deg(given.from_reference_deg[rows], grid)
                if mass is not None:
                    found.setdefault((factor, condition), []).append(
                        SessionDensity(
                            session_id=session.session_id,
                            driver_id=session.driver_id,
                            mass=mass,
                            minutes=seconds / 60,
                        )
                    )
    return found


def _conditions(session: SessionData) -> dict[str, TextArray]:
    """Give the condition of each frame for each factor, "" where unknown."""
    bins = speed_bin(session)
    names = np.array([*SPEED_BINS, ""], dtype=np.str_)
    return {
        "light": np.full(len(session), session.lighting or ""),
        "weather": np.full(len(session), session.weather or ""),
        "speed": names[bins],
    }


def _in_both(
    first: Sequence[SessionDensity], second: Sequence[SessionDensity]
) -> tuple[list[SessionDensity], list[SessionDensity]]:
    names = {each.session_id for each in first} & {each.session_id for each in second}
    return (
        [each for each in first if each.session_id in names],
        [each for each in second if each.session_id in names],
    )


def _key(factor: str, first: str, second: str) -> str:
    words = f"{factor}_{second}_against_{first}"
    return "density_maps." + words.replace(" ", "_").replace("–", "_")


def _refused(factor: str, first: str, second: str) -> Finding:
    return Finding(
        key=_key(factor, first, second),
        question=_question(factor, first, second),
        cannot_say=f"No session has enough gaze under {first} and under {second} ({factor}).",
    )


def _question(factor: str, first: str, second: str) -> str:
    return f"What share of gaze lies elsewhere under “{second}” than under “{first}” ({factor})?"


def _finding(factor: str, first: str, second: str, found: DensityDifference) -> Finding:
    told = found.certain is not None
    tests: tuple[Test, ...] = ()
    if found.p is not None:
        null = "the maps do not differ in any cell (largest of all cells, bootstrap)"
        tests = (Test(p=found.p, null=null, repeats=found.repeats),)
    few = (
        ()
        if told
        else (
            (
                f"Descriptive only: fewer than {FEWEST_SESSIONS} sessions or drivers under one of the conditions "
                f"({found.arms[0]} and {found.arms[1]} sessions)."
            ),
        )
    )
    cells = (
        ()
        if found.certain is None
        else (
            (
                "cells that differ for certain",
                Estimate(
                    value=float(np.count_nonzero(found.certain)),
                    unit="cells of 4 deg²",
                    method="of all cells at once",
                    sessions=found.sessions,
                    drivers=found.drivers,
                ),
            ),
        )
    )
    return Finding(
        key=_key(factor, first, second),
        question=_question(factor, first, second),
        estimate=Estimate(
            value=found.moved,
            unit="share",
            method="half the summed differences of the mean maps; no interval",
            sessions=found.sessions,
            drivers=found.drivers,
            descriptive_only=not told,
        ),
        tests=tests,
        details=cells,
        caveats=(
            "Two maps of the same drivers under the same condition differ as well: the share is above 0 by chance.",
            *few,
        ),
    )


def _maps_plot(factor: str, maps: Cells) -> Plot:
    mine = {condition: each for (name, condition), each in maps.items() if name == factor}
    order = {name: place for place, name in enumerate(SPEED_BINS)}
    names = sorted(mine, key=lambda name: (order.get(name, len(order)), name))
    counts = "; ".join(
        f"{name}: {len(mine[name])} sessions, {len({each.driver_id for each in mine[name]})} drivers, "
        f"{sum(each.minutes for each in mine[name]):.0f} min"
        for name in names
    )
    unit = " km/h" if factor == "speed" else ""
    panels = [
        (
            f"{name}{unit if name != 'stopped' else ''}  (n = {len(mine[name])})",
            mean_density(mine[name]),
        )
        for name in names
    ]
    return Plot(
        name=f"gaze_maps_{factor}",
        caption=f"Density of gaze by {factor}, each session counting once ({counts}). Lines hold 50, 80 and 95 % of "
        "gaze.",
        draw=lambda: map_figure(panels, MAP_GRID),
    )


def _difference_plot(factor: str, first: str, second: str, found: DensityDifference) -> Plot:
    shown = (
        "Only cells that differ for certain are coloured"
        if found.certain is not None
        else "Too few sessions or drivers to tell what is certain: all differences are coloured"
    )
    return Plot(
        name=f"gaze_map_difference_{factor}",
        caption=f"Share of gaze under “{second}” less that under “{first}” ({factor}): {found.arms[1]} and "
        f"{found.arms[0]} sessions, {found.drivers} drivers. {shown}.",
        draw=lambda: difference_map_figure(found, DIFFERENCE_GRID, f"{second} less {first}"),
    )
