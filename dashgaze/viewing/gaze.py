"""Gaze of a drive: points in both views, error ellipses, and where homographies come from."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .drive import Drive

SOURCE_COLOURS = {"direct": 0x56C8FFFF, "propagated": 0xFFA500FF, "none": 0xD55E3CFF}
"""RGBA; they differ for people of all kinds of colour vision."""

_UNKNOWN = 0x969AA0FF
_EGO = 0xF5E646FF
_CHI2_95 = 5.991  # 95 % quantile of χ² with two degrees of freedom
_ELLIPSE_POINTS = 33
_STATES = {"fixation": 0x56C8FFFF, "saccade": 0xF5E646FF, "blink": 0x969AA0FF}


def log_gaze(rr: Any, recording: Any, drive: Drive) -> None:
    """Log all that the frame table says of gaze and homographies."""
    table = drive.frames
    if table is None:
        return
    stamps = table.column("timestamp_ns").to_numpy().astype(np.int64)
    indexes = drive.on_tracker(rr, stamps)
    source = table.column("homography_source").to_pylist()
    colours = np.array([SOURCE_COLOURS.get(name, _UNKNOWN) for name in source], dtype=np.uint32)
    radius = np.where(table.column("fixation_id").is_valid().to_numpy(), 10.0, 5.0)
    _log_points(
        rr, recording, "ego/gaze", indexes, _points(table, "gaze_ego"),
        np.full(len(stamps), _EGO, np.uint32), radius,
    )  # fmt: skip
    _log_states(rr, recording, drive, "states/eyes", stamps, eye_states(table), _STATES)
    if table.column("homography_source").null_count == table.num_rows:
        return
    road = _points(table, "gaze_road")
    _log_points(rr, recording, "road/gaze", indexes, road, colours, radius)
    _log_ellipses(rr, recording, indexes, ellipses(road, _covariance(table)), colours)
    _log_states(rr, recording, drive, "states/homography_source", stamps, source, SOURCE_COLOURS)


def ellipses(
    centre_px: NDArray[np.float64], covariance_px2: NDArray[np.float64]
) -> list[NDArray[np.float32] | None]:
    """Give the outline of each point's 95 % ellipse.

    Parameters
    ----------
    centre_px
        Shape (n, 2).
    covariance_px2
        Shape (n, 2, 2).

    Returns
    -------
    list
        An array of shape (m, 2) for each point, closed; None where point or covariance is not known.
    """
    numbers = np.hstack([centre_px, covariance_px2.reshape(-1, 4)])
    known = np.asarray(np.isfinite(numbers).all(axis=1), dtype=np.bool_)
    variance, axes = np.linalg.eigh(np.where(known[:, None, None], covariance_px2, np.eye(2)))
    half = np.sqrt(_CHI2_95 * np.maximum(variance, 0.0))
    angle = np.linspace(0, 2 * np.pi, _ELLIPSE_POINTS)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    outline = np.swapaxes((axes * half[:, None, :]) @ circle, 1, 2) + centre_px[:, None, :]
    return [
        each.astype(np.float32) if there else None
        for each, there in zip(outline, known, strict=True)
    ]


def eye_states(table: pa.Table) -> list[str | None]:
    """Say for each frame what the eyes do; None where it is not known."""
    fixated = table.column("fixation_id").is_valid().to_pylist()
    saccade, blink = table.column("saccade").to_pylist(), table.column("blink").to_pylist()
    return [
        "blink" if b else "fixation" if f else "saccade" if s else None
        for f, s, b in zip(fixated, saccade, blink, strict=True)
    ]


def _log_points(
    rr: Any,
    recording: Any,
    entity: str,
    indexes: list[Any],
    points: NDArray[np.float64],
    colours: NDArray[np.uint32],
    radius: NDArray[np.float64],
) -> None:
    known = np.isfinite(points).all(axis=1)
    columns = rr.Points2D.columns(
        positions=points[known].astype(np.float32),
        colors=colours[known],
        radii=radius[known].astype(np.float32),
    )
    # a frame without gaze has no point, which takes the last one away
    recording.send_columns(entity, indexes=indexes, columns=columns.partition(known.astype(int)))


def _log_ellipses(
    rr: Any,
    recording: Any,
    indexes: list[Any],
    outlines: list[NDArray[np.float32] | None],
    colours: NDArray[np.uint32],
) -> None:
    known = np.array([outline is not None for outline in outlines])
    strips = [outline for outline in outlines if outline is not None]
    if not strips:
        return
    columns = rr.LineStrips2D.columns(strips=strips, colors=colours[known])
    recording.send_columns(
        "road/ellipse_95", indexes=indexes, columns=columns.partition(known.astype(int))
    )


def _log_states(
    rr: Any,
    recording: Any,
    drive: Drive,
    entity: str,
    stamps_ns: NDArray[np.int64],
    states: list[str | None],
    colours: dict[str, int],
) -> None:
    if not any(states):
        return
    recording.log(
        entity,
        rr.StateConfiguration(
            values=list(colours), colors=np.array(list(colours.values()), dtype=np.uint32)
        ),
        static=True,
    )
    named = [state or "unknown" for state in states]
    changes = np.flatnonzero([a != b for a, b in zip(named, ["", *named[:-1]], strict=True)])
    recording.send_columns(
        entity,
        indexes=drive.on_tracker(rr, stamps_ns[changes]),
        columns=rr.StateChange.columns(state=[named[i] for i in changes.tolist()]),
    )


def _points(table: pa.Table, name: str) -> NDArray[np.float64]:
    return np.column_stack(
        [
            np.asarray(table.column(f"{name}_{axis}_px").to_numpy(), dtype=np.float64)
            for axis in "xy"
        ]
    )


def _covariance(table: pa.Table) -> NDArray[np.float64]:
    xx, xy, yy = (
        np.asarray(table.column(f"gaze_road_cov_{axes}_px2").to_numpy(), dtype=np.float64)
        for axes in ("xx", "xy", "yy")
    )
    return np.stack([xx, xy, xy, yy], axis=1).reshape(-1, 2, 2)
