"""Is gaze drawn to where the car goes? Held against other places, other times, and bends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..contract.direction import GazeDirections
from ..contract.finding import Estimate, Finding, Plot, Section, TableOfRows, Test
from ..contract.study import FloatArray, SessionData, Study
from ..statistics.comparison import Comparison
from ..statistics.shifts import ShiftTest, circular_shift_test, pooled_shift_test
from ..study.directions import MOVING_M_S
from ..study.motion import frame_step_s, seconds_of, smooth
from .angular_distance import angular_distance_deg
from .following import following_findings
from .forest import ForestRow, forest_figure
from .options import USUAL_OPTIONS, GazeOptions
from .session_values import SessionValue, mean_of
from .spread_cells import counted_gaze

_THIN_S = 0.1
_STILL_DEG = 0.5
_SHIFTS = 99
_CAMERA = (
    "The road camera is not at the driver's eyes: a point 20 m ahead lies up to 2° elsewhere for it. And an eye "
    "tracker that was not corrected in each session has an error of its own, of degrees. An offset of "
    "one session says nothing; the mean of many says less than it seems to."
)
_MAPPING = "Where homographies fail, mapped gaze tends to the middle of the picture: see the numbers of direct frames only."


@dataclass(frozen=True, kw_only=True, eq=False)
class _Place:
    """Where a session's gaze lies while the car moves; `gaze_deg` is thinned to ten rows a second."""

    session: SessionData
    gaze: GazeDirections
    gaze_deg: FloatArray
    offset_deg: FloatArray


def vanishing_point_bias(
    study: Study, directions: Mapping[str, GazeDirections], options: GazeOptions = USUAL_OPTIONS
) -> Section:
    """Hold gaze against the vanishing point of travel.

    Parameters
    ----------
    study, directions
        Sessions, and their directions by name. Only those with vanishing points can say something of where;
        following needs the road video's yaw rate or a gyroscope.
    options
        How.
    """
    places = {
        direct_only: _places(study, directions, options, direct_only=direct_only)
        for direct_only in (False, True)
    }
    findings: list[Finding] = []
    for axis, name, question in (
        (
            0,
            "offset_right",
            "How far to the right of the vanishing point is gaze, while the car moves?",
        ),
        (1, "offset_up", "How far above the vanishing point is gaze (negative: below)?"),
    ):
        findings.append(_offset_finding(places, axis, f"vanishing_point.{name}", question))
    findings += [_elsewhere_finding(places, kind, options) for kind in ("other sessions", "centre")]
    findings.append(_moving_finding(places, options))
    following, curves = following_findings(study, directions, options)
    findings += following
    usual = places[False]
    return Section(
        key="vanishing_point",
        title="Gaze and the vanishing point",
        findings=tuple(findings),
        plots=(*(_offset_plots(usual, findings) if usual else ()), *curves),
        tables=(_table(places),) if usual else (),
        text=(
            (
                "The distance of gaze from the vanishing point of travel, while the car moves faster than 4 m/s, is held "
                "against distances from vanishing points of other sessions and from the middle of the picture "
                "(is it this place?), and from the same session's vanishing points at other times (does gaze go with "
                "it?). The unit is the session: its median counts, and drivers with several sessions count once "
                "for each, nested in the driver."
            ),
            (
                "Whether gaze follows bends is asked of its azimuth and the bearing of the point that the car reaches "
                f"in {options.lead_s:g} s. The road video's yaw rate tells it where the data set has that; else the gyroscope does, "
                "by the turns of other moments."
            ),
        ),
    )


def _places(
    study: Study,
    directions: Mapping[str, GazeDirections],
    options: GazeOptions,
    *,
    direct_only: bool,
) -> list[_Place]:
    found = []
    for session in study.sessions:
        gaze = directions.get(session.session_id)
        if gaze is None or gaze.reference_kind == "modal_gaze":
            continue
        usable = counted_gaze(session, gaze, direct_only=direct_only)
        usable &= ~(session.speed_m_s <= MOVING_M_S)
        if seconds_of(usable, session.time_s) < options.least_cell_s:
            continue
        rows = np.flatnonzero(usable)
        thin = max(round(_THIN_S / frame_step_s(session.time_s)), 1)
        around = gaze.from_reference_deg[rows]
        found.append(
            _Place(
                session=session,
                gaze=gaze,
                gaze_deg=gaze.camera_deg[rows[::thin]],
                offset_deg=np.asarray(np.median(around, axis=0), dtype=np.float64),
            )
        )
    return found


