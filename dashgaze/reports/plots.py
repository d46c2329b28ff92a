"""The two charts behind the time map: the correlation, and how far single windows are off."""

from dataclasses import dataclass

import numpy as np

from .shapes import BOX, Axis, Shape, dots, line
from .sync_evidence import SyncEvidence
from .texts import counted, number, small
from .ticks import Tick, even_ticks, time_ticks

_LEAST_RESIDUAL_MS = 1.0
_MOST_RESIDUAL_MS = 20.0


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A chart with two axes.

    Attributes
    ----------
    title
        What it shows.
    summary
        The same in words, for those who don't see it.
    x_label, y_label
        What the axes are, with their units.
    x_ticks, y_ticks
        Marks at the axes.
    shapes
        What is drawn.
    """

    title: str
    summary: str
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    shapes: tuple[Shape, ...]


def plot_correlation(evidence: SyncEvidence) -> Plot:
    """Draw the correlation of both sounds over the lag from the map."""
    reach_ms = float(np.ceil(np.abs(evidence.lag_ms).max() / 20) * 20)
    low = min(-0.2, float(evidence.curve.min()))
    x, y = Axis(low=-reach_ms, high=reach_ms), Axis(low=low, high=1.05)
    zero = float(y.place(np.array([0.0]))[0])
    return Plot(
        title="Do the sounds agree with the map?",
        summary=f"All windows laid over each other: highest at {number(evidence.peak_lag_ms, 1)} ms from the "
        f"map, {number(evidence.peak_ratio, 1)} times as high as any peak further away. One sharp peak at 0 is "
        "what a good map looks like.",
        x_label="sound of the eye tracker later than the map says, ms",
        y_label="correlation, of its peak",
        x_ticks=even_ticks(-reach_ms, reach_ms, 5),
        y_ticks=tuple(
            Tick(percent=float(y.place(np.array([value]))[0]) / 10, text=number(value, 1))
            for value in (0.0, 0.5, 1.0)
        ),
        shapes=(
            line(np.array([0.0, BOX]), np.array([zero, zero]), "rule"),
            line(x.place(evidence.lag_ms), y.place(evidence.curve), "line-blue"),
        ),
    )


def plot_residuals(evidence: SyncEvidence) -> Plot | None:
    """Draw how far each window is off the map; None without windows."""
    residual = evidence.residual_ms
    if not len(residual):
        return None
    used = evidence.supports
    reach = float(np.abs(residual[used]).max()) if used.any() else _MOST_RESIDUAL_MS
    reach = float(np.clip(np.ceil(reach * 1.2), _LEAST_RESIDUAL_MS, _MOST_RESIDUAL_MS))
    time_s = evidence.window_time_s
    margin_s = max(1.0, float(np.ptp(time_s)) * 0.02)
    x = Axis(low=float(time_s.min()) - margin_s, high=float(time_s.max()) + margin_s)
    y = Axis(low=-reach, high=reach)
    outside = int(np.count_nonzero(np.abs(residual) > reach))
    # What lies outside is drawn at the edge, so that it is seen at all.
    place = y.place(residual).clip(0, BOX)
    far = f" {counted(outside, 'window')} further away stand at the edge." if outside else ""
    scatter = float(np.median(np.abs(residual[used]))) if used.any() else None
    return Plot(
        title="Do all parts of the drive agree?",
        summary=f"{int(used.sum())} of {counted(len(used), 'window')} support the map; half of these lie within "
        f"{small(scatter, 2)} ms of it.{far}",
        x_label="time of the road video",
        y_label="off the map, ms",
        x_ticks=time_ticks(x.low, x.high, most=5),
        y_ticks=even_ticks(-reach, reach, 3),
        shapes=(
            line(np.array([0.0, BOX]), np.array([BOX / 2, BOX / 2]), "rule"),
            dots(x.place(time_s[~used]), place[~used], "dot-red"),
            dots(x.place(time_s[used]), place[used], "dot-blue"),
        ),
    )
