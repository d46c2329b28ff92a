"""How the viewer arranges a drive."""

from importlib import import_module
from typing import Any

from .drive import PHONE_CLOCK, TRACKER_CLOCK, Drive


def arrange(drive: Drive) -> Any:
    """Give the blueprint: the road large, ego and driver beside it, states and plots below."""
    rrb: Any = import_module("rerun.blueprint")
    views = rrb.Horizontal(
        rrb.Spatial2DView(origin="/road", name="road"),
        rrb.Vertical(
            rrb.Spatial2DView(origin="/ego", name="ego"),
            rrb.Spatial2DView(origin="/driver", name="driver"),
        ),
        column_shares=[2, 1],
    )
    plots = rrb.Horizontal(
        rrb.Vertical(
            rrb.StateTimelineView(origin="/states", name="homography source, eyes"),
            rrb.TimeSeriesView(origin="/plots/map_error", name="map error (1σ), px"),
        ),
        rrb.Vertical(
            rrb.TimeSeriesView(origin="/plots/gyro", name="head, deg/s"),
            rrb.TimeSeriesView(origin="/plots/speed", name="speed, m/s"),
        ),
        rrb.Tabs(
            rrb.TextLogView(origin="/events", name="events"),
            rrb.TextDocumentView(origin="/notes", name="notes"),
            rrb.TimeSeriesView(origin="/plots/accel", name="acceleration, g"),
            rrb.TimeSeriesView(origin="/plots/time_error", name="time error, ms"),
        ),
    )
    timeline = PHONE_CLOCK if drive.time_map is not None else TRACKER_CLOCK
    if drive.recording is None:
        timeline = PHONE_CLOCK
    return rrb.Blueprint(
        rrb.Vertical(views, plots, row_shares=[3, 2]),
        rrb.TimePanel(state="expanded", timeline=timeline),
        rrb.BlueprintPanel(state="collapsed"),
        rrb.SelectionPanel(state="collapsed"),
    )