def _values(places: Sequence[_Place], numbers: Sequence[float]) -> list[SessionValue]:
    return [
        SessionValue(
            session_id=place.session.session_id, driver_id=place.session.driver_id, value=number
        )
        for place, number in zip(places, numbers, strict=True)
    ]


def _nothing(key: str, question: str) -> Finding:
    return Finding(
        key=key,
        question=question,
        cannot_say="No session has vanishing points for a minute and gaze on a moving car. Run "
        "`dashgaze vanishing-point` on the drives and pack them again.",
    )


def _both(kinds: Mapping[bool, Comparison]) -> tuple[tuple[str, Estimate], ...]:
    names = {False: "all frames", True: "direct frames only"}
    return tuple(
        (names[direct_only], found.estimate)
        for direct_only, found in kinds.items()
        if found.estimate is not None
    )


def _offset_finding(
    places: Mapping[bool, list[_Place]], axis: int, key: str, question: str
) -> Finding:
    if not places[False]:
        return _nothing(key, question)
    kinds = {
        direct_only: mean_of(_values(kind, [each.offset_deg[axis] for each in kind]), unit="deg")
        for direct_only, kind in places.items()
    }
    return kinds[False].finding(key, question, details=_both(kinds), caveats=(_CAMERA, _MAPPING))


def _elsewhere_finding(
    places: Mapping[bool, list[_Place]], kind: str, options: GazeOptions
) -> Finding:
    key = f"vanishing_point.nearer_than_{kind.replace(' ', '_')}"
    against = "vanishing points of other sessions" if kind != "centre" else "the picture's middle"
    question = f"Is gaze nearer to the session's own vanishing point than to {against}?"
    if not places[False]:
        return _nothing(key, question)
    if kind != "centre" and len(places[False]) < 2:
        return Finding(key=key, question=question, cannot_say="There is one session only.")
    found = {
        direct_only: _elsewhere(each, kind, options)
        for direct_only, each in places.items()
        if len(each) > 1 or kind == "centre"
    }
    return found[False].finding(key, question, details=_both(found), caveats=(_MAPPING,))


def _elsewhere(places: Sequence[_Place], kind: str, options: GazeOptions) -> Comparison:
    """Give how much farther the median of gaze is from another place than from the own vanishing point."""
    references = np.array([place.gaze.reference_deg for place in places])
    own = np.array([_median(place, place.gaze.reference_deg) for place in places])
    if kind == "centre":
        far = np.array([_median(place, np.zeros(2)) for place in places])
        return mean_of(_values(places, (far - own).tolist()), unit="deg")
    distances = np.array([[_median(place, each) for each in references] for place in places])
    others = (distances.sum(axis=1) - own) / (len(places) - 1)
    found = mean_of(_values(places, (others - own).tolist()), unit="deg")
    rng = np.random.default_rng([options.seed, 41])
    rows = np.arange(len(places))
    dealt = np.array(
        [distances[rows, rng.permutation(len(places))].mean() for _ in range(options.repeats)]
    )
    p = (1 + np.count_nonzero(dealt <= own.mean() + 1e-12)) / (1 + options.repeats)
    permuted = Test(
        p=float(min(2 * p, 1.0)),
        null="vanishing points dealt out among sessions at random",
        repeats=options.repeats,
    )
    return replace(found, tests=(*found.tests, permuted) if found.tests else ())


def _median(place: _Place, target_deg: FloatArray) -> float:
    return float(np.median(angular_distance_deg(place.gaze_deg, target_deg)))


