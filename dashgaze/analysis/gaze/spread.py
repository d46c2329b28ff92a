"""How widely gaze is spread: by speed, standing, light and traffic."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..contract.direction import GazeDirections
from ..contract.finding import Estimate, Finding, Section
from ..contract.study import Study
from ..statistics.comparison import Comparison
from ..statistics.within import slope, within_sessions
from ..study.speed_bins import SPEED_BINS
from ..study.traffic import TRAFFIC
from .naive_frames import NaiveFrames
from .options import USUAL_OPTIONS, GazeOptions
from .session_values import SessionValue, cell_table, is_log, mean_of
from .spread_cells import SPEED_GROUPS, SpreadCell, spread_cells, tracks_of
from .spread_contrasts import (
    HEADLINE,
    BothCells,
    spread_finding,
    unit_of,
)
from .spread_lighting import lighting_findings
from .spread_pairs import pair_cells
from .spread_plots import spread_plots
from .spread_tables import condition_table, session_table

MOVING_OR_STOPPED = ("moving", "stopped")
_STEP_M_S, _STEP_KM_H = 10.0, 10.0
_NOISE = (
    "Raw spreads hold the noise of tracker and mapping. Where a session's noise is known the spread without it is "
    "given too: √(spread² − noise²). Slow errors of the tracker can't be told from gaze."
)
_OTHERS = (
    "Gaze at other road users is in it too. Its spread need not change as that of road gaze does, so that effects come out "
    "smaller than on road gaze alone (in simulated drives by an eighth to a fifth)."
)
_EQUALLY_MUCH = (
    "Spreads of the condition with more gaze are geometric means over 20 samples of it, each in stretches as long and as far "
    "apart as those of the other: little gaze is found too narrow, by one to two percent for a minute."
)
_BENDS = "On bends gaze goes with the road, which widens its spread whatever the driver does."


def spread(
    study: Study, directions: Mapping[str, GazeDirections], options: GazeOptions = USUAL_OPTIONS
) -> Section:
    """Compare the spread of gaze between conditions.

    Each session gives one number for each condition in which it has at least a minute of gaze; frames are
    never counted as samples. Speed, standing and traffic are compared within sessions, light between them.

    Parameters
    ----------
    study, directions
        Sessions, and their directions by name.
    options
        How.
    """
    options = with_tracks(study, options)
    whole = _cells(study, directions, "", (), options)
    speeds = _cells(study, directions, "speed_bin", SPEED_BINS, options)
    groups = _cells(study, directions, SPEED_GROUPS, (), options)
    standing = _cells(study, directions, "stopped", MOVING_OR_STOPPED, options)
    like_stops = pair_cells(
        study, directions, "stopped", MOVING_OR_STOPPED, MOVING_OR_STOPPED, standing, options
    )
    naive = NaiveFrames(study, directions, options)
    findings = (
        _level_finding(whole),
        *_speed_findings(groups, speeds.all_frames, naive),
        _stopped_finding(like_stops, naive),
        *lighting_findings(whole, groups, naive, caveats=(_OTHERS,)),
        _traffic_finding(study, directions, options, naive),
    )
    cells = [*whole.all_frames, *speeds.all_frames, *standing.all_frames]
    return Section(
        key="spread",
        title="Spread of gaze",
        findings=findings,
        plots=spread_plots(study, directions, options, whole.all_frames, like_stops.all_frames),
        tables=tuple(
            table
            for table in (condition_table(cells), session_table(whole.all_frames))
            if table.rows
        ),
        text=(
            (
                "Degrees are from each session's reference: the direction of travel, or the mode of gaze where "
                "there are no vanishing points. The headline measure is 1.4826 times the median absolute deviation of "
                "azimuth, which is the standard deviation of a Gaussian, of the gaze that goes ahead: within 35° and 10° of the "
                "session's median. Without that limit more glances to the sides would be taken for a wider look at the road. "
                "All the other measures, of all gaze, stand beside it. "
                "BCEA = 2kπ σh σv √(1 − ρ²) with k = 1.146 and 3.0; areas of highest density are those of a Gaussian "
                "kernel of 0.75°. Entropies are those of fixations on a grid of 5° × 5°, as shares of the most that is "
                "possible, corrected after Miller and Madow, at 100 consecutive fixations each. Percent road centre is "
                "the share of gaze within 8° of its mode."
            ),
            (
                "Ratios are of a session's own spreads (within sessions), or of sessions' spreads (between them); intervals "
                "are over sessions nested in drivers. The naive p takes frames for independent, as is often done: it is "
                "there as a warning."
            ),
        ),
    )


def with_tracks(study: Study, options: GazeOptions) -> GazeOptions:
    """Give the options with conditions for every session, so that they are worked out once."""
    tracks = {session.session_id: tracks_of(session, options) for session in study.sessions}
    return replace(options, tracks=tracks)


def _cells(
    study: Study,
    directions: Mapping[str, GazeDirections],
    track: str,
    names: Sequence[str],
    options: GazeOptions,
) -> BothCells:
    return BothCells(
        all_frames=spread_cells(study, directions, track, names, options),
        direct_only=spread_cells(
            study, directions, track, names, options, direct_only=True, full=False
        ),
    )


def _level_finding(cells: BothCells) -> Finding:
    def level(some: Sequence[SpreadCell], measure: str) -> Comparison:
        table = cell_table(some, measure).usable(0.0)
        values = [
            SessionValue(session_id=str(session), driver_id=str(driver), value=float(value))
            for session, driver, value in zip(
                table.session_id, table.driver_id, table.value, strict=True
            )
        ]
        unit = ("deg²" if "deg2" in measure else "deg") if is_log(measure) else "share"
        # A spread has no null of its own.
        return replace(
            mean_of(values, unit=unit, log=is_log(measure), share=not is_log(measure)), tests=()
        )

    return spread_finding(
        "spread.level",
        "How wide is gaze spread, in a typical session?",
        cells,
        level,
        caveats=(_NOISE,),
    )


def _speed_findings(
    moving: BothCells, bins: Sequence[SpreadCell], naive: NaiveFrames
) -> tuple[Finding, ...]:
    p = naive.p("speed_bin", range(1, len(SPEED_BINS)))
    found = []
    for key, step_m_s, shown in (
        ("spread.speed.slope", _STEP_M_S, "10 m/s"),
        ("spread.speed.slope_per_10_km_h", _STEP_KM_H / 3.6, "10 km/h"),
    ):

        def along(
            some: Sequence[SpreadCell], measure: str, step_m_s: float = step_m_s
        ) -> Comparison:
            table = cell_table(some, measure, by="speed", speed_unit_m_s=step_m_s)
            return slope(table, log=is_log(measure), unit=unit_of(measure), least_minutes=0.0)

        details = list(_bin_ratios(bins))
        at_rest = _extrapolated(moving.all_frames)
        if at_rest is not None:
            details.append(("gaze ahead, horizontal, extrapolated to 0 km/h by day (deg)", at_rest))
        found.append(
            spread_finding(
                key,
                f"How does horizontal spread change with speed, for each {shown}?",
                moving,
                along,
                naive_p=p,
                details=details,
                caveats=(
                    (
                        "What a session drove, in up to four groups of equal size by its own speeds, at their mean speeds; "
                        "standing is not in it."
                    ),
                    _BENDS,
                    _OTHERS,
                ),
            )
        )
    return tuple(found)


def _bin_ratios(cells: Sequence[SpreadCell]) -> tuple[tuple[str, Estimate], ...]:
    """Give the spread of each bin of speed as a ratio to that at 20–40 km/h."""
    table = cell_table(cells, HEADLINE)
    usual = SPEED_BINS[2]
    found = []
    for name in SPEED_BINS:
        if name != usual:
            each = within_sessions(table, usual, name, least_minutes=0.0).estimate
            if each is not None:
                found.append((f"{name} against {usual} km/h", each))
    return tuple(found)


def _extrapolated(cells: Sequence[SpreadCell]) -> Estimate | None:
    """Give the spread at no speed by day, as the slope says it."""
    table = cell_table(cells, HEADLINE, by="speed", speed_unit_m_s=_STEP_M_S)
    found = slope(table, least_minutes=0.0).estimate
    if found is None or found.value is None:
        return None
    by_day = {cell.session_id for cell in cells if cell.lighting == "day"}
    flat: dict[str, list[tuple[float, float]]] = {}
    drivers: dict[str, str] = {}
    for session, driver, speed, value, weight in zip(
        table.session_id, table.driver_id, table.condition, table.value, table.weight, strict=True
    ):
        if str(session) in by_day and np.isfinite(value) and np.isfinite(speed):
            rest = float(value) - float(np.log(found.value)) * float(speed)
            flat.setdefault(str(session), []).append((rest, float(weight)))
            drivers[str(session)] = str(driver)
    values = [
        SessionValue(
            session_id=name,
            driver_id=drivers[name],
            value=float(np.average([v for v, _ in each], weights=[w for _, w in each])),
        )
        for name, each in flat.items()
    ]
    return mean_of(values, unit="deg", log=True).estimate


def _stopped_finding(cells: BothCells, naive: NaiveFrames) -> Finding:
    def contrast(some: Sequence[SpreadCell], measure: str) -> Comparison:
        return within_sessions(
            cell_table(some, measure),
            *MOVING_OR_STOPPED,
            log=is_log(measure),
            unit=unit_of(measure),
            least_minutes=0.0,
        )

    return spread_finding(
        "spread.stopped",
        "Is horizontal spread wider while the car stands?",
        cells,
        contrast,
        naive_p=naive.p("stopped", (0, 1)),
        caveats=(
            "Against all driving of the same session, whatever its speed.",
            _EQUALLY_MUCH,
            _OTHERS,
        ),
    )


def _traffic_finding(
    study: Study,
    directions: Mapping[str, GazeDirections],
    options: GazeOptions,
    naive: NaiveFrames,
) -> Finding:
    key, question = (
        "spread.traffic",
        "Is horizontal spread different in heavy and in light traffic?",
    )
    sources = {track.traffic_source for track in options.tracks.values()} - {"none"}
    if not sources:
        return Finding(
            key=key,
            question=question,
            cannot_say="Nothing tells the traffic: give boxes of vehicles, or an observer's key presses.",
        )
    pair = (TRAFFIC[0], TRAFFIC[-1])
    cells = pair_cells(
        study,
        directions,
        "traffic",
        TRAFFIC,
        pair,
        _cells(study, directions, "traffic", TRAFFIC, options),
        options,
    )

    def contrast(some: Sequence[SpreadCell], measure: str) -> Comparison:
        return within_sessions(
            cell_table(some, measure),
            *pair,
            log=is_log(measure),
            unit=unit_of(measure),
            least_minutes=0.0,
        )

    return spread_finding(
        key,
        question,
        cells,
        contrast,
        naive_p=naive.p("traffic", (0, len(TRAFFIC) - 1)),
        caveats=(
            f"Traffic is told by {' and '.join(sorted(sources))}.",
            "Heavy traffic is slow: part of the difference is that of speed.",
            _EQUALLY_MUCH,
        ),
    )
