"""How far drivers differ, beside how sessions of one driver differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..contract.direction import GazeDirections
from ..contract.finding import Estimate, Finding, Plot, Section, TableOfRows
from ..contract.study import FloatArray, SessionData, Study
from ..statistics.cells import CellTable
from ..statistics.variance import variance_shares
from ..study.motion import frame_step_s
from ..study.sections import sections
from .density_figures import Panel, small_multiples
from .fixation_list import fixation_list
from .forest import ForestRow, forest_figure
from .options import USUAL_OPTIONS, GazeOptions
from .session_values import SessionValue, mean_of
from .spread_cells import counted_gaze
from .spread_measures import spread_measures
from .spread_plots import pooled_gaze
from .spread_values import ahead_of_car

PART_S = 120.0
"""Sessions are cut into parts of this length, whose values tell what differs within a session."""

_LEAST_FIXATIONS = 30
_MOST_MAPS = 30

_QUESTIONS: tuple[tuple[str, str, str, bool], ...] = (
    ("offset_h", "where gaze lies to the sides (from the reference)", "deg", False),
    ("offset_v", "how high gaze lies (from the reference)", "deg", False),
    ("log_spread_h", "how widely gaze is spread to the sides (log)", "deg", True),
    ("log_duration", "how long fixations last (log)", "s", True),
)
_NUISANCE = (
    (
        "What differs between sessions holds the place of the phone, the driver's height in the seat, and the eye tracker's "
        "error of that day; of offsets it is mostly that."
    ),
    "Routes, light and traffic differ between sessions and within them too: no condition is held fixed here.",
)


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Values of a part of a session; NaN where one can't be given."""

    session_id: str
    driver_id: str
    minutes: float
    values: Mapping[str, float]


def drivers(
    study: Study, directions: Mapping[str, GazeDirections], options: GazeOptions = USUAL_OPTIONS
) -> Section:
    """Split what differs into drivers, sessions and parts of sessions, and show each driver's gaze.

    Parameters
    ----------
    study, directions
        Sessions, and their directions by name.
    options
        How.
    """
    parts = [
        part
        for session in study.sessions
        if (gaze := directions.get(session.session_id)) is not None
        for part in _parts(session, gaze, options)
    ]
    findings = tuple(_share_finding(parts, *question, options) for question in _QUESTIONS)
    return Section(
        key="drivers",
        title="Drivers",
        findings=findings,
        plots=_plots(study, directions, parts),
        tables=(_table(parts),) if parts else (),
        text=(
            (
                f"Sessions are cut into parts of {PART_S / 60:g} minutes. A model with drivers, sessions and parts splits the "
                "variance of their values. What is between drivers can be told from what is between sessions only by "
                "drivers with several sessions; with one session each, both are one share."
            ),
        ),
    )


def _parts(session: SessionData, gaze: GazeDirections, options: GazeOptions) -> list[_Part]:
    usable = counted_gaze(session, gaze, direct_only=False)
    around = gaze.from_reference_deg
    fixations = fixation_list(session, around, usable)
    ahead = ahead_of_car(around, usable)
    number = sections(session, PART_S)
    step_s = frame_step_s(session.time_s)
    found = []
    for part in range(int(number[-1]) + 1 if len(number) else 0):
        rows = usable & (number == part)
        seconds = float(np.count_nonzero(rows) * step_s)
        if seconds < options.least_cell_s:
            continue
        middle = np.median(around[rows], axis=0)
        robust = spread_measures(around[rows & ahead]).robust_h_deg
        values = {
            "offset_h": float(middle[0]),
            "offset_v": float(middle[1]),
            "log_spread_h": float(np.log(robust)) if robust > 0 else float("nan"),
        }
        if fixations is not None:
            durations = fixations.duration_s[number[fixations.middle] == part]
            if len(durations) >= _LEAST_FIXATIONS:
                values["log_duration"] = float(np.mean(np.log(np.maximum(durations, step_s))))
        found.append(
            _Part(
                session_id=session.session_id,
                driver_id=session.driver_id,
                minutes=seconds / 60,
                values=values,
            )
        )
    return found