def _moving_finding(places: Mapping[bool, list[_Place]], options: GazeOptions) -> Finding:
    """Ask by shifts of vanishing points in time whether gaze goes with them."""
    key = "vanishing_point.goes_with_it"
    question = "Is gaze nearer to the vanishing point of the moment than to those of other moments?"
    if not places[False]:
        return _nothing(key, question)
    movement = [_movement_deg(place) for place in places[False]]
    moved = float(np.median(movement))
    if moved < _STILL_DEG:
        return Finding(
            key=key,
            question=question,
            cannot_say=f"In the picture the vanishing point hardly moves (its median SD is {moved:.2f}°, noise "
            "taken out), as the camera turns with the car. Whether gaze follows bends is told by the car's turns.",
        )
    kinds: dict[bool, Comparison] = {}
    for direct_only, kind in places.items():
        tests = [
            _shift_test(place, options, number, direct_only=direct_only)
            for number, place in enumerate(kind)
        ]
        kinds[direct_only] = pooled_shift_test(
            tests,
            [place.session.session_id for place in kind],
            [place.session.driver_id for place in kind],
            unit="deg",
        )
    return kinds[False].finding(
        key,
        question,
        details=_both(kinds),
        caveats=("Negative: nearer to that of the moment.", _MAPPING),
    )


def _movement_deg(place: _Place) -> float:
    """Give how far the vanishing point moves to the sides, SD, smoothed over 2 s."""
    track = smooth(place.gaze.vanishing_point_deg[:, 0], place.session.time_s, 2.0)
    known = np.isfinite(track)
    return float(np.std(track[known])) if known.any() else 0.0


def _shift_test(
    place: _Place, options: GazeOptions, number: int, *, direct_only: bool
) -> ShiftTest:
    session, gaze = place.session, place.gaze
    points = np.column_stack(
        [smooth(gaze.vanishing_point_deg[:, axis], session.time_s, 2.0) for axis in (0, 1)]
    )
    usable = counted_gaze(session, gaze, direct_only=direct_only) & np.isfinite(points).all(axis=1)
    thin = max(round(_THIN_S / frame_step_s(session.time_s)), 1)
    # Only moments that have both are shifted: else a shift would put gaze at rest against bends.
    rows = np.flatnonzero(usable)[::thin]
    step_s = thin * frame_step_s(session.time_s)
    time_s = np.asarray(np.arange(len(rows)) * step_s, dtype=np.float64)

    def distance(track: FloatArray, condition: FloatArray) -> float:
        return float(np.median(angular_distance_deg(track, condition)))

    return circular_shift_test(
        gaze.camera_deg[rows],
        points[rows],
        distance,
        time_s=time_s,
        repeats=min(options.repeats, _SHIFTS),
        seed=options.seed + number,
    )


def _offset_plots(places: Sequence[_Place], findings: Sequence[Finding]) -> tuple[Plot, ...]:
    drivers = len({place.session.driver_id for place in places})
    plots = []
    for axis, name, label in (
        (0, "right", "gaze right of the vanishing point (deg)"),
        (1, "up", "gaze above the vanishing point (deg)"),
    ):
        estimate = findings[axis].estimate
        rows = [
            ForestRow(
                label=place.session.session_id,
                value=float(place.offset_deg[axis]),
                group=place.session.driver_id,
            )
            for place in places
        ]
        pooled = [("mean", estimate)] if estimate is not None else []
        plots.append(
            Plot(
                name=f"offset_{name}",
                caption=f"Median of gaze from the vanishing point, {len(rows)} sessions of {drivers} drivers, and "
                "the mean over sessions with its interval of 95 %.",
                draw=lambda rows=rows, pooled=pooled, label=label: forest_figure(  # type: ignore[misc]
                    rows, pooled, x_label=label, neutral=0.0
                ),
            )
        )
    return tuple(plots)


def _table(places: Mapping[bool, list[_Place]]) -> TableOfRows:
    direct = {place.session.session_id: place for place in places[True]}
    rows = []
    for place in places[False]:
        other = direct.get(place.session.session_id)
        rows.append(
            (
                place.session.session_id,
                place.session.driver_id,
                round(float(place.offset_deg[0]), 2),
                round(float(place.offset_deg[1]), 2),
                None if other is None else round(float(other.offset_deg[0]), 2),
                None if other is None else round(float(other.offset_deg[1]), 2),
                round(_median(place, place.gaze.reference_deg), 2),
                round(_median(place, np.zeros(2)), 2),
            )
        )
    return TableOfRows(
        name="vanishing_point_by_session",
        caption="Median of gaze from the vanishing point of travel, while the car moves.",
        columns=(
            "session",
            "driver",
            "right (deg)",
            "up (deg)",
            "right, direct frames (deg)",
            "up, direct frames (deg)",
            "distance (deg)",
            "distance from the picture's middle (deg)",
        ),
        rows=tuple(rows),
    )
