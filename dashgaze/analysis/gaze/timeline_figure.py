"""A session on one strip: what the data of each moment are worth."""

from typing import TYPE_CHECKING

import numpy as np

from ..contract.direction import GazeDirections
from ..contract.study import BoolArray, FloatArray, SessionData
from ..study.condition_tracks import ConditionTracks
from ..study.traffic import TRAFFIC
from ..study.turns import TURNS
from .figure_style import BLUE, GREEN, INK, MUTED, ORANGE, PAGE_MM, PURPLE, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_POINTS = 1200


def timeline_figure(
    session: SessionData, gaze: GazeDirections, tracks: ConditionTracks
) -> "Figure":
    """Draw speed, gaze, quality of homographies, blinks and conditions of a session over its minutes.

    Parameters
    ----------
    session, gaze, tracks
        The session, its directions and its conditions.
    """
    minutes = (session.time_s - session.time_s[0]) / 60
    step = max(len(minutes) // _MOST_POINTS, 1)
    with figure(PAGE_MM, 82) as sheet:
        rows = sheet.subplots(4, 1, sharex=True, height_ratios=(1.3, 1.6, 1, 2.0))
        rows[0].plot(minutes[::step], session.speed_m_s[::step] * 3.6, color=INK, linewidth=0.9)
        rows[0].set_ylabel("speed\n(km/h)")
        rows[0].set_ylim(bottom=0)
        azimuth = np.clip(gaze.from_reference_deg[::step, 0], -45, 45)
        rows[1].plot(minutes[::step], azimuth, ".", color=BLUE, markersize=1.2, rasterized=True)
        rows[1].set_ylabel("azimuth\n(deg)")
        error = _binned(session.homography_error_px, minutes, step)
        rows[2].plot(minutes[::step][: len(error)], error, color=PURPLE, linewidth=0.8)
        rows[2].set_ylabel("map error\n(px)")
        rows[2].set_ylim(bottom=0)
        _strips(rows[3], session, gaze, tracks, minutes)
        rows[3].set_xlabel("time (min)")
        rows[3].set_xlim(0, float(minutes[-1]) if len(minutes) else 1)
        sheet.align_ylabels(rows)
        return sheet


def _binned(values: FloatArray, minutes: FloatArray, step: int) -> FloatArray:
    """Give medians of so many frames each; NaN where none is known."""
    whole = len(minutes) // step * step
    blocks = values[:whole].reshape(-1, step)
    known = np.isfinite(blocks).any(axis=1)
    result = np.full(len(blocks), np.nan)
    result[known] = np.nanmedian(blocks[known], axis=1)
    return result


def _strips(
    axes: "Axes",
    session: SessionData,
    gaze: GazeDirections,
    tracks: ConditionTracks,
    minutes: FloatArray,
) -> None:
    counted = np.asarray(np.isfinite(gaze.from_reference_deg).all(axis=1), dtype=np.bool_)
    lanes: list[tuple[str, BoolArray, str]] = [
        ("gaze counts", counted, GREEN),
        ("propagated map", np.equal(session.homography_source, "propagated"), ORANGE),
        ("no map", np.equal(session.homography_source, "none"), INK),
        ("blinks", session.blink, MUTED),
        ("stopped", np.equal(tracks.stopped, 1), PURPLE),
        ("turning", tracks.turning >= TURNS.index("left"), BLUE),
    ]
    if tracks.traffic_source != "none":
        lanes.append(("heavy traffic", tracks.traffic == TRAFFIC.index("heavy"), ORANGE))
    for place, (_, flags, colour) in enumerate(lanes):
        edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
        # The frame after the last one is taken to begin where the drive ends.
        ends = np.append(minutes, minutes[-1] if len(minutes) else 0.0)
        spans = [
            (ends[start], max(ends[end] - ends[start], 0.005))
            for start, end in zip(edges[::2], edges[1::2], strict=True)
        ]
        axes.broken_barh(
            spans, (-place - 0.38, 0.76), facecolors=colour, rasterized=len(spans) > 400
        )
    light = tracks.session_lighting.value or "light unknown"
    axes.set_yticks([-float(place) for place in range(len(lanes))], [name for name, *_ in lanes])
    axes.set_ylim(-len(lanes) + 0.4, 0.6)
    axes.set_title(f"{session.session_id}, {light}", loc="right", pad=2)