def _share_finding(
    parts: Sequence[_Part], name: str, what: str, unit: str, log: bool, options: GazeOptions
) -> Finding:
    key = f"drivers.{name}"
    question = f"What of the differences in {what} is between drivers?"
    rows = [
        (part.session_id, part.driver_id, 0.0, part.values[name], part.minutes)
        for part in parts
        if np.isfinite(part.values.get(name, np.nan))
    ]
    if not rows:
        return Finding(
            key=key, question=question, cannot_say=f"No session has a part that tells {what}."
        )
    found = variance_shares(
        CellTable.of(rows), repeats=min(options.repeats, 199), seed=options.seed, least_minutes=0.0
    )
    details: list[tuple[str, Estimate]] = [
        (label, each)
        for label, each in (
            ("between drivers", found.drivers),
            ("between sessions of a driver", found.sessions),
            ("between sessions, of whatever driver", found.drivers_and_sessions),
            ("within sessions", found.within),
        )
        if each is not None
    ]
    if found.total_variance is not None:
        details.append(
            (
                "SD of all",
                Estimate(
                    value=float(np.sqrt(found.total_variance)),
                    unit="log" if log else unit,
                    method="root of the summed variances",
                    sessions=len({row[0] for row in rows}),
                    drivers=len({row[1] for row in rows}),
                ),
            )
        )
    return Finding(
        key=key,
        question=question,
        estimate=found.drivers,
        details=tuple(details),
        caveats=(*found.caveats, *_NUISANCE),
        cannot_say=found.cannot_say if found.drivers is None else "",
    )


def _by_session(parts: Sequence[_Part], name: str) -> dict[str, tuple[str, float]]:
    """Give the driver and the mean of a value for each session."""
    values: dict[str, list[float]] = {}
    owners: dict[str, str] = {}
    for part in parts:
        value = part.values.get(name, float("nan"))
        if np.isfinite(value):
            values.setdefault(part.session_id, []).append(value)
            owners[part.session_id] = part.driver_id
    return {session: (owners[session], float(np.mean(each))) for session, each in values.items()}


def _plots(
    study: Study, directions: Mapping[str, GazeDirections], parts: Sequence[_Part]
) -> tuple[Plot, ...]:
    by_driver: dict[str, list[SessionData]] = {}
    for session in study.sessions:
        if session.session_id in directions:
            by_driver.setdefault(session.driver_id, []).append(session)
    if not by_driver:
        return ()
    # Those with most sessions say most; the rest would be stamps.
    chosen = sorted(by_driver, key=lambda name: (-len(by_driver[name]), name))[:_MOST_MAPS]
    left_out = len(by_driver) - len(chosen)
    plots = [
        Plot(
            name="gaze_by_driver",
            caption=f"Density of gaze of {len(chosen)} drivers from the reference of each session, on the same axes; lines "
            "hold 50, 80 and 95 % of gaze, n is sessions. A driver with one session can't be told from that session."
            + (f" {left_out} drivers with fewest sessions are left out." if left_out else ""),
            draw=lambda: small_multiples(
                [
                    Panel(
                        title=f"{name}, n = {len(by_driver[name])}",
                        directions_deg=pooled_gaze(by_driver[name], directions),
                    )
                    for name in sorted(chosen)
                ],
                columns=5 if len(chosen) > 6 else 3,
            ),
        )
    ]
    found = _by_session(parts, "log_spread_h")
    if found:
        rows = [
            ForestRow(label=session, value=float(np.exp(value)), group=driver)
            for session, (driver, value) in found.items()
        ]
        estimate = mean_of(
            [
                SessionValue(session_id=session, driver_id=driver, value=value)
                for session, (driver, value) in found.items()
            ],
            unit="deg",
            log=True,
        ).estimate
        pooled = [("mean", estimate)] if estimate is not None else []
        plots.append(
            Plot(
                name="spread_by_driver",
                caption=f"Horizontal spread of gaze ahead (1.4826 MAD) of {len(rows)} sessions of "
                f"{len({row.group for row in rows})} drivers, and the geometric mean with its interval of 95 %.",
                draw=lambda: forest_figure(
                    rows, pooled, x_label="horizontal spread (deg)", log=True
                ),
            )
        )
    return tuple(plots)


def _table(parts: Sequence[_Part]) -> TableOfRows:
    own_parts: dict[str, list[_Part]] = {}
    for part in parts:
        own_parts.setdefault(part.driver_id, []).append(part)
    # Of each measure the values of each driver's sessions: there may be thousands of drivers.
    values: dict[str, dict[str, list[float]]] = {}
    for name, *_ in _QUESTIONS:
        of_drivers = values.setdefault(name, {})
        for driver, value in _by_session(parts, name).values():
            of_drivers.setdefault(driver, []).append(value)

    def mean(driver: str, name: str) -> float | None:
        own: FloatArray = np.array(values[name].get(driver, []))
        if not len(own):
            return None
        middle = float(own.mean())
        return round(float(np.exp(middle)) if name.startswith("log") else middle, 3)

    return TableOfRows(
        name="drivers",
        caption="Each driver: means over the driver's sessions (geometric ones of spread and duration).",
        columns=(
            "driver",
            "sessions",
            "minutes",
            "right of reference (deg)",
            "above reference (deg)",
            "ahead, horizontal, 1.4826 MAD (deg)",
            "fixation (s)",
        ),
        rows=tuple(
            (
                driver,
                len({part.session_id for part in own}),
                round(sum(part.minutes for part in own), 1),
                *(mean(driver, name) for name, *_ in _QUESTIONS),
            )
            for driver, own in sorted(own_parts.items())
        ),
    )
