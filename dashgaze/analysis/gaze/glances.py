"""Glances off the road, by the terms of ISO 15007: glance, dwell, transition, total glance time."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..contract.direction import GazeDirections
from ..contract.finding import Finding, Section, TableOfRows
from ..contract.study import BoolArray, FloatArray, SessionData, Study
from ..study.directions import MOVING_M_S
from ..study.motion import seconds_of
from .fixation_list import FixationList, fixation_list
from .options import USUAL_OPTIONS, GazeOptions
from .session_values import SessionValue, mean_of
from .spread_cells import counted_gaze

ROAD_AZIMUTH_DEG = 20.0
ROAD_ELEVATION_DEG = (-10.0, 12.0)
LONG_S = 2.0
"""Glances longer than this are called long (NHTSA 2013)."""

_LONGEST_GAP_S = 0.5
_APPROXIMATE = (
    (
        "There are no areas of interest: whatever lies more than 20° beside, 10° below or 12° above the session's "
        "reference counts as off the road, mirrors and instruments as well as a side street."
    ),
    (
        "Where the head is turned so far that no homography is found, gaze is missing: such glances are cut short or "
        "lost, and times are lower bounds."
    ),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class OffRoadGlances:
    """The g glances of a session off the road; arrays of shape (g,).

    Attributes
    ----------
    start_s
        End of the last fixation on the road before, which is when gaze sets out.
    dwell_s
        From the first fixation off the road to the end of the last one.
    glance_s
        Dwell and the transition that leads to it.
    cut
        Whether gaze was missing right before or after, so that it may have been longer.
    """

    start_s: FloatArray
    dwell_s: FloatArray
    glance_s: FloatArray
    cut: BoolArray


def on_road(directions_deg: FloatArray) -> BoolArray:
    """Tell which directions from the reference are road ahead, shape (n,)."""
    low, high = ROAD_ELEVATION_DEG
    azimuth, elevation = directions_deg.T
    return np.asarray(
        (np.abs(azimuth) <= ROAD_AZIMUTH_DEG) & (elevation >= low) & (elevation <= high),
        dtype=np.bool_,
    )


def off_road_glances(fixations: FixationList) -> OffRoadGlances:
    """Find the glances off the road in the fixations of a session.

    Consecutive fixations off the road are one glance. More than 0.5 s without gaze that counts ends it.

    Parameters
    ----------
    fixations
        In order of time, directions from the session's reference.
    """
    off = ~on_road(fixations.direction_deg)
    end_s = fixations.start_s + fixations.duration_s
    gap_s = fixations.start_s[1:] - end_s[:-1]
    after_gap = np.concatenate([[True], gap_s > _LONGEST_GAP_S])
    before_gap = np.concatenate([gap_s > _LONGEST_GAP_S, [True]])
    was_off = np.concatenate([[False], off[:-1]])
    stays_off = np.concatenate([off[1:], [False]])
    first = np.flatnonzero(off & (~was_off | after_gap))
    last = np.flatnonzero(off & (~stays_off | before_gap))
    dwell_s = end_s[last] - fixations.start_s[first]
    before_s = np.where(after_gap[first], fixations.start_s[first], end_s[np.maximum(first - 1, 0)])
    return OffRoadGlances(
        start_s=before_s,
        dwell_s=dwell_s,
        glance_s=dwell_s + np.maximum(fixations.start_s[first] - before_s, 0.0),
        cut=after_gap[first] | before_gap[last],
    )


@dataclass(frozen=True, kw_only=True)
class _SessionGlances:
    """Of a session while it moved; numbers are NaN where there is nothing to count."""

    session_id: str
    driver_id: str
    minutes: float
    count: int
    per_minute: float
    mean_s: float
    time_share: float
    long_share: float
    longest_s: float
    cut_share: float


def glances(
    study: Study, directions: Mapping[str, GazeDirections], options: GazeOptions = USUAL_OPTIONS
) -> Section:
    """Count glances off the road while the car moves.

    Parameters
    ----------
    study, directions
        Sessions, and their directions by name.
    options
        How.
    """
    rows = [
        found
        for session in study.sessions
        if (gaze := directions.get(session.session_id)) is not None
        and (found := _of_session(session, gaze, options)) is not None
    ]
    questions = (
        ("rate", "How often do drivers look off the road?", "per_minute", "1/min", False),
        ("duration", "How long is a glance off the road?", "mean_s", "s", False),
        ("total_time", "What share of the time is off the road?", "time_share", "share", True),
        (
            "long",
            "What share of glances off the road lasts more than 2 s?",
            "long_share",
            "share",
            True,
        ),
    )
    findings = tuple(
        _finding(rows, key, question, name, unit, share=share)
        for key, question, name, unit, share in questions
    )
    table = TableOfRows(
        name="glances_by_session",
        caption="Glances off the road while the car moves faster than 4 m/s, approximately. "
        "Cut: gaze was missing right before or after.",
        columns=(
            "session",
            "driver",
            "minutes",
            "glances",
            "per min",
            "mean (s)",
            "time off (share)",
            "over 2 s (share)",
            "longest (s)",
            "cut (share)",
        ),
        rows=tuple(
            (
                row.session_id,
                row.driver_id,
                round(row.minutes, 1),
                row.count,
                *(
                    round(value, 3) if np.isfinite(value) else None
                    for value in (
                        row.per_minute,
                        row.mean_s,
                        row.time_share,
                        row.long_share,
                        row.longest_s,
                        row.cut_share,
                    )
                ),
            )
            for row in rows
        ),
    )
    return Section(
        key="glances",
        title="Glances off the road",
        findings=findings,
        tables=(table,) if rows else (),
        text=(
            (
                "Terms are those of ISO 15007. A dwell is a run of fixations off the road; a glance is the dwell and "
                "the transition that leads to it; total glance time is here given as a share of the time with gaze. "
                "Off the road is what is not within 20° to the sides, 10° below and 12° above the session's "
                "reference: an approximation, as areas of interest were not marked."
            ),
        ),
    )


def _of_session(
    session: SessionData, gaze: GazeDirections, options: GazeOptions
) -> _SessionGlances | None:
    usable = counted_gaze(session, gaze, direct_only=False) & (session.speed_m_s > MOVING_M_S)
    seconds = seconds_of(usable, session.time_s)
    fixations = fixation_list(session, gaze.from_reference_deg, usable)
    if fixations is None or seconds < options.least_cell_s:
        return None
    found = off_road_glances(fixations)
    count = len(found.dwell_s)
    # Time between fixations has no gaze that counts: shares are of the time in fixations.
    looked_s = float(fixations.duration_s.sum())
    off = ~on_road(fixations.direction_deg)
    nan = float("nan")
    return _SessionGlances(
        session_id=session.session_id,
        driver_id=session.driver_id,
        minutes=seconds / 60,
        count=count,
        per_minute=count / (seconds / 60),
        mean_s=float(found.glance_s.mean()) if count else nan,
        time_share=float(fixations.duration_s[off].sum()) / looked_s,
        long_share=float(np.mean(found.glance_s > LONG_S)) if count else nan,
        longest_s=float(found.glance_s.max()) if count else nan,
        cut_share=float(found.cut.mean()) if count else nan,
    )


def _finding(
    rows: list[_SessionGlances], key: str, question: str, name: str, unit: str, *, share: bool
) -> Finding:
    values = [
        SessionValue(session_id=row.session_id, driver_id=row.driver_id, value=getattr(row, name))
        for row in rows
    ]
    estimate = mean_of(values, unit=unit, share=share).estimate
    return Finding(
        key=f"glances.{key}",
        question=question,
        estimate=estimate,
        caveats=_APPROXIMATE if estimate is not None else (),
        cannot_say=""
        if estimate is not None
        else "No session has fixations, speed, and a minute of gaze on a moving car.",
    )
