"""The table of the ``vanishing_point`` stage, and what of it goes into the frame table."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashgaze.alignment.road_camera import RoadCamera
from dashgaze.alignment.vanishing_point.frame_points import REASONS, FramePoints
from dashgaze.alignment.vanishing_point.travel import REFUSALS
from dashgaze.alignment.vanishing_point.travel_track import TravelTrack
from dashgaze.schemas.vanishing_point_table import VANISHING_POINT_TABLE

FloatArray = NDArray[np.float64]

FILLED = {
    "car_yaw_rate_deg_s": "yaw_rate_deg_s",
    "vanishing_point_x_px": "vanishing_point_x_px",
    "vanishing_point_y_px": "vanishing_point_y_px",
}
"""Columns of the frame table that this stage fills, and those of its own table that they are taken from."""


def vanishing_point_table(
    session_id: str,
    time_s: FloatArray,
    points: FramePoints,
    track: TravelTrack,
    camera: RoadCamera,
) -> pa.Table:
    """Build the table.

    Parameters
    ----------
    session_id
        The session.
    time_s
        Times of the road video's n frames, shape (n,), s.
    points
        Their vanishing points.
    track
        What was seen between pairs of pictures.
    camera
        The road camera.
    """
    count = len(time_s)
    tangents = np.tan(np.radians(points.point_deg))
    place = tangents * camera.focal_px + np.array(camera.centre_px)
    sd = np.radians(points.sd_deg) * camera.focal_px * (1 + tangents**2)
    near = points.pair >= 0
    pair = np.where(near, points.pair, 0)
    focus, rate = np.full((count, 2), np.nan), np.full((count, 3), np.nan)
    inliers, refusal = np.zeros(count, dtype=np.int32), np.full(count, -1)
    if len(track):
        focus[near] = (track.focus * camera.focal_px + np.array(camera.centre_px))[pair[near]]
        rate[near] = track.rate_deg_s[pair[near]]
        inliers[near] = track.inlier_count[pair[near]]
        refusal[near] = track.refusal[pair[near]]
    columns = {
        "session_id": pa.array([session_id] * count, pa.string()),
        "road_frame_index": pa.array(np.arange(count, dtype=np.int32)),
        "time_s": pa.array(time_s),
        "none_reason": _names(points.reason, REASONS),
        "focus_inlier_count": pa.array(inliers, mask=~near),
        "focus_refusal": _names(refusal, REFUSALS),
        "yaw_rate_deg_s": _floats(rate[:, 1], np.float32),
        "pitch_rate_deg_s": _floats(rate[:, 0], np.float32),
    }
    for number, axis in enumerate("xy"):
        columns[f"vanishing_point_{axis}_px"] = _floats(place[:, number], np.float64)
        columns[f"vanishing_point_sd_{axis}_px"] = _floats(sd[:, number], np.float32)
        columns[f"focus_{axis}_px"] = _floats(focus[:, number], np.float32)
    schema = VANISHING_POINT_TABLE.to_arrow()
    return pa.Table.from_arrays([columns[field.name] for field in schema], schema=schema)


def fill_vanishing_points(frames: pa.Table, points: pa.Table) -> pa.Table:
    """Fill vanishing point and yaw rate of each ego frame from those of its road frame; the schema stays.

    Parameters
    ----------
    frames
        The frame table.
    points
        After `VANISHING_POINT_TABLE`: row i is road frame i.
    """
    index = frames.column("road_frame_index")
    inside = index.fill_null(-1).to_numpy()
    known = (inside >= 0) & (inside < points.num_rows)
    rows = pa.array(np.where(known, inside, 0).astype(np.int64), mask=~known)
    for name, source in FILLED.items():
        place = frames.schema.get_field_index(name)
        if place < 0:  # a table of before this column: `frames` makes it anew
            continue
        values = points.column(source).combine_chunks()
        taken = values.take(rows) if len(values) else pa.nulls(frames.num_rows, values.type)
        frames = frames.set_column(place, frames.schema.field(place), taken)
    return frames


def _names(codes: NDArray[np.int64], known: tuple[str, ...]) -> pa.Array:
    return pa.array([None if code < 0 else known[code] for code in codes.tolist()], pa.string())


def _floats(values: FloatArray, dtype: type[np.float32] | type[np.float64]) -> pa.Array:
    return pa.array(values.astype(dtype), mask=~np.isfinite(values))
