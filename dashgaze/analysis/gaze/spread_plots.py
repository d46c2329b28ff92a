"""Figures of the spread of gaze."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dashgaze.scratch import Strip

from ..contract.direction import GazeDirections
from ..contract.finding import Plot
from ..contract.study import BoolArray, FloatArray, IndexArray, SessionData, Study
from ..statistics.within import within_sessions
from ..study.shelving import some_of
from ..study.speed_bins import SPEED_BINS
from .density_figures import Panel, density_figure, joint_figure, small_multiples
from .difference_map import difference_figure, difference_map, session_density
from .forest import ForestRow, forest_figure
from .options import GazeOptions
from .session_values import cell_table
from .spread_cells import SpreadCell, counted_gaze, tracks_of
from .timeline_figure import timeline_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FRAMES_OF_A_SESSION = 3000
Rows = Callable[[SessionData, GazeDirections], BoolArray]


def spread_plots(
    study: Study,
    directions: Mapping[str, GazeDirections],
    options: GazeOptions,
    whole: Sequence[SpreadCell],
    standing: Sequence[SpreadCell],
) -> tuple[Plot, ...]:
    """Give the figures of the section on spread; those for which there is nothing are left out.

    Parameters
    ----------
    study, directions, options
        As for the section.
    whole, standing
        Cells of whole sessions, and by standing and moving on equally much gaze.
    """
    seen = some_of(
        study.sessions, (each for each in study.sessions if each.session_id in directions)
    )
    if not seen:
        return ()
    count = _counted(seen)
    plots = [
        Plot(
            name="gaze_density",
            caption=f"Density of gaze in degrees from the reference of each session, {count}, each counting the same. "
            "Lines hold the densest 50 % (solid), 80 % (dashed) and 95 % (dotted) of gaze.",
            draw=lambda: density_figure(pooled_gaze(seen, directions)),
        ),
        Plot(
            name="gaze_joint",
            caption=f"Azimuth and elevation of gaze from the reference, {count}, each counting the same; "
            "dashed: medians. Colours are counts on a logarithmic scale.",
            draw=lambda: _joint(pooled_gaze(seen, directions)),
        ),
    ]
    plots += _speed_plots(seen, directions, options)
    plots += _head_plots(seen)
    plots += _stopped_plots(standing)
    plots += _lighting_plots(whole, study, directions, options)
    plots += _timelines(seen, directions, options)
    return tuple(plots)


def _in_bin(bins: Mapping[str, IndexArray], place: int) -> Rows:
    """Give what chooses the frames of a speed bin."""

    def chosen(session: SessionData, _: GazeDirections) -> BoolArray:
        return np.equal(bins[session.session_id], place)

    return chosen


def pooled_gaze(
    sessions: Sequence[SessionData],
    directions: Mapping[str, GazeDirections],
    rows: Rows | None = None,
) -> FloatArray:
    """Give gaze of several sessions with at most 3000 frames of each, so that they count alike, shape (n, 2).

    Parameters
    ----------
    sessions, directions
        Sessions that have directions.
    rows
        Chooses frames; all that count if None.
    """
    # Gaze of ten thousand sessions is a hundred megabytes and more.
    parts = Strip(np.float64)
    for session in sessions:
        gaze = directions[session.session_id]
        usable = counted_gaze(session, gaze, direct_only=False)
        if rows is not None:
            usable &= rows(session, gaze)
        kept = gaze.from_reference_deg[usable]
        if len(kept) > _FRAMES_OF_A_SESSION:
            kept = kept[np.linspace(0, len(kept) - 1, _FRAMES_OF_A_SESSION).astype(np.int64)]
        parts.append(kept.ravel())
    return parts.finish().reshape(-1, 2)


def _counted(sessions: Sequence[SessionData]) -> str:
    drivers = len({session.driver_id for session in sessions})
    minutes = sum(float(session.time_s[-1]) for session in sessions if len(session)) / 60
    return f"{len(sessions)} sessions of {drivers} drivers, {minutes:.0f} minutes"


def _joint(gaze_deg: FloatArray) -> "Figure":
    return joint_figure(
        gaze_deg[:, 0],
        gaze_deg[:, 1],
        x_label="azimuth from reference (deg, right +)",
        y_label="elevation (deg, up +)",
    )


def _speed_plots(
    sessions: Sequence[SessionData],
    directions: Mapping[str, GazeDirections],
    options: GazeOptions,
) -> list[Plot]:
    bins = {each.session_id: tracks_of(each, options).speed_bin for each in sessions}
    have: list[tuple[str, int, list[SessionData]]] = []
    for place, name in enumerate(SPEED_BINS):
        kept = [each for each in sessions if (bins[each.session_id] == place).any()]
        if kept:
            have.append((name if name == "stopped" else f"{name} km/h", place, kept))
    if not have:
        return []

    def draw() -> "Figure":
        panels = []
        for name, place, kept in have:
            gaze = pooled_gaze(kept, directions, _in_bin(bins, place))
            if len(gaze):
                panels.append(Panel(title=f"{name}, n = {len(kept)} sessions", directions_deg=gaze))
        return small_multiples(panels)

    return [
        Plot(
            name="gaze_by_speed",
            caption=f"Density of gaze by speed, {_counted(sessions)} in all; lines hold 50, 80 and 95 % of gaze. "
            "Each panel has a scale of its own.",
            draw=draw,
        )
    ]


def _head_plots(sessions: tuple[SessionData, ...]) -> list[Plot]:
    known = some_of(
        sessions, (each for each in sessions if np.isfinite(each.head_pose_deg[:, :2]).any())
    )
    if not known:
        return []

    def draw() -> "Figure":
        parts = []
        for session in known:
            # Where the head usually is depends on where the phone is.
            usual = np.nanmedian(session.head_pose_deg[:, :2], axis=0)
            parts.append(session.head_pose_deg[:: max(len(session) // 3000, 1), :2] - usual)
        poses = np.concatenate(parts)
        return joint_figure(
            poses[:, 0],
            poses[:, 1],
            x_label="head yaw from the session's median (deg)",
            y_label="head pitch (deg)",
        )

    return [
        Plot(
            name="head_pose",
            caption=f"Yaw and pitch of the head in the driver's picture, from each session's median, {_counted(known)}.",
            draw=draw,
        )
    ]


def _stopped_plots(cells: Sequence[SpreadCell]) -> list[Plot]:
    by_session: dict[str, dict[str, SpreadCell]] = {}
    for cell in cells:
        by_session.setdefault(cell.session_id, {})[cell.condition] = cell
    rows = [
        ForestRow(
            label=name,
            value=both["stopped"].values["ahead_h_deg"] / both["moving"].values["ahead_h_deg"],
            group=both["stopped"].driver_id,
        )
        for name, both in by_session.items()
        if len(both) == 2 and both["moving"].values["ahead_h_deg"] > 0
    ]
    if not rows:
        return []
    found = within_sessions(
        cell_table(cells, "ahead_h_deg"), "moving", "stopped", least_minutes=0.0
    )
    pooled = [("mean", found.estimate)] if found.estimate is not None else []
    return [
        Plot(
            name="stopped_by_session",
            caption=f"Horizontal spread of gaze ahead while the car stands, as a ratio to that while it moves, {len(rows)} sessions of "
            f"{len({row.group for row in rows})} drivers that have enough of both, and their mean with its "
            "interval of 95 %.",
            draw=lambda: forest_figure(
                rows, pooled, x_label="spread stopped / moving (ratio)", neutral=1.0, log=True
            ),
        )
    ]


def _lighting_plots(
    whole: Sequence[SpreadCell],
    study: Study,
    directions: Mapping[str, GazeDirections],
    options: GazeOptions,
) -> list[Plot]:
    lights = {cell.session_id: cell.lighting for cell in whole}
    arms = {
        name: some_of(
            study.sessions,
            (each for each in study.sessions if lights.get(each.session_id) == name),
        )
        for name in ("day", "night")
    }
    if any(len(arm) < 2 for arm in arms.values()):
        return []
    day, night = arms["day"], arms["night"]

    def draw() -> "Figure":
        maps = [
            [(each.driver_id, session_density(pooled_gaze([each], directions))) for each in arm]
            for arm in (day, night)
        ]
        found = difference_map(maps[0], maps[1], repeats=options.repeats, seed=options.seed)
        return difference_figure(found, first="day", second="night")

    return [
        Plot(
            name="night_less_day",
            caption=f"Density of gaze at night ({_counted(night)}) less that by day ({_counted(day)}), each session "
            "counting the same. White: cells whose interval of 95 % over drivers holds 0; one cell in twenty has "
            "colour by chance. Lines: a quarter of the largest difference.",
            draw=draw,
        )
    ]


def _timelines(
    sessions: Sequence[SessionData],
    directions: Mapping[str, GazeDirections],
    options: GazeOptions,
) -> list[Plot]:
    """Show the session with the median share of gaze that counts: a usual one."""
    shares = [
        float(np.mean(counted_gaze(each, directions[each.session_id], direct_only=False)))
        for each in sessions
    ]
    usual = sessions[int(np.argsort(shares)[len(shares) // 2])]
    return [timeline_plot(usual, directions[usual.session_id], options)]


def timeline_plot(session: SessionData, gaze: GazeDirections, options: GazeOptions) -> Plot:
    """Give the timeline of any session as a figure of the report."""
    minutes = float(session.time_s[-1]) / 60 if len(session) else 0.0
    return Plot(
        name=f"timeline_{session.session_id}",
        caption=f"{session.session_id} of {session.driver_id}, {minutes:.0f} minutes: speed, azimuth of gaze, stated error of "
        "homographies, and what holds when.",
        draw=lambda: timeline_figure(session, gaze, tracks_of(session, options)),
    )
